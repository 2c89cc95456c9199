//! A cursor over JSON that finds the extent of values without building them.
//!
//! An event holds some seventy strings, of which a usage record needs a dozen. A general parser, even one that
//! skips, spends most of its time on the others (see docs/benchmarks.md). This one knows from an [`Index`] where
//! strings and brackets end, and within values that nobody reads checks only that they do. What is taken out of an
//! event is checked: its UTF-8, its escapes, its type.

mod index;

use std::borrow::Cow;

pub(crate) use index::Index;

/// Why a value could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes end before the value does.
    End,
    /// The byte at this position cannot stand there.
    Bad(usize),
}

/// A place in JSON text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a, F = Plain> {
    bytes: &'a [u8],
    at: usize,
    find: F,
}

/// Finds ends.
pub(crate) trait Find: Copy {
    /// Position of the quote that ends the string whose content starts at `at`.
    fn string_end(&self, bytes: &[u8], at: usize) -> Result<usize, Fault>;
    /// Position of the bracket that ends the object or array whose opening bracket is at `at`.
    fn bracket_end(&self, bytes: &[u8], at: usize) -> Result<usize, Fault>;
}

/// Finds ends by looking at one byte after the other: for short texts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plain;

/// The text between two quotes, escapes and all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    /// The bytes between the quotes.
    pub(crate) raw: &'a [u8],
}

/// A value by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Text(Text<'a>),
    /// An object or array with its brackets.
    Nested(&'a [u8]),
    /// A number, `true`, `false` or `null`.
    Bare(&'a [u8]),
}

impl<'a> Text<'a> {
    /// The text, or none when it is not UTF-8 or its escapes are not JSON's.
    pub(crate) fn decode(self) -> Option<Cow<'a, str>> {
        if !self.raw.contains(&b'\\') {
            return std::str::from_utf8(self.raw).ok().map(Cow::Borrowed);
        }
        let mut quoted = Vec::with_capacity(self.raw.len().saturating_add(2));
        quoted.push(b'"');
        quoted.extend_from_slice(self.raw);
        quoted.push(b'"');
        serde_json::from_slice(&quoted).ok().map(Cow::Owned)
    }
}

impl<'a> Value<'a> {
    pub(crate) fn text(self) -> Option<Text<'a>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An object or array, none for anything else.
    pub(crate) fn nested(self) -> Option<&'a [u8]> {
        match self {
            Self::Nested(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A truth value; some exporters write it as text.
    pub(crate) fn flag(self) -> Option<bool> {
        match self {
            Self::Bare(b"true") | Self::Text(Text { raw: b"true", .. }) => Some(true),
            Self::Bare(b"false") | Self::Text(Text { raw: b"false", .. }) => Some(false),
            _ => None,
        }
    }
}

impl<'a> Cursor<'a> {
    /// At the beginning of a short text.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, find: Plain }
    }
}

impl<'a, F: Find> Cursor<'a, F> {
    /// At a position of a text that `find` knows.
    pub(crate) fn at(bytes: &'a [u8], at: usize, find: F) -> Self {
        Self { bytes, at, find }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// What lies ahead.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn advance(&mut self, by: usize) {
        self.at = self.at.saturating_add(by);
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is not white space, without taking it.
    #[inline]
    pub(crate) fn look(&mut self) -> Result<u8, Fault> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(byte),
                None => return Err(Fault::End),
            }
        }
    }

    /// Takes this byte, after white space.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.look()? == byte {
            self.at += 1;
            return Ok(());
        }
        Err(Fault::Bad(self.at))
    }

    /// Enters an object: the cursor is then at its first key or its end.
    pub(crate) fn enter(&mut self) -> Result<(), Fault> {
        self.expect(b'{')
    }

    /// The next key of the object that was entered, or none at its end, which is taken. The cursor is then before
    /// the value.
    #[inline]
    pub(crate) fn key(&mut self, first: &mut bool) -> Result<Option<Text<'a>>, Fault> {
        match self.look()? {
            b'}' => {
                self.at += 1;
                return Ok(None);
            }
            b',' if !*first => self.at += 1,
            _ if *first => {}
            _ => return Err(Fault::Bad(self.at)),
        }
        *first = false;
        if self.look()? != b'"' {
            return Err(Fault::Bad(self.at));
        }
        let key = self.text()?;
        self.expect(b':')?;
        Ok(Some(key))
    }

    /// Moves to the next element of the array that was entered, or past its end and returns false.
    pub(crate) fn element(&mut self, first: &mut bool) -> Result<bool, Fault> {
        match self.look()? {
            b']' => {
                self.at += 1;
                return Ok(false);
            }
            b',' if !*first => {
                self.at += 1;
                self.look()?;
            }
            _ if *first => {}
            _ => return Err(Fault::Bad(self.at)),
        }
        *first = false;
        Ok(true)
    }

    /// The value ahead.
    #[inline]
    pub(crate) fn value(&mut self) -> Result<Value<'a>, Fault> {
        match self.look()? {
            b'"' => self.text().map(Value::Text),
            b'{' | b'[' => self.nested().map(Value::Nested),
            _ => self.bare().map(Value::Bare),
        }
    }

    /// Passes over a value, and gives a cursor before it if it is an object or array.
    pub(crate) fn pass(&mut self) -> Result<Option<Self>, Fault> {
        self.look()?;
        let before = *self;
        Ok(self.value()?.nested().map(|_| before))
    }

    /// The object ahead, and its number where it was met before: `known` tells number and length.
    #[inline]
    pub(crate) fn known(
        &mut self,
        known: impl Fn(&'a [u8]) -> Option<(u32, usize)>,
    ) -> Result<(Option<u32>, Option<&'a [u8]>), Fault> {
        self.look()?;
        let rest = self.rest();
        let Some((number, length)) = known(rest) else { return Ok((None, self.value()?.nested())) };
        self.advance(length);
        Ok((Some(number), rest.get(..length)))
    }

    /// The string ahead; the cursor must be at its opening quote.
    #[inline]
    pub(crate) fn text(&mut self) -> Result<Text<'a>, Fault> {
        let start = self.at + 1;
        let end = self.find.string_end(self.bytes, start)?;
        self.at = end + 1;
        Ok(Text { raw: self.bytes.get(start..end).unwrap_or_default() })
    }

    /// The object or array ahead; the cursor must be at its opening bracket.
    #[inline]
    fn nested(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.at;
        self.at = self.find.bracket_end(self.bytes, start)? + 1;
        Ok(self.bytes.get(start..self.at).unwrap_or_default())
    }

    fn bare(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.') => self.at += 1,
                Some(_) if self.at == start => return Err(Fault::Bad(start)),
                Some(_) => return Ok(self.bytes.get(start..self.at).unwrap_or_default()),
                None => return Err(Fault::End),
            }
        }
    }
}

impl Find for Plain {
    fn string_end(&self, bytes: &[u8], mut at: usize) -> Result<usize, Fault> {
        loop {
            match bytes.get(at) {
                Some(b'"') => return Ok(at),
                Some(b'\\') => at += 2,
                Some(0..0x20) => return Err(Fault::Bad(at)),
                Some(_) => at += 1,
                None => return Err(Fault::End),
            }
        }
    }

    fn bracket_end(&self, bytes: &[u8], mut at: usize) -> Result<usize, Fault> {
        let mut depth = 0_usize;
        loop {
            match bytes.get(at) {
                Some(b'"') => at = self.string_end(bytes, at + 1)?,
                Some(b'{' | b'[') => depth += 1,
                Some(b'}' | b']') => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(at);
                    }
                }
                Some(_) => {}
                None => return Err(Fault::End),
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests;
