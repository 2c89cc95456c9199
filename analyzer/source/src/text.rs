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
    /// What is only known once the source is rendered.
    Opaque(Expression),
}

/// An expression in a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expression {
    source: String,
    mark: Option<String>,
}

impl Expression {
    fn new(source: impl Into<String>) -> Self {
        Self { source: source.into(), mark: None }
    }

    /// As the source writes it: `${aws_s3_bucket.logs.arn}`.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What is another where the expression refers to something else; none where it refers to nothing that is followed.
    pub fn mark(&self) -> Option<&str> {
        self.mark.as_deref()
    }
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
        Self { pieces: vec![Piece::Opaque(Expression::new(source))] }
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
        self.pieces.push(Piece::Opaque(Expression::new(source)));
    }

    /// Adds another text.
    pub fn append(&mut self, other: &Self) {
        for piece in &other.pieces {
            match piece {
                Piece::Literal(text) => self.push(text),
                opaque @ Piece::Opaque(_) => self.pieces.push(opaque.clone()),
            }
        }
    }

    /// The same with its known parts changed.
    pub(crate) fn mapped(&self, change: impl Fn(&str) -> String) -> Self {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => Piece::Literal(change(text)),
            opaque @ Piece::Opaque(_) => opaque.clone(),
        });
        Self { pieces: pieces.collect() }
    }

    /// Its parts.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether it is written as another, whatever expressions of it refer to.
    pub(crate) fn is_written_as(&self, other: &Self) -> bool {
        let is_same = |(own, other): (&Piece, &Piece)| match (own, other) {
            (Piece::Literal(own), Piece::Literal(other)) => own == other,
            (Piece::Opaque(own), Piece::Opaque(other)) => own.source == other.source,
            _ => false,
        };
        self.pieces.len() == other.pieces.len() && self.pieces.iter().zip(&other.pieces).all(is_same)
    }

    /// Its parts of which nothing is known but how they are written.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Opaque(expression) => Some(expression.source()),
            Piece::Literal(_) => None,
        })
    }

    /// Marks its opaque parts, so that those are others that refer to something else. Marks are not shown.
    pub(crate) fn mark(&mut self, of: impl Fn(&str) -> Option<String>) {
        for piece in &mut self.pieces {
            if let Piece::Opaque(expression) = piece {
                expression.mark = of(&expression.source);
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

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Literal(text) => f.write_str(text),
            Piece::Opaque(expression) => f.write_str(expression.source()),
        })
    }
}
