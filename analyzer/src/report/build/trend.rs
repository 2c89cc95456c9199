//! What changed since the previous report.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::Catalog;
use remit_policy::Verdict;

use crate::analysis::Analysis;
use crate::cluster::{self, Cluster};
use crate::judged;
use crate::output::counted;
use crate::report::model::{Change, Closed, FindingLine, Former, Point, Trend};
use crate::report::previous::{FormerFinding, Previous};

/// Closed findings that are remembered, so that one that comes back is known; the newest where there are more.
const REMEMBERED: usize = 20_000;

/// Reports whose score is remembered: two years of one each week.
const HISTORY: usize = 104;

/// The scores of reports with this one, which takes the place of one of the same window.
pub(super) fn history(mut history: Vec<Point>, now: Point) -> Vec<Point> {
    history.retain(|point| point.end != now.end);
    history.push(now);
    let surplus = history.len().saturating_sub(HISTORY);
    history.drain(..surplus);
    history
}

/// What has become of the permissions of principals, by principal and name.
pub(super) type Verdicts = BTreeMap<String, BTreeMap<String, &'static str>>;

/// Marks findings by what became of them since the previous report, and tells which are none any more. The verdicts of
/// the named principals are asked for only where a finding was closed.
pub(super) fn since(
    previous: &Previous,
    findings: &mut [FindingLine],
    end: &str,
    verdicts: impl FnOnce(&BTreeSet<&str>) -> Verdicts,
) -> (Trend, Vec<Former>) {
    let known: BTreeMap<&str, &FormerFinding> =
        previous.findings.iter().map(|finding| (finding.id.as_str(), finding)).collect();
    let mut former: BTreeMap<&str, &str> =
        previous.closed.iter().map(|former| (former.id.as_str(), former.closed.as_str())).collect();
    for finding in &mut *findings {
        finding.change = Some(match known.get(finding.id.as_str()) {
            Some(known) if finding.permissions > known.permissions => Change::Grown,
            Some(known) if finding.permissions < known.permissions => Change::Shrunk,
            Some(_) => Change::Same,
            None if former.contains_key(finding.id.as_str()) => Change::Regressed,
            None => Change::New,
        });
        former.remove(finding.id.as_str());
    }
    let open: BTreeSet<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
    let gone: Vec<&FormerFinding> =
        previous.findings.iter().filter(|finding| !open.contains(finding.id.as_str())).collect();
    let verdicts = verdicts(&gone.iter().map(|finding| finding.principal.as_str()).collect());
    let closed = gone.iter().map(|finding| close(finding, &verdicts)).collect();
    former.extend(gone.iter().map(|finding| (finding.id.as_str(), end)));
    let of = |change: Change| findings.iter().filter(|finding| finding.change == Some(change)).count();
    let trend = Trend {
        since: previous.window.end.clone(),
        score: previous.score,
        unused: previous.totals.permissions.unused,
        new: of(Change::New),
        regressed: of(Change::Regressed),
        grown: of(Change::Grown),
        shrunk: of(Change::Shrunk),
        closed,
    };
    (trend, remembered(former))
}

/// The closed findings that are remembered, by identifier.
fn remembered(former: BTreeMap<&str, &str>) -> Vec<Former> {
    let mut all: Vec<_> = former.into_iter().collect();
    all.sort_by_key(|(id, closed)| (std::cmp::Reverse(*closed), *id));
    all.truncate(REMEMBERED);
    all.sort_unstable();
    all.into_iter().map(|(id, closed)| Former { id: id.to_owned(), closed: closed.to_owned() }).collect()
}

/// Why a finding is none any more: what became of the permissions that it named.
fn close(finding: &FormerFinding, verdicts: &Verdicts) -> Closed {
    let (reason, why) = match verdicts.get(&finding.principal) {
        None => ("principal_gone", "the principal is not in the grants any more".to_owned()),
        Some(verdicts) => fate(finding, verdicts),
    };
    Closed {
        id: finding.id.clone(),
        rule: finding.rule.clone(),
        severity: finding.severity.clone(),
        principal: finding.principal.clone(),
        service: finding.service.clone(),
        permissions: finding.permissions,
        reason,
        why,
    }
}

fn fate(finding: &FormerFinding, verdicts: &BTreeMap<String, &'static str>) -> (&'static str, String) {
    // Only of what was unused do verdicts tell why it is not any more.
    let names = if finding.rule == "unused" { finding.names.as_slice() } else { &[] };
    let count =
        |wanted: Option<&str>| names.iter().filter(|name| verdicts.get(*name).copied() == wanted).count();
    let fates = [
        ("used_again", count(Some("used")), "used"),
        ("fixed", count(None), "not granted any more"),
        ("unobservable", count(Some("unobservable")), "not observable any more"),
    ];
    // Of equal numbers the first counts, which is the one that matters more.
    let most = fates.iter().rev().max_by_key(|(_, count, _)| *count);
    match most {
        Some((reason, 1.., _)) => {
            let told = fates.iter().filter(|(_, count, _)| *count > 0);
            let told = told.map(|(_, count, words)| {
                let are = if *count == 1 { "is" } else { "are" };
                format!("{} {are} {words}", counted(*count as u64, "permission", "permissions"))
            });
            let mut why = told.collect::<Vec<_>>().join(", ");
            if finding.permissions > names.len() {
                why.push_str(&format!(" ({} of {} were looked at)", names.len(), finding.permissions));
            }
            (reason, why)
        }
        _ => ("not_found", "it was not found any more".to_owned()),
    }
}

/// What has become of the permissions of these principals; those that are not in the grants are not in it.
pub(super) fn verdicts(
    catalog: &Catalog,
    analysis: &Analysis,
    cluster: Option<&Cluster>,
    names: &BTreeSet<&str>,
) -> Verdicts {
    let of_account = analysis.principals.iter().filter(|one| names.contains(one.principal.arn.as_str()));
    let of_account = of_account.map(|one| {
        (
            one.principal.arn.clone(),
            by_name(judged::of_account(catalog, one).map(|judged| (judged.name, judged.verdict))),
        )
    });
    let subjects = cluster.into_iter().flat_map(Cluster::all);
    let of_cluster = subjects.filter(|subject| names.contains(subject.user.name.as_str()));
    let of_cluster = of_cluster.map(|subject| {
        let judged = cluster::judged(subject).map(|judged| (judged.name, judged.verdict));
        (subject.user.name.clone(), by_name(judged))
    });
    of_account.chain(of_cluster).collect()
}

fn by_name<'a>(judged: impl Iterator<Item = (String, &'a Verdict)>) -> BTreeMap<String, &'static str> {
    judged.map(|(name, verdict)| (name, verdict.as_str())).collect()
}
