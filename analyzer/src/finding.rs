//! Verdicts worth acting on, with evidence.

use std::collections::BTreeMap;
use std::fmt::Display;

use rayon::prelude::*;
use remit_catalog::{AccessLevel, Catalog};
use remit_policy::{Counts, Glob, GrantRef, Unlisted, Verdict, moment};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::analysis::{Analysed, Analysis};
use crate::cluster::{self, Cluster};
use crate::judged::{self, Judged};
use crate::links;
use crate::mutes::{MuteRule, Mutes};
use crate::outcome::{Edits, Outcome, Told};
use crate::output::counted;
use crate::owners::Owner;
use crate::pattern::Pattern;
use crate::report::model::Mute;

/// How urgent a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Something can change permissions, and nothing needs it.
    High,
    /// Something can change data or infrastructure, and nothing needs it.
    Medium,
    /// Something can be read, and nothing needs it; or something is to be known.
    Low,
}

impl Severity {
    /// Its word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FindingKind {
    /// A principal with grants and without any allowed call.
    IdlePrincipal,
    /// Permissions of one service that are not used.
    Unused,
    /// Calls that were denied.
    Denied,
    /// A pattern that names no action that the catalog lists.
    UnknownAction,
    /// What has to stay does not fit, or the grants are incomplete.
    NoProposal,
    /// A service account of a cluster can become it, and did not.
    UnusedLink,
    /// A service account of a cluster is meant to become it, and it does not trust it.
    BrokenLink,
    /// More service accounts than anybody named can become it.
    OpenTrust,
    /// A binding to a role that is not there, or of which not all is known.
    DanglingBinding,
    /// A way to come to more than roles give.
    Privilege,
    /// Nobody looks after it, or whoever did has left.
    NoOwner,
}

/// Every kind.
pub(crate) const KINDS: [FindingKind; 11] = [
    FindingKind::IdlePrincipal,
    FindingKind::Unused,
    FindingKind::Denied,
    FindingKind::UnknownAction,
    FindingKind::NoProposal,
    FindingKind::UnusedLink,
    FindingKind::BrokenLink,
    FindingKind::OpenTrust,
    FindingKind::DanglingBinding,
    FindingKind::Privilege,
    FindingKind::NoOwner,
];

impl FindingKind {
    /// Its word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::IdlePrincipal => "idle_principal",
            Self::Unused => "unused",
            Self::Denied => "denied",
            Self::UnknownAction => "unknown_action",
            Self::NoProposal => "no_proposal",
            Self::UnusedLink => "unused_link",
            Self::BrokenLink => "broken_link",
            Self::OpenTrust => "open_trust",
            Self::DanglingBinding => "dangling_binding",
            Self::Privilege => "privilege",
            Self::NoOwner => "no_owner",
        }
    }
}

/// A verdict worth acting on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Finding {
    /// How urgent.
    pub(crate) severity: Severity,
    /// About what.
    pub(crate) kind: FindingKind,
    /// ARN of the principal, or name of a cluster's user.
    pub(crate) principal: String,
    /// IAM prefix of the service or API group, where it is about one.
    pub(crate) service: Option<String>,
    /// How many permissions it is about.
    pub(crate) permissions: usize,
    /// What was found, in words.
    pub(crate) detail: String,
    /// The permissions.
    pub(crate) names: Vec<String>,
    /// What else tells it from others of its kind, principal and service; empty where there is only one.
    #[serde(skip)]
    pub(crate) about: String,
    /// Who looks after the principal, where that is known.
    pub(crate) owner: Option<String>,
    /// Why it is not to be listed, where somebody said so.
    pub(crate) muted: Option<Mute>,
}

impl Finding {
    /// One of which no more is known than what was found.
    pub(crate) fn new(
        severity: Severity,
        kind: FindingKind,
        principal: &str,
        permissions: usize,
        detail: String,
    ) -> Self {
        Self {
            severity,
            kind,
            principal: principal.to_owned(),
            service: None,
            permissions,
            detail,
            names: Vec::new(),
            about: String::new(),
            owner: None,
            muted: None,
        }
    }

    /// What it is known by from one run to the next: equal as long as it is about the same, whatever is said of it.
    pub(crate) fn id(&self) -> String {
        let service = self.service.as_deref().unwrap_or_default();
        identifier([self.kind.as_str(), &self.principal, service, &self.about])
    }
}

/// What something is known by that some texts make out.
pub(crate) fn identifier(parts: [&str; 4]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of an identifier: enough that no two findings of one report ever share one by chance.
const ID_BYTES: usize = 16;

/// Every finding, worst first.
pub(crate) fn findings(catalog: &Catalog, analysis: &Analysis, cluster: Option<&Cluster>) -> Vec<Finding> {
    let of_cluster = cluster.into_iter().flat_map(|cluster| cluster::findings(cluster, &analysis.mutes));
    let mutes = &analysis.mutes;
    let of_account: Vec<_> =
        analysis.principals.par_iter().map(|analysed| of_principal(catalog, analysed, mutes)).collect();
    let of_all = links::findings(analysis).into_iter().chain(analysis.owners.findings());
    let mut findings: Vec<_> = of_account.into_iter().flatten().chain(of_cluster).chain(of_all).collect();
    for finding in &mut findings {
        finding.owner = analysis.owners.get(&finding.principal).map(Owner::shown);
        if finding.muted.is_none() {
            finding.muted = mutes.of_finding(finding);
        }
    }
    findings.sort_by(|a, b| {
        (a.severity, std::cmp::Reverse(a.permissions), a).cmp(&(
            b.severity,
            std::cmp::Reverse(b.permissions),
            b,
        ))
    });
    findings
}

fn of_principal(catalog: &Catalog, analysed: &Analysed, mutes: &Mutes) -> Vec<Finding> {
    let mut findings = unused(&analysed.principal.arn, judged::of_account(catalog, analysed), mutes);
    let finding = |severity, kind, permissions, detail| {
        Finding::new(severity, kind, &analysed.principal.arn, permissions, detail)
    };
    let counts = analysed.judgement.counts();
    let usage = &analysed.usage;
    if usage.calls.distinct() == 0 && usage.undecided.distinct() == 0 && counts.unused > 0 {
        let since = moment(analysed.coverage.window.start);
        let detail = format!("no allowed call was recorded since {since}");
        findings.push(finding(Severity::Medium, FindingKind::IdlePrincipal, counts.granted(), detail));
    }
    for (id, use_) in usage.actions.iter().filter(|(_, use_)| use_.denied.distinct() > 0) {
        let Some(action) = catalog.action(*id) else { continue };
        let found = denied(&analysed.principal.arn, action.full_name(), use_.denied.distinct());
        findings.push(Finding { service: Some(action.service.to_string()), ..found });
    }
    for (at, pattern) in &analysed.judgement.granted.unknown_patterns {
        let becomes = fate(&analysed.judgement.unlisted, *at, pattern);
        let detail = format!("`{pattern}` names no action that the catalog lists{becomes}");
        let mut unknown = finding(Severity::Low, FindingKind::UnknownAction, 0, detail);
        unknown.about.clone_from(pattern);
        findings.push(unknown);
    }
    let none = no_proposal(&analysed.outcome, counts);
    findings.extend(none.map(|why| finding(Severity::Low, FindingKind::NoProposal, counts.unused, why)));
    findings
}

/// Calls that needed a permission and were denied.
pub(crate) fn denied(principal: &str, name: String, calls: u64) -> Finding {
    let were = if calls == 1 { "was" } else { "were" };
    let detail = format!("{} of `{name}` {were} denied", counted(calls, "call", "calls"));
    let found = Finding::new(Severity::Low, FindingKind::Denied, principal, 1, detail);
    Finding { about: name.clone(), names: vec![name], ..found }
}

/// Why there is no proposal, where one would have something to take away.
pub(crate) fn no_proposal<P: Edits, N: Display, V: Display>(
    outcome: &Outcome<P, N, V>,
    counts: Counts,
) -> Option<String> {
    match outcome.told() {
        Told::Impossible(why) if counts.unused > 0 => Some(why),
        Told::Withheld(why) => Some(format!("the proposal is withheld, since it could not be proven: {why}")),
        Told::Impossible(_) | Told::Changes(_) | Told::Nothing => None,
    }
}

/// What becomes of a pattern that names nothing in the catalog.
fn fate(unlisted: &Unlisted, at: GrantRef, pattern: &str) -> &'static str {
    let asked = Glob::action(pattern);
    let mut protected = unlisted.protected.keys().map(|names| Glob::action(names));
    if unlisted
        .given_up
        .iter()
        .any(|(given_up_at, given_up)| (*given_up_at, given_up.as_str()) == (at, pattern))
    {
        ", and goes, since its service is given up"
    } else if protected.any(|names| asked.is_included_in(&[&names])) {
        ", and stays, since calls that need it cannot be told"
    } else {
        ""
    }
}

/// One finding per service with unused permissions, and one more per mute of some of them.
pub(crate) fn unused<'a>(
    principal: &str,
    judged: impl Iterator<Item = Judged<'a>>,
    mutes: &Mutes,
) -> Vec<Finding> {
    let mutes: Vec<_> = mutes.concerning(principal, FindingKind::Unused.as_str()).collect();
    let mut granted: BTreeMap<String, usize> = BTreeMap::new();
    let mut parts: BTreeMap<(String, String, Option<Mute>), Part> = BTreeMap::new();
    for Judged { name, service, level, verdict } in judged {
        if *verdict == Verdict::Unused {
            let mute = mutes.iter().copied().find(|mute| mute.mutes(&name));
            let about = mute.and_then(|mute| mute.action.as_ref()).map(Pattern::text).unwrap_or_default();
            let key = (service.clone(), about.to_owned(), mute.map(MuteRule::mute));
            let part = parts.entry(key).or_default();
            part.names.push(name);
            *part.levels.entry(level_order(level)).or_default() += 1;
        }
        *granted.entry(service).or_default() += 1;
    }
    parts
        .into_iter()
        .map(|((service, about, muted), part)| {
            let detail = part.detail(granted.get(&service).copied().unwrap_or_default());
            let kind = FindingKind::Unused;
            let found = Finding::new(part.severity(), kind, principal, part.names.len(), detail);
            Finding { service: Some(service), names: part.names, about, muted, ..found }
        })
        .collect()
}

/// Unused permissions of a service, all of them muted alike.
#[derive(Default)]
struct Part {
    names: Vec<String>,
    levels: BTreeMap<usize, usize>,
}

/// Access levels, most dangerous first.
pub(crate) const LEVELS: [(AccessLevel, &str); 5] = [
    (AccessLevel::PermissionsManagement, "permissions management"),
    (AccessLevel::Write, "write"),
    (AccessLevel::Tagging, "tagging"),
    (AccessLevel::Read, "read"),
    (AccessLevel::List, "list"),
];

pub(crate) fn level_order(level: AccessLevel) -> usize {
    LEVELS.iter().position(|(other, _)| *other == level).unwrap_or(LEVELS.len())
}

/// The most dangerous of some access levels.
pub(crate) fn worst_level(levels: impl Iterator<Item = AccessLevel>) -> Option<AccessLevel> {
    levels.min_by_key(|level| level_order(*level))
}

impl Part {
    fn severity(&self) -> Severity {
        match self.levels.keys().next() {
            Some(0) => Severity::High,
            Some(1 | 2) => Severity::Medium,
            _ => Severity::Low,
        }
    }

    fn detail(&self, granted: usize) -> String {
        let levels: Vec<_> = self
            .levels
            .iter()
            .filter_map(|(level, count)| LEVELS.get(*level).map(|(_, name)| format!("{count} {name}")))
            .collect();
        let are = if self.names.len() == 1 { "is" } else { "are" };
        format!("{} of {granted} granted {are} unused: {}", self.names.len(), levels.join(", "))
    }
}

#[cfg(test)]
mod tests;
