//! What a proposal claims, whoever made it.

use std::collections::BTreeSet;

use remit_catalog::{ActionId, Catalog};

use crate::Document;
use crate::evidence::Evidence;
use crate::grant::PrincipalKind;
use crate::proposal::{Edit, Kept, NewPolicy, Proposal};

/// What a proposal claims: documents before and after, and what must not be lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Role or user, which have different limits.
    pub kind: PrincipalKind,
    /// Policies before, by name.
    pub before: Vec<(String, Document)>,
    /// How many of those are managed policies attached to the principal itself.
    pub attached: usize,
    /// Policies after, in place of all of those.
    pub after: Vec<NewPolicy>,
    /// The permissions boundary, which does not change.
    pub boundary: Option<Document>,
    /// Permissions that must stay.
    pub protected: Vec<Protected>,
    /// Patterns of names of actions beyond the catalog, of which everything must stay.
    pub unlisted: BTreeSet<String>,
}

/// A permission that must stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected {
    /// The action.
    pub action: ActionId,
    /// Resources of the recorded calls; none where it must stay wherever it is granted.
    pub resources: Option<Vec<String>>,
}

/// Evidence that keeps a permission which is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the evidence keeps `{0}`, which is no action")]
pub struct NoAction(pub String);

impl Protected {
    /// What a kept permission asks for.
    pub fn of(kept: &Kept) -> Self {
        let exact = kept.seen.is_some() && kept.reason.is_none() && kept.resources_known;
        let resources = exact.then(|| kept.resources.keys().cloned().collect());
        Self { action: kept.action, resources }
    }
}

impl Claim {
    /// The claim of a proposal.
    pub fn of(proposal: &Proposal, boundary: Option<&Document>) -> Self {
        let before = proposal.changes.iter().map(|change| (change.name.clone(), change.before.clone()));
        let after = proposal.changes.iter().flat_map(|change| change.after.clone());
        Self {
            kind: proposal.kind,
            before: before.collect(),
            attached: proposal.changes.iter().filter(|change| change.is_attached()).count(),
            after: after.collect(),
            boundary: boundary.cloned(),
            protected: proposal.kept.iter().map(Protected::of).collect(),
            unlisted: proposal.unlisted.keys().cloned().collect(),
        }
    }

    /// The claim that written evidence makes, with the documents as `read` finds them in its files.
    pub fn of_evidence<E: From<NoAction>>(
        evidence: &Evidence,
        catalog: &Catalog,
        mut read: impl FnMut(&str) -> Result<Document, E>,
    ) -> Result<Self, E> {
        let mut claim = Self {
            kind: if evidence.kind == PrincipalKind::User.as_str() {
                PrincipalKind::User
            } else {
                PrincipalKind::Role
            },
            before: Vec::new(),
            attached: 0,
            after: Vec::new(),
            boundary: evidence.boundary.as_deref().map(&mut read).transpose()?,
            protected: Vec::new(),
            unlisted: evidence.unlisted.keys().cloned().collect(),
        };
        for policy in &evidence.policies {
            claim.before.push((policy.name.clone(), read(&policy.before)?));
            let is_kept = policy.edit == Edit::Keep;
            let is_managed = policy.arn.is_some() || (is_kept && policy.after.iter().any(|new| !new.inline));
            claim.attached += usize::from(is_managed && policy.group.is_none());
            for after in &policy.after {
                let group = policy.group.clone().filter(|_| is_kept);
                let document = read(&after.file)?;
                claim.after.push(NewPolicy {
                    name: after.name.clone(),
                    inline: after.inline,
                    group,
                    document,
                });
            }
        }
        for kept in &evidence.kept {
            let action = catalog.find(&kept.permission).ok_or_else(|| NoAction(kept.permission.clone()))?;
            let exact = kept.verdict == "used" && kept.reason.is_none() && kept.resources_known;
            let resources = exact.then(|| kept.resources.keys().cloned().collect());
            claim.protected.push(Protected { action, resources });
        }
        Ok(claim)
    }
}
