//! Manifests of Kubernetes objects in files: YAML or JSON, one or many, or lists as `kubectl get -o yaml` prints them.

use remit_policy::{Origin, Problem};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::yaml;

/// One object, with where it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Manifest {
    /// The file, and the line on which the object starts.
    pub(crate) origin: Origin,
    /// The object.
    pub(crate) value: Value,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    /// Its objects, lists taken apart.
    pub(crate) manifests: Vec<Manifest>,
    /// What cannot be read.
    pub(crate) problems: Vec<Problem>,
    /// Documents that are no objects of Kubernetes, such as the values of a chart.
    pub(crate) others: usize,
}

/// Lists may hold lists, but nobody nests them deeper than this.
const DEPTH: usize = 4;

/// Whether a text is JSON, of which YAML is a superset that takes longer to read.
pub(crate) fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

/// The objects of a text.
pub(crate) fn read(file: &str, text: &str) -> Manifests {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut manifests = Manifests::default();
    let documents = if is_json(text) { json(text) } else { yaml::documents(text) };
    for document in documents {
        match document {
            Ok(document) => manifests.add(file, document.line, document.value, &document.items, DEPTH),
            Err(error) => {
                let is_template = text
                    .lines()
                    .nth(error.line.saturating_sub(1) as usize)
                    .is_some_and(|line| line.contains("{{"));
                let hint = match is_template {
                    true => "\nhint: give what `helm template` makes of it",
                    false => "",
                };
                manifests.problem(file, error.line, format!("cannot read manifest: {}{hint}", error.message));
            }
        }
    }
    manifests
}

impl Manifests {
    fn problem(&mut self, file: &str, line: u32, message: String) {
        self.problems.push(Problem { file: file.to_owned(), line, message, principal: None });
    }

    /// Adds an object, or those of a list.
    fn add(&mut self, file: &str, line: u32, value: Value, lines: &[u32], depth: usize) {
        let Value::Object(mut map) = value else {
            // A list of objects is what tools make of several.
            if let (Value::Array(items), Some(depth)) = (value, depth.checked_sub(1)) {
                self.add_all(file, line, items, lines, depth);
            }
            return;
        };
        let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
        let (version, kind) = (text("apiVersion"), text("kind").unwrap_or_default());
        if kind.is_empty() || !["apiVersion", "metadata", "items"].iter().any(|name| map.contains_key(*name))
        {
            self.others += 1;
            return;
        }
        match (map.get_mut("items"), kind.strip_suffix("List")) {
            (Some(Value::Array(items)), Some(kind)) => {
                let mut items = std::mem::take(items);
                // Items of a list that the API itself answers have neither kind nor version of their own.
                for item in items.iter_mut().filter_map(Value::as_object_mut).filter(|_| !kind.is_empty()) {
                    for (name, value) in [("apiVersion", version.as_deref()), ("kind", Some(kind))] {
                        if let Some(value) = value {
                            item.entry(name).or_insert_with(|| Value::from(value));
                        }
                    }
                }
                match depth.checked_sub(1) {
                    Some(depth) => self.add_all(file, line, items, lines, depth),
                    None => self.problem(file, line, "lists are nested too deep".to_owned()),
                }
            }
            _ => {
                let origin = Origin { file: file.to_owned(), line };
                self.manifests.push(Manifest { origin, value: Value::Object(map) });
            }
        }
    }

    fn add_all(&mut self, file: &str, line: u32, items: Vec<Value>, lines: &[u32], depth: usize) {
        for (at, item) in items.into_iter().enumerate() {
            self.add(file, lines.get(at).copied().unwrap_or(line), item, &[], depth);
        }
    }
}

/// The documents of JSON: one, or several after one another.
fn json(text: &str) -> Vec<Result<yaml::Document, yaml::Unreadable>> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow, default)]
        items: Vec<&'a RawValue>,
    }
    let mut lines = Lines { text, at: 0, line: 1 };
    let unreadable = |error: &serde_json::Error, base: u32| {
        let line = u32::try_from(error.line()).unwrap_or(1).max(1).saturating_add(base - 1);
        yaml::Unreadable { line, message: error.to_string() }
    };
    let mut documents = Vec::new();
    for raw in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let raw = match raw {
            Ok(raw) => raw.get(),
            Err(error) => {
                documents.push(Err(unreadable(&error, 1)));
                break;
            }
        };
        let line = lines.of(raw);
        let items: Vec<_> = match raw.starts_with('[') {
            true => serde_json::from_str(raw).unwrap_or_default(),
            false => serde_json::from_str::<List<'_>>(raw).map(|list| list.items).unwrap_or_default(),
        };
        let items = items.into_iter().map(|item: &RawValue| lines.of(item.get())).collect();
        documents.push(match serde_json::from_str(raw) {
            Ok(value) => Ok(yaml::Document { line, value, items }),
            Err(error) => Err(unreadable(&error, line)),
        });
    }
    documents
}

/// Lines of parts of a text that are asked for in their order, so that each byte is looked at once.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn of(&mut self, part: &str) -> u32 {
        let start = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let passed = self.text.as_bytes().get(self.at..start).unwrap_or_default();
        let ends = passed.iter().filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
        self.at = self.at.max(start);
        self.line
    }
}

#[cfg(test)]
mod tests;
