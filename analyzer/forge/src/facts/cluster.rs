//! The facts of a cluster's subject.

use std::collections::BTreeSet;
use std::path::Path;

use remit_policy::rbac::{Evidence, On, Permission};

use super::review::Review;
use super::{Facts, Line, Proof, Standing, bounds, used};

pub(super) fn facts(folder: &Path, evidence: Evidence, review: Option<Review>) -> Facts {
    let reasons = review.as_ref().map(Review::reasons).unwrap_or_default();
    let why = |permission: &str| reasons.get(permission).map(|why| (*why).to_owned());
    let line = |permission: Permission, told: String, standing| {
        let name = permission.to_string();
        let why = why(&name).unwrap_or(told);
        Line { group: group(&permission), permission: name, why, standing, denied: 0, from: BTreeSet::new() }
    };
    let removed = evidence.removed.iter().map(|entry| {
        let (told, standing) = match entry.narrowed {
            true => ("not used further than it stays", Standing::Narrowed),
            false => ("not used", Standing::Removed),
        };
        let line = line(entry.permission.permission(), told.to_owned(), standing);
        Line { denied: entry.denied_calls, ..line }
    });
    let kept = evidence.kept.iter().map(|entry| {
        let told = match (&entry.seen, &entry.reason) {
            (Some(seen), _) => used(seen.count, &seen.last_seen),
            (None, Some(reason)) => reason.text.clone(),
            (None, None) => {
                let rules = entry.closures.iter().filter_map(|rule| evidence.closures.get(rule));
                rules.cloned().collect::<Vec<_>>().join("; ")
            }
        };
        let standing = match entry.verdict.as_str() {
            "used" => Standing::Used,
            // Rules keep it, or what was learned does.
            "closure" | "unused" => Standing::Spared,
            _ => Standing::Unobservable,
        };
        line(entry.permission.permission(), told, standing)
    });
    let kept: Vec<Line> = kept.collect();
    let calls = evidence.kept.iter().filter_map(|entry| entry.seen.as_ref()).map(|seen| seen.count);
    let account = evidence.principal.strip_prefix("system:serviceaccount:");
    let user = evidence.user();
    let (kind, name) = match (account, user.as_group()) {
        (_, Some(group)) => ("group", group.to_owned()),
        (Some(account), None) => ("service account", account.replace(':', "/")),
        (None, None) => ("user", evidence.principal.replace(':', "/")),
    };
    Facts {
        folder: folder.to_owned(),
        name,
        kind: kind.to_owned(),
        window: bounds(&evidence.window),
        used_since: evidence.used_since.clone(),
        coverage: evidence
            .audit_policy
            .iter()
            .map(|policy| format!("what audit policy {policy} logs"))
            .collect(),
        lost: None,
        removed: removed.collect(),
        watched: review.as_ref().map(|review| review.watched(&kept)),
        kept,
        proof: Proof {
            what: "recorded requests",
            form: None,
            replayed: evidence.proof.replayed as u64,
            allowed: evidence.proof.allowed as u64,
            calls: calls.max().unwrap_or(0),
        },
        tier: review.as_ref().map(|review| review.tier.clone()),
        replay: review.and_then(|review| review.replay),
        identity: evidence.principal,
    }
}

/// What a permission is on.
fn group(permission: &Permission) -> String {
    match &permission.on {
        On::Url(url) => url.clone(),
        On::Resource { group, resource, .. } if group.is_empty() => resource.clone(),
        On::Resource { group, resource, .. } => format!("{resource}.{group}"),
    }
}
