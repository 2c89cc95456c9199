//! What a report says of a cluster.

use std::collections::BTreeSet;

use remit_policy::rbac::{Change, Edit, Permission, Proven};
use remit_policy::{Seen, Verdict, moment};

use super::{AnalysedSubject, Cluster, files_of, folder_of, judged};
use crate::outcome::Edits;
use crate::output::counted;
use crate::report::build::{GROUP, RESOURCES, Sums, points, proposed, report_window, sources};
use crate::report::model::{
    ChangeRow, CoverageLine, PrincipalSection, ProposalSection, UsedRow, WithoutGrants,
};
use crate::report::window;

/// The section of a subject.
pub(crate) fn section(cluster: &Cluster, subject: &AnalysedSubject) -> PrincipalSection {
    let Sums { permissions, levels, score, services, gaps } = Sums::of(judged(subject));
    let name = &subject.user.name;
    let (kind, short) = match (subject.user.account(), subject.user.as_group()) {
        (_, Some(group)) => (GROUP, group.to_owned()),
        (Some((namespace, name)), None) => ("service account", format!("{namespace}/{name}")),
        (None, None) => ("user", name.clone()),
    };
    let denied = subject
        .usage
        .denied
        .iter()
        .map(|(request, count)| (Permission::of_request(request).to_string(), count.distinct()));
    let denied: Vec<(String, u64)> = denied.collect();
    PrincipalSection {
        arn: name.clone(),
        kind: kind.to_owned(),
        name: short,
        account: cluster.name.clone().unwrap_or_default(),
        namespace: subject.user.account().map(|(namespace, _)| namespace.to_owned()),
        written: Vec::new(),
        owner: None,
        muted: None,
        calls: subject.usage.calls.distinct(),
        denied: denied.iter().map(|(_, count)| count).sum(),
        last_used: subject.usage.last.map(moment),
        risk: "none",
        permissions,
        levels,
        score,
        services,
        gaps,
        unlisted: Vec::new(),
        used: used(subject),
        denied_permissions: denied,
        rhythm: None,
        proposal: proposal(cluster, subject),
        pull_request: None,
        other_pull_requests: Vec::new(),
    }
}

fn used(subject: &AnalysedSubject) -> Vec<UsedRow> {
    let used = subject.judgement.verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Used);
    let rows = used.filter_map(|(permission, _)| {
        let uses: Vec<_> = subject.usage.of(permission).collect();
        let seen = Seen::of_all(uses.iter().map(|(_, use_)| &use_.seen))?;
        let requests: BTreeSet<String> =
            uses.iter().map(|(request, _)| Permission::of_request(request).to_string()).collect();
        let hidden = subject.judgement.parts.get(permission).and_then(|parts| parts.first());
        Some(UsedRow {
            permission: permission.to_string(),
            count: seen.count.distinct(),
            on_wire: seen.count.wire,
            first_seen: moment(seen.first),
            last_seen: moment(seen.last),
            sample: seen.sample,
            resources: Some(requests.len()),
            seen_on: requests.into_iter().take(RESOURCES).collect(),
            sources: sources(seen.count),
            shown_by: "requests to the API server".to_owned(),
            operations: uses
                .iter()
                .map(|(request, _)| request.verb.clone())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            narrowed_to: narrowed(subject, permission),
            hidden: hidden.map(|(_, reason)| reason.explain()),
        })
    });
    rows.collect()
}

/// What stays of a permission, where not all of it does.
fn narrowed(subject: &AnalysedSubject, permission: &Permission) -> Vec<String> {
    let Some(proven) = subject.outcome.changing() else { return Vec::new() };
    if proven.proposal().kept.iter().any(|kept| kept.permission == *permission) {
        return Vec::new();
    }
    let kept = proven.proposal().kept.iter().map(|kept| &kept.permission);
    let parts = kept.filter(|kept| permission.covers(kept) && *kept != permission);
    parts.map(ToString::to_string).collect()
}

fn proposal(cluster: &Cluster, subject: &AnalysedSubject) -> ProposalSection {
    proposed(&subject.outcome, |proven| ProposalSection::Proven {
        changes: changes(cluster, proven),
        granted_after: proven.kept(),
        removed: proven.removed(),
        narrowed: proven.narrowed(),
        points: points(super::removed(subject).map(|removed| removed.level)),
        protected: proven.proof().protected,
        replayed: Some(proven.proof().allowed),
        folder: folder_of(cluster, &subject.user),
    })
}

/// One row for all bindings, since what one loses another may say: a note on each, and the manifests before and after.
fn changes(cluster: &Cluster, proven: &Proven<'_>) -> Vec<ChangeRow> {
    let changed = proven.proposal().changes.iter().filter(|change| change.edit != Edit::Keep);
    let notes: Vec<String> = changed.map(note).collect();
    let files = files_of(cluster, proven).unwrap_or_default();
    let text = |path: &str| {
        files.iter().find(|file| file.path == path).map(|file| file.text.as_str()).unwrap_or_default()
    };
    let size = |paths: &[&str]| paths.iter().map(|path| text(path).chars().count()).sum();
    vec![ChangeRow {
        policy: counted(notes.len() as u64, "binding", "bindings"),
        edit: "replace".to_owned(),
        note: notes.join("; "),
        characters_before: size(&["before.yaml"]),
        characters_after: size(&["apply.yaml", "edit.yaml"]),
        diff: text("changes.diff").to_owned(),
    }]
}

fn note(change: &Change<'_>) -> String {
    let name = change.before.0.name.of_binding();
    match change.edit {
        Edit::Keep => String::new(),
        Edit::TakeOut => format!("`{name}` is left to its other subjects"),
        Edit::Remove => format!("`{name}` goes, since nobody else is bound by it"),
    }
}

/// What was visible of the cluster.
pub(crate) fn coverage_lines(cluster: &Cluster) -> Vec<CoverageLine> {
    let whose = match &cluster.name {
        Some(name) => format!("cluster {name}"),
        None => "cluster".to_owned(),
    };
    let line =
        |class: &str, recorded, note| CoverageLine { class: format!("{class} ({whose})"), recorded, note };
    let mut lines = Vec::new();
    let window = window(&report_window(cluster.coverage.window));
    match (&cluster.policy, cluster.records.window) {
        (_, None) => {
            lines.push(line(
                "requests to the API server",
                false,
                "the ledger has no audit log of it".to_owned(),
            ));
        }
        (Some(policy), Some(_)) => {
            let note = format!("as audit policy `{policy}` has it; {window}");
            lines.push(line("requests to the API server", true, note));
        }
        (None, Some(_)) => {
            let note = "what its audit policy logs is not known; name it with `--audit-policy`".to_owned();
            lines.push(line("requests to the API server", false, note));
        }
    }
    if !cluster.coverage.shows_reviews {
        let note = "bodies of access reviews are not logged".to_owned();
        lines.push(line("what other servers ask the API server", false, note));
    }
    if cluster.coverage.lost > 0 {
        let note = format!("{} lost", counted(cluster.coverage.lost, "event is", "events are"));
        lines.push(line("lost events", false, note));
    }
    if !cluster.unnamed.is_empty() {
        let calls: u64 = cluster.unnamed.values().sum();
        let note = format!("{} of which the request is not known", counted(calls, "call", "calls"));
        lines.push(line("requests without words", false, note));
    }
    lines
}

/// Users that called and that no binding names, with groups of theirs that some do.
pub(crate) fn ungranted(cluster: &Cluster) -> Vec<WithoutGrants> {
    let rows = cluster.unbound.iter().map(|(name, unbound)| WithoutGrants {
        principal: name.clone(),
        kind: if name.starts_with("system:serviceaccount:") { "service account" } else { "user" }.to_owned(),
        calls: unbound.calls.distinct(),
        last_seen: unbound.last.map(moment),
        groups: unbound.by_groups.groups.clone(),
    });
    rows.collect()
}
