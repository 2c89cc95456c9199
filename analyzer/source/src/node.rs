//! Values as files write them, with the place of each: what is the same for HCL, JSON and YAML.

use std::ops::Range;

use crate::text::Text;

/// Bytes of a file.
pub type Span = Range<usize>;

/// A value and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its bytes, with quotes and brackets.
    pub(crate) span: Span,
    pub(crate) kind: Kind,
    /// Its tag in YAML, without the exclamation mark: `Sub`.
    pub(crate) tag: Option<String>,
    /// Whether something else in the file stands for it too: an anchor of YAML.
    pub(crate) is_shared: bool,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// A text.
    Text(Text),
    /// A number, a boolean or nothing, as it is written.
    Plain(String),
    List(List),
    Map(Vec<Entry>),
    /// A heredoc, with the bytes between its delimiters.
    Heredoc(Span),
    /// A function's call.
    Call(String, Vec<Node>),
    /// Anything else, as it is written: a reference, a condition, an alias.
    Expression(String),
}

/// A list.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) layout: Layout,
    pub(crate) items: Vec<Node>,
}

/// How the items of a list are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// By commas between brackets.
    Commas,
    /// By semicolons.
    Semicolons,
    /// By dashes, each on a line of its own.
    Dashes,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// The bytes of the key.
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn new(span: Span, kind: Kind) -> Self {
        Self { span, kind, tag: None, is_shared: false }
    }

    /// The entries of a map.
    pub(crate) fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The list that it is. What a function gets is none, whatever that makes of it.
    pub(crate) fn list(&self) -> Option<&List> {
        match &self.kind {
            Kind::List(list) if self.tag.is_none() => Some(list),
            _ => None,
        }
    }

    /// The items of a list; what is no list is the only item.
    pub(crate) fn items(&self) -> &[Node] {
        self.list().map_or(std::slice::from_ref(self), |list| &list.items)
    }

    /// The text, as far as it is one.
    pub(crate) fn text(&self) -> Option<&Text> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text, where all of it is known.
    pub(crate) fn known(&self) -> Option<&str> {
        self.text()?.known()
    }

    /// What it says, without how that is laid out. Expressions are told as they are written.
    pub(crate) fn said(&self, source: &str) -> String {
        let mut all = self.tag.as_ref().map(|tag| format!("!{tag} ")).unwrap_or_default();
        match &self.kind {
            Kind::Text(text) => all.push_str(&format!("{:?}", text.to_string())),
            Kind::Plain(text) => all.push_str(text),
            Kind::List(list) => {
                let items: Vec<_> = list.items.iter().map(|item| item.said(source)).collect();
                all.push_str(&format!("[{}]", items.join(", ")));
            }
            Kind::Map(entries) => {
                let mut entries: Vec<_> = entries
                    .iter()
                    .map(|entry| format!("{:?}: {}", entry.key, entry.value.said(source)))
                    .collect();
                entries.sort();
                all.push_str(&format!("{{{}}}", entries.join(", ")));
            }
            Kind::Heredoc(span) => all.push_str(source.get(span.clone()).unwrap_or_default()),
            Kind::Call(name, arguments) => {
                let arguments: Vec<_> = arguments.iter().map(|one| one.said(source)).collect();
                all.push_str(&format!("{name}({})", arguments.join(", ")));
            }
            Kind::Expression(text) => all.push_str(text),
        }
        all
    }

    /// The text that it is a reference to, or a known text, or else how it is written.
    pub(crate) fn as_text(&self, source: &str) -> Text {
        match &self.kind {
            Kind::Text(text) => text.clone(),
            Kind::Plain(text) => Text::literal(text.clone()),
            _ => Text::opaque(source.get(self.span.clone()).unwrap_or_default()),
        }
    }
}
