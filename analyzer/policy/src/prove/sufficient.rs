//! Obligation 1: every call that was seen allowed, and that the old policies allow, is still allowed; and
//! so is everything of which it cannot be told whether it is used.
//!
//! A log does not tell the context of a call, so conditions are taken as they are written: wherever an old
//! statement allowed the call under its conditions, a new one must allow it under conditions that the old
//! ones imply.

use std::collections::BTreeMap;

use super::grants::{Allow, Grants};
use super::need::Need;
use super::{Violation, name_of};
use crate::Glob;
use crate::action_set::Expander;
use crate::part::Part;

pub(super) fn check(
    expander: &Expander<'_>,
    before: &Grants<'_>,
    after: &Grants<'_>,
    needs: &[Need],
    violations: &mut Vec<Violation>,
) -> usize {
    let mut checked = 0;
    // By the old and the new statements that allow an action.
    let mut scopes: BTreeMap<(&[usize], &[usize]), Vec<String>> = BTreeMap::new();
    for need in needs {
        let is_kept = |part: &Part<'_>, on: Option<&[Glob]>| after.cover(need.action, part, None, on);
        let olds = || before.allowing(need.action).map(|(_, old)| old);
        let lost: Vec<String> = match &need.resources {
            Some(_) => olds().flat_map(|old| lost_calls(need, old, is_kept, &mut checked)).collect(),
            None => {
                checked += olds().map(|old| old.parts.len()).sum::<usize>();
                let key = (before.indexes(need.action), after.indexes(need.action));
                let lost = || olds().flat_map(|old| &old.parts).filter(|part| !is_kept(part, None));
                scopes
                    .entry(key)
                    .or_insert_with(|| lost().map(|part| part.text().to_owned()).collect())
                    .clone()
            }
        };
        violations.extend(
            lost.into_iter()
                .map(|resource| Violation::Insufficient { action: name_of(expander, need.action), resource }),
        );
    }
    checked
}

/// Recorded resources of which the old statement allows something that the new statements do not.
fn lost_calls(
    need: &Need,
    old: &Allow<'_>,
    is_kept: impl Fn(&Part<'_>, Option<&[Glob]>) -> bool,
    checked: &mut usize,
) -> Vec<String> {
    let mut lost = Vec::new();
    for resource in need.resources.iter().flatten().filter(|resource| old.meets(resource)) {
        *checked += 1;
        // A name that the ledger collapsed may reach beyond a part.
        let mut granting = old.parts.iter().filter(|part| part.meets(resource));
        if !granting.all(|part| is_kept(part, Some(std::slice::from_ref(resource)))) {
            lost.push(resource.text().to_owned());
        }
    }
    lost
}
