//! Policies as an account holds them, with their origin and who has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Document;
use crate::link::TrustPolicy;

/// Where a policy document was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Name of the file as the user gave it.
    pub file: String,
    /// Line on which the document starts, from 1.
    pub line: u32,
}

/// How a policy is held, which decides how it can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyKind {
    /// Embedded in one role, user or group.
    Inline,
    /// A managed policy of this account.
    CustomerManaged,
    /// A managed policy of the provider, which no account can edit.
    ProviderManaged,
    /// A document given without its account; treated as the principal's own.
    Bare,
}

/// One policy with its document.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Policy name.
    pub name: String,
    /// ARN of a managed policy.
    pub arn: Option<String>,
    /// How it is held.
    pub kind: PolicyKind,
    /// Where it was read.
    pub origin: Origin,
    /// The document of the default version.
    pub document: Document,
    /// ARNs of the principals and groups that have it, sorted, as far as the input shows.
    pub holders: Vec<String>,
    /// How many holders the provider counts, which may be more than the input shows.
    pub attachment_count: u64,
    /// Whether some principal has it as its permissions boundary.
    pub is_boundary: bool,
    /// Versions of a managed policy, where the input names them.
    pub versions: Option<Versions>,
    /// When the default version came into force, in microseconds since the Unix epoch. Of an inline policy it is when
    /// its holder was created, before which it cannot have been.
    pub since: Option<i64>,
}

/// Versions of a managed policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// The id of the default one.
    pub default: String,
    /// The oldest other one, where there are as many as the provider takes: before another can be made, it has to go.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub surplus: Option<String>,
}

impl Policy {
    /// Whether more than one principal or group has this policy, so that editing it would change others.
    pub fn is_shared(&self) -> bool {
        self.holders.len() > 1 || self.attachment_count > 1 || self.is_boundary
    }
}

/// How a principal comes to have a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Index into [`Account::policies`].
    pub policy: usize,
    /// The group through which a user has it.
    pub group: Option<String>,
    /// When that group was created, in microseconds since the Unix epoch: the user has it no longer than that.
    pub since: Option<i64>,
}

/// What a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// An IAM role.
    Role,
    /// An IAM user.
    User,
}

impl PrincipalKind {
    /// The word for it in ARNs and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
        }
    }
}

/// A principal and what it is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The ARN, as logs name it too.
    pub arn: String,
    /// Role or user.
    pub kind: PrincipalKind,
    /// Name without path.
    pub name: String,
    /// When it was created, in microseconds since the Unix epoch.
    pub created: Option<i64>,
    /// Its policies, in the order inline, managed, then through groups.
    pub attachments: Vec<Attachment>,
    /// Index of its permissions boundary in [`Account::policies`].
    pub boundary: Option<usize>,
    /// Why its policies cannot be edited by this account, if so.
    pub fixed: Option<&'static str>,
    /// Its tags, by key.
    pub tags: BTreeMap<String, String>,
}

/// Everything an account grants, as far as the input shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// Every policy, once.
    pub policies: Vec<Policy>,
    /// Every role and user, sorted by ARN.
    pub principals: Vec<Principal>,
    /// Who may assume which role, by the role's ARN.
    pub trusts: BTreeMap<String, TrustPolicy>,
    /// What could not be read; the rest was.
    pub problems: Vec<Problem>,
}

/// Something in the input that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the user gave it.
    pub file: String,
    /// Line in it, from 1.
    pub line: u32,
    /// What is wrong, in the project's form of an error message.
    pub message: String,
    /// The principal whose grants are incomplete because of it.
    pub principal: Option<String>,
}
