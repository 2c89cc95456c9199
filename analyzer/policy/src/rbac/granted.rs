//! What a subject is granted, by bindings that name it and by bindings of its groups.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::kubernetes::Request;

use super::impersonators::Impersonators;
use super::members::{may_be_in, may_share};
use super::object::{Binding, Role, Subject};
use super::permission::Permission;
use super::propose::MASTERS;
use super::state::{State, is_subject};
use super::user::User;

/// A binding with its role.
pub type BoundRole<'a> = (&'a Binding, &'a Role);

/// What a subject is granted.
#[derive(Clone, Debug)]
pub struct Granted<'a> {
    /// The subject, with the groups that it certainly has.
    pub user: User,
    /// Bindings that name it and that can be changed, in the order of their names.
    pub own: Vec<BoundRole<'a>>,
    /// Bindings that stay as they are: of its groups, and those of the system.
    pub fixed: Vec<BoundRole<'a>>,
    /// Bindings that name it, of which it is not known what they grant: of a role that is not there, or that aggregates
    /// others and has no rules, since none of those is there.
    pub unknown: Vec<&'a Binding>,
    /// Of a group: other bindings, of whoever may be in it and of groups that they may be in besides.
    pub(super) elsewhere: Vec<BoundRole<'a>>,
    /// What the own ones grant, and by which of them.
    pub permissions: BTreeMap<Permission, Box<[usize]>>,
    /// Who may ask in its name, by bindings.
    pub(super) impersonators: Impersonators,
}

impl<'a> Granted<'a> {
    /// What the state grants.
    pub fn of(state: &'a State, user: &User) -> Self {
        let bound = state.bound(user);
        let names =
            |binding: &Binding| binding.subjects.iter().any(|subject| is_named(subject, binding, user));
        // Where a binding names a group of the subject as well, it would stay bound.
        let binds_group =
            |binding: &Binding| !user.is_group && binding.groups().any(|group| user.is_in(group));
        let mut unknown = state.dangling(user);
        let is_unknown = |role: &Role| !role.aggregates.is_empty() && role.rules.is_empty();
        unknown.extend(
            bound
                .iter()
                .filter(|(binding, role)| names(binding) && is_unknown(role))
                .map(|(binding, _)| *binding),
        );
        let bound = bound.into_iter().filter(|(_, role)| !is_unknown(role));
        let (own, fixed): (Vec<_>, Vec<_>) = bound
            .partition(|(binding, _)| names(binding) && !binds_group(binding) && !is_of_the_system(binding));
        let mut permissions: BTreeMap<Permission, Vec<usize>> = BTreeMap::new();
        for (at, bound) in own.iter().enumerate() {
            for permission in state.permissions.all(permissions_of(*bound)) {
                let by = permissions.entry(permission).or_default();
                if by.last() != Some(&at) {
                    by.push(at);
                }
            }
        }
        let permissions = permissions.into_iter().map(|(permission, by)| (permission, by.into()));
        let permissions = permissions.collect();
        let impersonators = Impersonators::of(state, user);
        let elsewhere = user.as_group().map(|group| of_members(state, group)).unwrap_or_default();
        Self { user: user.clone(), own, fixed, unknown, elsewhere, permissions, impersonators }
    }

    /// Groups of the subject that bindings name, but for what the server grants everybody.
    pub fn groups(&self) -> BTreeSet<&str> {
        let granted = self.own.iter().chain(&self.fixed).map(|(binding, _)| *binding);
        let granted = granted.chain(self.unknown.iter().copied());
        let named = granted.flat_map(|binding| binding.groups().map(move |name| (binding, name)));
        let own = named.filter(|(binding, name)| {
            self.user.is_in(name) && (*name == MASTERS || !is_of_the_system(binding))
        });
        own.map(|(_, name)| name).collect()
    }

    /// Whether bindings of the subject, or of groups that it certainly has, allow a request.
    pub fn allows(&self, request: &Request) -> bool {
        self.own.iter().chain(&self.fixed).any(|bound| allows(*bound, request))
    }
}

/// Whether a binding allows a request to those whom it binds.
pub fn allows((binding, role): BoundRole<'_>, request: &Request) -> bool {
    let namespace = binding.name.namespace.as_deref();
    namespace.is_none_or(|own| request.namespace() == Some(own))
        && role.rules.iter().any(|rule| rule.matches(request))
}

/// What a binding grants, as its role says it.
pub(super) fn permissions_of<'a>((binding, role): BoundRole<'a>) -> impl Iterator<Item = Permission> + 'a {
    let namespace = binding.name.namespace.as_deref();
    role.rules.iter().flat_map(move |rule| Permission::of_rule(namespace, rule))
}

/// Bindings that may grant something to those who are in a group, whatever that is called in them.
fn of_members<'a>(state: &'a State, group: &str) -> Vec<BoundRole<'a>> {
    let may_be_bound = |binding: &&Binding| {
        binding.groups().any(|other| may_share(group, other))
            || binding.users().any(|user| may_be_in(&user, group))
    };
    state.bindings().filter(may_be_bound).filter_map(|binding| state.with_role(binding)).collect()
}

/// Whether the binding names the user itself, not one of its groups; or the group, where it stands for one.
pub(super) fn is_named(subject: &Subject, binding: &Binding, user: &User) -> bool {
    user.is_group == matches!(subject, Subject::Group(_)) && is_subject(subject, binding, user)
}

/// Whether a binding that a subject's proposal leaves alone binds it whatever becomes of its groups: the server makes it again, or it
/// names the subject itself.
pub(super) fn lasts(binding: &Binding, user: &User) -> bool {
    is_of_the_system(binding) || binding.subjects.iter().any(|subject| is_named(subject, binding, user))
}

/// Whether a binding is the server's own, which it makes again at its next start
/// ("Default roles and role bindings" in the Kubernetes documentation).
pub(super) fn is_of_the_system(binding: &Binding) -> bool {
    binding.name.name.starts_with("system:")
        || binding.labels.get("kubernetes.io/bootstrapping").is_some_and(|value| value == "rbac-defaults")
}
