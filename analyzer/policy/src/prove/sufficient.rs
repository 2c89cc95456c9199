//! Obligation 1: every call that was seen allowed, and that the old policies allow, is still allowed; and
//! so is everything of which it cannot be told whether it is used.
//!
//! A log does not tell the context of a call, so conditions are taken as they are written: wherever an old
//! statement allowed the call under its conditions, a new one must allow it under conditions that the old
//! ones imply.

use super::grants::{Allow, Grants};
use super::{Protected, Violation, name_of};
use crate::Glob;
use crate::action_set::Expander;

pub(super) fn check(
    expander: &Expander<'_>,
    before: &Grants<'_>,
    after: &Grants<'_>,
    protected: &[Protected],
    violations: &mut Vec<Violation>,
) -> usize {
    let mut checked = 0;
    for permission in protected {
        let seen: Option<Vec<(String, Glob)>> = permission.resources.as_ref().map(|resources| {
            let written = resources.iter().map(|resource| resource.replace("${", "${$}{"));
            written.map(|pattern| (pattern.clone(), Glob::resource(&pattern))).collect()
        });
        // A resource that no old statement names tells that log and grant do not fit together: then the
        // permission must stay wherever it was granted.
        let fits = |resource: &Glob| before.allowing(permission.action).any(|(_, allow)| meets(allow, resource));
        let seen = seen.filter(|seen| !seen.is_empty() && seen.iter().all(|(_, glob)| fits(glob)));
        for (_, old) in before.allowing(permission.action) {
            let lost = match &seen {
                Some(seen) => lost_calls(permission, old, after, seen, &mut checked),
                None => lost_scope(permission, old, after, &mut checked),
            };
            violations.extend(lost.into_iter().map(|resource| Violation::Insufficient {
                action: name_of(expander, permission.action),
                resource,
            }));
        }
    }
    checked
}

fn meets(allow: &Allow<'_>, resource: &Glob) -> bool {
    if allow.negated {
        return !resource.is_included_in(&allow.globs.iter().collect::<Vec<_>>());
    }
    allow.globs.iter().any(|glob| glob.intersects(resource))
}

/// Recorded resources that the old statement allows and the new statements do not.
fn lost_calls(
    permission: &Protected,
    old: &Allow<'_>,
    after: &Grants<'_>,
    seen: &[(String, Glob)],
    checked: &mut usize,
) -> Vec<String> {
    let mut lost = Vec::new();
    for (resource, glob) in seen {
        if !meets(old, glob) {
            continue;
        }
        *checked += 1;
        let is_kept = after.cover(permission.action, glob, old.statement, None)
            || (old.negated && after.cover_complement(permission.action, old.statement))
            // A name that the ledger collapsed may reach beyond the grant: then the grant's own pattern stays.
            || (!old.negated
                && old
                    .globs
                    .iter()
                    .filter(|granted| granted.intersects(glob))
                    .all(|granted| after.cover(permission.action, granted, old.statement, None)));
        if !is_kept {
            lost.push(resource.clone());
        }
    }
    lost
}

/// Patterns of the old statement that the new statements do not cover.
fn lost_scope(
    permission: &Protected,
    old: &Allow<'_>,
    after: &Grants<'_>,
    checked: &mut usize,
) -> Vec<String> {
    let patterns = old.statement.resources.as_ref().map(|resources| resources.patterns.as_slice());
    if old.negated {
        *checked += 1;
        let is_kept = after.cover_complement(permission.action, old.statement);
        return if is_kept { Vec::new() } else { vec!["(all but `NotResource`)".to_owned()] };
    }
    let mut lost = Vec::new();
    for (pattern, glob) in patterns.unwrap_or_default().iter().zip(&old.globs) {
        *checked += 1;
        if !after.cover(permission.action, glob, old.statement, None) {
            lost.push(pattern.clone());
        }
    }
    lost
}
