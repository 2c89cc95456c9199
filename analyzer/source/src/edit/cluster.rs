//! Edits of a subject's roles and bindings: where a role is the subject's alone, it is narrowed where it is written, instead of one
//! more; and of what it does not need at all it is taken out.

use std::collections::{BTreeMap, BTreeSet};

use remit_policy::rbac::{self, Binding, Bound, ObjectName, Permission, Role};

use super::{Cuts, NoEdit, Options, Outcome, Suggestion, Work, because, binding, proof, role};
use crate::grant::{Found, Grant};
use crate::markers;
use crate::place::{Content, FileId, Reason};
use crate::proposal::ClusterChange;
use crate::repository::Repository;

/// How far the edits of a subject's sources came.
#[derive(Default)]
struct Progress<'a> {
    /// Places of narrowed roles, in the repository as it was.
    narrowed: BTreeMap<&'a ObjectName, usize>,
    /// Bindings that do not bind the subject any more.
    taken: BTreeSet<&'a ObjectName>,
    /// What was looked for, and where it was found.
    found: Vec<(String, Found)>,
    /// What is left to a person, and why.
    refused: Vec<(String, Found, NoEdit)>,
}

impl Work<'_> {
    /// Narrows the roles of which something goes, and takes the subject out of bindings. Either all of that is done, or what is
    /// proposed is suggested.
    pub(super) fn cluster(&mut self, change: &ClusterChange, options: Options) {
        let old = self.repository.clone();
        let mut progress = self.unbound(&old, change, options);
        if options.resources && !progress.refused.is_empty() {
            // What cannot be narrowed in its names can be in the rest all the same.
            self.repository = old.clone();
            let less = self.unbound(&old, change, Options { resources: false });
            if less.refused.is_empty() {
                let reasons = std::mem::take(&mut progress.refused);
                for (grant, found, why) in reasons {
                    let why = format!("names of objects stay as they are: {why}");
                    self.suggest(named(&grant, change), &found, &[object(&grant)], why, change.wanted());
                }
                progress = less;
            }
        }
        let is_edited = progress.refused.is_empty();
        match is_edited {
            true => self.tell_copies(&old, change, &progress.found),
            false => self.repository = old,
        }
        for (grant, found) in progress.found {
            self.edits.outcomes.push(Outcome { grant, found, is_edited, narrowed: BTreeMap::new() });
        }
        for (grant, found, why) in progress.refused {
            self.suggest(named(&grant, change), &found, &[object(&grant)], why.to_string(), change.wanted());
        }
    }

    /// Tells what is generated of places that changed: it grants the old until somebody makes it anew.
    fn tell_copies(&mut self, old: &Repository, change: &ClusterChange, found: &[(String, Found)]) {
        let text = |repository: &Repository, file: &FileId| {
            repository.files.get(*file).map(|one| one.text().to_owned())
        };
        for (grant, found) in found {
            let Found::One { place, .. } = found else { continue };
            let Some(before) = old.places.get(*place) else { continue };
            let files: BTreeSet<FileId> = match &before.content {
                Content::Rules(rules) => rules.iter().map(|rule| rule.file).collect(),
                _ => BTreeSet::from([before.file]),
            };
            if files.iter().all(|file| text(old, file) == text(&self.repository, file)) {
                continue;
            }
            for copy in old.copies(before) {
                let Some(reason) = copy.reasons.iter().find(|one| matches!(one, Reason::Generated(_))) else {
                    continue;
                };
                let path = old.path(copy.file).to_owned();
                let why = format!("{reason}, which changed: make it anew by {}", markers::maker(&path));
                let (grant, line) = (named(grant, change), copy.line);
                self.edits.suggestions.push(Suggestion {
                    grant,
                    path: Some(path),
                    line,
                    why,
                    text: String::new(),
                });
            }
        }
    }

    /// Edits all that grants the subject more than is proposed, and shows that it does not any more.
    fn unbound<'a>(&mut self, old: &Repository, change: &'a ClusterChange, options: Options) -> Progress<'a> {
        let mut progress = Progress::default();
        let mut due: Vec<&'a Binding> = Vec::new();
        let mut shared = Vec::new();
        for (name, (role, bindings)) in changed(change) {
            let found = old.find(&Grant::Role { name, rules: &role.rules });
            let is_gone = |binding: &&Binding| change.claim.gone.iter().any(|gone| gone.name == binding.name);
            let is_own = bindings.iter().all(is_gone) && change.unbound.contains(&name.of_role());
            let done = match is_own {
                true => self.role(old, change, &bindings, &found, options),
                false => Ok(None),
            };
            match done {
                Ok(Some(place)) => {
                    progress.narrowed.insert(name, place);
                }
                // Nothing of it is the subject's any more, or it is others' too.
                Ok(None) => {
                    due.extend(&bindings);
                    progress.taken.extend(bindings.iter().map(|binding| &binding.name));
                    shared.extend((!is_own).then(|| (name.of_role(), found)));
                    continue;
                }
                Err(why) => progress.refused.push((name.of_role(), found.clone(), why)),
            }
            progress.found.push((name.of_role(), found));
        }
        if !progress.refused.is_empty() {
            return progress;
        }
        // What is proposed is proposed whole: the new roles are needed as long as one of the old ones stays as it was.
        if let Err(why) = proven(old, &self.repository, change, &progress, options) {
            let first = shared.first().or(progress.found.first()).cloned();
            let why = match why {
                Unproven::Lacks(_) if !shared.is_empty() => {
                    because("others are bound to it too, so this subject needs a role of its own")
                }
                Unproven::Lacks(why) | Unproven::Otherwise(why) => why,
            };
            progress.found.extend(shared);
            progress.refused.extend(first.map(|(grant, found)| (grant, found, why)));
            return progress;
        }
        self.bindings(change, &due, &mut progress);
        progress
    }

    /// Takes the subject out of bindings.
    fn bindings(&mut self, change: &ClusterChange, due: &[&Binding], progress: &mut Progress<'_>) {
        let mut edits = Vec::new();
        let mut cuts = Cuts::new();
        for binding in due {
            let found = self.repository.find(&Grant::Binding { name: &binding.name });
            let after = change.claim.edited.iter().find(|after| after.name == binding.name);
            let edit = match &found {
                Found::One { place, .. } => binding::edit(&self.repository, *place, binding, after),
                _ => Err(self.not_one(&found)),
            };
            progress.found.push((binding.name.of_binding(), found.clone()));
            match edit {
                Ok(edit) => {
                    for (file, own) in &edit.cuts {
                        cuts.entry(*file).or_default().extend(own.iter().cloned());
                    }
                    edits.push(edit);
                }
                Err(why) => progress.refused.push((binding.name.of_binding(), found, why)),
            }
        }
        if edits.is_empty() || !progress.refused.is_empty() {
            return;
        }
        let done = self.spliced(&cuts).and_then(|edited| {
            binding::proven(&self.repository, &edited, &edits)?;
            Ok(edited)
        });
        match done {
            Ok(edited) => self.repository = edited,
            Err(why) => {
                let first = progress.found.last().cloned();
                progress.refused.extend(first.map(|(grant, found)| (grant, found, why)));
            }
        }
    }

    /// Narrows one role. Answers its place in the repository as it was; none where nothing of it would be left.
    fn role(
        &mut self,
        old: &Repository,
        change: &ClusterChange,
        bindings: &[&Binding],
        found: &Found,
        options: Options,
    ) -> Result<Option<usize>, NoEdit> {
        let new = change.claim.new.iter().filter(|(new, _)| {
            bindings
                .iter()
                .any(|old| old.name.namespace == new.name.namespace || old.name.namespace.is_none())
        });
        let wanted: Vec<Permission> = new
            .flat_map(|(_, role)| role.rules.iter().flat_map(|rule| Permission::of_rule(None, rule)))
            .collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        let Found::One { place, is_equal } = found else { return Err(self.not_one(found)) };
        // Roles that were edited before this one may have moved it.
        let moved = old.same_places(&self.repository).and_then(|pairs| pairs.get(*place).copied());
        let moved = moved.ok_or_else(|| proof::unproven("it is gone"))?;
        let Some(cuts) = role::edit(&self.repository, moved, *is_equal, &wanted, options)? else {
            return Ok(None);
        };
        let edited = self.spliced(&cuts)?;
        proof::same_place(&self.repository, &edited, moved)?;
        self.repository = edited;
        Ok(Some(*place))
    }
}

/// The roles of bindings that change, with these.
fn changed(change: &ClusterChange) -> BTreeMap<&ObjectName, (&Role, Vec<&Binding>)> {
    let mut roles: BTreeMap<&ObjectName, (&Role, Vec<&Binding>)> = BTreeMap::new();
    for (binding, role) in &change.claim.own {
        if !change.claim.unchanged.contains(&binding.name) {
            roles.entry(&role.name).or_insert_with(|| (role, Vec::new())).1.push(binding);
        }
    }
    roles
}

/// A role or binding of a subject, as a person names it.
fn named(grant: &str, change: &ClusterChange) -> String {
    format!("{grant} of `{}`", change.claim.user.name)
}

/// The name of an object of which a grant is told as kind, namespace and name.
fn object(grant: &str) -> &str {
    grant.rsplit('/').next().unwrap_or(grant)
}

impl ClusterChange {
    /// What is to be there: new roles and bindings, and those that others keep.
    fn wanted(&self) -> String {
        let all: Vec<&str> = [&self.apply, &self.edit].into_iter().flatten().map(String::as_str).collect();
        all.join("---\n")
    }
}

/// Why the edited sources are not what is proposed.
enum Unproven {
    /// The subject would lack something.
    Lacks(NoEdit),
    Otherwise(NoEdit),
}

/// Shows that the edited roles, bound as they then are, allow the subject what the proposal does.
fn proven(
    old: &Repository,
    new: &Repository,
    change: &ClusterChange,
    progress: &Progress<'_>,
    options: Options,
) -> Result<(), Unproven> {
    let otherwise = |why: &str| Unproven::Otherwise(proof::unproven(why));
    let pairs = old.same_places(new).ok_or_else(|| otherwise("other roles came or went"))?;
    for (at, (before, pair)) in old.places.iter().zip(&pairs).enumerate() {
        let is_same = new.places.get(*pair).is_some_and(|after| before.content.is_same(&after.content));
        if !is_same && !progress.narrowed.values().any(|place| *place == at) {
            return Err(otherwise("other roles changed"));
        }
    }
    let claim = &change.claim;
    let mut roles: BTreeMap<&ObjectName, Vec<rbac::Rule>> = BTreeMap::new();
    for (name, place) in &progress.narrowed {
        let edited = pairs.get(*place).and_then(|pair| new.places.get(*pair));
        let rules = match edited.map(|place| &place.content) {
            Some(Content::Rules(rules)) => rules.iter().map(crate::rule::Rule::known).collect(),
            _ => None,
        };
        roles.insert(name, rules.ok_or_else(|| otherwise("a rule is not known any more"))?);
    }
    fn bound<'a>(binding: &'a Binding, rules: &'a [rbac::Rule]) -> impl Iterator<Item = Bound<'a>> {
        rules.iter().map(|rule| Bound { namespace: binding.name.namespace.as_deref(), rule })
    }
    let today: Vec<Bound<'_>> =
        claim.own.iter().flat_map(|(binding, role)| bound(binding, &role.rules)).collect();
    let left = claim.own.iter().filter(|(binding, _)| !progress.taken.contains(&binding.name));
    let own: Vec<Bound<'_>> = left
        .flat_map(|(binding, role)| bound(binding, roles.get(&role.name).unwrap_or(&role.rules)))
        .collect();
    let unchanged = claim.own.iter().filter(|(binding, _)| claim.unchanged.contains(&binding.name));
    let others = unchanged.chain(&claim.fixed).chain(&claim.new);
    let proposed: Vec<(&Binding, &Role)> = others.map(|(binding, role)| (binding, role)).collect();
    let wanted: Vec<Bound<'_>> =
        proposed.iter().flat_map(|(binding, role)| bound(binding, &role.rules)).collect();
    let fixed = claim.fixed.iter().flat_map(|(binding, role)| bound(binding, &role.rules));
    let has: Vec<Bound<'_>> = own.iter().copied().chain(fixed).collect();
    let why = |why: &str, request: remit_catalog::kubernetes::Request| {
        proof::unproven(&format!("{why}: `{}`", Permission::of_request(&request)))
    };
    if let Some(request) = rbac::excess(&own, &today) {
        return Err(Unproven::Otherwise(why("it would allow more than today", request)));
    }
    if let Some(request) = rbac::excess(&wanted, &has) {
        return Err(Unproven::Lacks(why("it would lack something", request)));
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
        Some(request) => Err(Unproven::Otherwise(why("it would allow more than proposed", request))),
        None => Ok(()),
    }
}

fn borrowed(all: &[(Option<String>, rbac::Rule)]) -> Vec<Bound<'_>> {
    all.iter().map(|(namespace, rule)| Bound { namespace: namespace.as_deref(), rule }).collect()
}

#[cfg(test)]
mod tests;
