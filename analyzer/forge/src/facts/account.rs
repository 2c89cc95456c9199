//! The facts of an account's principal.

use std::collections::BTreeSet;
use std::path::Path;

use remit_policy::{Evidence, KeptEntry};

use super::review::Review;
use super::{Facts, Line, Proof, Standing, bounds, used};
use crate::number::counted;

pub(super) fn facts(folder: &Path, evidence: Evidence, review: Option<Review>) -> Facts {
    let reasons = review.as_ref().map(Review::reasons).unwrap_or_default();
    let why = |permission: &str| reasons.get(permission).map(|why| (*why).to_owned());
    let removed = evidence.removed.iter().flat_map(|entry| {
        entry.permissions.iter().map(|permission| Line {
            group: service(permission),
            permission: permission.clone(),
            why: why(permission)
                .unwrap_or_else(|| format!("not used, and {} would have shown it", entry.coverage)),
            standing: Standing::Removed,
            denied: entry.denied_calls.get(permission).copied().unwrap_or(0),
            from: entry.policies.clone(),
        })
    });
    let kept = evidence.kept.iter().map(|entry| Line {
        group: service(&entry.permission),
        permission: entry.permission.clone(),
        why: why(&entry.permission).unwrap_or_else(|| told(entry)),
        standing: match entry.verdict.as_str() {
            "used" => Standing::Used,
            "unused" => Standing::Spared,
            _ => Standing::Unobservable,
        },
        denied: 0,
        from: BTreeSet::new(),
    });
    let kept: Vec<Line> = kept.collect();
    let uses = evidence.kept.iter().filter_map(|entry| entry.seen.as_ref()).map(|seen| seen.count);
    // A call may have needed several permissions: the most that one permission shows is what was at least called.
    let calls = uses.clone().max();
    // Each use is of a permission on a resource, and `prove` gives no proof where one of these pairs is not allowed.
    let replayed = uses.sum();
    let pairs = counted(evidence.proof.protected as u64, "pair", "pairs");
    let name = evidence.principal.rsplit('/').next().unwrap_or(&evidence.principal).to_owned();
    Facts {
        folder: folder.to_owned(),
        name,
        kind: evidence.kind.clone(),
        window: bounds(&evidence.window),
        used_since: evidence.used_since.clone(),
        coverage: evidence.coverage.recorded.clone(),
        lost: Some(evidence.coverage.lost),
        removed: removed.collect(),
        watched: review.as_ref().map(|review| review.watched(&kept)),
        kept,
        proof: Proof {
            what: "recorded uses",
            form: Some(format!("{pairs} of a permission and a resource, what cannot be told included")),
            replayed,
            allowed: replayed,
            calls: calls.unwrap_or(0),
        },
        tier: review.as_ref().map(|review| review.tier.clone()),
        replay: review.and_then(|review| review.replay),
        identity: evidence.principal,
    }
}

fn service(permission: &str) -> String {
    permission.split(':').next().unwrap_or_default().to_owned()
}

/// What the evidence says where there is no review.
fn told(entry: &KeptEntry) -> String {
    match (&entry.seen, &entry.reason) {
        (Some(seen), _) => used(seen.count, &seen.last_seen),
        (None, Some(reason)) => reason.text.clone(),
        (None, None) => "it stays".to_owned(),
    }
}
