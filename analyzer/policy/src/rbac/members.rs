//! What those did who are in a group.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::call::{Call, Usage, Use};
use super::impersonators::NODES;
use super::permission::MANY;
use super::propose::MASTERS;
use super::user::{ACCOUNTS, AUTHENTICATED, User};
use crate::usage::merge;

/// Whether names of users tell that they are in a group. What other groups one has only those know who say who he is, and the log.
pub(super) fn is_by_name(group: &str) -> bool {
    group == AUTHENTICATED
        || group.strip_prefix(ACCOUNTS).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

/// Whether somebody may be in both of two groups. Members of `system:masters` may do everything, whatever roles say.
pub(super) fn may_share(group: &str, other: &str) -> bool {
    let is_of_accounts = |group: &str| is_by_name(group) && group != AUTHENTICATED;
    other != MASTERS
        && (group == other
            || [group, other].contains(&AUTHENTICATED)
            || (is_of_accounts(group) == is_of_accounts(other) && ![group, other].contains(&NODES)))
}

impl User {
    /// Whether it may be in a group at times: its name does not tell that it is not.
    pub(super) fn may_be_in(&self, group: &str) -> bool {
        self.is_in(group) || (self.account().is_none() && !is_by_name(group))
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
