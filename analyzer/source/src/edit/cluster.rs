//! Edits of a subject's roles: where a role is the subject's alone, it is narrowed where it is written, instead of one more.

use std::collections::BTreeMap;

use remit_policy::rbac::{self, Binding, Bound, ObjectName, Permission, Role};

use super::{NoEdit, Options, Outcome, Work, because, proof, role};
use crate::grant::{Found, Grant};
use crate::place::Content;
use crate::proposal::ClusterChange;
use crate::repository::Repository;

impl Work {
    /// Narrows the roles of which something goes. Either all of them are edited, or what is proposed is suggested for the rest.
    pub(super) fn cluster(&mut self, change: &ClusterChange, options: Options) {
        let mut roles: BTreeMap<&ObjectName, (&Role, Vec<&Binding>)> = BTreeMap::new();
        for (binding, role) in &change.claim.own {
            if !change.claim.unchanged.contains(&binding.name) {
                roles.entry(&role.name).or_insert_with(|| (role, Vec::new())).1.push(binding);
            }
        }
        let old = self.repository.clone();
        let mut edited: BTreeMap<&ObjectName, usize> = BTreeMap::new();
        let mut outcomes = Vec::new();
        let mut refused = Vec::new();
        for (name, (role, bindings)) in &roles {
            let grant = Grant::Role { name, rules: &role.rules };
            let found = old.find(&grant);
            match self.role(&old, change, role, bindings, &found, options) {
                Ok(place) => {
                    edited.insert(name, place);
                }
                Err(why) => refused.push((*name, found.clone(), why)),
            }
            outcomes.push((*name, found));
        }
        // What is proposed is proposed whole: the new roles are needed as long as one of the old ones stays as it was.
        if refused.is_empty()
            && let Err(why) = proven(&old, &self.repository, change, &edited, options)
        {
            let first = outcomes.first().cloned();
            refused.extend(first.map(|(name, found)| (name, found, why)));
        }
        let is_edited = refused.is_empty();
        if !is_edited {
            self.repository = old;
        }
        for (name, found) in outcomes {
            self.edits.outcomes.push(Outcome { grant: name.of_role(), found, is_edited });
        }
        let apply = change.apply.clone().unwrap_or_default();
        for (name, found, why) in refused {
            self.suggest(
                format!("{} of `{}`", name.of_role(), change.claim.user.name),
                &found,
                why.to_string(),
                apply.clone(),
            );
        }
    }

    /// Narrows one role. Answers its place in the repository as it was.
    fn role(
        &mut self,
        old: &Repository,
        change: &ClusterChange,
        role: &Role,
        bindings: &[&Binding],
        found: &Found,
        options: Options,
    ) -> Result<usize, NoEdit> {
        let Found::One { place, is_equal } = found else { return Err(self.not_one(found)) };
        let is_gone = |binding: &&&Binding| change.claim.gone.iter().any(|gone| gone.name == binding.name);
        if !bindings.iter().all(|binding| is_gone(&binding)) || !change.unbound.contains(&role.name.of_role())
        {
            return Err(because("others are bound to it too, so this subject needs a role of its own"));
        }
        let new = change.claim.new.iter().filter(|(new, _)| {
            bindings
                .iter()
                .any(|old| old.name.namespace == new.name.namespace || old.name.namespace.is_none())
        });
        let wanted: Vec<Permission> = new
            .flat_map(|(_, role)| role.rules.iter().flat_map(|rule| Permission::of_rule(None, rule)))
            .collect();
        // Roles that were edited before this one may have moved it.
        let moved = old.same_places(&self.repository).and_then(|pairs| pairs.get(*place).copied());
        let moved = moved.ok_or_else(|| proof::unproven("it is gone"))?;
        let cuts = role::edit(&self.repository, moved, *is_equal, &wanted, options)?;
        let edited = self.spliced(&cuts)?;
        proof::same_place(&self.repository, &edited, moved)?;
        self.repository = edited;
        Ok(*place)
    }
}

/// Shows that the edited roles, bound as they are, allow the subject what the proposal does.
fn proven(
    old: &Repository,
    new: &Repository,
    change: &ClusterChange,
    edited: &BTreeMap<&ObjectName, usize>,
    options: Options,
) -> Result<(), NoEdit> {
    let pairs = old.same_places(new).ok_or_else(|| proof::unproven("other roles came or went"))?;
    for (at, (before, pair)) in old.places.iter().zip(&pairs).enumerate() {
        let is_same = new.places.get(*pair).is_some_and(|after| before.content.is_same(&after.content));
        if !is_same && !edited.values().any(|place| *place == at) {
            return Err(proof::unproven("other roles changed"));
        }
    }
    let claim = &change.claim;
    let mut roles: BTreeMap<&ObjectName, Vec<rbac::Rule>> = BTreeMap::new();
    for (name, place) in edited {
        let edited = pairs.get(*place).and_then(|pair| new.places.get(*pair));
        let rules = match edited.map(|place| &place.content) {
            Some(Content::Rules(rules)) => rules.iter().map(crate::rule::Rule::known).collect(),
            _ => None,
        };
        roles.insert(name, rules.ok_or_else(|| proof::unproven("a rule is not known any more"))?);
    }
    fn bound<'a>(binding: &'a Binding, rules: &'a [rbac::Rule]) -> impl Iterator<Item = Bound<'a>> {
        rules.iter().map(|rule| Bound { namespace: binding.name.namespace.as_deref(), rule })
    }
    let today: Vec<Bound<'_>> =
        claim.own.iter().flat_map(|(binding, role)| bound(binding, &role.rules)).collect();
    let own: Vec<Bound<'_>> = claim
        .own
        .iter()
        .flat_map(|(binding, role)| bound(binding, roles.get(&role.name).unwrap_or(&role.rules)))
        .collect();
    let unchanged = claim.own.iter().filter(|(binding, _)| claim.unchanged.contains(&binding.name));
    let others = unchanged.chain(&claim.fixed).chain(&claim.new);
    let proposed: Vec<(&Binding, &Role)> = others.map(|(binding, role)| (binding, role)).collect();
    let wanted: Vec<Bound<'_>> =
        proposed.iter().flat_map(|(binding, role)| bound(binding, &role.rules)).collect();
    let fixed = claim.fixed.iter().flat_map(|(binding, role)| bound(binding, &role.rules));
    let has: Vec<Bound<'_>> = own.iter().copied().chain(fixed).collect();
    let fails = |why: &str, request: remit_catalog::kubernetes::Request| {
        Err(proof::unproven(&format!("{why}: `{}`", Permission::of_request(&request))))
    };
    if let Some(request) = rbac::excess(&own, &today) {
        return fails("it would allow more than today", request);
    }
    if let Some(request) = rbac::excess(&wanted, &has) {
        return fails("it would lack something", request);
    }
    // Unless names are narrowed too, they stay as they were.
    let unnamed = |all: &[Bound<'_>]| -> Vec<(Option<String>, rbac::Rule)> {
        let open = |rule: &rbac::Rule| match options.resources {
            true => rule.clone(),
            false => rbac::Rule { names: Vec::new(), ..rule.clone() },
        };
        all.iter().map(|one| (one.namespace.map(str::to_owned), open(one.rule))).collect()
    };
    let (own, wanted) = (unnamed(&own), unnamed(&wanted));
    match rbac::excess(&borrowed(&own), &borrowed(&wanted)) {
        Some(request) => fails("it would allow more than proposed", request),
        None => Ok(()),
    }
}

fn borrowed(all: &[(Option<String>, rbac::Rule)]) -> Vec<Bound<'_>> {
    all.iter().map(|(namespace, rule)| Bound { namespace: namespace.as_deref(), rule }).collect()
}
