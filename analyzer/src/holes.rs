//! What the ledger cannot show, and what would let it: every reason why permissions stay unobservable, before any grants are
//! looked at.

mod agent;
mod aws;
mod cluster;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use remit_catalog::Catalog;
use remit_ledger::{CoverageRecord, LedgerInfo, LossySource, Provider};
use remit_policy::moment;
use remit_policy::rbac::AuditPolicy;
use remit_policy::shell::quote;
use serde::Serialize;

use crate::output::{counted, grouped};
use crate::visible::{DAY, Said, WindowSettings};

/// Something that cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Hole {
    /// Whose calls: `aws`, `kubernetes`, `wire`, or `ledger` for the ledger itself.
    pub(crate) of: &'static str,
    /// Where: an account, a cluster, a workload, a file.
    pub(crate) place: String,
    /// A stable short name.
    pub(crate) code: &'static str,
    /// What cannot be seen, in words.
    pub(crate) detail: String,
    /// The command or setting that closes it.
    pub(crate) close: String,
}

/// What was called, without names of resources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Called {
    /// Whose API, as the ledger names it.
    pub(crate) provider: String,
    /// The source.
    pub(crate) evidence: String,
    /// In which account or cluster.
    pub(crate) account: Option<String>,
    /// The service.
    pub(crate) service: String,
    /// The operation.
    pub(crate) operation: String,
    /// Whether somebody asked on the caller's behalf.
    pub(crate) is_via: bool,
}

/// What holes are looked for in.
pub(crate) struct Sight<'a> {
    /// The ledger, as the user names it.
    pub(crate) location: &'a str,
    pub(crate) catalog: &'a Catalog,
    pub(crate) records: &'a [CoverageRecord],
    pub(crate) called: &'a BTreeSet<Called>,
    pub(crate) info: &'a LedgerInfo,
    /// Sources of which events were lost.
    pub(crate) lossy: &'a BTreeSet<LossySource<'a>>,
    /// What of the ledger cannot be read.
    pub(crate) unreadable: &'a [String],
    pub(crate) settings: WindowSettings,
    /// What the user says that the trail records.
    pub(crate) said: &'a Said,
    /// What the user says that clusters' logs show, and its name.
    pub(crate) policy: Option<(&'a str, &'a AuditPolicy)>,
}

/// Every hole, in the order of whose calls, places and codes.
pub(crate) fn holes(sight: &Sight<'_>) -> Vec<Hole> {
    let mut holes = Vec::new();
    for problem in sight.unreadable {
        holes.push(Hole {
            of: "ledger",
            place: sight.location.to_owned(),
            code: "unreadable",
            detail: problem.split("\nhint: ").next().unwrap_or_default().to_owned(),
            close: "give back the file, or ingest the logs into a new ledger: calls that it holds may be any"
                .to_owned(),
        });
    }
    holes.extend(of_ledger(sight));
    aws::add(sight, &mut holes);
    cluster::add(sight, &mut holes);
    agent::add(sight, &mut holes);
    holes.sort();
    holes.dedup();
    holes
}

/// What keeps anything from being judged, whatever was logged.
fn of_ledger(sight: &Sight<'_>) -> Option<Hole> {
    let hole = |code, detail: String, close: String| Hole {
        of: "ledger",
        place: sight.location.to_owned(),
        code,
        detail,
        close,
    };
    let settings = sight.settings;
    if sight.records.is_empty() && sight.called.is_empty() && sight.unreadable.is_empty() {
        let detail = "it has no records, so that nothing can be judged".to_owned();
        let close = format!(
            "remit ingest cloudtrail LOGS --ledger {0}, or remit ingest kubernetes-audit LOGS --ledger {0}",
            sight.location
        );
        return Some(hole("empty", detail, close));
    }
    (settings.longest < settings.minimum).then(|| {
        let detail = format!(
            "a window of {} is asked for, and not seen counts as not used from {} on",
            days(settings.longest),
            days(settings.minimum)
        );
        hole("window_too_short", detail, "give a longer `--window`, or a shorter `--min-window`".to_owned())
    })
}

/// The stretches that a log covers.
struct Stretches {
    /// Runs without too long a gap, in order.
    runs: Vec<(i64, i64)>,
}

impl Stretches {
    /// What is wrong with time alone: too little of it, and stretches without anything.
    fn holes(
        &self,
        sight: &Sight<'_>,
        hole: &impl Fn(&'static str, String, String) -> Hole,
        verb: &str,
    ) -> Vec<Hole> {
        let mut holes = Vec::new();
        let Some((start, end)) = self.runs.last().copied() else { return holes };
        let ingest = |what: &str| format!("remit ingest {verb} {what} --ledger {}", sight.location);
        for pair in self.runs.windows(2) {
            if let [(_, from), (to, _)] = pair {
                let detail = format!(
                    "no event between {} and {}: nothing before the gap counts",
                    moment(*from),
                    moment(*to)
                );
                holes.push(hole("gap", detail, ingest("LOGS-OF-THAT-TIME")));
            }
        }
        let length = end.saturating_sub(start);
        if length < sight.settings.minimum {
            let detail = format!(
                "the log covers {}, and not seen counts as not used from {} on",
                days(length),
                days(sight.settings.minimum)
            );
            holes.push(hole("window_too_short", detail, format!("{}, or wait", ingest("OLDER-LOGS"))));
        }
        holes
    }
}

/// A length of time in days.
fn days(length: i64) -> String {
    match u64::try_from(length / DAY).unwrap_or(0) {
        0 => "less than a day".to_owned(),
        days => counted(days, "day", "days"),
    }
}

/// How many files a command names.
const NAMED: usize = 5;

impl Sight<'_> {
    /// What a command takes for the sources of which events of an account or cluster were lost.
    fn damaged_sources(&self, provider: Provider, account: Option<&str>) -> String {
        let is_here = |source: &&LossySource<'_>| {
            source.provider == provider && (source.account.is_none() || source.account == account)
        };
        // What came through standard input or a webhook cannot be given again.
        let is_named = |name: &str| name.starts_with('/') || name.contains("://");
        let sources: Vec<&LossySource<'_>> = self.lossy.iter().filter(is_here).collect();
        match sources.len() {
            1..=NAMED if sources.iter().all(|source| is_named(source.name)) => {
                sources.iter().map(|source| quote(source.name)).collect::<Vec<_>>().join(" ")
            }
            _ => "THOSE-FILES".to_owned(),
        }
    }
}

fn lost(count: u64) -> String {
    match count {
        1 => "1 event was lost".to_owned(),
        more => format!("{} events were lost", grouped(more)),
    }
}
