//! Users whom a change puts into groups: what the group's policies allow is theirs from then on. One who leaves a group is no longer
//! denied what it denies, which is told with the denials that are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use remit_policy::{Document, Expander, PolicySet};
use remit_source::{Declared, Repository, Text};

use super::gain::gain;
use super::holders::Held;
use super::policy::is_wide;
use super::{Growth, Input, Objection, Severity, attachment, document, review, shown, unjudged};

type Told = Result<Growth, Box<Objection>>;

/// A user's groups in a folder, with what puts the user there.
pub(super) type Groups<'r> =
    BTreeMap<(Option<&'r Path>, String), BTreeMap<String, (&'r Declared, &'r Text, &'r Text)>>;

/// The groups of each user: of two folders' users of one name nobody knows whether they are one.
pub(super) fn groups(repository: &Repository) -> Groups<'_> {
    let mut all = Groups::new();
    for one in &repository.declared {
        let folder = repository.path(one.file).parent();
        for (user, group) in &one.members {
            let groups = all.entry((folder, document::text(user))).or_default();
            groups.entry(document::text(group)).or_insert((one, user, group));
        }
    }
    all
}

/// What each user gains by a group in which it was not before.
pub(super) fn growth(input: &Input<'_>, expander: &mut Expander<'_>, held: &Held) -> Vec<Told> {
    let (before, after) = (groups(input.base), groups(input.head));
    let mut told = Vec::new();
    for (user, groups) in &after {
        let old = before.get(user);
        for (name, (one, user, group)) in groups {
            if old.is_some_and(|old| old.contains_key(name)) {
                continue;
            }
            let old = old.into_iter().flat_map(BTreeMap::values).map(|(_, _, group)| *group);
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
        let own = held.holder(user);
        let line = *self.one.lines.start();
        let mut told = self.attached(input, own.name.as_ref());
        let has = held.holder(group).has;
        let is_told = !told.is_empty();
        if !held.is_readable(group) || (has.is_empty() && !is_told && !self.has_attachments(input)) {
            let why = format!("not all policies of `{group}`, into which it puts `{user}`, can be read here");
            told.push(Err(unjudged(input, self.one.file, line, &self.one.address, &why)));
        }
        let by_groups = self.old.iter().flat_map(|group| held.holder(group).had.iter());
        let had: Vec<Document> = own.had.iter().chain(by_groups).cloned().collect();
        let before: Vec<&Document> = had.iter().collect();
        let compared = |part: &Document| (PolicySet::new(&[part], None), PolicySet::new(&before, None));
        let Some(gain) = gain(expander, has, &had, None, compared) else { return told };
        let is_wildcard = has.iter().flat_map(|one| &one.statements).any(is_wide);
        let level = gain.level(input);
        let allowed = gain.shown(input);
        told.push(Ok(Growth {
            rule: "new_privilege",
            severity: Severity::of_privilege(is_wildcard, level),
            file: shown(input.head, self.one.file),
            line,
            address: self.one.address.clone(),
            identity: own.name,
            how: format!("puts `{user}` into `{group}`, which allows {allowed}"),
            names: gain.new_names(input),
            widened: gain.widened_names(input),
            level,
            is_wildcard,
            review: review::date(input.head, self.one.file, self.one.span.clone(), None),
            written: gain.written,
        }));
        told
    }

    /// Policies from elsewhere that the group has, and that neither the user nor a group of it had.
    fn attached(&self, input: &Input<'_>, identity: Option<&String>) -> Vec<Told> {
        let of = |repository: &Repository, holders: &BTreeSet<String>| {
            let is_theirs = |holder: &Text| holders.contains(&document::text(holder));
            let all = repository.attachments.iter().enumerate();
            let all = all.filter(|(_, one)| one.holder.as_ref().is_some_and(is_theirs));
            all.map(|(at, one)| (document::text(&one.policy), at)).collect::<BTreeMap<_, _>>()
        };
        let names = self.old.iter().chain([&self.user]).map(|name| document::text(name)).collect();
        let (had, has) =
            (of(input.base, &names), of(input.head, &BTreeSet::from([document::text(self.group)])));
        let new = has.iter().filter(|(policy, _)| !had.contains_key(*policy));
        let new = new.filter_map(|(_, at)| input.head.attachments.get(*at));
        new.flat_map(|attached| {
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

    fn has_attachments(&self, input: &Input<'_>) -> bool {
        let group = document::text(self.group);
        let mut holders = input.head.attachments.iter().filter_map(|one| one.holder.as_ref());
        holders.any(|holder| document::text(holder) == group)
    }
}
