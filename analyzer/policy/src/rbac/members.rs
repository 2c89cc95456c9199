//! What those did who are in a group.

use std::collections::btree_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::call::{Call, Usage, Use};
use super::impersonators::NODES;
use super::permission::MANY;
use super::propose::MASTERS;
use super::user::{ACCOUNTS, ANONYMOUS, AUTHENTICATED, User, parts};
use crate::usage::merge;

/// Whether names of users tell that they are in a group. What other groups one has only those know who say who he is, and the log.
pub(super) fn is_by_name(group: &str) -> bool {
    group == AUTHENTICATED || accounts_of(group).is_some()
}

/// The namespace of whose ServiceAccounts a group is, or none for all of them.
fn accounts_of(group: &str) -> Option<&str> {
    let rest = group.strip_prefix(ACCOUNTS)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(':').filter(|own| !own.is_empty()) }
}

/// Whether somebody may be in both of two groups. Members of `system:masters` may do everything, whatever roles say.
pub(super) fn may_share(group: &str, other: &str) -> bool {
    other != MASTERS
        && (group == other
            || [group, other].contains(&AUTHENTICATED)
            || match (accounts_of(group), accounts_of(other)) {
                (Some(own), Some(other)) => own == other || own.is_empty() || other.is_empty(),
                (None, None) => ![group, other].contains(&NODES),
                _ => false,
            })
}

/// Whether the user of this name may be in a group at times: its name does not tell that it is not.
pub(super) fn may_be_in(user: &str, group: &str) -> bool {
    match (parts(user), accounts_of(group)) {
        (Some((namespace, _)), Some(own)) => own.is_empty() || own == namespace,
        (Some(_), None) => group == AUTHENTICATED,
        (None, Some(_)) => false,
        (None, None) => group != AUTHENTICATED || user != ANONYMOUS,
    }
}

/// A user of whom some requests may have been made in groups that its name does not tell.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    user: User,
    usage: &'a Usage,
    /// All groups that its requests tell, so that not every group looks at all of them.
    told: BTreeSet<&'a str>,
}

impl<'a> Member<'a> {
    /// The user of this name, with all that it was seen to need.
    pub fn of(name: &str, usage: &'a Usage) -> Self {
        let told = usage.uses.values().flat_map(|use_| &use_.groups).flat_map(|groups| groups.iter());
        Self { user: User::named(name, []), usage, told: told.map(String::as_str).collect() }
    }
}

/// Users, by the groups that they may have been in: there may be many of both.
#[derive(Debug)]
pub struct Members<'a> {
    all: &'a [Member<'a>],
    by_group: HashMap<&'a str, BTreeSet<usize>>,
    /// Those of whom some requests may have been made in any group.
    in_any: BTreeSet<usize>,
}

impl<'a> Members<'a> {
    /// All of these users.
    pub fn of(all: &'a [Member<'a>]) -> Self {
        let mut by_group: HashMap<&str, BTreeSet<usize>> = HashMap::new();
        let mut in_any = BTreeSet::new();
        for (at, member) in all.iter().enumerate() {
            let named = member.user.groups.iter().map(String::as_str);
            for group in named.chain(member.told.iter().copied()) {
                by_group.entry(group).or_default().insert(at);
            }
            if member.told.contains(MANY) || !member.usage.undecided.is_empty() {
                in_any.insert(at);
            }
        }
        Self { all, by_group, in_any }
    }

    /// Those who may have been in a group, in their order; what [`Usage::of_group`] makes of them it would make of all.
    pub fn in_group(&self, group: &str) -> Vec<&'a Member<'a>> {
        let known = self.by_group.get(group).into_iter().flatten();
        let all: BTreeSet<usize> = known.chain(&self.in_any).copied().collect();
        all.into_iter().filter_map(|at| self.all.get(at)).collect()
    }
}

impl Call {
    /// Whether a user made it who was in a group then, or in more than the ledger keeps.
    pub fn is_of_group(&self, user: &User, group: &str) -> bool {
        user.is_in(group) || tells(&self.groups, group)
    }
}

impl Usage {
    /// What whoever is in a group was seen to need, of what users did. The result does not depend on their order.
    ///
    /// Of who is in it at times those requests count that the log says were made so. Requests whose result is not known tell no
    /// groups, so that everybody's may be its.
    pub fn of_group<'a>(group: &str, users: impl IntoIterator<Item = &'a Member<'a>>) -> Self {
        let mut all = Self::default();
        for Member { user, usage, told } in users {
            let is_member = user.is_in(group);
            let was_member = told.contains(group) || told.contains(MANY);
            if is_member || was_member {
                all.add_uses(usage, |use_| is_member || was_made_in(use_, group));
                for (request, count) in &usage.denied {
                    *all.denied.entry(Arc::clone(request)).or_default() += *count;
                }
                all.impersonators.extend(usage.impersonators.iter().cloned());
            }
            if was_member && !is_member {
                // Whose name does not tell it, the audit policy may name.
                all.impersonators.insert(user.name.clone());
            }
            for (request, seen) in &usage.undecided {
                merge(all.undecided.entry(Arc::clone(request)), seen);
            }
        }
        all
    }

    /// Adds some of what another was seen to need.
    fn add_uses(&mut self, other: &Self, is_counted: impl Fn(&Use) -> bool) {
        for (request, use_) in other.uses.iter().filter(|(_, use_)| is_counted(use_)) {
            if use_.inferred.is_empty() {
                self.calls += use_.seen.count;
                self.last = self.last.max(Some(use_.seen.last));
            }
            match self.uses.entry(Arc::clone(request)) {
                Entry::Vacant(entry) => {
                    entry.insert(use_.clone());
                }
                Entry::Occupied(entry) => entry.into_mut().add(use_),
            }
        }
    }
}

impl Use {
    fn add(&mut self, other: &Self) {
        self.seen.add(&other.seen);
        other.groups.iter().for_each(|groups| self.made_in(groups));
        self.authorizers.extend(other.authorizers.iter().cloned());
        self.inferred.extend(&other.inferred);
    }
}

/// Whether some of these calls were made by who was in a group, as the log tells, or in more groups than the ledger keeps.
fn was_made_in(use_: &Use, group: &str) -> bool {
    use_.groups.iter().any(|groups| tells(groups, group))
}

fn tells(groups: &BTreeSet<String>, group: &str) -> bool {
    groups.contains(group) || groups.contains(MANY)
}

#[cfg(test)]
mod tests;
