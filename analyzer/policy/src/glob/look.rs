//! What one look at patterns tells of their languages, so that few questions need their automata.

use super::{Glob, Piece};

/// Stands for what a wildcard may match: a character of no language, so that hardly a pattern has it.
const STRANGE: char = '\u{fdd0}';

impl Glob {
    /// A string of this pattern that patterns which say less do not match: a character that they lack stands for each
    /// wildcard. None where the pattern has variables.
    pub(crate) fn sample(&self) -> Option<String> {
        let mut sample = String::with_capacity(self.text.len());
        for piece in self.pieces() {
            match piece {
                Piece::Text(text) => sample.push_str(text),
                Piece::One | Piece::Many => sample.push(STRANGE),
                Piece::Variable(_) => return None,
            }
        }
        Some(sample)
    }

    /// Whether every string of this pattern is a string of one of the others; none where it takes more than a look.
    ///
    /// What matches none of the others shows that it is not. A pattern whose only wildcards are `*` and that
    /// matches the sample has a `*` for each wildcard of this one, which takes whatever else may stand there.
    pub(crate) fn look<'g>(&self, others: impl IntoIterator<Item = &'g Glob>) -> Option<bool> {
        if let Some(only) = self.only_text() {
            return Some(others.into_iter().any(|other| other.matches(only)));
        }
        let sample = self.sample()?;
        let mut is_matched = false;
        for other in others.into_iter().filter(|other| other.matches(&sample)) {
            if (other.ignores_case || !self.ignores_case) && other.takes_whole() {
                return Some(true);
            }
            is_matched = true;
        }
        (!is_matched).then_some(false)
    }

    /// Whether nothing but a `*` can have matched the character that stands for a wildcard.
    fn takes_whole(&self) -> bool {
        self.pieces().iter().all(|piece| match piece {
            Piece::Text(text) => !text.contains(STRANGE),
            Piece::Many => true,
            Piece::One | Piece::Variable(_) => false,
        })
    }

    /// Whether a string may start and end as both patterns do: false where what they are fixed to differs.
    pub(crate) fn may_lie_as(&self, other: &Self) -> bool {
        if self.ignores_case || other.ignores_case {
            return true;
        }
        let differ = |one: Option<&Piece>, two: Option<&Piece>, fits: fn(&str, &str) -> bool| match (one, two)
        {
            (Some(Piece::Text(one)), Some(Piece::Text(two))) => !fits(one, two) && !fits(two, one),
            _ => false,
        };
        let (one, two) = (self.pieces(), other.pieces());
        !differ(one.first(), two.first(), |whole, part| whole.starts_with(part))
            && !differ(one.last(), two.last(), |whole, part| whole.ends_with(part))
    }
}
