//! The facts of a cluster's subject.

use std::collections::BTreeSet;
use std::path::Path;

use remit_policy::rbac::{Evidence, On, Permission};

use super::{Facts, Line, Proof, Standing, bounds, day};
use crate::number::counted;

pub(super) fn facts(folder: &Path, evidence: Evidence) -> Facts {
    let removed = evidence.removed.iter().map(|entry| Line {
        group: group(&entry.permission.permission()),
        permission: entry.permission.permission().to_string(),
        why: if entry.narrowed { "not used further than it stays" } else { "not used" }.to_owned(),
        standing: Standing::Removed,
        denied: entry.denied_calls,
        from: BTreeSet::new(),
    });
    let kept = evidence.kept.iter().map(|entry| Line {
        group: group(&entry.permission.permission()),
        permission: entry.permission.permission().to_string(),
        why: match (&entry.seen, &entry.reason) {
            (Some(seen), _) => {
                format!("{}, last on {}", counted(seen.count, "call", "calls"), day(&seen.last_seen))
            }
            (None, Some(reason)) => reason.text.clone(),
            (None, None) => {
                let rules = entry.closures.iter().filter_map(|rule| evidence.closures.get(rule));
                rules.cloned().collect::<Vec<_>>().join("; ")
            }
        },
        standing: match entry.verdict.as_str() {
            "used" => Standing::Used,
            "closure" => Standing::Spared,
            _ => Standing::Unobservable,
        },
        denied: 0,
        from: BTreeSet::new(),
    });
    let calls = evidence.kept.iter().filter_map(|entry| entry.seen.as_ref()).map(|seen| seen.count);
    let account = evidence.principal.strip_prefix("system:serviceaccount:");
    Facts {
        folder: folder.to_owned(),
        name: account.unwrap_or(&evidence.principal).replace(':', "/"),
        kind: if account.is_some() { "service account" } else { "user" }.to_owned(),
        window: bounds(&evidence.window),
        used_since: evidence.used_since.clone(),
        coverage: evidence
            .audit_policy
            .iter()
            .map(|policy| format!("what audit policy {policy} logs"))
            .collect(),
        lost: None,
        removed: removed.collect(),
        kept: kept.collect(),
        proof: Proof {
            what: "recorded requests",
            replayed: evidence.proof.replayed as u64,
            allowed: evidence.proof.allowed as u64,
            calls: calls.max().unwrap_or(0),
        },
        replay: None,
        tier: None,
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
