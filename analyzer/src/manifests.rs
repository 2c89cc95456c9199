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
    /// What else it holds.
    pub(crate) rest: Rest,
}

/// What a file holds besides objects.
#[derive(Debug, Default)]
pub(crate) struct Rest {
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
    let mut manifests = Vec::new();
    let rest = each(file, text, &mut |manifest| manifests.push(manifest));
    Manifests { manifests, rest }
}

/// Hands on the objects of a text one after another. Of a list in JSON, which may be all of a cluster, one is in memory at a time.
pub(crate) fn each(file: &str, text: &str, take: &mut dyn FnMut(Manifest)) -> Rest {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { file, take, rest: Rest::default() };
    if is_json(text) {
        reader.json(text);
    } else {
        for document in yaml::documents(text) {
            match document {
                Ok(document) => reader.add(document.line, document.value, &document.items, DEPTH),
                Err(error) => reader.unreadable(text, error.line, &error.message),
            }
        }
    }
    reader.rest
}

struct Reader<'a> {
    file: &'a str,
    take: &'a mut dyn FnMut(Manifest),
    rest: Rest,
}

impl Reader<'_> {
    fn problem(&mut self, line: u32, message: String) {
        self.rest.problems.push(Problem { file: self.file.to_owned(), line, message, principal: None });
    }

    fn unreadable(&mut self, text: &str, line: u32, message: &str) {
        let is_template =
            text.lines().nth(line.saturating_sub(1) as usize).is_some_and(|line| line.contains("{{"));
        let hint = match is_template {
            true => "\nhint: give what `helm template` makes of it",
            false => "",
        };
        self.problem(line, format!("cannot read manifest: {message}{hint}"));
    }

    /// Adds an object, or those of a list.
    fn add(&mut self, line: u32, value: Value, lines: &[u32], depth: usize) {
        let Value::Object(mut map) = value else {
            // A list of objects is what tools make of several.
            if let (Value::Array(items), Some(depth)) = (value, depth.checked_sub(1)) {
                self.add_all(line, items, lines, depth);
            }
            return;
        };
        let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
        let (version, kind) = (text("apiVersion"), text("kind").unwrap_or_default());
        if kind.is_empty() || !["apiVersion", "metadata", "items"].iter().any(|name| map.contains_key(*name))
        {
            self.rest.others += 1;
            return;
        }
        match (map.get_mut("items"), kind.strip_suffix("List")) {
            (Some(Value::Array(items)), Some(kind)) => {
                let mut items = std::mem::take(items);
                items.iter_mut().for_each(|item| inherit(item, version.as_deref(), kind));
                match depth.checked_sub(1) {
                    Some(depth) => self.add_all(line, items, lines, depth),
                    None => self.problem(line, "lists are nested too deep".to_owned()),
                }
            }
            _ => {
                let origin = Origin { file: self.file.to_owned(), line };
                (self.take)(Manifest { origin, value: Value::Object(map) });
            }
        }
    }

    fn add_all(&mut self, line: u32, items: Vec<Value>, lines: &[u32], depth: usize) {
        for (at, item) in items.into_iter().enumerate() {
            self.add(lines.get(at).copied().unwrap_or(line), item, &[], depth);
        }
    }

    /// Adds the documents of JSON: one, or several after one another.
    fn json(&mut self, text: &str) {
        let mut lines = Lines { text, at: 0, line: 1 };
        for raw in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            match raw {
                Ok(raw) => self.json_one(raw.get(), &mut lines),
                Err(error) => {
                    self.unreadable(text, line_of(&error), &error.to_string());
                    break;
                }
            }
        }
    }

    fn json_one(&mut self, raw: &str, lines: &mut Lines<'_>) {
        let line = lines.of(raw);
        let Some(list) = List::of(raw) else {
            return self.json_value(lines.text, raw, line, DEPTH, |_| {});
        };
        for item in list.items {
            let line = lines.of(item.get());
            self.json_value(lines.text, item.get(), line, DEPTH - 1, |item| {
                if let Some(kind) = &list.kind {
                    inherit(item, list.version.as_deref(), kind);
                }
            });
        }
    }

    fn json_value(&mut self, text: &str, raw: &str, line: u32, depth: usize, complete: impl Fn(&mut Value)) {
        match serde_json::from_str(raw) {
            Ok(mut value) => {
                complete(&mut value);
                self.add(line, value, &[], depth);
            }
            Err(error) => {
                let message = error.to_string();
                // Where that is, it tells from the part's own beginning.
                let message =
                    message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
                self.unreadable(text, line_of(&error).saturating_add(line - 1), message);
            }
        }
    }
}

/// Items of a list that the API itself answers have neither kind nor version of their own.
fn inherit(item: &mut Value, version: Option<&str>, kind: &str) {
    let Some(item) = item.as_object_mut().filter(|_| !kind.is_empty()) else { return };
    for (name, value) in [("apiVersion", version), ("kind", Some(kind))] {
        if let Some(value) = value {
            item.entry(name).or_insert_with(|| Value::from(value));
        }
    }
}

fn line_of(error: &serde_json::Error) -> u32 {
    u32::try_from(error.line()).unwrap_or(1).max(1)
}

/// A list in JSON whose items are not read yet.
struct List<'a> {
    version: Option<String>,
    /// The kind of its items, empty where they tell it themselves; none of a mere array.
    kind: Option<String>,
    items: Vec<&'a RawValue>,
}

impl<'a> List<'a> {
    /// None of what is no list.
    fn of(raw: &'a str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Typed<'a> {
            #[serde(rename = "apiVersion")]
            version: Option<String>,
            kind: String,
            #[serde(borrow)]
            items: Vec<&'a RawValue>,
        }
        if raw.starts_with('[') {
            return Some(Self { version: None, kind: None, items: serde_json::from_str(raw).ok()? });
        }
        let Typed { version, kind, items } = serde_json::from_str(raw).ok()?;
        let kind = kind.strip_suffix("List")?.to_owned();
        Some(Self { version, kind: Some(kind), items })
    }
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
