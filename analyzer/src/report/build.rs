//! Makes a report from an analysis.

mod region;
#[cfg(test)]
mod tests;
mod workload;

use std::collections::BTreeMap;
use std::fmt::Display;

use remit_catalog::{ActionId, Catalog};
use remit_ledger::HOUR;
use remit_policy::{Account, Edit, NoProposal, PolicyChange, Proven, Reason, Verdict, Window, diff, moment};

use crate::analysis::{Analysed, Analysis, Outcome, join};
use crate::cluster::{self, Cluster};
use crate::finding::{LEVELS, weight};
use crate::judged::{self, Judged};
use crate::outcome::Edits;
use crate::proposals::folder_of;
use crate::report::model::{
    ChangeRow, CoverageLine, Gap, LevelRow, LevelWeight, PermissionCounts, PrincipalSection, ProposalSection,
    Report, ReportWindow, ServiceRow, Totals, UnlistedRow, UnresolvedOperation, UsedRow, WithoutGrants,
};
use crate::report::wording::{self, counted};

/// Examples listed per gap.
const EXAMPLES: usize = 5;

/// Examples listed per access level.
const LEVEL_EXAMPLES: usize = 20;

/// The report of an analysis; `problems` are those of the input.
pub(crate) fn build(
    catalog: &Catalog,
    analysis: &Analysis,
    cluster: Option<&Cluster>,
    problems: Vec<String>,
) -> Report {
    let of_account = analysis.principals.iter().map(|analysed| section(catalog, &analysis.account, analysed));
    let of_cluster = cluster
        .into_iter()
        .flat_map(|cluster| cluster.subjects.iter().map(|subject| cluster::section(cluster, subject)));
    let mut principals: Vec<_> = of_account.chain(of_cluster).collect();
    principals
        .sort_by(|a, b| (std::cmp::Reverse(a.score), &a.arn).cmp(&(std::cmp::Reverse(b.score), &b.arn)));
    let mut accounts: Vec<_> = analysis.principals.iter().map(|analysed| analysed.account.clone()).collect();
    accounts.extend(cluster.and_then(|cluster| cluster.name.clone()));
    accounts.sort();
    accounts.dedup();
    let windows = analysis.window.into_iter().chain(cluster.map(|cluster| cluster.coverage.window));
    let window = windows.fold(None, |all, one| Some(join(all, one)));
    let window = window.unwrap_or(Window { start: 0, end: 0 });
    Report {
        accounts,
        window: report_window(window),
        catalog: catalog.version().to_owned(),
        weights: LEVELS
            .iter()
            .map(|(level, name)| LevelWeight { level: (*name).to_owned(), weight: weight(*level) })
            .collect(),
        totals: totals(&principals),
        coverage: coverage(analysis)
            .into_iter()
            .chain(cluster.into_iter().flat_map(cluster::coverage_lines))
            .collect(),
        regions: region::lines(analysis),
        longest_gap: length(analysis.longest_gap),
        gaps: all_gaps(catalog, analysis, cluster),
        principals,
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
            })
            .chain(cluster.into_iter().flat_map(cluster::ungranted))
            .collect(),
        problems,
    }
}

/// A window as a report words it.
pub(crate) fn report_window(window: Window) -> ReportWindow {
    ReportWindow { start: moment(window.start), end: moment(window.end), length: length(window.length()) }
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

fn totals(principals: &[PrincipalSection]) -> Totals {
    let mut totals = Totals { principals: principals.len(), ..Totals::default() };
    for principal in principals {
        totals.idle += usize::from(principal.calls == 0);
        totals.calls += principal.calls;
        totals.denied += principal.denied;
        totals.permissions.add(principal.permissions);
        if let ProposalSection::Proven { removed, .. } = &principal.proposal {
            totals.proposals += 1;
            totals.removed += removed;
        }
    }
    totals
}

fn coverage(analysis: &Analysis) -> Vec<CoverageLine> {
    let mut lines = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for analysed in &analysis.principals {
        if !seen.insert(&analysed.account) {
            continue;
        }
        let coverage = &analysed.coverage;
        let line = |class: &str, recorded: bool, note: String| CoverageLine {
            class: format!("{class} (account {})", analysed.account),
            recorded,
            note,
        };
        let span = wording::window(&report_window(coverage.window));
        lines.push(line("management events that write", coverage.management_writes, span.clone()));
        lines.push(line("management events that read", coverage.management_reads, span));
        if coverage.data.is_empty() {
            lines.push(line(
                "data events",
                false,
                "no event selector says that they are recorded".to_owned(),
            ));
        }
        for data in &coverage.data {
            let note = if data.prefixes.is_empty() {
                "all resources".to_owned()
            } else {
                format!("only under {}", data.prefixes.join(", "))
            };
            lines.push(line(&format!("data events of {}", data.resource_type), true, note));
        }
        for service in &coverage.excluded_services {
            lines.push(line(
                &format!("management events of {service}"),
                false,
                "left out by the trail".to_owned(),
            ));
        }
        if coverage.lost > 0 {
            let were = if coverage.lost == 1 { "was" } else { "were" };
            let note = format!("{} {were} lost", counted(coverage.lost, "event", "events"));
            lines.push(line("lost events", false, note));
        }
    }
    lines
}

/// Permissions by reason.
#[derive(Default)]
struct Gaps {
    by_reason: BTreeMap<Reason, (Vec<String>, usize, std::collections::BTreeSet<String>)>,
}

impl Gaps {
    fn add(&mut self, reason: &Reason, name: String, principal: &str) {
        let entry = self.by_reason.entry(reason.clone()).or_default();
        entry.1 += 1;
        if entry.0.len() < EXAMPLES && !entry.0.contains(&name) {
            entry.0.push(name);
        }
        if !entry.2.contains(principal) {
            entry.2.insert(principal.to_owned());
        }
    }

    fn finish(self) -> Vec<Gap> {
        let mut gaps: Vec<_> = self
            .by_reason
            .into_iter()
            .map(|(reason, (examples, permissions, principals))| Gap {
                code: reason.code().to_owned(),
                text: reason.explain(),
                remedy: reason.remedy(),
                permissions,
                principals: principals.len(),
                examples,
            })
            .collect();
        gaps.sort_by(|a, b| {
            (std::cmp::Reverse(a.permissions), &a.text).cmp(&(std::cmp::Reverse(b.permissions), &b.text))
        });
        gaps
    }
}

impl<'a> FromIterator<(&'a str, Judged<'a>)> for Gaps {
    fn from_iter<T: IntoIterator<Item = (&'a str, Judged<'a>)>>(all: T) -> Self {
        let mut gaps = Self::default();
        for (principal, Judged { name, verdict, .. }) in all {
            if let Verdict::Unobservable(reason) = verdict {
                gaps.add(reason, name, principal);
            }
        }
        gaps
    }
}

fn all_gaps(catalog: &Catalog, analysis: &Analysis, cluster: Option<&Cluster>) -> Vec<Gap> {
    let of_account = analysis.principals.iter().flat_map(|analysed| {
        let judged = judged::of_account(catalog, analysed);
        judged.map(|judged| (analysed.principal.arn.as_str(), judged))
    });
    let of_cluster = cluster
        .into_iter()
        .flat_map(|cluster| &cluster.subjects)
        .flat_map(|subject| cluster::judged(subject).map(|judged| (subject.user.name.as_str(), judged)));
    of_account.chain(of_cluster).collect::<Gaps>().finish()
}

pub(crate) fn name_of(catalog: &Catalog, id: ActionId) -> String {
    catalog.action(id).map(remit_catalog::Action::full_name).unwrap_or_default()
}

/// What is summed up of a principal's permissions.
pub(crate) struct Sums {
    pub(crate) permissions: PermissionCounts,
    pub(crate) unused_by_level: Vec<LevelRow>,
    pub(crate) score: u64,
    pub(crate) services: Vec<ServiceRow>,
    pub(crate) gaps: Vec<Gap>,
}

impl Sums {
    pub(crate) fn of<'a>(judged: impl Iterator<Item = Judged<'a>>) -> Self {
        let mut gaps = Gaps::default();
        let mut services: BTreeMap<String, PermissionCounts> = BTreeMap::new();
        let mut by_level: [BTreeMap<String, Vec<String>>; LEVELS.len()] = Default::default();
        let mut score = 0;
        for Judged { name, service, level, verdict } in judged {
            let counts = services.entry(service.clone()).or_default();
            counts.granted += 1;
            match verdict {
                Verdict::Used => counts.used += 1,
                Verdict::Unobservable(reason) => {
                    counts.unobservable += 1;
                    gaps.add(reason, name, "");
                }
                Verdict::Unused => {
                    counts.unused += 1;
                    score += weight(level);
                    let at = LEVELS.iter().position(|(other, _)| *other == level);
                    if let Some(names) = at.and_then(|at| by_level.get_mut(at)) {
                        names.entry(service).or_default().push(name);
                    }
                }
            }
        }
        let mut services: Vec<_> =
            services.into_iter().map(|(service, permissions)| ServiceRow { service, permissions }).collect();
        services.sort_by(|a, b| {
            (std::cmp::Reverse(a.permissions.unused), &a.service)
                .cmp(&(std::cmp::Reverse(b.permissions.unused), &b.service))
        });
        let unused_by_level = LEVELS
            .iter()
            .zip(by_level)
            .filter(|(_, names)| !names.is_empty())
            .map(|((level, name), names)| level_row(name, weight(*level), names))
            .collect();
        let mut permissions = PermissionCounts::default();
        for ServiceRow { permissions: some, .. } in &services {
            permissions.add(*some);
        }
        Self { permissions, unused_by_level, score, services, gaps: gaps.finish() }
    }
}

fn section(catalog: &Catalog, account: &Account, analysed: &Analysed) -> PrincipalSection {
    let Sums { permissions, unused_by_level, score, services, gaps } =
        Sums::of(judged::of_account(catalog, analysed));
    PrincipalSection {
        arn: analysed.principal.arn.clone(),
        kind: analysed.principal.kind.as_str().to_owned(),
        name: analysed.principal.name.clone(),
        owner: None,
        muted: None,
        calls: analysed.usage.calls.distinct(),
        denied: analysed.usage.denied.distinct(),
        last_used: analysed.usage.last.map(moment),
        permissions,
        unused_by_level,
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
        proposal: proposal(account, analysed),
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

/// Unused permissions of one access level, given by service. The services with most of them give the examples.
fn level_row(level: &str, weight: u64, by_service: BTreeMap<String, Vec<String>>) -> LevelRow {
    let permissions = by_service.values().map(Vec::len).sum();
    let mut services: Vec<_> = by_service.into_values().collect();
    services.sort_by_key(|names| std::cmp::Reverse(names.len()));
    let examples = services.into_iter().flatten().take(LEVEL_EXAMPLES).collect();
    LevelRow { level: level.to_owned(), weight, permissions, examples }
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
            narrowed_to: narrowed,
            hidden: analysed.judgement.partly_hidden.get(id).map(Reason::explain),
        });
    }
    rows
}

fn proposal(account: &Account, analysed: &Analysed) -> ProposalSection {
    match &analysed.outcome {
        Outcome::Impossible(why @ NoProposal::TooLarge(_)) => ProposalSection::Impossible {
            why: format!(
                "{why}; `--give-up unused-services` would give up the unobservable ones of services in which \
                 nothing was seen"
            ),
        },
        outcome => proposed(outcome, |proven| ProposalSection::Proven {
            changes: changes(account, proven),
            granted_after: proven.kept(),
            removed: proven.removed(),
            protected: proven.proof().protected,
            folder: folder_of(&analysed.principal),
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

fn changes(account: &Account, proven: &Proven) -> Vec<ChangeRow> {
    let changed = proven.proposal().changes.iter().filter(|change| change.edit != Edit::Keep);
    changed
        .map(|change| ChangeRow {
            policy: change.name.clone(),
            edit: change.edit.as_str().replace('_', " "),
            note: note(account, change),
            characters_before: change.before.size(),
            characters_after: change.after.iter().map(|new| new.document.size()).sum(),
            diff: change_diff(change),
        })
        .collect()
}

fn change_diff(change: &PolicyChange) -> String {
    let before = change.before.emit();
    let old_name = format!("{}.json", change.name);
    if change.after.is_empty() {
        return diff::unified(Some((&old_name, &before)), None);
    }
    let mut text = String::new();
    for (at, new) in change.after.iter().enumerate() {
        let old = (at == 0).then_some((old_name.as_str(), before.as_str()));
        text.push_str(&diff::unified(old, Some((&format!("{}.json", new.name), &new.document.emit()))));
    }
    text
}

/// Why a policy is changed in this way.
fn note(account: &Account, change: &PolicyChange) -> String {
    let policy = account.policies.get(change.policy);
    match (change.edit, &change.group, policy) {
        (Edit::Replace | Edit::Attach | Edit::Remove, Some(group), _) => {
            format!("held through group {group}, which others may share; the user leaves it")
        }
        (Edit::Replace, None, Some(policy)) => match policy.kind {
            remit_policy::PolicyKind::ProviderManaged => "managed by AWS, so replaced, not edited".to_owned(),
            remit_policy::PolicyKind::CustomerManaged => {
                let others = policy.holders.len().max(usize::try_from(policy.attachment_count).unwrap_or(0));
                let others = others.saturating_sub(1);
                format!("shared with {}, so replaced, not edited", counted(others, "other", "others"))
            }
            _ => "too large to stay inline".to_owned(),
        },
        (Edit::Remove, None, _) => "nothing of it is needed".to_owned(),
        _ => String::new(),
    }
}
