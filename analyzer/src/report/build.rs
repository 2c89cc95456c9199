//! Makes a report from an analysis.

mod changes;
mod coverage;
mod found;
mod gaps;
mod hour;
mod region;
mod rhythm;
mod score;
mod sums;
#[cfg(test)]
mod tests;
mod trend;
mod workload;

use std::collections::BTreeMap;
use std::fmt::Display;

use rayon::prelude::*;
use remit_catalog::{ActionId, Catalog, Visibility};
use remit_ledger::HOUR;
use remit_policy::{Account, Count, NoProposal, Reason, Verdict, Window, moment};

pub(crate) use self::score::points;
pub(crate) use self::sums::Sums;
use crate::analysis::{Analysed, Analysis, Outcome, join};
use crate::cluster::{self, Cluster};
use crate::finding::{LEVELS, findings};
use crate::intent::Hours;
use crate::judged;
use crate::learn::level_weight;
use crate::outcome::Edits;
use crate::owners::Owner;
use crate::proposals::{class_of, folder_of};
use crate::report::model::{
    FindingLine, Hour, LevelWeight, Place, Point, PrincipalSection, ProposalSection, PullRequest, Report,
    ReportWindow, SCHEMA, Score, Totals, UnlistedRow, UnresolvedOperation, UsedRow, WithoutGrants,
};
use crate::report::previous::Previous;
use crate::report::wording::counted;

/// The kind of a group that bindings name, whose calls are those of who is in it.
pub(crate) const GROUP: &str = "group";

/// Resources listed per used permission.
pub(crate) const RESOURCES: usize = 20;

/// What a report tells beside an analysis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beside {
    /// What could not be read of the input.
    pub(crate) problems: Vec<String>,
    /// In which hours each principal called, by its names in the ledger.
    pub(crate) hours: BTreeMap<String, Hours>,
    /// The previous report.
    pub(crate) previous: Option<Previous>,
    /// Pull requests by whose policies they change.
    pub(crate) pull_requests: BTreeMap<String, Vec<PullRequest>>,
}

/// The report of an analysis. Principals are taken out of it one by one as they are told of, so that not everything is held twice.
pub(crate) fn build(
    catalog: &Catalog,
    analysis: &mut Analysis,
    cluster: Option<&mut Cluster>,
    beside: Beside,
) -> Report {
    let Beside { problems, hours, previous, mut pull_requests } = beside;
    let (mut report, former) = around(catalog, analysis, cluster.as_deref(), previous);
    report.problems = problems;
    let mut principals = sections(catalog, analysis, cluster);
    for principal in &mut principals {
        principal.rhythm = rhythm::of(&hours, &principal.arn);
        let mut of_one = pull_requests.remove(&principal.arn).unwrap_or_default().into_iter();
        principal.pull_request = of_one.next();
        principal.other_pull_requests = of_one.collect();
        principal.written = analysis.written.identity(&principal.arn).map(Place::of).collect();
        principal.owner = analysis.owners.get(&principal.arn).map(Owner::shown);
        principal.muted = analysis.mutes.of_identity(&principal.arn);
    }
    found::rate(&mut principals, &report.findings);
    principals
        .sort_by(|a, b| (std::cmp::Reverse(a.score), &a.arn).cmp(&(std::cmp::Reverse(b.score), &b.arn)));
    report.score = score::of(&principals);
    report.totals = totals(&principals, &report.findings);
    report.hour = hour::of(&principals);
    let now = Point {
        end: report.window.end.clone(),
        percent: report.score.percent,
        unused: report.totals.permissions.unused,
        findings: report.findings.len(),
    };
    report.history = trend::history(former, now);
    report.principals = principals;
    report
}

/// A section for each principal of the account and each subject of the cluster, which are taken out of these.
fn sections(
    catalog: &Catalog,
    analysis: &mut Analysis,
    cluster: Option<&mut Cluster>,
) -> Vec<PrincipalSection> {
    let principals = std::mem::take(&mut analysis.principals);
    let account = &analysis.account;
    let of_account = principals.into_par_iter().map(|analysed| section(catalog, account, &analysed));
    let mut all: Vec<_> = of_account.collect();
    if let Some(cluster) = cluster {
        let mut subjects = std::mem::take(&mut cluster.subjects);
        subjects.append(&mut cluster.groups);
        let cluster = &*cluster;
        all.par_extend(subjects.into_par_iter().map(|subject| cluster::section(cluster, &subject)));
    }
    all
}

/// What is told of everything but of each principal, and the history that the previous report tells.
fn around(
    catalog: &Catalog,
    analysis: &Analysis,
    cluster: Option<&Cluster>,
    previous: Option<Previous>,
) -> (Report, Vec<Point>) {
    let mut lines = found::lines(catalog, analysis, cluster, findings(catalog, analysis, cluster));
    let mut accounts: Vec<_> = analysis.principals.iter().map(|analysed| analysed.account.clone()).collect();
    accounts.extend(cluster.and_then(|cluster| cluster.name.clone()));
    accounts.sort();
    accounts.dedup();
    let windows = analysis.window.into_iter().chain(cluster.map(|cluster| cluster.coverage.window));
    let window = windows.fold(None, |all, one| Some(join(all, one)));
    let window = window.unwrap_or(Window { start: 0, end: 0 });
    let (trend, closed) = match &previous {
        Some(previous) => {
            let (trend, closed) = trend::since(previous, &mut lines, &moment(window.end), |names| {
                trend::verdicts(catalog, analysis, cluster, names)
            });
            (Some(trend), closed)
        }
        None => (None, Vec::new()),
    };
    let report = Report {
        schema: SCHEMA,
        accounts,
        window: report_window(window),
        used_since: used_since(analysis, cluster).filter(|since| *since < window.start).map(moment),
        catalog: catalog.version().to_owned(),
        weights: LEVELS
            .iter()
            .map(|(level, name)| LevelWeight { level: (*name).to_owned(), weight: level_weight(*level) })
            .collect(),
        totals: Totals::default(),
        score: Score::default(),
        trend,
        history: Vec::new(),
        hour: Hour::default(),
        coverage: coverage::lines(analysis)
            .into_iter()
            .chain(cluster.into_iter().flat_map(cluster::coverage_lines))
            .collect(),
        regions: region::lines(analysis),
        longest_gap: length(analysis.longest_gap),
        gaps: gaps::all(catalog, analysis, cluster),
        principals: Vec::new(),
        findings: lines,
        closed,
        unresolved: analysis
            .unresolved
            .iter()
            .map(|(operation, (seen, principals))| UnresolvedOperation {
                operation: operation.clone(),
                count: seen.count.distinct(),
                principals: *principals,
            })
            .collect(),
        workloads: workload::lines(analysis),
        links: analysis.links.clone(),
        without_grants: analysis
            .without_grants
            .iter()
            .map(|(principal, ungranted)| WithoutGrants {
                principal: principal.clone(),
                kind: ungranted.kind.clone(),
                calls: ungranted.calls.distinct(),
                last_seen: ungranted.last.map(moment),
                groups: Vec::new(),
            })
            .chain(cluster.into_iter().flat_map(cluster::ungranted))
            .collect(),
        problems: Vec::new(),
    };
    (report, previous.map(|previous| previous.history).unwrap_or_default())
}

/// From when on calls of anybody counted as use, where there is a log of them.
fn used_since(analysis: &Analysis, cluster: Option<&Cluster>) -> Option<i64> {
    let of_account = analysis.principals.iter().map(|one| (one.coverage.window, one.coverage.since));
    let of_cluster = cluster.map(|cluster| (cluster.coverage.window, cluster.coverage.since));
    let seen = of_account.chain(of_cluster).filter(|(window, _)| window.length() > 0);
    seen.map(|(_, since)| since).min()
}

/// A window as a report words it.
pub(crate) fn report_window(window: Window) -> ReportWindow {
    ReportWindow { start: moment(window.start), end: moment(window.end), length: length(window.length()) }
}

impl ReportWindow {
    /// It in a line of a terminal.
    pub(crate) fn words(&self) -> String {
        if self.start == self.end {
            return "none: the ledger holds no log of it".to_owned();
        }
        format!("{} ({} to {})", self.length, self.start, self.end)
    }
}

/// A length of time in words, to the hour.
fn length(microseconds: i64) -> String {
    let hours = u64::try_from(microseconds / HOUR).unwrap_or(0);
    let in_hours = |hours| counted(hours, "hour", "hours");
    match (hours / 24, hours % 24) {
        (0, 0) => "no time".to_owned(),
        (0 | 1, _) => in_hours(hours),
        (days, 0) => format!("{days} days"),
        (days, rest) => format!("{days} days and {}", in_hours(rest)),
    }
}

fn totals(principals: &[PrincipalSection], findings: &[FindingLine]) -> Totals {
    let mut totals = Totals {
        principals: principals.len(),
        findings: findings.len(),
        muted_principals: principals.iter().filter(|principal| principal.muted.is_some()).count(),
        muted_findings: findings.iter().filter(|finding| finding.muted.is_some()).count(),
        ..Totals::default()
    };
    for principal in principals {
        totals.idle += usize::from(principal.calls == 0);
        // What those do who are in a group is told of them.
        if principal.kind != GROUP {
            totals.calls += principal.calls;
            totals.denied += principal.denied;
        }
        totals.permissions.add(principal.permissions);
        if let ProposalSection::Proven { removed, narrowed, .. } = &principal.proposal {
            totals.proposals += 1;
            totals.removed += removed;
            totals.narrowed += narrowed;
        }
    }
    totals
}

pub(crate) fn name_of(catalog: &Catalog, id: ActionId) -> String {
    catalog.action(id).map(remit_catalog::Action::full_name).unwrap_or_default()
}

fn section(catalog: &Catalog, account: &Account, analysed: &Analysed) -> PrincipalSection {
    let Sums { permissions, levels, score, services, gaps } = Sums::of(judged::of_account(catalog, analysed));
    PrincipalSection {
        arn: analysed.principal.arn.clone(),
        kind: analysed.principal.kind.as_str().to_owned(),
        name: analysed.principal.name.clone(),
        account: analysed.account.clone(),
        namespace: None,
        written: Vec::new(),
        owner: None,
        muted: None,
        calls: analysed.usage.calls.distinct(),
        denied: analysed.usage.denied.distinct(),
        last_used: analysed.usage.last.map(moment),
        risk: found::NO_RISK,
        permissions,
        levels,
        score,
        services,
        gaps,
        unlisted: unlisted(analysed),
        used: used(catalog, analysed),
        denied_permissions: analysed
            .usage
            .actions
            .iter()
            .map(|(id, use_)| (name_of(catalog, *id), use_.denied.distinct()))
            .filter(|(_, denied)| *denied > 0)
            .collect(),
        rhythm: None,
        proposal: proposal(catalog, account, analysed),
        pull_request: None,
        other_pull_requests: Vec::new(),
    }
}

/// What stays although the catalog does not list it.
fn unlisted(analysed: &Analysed) -> Vec<UnlistedRow> {
    let protected = &analysed.judgement.unlisted.protected;
    protected
        .iter()
        .map(|(names, reason)| UnlistedRow { names: names.clone(), why: reason.explain() })
        .collect()
}

fn used(catalog: &Catalog, analysed: &Analysed) -> Vec<UsedRow> {
    let mut rows = Vec::new();
    for (id, verdict) in &analysed.judgement.verdicts {
        let Some(use_) = analysed.usage.actions.get(id).filter(|_| *verdict == Verdict::Used) else {
            continue;
        };
        let Some(seen) = &use_.seen else { continue };
        let narrowed = match &analysed.outcome {
            Outcome::Proven(proven) => {
                let kept = proven.proposal().kept.iter().find(|kept| kept.action == *id);
                kept.map(|kept| kept.narrowed.keys().cloned().collect()).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let known = !use_.resource_unknown && !use_.any_resource;
        rows.push(UsedRow {
            permission: name_of(catalog, *id),
            count: seen.count.distinct(),
            on_wire: seen.count.wire,
            first_seen: moment(seen.first),
            last_seen: moment(seen.last),
            sample: seen.sample.clone(),
            operations: use_.operations.iter().cloned().collect(),
            resources: known.then_some(use_.resources.len()),
            seen_on: use_.resources.keys().take(RESOURCES).cloned().collect(),
            sources: sources(seen.count),
            shown_by: match catalog.action(*id).map(|action| &action.visibility) {
                Some(Visibility::NotLogged(_) | Visibility::NoOperation) | None => String::new(),
                Some(_) => class_of(catalog, *id),
            },
            narrowed_to: narrowed,
            hidden: analysed.judgement.partly_hidden.get(id).map(Reason::explain),
        });
    }
    rows
}

/// What recorded calls.
pub(crate) fn sources(count: Count) -> Vec<&'static str> {
    let log = (count.logged > 0).then_some("log");
    log.into_iter().chain((count.wire > 0).then_some("wire")).collect()
}

fn proposal(catalog: &Catalog, account: &Account, analysed: &Analysed) -> ProposalSection {
    match &analysed.outcome {
        Outcome::Impossible(why @ NoProposal::TooLarge(_)) => ProposalSection::Impossible {
            why: format!(
                "{why}; `--give-up unused-services` would give up the unobservable ones of services in which \
                 nothing was seen"
            ),
        },
        outcome => proposed(outcome, |proven| {
            // Only what is unused is ever removed, so each of it has added to the score.
            let removed = proven.proposal().removed.iter();
            ProposalSection::Proven {
                changes: changes::rows(account, proven),
                granted_after: proven.kept(),
                removed: proven.removed(),
                narrowed: proven.narrowed(),
                points: points(removed.filter_map(|removed| Some(catalog.action(removed.action)?.level))),
                protected: proven.proof().protected,
                replayed: None,
                folder: folder_of(&analysed.principal),
            }
        }),
    }
}

/// What a report says of an outcome; `changing` says it of a proposal that changes something.
pub(crate) fn proposed<P: Edits, N: Display, V: Display>(
    outcome: &crate::outcome::Outcome<P, N, V>,
    changing: impl FnOnce(&P) -> ProposalSection,
) -> ProposalSection {
    match (outcome.changing(), outcome.why_none()) {
        (Some(proven), _) => changing(proven),
        (None, Some(why)) => ProposalSection::Impossible { why },
        (None, None) => ProposalSection::Nothing,
    }
}
