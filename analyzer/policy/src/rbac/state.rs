//! All roles and bindings of a cluster, and what they allow.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use remit_catalog::kubernetes::Request;

use super::aggregate::aggregated;
use super::allowance::Allowance;
use super::object::{Binding, Object, ObjectName, Role, Subject};
use super::user::User;

/// The roles and bindings of a cluster.
#[derive(Clone, Debug, Default)]
pub struct State {
    roles: BTreeMap<ObjectName, Role>,
    bindings: BTreeMap<ObjectName, Binding>,
    /// Names of bindings by what a user would have to have to be among their subjects, so that a user's are found
    /// without a look at all of them.
    by_subject: HashMap<SubjectKey, Vec<ObjectName>>,
    /// How many bindings bind to a role.
    bound: HashMap<ObjectName, usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum SubjectKey {
    User(String),
    Group(String),
}

impl State {
    /// The state that these objects make. Of several with one kind and name the last counts, as where they are applied
    /// in this order.
    pub fn new(objects: impl IntoIterator<Item = Object>) -> Self {
        let mut state = Self::default();
        for object in objects {
            match object {
                Object::Role(role) => {
                    state.roles.insert(role.name.clone(), role);
                }
                Object::Binding(binding) => {
                    state.bindings.insert(binding.name.clone(), binding);
                }
            }
        }
        for binding in state.bindings.values() {
            if let Some(role) = binding.role_name() {
                *state.bound.entry(role).or_default() += 1;
            }
            for key in binding.subjects.iter().filter_map(|subject| key(subject, binding)) {
                let names = state.by_subject.entry(key).or_default();
                if names.last() != Some(&binding.name) {
                    names.push(binding.name.clone());
                }
            }
        }
        state
    }

    /// The roles, in the order of their names.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    /// The bindings, in the order of their names.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.values()
    }

    /// Names of the users and ServiceAccounts that bindings name, as the authorizer sees them.
    pub fn subjects(&self) -> BTreeSet<&str> {
        let users = self.by_subject.keys().filter_map(|key| match key {
            SubjectKey::User(name) => Some(name.as_str()),
            SubjectKey::Group(_) => None,
        });
        users.collect()
    }

    /// Gives aggregated roles without rules the rules that the controller manager would write into them: of manifests
    /// nobody has written any yet, while from a live cluster the role's own rules are right.
    pub fn aggregate(&mut self) {
        let is_due = |role: &&Role| !role.aggregates.is_empty() && role.rules.is_empty();
        let due: Vec<_> = self
            .roles
            .values()
            .filter(is_due)
            .map(|role| (role.name.clone(), aggregated(self, role)))
            .collect();
        for (name, rules) in due {
            if let Some(role) = self.roles.get_mut(&name) {
                role.rules = rules;
            }
        }
    }

    /// The bindings of a user, directly and through groups, with their roles. A binding to a role that is not there
    /// binds to nothing.
    pub fn bound<'a>(&'a self, user: &User) -> Vec<(&'a Binding, &'a Role)> {
        let groups = user.groups.iter().map(|group| SubjectKey::Group(group.clone()));
        let keys = std::iter::once(SubjectKey::User(user.name.clone())).chain(groups);
        let mut names: Vec<_> = keys.filter_map(|key| self.by_subject.get(&key)).flatten().collect();
        names.sort_unstable();
        names.dedup();
        let bindings = names.into_iter().filter_map(|name| self.bindings.get(name));
        bindings.filter_map(|binding| Some((binding, self.roles.get(&binding.role_name()?)?))).collect()
    }

    /// Bindings that name a user, of a role that is not there.
    pub(super) fn dangling<'a>(&'a self, user: &User) -> Vec<&'a Binding> {
        let names = self.by_subject.get(&SubjectKey::User(user.name.clone()));
        let bindings = names.into_iter().flatten().filter_map(|name| self.bindings.get(name));
        bindings
            .filter(|binding| binding.role_name().is_none_or(|role| !self.roles.contains_key(&role)))
            .collect()
    }

    /// How many bindings bind to a role.
    pub(super) fn bindings_to(&self, role: &ObjectName) -> usize {
        self.bound.get(role).copied().unwrap_or_default()
    }

    /// Whether there is a role or binding of that name.
    pub(super) fn has(&self, name: &ObjectName) -> bool {
        self.roles.contains_key(name) || self.bindings.contains_key(name)
    }

    /// All rules that allow a user's request; none is a refusal. The group `system:masters` is allowed everything before
    /// roles are asked, which is not looked at here.
    pub fn allowances<'a>(&'a self, user: &User, request: &Request) -> Vec<Allowance<'a>> {
        let mut allowances = Vec::new();
        for (binding, role) in self.bound(user) {
            if binding.name.namespace.is_some() && binding.name.namespace.as_deref() != request.namespace() {
                continue;
            }
            let rules = role.rules.iter().filter(|rule| rule.matches(request));
            allowances.extend(rules.map(|rule| Allowance { binding, role, rule }));
        }
        allowances
    }
}

/// Whether a subject of a binding is the user, or a group of it.
pub(super) fn is_subject(subject: &Subject, binding: &Binding, user: &User) -> bool {
    match key(subject, binding) {
        Some(SubjectKey::User(name)) => name == user.name,
        Some(SubjectKey::Group(name)) => user.groups.contains(&name),
        None => false,
    }
}

impl Binding {
    /// Names of the users and ServiceAccounts that it names, as the authorizer sees them.
    pub fn users(&self) -> impl Iterator<Item = String> {
        self.subjects.iter().filter_map(|subject| match key(subject, self)? {
            SubjectKey::User(name) => Some(name),
            SubjectKey::Group(_) => None,
        })
    }
}

fn key(subject: &Subject, binding: &Binding) -> Option<SubjectKey> {
    Some(match subject {
        Subject::User(name) => SubjectKey::User(name.clone()),
        Subject::Group(name) => SubjectKey::Group(name.clone()),
        Subject::ServiceAccount { namespace, name } => {
            let namespace = namespace.as_ref().or(binding.name.namespace.as_ref())?;
            SubjectKey::User(User::service_account(namespace, name).name)
        }
    })
}
