//! Actions: the permission strings of AWS's policy language.

use std::sync::OnceLock;

use crate::arn::Pattern;
use crate::{Provenance, Visibility};

/// Names an action of the catalog. Ordered as the actions are: by service, then by name, without regard to case.
///
/// An id is meaningful within one build of the catalog only; what is stored holds names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionId(pub(crate) u32);

impl ActionId {
    /// The position of the action in the catalog's order, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The id at a position; it names an action only where the catalog has one there.
    pub fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// AWS's classification of what an action lets one do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessLevel {
    /// Sees which resources exist.
    List,
    /// Reads the content of resources.
    Read,
    /// Creates, changes or deletes resources.
    Write,
    /// Changes the tags of resources only.
    Tagging,
    /// Changes who may do what.
    PermissionsManagement,
}

impl AccessLevel {
    /// Every level, in the order in which the table numbers them.
    pub const ALL: [Self; 5] =
        [Self::List, Self::Read, Self::Write, Self::Tagging, Self::PermissionsManagement];

    /// AWS's name of the level.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "List",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Tagging => "Tagging",
            Self::PermissionsManagement => "Permissions management",
        }
    }
}

/// A type of resource that a service's actions can be granted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// AWS's name of the type, such as `bucket`.
    pub name: &'static str,
    /// ARN patterns with placeholders, such as `arn:${Partition}:s3:::${BucketName}`.
    pub arns: &'static [&'static str],
    pub(crate) patterns: OnceLock<Box<[Option<Pattern>]>>,
}

/// A type of resource that an action can be granted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceUse {
    /// The type.
    pub resource_type: &'static ResourceType,
    /// Whether every call needs the action on a resource of this type.
    pub required: bool,
}

impl ResourceUse {
    /// AWS's name of the type.
    pub fn name(&self) -> &'static str {
        self.resource_type.name
    }

    /// ARN patterns of the type.
    pub fn arns(&self) -> &'static [&'static str] {
        self.resource_type.arns
    }
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The service's prefix in the policy language, such as `s3`.
    pub service: &'static str,
    /// The action's name in AWS's spelling, such as `GetObject`.
    pub name: &'static str,
    /// AWS's access level.
    pub level: AccessLevel,
    /// The types of resources it can be granted on; empty where only `*` makes sense.
    pub resource_types: &'static [ResourceUse],
    /// The condition keys that AWS lists for it, global keys aside.
    pub condition_keys: &'static [&'static str],
    /// Whether CloudTrail can show the calls that need it.
    pub visibility: Visibility,
    /// Which source decided the visibility.
    pub visibility_from: Provenance,
}

impl Action {
    /// The name as policies write it, such as `s3:GetObject`.
    pub fn full_name(&self) -> String {
        format!("{}:{}", self.service, self.name)
    }

    /// Whether it can be granted on particular resources.
    pub fn supports_resources(&self) -> bool {
        !self.resource_types.is_empty()
    }

    /// Which source the action's name, level and resource types come from.
    pub fn provenance(&self) -> Provenance {
        Provenance::ActionList
    }
}
