//! Reading the embedded table.
//!
//! The table is compressed with zstd and consists of numbers in LEB128 and texts, in this order: a mark, texts,
//! visibilities, sets of condition keys, services with their resource types and actions, groups of operations,
//! names of groups. It refers to texts and rows by number. The writer is `cargo xtask catalog`.
//!
//! The table lives as long as the program, so what it decodes to is leaked: texts and lists are then plain
//! references, without counting or copying.

use crate::catalog::{Catalog, Service};
use crate::cursor::Cursor;
use crate::operation::{Operation, Requirement, When};
use crate::template::{Fill, Template};
use crate::transform::Transform;
use crate::{
    AccessLevel, Action, ActionId, CatalogError, ParameterPath, ParameterUse, Provenance, ResourceType,
    ResourceUse, Visibility,
};

/// What a table begins with; the digit grows when the form changes.
const MARK: &[u8] = b"remit-catalog-2\n";

/// More than any table has; a damaged one cannot ask for more memory than this.
const LIMIT: usize = 64 << 20;

pub(crate) fn decode(compressed: &[u8]) -> Result<Catalog, CatalogError> {
    let bytes = zstd::bulk::decompress(compressed, LIMIT)
        .map_err(|error| CatalogError::new(format!("it cannot be decompressed: {error}")))?;
    let bytes: &'static [u8] = bytes.leak();
    let body = bytes.strip_prefix(MARK).ok_or_else(|| CatalogError::new("it is of another form"))?;
    let mut reader = Reader::new(body)?;
    let mut catalog = Catalog {
        actions: Vec::new(),
        services: Vec::new(),
        labels: Vec::new(),
        groups: Vec::new(),
        pass_role: None,
    };
    reader.services(&mut catalog)?;
    reader.groups(&mut catalog)?;
    catalog.labels = reader.list(|reader| Ok((reader.text()?, reader.cursor.number()?)))?;
    if !reader.cursor.is_at_end() {
        return Err(CatalogError::new("something follows its end"));
    }
    catalog.pass_role = catalog.find("iam:PassRole");
    Ok(catalog)
}

struct Reader {
    cursor: Cursor,
    texts: Vec<&'static str>,
    visibilities: Vec<Visibility>,
    key_sets: Vec<&'static [&'static str]>,
    types: Vec<&'static ResourceType>,
}

impl Reader {
    fn new(body: &'static [u8]) -> Result<Self, CatalogError> {
        let mut cursor = Cursor::new(body);
        let texts = cursor.texts()?;
        let mut reader =
            Self { cursor, texts, visibilities: Vec::new(), key_sets: Vec::new(), types: Vec::new() };
        for _ in 0..reader.cursor.number()? {
            let visibility = reader.visibility()?;
            reader.visibilities.push(visibility);
        }
        reader.key_sets = reader.list(|reader| reader.leaked(Self::text))?;
        Ok(reader)
    }

    fn visibility(&mut self) -> Result<Visibility, CatalogError> {
        Ok(match self.cursor.number()? {
            0 => Visibility::Management { write: false },
            1 => Visibility::Management { write: true },
            2 => Visibility::Data { resource_type: self.text()?, write: false },
            3 => Visibility::Data { resource_type: self.text()?, write: true },
            4 => Visibility::Mixed(self.leaked(Self::earlier_visibility)?),
            5 => Visibility::NotLogged(self.text()?),
            6 => Visibility::NoOperation,
            _ => return Err(CatalogError::new("a visibility has no such form")),
        })
    }

    fn services(&mut self, catalog: &mut Catalog) -> Result<(), CatalogError> {
        for _ in 0..self.cursor.number()? {
            let prefix = self.text()?;
            let types = self.leaked(|reader| {
                Ok(ResourceType { name: reader.text()?, arns: reader.leaked(Self::text)? })
            })?;
            self.types.extend(types);
            let start = catalog.actions.len();
            let count = self.cursor.number()?;
            catalog.actions.reserve(self.cursor.at_most(count));
            for _ in 0..count {
                catalog.actions.push(self.action(prefix, types)?);
            }
            let actions = start..catalog.actions.len();
            catalog.services.push(Service { prefix, actions, types });
        }
        Ok(())
    }

    fn action(
        &mut self,
        service: &'static str,
        types: &'static [ResourceType],
    ) -> Result<Action, CatalogError> {
        Ok(Action {
            service,
            name: self.text()?,
            level: self.pick(&AccessLevel::ALL)?,
            resource_types: self.leaked(|reader| {
                let number = reader.cursor.number()?;
                let resource_type = types.get(number >> 1).ok_or_else(Self::missing)?;
                Ok(ResourceUse { resource_type, required: number & 1 == 1 })
            })?,
            condition_keys: {
                let number = self.cursor.number()?;
                self.key_sets.get(number).copied().ok_or_else(Self::missing)?
            },
            visibility: self.earlier_visibility()?,
            visibility_from: self.pick(&Provenance::ALL)?,
        })
    }

    fn groups(&mut self, catalog: &mut Catalog) -> Result<(), CatalogError> {
        catalog.groups = self.list(|reader| reader.list(Self::operation))?;
        let known = catalog.actions.len();
        let operations = catalog.groups.iter().flatten();
        if operations.flat_map(|operation| operation.requirements).any(|need| need.action.index() >= known) {
            return Err(Self::missing());
        }
        Ok(())
    }

    fn operation(&mut self) -> Result<Operation, CatalogError> {
        Ok(Operation {
            name: self.text()?,
            visibility: self.earlier_visibility()?,
            provenance: self.pick(&Provenance::ALL)?,
            requirements: self.leaked(Self::requirement)?,
            parameters: self.leaked(|reader| {
                Ok(ParameterPath {
                    path: reader.text()?,
                    used_for: reader.pick(&[
                        ParameterUse::Resource,
                        ParameterUse::PassedRole,
                        ParameterUse::Selector,
                    ])?,
                })
            })?,
            templates: self.leaked(|reader| {
                Ok(Template {
                    pattern: reader.text()?,
                    provenance: reader.pick(&Provenance::ALL)?,
                    fills: reader.leaked(Self::fill)?,
                })
            })?,
            accepts: self.leaked(|reader| {
                let number = reader.cursor.number()?;
                reader.types.get(number).copied().ok_or_else(Self::missing)
            })?,
        })
    }

    fn requirement(&mut self) -> Result<Requirement, CatalogError> {
        Ok(Requirement {
            action: ActionId(self.small()?),
            when: match self.cursor.number()? {
                0 => When::Always,
                1 => When::Perhaps,
                2 => When::With(self.small()?),
                3 => When::SurelyWith(self.small()?),
                4 => When::Without(self.small()?),
                _ => return Err(CatalogError::new("a requirement has no such form")),
            },
            provenance: self.pick(&Provenance::ALL)?,
            silent: self.leaked(Self::small)?,
            ambiguous: self.cursor.number()? == 1,
        })
    }

    fn fill(&mut self) -> Result<Fill, CatalogError> {
        Ok(Fill {
            placeholder: self.text()?,
            parameter: self.small()?,
            transform: self.pick(&Transform::ALL)?,
            prefix: self.text()?,
            otherwise: self.text()?,
        })
    }

    fn text(&mut self) -> Result<&'static str, CatalogError> {
        let number = self.cursor.number()?;
        self.texts.get(number).copied().ok_or_else(Self::missing)
    }

    fn earlier_visibility(&mut self) -> Result<Visibility, CatalogError> {
        let number = self.cursor.number()?;
        self.visibilities.get(number).cloned().ok_or_else(Self::missing)
    }

    fn small<T: TryFrom<usize>>(&mut self) -> Result<T, CatalogError> {
        T::try_from(self.cursor.number()?).map_err(|_| CatalogError::new("a number is too large"))
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> Result<T, CatalogError> {
        let number = self.cursor.number()?;
        all.get(number).copied().ok_or_else(Self::missing)
    }

    fn list<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, CatalogError>,
    ) -> Result<Vec<T>, CatalogError> {
        let count = self.cursor.number()?;
        let mut list = Vec::with_capacity(self.cursor.at_most(count));
        for _ in 0..count {
            list.push(read(self)?);
        }
        Ok(list)
    }

    fn leaked<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, CatalogError>,
    ) -> Result<&'static [T], CatalogError> {
        Ok(self.list(read)?.leak())
    }

    fn missing() -> CatalogError {
        CatalogError::new("a row that it refers to is missing")
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn damage_is_an_error() {
        let table = include_bytes!("../data/aws.table.zst");
        assert!(decode(table).is_ok());
        assert!(decode(&[]).is_err());
        assert!(decode(&table[..table.len() / 2]).is_err());
        let other = zstd::bulk::compress(b"remit-catalog-0\nrest", 1).unwrap();
        assert!(decode(&other).unwrap_err().to_string().contains("of another form"));
        let bytes = zstd::bulk::decompress(table, super::LIMIT).unwrap();
        for cut in [20, 1_000, 100_000, bytes.len() - 1] {
            let cut = zstd::bulk::compress(&bytes[..cut], 1).unwrap();
            assert!(decode(&cut).is_err());
        }
    }
}
