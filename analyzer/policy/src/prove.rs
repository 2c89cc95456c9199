//! The obligations that a proposal has to meet before it can be emitted.

mod claim;
mod denied;
mod grants;
mod necessary;
mod need;
mod sufficient;
mod unlisted;
mod valid;

use remit_catalog::ActionId;

pub use self::claim::{Claim, NoAction, Protected};
use self::grants::Grants;
use self::need::Need;
use crate::action_set::Expander;
use crate::proposal::Proposal;
use crate::verdict::taken_away;
use crate::{Counterexample, Document, PolicySet, contain};

/// An obligation that is not met.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Violation {
    /// A recorded call, or a permission of which it is not known whether it is used, would be lost.
    #[error("not sufficient: `{action}` on `{resource}` would be lost")]
    Insufficient {
        /// The action.
        action: String,
        /// The resource or resource pattern.
        resource: String,
    },
    /// Something would be denied that is not denied today.
    #[error("not sufficient: `{action}` on `{resource}` would be denied")]
    Denied {
        /// The action.
        action: String,
        /// The resource.
        resource: String,
    },
    /// Something would be allowed that is not allowed today.
    #[error("wider than today: {0}")]
    Wider(Counterexample),
    /// Something stays that nothing needs.
    #[error("not necessary: {what} in policy `{policy}`")]
    Unnecessary {
        /// The policy.
        policy: String,
        /// The statement, action or resource.
        what: String,
    },
    /// The same input in another order gives another proposal.
    #[error("not deterministic: another order of the input gives another proposal")]
    NotDeterministic,
    /// The provider would refuse or ignore it.
    #[error("not valid: {what} in policy `{policy}`")]
    Invalid {
        /// The policy.
        policy: String,
        /// What is wrong.
        what: String,
    },
}

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Pairs of a permission and a resource that are still allowed.
    pub protected: usize,
    /// Actions and resources of statements, each of which is needed.
    pub elements: usize,
    /// Documents within the provider's rules.
    pub documents: usize,
}

/// A proposal of which every obligation was checked. Only this can be emitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    proposal: Proposal,
    proof: Proof,
}

impl Proven {
    /// The proposal.
    pub fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// What was checked.
    pub fn proof(&self) -> Proof {
        self.proof
    }
}

/// Checks every obligation. `again` is the proposal made once more from the same input in another order.
pub fn prove(
    expander: &mut Expander<'_>,
    proposal: Proposal,
    again: &Proposal,
    boundary: Option<&Document>,
) -> Result<Proven, Vec<Violation>> {
    let checked = check(expander, &Claim::of(&proposal, boundary));
    let deterministic = (proposal == *again).then_some(()).ok_or(Violation::NotDeterministic);
    match (checked, deterministic) {
        (Ok(proof), Ok(())) => Ok(Proven { proposal, proof }),
        (checked, deterministic) => {
            let mut violations = checked.err().unwrap_or_default();
            violations.extend(deterministic.err());
            Err(violations)
        }
    }
}

/// Checks the obligations that can be seen from the documents: all but determinism.
pub fn check(expander: &mut Expander<'_>, claim: &Claim) -> Result<Proof, Vec<Violation>> {
    let mut violations = Vec::new();
    let before_documents: Vec<_> = claim.before.iter().map(|(_, document)| document).collect();
    let after_documents: Vec<_> = claim.after.iter().map(|new| &new.document).collect();
    let before = Grants::of(expander, &before_documents);
    let after = Grants::of(expander, &after_documents);
    // A call was not allowed by policies that deny it whatever is asked, but by something else or before they did.
    let taken = taken_away(expander, &before_documents, claim.boundary.as_ref());
    let protected = claim.protected.iter().filter(|permission| !taken.contains(permission.action));
    let needs: Vec<Need> = protected.map(|permission| Need::of(permission, &before)).collect();
    let protected = sufficient::check(expander, &before, &after, &needs, &mut violations)
        + unlisted::check(claim, &mut violations);
    denied::check(claim, &mut violations);
    // The boundary, which does not change, is left out: it may be taken away some day.
    let old_set = PolicySet::new(&before_documents, None);
    let new_set = PolicySet::new(&after_documents, None);
    if let Err(counterexample) = contain(&new_set, &old_set) {
        violations.push(Violation::Wider(counterexample));
    }
    let elements = necessary::check(expander, claim, &after, &needs, &mut violations);
    let documents = valid::check(expander, claim, &mut violations);
    if violations.is_empty() { Ok(Proof { protected, elements, documents }) } else { Err(violations) }
}

fn name_of(expander: &Expander<'_>, action: ActionId) -> String {
    expander.catalog().action(action).map(remit_catalog::Action::full_name).unwrap_or_default()
}

#[cfg(test)]
mod tests;
