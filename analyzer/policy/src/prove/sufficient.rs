//! Obligation 1: every call that was seen allowed, and that the old policies allow, is still allowed; and
//! so is everything of which it cannot be told whether it is used.
//!
//! A log does not tell the context of a call, so conditions are taken as they are written: wherever an old
//! statement allowed the call under its conditions, a new one must allow it under conditions that the old
//! ones imply.

use remit_catalog::ActionId;

use super::grants::{Allow, Grants};
use super::need::Need;
use super::{Violation, name_of};
use crate::Glob;
use crate::action_set::Expander;

pub(super) fn check(
    expander: &Expander<'_>,
    before: &Grants<'_>,
    after: &Grants<'_>,
    needs: &[Need],
    violations: &mut Vec<Violation>,
) -> usize {
    let mut checked = 0;
    for need in needs {
        for (_, old) in before.allowing(need.action) {
            let lost = match &need.resources {
                Some(seen) => lost_calls(need.action, old, after, seen, &mut checked),
                None => lost_scope(need.action, old, after, &mut checked),
            };
            violations.extend(lost.into_iter().map(|resource| Violation::Insufficient {
                action: name_of(expander, need.action),
                resource,
            }));
        }
    }
    checked
}

/// Recorded resources that the old statement allows and the new statements do not.
fn lost_calls(
    action: ActionId,
    old: &Allow<'_>,
    after: &Grants<'_>,
    seen: &[(String, Glob)],
    checked: &mut usize,
) -> Vec<String> {
    let mut lost = Vec::new();
    for (resource, glob) in seen {
        if !old.meets(glob) {
            continue;
        }
        *checked += 1;
        let is_kept = after.cover(action, glob, old.statement, None)
            || (old.negated && after.cover_complement(action, old.statement))
            // A name that the ledger collapsed may reach beyond the grant: then the grant's own pattern stays.
            || (!old.negated
                && old
                    .globs
                    .iter()
                    .filter(|granted| granted.intersects(glob))
                    .all(|granted| after.cover(action, granted, old.statement, None)));
        if !is_kept {
            lost.push(resource.clone());
        }
    }
    lost
}

/// Patterns of the old statement that the new statements do not cover.
fn lost_scope(action: ActionId, old: &Allow<'_>, after: &Grants<'_>, checked: &mut usize) -> Vec<String> {
    let patterns = old.statement.resources.as_ref().map(|resources| resources.patterns.as_slice());
    if old.negated {
        *checked += 1;
        let is_kept = after.cover_complement(action, old.statement);
        return if is_kept { Vec::new() } else { vec!["(all but `NotResource`)".to_owned()] };
    }
    let mut lost = Vec::new();
    for (pattern, glob) in patterns.unwrap_or_default().iter().zip(&old.globs) {
        *checked += 1;
        if !after.cover(action, glob, old.statement, None) {
            lost.push(pattern.clone());
        }
    }
    lost
}
