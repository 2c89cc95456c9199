//! Obligation 1: every call that was seen allowed, and that the old policies allow, is still allowed; and
//! so is everything of which it cannot be told whether it is used.
//!
//! A log does not tell the context of a call, so conditions are taken as they are written: wherever an old
//! statement allowed the call under its conditions, a new one must allow it under conditions that the old
//! ones imply.

use super::grants::{Allow, Grants};
use super::need::Need;
use super::{Violation, name_of};
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
    for need in needs {
        let is_kept = |part: &Part<'_>| after.cover(need.action, part, None);
        for (_, old) in before.allowing(need.action) {
            let lost = match &need.resources {
                Some(_) => lost_calls(need, old, is_kept, &mut checked),
                None => {
                    checked += old.parts.len();
                    let lost = old.parts.iter().filter(|part| !is_kept(part));
                    lost.map(|part| part.text().to_owned()).collect()
                }
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
    need: &Need,
    old: &Allow<'_>,
    is_kept: impl Fn(&Part<'_>) -> bool,
    checked: &mut usize,
) -> Vec<String> {
    let mut lost = Vec::new();
    for resource in need.resources.iter().flatten().filter(|resource| old.meets(resource)) {
        *checked += 1;
        // A name that the ledger collapsed may reach beyond the grant: then the grant's own part stays.
        let mut granting = old.parts.iter().filter(|part| part.meets(resource));
        if !is_kept(&old.clause.part(resource.clone())) && !granting.all(&is_kept) {
            lost.push(resource.text().to_owned());
        }
    }
    lost
}
