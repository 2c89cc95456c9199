//! Reading the embedded table.
//!
//! The table is compressed with zstd and consists of numbers in LEB128 and texts, in this order: a mark, texts,
//! the fingerprint of its sources, visibilities, sets of condition keys, services with their resource types, sets of uses of these and actions,
//! operations, groups of operations, names of groups. It refers to texts and rows by number. The writer is
//! `cargo xtask catalog`.
//!
//! The table lives as long as the program, so what it decodes to is leaked: texts and lists are then plain
//! references, without counting or copying. Operations are most of it, and are decoded service by service
//! when they are asked for.

use std::sync::OnceLock;

use crate::catalog::{Catalog, Group, Service};
use crate::cursor::Cursor;
use crate::operation::{Operation, Requirement, When};
use crate::template::{Fill, Template};
use crate::transform::Transform;
use crate::{
    AccessLevel, Action, ActionId, CatalogError, ParameterPath, ParameterUse, Provenance, ResourceType,
    ResourceUse, Visibility,
};

/// What a table begins with; the digit grows when the form changes.
const MARK: &[u8] = b"remit-catalog-4\n";

/// More than any table has; a damaged one cannot ask for more memory than this.
const LIMIT: usize = 64 << 20;

/// What rows refer to by number.
#[derive(Debug)]
pub(crate) struct Table {
    texts: Vec<&'static str>,
    visibilities: Vec<Visibility>,
    key_sets: Vec<&'static [&'static str]>,
    types: Vec<&'static ResourceType>,
    /// The bytes of every operation.
    operations: Vec<&'static [u8]>,
    /// How many actions there are.
    actions: usize,
}

pub(crate) fn decode(compressed: &[u8]) -> Result<Catalog, CatalogError> {
    let bytes = zstd::bulk::decompress(compressed, LIMIT)
        .map_err(|error| CatalogError::new(format!("it cannot be decompressed: {error}")))?;
    let bytes: &'static [u8] = bytes.leak();
    let body = bytes.strip_prefix(MARK).ok_or_else(|| CatalogError::new("it is of another form"))?;
    let mut cursor = Cursor::new(body);
    let mut table = Table {
        texts: cursor.texts()?,
        visibilities: Vec::new(),
        key_sets: Vec::new(),
        types: Vec::new(),
        operations: Vec::new(),
        actions: 0,
    };
    let fingerprint = table.text(&mut cursor)?;
    for _ in 0..cursor.number()? {
        let visibility = table.visibility(&mut cursor)?;
        table.visibilities.push(visibility);
    }
    table.key_sets = cursor.list(|cursor| Ok(cursor.list(|cursor| table.text(cursor))?.leak() as &_))?;
    let (services, actions) = table.services(&mut cursor)?;
    table.actions = actions.len();
    table.operations = cursor.pieces()?;
    let groups = cursor
        .list(|cursor| Ok(Group { members: cursor.list(Cursor::small)?, operations: OnceLock::new() }))?;
    let labels = cursor.list(|cursor| Ok((table.text(cursor)?, cursor.number()?)))?;
    if !cursor.is_at_end() {
        return Err(CatalogError::new("something follows its end"));
    }
    let mut catalog = Catalog {
        actions,
        services,
        labels,
        groups,
        table,
        fingerprint,
        types_by_arn: OnceLock::new(),
        pass_role: None,
    };
    catalog.pass_role = catalog.find("iam:PassRole");
    Ok(catalog)
}

impl Table {
    /// The operations of those numbers.
    pub(crate) fn operations(&self, members: &[u32]) -> Result<Vec<Operation>, CatalogError> {
        let operation = |member: &u32| {
            let bytes = self.operations.get(*member as usize).ok_or_else(missing)?;
            self.operation(&mut Cursor::new(bytes))
        };
        members.iter().map(operation).collect()
    }

    fn visibility(&self, cursor: &mut Cursor) -> Result<Visibility, CatalogError> {
        Ok(match cursor.number()? {
            0 => Visibility::Management { write: false },
            1 => Visibility::Management { write: true },
            2 => Visibility::Data { resource_type: self.text(cursor)?, write: false },
            3 => Visibility::Data { resource_type: self.text(cursor)?, write: true },
            4 => Visibility::Mixed(cursor.list(|cursor| self.earlier_visibility(cursor))?.leak()),
            5 => Visibility::NotLogged(self.text(cursor)?),
            6 => Visibility::NoOperation,
            _ => return Err(CatalogError::new("a visibility has no such form")),
        })
    }

    fn services(&mut self, cursor: &mut Cursor) -> Result<(Vec<Service>, Vec<Action>), CatalogError> {
        let mut services = Vec::new();
        let mut actions = Vec::new();
        for _ in 0..cursor.number()? {
            let prefix = self.text(cursor)?;
            let types: &'static [ResourceType] = cursor
                .list(|cursor| {
                    let name = self.text(cursor)?;
                    let arns = cursor.list(|cursor| self.text(cursor))?.leak();
                    Ok(ResourceType { name, arns, patterns: OnceLock::new() })
                })?
                .leak();
            self.types.extend(types);
            let uses: Vec<&'static [ResourceUse]> =
                cursor.list(|cursor| Ok(cursor.list(|cursor| resource_use(types, cursor))?.leak() as &_))?;
            let start = actions.len();
            for _ in 0..cursor.number()? {
                actions.push(self.action(prefix, &uses, cursor)?);
            }
            services.push(Service { prefix, actions: start..actions.len(), types });
        }
        Ok((services, actions))
    }

    fn action(
        &self,
        service: &'static str,
        uses: &[&'static [ResourceUse]],
        cursor: &mut Cursor,
    ) -> Result<Action, CatalogError> {
        Ok(Action {
            service,
            name: self.text(cursor)?,
            level: cursor.pick(&AccessLevel::ALL)?,
            resource_types: cursor.pick(uses)?,
            condition_keys: cursor.pick(&self.key_sets)?,
            visibility: self.earlier_visibility(cursor)?,
            visibility_from: cursor.pick(&Provenance::ALL)?,
        })
    }

    fn operation(&self, cursor: &mut Cursor) -> Result<Operation, CatalogError> {
        const USES: [ParameterUse; 3] =
            [ParameterUse::Resource, ParameterUse::PassedRole, ParameterUse::Selector];
        Ok(Operation {
            name: self.text(cursor)?,
            visibility: self.earlier_visibility(cursor)?,
            provenance: cursor.pick(&Provenance::ALL)?,
            requirements: cursor.list(|cursor| self.requirement(cursor))?.leak(),
            parameters: cursor
                .list(|cursor| Ok(ParameterPath { path: self.text(cursor)?, used_for: cursor.pick(&USES)? }))?
                .leak(),
            templates: cursor.list(|cursor| self.template(cursor))?.leak(),
            accepts: cursor.list(|cursor| cursor.pick(&self.types))?.leak(),
        })
    }

    fn requirement(&self, cursor: &mut Cursor) -> Result<Requirement, CatalogError> {
        let action = ActionId(cursor.small()?);
        if action.index() >= self.actions {
            return Err(missing());
        }
        Ok(Requirement {
            action,
            when: match cursor.number()? {
                0 => When::Always,
                1 => When::Perhaps,
                2 => When::With(cursor.small()?),
                3 => When::SurelyWith(cursor.small()?),
                4 => When::Without(cursor.small()?),
                _ => return Err(CatalogError::new("a requirement has no such form")),
            },
            provenance: cursor.pick(&Provenance::ALL)?,
            silent: cursor.list(Cursor::small)?.leak(),
            ambiguous: cursor.number()? == 1,
        })
    }

    fn template(&self, cursor: &mut Cursor) -> Result<Template, CatalogError> {
        let pattern = self.text(cursor)?;
        let provenance = cursor.pick(&Provenance::ALL)?;
        let fills = cursor.list(|cursor| {
            Ok(Fill {
                placeholder: self.text(cursor)?,
                parameter: cursor.small()?,
                transform: cursor.pick(&Transform::ALL)?,
                prefix: self.text(cursor)?,
                otherwise: self.text(cursor)?,
            })
        })?;
        Ok(Template::new(pattern, provenance, fills.leak()))
    }

    fn text(&self, cursor: &mut Cursor) -> Result<&'static str, CatalogError> {
        cursor.pick(&self.texts)
    }

    fn earlier_visibility(&self, cursor: &mut Cursor) -> Result<Visibility, CatalogError> {
        let number = cursor.number()?;
        self.visibilities.get(number).cloned().ok_or_else(missing)
    }
}

fn resource_use(types: &'static [ResourceType], cursor: &mut Cursor) -> Result<ResourceUse, CatalogError> {
    let number = cursor.number()?;
    let resource_type = types.get(number >> 1).ok_or_else(missing)?;
    Ok(ResourceUse { resource_type, required: number & 1 == 1 })
}

fn missing() -> CatalogError {
    CatalogError::new("a row that it refers to is missing")
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn every_operation_can_be_decoded() {
        let catalog = decode(include_bytes!("../data/aws.table.zst")).unwrap();
        for group in &catalog.groups {
            assert_eq!(catalog.table.operations(&group.members).unwrap().len(), group.members.len());
        }
    }

    #[test]
    fn damage_is_an_error() {
        let table = include_bytes!("../data/aws.table.zst");
        assert!(decode(&[]).is_err());
        assert!(decode(&table[..table.len() / 2]).is_err());
        let mut flipped = table.to_vec();
        flipped[table.len() / 2] ^= 4;
        assert!(decode(&flipped).is_err());
        let other = zstd::bulk::compress(b"remit-catalog-0\nrest", 1).unwrap();
        assert!(decode(&other).unwrap_err().to_string().contains("of another form"));
        let bytes = zstd::bulk::decompress(table, super::LIMIT).unwrap();
        for cut in [20, 1_000, 100_000, bytes.len() - 1] {
            let cut = zstd::bulk::compress(&bytes[..cut], 1).unwrap();
            assert!(decode(&cut).is_err());
        }
    }
}
