//! The part of obligation 1 that is about what new policies deny: nothing that no old one denies, whatever is asked.

use super::{Claim, Violation};
use crate::{Document, Effect, PolicySet, contain};

pub(super) fn check(claim: &Claim, violations: &mut Vec<Violation>) {
    let after: Vec<_> = claim.after.iter().map(|new| denied(&new.document)).collect();
    let before: Vec<_> = claim.before.iter().map(|(_, document)| denied(document)).collect();
    let set = |documents: &[Document]| PolicySet::new(&documents.iter().collect::<Vec<_>>(), None);
    if let Err(more) = contain(&set(&after), &set(&before)) {
        violations.push(Violation::Denied { action: more.action, resource: more.resource });
    }
}

/// A document that allows what the other denies, so that what is denied can be compared as grants are.
fn denied(document: &Document) -> Document {
    let mut document = document.clone();
    document.statements.retain(|statement| statement.effect == Effect::Deny);
    document.statements.iter_mut().for_each(|statement| statement.effect = Effect::Allow);
    document
}
