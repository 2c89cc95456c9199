//! An edit to the bindings of a subject: before, after, removed, kept, evidence, window.

use std::collections::BTreeSet;
use std::sync::Arc;

use remit_catalog::kubernetes::Request;

use super::closure::Closure;
use super::granted::BoundRole;
use super::object::{Binding, ObjectName, Role};
use super::permission::Permission;
use super::user::User;
use crate::coverage::{Reason, Window};
use crate::usage::Seen;

/// A proposed edit to the bindings of one subject. It is only a proposal: see [`super::Proven`].
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal<'a> {
    /// The subject, with the groups that it certainly has.
    pub user: User,
    /// The window that everything here speaks of.
    pub window: Window,
    /// From when on calls counted as use, in microseconds since the Unix epoch.
    pub since: i64,
    /// One change per binding that names the subject and can be changed, unchanged ones too.
    pub changes: Vec<Change<'a>>,
    /// New bindings, each with its new role.
    pub new: Vec<(Binding, Role)>,
    /// Bindings of its groups and of the system, which stay as they are.
    pub fixed: Vec<BoundRole<'a>>,
    /// Bindings that name it, of which it is not known what they grant; they stay as they are.
    pub unknown: Vec<&'a Binding>,
    /// Permissions that stay.
    pub kept: Vec<Kept>,
    /// Permissions that go.
    pub removed: Vec<Removed<'a>>,
    /// Every request that was seen allowed and that today's bindings allow.
    pub replayed: Vec<Arc<Request>>,
    /// Requests that were seen allowed and that none of these bindings allows: by bindings of groups that it has at times, or
    /// by another authorizer.
    pub elsewhere: Vec<Elsewhere>,
    /// Roles that nothing binds any more once this is applied.
    pub unbound: BTreeSet<ObjectName>,
}

impl Proposal<'_> {
    /// Whether it changes anything.
    pub fn changes_anything(&self) -> bool {
        self.changes.iter().any(|change| change.edit != Edit::Keep)
    }

    /// What bindings bind the subject once it is applied, with their roles.
    pub fn after(&self) -> Vec<BoundRole<'_>> {
        let kept = self.changes.iter().filter(|change| change.edit == Edit::Keep);
        let new = self.new.iter().map(|(binding, role)| (binding, role));
        kept.map(|change| change.before).chain(self.fixed.iter().copied()).chain(new).collect()
    }
}

/// What becomes of one binding.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'a> {
    /// The binding today, with its role.
    pub before: BoundRole<'a>,
    /// What is to be done.
    pub edit: Edit,
    /// The binding that takes its place, of the same name.
    pub after: Option<Binding>,
}

/// What is to be done with a binding. Its role is never edited: it may be others', and may be made again by who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Edit {
    /// Nothing.
    Keep,
    /// Take the subject out; others keep it.
    TakeOut,
    /// Delete it: nobody else is bound by it.
    Remove,
}

impl Edit {
    /// A stable short name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::TakeOut => "take_out",
            Self::Remove => "remove",
        }
    }
}

/// A permission that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What stays.
    pub permission: Permission,
    /// Calls that needed it.
    pub seen: Option<Box<Seen>>,
    /// How some of them are known to have needed it although they did not ask for it.
    pub inferred: BTreeSet<&'static str>,
    /// Why it cannot be told whether it is used, or whether it is used further.
    pub reason: Option<Reason>,
    /// The rules by which it stays, where no call needed just this.
    pub closures: BTreeSet<Closure>,
}

/// A permission that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed<'a> {
    /// What goes.
    pub permission: Permission,
    /// Names of the bindings that granted it, in order.
    pub bindings: Vec<&'a ObjectName>,
    /// Whether parts of it stay.
    pub is_narrowed: bool,
    /// Calls that were refused, which are never use.
    pub denied: u64,
}

/// A request that something else allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// What was asked for.
    pub permission: Permission,
    /// What allowed it, where the log tells.
    pub authorizers: BTreeSet<String>,
    /// The calls.
    pub seen: Seen,
}
