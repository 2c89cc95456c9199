//! Who may ask in a subject's name.
//!
//! What is asked in a subject's name is its use, and the log tells it by who asked. So what hides the requests of those who may
//! do so, hides requests of the subject.

use std::collections::BTreeSet;

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};

use super::audit_policy::Texts;
use super::members::is_by_name;
use super::permission::{MANY, On, Permission, is_text};
use super::propose::MASTERS;
use super::rule::ALL;
use super::state::State;
use super::user::{ACCOUNTS, AUTHENTICATED, User};

/// The verb.
const IMPERSONATE: &str = "impersonate";

/// The group of what is impersonated under constraints (KEP-5284), whose verbs are `impersonate:` and what is told of whom.
pub(super) const AUTHENTICATION: &str = "authentication.k8s.io";

/// The group of nodes, and how their names begin: the server lets no other have it (`node` authorizer).
pub(super) const NODES: &str = "system:nodes";
pub(super) const NODE: &str = "system:node:";

/// The group of who was not authenticated.
const UNAUTHENTICATED: &str = "system:unauthenticated";

/// A text that no policy names.
pub(super) const ANOTHER: &str = "another";

/// Users and groups that may ask in a subject's name.
///
/// Who may impersonate groups alone may not: a user's name is always asked for
/// (`staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation.go` in kubernetes/kubernetes).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Impersonators {
    /// Users and ServiceAccounts, as the authorizer sees them.
    pub(super) users: BTreeSet<String>,
    /// Groups.
    groups: BTreeSet<String>,
}

impl Impersonators {
    /// Who may ask in the name of a user, by bindings.
    pub(super) fn of(state: &State, user: &User) -> Self {
        let asked = requests(user);
        let allowing = state.impersonations().iter();
        // Whoever may ask in somebody's name may do so in the name of one who is in a group.
        let allowing = allowing.filter(|(permission, _)| {
            user.is_group || asked.iter().any(|request| permission.matches(request))
        });
        let bindings: BTreeSet<_> = allowing.map(|(_, binding)| binding).collect();
        let mut all = Self::default();
        for binding in bindings {
            let (users, groups) = state.bound_by(binding);
            all.users.extend(users);
            all.groups.extend(groups);
        }
        all.users.remove(&user.name);
        all
    }

    /// One of them, in words; but for those who have no use for it, Kubernetes' own components and members of
    /// `system:masters`, who may do everything in their own names. These may impersonate in every cluster.
    pub(super) fn one(&self) -> Option<String> {
        let mut users = self.users.iter().filter(|name| !is_component(name));
        let mut groups = self.groups.iter().filter(|name| *name != MASTERS);
        let user = users.next().map(|name| format!("`{name}`"));
        user.or_else(|| groups.next().map(|name| format!("the group `{name}`")))
    }

    /// All who are in a group.
    pub(super) fn in_group(group: &str) -> Self {
        Self { users: BTreeSet::new(), groups: BTreeSet::from([group.to_owned()]) }
    }

    /// Users that stand for all who may by a group, as far as an audit policy tells them apart.
    pub(super) fn members(&self, texts: &Texts) -> Vec<User> {
        let mut members: Vec<User> = self.groups.iter().flat_map(|group| members(group, texts)).collect();
        let people: Vec<&String> = self.groups.iter().filter(|group| !is_given(group)).collect();
        for name in &texts.users {
            let groups = name.starts_with(NODE).then(|| NODES.to_owned());
            let own = User::named(name, groups);
            if own.groups.iter().any(|group| self.groups.contains(group)) {
                members.push(own);
            } else if own.account().is_none() && !is_component(name) {
                // Who is in a group that the server does not give, nobody tells: one whom the policy names may be, and in
                // another that it names besides.
                for one in people.iter().map(|group| User::named(name, [(*group).clone()])) {
                    members.extend(with_groups(&one, texts));
                    members.push(one);
                }
            }
        }
        members
    }
}

/// Members of a group that no policy names, with the groups that it names and that they may have besides.
fn members(group: &str, texts: &Texts) -> Vec<User> {
    if let Some(namespace) = group.strip_prefix(ACCOUNTS).and_then(|rest| rest.strip_prefix(':')) {
        return vec![User::service_account(namespace, ANOTHER)];
    }
    let accounts = || {
        let named = texts.groups.iter().filter_map(|named| named.strip_prefix(ACCOUNTS)?.strip_prefix(':'));
        named.chain([ANOTHER]).map(|namespace| User::service_account(namespace, ANOTHER)).collect::<Vec<_>>()
    };
    let node = || User::named(&format!("{NODE}{ANOTHER}"), [NODES.to_owned()]);
    match group {
        ACCOUNTS => accounts(),
        NODES => vec![node()],
        UNAUTHENTICATED => vec![User::named("system:anonymous", [])],
        group => {
            let one = User::named(ANOTHER, [group.to_owned()]);
            let mut all = with_groups(&one, texts);
            all.push(one);
            if group == AUTHENTICATED {
                all.extend(accounts());
                all.push(node());
            }
            all
        }
    }
}

/// Whether the server gives a group by what it finds out itself, or who is in it has no use for others' names. Other groups that begin
/// with `system:` come with credentials, as `system:monitoring` does.
fn is_given(group: &str) -> bool {
    is_by_name(group) || [UNAUTHENTICATED, NODES, MASTERS].contains(&group)
}

/// A user whose groups nobody tells, with each that a policy names. Groups of the system are the server's to give.
pub(super) fn with_groups(user: &User, texts: &Texts) -> Vec<User> {
    let groups = texts.groups.iter().filter(|group| !is_given(group));
    groups.map(|group| with_group(user, group)).collect()
}

/// A user with one more group.
pub(super) fn with_group(user: &User, group: &str) -> User {
    let groups = user.groups.iter().cloned().chain([group.to_owned()]);
    User { groups: groups.collect(), ..user.clone() }
}

/// Whether a name is that of a component of Kubernetes, so that it is known which groups it has. The last two are those that
/// policies name which come from `cluster/gce` in kubernetes/kubernetes.
fn is_component(name: &str) -> bool {
    let is_account = User::named(name, []).account().is_some();
    (name.starts_with("system:") && !is_account) || ["kubelet", "cluster-autoscaler"].contains(&name)
}

/// Whether a permission lets somebody ask in another's name.
pub(super) fn is_impersonation(permission: &Permission) -> bool {
    let On::Resource { group, resource, .. } = &permission.on else { return false };
    let is_verb = [ALL, IMPERSONATE].contains(&permission.verb.as_str()) || is_constrained(&permission.verb);
    let is_resource = ["users", "serviceaccounts", "nodes"].iter().any(|own| is_text(resource, own));
    is_verb && is_resource && (is_text(group, "") || is_text(group, AUTHENTICATION))
}

fn is_constrained(verb: &str) -> bool {
    verb.strip_prefix(IMPERSONATE).is_some_and(|rest| rest.starts_with(':'))
}

/// What is checked of who asks in the name of a user; one of these suffices.
fn requests(user: &User) -> Vec<Request> {
    let request = |verb: &str, group: &str, resource: &str, namespace: &str, name: &str| {
        let own = str::to_owned;
        let asked = ResourceRequest {
            group: own(group),
            resource: own(resource),
            subresource: String::new(),
            namespace: own(namespace),
            name: own(name),
        };
        Request { verb: own(verb), target: Target::Resource(asked) }
    };
    if let Some((namespace, name)) = user.account() {
        let constrained = ["impersonate:serviceaccount", "impersonate:user-info"];
        let constrained =
            constrained.map(|verb| request(verb, AUTHENTICATION, "serviceaccounts", namespace, name));
        return constrained
            .into_iter()
            .chain([request(IMPERSONATE, "", "serviceaccounts", namespace, name)])
            .collect();
    }
    let mut all = vec![
        request(IMPERSONATE, "", "users", "", &user.name),
        request("impersonate:user-info", AUTHENTICATION, "users", "", &user.name),
    ];
    if let Some(node) = user.name.strip_prefix(NODE) {
        all.push(request("impersonate:arbitrary-node", AUTHENTICATION, "nodes", "", node));
        // Which node that is follows from who asks.
        all.push(request("impersonate:associated-node", AUTHENTICATION, "nodes", "", MANY));
    }
    all
}
