//! Texts that a source may know in part only: what is interpolated stays opaque.

use std::fmt;

/// A text as a source writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text {
    pieces: Vec<Piece>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// These characters.
    Literal(String),
    /// What is only known once the source is rendered, as the source writes it: `${aws_s3_bucket.logs.arn}`. Behind that a mark may
    /// stand, which is another where it refers to something else: [`written`] is without.
    Opaque(String),
}

/// How a source's text fits the text that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It cannot be this text.
    No,
    /// Nothing says that it is this text, and nothing that it is not.
    Unsaid,
    /// It can: opaque parts stand for the rest.
    Open,
    /// It is this text.
    Exact,
}

/// Longest text that opaque parts are fitted to; ARNs have at most 2,048 characters.
const LONGEST: usize = 4_096;

impl Text {
    /// A text that is known.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { pieces: vec![Piece::Literal(text.into())] }
    }

    /// A text of which nothing is known but how it is written.
    pub fn opaque(source: impl Into<String>) -> Self {
        Self { pieces: vec![Piece::Opaque(unmarked(source.into()))] }
    }

    /// Adds characters.
    pub fn push(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Literal(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Literal(text.to_owned())),
        }
    }

    /// Adds an opaque part.
    pub fn push_opaque(&mut self, source: &str) {
        self.pieces.push(Piece::Opaque(unmarked(source.to_owned())));
    }

    /// Adds another text.
    pub fn append(&mut self, other: &Self) {
        for piece in &other.pieces {
            match piece {
                Piece::Literal(text) => self.push(text),
                Piece::Opaque(source) => self.push_opaque(source),
            }
        }
    }

    /// The same with its known parts changed.
    pub(crate) fn mapped(&self, change: impl Fn(&str) -> String) -> Self {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => Piece::Literal(change(text)),
            Piece::Opaque(source) => Piece::Opaque(source.clone()),
        });
        Self { pieces: pieces.collect() }
    }

    /// Its parts.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether it is written as another, whatever expressions of it refer to.
    pub(crate) fn is_written_as(&self, other: &Self) -> bool {
        let plain = |piece: &Piece| match piece {
            Piece::Literal(text) => (true, text.clone()),
            Piece::Opaque(source) => (false, written(source).to_owned()),
        };
        self.pieces.len() == other.pieces.len()
            && self.pieces.iter().map(plain).eq(other.pieces.iter().map(plain))
    }

    /// Its parts of which nothing is known but how they are written.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Opaque(source) => Some(written(source)),
            Piece::Literal(_) => None,
        })
    }

    /// Marks its opaque parts, so that those are others that refer to something else. Marks are not shown.
    pub(crate) fn mark(&mut self, of: impl Fn(&str) -> Option<String>) {
        for piece in &mut self.pieces {
            let Piece::Opaque(source) = piece else { continue };
            if let Some(mark) = of(written(source)) {
                *source = format!("{}{MARK}{mark}", written(source));
            }
        }
    }

    /// The text, where all of it is known.
    pub fn known(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// How it fits a text that is in force.
    pub fn fit(&self, text: &str) -> Fit {
        if let Some(known) = self.known() {
            return if known == text { Fit::Exact } else { Fit::No };
        }
        if text.len() > LONGEST || !self.can_be(text) {
            return Fit::No;
        }
        Fit::Open
    }

    /// Whether opaque parts, each of which may be any text, can make it that text: literals are found from the left, the last
    /// one at the end.
    fn can_be(&self, text: &str) -> bool {
        let mut rest = text;
        let mut is_open = false;
        for (at, piece) in self.pieces.iter().enumerate() {
            let is_last = at + 1 == self.pieces.len();
            match piece {
                Piece::Opaque(_) => is_open = true,
                Piece::Literal(literal) if !is_open => match rest.strip_prefix(literal.as_str()) {
                    Some(left) => rest = left,
                    None => return false,
                },
                Piece::Literal(literal) if is_last => return rest.ends_with(literal.as_str()),
                Piece::Literal(literal) => match rest.split_once(literal.as_str()) {
                    Some((_, left)) => {
                        rest = left;
                        is_open = false;
                    }
                    None => return false,
                },
            }
        }
        is_open || rest.is_empty()
    }
}

/// What stands between an expression and its mark.
const MARK: char = '\u{1f}';

/// A source in which nothing is taken for a mark. Marks come last, so that no text with marks becomes part of another.
fn unmarked(source: String) -> String {
    if source.contains(MARK) { source.replace(MARK, "\u{fffd}") } else { source }
}

/// An opaque part as the source writes it, without its mark.
pub fn written(source: &str) -> &str {
    source.split(MARK).next().unwrap_or_default()
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Literal(text) => f.write_str(text),
            Piece::Opaque(source) => f.write_str(written(source)),
        })
    }
}
