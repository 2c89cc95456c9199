//! The part of obligation 1 that is about names of actions which the catalog does not list: whatever the old policies
//! allow of them, the new ones allow, for all requests.

use std::collections::BTreeSet;

use super::{Claim, Violation};
use crate::unlisted::shared;
use crate::{Document, Effect, Matcher, PolicySet, Statement, contain};

pub(super) fn check(claim: &Claim, violations: &mut Vec<Violation>) -> usize {
    if claim.unlisted.is_empty() {
        return 0;
    }
    let before: Vec<Document> =
        claim.before.iter().map(|(_, document)| restricted(document, &claim.unlisted)).collect();
    let after: Vec<_> = claim.after.iter().map(|new| &new.document).collect();
    let boundary = claim.boundary.as_ref();
    let before = PolicySet::new(&before.iter().collect::<Vec<_>>(), boundary);
    if let Err(lost) = contain(&before, &PolicySet::new(&after, boundary)) {
        violations.push(Violation::Insufficient { action: lost.action, resource: lost.resource });
    }
    claim.unlisted.len()
}

/// What a document allows of these names, and what it denies. An allow statement of which patterns cannot say it is
/// taken whole.
fn restricted(document: &Document, unlisted: &BTreeSet<String>) -> Document {
    let restrict = |statement: &Statement| {
        let shared: Option<Vec<_>> = unlisted.iter().map(|names| shared(&statement.actions, names)).collect();
        let shared = match shared {
            Some(shared) if statement.effect == Effect::Allow => shared,
            _ => return Some(statement.clone()),
        };
        let patterns: BTreeSet<String> = shared.into_iter().flatten().collect();
        let patterns: Vec<_> = patterns.into_iter().collect();
        let actions = Matcher { negated: false, patterns, bare: false };
        (!actions.patterns.is_empty()).then(|| Statement { actions, ..statement.clone() })
    };
    let statements = document.statements.iter().filter_map(restrict).collect();
    Document { statements, ..document.clone() }
}
