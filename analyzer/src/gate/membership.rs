//! Users whom a change puts into groups: what the group's policies allow is theirs from then on. One who leaves a group is no longer
//! denied what it denies, which is told with the denials that are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use remit_policy::{Document, Expander, PolicySet};
use remit_source::{Attachment, Declared, Repository, Text};

use super::elsewhere;
use super::gain::{self, gain};
use super::holders::Held;
use super::policy::is_wide;
use super::{Growth, Input, Objection, Severity, attachment, shown, unjudged};

type Told = Result<Growth, Box<Objection>>;

/// A user's groups in a folder, with what puts the user there.
pub(super) type Groups<'r> =
    BTreeMap<(Option<&'r Path>, String), BTreeMap<String, (&'r Declared, &'r Text, &'r Text)>>;

/// The groups of each user: of two folders' users of one name nobody knows whether they are one.
fn groups(repository: &Repository) -> Groups<'_> {
    let mut all = Groups::new();
    for one in repository.declared() {
        let folder = repository.path(one.file).parent();
        for (user, group) in &one.members {
            let groups = all.entry((folder, elsewhere::text(user))).or_default();
            // Who comes into a group by something else comes into it anew, as far as can be told.
            let by = if one.switches.is_empty() { String::new() } else { one.switches.mark() };
            groups.entry(format!("{}{by}", elsewhere::text(group))).or_insert((one, user, group));
        }
    }
    all
}

/// Who is in which group, in both trees.
pub(super) struct Members<'r> {
    pub(super) before: Groups<'r>,
    pub(super) after: Groups<'r>,
}

impl<'r> Members<'r> {
    pub(super) fn of(input: &Input<'r>) -> Self {
        Self { before: groups(input.base), after: groups(input.head) }
    }
}

/// What each user gains by a group in which it was not before.
pub(super) fn growth(
    input: &Input<'_>,
    expander: &mut Expander<'_>,
    members: &Members<'_>,
    held: &Held,
) -> Vec<Told> {
    let mut told = Vec::new();
    for (user, groups) in &members.after {
        let old = members.before.get(user);
        for (name, (one, user, group)) in groups {
            if old.is_some_and(|old| old.contains_key(name)) {
                continue;
            }
            // It was not in the same group before, but by something else.
            let old = old.into_iter().flat_map(BTreeMap::values).map(|(_, _, group)| *group);
            let old = old.filter(|old| elsewhere::text(old) != elsewhere::text(group));
            let joined = Joined { one, user, group, old: old.collect() };
            told.extend(joined.told(input, expander, held));
        }
    }
    told
}

/// A user who is in a group now.
struct Joined<'r> {
    one: &'r Declared,
    user: &'r Text,
    group: &'r Text,
    /// The groups in which it was.
    old: Vec<&'r Text>,
}

impl Joined<'_> {
    fn told(&self, input: &Input<'_>, expander: &mut Expander<'_>, held: &Held) -> Vec<Told> {
        let (user, group) = (self.user, self.group);
        let (own, of_group) = (held.holder(user), held.holder(group));
        let mut told = self.attached(input, own.name.as_ref());
        let has = of_group.has;
        if of_group.is_open || (has.is_empty() && !of_group.has_more) {
            let why = format!("not all policies of `{group}`, into which it puts `{user}`, can be read here");
            let (file, line) = (self.one.file, *self.one.lines.start());
            told.push(Err(unjudged(input, file, line, &self.one.address, &why)));
        }
        let by_groups = self.old.iter().flat_map(|group| held.holder(group).had);
        let had: Vec<&Document> = own.had.iter().chain(by_groups).collect();
        let Some(gain) = gain(expander, has, None, &PolicySet::new(&had, None), &had) else { return told };
        let is_wildcard = has.iter().flat_map(|one| &one.statements).any(is_wide);
        let how = format!("puts `{user}` into `{group}`, which allows {}", gain.shown(input));
        let growth = gain::growth(input, self.one, own.name, how, Some(&gain));
        let severity = Severity::of_privilege(is_wildcard, growth.level);
        told.push(Ok(Growth { severity, is_wildcard, ..growth }));
        told
    }

    /// Policies from elsewhere that the group has, and that neither the user nor a group of it had.
    fn attached(&self, input: &Input<'_>, identity: Option<&String>) -> Vec<Told> {
        let had = attached_to(input.base, self.old.iter().chain([&self.user]).copied());
        let has = attached_to(input.head, [self.group].into_iter());
        let new = has.iter().filter(|(policy, _)| !had.contains_key(*policy));
        new.flat_map(|(_, attached)| {
            attachment::told(input, attached).into_iter().map(|told| {
                told.map(|growth| Growth {
                    how: format!(
                        "puts `{}` into `{}`, which has `{}`",
                        self.user, self.group, attached.policy
                    ),
                    file: shown(input.head, self.one.file),
                    line: *self.one.lines.start(),
                    address: self.one.address.clone(),
                    identity: identity.cloned(),
                    ..growth
                })
            })
        })
        .collect()
    }
}

/// The policies from elsewhere that some of these have.
fn attached_to<'r, 't>(
    repository: &'r Repository,
    holders: impl Iterator<Item = &'t Text>,
) -> BTreeMap<String, &'r Attachment> {
    let names: BTreeSet<String> = holders.map(elsewhere::text).collect();
    let is_theirs = |holder: &Text| names.contains(&elsewhere::text(holder));
    let all = repository.attachments.iter().filter(|one| one.holder.as_ref().is_some_and(is_theirs));
    all.map(|one| (elsewhere::text(&one.policy), one)).collect()
}
