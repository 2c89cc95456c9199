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
    let mut before: Vec<Document> =
        claim.before.iter().map(|(_, document)| restricted(document, &claim.unlisted)).collect();
    before.push(nothing_but(&claim.unlisted));
    let after: Vec<_> = claim.after.iter().map(|new| &new.document).collect();
    let boundary = claim.boundary.as_ref();
    let before = PolicySet::new(&before.iter().collect::<Vec<_>>(), boundary);
    if let Err(lost) = contain(&before, &PolicySet::new(&after, boundary)) {
        violations.push(Violation::Insufficient { action: lost.action, resource: lost.resource });
    }
    claim.unlisted.len()
}

/// A document that denies all other names.
fn nothing_but(names: &BTreeSet<String>) -> Document {
    let element = |negated, patterns| Matcher { negated, patterns, bare: false };
    let statement = Statement {
        sid: None,
        effect: Effect::Deny,
        actions: element(true, names.iter().cloned().collect()),
        resources: Some(element(false, vec!["*".to_owned()])),
        principal: None,
        conditions: Vec::new(),
        line: 0,
    };
    Document { version: None, id: None, statements: vec![statement], single_statement: false }
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
