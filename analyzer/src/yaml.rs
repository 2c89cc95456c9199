//! YAML to values, document by document, each with the line on which it starts.
//!
//! It is read as hostile: nesting is bounded, and so is what aliases copy.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag, options};
use serde_json::{Map, Number, Value};

/// Nobody nests manifests deeper.
const DEPTH: usize = 64;

/// How many bytes, of texts and for each value 32 more, the aliases of a file may copy.
const COPIED: usize = 16 << 20;

/// One document.
#[derive(Debug, PartialEq)]
pub(crate) struct Document {
    /// The line, from 1, on which its content starts.
    pub(crate) line: u32,
    pub(crate) value: Value,
    /// Where the document is a map with a list `items`, the lines on which the items start.
    pub(crate) items: Vec<u32>,
}

/// Why a document cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The line, from 1.
    pub(crate) line: u32,
    pub(crate) message: String,
}

/// The documents of a text. One that cannot be read does not keep those behind it from being read.
pub(crate) fn documents(text: &str) -> Vec<Result<Document, Unreadable>> {
    let limits = options! { flow_nesting_limit: DEPTH, block_nesting_limit: DEPTH };
    let mut parser = Parser::new_from_str_with_options(text, limits);
    let mut documents = Vec::new();
    let mut builder = Builder::default();
    loop {
        let taken = match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((event, span))) => builder.take(event, span),
            Some(Err(error)) => Err(syntax(&error)),
        };
        match taken {
            Ok(None) => {}
            Ok(Some(document)) => documents.push(Ok(document)),
            Err(unreadable) => {
                documents.push(Err(unreadable));
                builder = Builder { copied: builder.copied, ..Builder::default() };
                if !parser.proceed_next_document().unwrap_or(false) {
                    break;
                }
            }
        }
    }
    documents
}

fn syntax(error: &ScanError) -> Unreadable {
    Unreadable { line: line(error.marker().line()), message: error.info() }
}

fn line(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX).max(1)
}

/// A document that is being put together.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, (Value, usize)>,
    copied: usize,
    done: Option<Document>,
    items: Vec<u32>,
}

/// A list or map whose end has not been met.
struct Open {
    anchor: usize,
    line: u32,
    kind: Kind,
}

enum Kind {
    List { values: Vec<Value>, lines: Vec<u32> },
    Map { map: Map<String, Value>, key: Option<String>, merged: Vec<Value> },
}

impl Builder {
    /// Takes an event; what comes out is a document that ends with it.
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<Option<Document>, Unreadable> {
        let line = line(span.start.line());
        let fail = |message: &str| Unreadable { line, message: message.to_owned() };
        match event {
            Event::DocumentEnd => {
                self.anchors.clear();
                return Ok(self.done.take());
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                if let Some(Open { kind: Kind::Map { key: key @ None, .. }, .. }) = self.open.last_mut() {
                    *key = Some(text.into_owned());
                    return Ok(None);
                }
                self.add(scalar(text, is_plain, tag.as_deref()), anchor, line)?;
            }
            Event::Alias(anchor) => {
                let Some((value, size)) = self.anchors.get(&anchor) else {
                    return Err(fail("an alias stands within what it stands for"));
                };
                let (value, size) = (value.clone(), *size);
                self.copy(size, line)?;
                self.add(value, 0, line)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                let kind = Kind::List { values: Vec::new(), lines: Vec::new() };
                self.start(Open { anchor, line, kind })?;
            }
            Event::MappingStart(_, anchor, _) => {
                let kind = Kind::Map { map: Map::new(), key: None, merged: Vec::new() };
                self.start(Open { anchor, line, kind })?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { anchor, line, kind }) = self.open.pop() else { return Ok(None) };
                let value = match kind {
                    Kind::List { values, lines } => {
                        if self.is_items() {
                            self.items = lines;
                        }
                        Value::Array(values)
                    }
                    Kind::Map { map, merged, .. } => Value::Object(merge(map, merged)),
                };
                self.add(value, anchor, line)?;
            }
            _ => {}
        }
        Ok(None)
    }

    /// Whether what comes is the `items` of the document.
    fn is_items(&self) -> bool {
        matches!(self.open.as_slice(), [Open { kind: Kind::Map { key: Some(key), .. }, .. }] if key == "items")
    }

    fn start(&mut self, open: Open) -> Result<(), Unreadable> {
        if matches!(self.open.last(), Some(Open { kind: Kind::Map { key: None, .. }, .. })) {
            return Err(Unreadable { line: open.line, message: "a key is a list or map".to_owned() });
        }
        self.open.push(open);
        Ok(())
    }

    fn add(&mut self, value: Value, anchor: usize, line: u32) -> Result<(), Unreadable> {
        let fail = |message: String| Err(Unreadable { line, message });
        if anchor != 0 {
            let size = size(&value);
            self.copy(size, line)?;
            self.anchors.insert(anchor, (value.clone(), size));
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => {
                let items = std::mem::take(&mut self.items);
                self.done = Some(Document { line, value, items });
            }
            Some(Kind::List { values, lines }) => {
                values.push(value);
                lines.push(line);
            }
            Some(Kind::Map { map, key, merged }) => match key.take() {
                None => return fail("a key is an alias".to_owned()),
                Some(key) if key == "<<" => merged.push(value),
                Some(key) if map.contains_key(&key) => return fail(format!("`{key}` is given twice")),
                Some(key) => {
                    map.insert(key, value);
                }
            },
        }
        Ok(())
    }

    /// Counts what is about to be copied.
    fn copy(&mut self, size: usize, line: u32) -> Result<(), Unreadable> {
        self.copied = self.copied.saturating_add(size);
        if self.copied > COPIED {
            return Err(Unreadable { line, message: "aliases stand for too much".to_owned() });
        }
        Ok(())
    }
}

/// A map with the entries of others that it does not have itself (`<<`, "Merge Key Language-Independent Type").
fn merge(mut map: Map<String, Value>, merged: Vec<Value>) -> Map<String, Value> {
    let mut due = merged;
    due.reverse();
    while let Some(value) = due.pop() {
        match value {
            Value::Array(several) => due.extend(several.into_iter().rev()),
            Value::Object(other) => {
                for (key, value) in other {
                    map.entry(key).or_insert(value);
                }
            }
            _ => {}
        }
    }
    map
}

/// A scalar by the core schema of YAML 1.2.
fn scalar(text: Cow<'_, str>, is_plain: bool, tag: Option<&Tag>) -> Value {
    if !is_plain || tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str")) {
        return Value::String(text.into_owned());
    }
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        number => number_of(number).map_or_else(|| Value::String(text.into_owned()), Value::Number),
    }
}

fn number_of(text: &str) -> Option<Number> {
    let digits = text.trim_start_matches(['-', '+', '.']);
    if !digits.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let radix = |prefix, radix| i64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
    let whole = text.parse().ok().or_else(|| radix("0x", 16)).or_else(|| radix("0o", 8));
    whole.map(Number::from).or_else(|| Number::from_f64(text.parse().ok()?))
}

fn size(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(size).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + size(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests;
