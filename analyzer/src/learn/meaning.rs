//! A permission as rules see it, in whichever language it is written.

use remit_catalog::{AccessLevel, Action};
use remit_policy::rbac::Permission;

use super::level::{is_grave, is_sensitive};
use super::words::split;
use crate::cluster::level;

/// A permission as rules see it: `CreateLogStream` of `logs` does `Create` to a `LogStream`, and `create configmaps` does
/// `create` to `configmaps` of the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meaning<'a> {
    /// What it is of: an IAM prefix, or an API group.
    pub(crate) service: &'a str,
    /// What it does.
    pub(crate) verb: &'a str,
    /// What it is done to; empty where the name does not say.
    pub(crate) noun: String,
    /// What it lets its holder do.
    pub(crate) level: AccessLevel,
    /// Whether it reads contents or secrets, and not only what exists.
    pub(crate) is_sensitive: bool,
    /// Whether it is so grave that use of others, or of its like, says nothing.
    pub(crate) is_grave: bool,
    /// Its name, as people are told it.
    pub(crate) name: String,
}

impl Meaning<'static> {
    /// The meaning of an action of AWS.
    pub(crate) fn of_action(action: &Action) -> Self {
        let (verb, noun) = split(action.name);
        Self {
            service: action.service,
            verb,
            noun,
            level: action.level,
            is_sensitive: is_sensitive(action),
            is_grave: is_grave(action),
            name: action.full_name(),
        }
    }
}

/// What an API group without a name is called where services stand together.
const CORE: &str = "core";

/// The verb that leaves nothing of a kind.
const ALL_AT_ONCE: &str = "deletecollection";

/// Resources of the core whose reading gives away secrets or contents.
const CONTENTS: [&str; 7] =
    ["pods/attach", "pods/exec", "pods/log", "pods/portforward", "pods/proxy", "secrets", "services/proxy"];

/// The subresource that is a part of the object itself.
const STATUS: &str = "/status";

impl<'a> Meaning<'a> {
    /// The meaning of a verb on a resource of a cluster; none of a path's. It is grave where it gives rights, takes away
    /// all things of a kind, or `leads` to more.
    pub(crate) fn of_permission(permission: &'a Permission, leads: bool) -> Option<Self> {
        let (group, resource) = permission.resource()?;
        let level = level(&permission.verb, group, resource);
        let noun = resource.strip_suffix(STATUS).unwrap_or(resource);
        let mut meaning = Self {
            service: if group.is_empty() { CORE } else { group },
            verb: &permission.verb,
            noun: noun.to_owned(),
            level,
            is_sensitive: false,
            is_grave: leads || level == AccessLevel::PermissionsManagement || permission.verb == ALL_AT_ONCE,
            name: permission.to_string(),
        };
        meaning.is_sensitive = meaning.is_look() && group.is_empty() && CONTENTS.contains(&resource);
        Some(meaning)
    }
}

impl Meaning<'_> {
    /// Whether it changes nothing.
    pub(crate) fn is_look(&self) -> bool {
        matches!(self.level, AccessLevel::List | AccessLevel::Read)
    }
}
