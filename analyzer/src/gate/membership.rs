//! Users whom a change puts into groups: what the group's policies allow is theirs from then on.

use std::collections::{BTreeMap, BTreeSet};

use remit_policy::{Document, Expander, PolicySet, contain};
use remit_source::{Declared, Repository, Text};

use super::holders::Held;
use super::policy::{granted_by, is_wide, level, names, request};
use super::{Growth, Input, Objection, Severity, attachment, document, review, shown, unjudged};

type Told = Result<Growth, Box<Objection>>;

/// What each user gains by a group in which it was not before.
pub(super) fn growth(input: &Input<'_>, expander: &mut Expander<'_>, held: &Held) -> Vec<Told> {
    let before = groups(input.base);
    let mut seen = BTreeSet::new();
    let mut told = Vec::new();
    for one in &input.head.declared {
        for (user, group) in &one.members {
            let (user_key, group_key) = (document::text(user), document::text(group));
            let old = before.get(&user_key);
            let is_new = old.is_none_or(|groups| !groups.contains_key(&group_key));
            if is_new && seen.insert((user_key, group_key)) {
                let old = old.into_iter().flat_map(BTreeMap::values).copied();
                told.extend(joined(input, expander, held, one, (user, group), old));
            }
        }
    }
    told
}

/// The groups of each user.
fn groups(repository: &Repository) -> BTreeMap<String, BTreeMap<String, &Text>> {
    let mut all: BTreeMap<String, BTreeMap<String, &Text>> = BTreeMap::new();
    for (user, group) in repository.declared.iter().flat_map(|one| &one.members) {
        all.entry(document::text(user)).or_default().insert(document::text(group), group);
    }
    all
}

fn joined<'t>(
    input: &Input<'_>,
    expander: &mut Expander<'_>,
    held: &Held,
    one: &Declared,
    (user, group): (&Text, &Text),
    old: impl Iterator<Item = &'t Text>,
) -> Vec<Told> {
    let has: Vec<&Document> = held.holder(group).has.iter().collect();
    let own = held.holder(user);
    let had_by_groups = old.flat_map(|group| held.holder(group).had.iter());
    let had: Vec<&Document> = own.had.iter().chain(had_by_groups).collect();
    let line = *one.lines.start();
    let is_of_group = |holder: &Text| document::text(holder) == document::text(group);
    let foreign = input.head.attachments.iter().filter(|one| one.holder.as_ref().is_some_and(is_of_group));
    let mut told: Vec<Told> = Vec::new();
    for attached in foreign {
        let mut growth = attachment::of(input, attached);
        growth.how = format!("puts `{user}` into `{group}`, which has `{}`", attached.policy);
        (growth.file, growth.line) = (shown(input.head, one.file), line);
        (growth.address, growth.identity) = (one.address.clone(), own.name.clone());
        told.push(Ok(growth));
    }
    if has.is_empty() && told.is_empty() {
        let why =
            format!("the policies of `{group}`, into which it puts `{user}`, are not in the repository");
        return vec![Err(unjudged(input, one.file, line, &one.address, &why))];
    }
    let Err(example) = contain(&PolicySet::new(&has, None), &PolicySet::new(&had, None)) else {
        return told;
    };
    let mut gained = granted_by(expander, &has);
    gained.subtract(&granted_by(expander, &had));
    let statements = || has.iter().flat_map(|one| &one.statements);
    let is_wildcard = statements().any(is_wide);
    let level = level(input, &gained, false);
    told.push(Ok(Growth {
        rule: "new_privilege",
        severity: Severity::of_privilege(is_wildcard, level),
        file: shown(input.head, one.file),
        line,
        address: one.address.clone(),
        identity: own.name.clone(),
        how: format!(
            "puts `{user}` into `{group}`, which allows {}",
            request(input, &example.action, &example.resource)
        ),
        names: names(input, &gained),
        widened: Vec::new(),
        level,
        is_wildcard,
        review: review::date(input.head, one.file, one.span.clone(), None),
        written: statements().flat_map(|one| one.actions.patterns.iter().cloned()).collect(),
    }));
    told
}
