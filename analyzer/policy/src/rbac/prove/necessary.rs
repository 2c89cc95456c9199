//! Obligation 3: dropping any verb, group, resource, name or path of a rule that remains breaks a permission that is used or
//! of which it cannot be told.
//!
//! A binding that stays as it is may say what another says as well; it is enough there that something needs each part of it.

use std::collections::BTreeSet;

use super::{Claim, Violation};
use crate::rbac::granted::BoundRole;
use crate::rbac::permission::Permission;
use crate::rbac::rule::Rule;

pub(super) fn check(claim: &Claim, violations: &mut Vec<Violation>) -> usize {
    let mut checked = 0;
    let after = claim.after();
    for (at, bound) in after.iter().enumerate() {
        let is_new = claim.new.iter().any(|(binding, _)| binding.name == bound.0.name);
        if !is_new && !claim.unchanged.contains(&bound.0.name) {
            continue;
        }
        for (index, rule) in bound.1.rules.iter().enumerate() {
            let needed = needed(claim, &after, (at, index), is_new);
            // What of an old rule allows nothing wherever it is bound is not the subject's to clean up.
            let effective = permissions(&after, (at, index)).into_iter().filter(|one| !one.is_inert());
            let elements =
                if is_new { elements(rule) } else { effective.flat_map(|one| parts(&one)).collect() };
            for element in elements {
                checked += 1;
                if !needed.contains(&element) {
                    let what = format!("{} `{}`", element.0, element.1);
                    violations.push(Violation::Unnecessary { object: bound.0.name.name.clone(), what });
                }
            }
        }
    }
    checked
}

/// A list of a rule and what it holds.
type Element = (&'static str, String);

/// The parts of a rule without which something would be lost: of a new rule what no other says, of an old one what it says.
fn needed(claim: &Claim, after: &[BoundRole<'_>], place: (usize, usize), is_new: bool) -> BTreeSet<Element> {
    let mut needed = BTreeSet::new();
    let own = permissions(after, place);
    for protected in &claim.protected {
        let within: Vec<&Permission> =
            own.iter().filter(|own| own.covers(protected) || (!is_new && protected.covers(own))).collect();
        let mut saying = within.iter().map(|own| parts(own));
        let Some(first) = saying.next() else { continue };
        if !is_new {
            needed.extend(first);
            saying.for_each(|parts| needed.extend(parts));
            continue;
        }
        if is_said_elsewhere(after, place, protected) {
            continue;
        }
        // What all that say it within the rule have in common.
        needed.extend(saying.fold(first, |common, parts| common.intersection(&parts).cloned().collect()));
    }
    needed
}

fn is_said_elsewhere(after: &[BoundRole<'_>], place: (usize, usize), protected: &Permission) -> bool {
    let places = after
        .iter()
        .enumerate()
        .flat_map(|(at, (_, role))| (0..role.rules.len()).map(move |index| (at, index)));
    let mut others = places.filter(|other| *other != place);
    others.any(|other| permissions(after, other).iter().any(|permission| permission.covers(protected)))
}

fn permissions(after: &[BoundRole<'_>], (at, index): (usize, usize)) -> Vec<Permission> {
    let bound = after.get(at).and_then(|(binding, role)| Some((binding, role.rules.get(index)?)));
    bound
        .map(|(binding, rule)| Permission::of_rule(binding.name.namespace.as_deref(), rule))
        .unwrap_or_default()
}

fn elements(rule: &Rule) -> BTreeSet<Element> {
    let lists = [
        ("verb", &rule.verbs),
        ("group", &rule.groups),
        ("resource", &rule.resources),
        ("name", &rule.names),
        ("path", &rule.urls),
    ];
    lists.into_iter().flat_map(|(list, texts)| texts.iter().map(move |text| (list, text.clone()))).collect()
}

fn parts(permission: &Permission) -> BTreeSet<Element> {
    elements(&permission.rule())
}
