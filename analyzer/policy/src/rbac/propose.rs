//! Makes a proposal from verdicts: every permission keeps what is used or unobservable of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use remit_catalog::kubernetes::Request;

use super::call::Usage;
use super::closure::Closure;
use super::generalise::{Needed, needed};
use super::granted::{Granted, is_named, is_of_the_system, lasts, permissions_of};
use super::naming::Naming;
use super::object::{Binding, ObjectName, Role, RoleRef, Subject};
use super::permission::Permission;
use super::proposal::{Change, Edit, Elsewhere, Kept, Proposal, Removed};
use super::rules::rules;
use super::sight::Coverage;
use super::state::State;
use super::user::User;
use super::verdict::Judgement;
use crate::Origin;
use crate::coverage::Reason;
use crate::usage::Seen;

/// Why there is no proposal for a subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProposal {
    /// Roles do not decide what it may.
    #[error("left alone: the group `{0}` may do everything, whatever roles say")]
    Masters(String),
    /// Nobody could tell its proposal from another's.
    #[error("left alone: a user is called `{0}`, too")]
    Ambiguous(String),
    /// No binding names it.
    #[error("left alone: no binding names it")]
    Unbound,
    /// None of the bindings that name it can be changed for it alone.
    #[error("left alone: `{binding}` names it, and {why}")]
    Bound {
        /// One of them.
        binding: String,
        /// Why that stays.
        why: &'static str,
    },
    /// The objects are not those with which its calls were decided.
    #[error(
        "left alone: `{binding}` allowed `{permission}`, which its role as it is given does not\nhint: give all roles, as the cluster has them"
    )]
    Outdated {
        /// The binding that the log names.
        binding: String,
        /// What it allowed.
        permission: String,
    },
}

/// The group that is allowed everything before roles are asked.
pub(super) const MASTERS: &str = "system:masters";

/// The label of what Remit makes.
const LABEL: (&str, &str) = ("app.kubernetes.io/managed-by", "remit");

/// Proposes an edit that leaves the subject exactly what is used or unobservable. Rules that are `off` keep nothing.
pub fn propose<'a>(
    state: &'a State,
    granted: &Granted<'a>,
    usage: &Usage,
    judgement: &Judgement,
    coverage: &Coverage,
    off: &BTreeSet<Closure>,
) -> Result<Proposal<'a>, NoProposal> {
    if granted.user.groups.iter().any(|group| group == MASTERS) {
        return Err(NoProposal::Masters(MASTERS.to_owned()));
    }
    if granted.own.is_empty() {
        return Err(stays(granted));
    }
    let stays = Stays::of(granted, usage, judgement, off);
    let changed = stays.changed(granted);
    let new = stays.permissions(granted, &changed);
    let changes =
        granted.own.iter().enumerate().map(|(at, bound)| change(granted, *bound, changed.contains(&at)));
    let changes: Vec<_> = changes.collect();
    let (replayed, elsewhere) = requests(granted, usage);
    if let Some(outdated) = outdated(granted, &elsewhere) {
        return Err(outdated);
    }
    // What else those did who are in a group tells nothing of it.
    let elsewhere = if granted.user.is_group { Vec::new() } else { elsewhere };
    Ok(Proposal {
        user: granted.user.clone(),
        window: coverage.window,
        since: coverage.since,
        new: objects(state, &granted.user, &new),
        fixed: granted.fixed.clone(),
        unknown: granted.unknown.clone(),
        kept: stays.kept(granted, usage, judgement, &changed, &new),
        removed: stays.removed(granted, usage),
        replayed,
        elsewhere,
        unbound: unbound(state, &changes),
        changes,
    })
}

/// Why nothing of what a subject is granted is its own to lose.
fn stays(granted: &Granted<'_>) -> NoProposal {
    let names =
        |binding: &&Binding| binding.subjects.iter().any(|subject| is_named(subject, binding, &granted.user));
    let bound = |binding: &Binding, why| NoProposal::Bound { binding: binding.name.of_binding(), why };
    let fixed = granted.fixed.iter().map(|(binding, _)| *binding).find(names);
    let fixed = fixed.map(|binding| {
        let why = if is_of_the_system(binding) {
            "the server makes that again"
        } else {
            "a group of it as well, so that it would stay bound"
        };
        bound(binding, why)
    });
    let unknown =
        || granted.unknown.first().map(|binding| bound(binding, "it is not known what that grants"));
    fixed.or_else(unknown).unwrap_or(NoProposal::Unbound)
}

/// What stays of each permission, which is all of it where it is among its own parts.
struct Stays {
    needed: Needed,
    parts: BTreeMap<Permission, BTreeSet<Permission>>,
}

impl Stays {
    fn of(granted: &Granted<'_>, usage: &Usage, judgement: &Judgement, off: &BTreeSet<Closure>) -> Self {
        let needed = needed(usage, granted.permissions.keys(), off);
        let parts = granted.permissions.keys().map(|permission| {
            let hidden = judgement.parts.get(permission).into_iter().flatten().map(|(part, _)| part.clone());
            let parts = needed.keys().chain(judgement.retained.keys());
            let parts = parts.filter_map(|part| part.meet(permission).filter(|met| met == part));
            (permission.clone(), hidden.chain(parts).collect())
        });
        let parts = parts.collect();
        Self { needed, parts }
    }

    fn is_whole(&self, permission: &Permission) -> bool {
        self.parts.get(permission).is_some_and(|parts| parts.iter().any(|part| part.covers(permission)))
    }

    /// The bindings of which something goes.
    fn changed(&self, granted: &Granted<'_>) -> BTreeSet<usize> {
        let gone = granted.permissions.iter().filter(|(permission, _)| !self.is_whole(permission));
        let gone = gone.flat_map(|(_, by)| by.iter().copied());
        // A role without rules binds to nothing.
        let empty = granted.own.iter().enumerate().filter(|(_, (_, role))| role.rules.is_empty());
        gone.chain(empty.map(|(at, _)| at)).collect()
    }

    /// What new roles have to say: what stays of bindings that go, and what nothing says that lasts. What bindings of its groups say may
    /// go with what is proposed for these.
    fn permissions(&self, granted: &Granted<'_>, changed: &BTreeSet<usize>) -> BTreeSet<Permission> {
        let kept = granted.permissions.iter().filter(|(_, by)| by.iter().any(|at| !changed.contains(at)));
        let fixed = granted.fixed.iter().filter(|(binding, _)| lasts(binding, &granted.user));
        let fixed = fixed.flat_map(|bound| permissions_of(*bound));
        let said: BTreeSet<Permission> =
            kept.map(|(permission, _)| permission.clone()).chain(fixed).collect();
        let mut new: BTreeSet<Permission> = BTreeSet::new();
        for part in self.due(granted, changed) {
            if said.contains(part)
                || new.contains(part)
                || said.iter().chain(&new).any(|other| other.covers(part))
            {
                continue;
            }
            new.retain(|other| !part.covers(other));
            new.insert(part.clone());
        }
        new
    }

    /// What stays of permissions that no unchanged binding grants.
    fn due<'a>(
        &'a self,
        granted: &'a Granted<'_>,
        changed: &'a BTreeSet<usize>,
    ) -> impl Iterator<Item = &'a Permission> {
        let due = granted.permissions.iter().filter(|(_, by)| by.iter().all(|at| changed.contains(at)));
        due.filter_map(|(permission, _)| self.parts.get(permission)).flatten()
    }

    fn kept(
        &self,
        granted: &Granted<'_>,
        usage: &Usage,
        judgement: &Judgement,
        changed: &BTreeSet<usize>,
        new: &BTreeSet<Permission>,
    ) -> Vec<Kept> {
        let whole = granted.permissions.iter().filter(|(_, by)| by.iter().any(|at| !changed.contains(at)));
        let all: BTreeSet<&Permission> = whole.map(|(permission, _)| permission).chain(new).collect();
        let kept = all.into_iter().map(|permission| {
            let mut kept = Kept {
                permission: permission.clone(),
                seen: Seen::of_all(usage.of(permission).map(|(_, use_)| &use_.seen)).map(Box::new),
                inferred: usage.of(permission).flat_map(|(_, use_)| &use_.inferred).copied().collect(),
                reason: reason(judgement, permission),
                closures: BTreeSet::new(),
            };
            for (part, closures) in self.needed.iter().filter(|(part, _)| permission.covers(part)) {
                if part == permission || kept.seen.is_none() {
                    kept.closures.extend(closures);
                }
            }
            if kept.closures.is_empty() {
                let why = judgement.retained.iter();
                let mut why = why.filter(|(part, _)| {
                    *part == permission || (kept.seen.is_none() && permission.covers(part))
                });
                let why = why.next().map(|(_, why)| Reason::Retained(why.clone()));
                kept.reason = kept.reason.or(why);
            }
            kept
        });
        exactly(kept)
    }

    fn removed<'a>(&self, granted: &Granted<'a>, usage: &Usage) -> Vec<Removed<'a>> {
        let gone = granted.permissions.iter().filter(|(permission, _)| !self.is_whole(permission));
        let removed = gone.map(|(permission, by)| Removed {
            permission: permission.clone(),
            bindings: exactly(
                by.iter().filter_map(|at| granted.own.get(*at)).map(|(binding, _)| &binding.name),
            ),
            is_narrowed: self.parts.get(permission).is_some_and(|parts| !parts.is_empty()),
            denied: usage
                .denied
                .iter()
                .filter(|(request, _)| permission.matches(request))
                .map(|(_, count)| count.distinct())
                .sum(),
        });
        exactly(removed)
    }
}

/// A list without room for more, since there is one for each subject of a cluster.
fn exactly<T>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut list: Vec<T> = all.collect();
    list.shrink_to_fit();
    list
}

/// Why it cannot be told of a permission, or of a part of it, whether it is used.
fn reason(judgement: &Judgement, permission: &Permission) -> Option<Reason> {
    let parts = judgement.parts.values().flatten();
    let mut reasons = parts.filter(|(part, _)| part.meet(permission).is_some()).map(|(_, reason)| reason);
    reasons.next().cloned()
}

/// A request that the log says one of the subject's own bindings allowed, and that none of them allows as they are given: a
/// role that was read in part would seem not to be needed. What was asked before binding or role were changed tells nothing of
/// what they say now.
fn outdated(granted: &Granted<'_>, elsewhere: &[Elsewhere]) -> Option<NoProposal> {
    let own: BTreeMap<String, Option<i64>> = granted
        .own
        .iter()
        .map(|(binding, role)| (binding.name.of_binding(), binding.since.max(role.since)))
        .collect();
    elsewhere.iter().find_map(|one| {
        let is_now = |since: &Option<i64>| since.is_none_or(|since| since <= one.seen.last);
        let binding = one.authorizers.iter().find(|authorizer| own.get(*authorizer).is_some_and(is_now))?;
        Some(NoProposal::Outdated { binding: binding.clone(), permission: one.permission.to_string() })
    })
}

fn change<'a>(granted: &Granted<'a>, bound: (&'a Binding, &'a Role), is_changed: bool) -> Change<'a> {
    let (binding, _) = bound;
    if !is_changed {
        return Change { before: bound, edit: Edit::Keep, after: None };
    }
    let others = binding.subjects.iter().filter(|subject| !is_named(subject, binding, &granted.user));
    let subjects: Vec<Subject> = others.cloned().collect();
    if subjects.is_empty() {
        return Change { before: bound, edit: Edit::Remove, after: None };
    }
    let after = Binding { subjects, ..binding.clone() };
    Change { before: bound, edit: Edit::TakeOut, after: Some(after) }
}

/// New roles and bindings, by namespace.
fn objects(state: &State, user: &User, permissions: &BTreeSet<Permission>) -> Vec<(Binding, Role)> {
    let naming = Naming::of(user);
    let labels = || BTreeMap::from([(LABEL.0.to_owned(), LABEL.1.to_owned())]);
    let origin = || Origin { file: "(proposed)".to_owned(), line: 1 };
    let pairs = rules(permissions).into_iter().map(|(namespace, rules)| {
        let name = naming.free(state, namespace.as_deref());
        let reference = match namespace {
            Some(_) => RoleRef::Role(name.name.clone()),
            None => RoleRef::ClusterRole(name.name.clone()),
        };
        let role = Role {
            name: name.clone(),
            labels: labels(),
            rules,
            aggregates: Vec::new(),
            since: None,
            origin: origin(),
        };
        let binding = Binding {
            name,
            labels: labels(),
            annotations: BTreeMap::new(),
            subjects: vec![subject(user)],
            role: reference,
            since: None,
            origin: origin(),
        };
        (binding, role)
    });
    pairs.collect()
}

fn subject(user: &User) -> Subject {
    if let Some(group) = user.as_group() {
        return Subject::Group(group.to_owned());
    }
    match user.account() {
        Some((namespace, name)) => {
            Subject::ServiceAccount { namespace: Some(namespace.to_owned()), name: name.to_owned() }
        }
        None => Subject::User(user.name.clone()),
    }
}

/// The requests that have to be allowed as before, and those of which something else took care.
fn requests(granted: &Granted<'_>, usage: &Usage) -> (Vec<Arc<Request>>, Vec<Elsewhere>) {
    let (mut replayed, mut elsewhere) = (Vec::new(), Vec::new());
    for (request, use_) in &usage.uses {
        if granted.allows(request) {
            replayed.push(Arc::clone(request));
        } else if use_.inferred.is_empty()
            && !granted.permissions.keys().any(|permission| permission.matches(request))
        {
            elsewhere.push(Elsewhere {
                permission: Permission::of_request(request),
                authorizers: use_.authorizers.clone(),
                seen: use_.seen.clone(),
            });
        }
    }
    replayed.shrink_to_fit();
    (replayed, elsewhere)
}

/// Roles whose last binding goes, and that no other role takes rules of.
fn unbound(state: &State, changes: &[Change<'_>]) -> BTreeSet<ObjectName> {
    let mut gone: BTreeMap<&ObjectName, usize> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.edit == Edit::Remove) {
        *gone.entry(&change.before.1.name).or_default() += 1;
    }
    let is_unbound =
        |(role, gone): &(&ObjectName, usize)| state.bindings_to(role) == *gone && !state.is_aggregated(role);
    gone.into_iter().filter(is_unbound).map(|(role, _)| role.clone()).collect()
}

#[cfg(test)]
pub(super) mod tests;
