//! All roles and bindings of a cluster, and what they allow.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use remit_catalog::kubernetes::Request;

use super::aggregate::{aggregated, sources};
use super::allowance::Allowance;
use super::granted::permissions_of;
use super::impersonators::is_impersonation;
use super::interned::Interned;
use super::object::{Binding, Object, ObjectName, Role, Subject};
use super::permission::{On, Permission};
use super::rule::ALL;
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
    /// What lets somebody ask in another's name, and by which binding: found out when it is first asked, since it is asked for
    /// every subject.
    impersonations: OnceLock<Vec<(Permission, ObjectName)>>,
    /// What its bindings grant, as far as that was asked for.
    pub(super) permissions: Interned,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum SubjectKey {
    User(String),
    Group(String),
}

impl SubjectKey {
    fn of(user: &User) -> Self {
        match user.as_group() {
            Some(group) => Self::Group(group.to_owned()),
            None => Self::User(user.name.clone()),
        }
    }
}

/// What labels begin with by which the cluster's own roles (`view`, `edit`, `admin`) take over others' rules.
/// Source: Kubernetes documentation, "Using RBAC Authorization", "Default roles and role bindings".
const AGGREGATE: &str = "rbac.authorization.k8s.io/aggregate-to-";

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

    /// Names of the groups that bindings name.
    pub fn groups(&self) -> BTreeSet<&str> {
        let groups = self.by_subject.keys().filter_map(|key| match key {
            SubjectKey::Group(name) => Some(name.as_str()),
            SubjectKey::User(_) => None,
        });
        groups.collect()
    }

    /// Gives aggregated roles without rules the rules that the controller manager would write into them: of manifests
    /// nobody has written any yet, while from a live cluster the role's own rules are right. An aggregated role is as young as
    /// the youngest of the roles that it takes over: what that brought, it grants since then.
    pub fn aggregate(&mut self) {
        let due = self.roles.values().filter(|role| !role.aggregates.is_empty()).map(|role| {
            let sources = sources(self, role);
            let since = sources.iter().map(|source| source.since).max().unwrap_or_default();
            (role.name.clone(), since, role.rules.is_empty().then(|| aggregated(&sources)))
        });
        for (name, since, rules) in due.collect::<Vec<_>>() {
            if let Some(role) = self.roles.get_mut(&name) {
                role.since = role.since.max(since);
                if let Some(rules) = rules {
                    role.rules = rules;
                }
            }
        }
        self.impersonations = OnceLock::new();
    }

    /// What lets somebody ask in another's name, and by which binding.
    pub(super) fn impersonations(&self) -> &[(Permission, ObjectName)] {
        self.impersonations.get_or_init(|| {
            let mut all = Vec::new();
            for binding in self.bindings.values() {
                let Some(name) = binding.role_name() else { continue };
                let role = self.roles.get(&name);
                let is_told = role.is_some_and(|role| role.aggregates.is_empty() || !role.rules.is_empty());
                let permissions: Vec<Permission> = match role {
                    Some(role) if is_told => permissions_of((binding, role)).collect(),
                    // What a role grants that is not in the input may be this, as `cluster-admin` does; the server's own for its
                    // components are known not to.
                    _ if !name.name.starts_with("system:") => vec![anything(binding)],
                    _ => Vec::new(),
                };
                let permissions = permissions.into_iter().filter(is_impersonation);
                all.extend(permissions.map(|permission| (permission, binding.name.clone())));
            }
            all
        })
    }

    /// The users and ServiceAccounts, and the groups, that a binding binds.
    pub(super) fn bound_by(&self, binding: &ObjectName) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut users, mut groups) = (BTreeSet::new(), BTreeSet::new());
        let binding = self.bindings.get(binding);
        let keys = binding
            .into_iter()
            .flat_map(|binding| binding.subjects.iter().filter_map(|subject| key(subject, binding)));
        for key in keys {
            match key {
                SubjectKey::User(name) => users.insert(name),
                SubjectKey::Group(name) => groups.insert(name),
            };
        }
        (users, groups)
    }

    /// The bindings of a user, directly and through groups, with their roles. A binding to a role that is not there
    /// binds to nothing.
    pub fn bound<'a>(&'a self, user: &User) -> Vec<(&'a Binding, &'a Role)> {
        let groups = user.groups.iter().map(|group| SubjectKey::Group(group.clone()));
        let keys = std::iter::once(SubjectKey::of(user)).chain(groups);
        let mut names: Vec<_> = keys.filter_map(|key| self.by_subject.get(&key)).flatten().collect();
        names.sort_unstable();
        names.dedup();
        let bindings = names.into_iter().filter_map(|name| self.bindings.get(name));
        bindings.filter_map(|binding| self.with_role(binding)).collect()
    }

    /// A binding with its role; none where that is not there.
    pub(super) fn with_role<'a>(&'a self, binding: &'a Binding) -> Option<(&'a Binding, &'a Role)> {
        Some((binding, self.roles.get(&binding.role_name()?)?))
    }

    /// Bindings that name a user, of a role that is not there.
    pub(super) fn dangling<'a>(&'a self, user: &User) -> Vec<&'a Binding> {
        let names = self.by_subject.get(&SubjectKey::of(user));
        let bindings = names.into_iter().flatten().filter_map(|name| self.bindings.get(name));
        bindings
            .filter(|binding| binding.role_name().is_none_or(|role| !self.roles.contains_key(&role)))
            .collect()
    }

    /// How many bindings bind to a role.
    pub(super) fn bindings_to(&self, role: &ObjectName) -> usize {
        self.bound.get(role).copied().unwrap_or_default()
    }

    /// Whether a role's rules are taken over by another, be it one of the cluster's own that is not in the input.
    pub(super) fn is_aggregated(&self, role: &ObjectName) -> bool {
        let Some(role) = self.roles.get(role) else { return false };
        role.labels.keys().any(|key| key.starts_with(AGGREGATE))
            || self.roles.values().any(|other| other.aggregates.iter().any(|one| one.selects(&role.labels)))
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
        Some(SubjectKey::User(name)) => !user.is_group && name == user.name,
        Some(SubjectKey::Group(name)) => user.is_in(&name),
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

    /// Names of the groups that it names.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.subjects.iter().filter_map(|subject| match subject {
            Subject::Group(name) => Some(name.as_str()),
            _ => None,
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

/// All that a binding may grant.
fn anything(binding: &Binding) -> Permission {
    let all = || ALL.to_owned();
    let on = On::Resource { group: all(), resource: all(), name: None };
    Permission::new(binding.name.namespace.clone(), on, all())
}
