//! Matching one string.

use super::{Glob, Piece, Variable};

/// What is known of a policy variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding<'v> {
    Value(&'v str),
    /// The request has no such value.
    Absent,
    Unknown,
}

/// Where the values of policy variables come from.
pub(crate) trait Bindings {
    fn binding<'v>(&'v self, variable: &'v Variable) -> Binding<'v>;
}

/// What a variable matches.
enum Stand<'v> {
    For(&'v str),
    ForAnything,
    ForNothing,
}

impl Glob {
    /// Whether the text is matched whatever the values of the variables are. So a pattern with a variable matches
    /// nothing; [`Glob::may_match`] says what it could match.
    pub fn matches(&self, text: &str) -> bool {
        self.walk(text, |_| Stand::ForNothing)
    }

    /// Whether the text is matched for some values of the variables.
    pub fn may_match(&self, text: &str) -> bool {
        self.walk(text, |_| Stand::ForAnything)
    }

    /// Whether the text is matched with these values; none where a value that matters is unknown. A variable
    /// without value matches nothing. Source: AWS IAM User Guide, "Policy variables with no value".
    pub(crate) fn matches_with(&self, text: &str, bindings: &impl Bindings) -> Option<bool> {
        let mut is_uncertain = false;
        let is_match = self.walk(text, |variable| match bindings.binding(variable) {
            Binding::Value(value) => Stand::For(value),
            Binding::Absent => Stand::ForNothing,
            Binding::Unknown => {
                is_uncertain = true;
                Stand::ForAnything
            }
        });
        // With an unknown value taken for anything, a miss is certain and a match is not.
        if is_match && is_uncertain { None } else { Some(is_match) }
    }

    /// Matches greedily, going back to the last `*` only: what an earlier one could give up, the last one can
    /// take as well.
    fn walk<'v>(&'v self, text: &str, mut stand: impl FnMut(&'v Variable) -> Stand<'v>) -> bool {
        let mut pieces = self.pieces();
        let mut rest = text;
        let mut retry: Option<(&[Piece], &str)> = None;
        loop {
            let taken = match pieces.split_first() {
                None if rest.is_empty() => return true,
                None => None,
                Some((Piece::Many, [])) => return true,
                Some((Piece::Many, after)) => {
                    retry = Some((after, rest));
                    Some((after, rest))
                }
                Some((Piece::One, after)) => without_first(rest).map(|rest| (after, rest)),
                Some((Piece::Text(text), after)) => self.after(text, rest).map(|rest| (after, rest)),
                Some((Piece::Variable(variable), after)) => match stand(variable) {
                    Stand::For(value) => self.after(value, rest).map(|rest| (after, rest)),
                    Stand::ForNothing => return false,
                    Stand::ForAnything => {
                        retry = Some((after, rest));
                        Some((after, rest))
                    }
                },
            };
            if let Some((after, left)) = taken {
                pieces = after;
                rest = left;
                continue;
            }
            let Some((after, from)) = retry else { return false };
            let Some(from) = without_first(from) else { return false };
            retry = Some((after, from));
            pieces = after;
            rest = from;
        }
    }

    /// What follows the piece, where the text starts with it.
    fn after<'t>(&self, piece: &str, text: &'t str) -> Option<&'t str> {
        let (start, rest) = text.split_at_checked(piece.len())?;
        let is_same = if self.ignores_case() { piece.eq_ignore_ascii_case(start) } else { piece == start };
        is_same.then_some(rest)
    }
}

fn without_first(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next()?;
    Some(chars.as_str())
}
