//! The obligations that a proposal has to meet before it can be emitted.

mod claim;
mod necessary;
mod valid;

use std::sync::Arc;

use remit_catalog::kubernetes::Request;

pub use self::claim::Claim;
use super::contain::{Bound, excess};
use super::granted::allows;
use super::object::{Binding, Role};
use super::permission::Permission;
use super::proposal::Proposal;

/// An obligation that is not met.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A request that was seen allowed would be refused.
    #[error("not sufficient: `{0}` would be refused")]
    Refused(Permission),
    /// A permission that is used, or of which it is not known whether it is, would be lost.
    #[error("not sufficient: `{0}` would be lost")]
    Lost(Permission),
    /// Something would be allowed that is not allowed today.
    #[error("wider than today: `{0}` would be allowed")]
    Wider(Permission),
    /// Something stays that nothing needs.
    #[error("not necessary: {what} in `{object}`")]
    Unnecessary {
        /// The role.
        object: String,
        /// The verb, resource, name or path.
        what: String,
    },
    /// The same input in another order gives another proposal.
    #[error("not deterministic: another order of the input gives another proposal")]
    NotDeterministic,
    /// The server would refuse or ignore it.
    #[error("not valid: {what} in `{object}`")]
    Invalid {
        /// The role or binding.
        object: String,
        /// What is wrong.
        what: String,
    },
}

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Recorded requests that were asked again.
    pub replayed: usize,
    /// How many of them are allowed: all of them.
    pub allowed: usize,
    /// Permissions that are still granted.
    pub protected: usize,
    /// Verbs, groups, resources, names and paths of rules, each of which is needed.
    pub elements: usize,
    /// Objects within the server's rules.
    pub objects: usize,
}

/// A proposal of which every obligation was checked. Only this can be emitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven<'a> {
    proposal: Proposal<'a>,
    proof: Proof,
}

impl<'a> Proven<'a> {
    /// The proposal.
    pub fn proposal(&self) -> &Proposal<'a> {
        &self.proposal
    }

    /// What was checked.
    pub fn proof(&self) -> Proof {
        self.proof
    }
}

/// Checks every obligation. `again` is the proposal made once more from the same input in another order.
pub fn prove<'a>(proposal: Proposal<'a>, again: &Proposal<'_>) -> Result<Proven<'a>, Vec<Violation>> {
    let checked = check(&Claim::of(&proposal));
    match (checked, proposal == *again) {
        (Ok(proof), true) => Ok(Proven { proposal, proof }),
        (checked, is_deterministic) => {
            let mut violations = checked.err().unwrap_or_default();
            violations.extend((!is_deterministic).then_some(Violation::NotDeterministic));
            Err(violations)
        }
    }
}

/// Checks the obligations that can be seen from the objects: all but determinism.
pub fn check(claim: &Claim) -> Result<Proof, Vec<Violation>> {
    let mut violations = Vec::new();
    let (before, after) = (claim.before(), claim.after());
    let replayed: Vec<&Request> =
        claim.replayed.iter().map(Arc::as_ref).filter(|request| is_allowed(&before, request)).collect();
    let refused = replayed.iter().filter(|request| !is_allowed(&after, request));
    violations.extend(refused.map(|request| Violation::Refused(Permission::of_request(request))));
    let allowed = replayed.len() - violations.len();
    let (old, new) = (bounds(&before), bounds(&after));
    for permission in &claim.protected {
        let rule = permission.rule();
        let needed = Bound { namespace: permission.namespace.as_deref(), rule: &rule };
        if excess(&[needed], &new).is_some() {
            violations.push(Violation::Lost(permission.clone()));
        }
    }
    let added: Vec<_> = claim.new.iter().map(|(binding, role)| (binding, role)).collect();
    if let Some(request) = excess(&bounds(&added), &old) {
        violations.push(Violation::Wider(Permission::of_request(&request)));
    }
    let elements = necessary::check(claim, &mut violations);
    let objects = valid::check(claim, &mut violations);
    let proof =
        Proof { replayed: replayed.len(), allowed, protected: claim.protected.len(), elements, objects };
    if violations.is_empty() { Ok(proof) } else { Err(violations) }
}

fn is_allowed(bound: &[(&Binding, &Role)], request: &Request) -> bool {
    bound.iter().any(|bound| allows(*bound, request))
}

fn bounds<'a>(bound: &[(&'a Binding, &'a Role)]) -> Vec<Bound<'a>> {
    let rules = |(binding, role): &(&'a Binding, &'a Role)| {
        let namespace = binding.name.namespace.as_deref();
        role.rules.iter().map(move |rule| Bound { namespace, rule }).collect::<Vec<_>>()
    };
    bound.iter().flat_map(rules).collect()
}
