//! Cutting a pattern at its colons.

use super::{Binding, Bindings, Glob, Piece};

/// The parts of a pattern.
pub(crate) enum Parts {
    /// At most as many as asked for; colons behind stay in the last.
    Resolved(Vec<Glob>),
    /// A variable has no value.
    Absent,
    /// The value of a variable is unknown.
    Unknown,
}

impl Glob {
    /// The pattern cut into at most `count` parts, its variables replaced by their values, which are plain text.
    pub(crate) fn parts(&self, count: usize, bindings: &impl Bindings) -> Parts {
        let mut parts = Vec::new();
        let mut part = Vec::new();
        let mut is_unknown = false;
        let mut cut = |text: &str, part: &mut Vec<Piece>| {
            let mut rest = text;
            while let Some((before, after)) = rest.split_once(':').filter(|_| parts.len() + 1 < count) {
                part.push(Piece::Text(before.into()));
                parts.push(std::mem::take(part));
                rest = after;
            }
            part.push(Piece::Text(rest.into()));
        };
        for piece in self.pieces() {
            match piece {
                Piece::Text(text) => cut(text, &mut part),
                Piece::Variable(variable) => match bindings.binding(variable) {
                    Binding::Value(value) => cut(value, &mut part),
                    Binding::Absent => return Parts::Absent,
                    Binding::Unknown => is_unknown = true,
                },
                wildcard => part.push(wildcard.clone()),
            }
        }
        if is_unknown {
            return Parts::Unknown;
        }
        parts.push(part);
        let glob = |pieces: Vec<Piece>| Self {
            text: self.text.clone(),
            pieces: pieces.into(),
            ignores_case: self.ignores_case,
        };
        Parts::Resolved(parts.into_iter().map(glob).collect())
    }
}
