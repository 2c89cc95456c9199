//! YAML to values with their places.

use std::borrow::Cow;
use std::collections::BTreeSet;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span as Place, StrInput, options};

use crate::json::Unreadable;
use crate::node::{Entry, Kind, Layout, List, Node, Span};
use crate::text::Text;

/// Nobody nests manifests deeper.
const DEPTH: usize = 64;

/// The documents of a text.
pub(crate) fn read(text: &str) -> Result<Vec<Node>, Unreadable> {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = text.len() - bare.len();
    let mut parser = parser(bare);
    let aliased = aliased(bare);
    let mut builder = Builder { text, offset, aliased, open: Vec::new(), documents: Vec::new() };
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => return Ok(builder.documents),
            Some(Ok((event, place))) => builder.take(event, place),
            Some(Err(error)) => return Err(unreadable(&error, offset)),
        }
    }
}

fn parser(text: &str) -> Parser<'_, StrInput<'_>> {
    let limits = options! { flow_nesting_limit: DEPTH, block_nesting_limit: DEPTH };
    Parser::new_from_str_with_options(text, limits)
}

/// The anchors for which aliases stand: any other stands for itself alone.
fn aliased(text: &str) -> BTreeSet<usize> {
    // Most have no anchor.
    if !text.contains('&') {
        return BTreeSet::new();
    }
    let mut parser = parser(text);
    let events = std::iter::from_fn(|| match parser.next_event() {
        None | Some(Ok((Event::StreamEnd, _)) | Err(_)) => None,
        Some(Ok((event, _))) => Some(event),
    });
    events.filter_map(|event| if let Event::Alias(anchor) = event { Some(anchor) } else { None }).collect()
}

fn unreadable(error: &ScanError, offset: usize) -> Unreadable {
    Unreadable { at: offset + error.marker().byte_offset().unwrap_or_default(), message: error.info() }
}

struct Builder<'a> {
    text: &'a str,
    offset: usize,
    /// Anchors for which aliases stand.
    aliased: BTreeSet<usize>,
    open: Vec<Open>,
    documents: Vec<Node>,
}

/// A list or map whose end has not been met.
struct Open {
    start: usize,
    is_block: bool,
    is_shared: bool,
    tag: Option<String>,
    inner: Inner,
}

enum Inner {
    List(Vec<Node>),
    Map(Vec<Entry>, Option<(String, Span)>),
}

impl Builder<'_> {
    fn span(&self, place: Place) -> Span {
        place.byte_range().map_or(0..0, |range| range.start + self.offset..range.end + self.offset)
    }

    fn take(&mut self, event: Event<'_>, place: Place) {
        let span = self.span(place);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|tag| tag.suffix().to_owned());
                let is_value = !matches!(self.open.last(), Some(Open { inner: Inner::Map(_, None), .. }));
                if !is_value {
                    if let Some(Open { inner: Inner::Map(_, key), .. }) = self.open.last_mut() {
                        *key = Some((text.into_owned(), span));
                    }
                    return;
                }
                let span = self.trimmed(span);
                let mut node = Node::new(span, scalar(text, style));
                (node.is_shared, node.tag) = (self.aliased.contains(&anchor), tag);
                self.add(node);
            }
            Event::Alias(_) => {
                let source = self.text.get(span.clone()).unwrap_or_default().to_owned();
                let mut node = Node::new(span, Kind::Expression(source));
                node.is_shared = true;
                self.add(node);
            }
            Event::SequenceStart(style, anchor, tag) => self.open.push(Open {
                start: span.start,
                is_block: style == granit_parser::StructureStyle::Block,
                is_shared: self.aliased.contains(&anchor),
                tag: tag.map(|tag| tag.suffix().to_owned()),
                inner: Inner::List(Vec::new()),
            }),
            Event::MappingStart(style, anchor, tag) => self.open.push(Open {
                start: span.start,
                is_block: style == granit_parser::StructureStyle::Block,
                is_shared: self.aliased.contains(&anchor),
                tag: tag.map(|tag| tag.suffix().to_owned()),
                inner: Inner::Map(Vec::new(), None),
            }),
            Event::SequenceEnd | Event::MappingEnd => self.close(span.end),
            _ => {}
        }
    }

    /// What is between brackets ends with them, and what is not with its last value.
    fn close(&mut self, end: usize) {
        let Some(open) = self.open.pop() else { return };
        let last = match &open.inner {
            Inner::List(items) => items.last().map(|item| item.span.end),
            Inner::Map(entries, _) => {
                entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end))
            }
        };
        let end = if open.is_block { last.unwrap_or(open.start) } else { end };
        let kind = match open.inner {
            Inner::List(items) => {
                let layout = if open.is_block { Layout::Dashes } else { Layout::Commas };
                Kind::List(List { layout, items })
            }
            Inner::Map(entries, _) => Kind::Map(entries),
        };
        let mut node = Node::new(open.start..end, kind);
        (node.is_shared, node.tag) = (open.is_shared, open.tag);
        self.add(node);
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.inner) {
            None => self.documents.push(node),
            Some(Inner::List(items)) => items.push(node),
            Some(Inner::Map(entries, key)) => {
                // A key that is no text is nothing that is looked for.
                let (key, key_span) = key.take().unwrap_or_else(|| (String::new(), node.span.clone()));
                entries.push(Entry { key, key_span, value: node });
            }
        }
    }

    /// A text of several lines ends before the line of what follows.
    fn trimmed(&self, span: Span) -> Span {
        let source = self.text.get(span.clone()).unwrap_or_default();
        span.start..span.start + source.trim_end().len()
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Kind {
    let is_plain = style == ScalarStyle::Plain;
    if is_plain && matches!(&*text, "" | "~" | "null" | "true" | "false") {
        return Kind::Plain(text.into_owned());
    }
    Kind::Text(Text::literal(text.into_owned()))
}
