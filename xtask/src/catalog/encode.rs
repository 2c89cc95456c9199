//! Writing the table. Its form is told in the catalog's `table.rs`, which reads it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, anyhow};

use super::draft::{Class, Draft, OperationDraft, Use, WhenDraft};

const MARK: &[u8] = b"remit-catalog-4\n";

/// The most that zstd can do without settings of its own at the reader.
const LEVEL: i32 = 19;

pub(super) fn encode(draft: &Draft, fingerprint: &str) -> anyhow::Result<Vec<u8>> {
    let mut body = Body::of(draft, fingerprint);
    body.services(draft)?;
    body.groups(draft)?;
    compress(MARK, &body.texts, &body.rows)
}

/// A table as its readers take it: mark, texts and rows, compressed.
pub(super) fn compress(mark: &[u8], texts: &Texts, rows: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut table = mark.to_vec();
    table.extend(texts.bytes());
    table.extend(rows);
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).context("cannot set up the compressor")?;
    compressor
        .set_parameter(zstd::zstd_safe::CParameter::ChecksumFlag(true))
        .context("cannot ask for a checksum")?;
    compressor.compress(&table).context("cannot compress the table")
}

struct Body<'d> {
    rows: Vec<u8>,
    texts: Texts,
    classes: BTreeMap<Class, usize>,
    key_sets: BTreeMap<&'d BTreeSet<String>, usize>,
    /// Places of resource types: by service and name.
    types: BTreeMap<(&'d str, &'d str), usize>,
    /// Places of actions: by `service:name` in lower case.
    actions: BTreeMap<String, usize>,
}

/// Texts that rows name by number.
#[derive(Default)]
pub(super) struct Texts {
    places: BTreeMap<String, usize>,
    order: Vec<String>,
}

impl Texts {
    pub(super) fn place(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.order.len();
        self.order.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        number(&mut bytes, self.order.len());
        for text in &self.order {
            number(&mut bytes, text.len());
        }
        for text in &self.order {
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }
}

/// LEB128.
pub(super) fn number(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

impl<'d> Body<'d> {
    fn of(draft: &'d Draft, fingerprint: &str) -> Self {
        let mut body = Self {
            rows: Vec::new(),
            texts: Texts::default(),
            classes: BTreeMap::new(),
            key_sets: BTreeMap::new(),
            types: BTreeMap::new(),
            actions: BTreeMap::new(),
        };
        body.text(fingerprint);
        body.visibilities(draft);
        let actions = draft.services.values().flat_map(|service| service.actions.values());
        let sets: BTreeSet<_> = actions.map(|action| &action.condition_keys).collect();
        body.number(sets.len());
        for (place, set) in sets.into_iter().enumerate() {
            body.number(set.len());
            for key in set {
                body.text(key);
            }
            body.key_sets.insert(set, place);
        }
        body
    }

    /// Classes that others consist of come first.
    fn visibilities(&mut self, draft: &Draft) {
        let mut classes = BTreeSet::new();
        let actions = draft.services.values().flat_map(|service| service.actions.values());
        let operations = draft.labels.values().flat_map(BTreeMap::values);
        for class in actions.map(|action| &action.class).chain(operations.map(|operation| &operation.class)) {
            classes.insert(class.clone());
            if let Class::Mixed(parts) = class {
                classes.extend(parts.iter().cloned());
            }
        }
        let (mixed, plain): (Vec<_>, Vec<_>) =
            classes.into_iter().partition(|class| matches!(class, Class::Mixed(_)));
        self.number(plain.len() + mixed.len());
        for (place, class) in plain.into_iter().chain(mixed).enumerate() {
            self.visibility(&class);
            self.classes.insert(class, place);
        }
    }

    fn visibility(&mut self, class: &Class) {
        match class {
            Class::Management { write } => self.number(usize::from(*write)),
            Class::Data { resource_type, write } => {
                self.number(2 + usize::from(*write));
                self.text(resource_type);
            }
            Class::Mixed(parts) => {
                self.number(4);
                self.number(parts.len());
                for part in parts {
                    let place = self.classes.get(part).copied().unwrap_or_default();
                    self.number(place);
                }
            }
            Class::NotLogged(reason) => {
                self.number(5);
                self.text(reason);
            }
            Class::NoOperation => self.number(6),
        }
    }

    fn services(&mut self, draft: &'d Draft) -> anyhow::Result<()> {
        self.number(draft.services.len());
        for (prefix, service) in &draft.services {
            self.text(prefix);
            self.number(service.types.len());
            let mut places = BTreeMap::new();
            for (place, (name, resource_type)) in service.types.iter().enumerate() {
                places.insert(name.as_str(), place);
                self.types.insert((prefix, name), self.types.len());
                self.text(&resource_type.name);
                self.number(resource_type.arns.len());
                for arn in &resource_type.arns {
                    self.text(arn);
                }
            }
            let sets: BTreeSet<_> = service.actions.values().map(|action| &action.resource_types).collect();
            self.number(sets.len());
            for set in &sets {
                self.number(set.len());
                for (name, required) in *set {
                    let place =
                        places.get(name.as_str()).with_context(|| format!("no resource type `{name}`"))?;
                    self.number(place << 1 | usize::from(*required));
                }
            }
            let sets: BTreeMap<_, usize> =
                sets.into_iter().enumerate().map(|(place, set)| (set, place)).collect();
            self.number(service.actions.len());
            for (key, action) in &service.actions {
                self.actions.insert(format!("{prefix}:{key}"), self.actions.len());
                self.text(&action.name);
                self.number(action.level as usize);
                let set = sets.get(&action.resource_types).copied().context("a set of types is missing")?;
                self.number(set);
                let set =
                    self.key_sets.get(&action.condition_keys).copied().context("a set of keys is missing")?;
                self.number(set);
                self.class(&action.class)?;
                self.number(action.class_from as usize);
            }
        }
        Ok(())
    }

    /// Services recorded under several names share their operations where these are the same.
    fn groups(&mut self, draft: &'d Draft) -> anyhow::Result<()> {
        let mut groups: Vec<&BTreeMap<String, OperationDraft>> = Vec::new();
        let mut labels = Vec::new();
        for (label, operations) in &draft.labels {
            let known = groups.iter().position(|known| same(known, operations));
            let place = known.unwrap_or_else(|| {
                groups.push(operations);
                groups.len() - 1
            });
            labels.push((label, place));
        }
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        let mut places: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        for operations in groups {
            let mut group = Vec::new();
            for operation in operations.values() {
                let rows = std::mem::take(&mut self.rows);
                self.operation(draft, operation)
                    .with_context(|| format!("operation `{}`", operation.name))?;
                let piece = std::mem::replace(&mut self.rows, rows);
                group.push(*places.entry(piece.clone()).or_insert_with(|| {
                    pieces.push(piece);
                    pieces.len() - 1
                }));
            }
            members.push(group);
        }
        self.number(pieces.len());
        self.numbers(&pieces.iter().map(Vec::len).collect::<Vec<_>>());
        self.rows.extend(pieces.into_iter().flatten());
        self.number(members.len());
        for group in members {
            self.number(group.len());
            self.numbers(&group);
        }
        self.number(labels.len());
        for (label, place) in labels {
            self.text(label);
            self.number(place);
        }
        Ok(())
    }

    fn operation(&mut self, draft: &'d Draft, operation: &OperationDraft) -> anyhow::Result<()> {
        self.text(&operation.name);
        self.class(&operation.class)?;
        self.number(operation.origin as usize);
        let parameter = |path: &str| -> anyhow::Result<usize> {
            let place = operation.parameters.iter().position(|known| known.path.eq_ignore_ascii_case(path));
            place.ok_or_else(|| anyhow!("no parameter `{path}`"))
        };
        self.number(operation.needs.len());
        let mut accepts = BTreeSet::new();
        for need in &operation.needs {
            let action =
                self.actions.get(&need.action).with_context(|| format!("no action `{}`", need.action))?;
            self.number(*action);
            match &need.when {
                WhenDraft::Always => self.number(0),
                WhenDraft::Perhaps => self.number(1),
                WhenDraft::With(path) => self.numbers(&[2, parameter(path)?]),
                WhenDraft::SurelyWith(path) => self.numbers(&[3, parameter(path)?]),
                WhenDraft::Without(path) => self.numbers(&[4, parameter(path)?]),
            }
            self.number(need.origin as usize);
            let silent = super::silent::silent(draft, operation, &need.action);
            self.number(silent.len());
            self.numbers(&silent);
            self.number(usize::from(need.ambiguous));
            if need.when != WhenDraft::Perhaps {
                accepts.extend(self.types_of(draft, &need.action));
            }
        }
        self.number(operation.parameters.len());
        for known in &operation.parameters {
            self.text(&known.path);
            self.number(match known.used_for {
                Use::Resource => 0,
                Use::PassedRole => 1,
                Use::Selector => 2,
            });
        }
        self.number(operation.templates.len());
        for template in &operation.templates {
            self.text(&template.pattern);
            self.number(template.origin as usize);
            self.number(template.fills.len());
            for fill in &template.fills {
                self.text(&fill.placeholder);
                self.numbers(&[parameter(&fill.parameter)?, fill.transform as usize]);
                self.text(&fill.prefix);
                self.text(&fill.otherwise);
            }
        }
        self.number(accepts.len());
        self.numbers(&accepts.into_iter().collect::<Vec<_>>());
        Ok(())
    }

    /// Places of the resource types that an action can be granted on.
    fn types_of(&self, draft: &'d Draft, action: &str) -> Vec<usize> {
        let Some((service, _)) = action.split_once(':') else { return Vec::new() };
        let Some(row) = draft.action(action) else { return Vec::new() };
        let places = row.resource_types.keys().filter_map(|name| self.types.get(&(service, name.as_str())));
        places.copied().collect()
    }

    fn class(&mut self, class: &Class) -> anyhow::Result<()> {
        let place = self.classes.get(class).copied().context("a class is missing")?;
        self.number(place);
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let place = self.texts.place(text);
        self.number(place);
    }

    fn numbers(&mut self, values: &[usize]) {
        for value in values {
            self.number(*value);
        }
    }

    fn number(&mut self, value: usize) {
        number(&mut self.rows, value);
    }
}

fn same(left: &BTreeMap<String, OperationDraft>, right: &BTreeMap<String, OperationDraft>) -> bool {
    left.len() == right.len() && left.iter().eq(right.iter())
}
