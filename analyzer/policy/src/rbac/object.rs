//! Roles and bindings, as the API server holds them.

use std::collections::BTreeMap;

use super::rule::Rule;
use crate::Origin;

/// The name of a role or binding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    /// Its namespace; none of a ClusterRole or ClusterRoleBinding.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl ObjectName {
    /// As the name of a binding: `RoleBinding/NAMESPACE/NAME` or `ClusterRoleBinding/NAME`.
    pub fn of_binding(&self) -> String {
        self.of_kind("RoleBinding")
    }

    /// As the name of a role: `Role/NAMESPACE/NAME` or `ClusterRole/NAME`.
    pub fn of_role(&self) -> String {
        self.of_kind("Role")
    }

    fn of_kind(&self, kind: &str) -> String {
        match &self.namespace {
            Some(namespace) => format!("{kind}/{namespace}/{}", self.name),
            None => format!("Cluster{kind}/{}", self.name),
        }
    }
}

/// A Role or ClusterRole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Whether it is of a namespace is what tells a Role from a ClusterRole.
    pub name: ObjectName,
    /// Its labels, by which others aggregate it.
    pub labels: BTreeMap<String, String>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Whose rules it takes over, if it is aggregated; one that matches suffices.
    pub aggregates: Vec<Selector>,
    /// When it was made or last changed, in microseconds since the Unix epoch, as far as the manifest tells.
    pub since: Option<i64>,
    /// Where it was read.
    pub origin: Origin,
}

/// Which labels an aggregated role asks for; all must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Labels with their values.
    pub labels: BTreeMap<String, String>,
    /// Further conditions.
    pub expressions: Vec<Expression>,
}

/// A condition on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// It has one of these values.
    In(String, Vec<String>),
    /// It has none of these values, or is absent.
    NotIn(String, Vec<String>),
    /// It is there.
    Exists(String),
    /// It is absent.
    DoesNotExist(String),
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Whether it is of a namespace is what tells a RoleBinding from a ClusterRoleBinding.
    pub name: ObjectName,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations, but for what `kubectl apply` keeps of its last use.
    pub annotations: BTreeMap<String, String>,
    /// Who is bound.
    pub subjects: Vec<Subject>,
    /// To which role.
    pub role: RoleRef,
    /// When it was made or last changed, in microseconds since the Unix epoch, as far as the manifest tells.
    pub since: Option<i64>,
    /// Where it was read.
    pub origin: Origin,
}

/// Who is bound to a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// The user of that name.
    User(String),
    /// All of a group.
    Group(String),
    /// A ServiceAccount.
    ServiceAccount {
        /// Its namespace. None means that of the binding, and in a ClusterRoleBinding nobody.
        namespace: Option<String>,
        /// Its name.
        name: String,
    },
}

/// The role that a binding names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleRef {
    /// A Role of the binding's namespace.
    Role(String),
    /// A ClusterRole.
    ClusterRole(String),
}

/// What a file of manifests holds that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A Role or ClusterRole.
    Role(Role),
    /// A RoleBinding or ClusterRoleBinding.
    Binding(Binding),
}

impl Binding {
    /// The name of the role that it binds to. None where there cannot be one: a binding of the whole cluster to a Role.
    pub fn role_name(&self) -> Option<ObjectName> {
        match &self.role {
            RoleRef::ClusterRole(name) => Some(ObjectName { namespace: None, name: name.clone() }),
            RoleRef::Role(name) => {
                let namespace = Some(self.name.namespace.clone()?);
                Some(ObjectName { namespace, name: name.clone() })
            }
        }
    }
}

impl Selector {
    /// Whether a role with these labels is taken over. One without conditions takes all of them.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        let has = |name: &String, values: &[String]| labels.get(name).is_some_and(|has| values.contains(has));
        self.labels.iter().all(|(name, value)| labels.get(name) == Some(value))
            && self.expressions.iter().all(|expression| match expression {
                Expression::In(name, values) => has(name, values),
                Expression::NotIn(name, values) => !has(name, values),
                Expression::Exists(name) => labels.contains_key(name),
                Expression::DoesNotExist(name) => !labels.contains_key(name),
            })
    }
}
