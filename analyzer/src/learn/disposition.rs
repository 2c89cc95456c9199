//! What becomes of each granted permission, and why, in words for whoever has to agree.

use remit_catalog::{ActionId, Catalog};
use remit_policy::{Days, Reason, Retained, Seen, Verdict, day};
use serde::Serialize;

use super::Rhythm;
use crate::analysis::Analysed;
use crate::output::counted;
use crate::suspects::Burst;

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

/// What becomes of each permission of a principal, in the order of their names.
pub(crate) fn dispositions(catalog: &Catalog, analysed: &Analysed) -> Vec<Disposed> {
    let words = Words { analysed, end: Days::day_of(analysed.coverage.window.end) };
    let one = |(id, verdict): (&ActionId, &Verdict)| {
        let permission = catalog.action(*id)?.full_name();
        let (disposition, why) = words.of(*id, verdict);
        Some(Disposed { permission, disposition, why })
    };
    analysed.judgement.verdicts.iter().filter_map(one).collect()
}

struct Words<'a> {
    analysed: &'a Analysed,
    /// The day with which the window ends.
    end: i64,
}

impl Words<'_> {
    fn of(&self, id: ActionId, verdict: &Verdict) -> (Disposition, String) {
        match (verdict, self.analysed.judgement.retained.get(&id)) {
            (Verdict::Unobservable(reason), _) => (Disposition::Unknown, unknown(reason)),
            (Verdict::Unused, Some(why)) if why.is_watched() => (Disposition::Watch, self.unused(Some(why))),
            (Verdict::Unused, Some(why)) => (Disposition::Keep, self.unused(Some(why))),
            (Verdict::Unused, None) => (Disposition::Remove, self.unused(None)),
            (Verdict::Used, _) if self.analysed.suspect.contains_key(&id) => {
                let burst = self.analysed.suspect.get(&id).map(Burst::words).unwrap_or_default();
                (Disposition::Watch, burst)
            }
            (Verdict::Used, _) => {
                let use_ = self.analysed.usage.actions.get(&id);
                self.used(use_.and_then(|use_| use_.seen.as_ref()))
            }
        }
    }

    fn unused(&self, why: Option<&Retained>) -> String {
        let coverage = &self.analysed.coverage;
        let days = Days::day_of(coverage.window.end) - Days::day_of(coverage.window.start);
        let days = counted(u64::try_from(days).unwrap_or(0), "day", "days");
        let since = if coverage.since < coverage.window.start {
            format!(", and none since {}", day(coverage.since))
        } else {
            String::new()
        };
        match why {
            None => format!("no use in {days} in which every call would have been recorded{since}"),
            Some(why) => format!("no use in {days}; {}", why.explain()),
        }
    }

    fn used(&self, seen: Option<&Seen>) -> (Disposition, String) {
        let Some(seen) = seen else { return (Disposition::Keep, "used".to_owned()) };
        let rhythm = Rhythm::of(&seen.days);
        let last = Days::day_of(seen.last);
        let ago = counted(u64::try_from(self.end - last).unwrap_or(0), "day", "days");
        let calls = counted(seen.count.distinct(), "call", "calls");
        if rhythm.cycles() == 1 {
            let why = format!(
                "{calls}, all in one stretch of days that ended {ago} ago: fewer than two cycles were seen"
            );
            return (Disposition::Watch, why);
        }
        (Disposition::Keep, format!("{calls}, {}, last on {}", rhythm.words(), day(seen.last)))
    }
}

fn unknown(reason: &Reason) -> String {
    let remedy = reason.remedy().map(|remedy| format!("; to see it: {remedy}")).unwrap_or_default();
    format!("{}{remedy}", reason.explain())
}
