//! The catalog as a whole: look-ups by name.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::OnceLock;

use crate::operation::{Operation, Resolution};
use crate::resource_type::TypesByArn;
use crate::table::{self, Table};
use crate::{Action, ActionId, CatalogError, ResourceType};

/// Facts about AWS's actions and operations.
#[derive(Debug)]
pub struct Catalog {
    pub(crate) actions: Vec<Action>,
    /// Sorted by prefix.
    pub(crate) services: Vec<Service>,
    /// Names that a ledger has for a service, each with the place of its operations; sorted by name.
    pub(crate) labels: Vec<(&'static str, usize)>,
    /// Operations per service.
    pub(crate) groups: Vec<Group>,
    pub(crate) table: Table,
    pub(crate) fingerprint: &'static str,
    /// Made when a type is first asked for.
    pub(crate) types_by_arn: OnceLock<TypesByArn>,
    pub(crate) pass_role: Option<ActionId>,
}

/// The operations of a service, sorted by name without regard to case.
#[derive(Debug)]
pub(crate) struct Group {
    /// Numbers in the table.
    pub(crate) members: Vec<u32>,
    /// Decoded when they are asked for.
    pub(crate) operations: OnceLock<Vec<Operation>>,
}

/// A service of the policy language.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) prefix: &'static str,
    pub(crate) actions: Range<usize>,
    pub(crate) types: &'static [ResourceType],
}

impl Catalog {
    /// The table that is part of the library, decoded at the first call.
    ///
    /// # Errors
    /// When the embedded table is damaged, which is a defect of the build.
    pub fn embedded() -> Result<&'static Self, CatalogError> {
        static EMBEDDED: OnceLock<Result<Catalog, CatalogError>> = OnceLock::new();
        EMBEDDED
            .get_or_init(|| table::decode(include_bytes!("../data/aws.table.zst")))
            .as_ref()
            .map_err(CatalogError::clone)
    }

    /// The action of that id; none when the id is of another build's catalog.
    pub fn action(&self, id: ActionId) -> Option<&Action> {
        self.actions.get(id.index())
    }

    /// The action of that name, such as `s3:GetObject`, without regard to case.
    pub fn find(&self, name: &str) -> Option<ActionId> {
        let (prefix, name) = name.split_once(':')?;
        let service = self.service(prefix)?;
        let actions = self.actions.get(service.actions.clone())?;
        let place = actions.binary_search_by(|action| order(action.name, name)).ok()?;
        u32::try_from(service.actions.start + place).ok().map(ActionId)
    }

    /// Every action, in order.
    pub fn actions(&self) -> impl Iterator<Item = (ActionId, &Action)> + Clone {
        let count = u32::try_from(self.actions.len()).unwrap_or(u32::MAX);
        (0..count).map(ActionId).zip(&self.actions)
    }

    /// The actions of a service by its prefix, such as `s3`, without regard to case; none where there is no such.
    pub fn service_actions(&self, prefix: &str) -> impl Iterator<Item = (ActionId, &Action)> + Clone {
        let range = self.service(prefix).map_or(0..0, |service| service.actions.clone());
        range.filter_map(|place| {
            let id = ActionId(u32::try_from(place).ok()?);
            self.action(id).map(|action| (id, action))
        })
    }

    /// The prefixes of all services, sorted.
    pub fn services(&self) -> impl Iterator<Item = &str> + Clone {
        self.services.iter().map(|service| service.prefix)
    }

    /// What a recorded call's operation needs.
    ///
    /// `service` is the first label of CloudTrail's event source (`monitoring`), `operation` its event name,
    /// with or without the version that some services append (`CreateFunction20150331`).
    pub fn operation(&self, service: &str, operation: &str) -> Resolution<'_> {
        let found = self.find_operation(service, operation).or_else(|| {
            without_version(operation).and_then(|operation| self.find_operation(service, operation))
        });
        match found {
            Some(operation) if !operation.requirements.is_empty() => Resolution::Known(operation),
            Some(operation) if operation.provenance != crate::Provenance::Nowhere => {
                Resolution::Permissionless(operation)
            }
            _ => Resolution::Unknown,
        }
    }

    /// Every operation by the name a ledger has for its service; an operation of a service with several names
    /// comes once for each.
    pub fn operations(&self) -> impl Iterator<Item = (&'static str, &Operation)> {
        self.labels
            .iter()
            .flat_map(|(label, group)| self.group(*group).iter().map(|operation| (*label, operation)))
    }

    fn find_operation(&self, service: &str, operation: &str) -> Option<&Operation> {
        let label = self.labels.binary_search_by(|(label, _)| order(label, service)).ok()?;
        let group = self.group(self.labels.get(label)?.1);
        let place = group.binary_search_by(|known| order(known.name, operation)).ok()?;
        group.get(place)
    }

    /// A group that cannot be decoded would be a defect of the table's writer; a test decodes all of them.
    pub(crate) fn group(&self, place: usize) -> &[Operation] {
        self.groups.get(place).map_or(&[], |group| {
            group.operations.get_or_init(|| self.table.operations(&group.members).unwrap_or_default())
        })
    }

    fn service(&self, prefix: &str) -> Option<&Service> {
        let place = self.services.binary_search_by(|service| order(service.prefix, prefix)).ok()?;
        self.services.get(place)
    }

    pub(crate) fn types_of(&self, prefix: &str) -> &'static [ResourceType] {
        self.service(prefix).map_or(&[], |service| service.types)
    }

    pub(crate) fn pass_role(&self) -> Option<ActionId> {
        self.pass_role
    }
}

/// The order of names in the table: bytes, without regard to ASCII case.
pub(crate) fn order(left: &str, right: &str) -> Ordering {
    let fold = |byte: u8| byte.to_ascii_lowercase();
    left.bytes().map(fold).cmp(right.bytes().map(fold))
}

/// `CreateFunction20150331v2` and `CreateDistribution2020_05_31` without their versions.
fn without_version(operation: &str) -> Option<&str> {
    let is_digit = |character: char| character.is_ascii_digit();
    let unversioned = match operation.rsplit_once('v') {
        Some((rest, version))
            if !version.is_empty() && version.chars().all(is_digit) && rest.ends_with(is_digit) =>
        {
            rest
        }
        _ => operation,
    };
    let name = unversioned.trim_end_matches(|character: char| is_digit(character) || character == '_');
    let version = unversioned.get(name.len()..)?;
    let digits = version.chars().filter(|character| is_digit(*character)).count();
    (digits == 8 && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests;
