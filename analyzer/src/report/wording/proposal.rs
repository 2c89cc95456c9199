//! What is said of proposals.

use super::{Count, counted, number, permissions};
use crate::report::model::{PermissionCounts, ProposalSection, UsedRow};

/// What a proposal for a subject of a cluster is proven to be.
const PROVEN_OF_CLUSTER: &str = "nothing is allowed that was not allowed before, of each new role all is needed by a recorded request or an unobservable permission, and every object is one that the API server takes";

/// What a proven proposal is proven to be.
const PROVEN: &str = "nothing is allowed that was not allowed before, nothing stays that no recorded call or unobservable permission needs, only actions that exist are named, and every policy is within AWS's size limits";

/// Said where a proposal would change nothing.
pub(in crate::report) const NOTHING: &str =
    "Nothing to change: no permission can be removed, and no scope narrowed.";

/// What is proposed, in a few words.
pub(in crate::report) fn state(proposal: &ProposalSection) -> String {
    match proposal {
        ProposalSection::Proven { removed, narrowed, changes, .. } => match (removed, narrowed) {
            (0, 0) => format!("changes {}", counted(changes.len(), "policy", "policies")),
            (0, narrowed) => format!("narrows {}", number(narrowed)),
            (removed, 0) => format!("removes {}", number(removed)),
            (removed, narrowed) => format!("removes {}, narrows {}", number(removed), number(narrowed)),
        },
        ProposalSection::Nothing => "nothing to change".to_owned(),
        ProposalSection::Impossible { .. } => "no proposal".to_owned(),
    }
}

/// Which look the state has.
pub(in crate::report) fn state_look(proposal: &ProposalSection) -> &'static str {
    match proposal {
        ProposalSection::Proven { .. } => "change",
        ProposalSection::Nothing => "same",
        ProposalSection::Impossible { .. } => "none",
    }
}

/// Resource patterns to which a proposal narrows a used permission; none without a proposal that changes something.
pub(in crate::report) fn narrowed<'a>(used: &'a UsedRow, proposal: &ProposalSection) -> &'a [String] {
    if matches!(proposal, ProposalSection::Proven { .. }) { &used.narrowed_to } else { &[] }
}

/// What a proven proposal does.
pub(in crate::report) fn removal(
    counts: &PermissionCounts,
    removed: usize,
    narrowed: usize,
    granted_after: usize,
) -> String {
    // What stays of a permission that is narrowed counts by its parts.
    if narrowed > 0 {
        if removed == 0 {
            return format!(
                "Narrows {} of {} to where they are needed, and keeps {}, parts of those included.",
                number(narrowed),
                permissions(counts.granted),
                number(granted_after),
            );
        }
        return format!(
            "Removes {} of {}, narrows {} more to where they are needed, and keeps {}, parts of those included.",
            number(removed),
            permissions(counts.granted),
            number(narrowed),
            number(granted_after),
        );
    }
    if removed == 0 {
        return format!(
            "Removes no permission, keeps {} and changes only their scope.",
            number(granted_after)
        );
    }
    format!(
        "Removes {} of {} and keeps {}.",
        number(removed),
        permissions(counts.granted),
        number(granted_after),
    )
}

/// What was checked of a proven proposal; of one for a cluster's subject requests are `replayed`.
pub(in crate::report) fn proof(protected: impl Count, replayed: Option<usize>) -> String {
    if let Some(replayed) = replayed {
        let is = if replayed == 1 { "is" } else { "are" };
        let requests = counted(replayed, "request", "requests");
        let kept = counted(protected, "permission", "permissions");
        let is_granted = if protected.count() == 1 { "is" } else { "are" };
        return format!(
            "Proven: {requests} that the ledger saw allowed {is} allowed still, and {kept} that {is_granted} used or \
             unobservable {is_granted} granted still; {PROVEN_OF_CLUSTER}."
        );
    }
    let is = if protected.count() == 1 { "is" } else { "are" };
    format!(
        "Proven: {} that {is} used or unobservable {is} allowed still; {PROVEN}.",
        counted(protected, "pair of a permission and a resource", "pairs of a permission and a resource"),
    )
}

/// Where a used permission was seen, and what becomes of its scope where something is proposed.
pub(in crate::report) fn scope(used: &UsedRow, proposal: &ProposalSection) -> String {
    let seen = match used.resources {
        Some(resources) => format!("seen on {}", counted(resources, "resource", "resources")),
        None => "resource not known".to_owned(),
    };
    if !matches!(proposal, ProposalSection::Proven { .. }) {
        return seen;
    }
    match (&used.hidden, used.narrowed_to.is_empty()) {
        (_, false) => format!("{seen}, narrowed to"),
        (Some(hidden), true) => format!("{seen}; scope stays, since further use may be unseen: {hidden}"),
        (None, true) => format!("{seen}; scope stays"),
    }
}
