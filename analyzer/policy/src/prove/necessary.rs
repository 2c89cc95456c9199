//! Obligation 3: dropping any allow statement, action or resource that remains breaks a recorded call or a
//! permission of which it cannot be told whether it is used.

use std::collections::BTreeMap;

use remit_catalog::ActionId;

use super::grants::{Allow, Grants, Place};
use super::need::Need;
use super::{Claim, Violation};
use crate::action_set::{ActionSet, Expander, Multiplicity};
use crate::verdict::taken_away;

pub(super) fn check(
    expander: &mut Expander<'_>,
    claim: &Claim,
    after: &Grants<'_>,
    needs: &[Need],
    violations: &mut Vec<Violation>,
) -> usize {
    let mut needs_of: BTreeMap<ActionId, Vec<&Need>> = BTreeMap::new();
    for need in needs {
        needs_of.entry(need.action).or_default().push(need);
    }
    let before: Vec<_> = claim.before.iter().map(|(_, document)| document).collect();
    let inert = taken_away(expander, &before, claim.boundary.as_ref());
    let mut checked = 0;
    for (index, allow) in after.allows.iter().enumerate() {
        let policy = claim.after.get(allow.document).map(|new| new.name.clone()).unwrap_or_default();
        let mut unnecessary = |what: String| {
            violations.push(Violation::Unnecessary { policy: policy.clone(), what });
        };
        // The actions for which this statement is needed at all: in at least one of its parts.
        let mut needed = ActionSet::default();
        let mut needed_parts = vec![false; allow.parts.len()];
        for action in allow.actions.iter() {
            let Some(needs) = needs_of.get(&action) else { continue };
            for (at, part) in allow.parts.iter().enumerate() {
                let serves = needs.iter().any(|need| need.is_served_by(part));
                if serves && !after.cover(action, part, Some(Place { allow: index, part: at })) {
                    needed.insert(action);
                    if let Some(needed) = needed_parts.get_mut(at) {
                        *needed = true;
                    }
                }
            }
        }
        checked += needed_parts.len();
        for (part, needed) in allow.parts.iter().zip(needed_parts) {
            if !needed {
                unnecessary(format!("resource `{}`", part.text()));
            }
        }
        checked += needed_actions(expander, allow, &needed, &inert, &mut unnecessary);
    }
    checked
}

/// Every action pattern must name a needed action that the statement's other patterns do not name.
fn needed_actions(
    expander: &mut Expander<'_>,
    allow: &Allow<'_>,
    needed: &ActionSet,
    inert: &ActionSet,
    unnecessary: &mut impl FnMut(String),
) -> usize {
    let element = &allow.clause.statement.actions;
    if element.negated {
        let mut effective = allow.actions.clone();
        effective.subtract(inert);
        if !effective.is_subset(needed) {
            unnecessary("`NotAction`, which names actions that nothing needs".to_owned());
        }
        return 1;
    }
    let expansions: Vec<ActionSet> =
        element.patterns.iter().map(|pattern| expander.pattern(pattern).clone()).collect();
    let counts = Multiplicity::of(&expansions);
    for (pattern, actions) in element.patterns.iter().zip(&expansions) {
        let mut effective = actions.clone();
        effective.subtract(inert);
        if !effective.is_subset(needed) {
            unnecessary(format!("action `{pattern}`, which names actions that nothing needs"));
        } else if !counts.is_sole_holder(actions) {
            unnecessary(format!("action `{pattern}`"));
        }
    }
    element.patterns.len()
}
