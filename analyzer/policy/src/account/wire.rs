//! The JSON shapes of the account details, borrowed from the file's text.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::account_of;

/// One page of the answer. The CLI may print several, and users join them in lists.
#[derive(Default, Deserialize)]
pub(super) struct Page<'a> {
    #[serde(borrow, default, rename = "UserDetailList")]
    pub(super) users: Vec<Holder<'a>>,
    #[serde(borrow, default, rename = "GroupDetailList")]
    pub(super) groups: Vec<Holder<'a>>,
    #[serde(borrow, default, rename = "RoleDetailList")]
    pub(super) roles: Vec<Holder<'a>>,
    #[serde(borrow, default, rename = "Policies")]
    pub(super) policies: Vec<ManagedPolicy<'a>>,
    #[serde(default, rename = "IsTruncated")]
    is_truncated: Option<bool>,
    /// What the CLI prints in its place, where it was told to print less than all.
    #[serde(borrow, default, rename = "NextToken")]
    next: Option<&'a RawValue>,
}

impl Page<'_> {
    /// Whether others follow it.
    pub(super) fn is_followed(&self) -> bool {
        self.is_truncated == Some(true) || self.next.is_some()
    }

    /// Whether it is the last one, also of lists that nobody divided into pages.
    pub(super) fn is_last(&self) -> bool {
        !self.is_followed() && (self.is_truncated.is_some() || !self.is_empty())
    }

    /// The account that it is of; empty where it has policies of the provider alone.
    pub(super) fn account(&self) -> &str {
        let holders = self.users.iter().chain(&self.groups).chain(&self.roles).map(|holder| &*holder.arn);
        let arns = holders.chain(self.policies.iter().map(|policy| &*policy.arn));
        arns.map(account_of).find(|account| *account != "aws").unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty() && self.roles.is_empty() && self.policies.is_empty()
    }
}

/// A role, user or group.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Holder<'a> {
    #[serde(borrow)]
    pub(super) arn: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) path: Cow<'a, str>,
    #[serde(borrow, rename = "RoleName", alias = "UserName", alias = "GroupName")]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, default, rename = "CreateDate")]
    pub(super) created: Option<Cow<'a, str>>,
    #[serde(borrow, default, alias = "RolePolicyList", alias = "UserPolicyList", rename = "GroupPolicyList")]
    pub(super) inline: Vec<InlinePolicy<'a>>,
    #[serde(borrow, default, rename = "AttachedManagedPolicies")]
    pub(super) managed: Vec<AttachedPolicy<'a>>,
    #[serde(borrow, default, rename = "PermissionsBoundary")]
    pub(super) boundary: Option<Boundary<'a>>,
    #[serde(borrow, default, rename = "GroupList")]
    pub(super) groups: Vec<Cow<'a, str>>,
    #[serde(borrow, default, rename = "AssumeRolePolicyDocument")]
    pub(super) trust: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "Tags")]
    pub(super) tags: Vec<Tag<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag<'a> {
    #[serde(borrow)]
    pub(super) key: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) value: Cow<'a, str>,
}

#[derive(Deserialize)]
pub(super) struct InlinePolicy<'a> {
    #[serde(borrow, rename = "PolicyName")]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, rename = "PolicyDocument")]
    pub(super) document: &'a RawValue,
}

#[derive(Deserialize)]
pub(super) struct AttachedPolicy<'a> {
    #[serde(borrow, rename = "PolicyArn")]
    pub(super) arn: Cow<'a, str>,
}

#[derive(Deserialize)]
pub(super) struct Boundary<'a> {
    #[serde(borrow, rename = "PermissionsBoundaryArn")]
    pub(super) arn: Cow<'a, str>,
}

#[derive(Deserialize)]
pub(super) struct ManagedPolicy<'a> {
    #[serde(borrow, rename = "PolicyName")]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, rename = "Arn")]
    pub(super) arn: Cow<'a, str>,
    #[serde(default, rename = "AttachmentCount")]
    pub(super) attachment_count: Option<u64>,
    #[serde(default, rename = "PermissionsBoundaryUsageCount")]
    pub(super) boundary_count: Option<u64>,
    #[serde(borrow, default, rename = "PolicyVersionList")]
    pub(super) versions: Vec<PolicyVersion<'a>>,
}

#[derive(Deserialize)]
pub(super) struct PolicyVersion<'a> {
    #[serde(borrow, rename = "Document")]
    pub(super) document: &'a RawValue,
    #[serde(borrow, default, rename = "VersionId")]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(default, rename = "IsDefaultVersion")]
    pub(super) is_default: bool,
    #[serde(borrow, default, rename = "CreateDate")]
    pub(super) created: Option<Cow<'a, str>>,
}

/// The pages within one top-level value: an object, or a list of objects.
pub(super) fn pages<'a>(value: &'a RawValue) -> serde_json::Result<Vec<Page<'a>>> {
    if value.get().starts_with('[') {
        serde_json::from_str(value.get())
    } else {
        serde_json::from_str(value.get()).map(|page| vec![page])
    }
}
