//! What becomes of each granted permission, and why, in words for whoever has to agree.

use remit_catalog::{ActionId, Catalog};
use remit_policy::{Days, Reason, Retained, Seen, Verdict, day};
use serde::Serialize;

use super::Rhythm;
use crate::analysis::Analysed;
use crate::output::{counted, in_days};

/// What becomes of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Disposition {
    /// It goes.
    Remove,
    /// It stays for now, is looked at again, and goes last.
    Watch,
    /// It stays, since it cannot be told whether it is used.
    Unknown,
    /// It stays.
    Keep,
}

/// A permission with what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Disposed {
    /// The permission.
    pub(crate) permission: String,
    /// What becomes of it.
    pub(crate) disposition: Disposition,
    /// Why.
    pub(crate) why: String,
}

/// What becomes of each permission of a principal and why, in the order of their names.
pub(crate) fn dispositions(catalog: &Catalog, analysed: &Analysed) -> Vec<Disposed> {
    let one = |(id, verdict): (&ActionId, &Verdict)| {
        let permission = catalog.action(*id)?.full_name();
        Some(Disposed {
            permission,
            disposition: disposition(analysed, *id, verdict),
            why: why(analysed, *id, verdict),
        })
    };
    analysed.judgement.verdicts.iter().filter_map(one).collect()
}

/// How many permissions of a principal are watched.
pub(crate) fn watched(analysed: &Analysed) -> usize {
    let verdicts = analysed.judgement.verdicts.iter();
    verdicts.filter(|(id, verdict)| disposition(analysed, **id, verdict) == Disposition::Watch).count()
}

fn disposition(analysed: &Analysed, id: ActionId, verdict: &Verdict) -> Disposition {
    let retained = analysed.judgement.retained.get(&id);
    match verdict {
        Verdict::Unobservable(_) => Disposition::Unknown,
        Verdict::Unused => match retained {
            None => Disposition::Remove,
            Some(why) if why.is_watched() => Disposition::Watch,
            Some(_) => Disposition::Keep,
        },
        Verdict::Used
            if analysed.suspect.contains_key(&id) || is_of_one_cycle(analysed, seen(analysed, id)) =>
        {
            Disposition::Watch
        }
        Verdict::Used => Disposition::Keep,
    }
}

fn seen(analysed: &Analysed, id: ActionId) -> Option<&Seen> {
    analysed.usage.actions.get(&id)?.seen.as_ref()
}

/// Days after which what was done on nearly every day is over.
const OVER: i64 = 14;

/// Whether it was seen in one stretch of days only, which tells of no second one. What is done every day is such a stretch once it is
/// over.
fn is_of_one_cycle(analysed: &Analysed, seen: Option<&Seen>) -> bool {
    let today = Days::day_of(analysed.coverage.window.end);
    seen.is_some_and(|seen| match Rhythm::of(&seen.days) {
        Rhythm::Daily | Rhythm::WorkingDays => seen.days.last().is_some_and(|last| today - last > OVER),
        rhythm => rhythm.cycles() == 1,
    })
}

fn why(analysed: &Analysed, id: ActionId, verdict: &Verdict) -> String {
    match (verdict, analysed.suspect.get(&id)) {
        (Verdict::Unobservable(reason), _) => unknown(reason),
        (Verdict::Unused, _) => unused(analysed, analysed.judgement.retained.get(&id)),
        (Verdict::Used, Some(burst)) => burst.words(),
        (Verdict::Used, None) => used(analysed, seen(analysed, id)),
    }
}

fn unknown(reason: &Reason) -> String {
    let remedy = reason.remedy().map(|remedy| format!("; to see it: {remedy}")).unwrap_or_default();
    format!("{}{remedy}", reason.explain())
}

fn unused(analysed: &Analysed, why: Option<&Retained>) -> String {
    let coverage = &analysed.coverage;
    let days = in_days(Days::day_of(coverage.window.end) - Days::day_of(coverage.window.start));
    if let Some(why) = why {
        return format!("no use in {days}; {}", why.explain());
    }
    let since = if coverage.since < coverage.window.start {
        format!(", and none since {}", day(coverage.since))
    } else {
        String::new()
    };
    format!("no use in {days} in which every call would have been recorded{since}")
}

fn used(analysed: &Analysed, seen: Option<&Seen>) -> String {
    let Some(seen) = seen else { return "used".to_owned() };
    let calls = counted(seen.count.distinct(), "call", "calls");
    if is_of_one_cycle(analysed, Some(seen)) {
        let ago = in_days(Days::day_of(analysed.coverage.window.end) - Days::day_of(seen.last));
        return format!(
            "{calls}, all in one stretch of days that ended {ago} ago: fewer than two cycles were seen"
        );
    }
    format!("{calls}, {}, last on {}", Rhythm::of(&seen.days).words(), day(seen.last))
}
