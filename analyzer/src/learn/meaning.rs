//! A permission as rules see it, in whichever language it is written.

use remit_catalog::{AccessLevel, Action};

use super::level::{is_grave, is_sensitive};
use super::words::split;

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

impl Meaning<'_> {
    /// Whether it changes nothing.
    pub(crate) fn is_look(&self) -> bool {
        matches!(self.level, AccessLevel::List | AccessLevel::Read)
    }
}
