//! JSON to values with their places, of policy files and of those that Terraform renders first.

use crate::node::{Entry, Kind, Layout, List, Node, Span};
use crate::text::Text;

/// Deepest nesting read.
const DEPTH: usize = 64;

/// What a text holds besides JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Nothing.
    Plain,
    /// Templates of Terraform: `${..}`, `%{..}`, and `$${` for what is to be left as it is.
    Template,
}

/// Why a text cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The byte.
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// Reads one value that fills a part of a text.
pub(crate) fn read(text: &str, part: Span, dialect: Dialect) -> Result<Node, Unreadable> {
    let mut reader = Reader { text, at: part.start, end: part.end, dialect };
    if reader.rest().starts_with('\u{feff}') {
        reader.at += 3;
    }
    let node = reader.value(0)?;
    reader.space();
    if reader.at < reader.end {
        return reader.fail("something follows the document");
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    dialect: Dialect,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    fn fail<T>(&self, message: &str) -> Result<T, Unreadable> {
        Err(Unreadable { at: self.at, message: message.to_owned() })
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn take(&mut self, sign: char) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Node, Unreadable> {
        self.space();
        if depth > DEPTH {
            return self.fail("values are nested too deep");
        }
        let start = self.at;
        let kind = match self.rest().chars().next() {
            None => return self.fail("the document ends too early"),
            Some('{') => self.map(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Kind::Text(self.string()?),
            Some('$') if self.dialect == Dialect::Template && self.rest().starts_with("${") => {
                Kind::Expression(self.interpolation()?)
            }
            Some('%') => return self.fail("a directive of a template decides what is here"),
            Some(_) => {
                let rest = self.rest();
                let length = rest.find([',', ']', '}', ' ', '\t', '\n', '\r']).unwrap_or(rest.len());
                let word = rest.get(..length).unwrap_or_default().to_owned();
                if serde_json::from_str::<serde_json::Value>(&word).is_err() {
                    return self.fail("this is no value");
                }
                self.at += length;
                Kind::Plain(word)
            }
        };
        Ok(Node::new(start..self.at, kind))
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Unreadable> {
        self.take('[');
        let mut items = Vec::new();
        self.space();
        if !self.take(']') {
            loop {
                items.push(self.value(depth + 1)?);
                self.space();
                if self.take(']') {
                    break;
                }
                if !self.take(',') {
                    return self.fail("expected `,` or `]`");
                }
            }
        }
        Ok(Kind::List(List { layout: Layout::Commas, items }))
    }

    fn map(&mut self, depth: usize) -> Result<Kind, Unreadable> {
        self.take('{');
        let mut entries: Vec<Entry> = Vec::new();
        self.space();
        if !self.take('}') {
            loop {
                self.space();
                let start = self.at;
                if !self.rest().starts_with('"') {
                    return self.fail("expected a key");
                }
                let key = self.string()?;
                let key_span = start..self.at;
                self.space();
                if !self.take(':') {
                    return self.fail("expected `:`");
                }
                let value = self.value(depth + 1)?;
                entries.push(Entry { key: key.to_string(), key_span, value });
                self.space();
                if self.take('}') {
                    break;
                }
                if !self.take(',') {
                    return self.fail("expected `,` or `}`");
                }
            }
        }
        Ok(Kind::Map(entries))
    }

    fn string(&mut self) -> Result<Text, Unreadable> {
        let start = self.at;
        self.take('"');
        let mut text = Text::default();
        loop {
            if self.dialect == Dialect::Template {
                if self.rest().starts_with("$${") || self.rest().starts_with("%%{") {
                    text.push(self.rest().get(1..3).unwrap_or_default());
                    self.at += 3;
                    continue;
                }
                if self.rest().starts_with("${") {
                    let source = self.interpolation()?;
                    text.push_opaque(&source);
                    continue;
                }
                if self.rest().starts_with("%{") {
                    return self.fail("a directive of a template decides what is here");
                }
            }
            match self.rest().chars().next() {
                None => {
                    self.at = start;
                    return self.fail("a string is not closed");
                }
                Some('"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some('\\') => {
                    let length = if self.rest().starts_with("\\u") { 6 } else { 2 };
                    // Halves of a pair need one another.
                    let is_pair = matches!(
                        self.rest().get(2..4),
                        Some("d8" | "D8" | "d9" | "D9" | "da" | "DA" | "db" | "DB")
                    );
                    let length = if length == 6 && is_pair { 12 } else { length };
                    let escape = self.rest().get(..length).unwrap_or_default();
                    match serde_json::from_str::<String>(&format!("\"{escape}\"")) {
                        Ok(decoded) => text.push(&decoded),
                        Err(_) => return self.fail("this is no escape"),
                    }
                    self.at += length;
                }
                Some(control) if control < ' ' => return self.fail("a string ends with its line"),
                Some(plain) => {
                    let mut buffer = [0; 4];
                    text.push(plain.encode_utf8(&mut buffer));
                    self.at += plain.len_utf8();
                }
            }
        }
    }

    /// `${..}` as it is written. Braces within are counted, but for those of texts.
    fn interpolation(&mut self) -> Result<String, Unreadable> {
        let length = interpolation(self.rest());
        let Some(source) = length.and_then(|length| self.rest().get(..length)).map(str::to_owned) else {
            return self.fail("an interpolation is not closed");
        };
        self.at += source.len();
        // Within JSON a template's own quotes are escaped.
        let decoded = source.contains("\\\"").then(|| serde_json::from_str(&format!("\"{source}\"")));
        Ok(decoded.and_then(Result::ok).unwrap_or(source))
    }
}

/// How long the interpolation is with which a text begins.
fn interpolation(text: &str) -> Option<usize> {
    // Where the template is within JSON, each of its quotes has a sign before it, and one that is escaped has three.
    let is_within = text.split('"').next().is_some_and(|before| before.ends_with('\\'));
    let signs_of_quote = usize::from(is_within);
    let (mut depth, mut is_text, mut signs) = (0_usize, false, 0_usize);
    for (at, sign) in text.char_indices() {
        match sign {
            '\\' => {
                signs += 1;
                continue;
            }
            '"' if !is_text || signs % (2 * (signs_of_quote + 1)) == signs_of_quote => is_text = !is_text,
            '{' if !is_text => depth += 1,
            '}' if !is_text => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        signs = 0;
    }
    None
}
