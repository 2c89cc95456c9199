//! An edit to a principal's policies: before, after, removed, kept, evidence, window.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::ActionId;
use serde::{Deserialize, Serialize};

use crate::Document;
use crate::coverage::{Coverage, Reason};
use crate::grant::{PrincipalKind, Versions};
use crate::usage::Seen;

/// A proposed edit to the policies of one principal. It is only a proposal: see [`crate::Proven`].
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// ARN of the principal.
    pub principal: String,
    /// Role or user.
    pub kind: PrincipalKind,
    /// Its name without path.
    pub name: String,
    /// What was visible of the account during the window.
    pub coverage: Coverage,
    /// One change per policy that the principal has, unchanged ones too.
    pub changes: Vec<PolicyChange>,
    /// Groups that the user leaves because their policies are replaced by its own.
    pub leaves_groups: BTreeSet<String>,
    /// Permissions that stay.
    pub kept: Vec<Kept>,
    /// Permissions that go.
    pub removed: Vec<Removed>,
    /// Names of actions beyond the catalog that stay granted, as patterns, and why.
    pub unlisted: BTreeMap<String, Reason>,
    /// Patterns that go because they name no action of the catalog and their service is given up: policy name and
    /// pattern.
    pub unknown_patterns: Vec<(String, String)>,
    /// Whether anything is taken away by it: a request that old policies may allow, or what a deny or the boundary takes away anyway.
    pub takes: bool,
}

impl Proposal {
    /// Whether it changes anything. To say the same in fewer words is no reason to give up a policy that its provider keeps up to
    /// date.
    pub fn changes_anything(&self) -> bool {
        self.takes && self.changes.iter().any(|change| change.edit != Edit::Keep)
    }
}

/// What becomes of one policy.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyChange {
    /// Index into [`crate::Account::policies`].
    pub policy: usize,
    /// Policy name.
    pub name: String,
    /// ARN of a managed policy.
    pub arn: Option<String>,
    /// Its versions, where the input names them.
    pub versions: Option<Versions>,
    /// The group through which the user has it.
    pub group: Option<String>,
    /// What is to be done.
    pub edit: Edit,
    /// The document today.
    pub before: Document,
    /// The documents that take its place; several where one would be too large.
    pub after: Vec<NewPolicy>,
}

impl PolicyChange {
    /// Whether the policy is a managed one that is attached to the principal itself today.
    pub(crate) fn is_attached(&self) -> bool {
        let is_kept = self.edit == Edit::Keep && self.after.iter().any(|new| !new.inline);
        self.group.is_none() && (self.arn.is_some() || is_kept)
    }
}

/// What is to be done with a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Nothing.
    Keep,
    /// Put a new document in the principal's inline policy.
    PutInline,
    /// Attach the unchanged managed policy to the user itself, who leaves the group that had it.
    Attach,
    /// Make a new version of the principal's own managed policy.
    NewVersion,
    /// Create a new managed policy for this principal and detach the old one: it is shared, a group's,
    /// or the provider's, so it is not edited for one principal; or its successor no longer fits inline.
    Replace,
    /// Take the policy away: nothing of it is needed.
    Remove,
}

impl Edit {
    /// A stable short name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::PutInline => "put_inline",
            Self::Attach => "attach",
            Self::NewVersion => "new_version",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }
}

/// A policy that a proposal writes.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPolicy {
    /// Policy name.
    pub name: String,
    /// Whether it is inline.
    pub inline: bool,
    /// The group that holds it and goes on to.
    pub group: Option<String>,
    /// Its document.
    pub document: Document,
}

/// A permission that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The action.
    pub action: ActionId,
    /// Its name.
    pub name: String,
    /// Calls that needed it; none for an unobservable one.
    pub seen: Option<Seen>,
    /// Operations that needed it.
    pub operations: BTreeSet<String>,
    /// Services that called on the principal's behalf.
    pub via: BTreeSet<String>,
    /// Why it cannot be told (whether it is used, or on which further resources).
    pub reason: Option<Reason>,
    /// Resources on which it was seen, each with its calls.
    pub resources: BTreeMap<String, Seen>,
    /// Whether the call's resource was always known.
    pub resources_known: bool,
    /// Resource patterns on which it stays granted, where they were narrowed; with the rule that made each.
    pub narrowed: BTreeMap<String, &'static str>,
    /// Of those that are more than what was seen, why they are, and how many known resources they admit besides.
    pub opened: BTreeMap<String, String>,
}

/// A permission that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The action.
    pub action: ActionId,
    /// Its name.
    pub name: String,
    /// Policies that granted it.
    pub policies: BTreeSet<String>,
    /// Calls that were denied, which are never use.
    pub denied: u64,
}
