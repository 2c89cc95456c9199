//! Obligation 3: dropping any verb, group, resource, name or path of a rule that remains breaks a permission that is used or
//! of which it cannot be told.
//!
//! A binding that stays as it is may say what another says as well; it is enough there that something needs each part of it.

use std::collections::BTreeSet;

use super::{Claim, Violation};
use crate::rbac::granted::lasts;
use crate::rbac::object::Binding;
use crate::rbac::permission::Permission;
use crate::rbac::rule::Rule;

/// A rule where it is bound, and what it says there.
struct Place<'a> {
    binding: &'a Binding,
    rule: &'a Rule,
    said: Vec<Permission>,
    /// Whether it goes on saying that whatever becomes of the subject's groups.
    lasts: bool,
}

pub(super) fn check(claim: &Claim, violations: &mut Vec<Violation>) -> usize {
    let mut checked = 0;
    let places: Vec<Place<'_>> = claim
        .after()
        .into_iter()
        .flat_map(|(binding, role)| {
            role.rules.iter().map(move |rule| {
                let said = Permission::of_rule(binding.name.namespace.as_deref(), rule);
                let is_fixed = claim.fixed.iter().any(|(fixed, _)| fixed.name == binding.name);
                Place { binding, rule, said, lasts: !is_fixed || lasts(binding, &claim.user) }
            })
        })
        .collect();
    for (at, place) in places.iter().enumerate() {
        let name = &place.binding.name;
        let is_new = claim.new.iter().any(|(binding, _)| binding.name == *name);
        if !is_new && !claim.unchanged.contains(name) {
            continue;
        }
        let needed = needed(claim, &places, (at, place), is_new);
        // What of an old rule allows nothing wherever it is bound is not the subject's to clean up.
        let effective = place.said.iter().filter(|one| !one.is_inert());
        let elements = if is_new { elements(place.rule) } else { effective.flat_map(parts).collect() };
        for element in elements {
            checked += 1;
            if !needed.contains(&element) {
                let what = format!("{} `{}`", element.0, element.1);
                violations.push(Violation::Unnecessary { object: name.name.clone(), what });
            }
        }
    }
    checked
}

/// A list of a rule and what it holds.
type Element = (&'static str, String);

/// The parts of a rule without which something would be lost: of a new rule what no other says, of an old one what it says.
fn needed(
    claim: &Claim,
    places: &[Place<'_>],
    (at, place): (usize, &Place<'_>),
    is_new: bool,
) -> BTreeSet<Element> {
    let mut needed = BTreeSet::new();
    for protected in &claim.protected {
        let within =
            place.said.iter().filter(|own| own.covers(protected) || (!is_new && protected.covers(own)));
        let mut saying = within.map(parts);
        let Some(first) = saying.next() else { continue };
        if !is_new {
            needed.extend(first);
            saying.for_each(|parts| needed.extend(parts));
            continue;
        }
        let mut others = places.iter().enumerate().filter(|(other, _)| *other != at);
        if others.any(|(_, other)| other.lasts && other.said.iter().any(|one| one.covers(protected))) {
            continue;
        }
        // What all that say it within the rule have in common.
        needed.extend(saying.fold(first, |common, parts| common.intersection(&parts).cloned().collect()));
    }
    needed
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
