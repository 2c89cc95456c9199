//! What becomes of each granted permission, and why, in words for whoever has to agree.

use remit_catalog::{ActionId, Catalog};
use remit_ledger::DAY;
use remit_policy::rbac::{Closure, Kept, Permission, Removed};
use remit_policy::{Days, Reason, Retained, Seen, Verdict, Window, day};
use serde::{Deserialize, Serialize};

use super::rhythm::{OVER, is_one_stretch};
use super::{Meaning, Rhythm};
use crate::analysis::Analysed;
use crate::cluster::AnalysedSubject;
use crate::output::{counted, in_days};

/// What becomes of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Disposition {
    /// It goes.
    Remove,
    /// It stays for now, and is looked at again.
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
    /// The service that it is of: an IAM prefix, or an API group.
    pub(crate) service: String,
    /// What becomes of it.
    pub(crate) disposition: Disposition,
    /// Why.
    pub(crate) why: String,
}

/// What becomes of each permission of a principal and why, in the order of their names.
pub(crate) fn dispositions(catalog: &Catalog, analysed: &Analysed) -> Vec<Disposed> {
    let one = |(id, verdict): (&ActionId, &Verdict)| {
        let action = catalog.action(*id)?;
        Some(Disposed {
            permission: action.full_name(),
            service: action.service.to_owned(),
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
            if analysed.suspect.contains_key(&id)
                || Time::of(analysed).is_of_one_cycle(seen(analysed, id)) =>
        {
            Disposition::Watch
        }
        Verdict::Used => Disposition::Keep,
    }
}

fn seen(analysed: &Analysed, id: ActionId) -> Option<&Seen> {
    analysed.usage.actions.get(&id)?.seen.as_ref()
}

fn why(analysed: &Analysed, id: ActionId, verdict: &Verdict) -> String {
    let time = Time::of(analysed);
    match (verdict, analysed.suspect.get(&id)) {
        (Verdict::Unobservable(reason), _) => unknown(reason),
        (Verdict::Unused, _) => time.unused(analysed.judgement.retained.get(&id).map(Retained::explain)),
        (Verdict::Used, Some(burst)) => burst.words(),
        (Verdict::Used, None) => time.used(seen(analysed, id)),
    }
}

fn unknown(reason: &Reason) -> String {
    let remedy = reason.remedy().map(|remedy| format!("; to see it: {remedy}")).unwrap_or_default();
    format!("{}{remedy}", reason.explain())
}

/// The time that dispositions speak of.
#[derive(Clone, Copy)]
struct Time {
    window: Window,
    /// From when on calls counted as use.
    since: i64,
}

impl Time {
    fn of(analysed: &Analysed) -> Self {
        Self { window: analysed.coverage.window, since: analysed.coverage.since }
    }

    /// Whether it was seen in one stretch of days only, which tells of no second one. What is done every day, or every other, is such
    /// a stretch once it is over.
    fn is_of_one_cycle(self, seen: Option<&Seen>) -> bool {
        let today = Days::day_of(self.window.end);
        seen.is_some_and(|seen| {
            let rhythm = Rhythm::of(&seen.days);
            let is_stretch =
                matches!(rhythm, Rhythm::Daily | Rhythm::WorkingDays) || is_one_stretch(&seen.days);
            let is_over = seen.days.last().is_some_and(|last| today - last > OVER);
            rhythm.cycles() == 1 || (is_stretch && is_over)
        })
    }

    fn unused(self, why: Option<String>) -> String {
        let days = in_days(self.window.length() / DAY);
        if let Some(why) = why {
            return format!("no use in {days}; {why}");
        }
        let since = if self.since < self.window.start {
            format!(", and none since {}", day(self.since))
        } else {
            String::new()
        };
        format!("no use in {days} in which every call would have been recorded{since}")
    }

    fn used(self, seen: Option<&Seen>) -> String {
        let Some(seen) = seen else { return "used".to_owned() };
        let calls = counted(seen.count.distinct(), "call", "calls");
        if self.is_of_one_cycle(Some(seen)) {
            let ago = in_days(Days::day_of(self.window.end) - Days::day_of(seen.last));
            return format!(
                "{calls}, all in one stretch of days that ended {ago} ago: fewer than two cycles were seen"
            );
        }
        format!("{calls}, {}, last on {}", Rhythm::of(&seen.days).words(), day(seen.last))
    }
}

/// What becomes of each permission of a subject and why: of what its proposal keeps, and of what it takes away.
pub(crate) fn of_subject(subject: &AnalysedSubject) -> Vec<Disposed> {
    let Some(proven) = subject.outcome.proven() else { return Vec::new() };
    let proposal = proven.proposal();
    let time = Time { window: proposal.window, since: proposal.since };
    let disposed = |permission: &Permission, disposition, why| Disposed {
        permission: permission.to_string(),
        service: service_of(permission).to_owned(),
        disposition,
        why,
    };
    let kept = proposal.kept.iter().map(|kept| {
        let (disposition, why) = of_kept(time, kept);
        disposed(&kept.permission, disposition, why)
    });
    let removed = proposal
        .removed
        .iter()
        .map(|removed| disposed(&removed.permission, Disposition::Remove, of_removed(time, removed)));
    kept.chain(removed).collect()
}

/// The service that a permission of a cluster is of.
pub(crate) fn service_of(permission: &Permission) -> &str {
    Meaning::of_permission(permission, false).map_or("paths", |meaning| meaning.service)
}

/// How many permissions of a subject are watched.
pub(crate) fn watched_of_subject(subject: &AnalysedSubject) -> usize {
    of_subject(subject).iter().filter(|one| one.disposition == Disposition::Watch).count()
}

fn of_kept(time: Time, kept: &Kept) -> (Disposition, String) {
    let closures = || kept.closures.iter().copied().map(Closure::reason).collect::<Vec<_>>().join("; ");
    match (&kept.seen, &kept.reason) {
        (Some(seen), _) if kept.closures.is_empty() && time.is_of_one_cycle(Some(seen)) => {
            (Disposition::Watch, time.used(Some(seen)))
        }
        (Some(seen), Some(Reason::Retained(why))) => {
            (Disposition::Keep, format!("{}; {}", time.used(Some(seen)), why.explain()))
        }
        (Some(seen), _) => (Disposition::Keep, time.used(Some(seen))),
        (None, Some(Reason::Retained(why))) => {
            let disposition = if why.is_watched() { Disposition::Watch } else { Disposition::Keep };
            (disposition, time.unused(Some(why.explain())))
        }
        (None, Some(reason)) => (Disposition::Unknown, unknown(reason)),
        (None, None) => (Disposition::Keep, time.unused(Some(closures()))),
    }
}

fn of_removed(time: Time, removed: &Removed) -> String {
    let why = time.unused(None);
    let why = if removed.is_narrowed { format!("beyond what stays of it, {why}") } else { why };
    match removed.denied {
        0 => why,
        denied => format!("{why}; {} refused", counted(denied, "call was", "calls were")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
    use remit_policy::Count;

    use super::*;

    #[test]
    fn what_is_used_and_stays_for_other_names_says_why() {
        let mut days = Days::none(0);
        (10..20).for_each(|day| days.insert(day));
        let (first, last) = (Days::moment_of(10), Days::moment_of(19));
        let time = Time { window: Window { start: 0, end: last }, since: 0 };
        let asked = ResourceRequest {
            resource: "secrets".to_owned(),
            namespace: "shop".to_owned(),
            ..ResourceRequest::default()
        };
        let request = Request { verb: "get".to_owned(), target: Target::Resource(asked) };
        let kept = |reason| Kept {
            permission: Permission::of_request(&request),
            seen: Some(Box::new(Seen { count: Count::from(10), first, last, sample: None, days })),
            inferred: BTreeSet::new(),
            reason,
            closures: BTreeSet::new(),
        };
        let (plain, why) = of_kept(time, &kept(None));
        assert_eq!((plain, why.contains("new ones")), (Disposition::Keep, false), "{why}");
        let (open, more) = of_kept(time, &kept(Some(Reason::Retained(Retained::NewNames))));
        assert_eq!(open, Disposition::Keep);
        assert!(more.starts_with(&why) && more.contains("new ones keep coming"), "{more}");
    }
}
