//! A JSON reader that keeps where each value was written and refuses what a policy document must not have:
//! repeated keys, deep nesting, trailing text. serde_json silently takes the last of repeated keys, and which
//! one the provider takes is not documented, so a document with them cannot be judged.

use serde_json::{Number, Value};

use super::ParseError;

/// Deepest nesting accepted; the policy grammar needs seven levels.
const MAX_DEPTH: usize = 32;

/// Most keys of one object; a condition operator of a real document has some ten.
const MAX_KEYS: usize = 1_000;

/// A place in the text, both from 1; 0 where the value did not come from a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A value and where it starts.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar(Value),
    List(Vec<Node>),
    Object(Vec<Entry>),
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) key: String,
    pub(super) value: Node,
}

impl Node {
    /// The node's type as an error message names it.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(Value::String(_)) => "a string",
            Kind::Scalar(Value::Number(_)) => "a number",
            Kind::Scalar(Value::Bool(_)) => "a boolean",
            Kind::Scalar(_) => "null",
            Kind::List(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }

    /// The same value without places.
    pub(super) fn into_value(self) -> Value {
        match self.kind {
            Kind::Scalar(value) => value,
            Kind::List(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Kind::Object(entries) => Value::Object(
                entries.into_iter().map(|entry| (entry.key, entry.value.into_value())).collect(),
            ),
        }
    }

    /// A value that was already parsed, without places.
    pub(super) fn from_value(value: &Value) -> Result<Self, ParseError> {
        Self::from_value_at(value, 0)
    }

    fn from_value_at(value: &Value, depth: usize) -> Result<Self, ParseError> {
        let place = Place::default();
        if depth > MAX_DEPTH {
            return Err(ParseError::new(place, "the document is nested too deep".to_owned()));
        }
        let kind = match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| Self::from_value_at(item, depth + 1));
                Kind::List(items.collect::<Result<_, _>>()?)
            }
            Value::Object(entries) if entries.len() > MAX_KEYS => return Err(too_many_keys(place)),
            Value::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    Ok(Entry { place, key: key.clone(), value: Self::from_value_at(value, depth + 1)? })
                });
                Kind::Object(entries.collect::<Result<_, ParseError>>()?)
            }
            scalar => Kind::Scalar(scalar.clone()),
        };
        Ok(Self { place, kind })
    }
}

fn too_many_keys(place: Place) -> ParseError {
    ParseError::new(place, format!("an object has more than {MAX_KEYS} keys"))
}

/// Reads one value that is the whole text.
pub(super) fn read(text: &str) -> Result<Node, ParseError> {
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1, column: 1 };
    let node = reader.value(0)?;
    reader.skip_space();
    match reader.rest.chars().next() {
        None => Ok(node),
        Some(found) => Err(reader.error(format!("expected the end of the document, found `{found}`"))),
    }
}

struct Reader<'t> {
    rest: &'t str,
    line: u32,
    column: u32,
}

impl Reader<'_> {
    fn place(&self) -> Place {
        Place { line: self.line, column: self.column }
    }

    fn error(&self, message: String) -> ParseError {
        ParseError::new(self.place(), message)
    }

    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        if next == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 1;
        } else {
            self.column = self.column.saturating_add(1);
        }
        Some(next)
    }

    fn skip_space(&mut self) {
        while self.rest.starts_with([' ', '\t', '\n', '\r']) {
            self.take();
        }
    }

    /// The next character that is not white space, not taken.
    fn peek(&mut self) -> Result<char, ParseError> {
        self.skip_space();
        self.rest.chars().next().ok_or_else(|| self.error("the document ends too early".to_owned()))
    }

    fn unexpected(&self, wanted: &str, found: char) -> ParseError {
        self.error(format!("expected {wanted}, found `{}`", found.escape_debug()))
    }

    fn value(&mut self, depth: usize) -> Result<Node, ParseError> {
        let first = self.peek()?;
        let place = self.place();
        if depth > MAX_DEPTH {
            return Err(self.error("the document is nested too deep".to_owned()));
        }
        let kind = match first {
            '{' => Kind::Object(self.object(depth)?),
            '[' => Kind::List(self.list(depth)?),
            '"' => Kind::Scalar(Value::String(self.string()?)),
            '-' | '0'..='9' => Kind::Scalar(Value::Number(self.number()?)),
            't' => self.word("true", Value::Bool(true))?,
            'f' => self.word("false", Value::Bool(false))?,
            'n' => self.word("null", Value::Null)?,
            found => return Err(self.unexpected("a value", found)),
        };
        Ok(Node { place, kind })
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Kind, ParseError> {
        if !self.rest.starts_with(word) {
            return Err(self.error("expected a value".to_owned()));
        }
        for _ in word.chars() {
            self.take();
        }
        Ok(Kind::Scalar(value))
    }

    fn object(&mut self, depth: usize) -> Result<Vec<Entry>, ParseError> {
        self.take();
        let mut entries = Vec::<Entry>::new();
        if self.peek()? == '}' {
            self.take();
            return Ok(entries);
        }
        loop {
            let found = self.peek()?;
            let place = self.place();
            if found != '"' {
                return Err(self.unexpected("a key in double quotes", found));
            }
            let key = self.string()?;
            if entries.len() == MAX_KEYS {
                return Err(too_many_keys(place));
            }
            if entries.iter().any(|entry| entry.key == key) {
                return Err(ParseError::new(place, format!("key `{key}` is written twice"))
                    .hint("join the two into one; it is not defined which of them counts"));
            }
            let found = self.peek()?;
            if found != ':' {
                return Err(self.unexpected("`:`", found));
            }
            self.take();
            let value = self.value(depth + 1)?;
            entries.push(Entry { place, key, value });
            match self.peek()? {
                ',' => self.take(),
                '}' => {
                    self.take();
                    return Ok(entries);
                }
                found => return Err(self.unexpected("`,` or `}`", found)),
            };
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, ParseError> {
        self.take();
        let mut items = Vec::new();
        if self.peek()? == ']' {
            self.take();
            return Ok(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            match self.peek()? {
                ',' => self.take(),
                ']' => {
                    self.take();
                    return Ok(items);
                }
                found => return Err(self.unexpected("`,` or `]`", found)),
            };
        }
    }

    fn number(&mut self) -> Result<Number, ParseError> {
        let place = self.place();
        let end = self.rest.find(|c: char| !matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9'));
        let written = self.rest.get(..end.unwrap_or(self.rest.len())).unwrap_or_default();
        let number = serde_json::from_str(written)
            .map_err(|_| ParseError::new(place, format!("`{written}` is not a number")))?;
        for _ in 0..written.len() {
            self.take();
        }
        Ok(number)
    }

    fn string(&mut self) -> Result<String, ParseError> {
        let open = self.place();
        let unterminated = || ParseError::new(open, "a string is not closed".to_owned());
        self.take();
        let mut string = String::new();
        loop {
            let place = self.place();
            match self.take().ok_or_else(unterminated)? {
                '"' => return Ok(string),
                '\\' => string.push(self.escape(place)?),
                control if control < ' ' => {
                    let message = format!("`{}` must be escaped in a string", control.escape_debug());
                    return Err(ParseError::new(place, message));
                }
                plain => string.push(plain),
            }
        }
    }

    fn escape(&mut self, place: Place) -> Result<char, ParseError> {
        let invalid = || ParseError::new(place, "invalid escape in a string".to_owned());
        Ok(match self.take().ok_or_else(invalid)? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            same @ ('"' | '\\' | '/') => same,
            'u' => {
                let first = self.unit().ok_or_else(invalid)?;
                let mut units = vec![first];
                if (0xD800..0xDC00).contains(&first) {
                    if self.take() != Some('\\') || self.take() != Some('u') {
                        return Err(invalid());
                    }
                    units.push(self.unit().ok_or_else(invalid)?);
                }
                let mut decoded = char::decode_utf16(units);
                match (decoded.next(), decoded.next()) {
                    (Some(Ok(found)), None) => found,
                    _ => return Err(invalid()),
                }
            }
            _ => return Err(invalid()),
        })
    }

    fn unit(&mut self) -> Option<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | self.take()?.to_digit(16)?;
        }
        u16::try_from(unit).ok()
    }
}
