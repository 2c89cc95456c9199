//! Patterns with `*`, `?` and policy variables, as languages of strings.
//!
//! `*` in a resource pattern matches any characters, `:` and `/` too. Source: AWS IAM User Guide, "IAM JSON policy
//! elements: Resource": a `*` replaces everything including slashes, and at the end of an ARN segment it matches
//! beyond the colon. The provider's own policies rely on it: `arn:aws:autoscaling:*:*:*:autoScalingGroupName/eks-*`
//! is to match ARNs with two more parts in place of the last `*`. Nothing is documented against a `*` elsewhere in a
//! segment doing the same, so a pattern is matched against the whole string.

mod automaton;
mod look;
mod matching;
mod parts;
#[cfg(test)]
mod tests;

pub(crate) use automaton::{Exhausted, Query, STATE_COST};
pub(crate) use matching::{Binding, Bindings};
pub(crate) use parts::Parts;

/// What a pattern's place in the grammar makes of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// `${..}` is a variable.
    pub(crate) variables: bool,
    /// ASCII letters match in both cases.
    pub(crate) ignores_case: bool,
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Piece {
    /// These characters; in lower case where the pattern ignores case.
    Text(Box<str>),
    /// Any one character.
    One,
    /// Any characters or none. Never next to another.
    Many,
    /// The value of a policy variable.
    Variable(Box<Variable>),
}

/// A policy variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Variable {
    /// The condition key whose value it takes, in lower case, because keys ignore case.
    pub(crate) key: String,
    /// What it is where the key has no value.
    pub(crate) default: Option<String>,
}

impl Variable {
    /// The variable as a policy writes it.
    pub(crate) fn spelling(&self) -> String {
        match &self.default {
            Some(default) => format!("${{{}, '{default}'}}", self.key),
            None => format!("${{{}}}", self.key),
        }
    }
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Glob {
    text: Box<str>,
    pieces: Box<[Piece]>,
    ignores_case: bool,
}

/// Whether the same strings are matched, judged by the text's pieces: `**` equals `*`.
impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.pieces == other.pieces && self.ignores_case == other.ignores_case
    }
}

impl Eq for Glob {}

impl Glob {
    /// A pattern of the `Action` element: case is ignored and there are no variables.
    pub fn action(text: &str) -> Self {
        Self::new(text, Dialect { wildcards: true, variables: false, ignores_case: true })
    }

    /// A pattern of the `Resource` element in version `2012-10-17` of the language.
    pub fn resource(text: &str) -> Self {
        Self::new(text, Dialect { wildcards: true, variables: true, ignores_case: false })
    }

    /// A pattern of the `Resource` element in version `2008-10-17` of the language, in which `${..}` is plain text.
    pub fn resource_without_variables(text: &str) -> Self {
        Self::new(text, Dialect { wildcards: true, variables: false, ignores_case: false })
    }

    /// A resource as the ledger records it, in which `${..}` is plain text. `*` and `?` stand for names that were collapsed and for what a
    /// request does not tell; in an object's key they are the key's own, but for a `*` behind its last slash.
    pub fn recorded(text: &str) -> Self {
        Self { text: text.into(), ..Self::resource(&spelled(text)) }
    }

    pub(crate) fn new(text: &str, dialect: Dialect) -> Self {
        let pieces = pieces(text, dialect).into_boxed_slice();
        Self { text: text.into(), pieces, ignores_case: dialect.ignores_case }
    }

    /// The pattern as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the pattern has a policy variable.
    pub fn has_variables(&self) -> bool {
        self.variables().next().is_some()
    }

    /// The pattern with `*` for each variable: its strings for all values.
    pub(crate) fn opened(&self) -> Self {
        let mut pieces = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            match piece {
                Piece::Variable(_) | Piece::Many if pieces.last() == Some(&Piece::Many) => {}
                Piece::Variable(_) => pieces.push(Piece::Many),
                _ => pieces.push(piece.clone()),
            }
        }
        Self { pieces: pieces.into(), ..self.clone() }
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(variable.as_ref()),
            _ => None,
        })
    }

    /// Whether every string of this pattern is a string of one of the others, whatever the values of the
    /// variables. Exact without variables. Answers `false` where it would take too much memory to tell.
    pub fn is_included_in(&self, others: &[&Glob]) -> bool {
        if let Some(answer) = self.look(others.iter().copied()) {
            return answer;
        }
        let query = Query { within: &[], outside: others };
        matches!(query.search(self, &mut Query::budget()), Ok(None))
    }

    /// Whether some string is matched by both, for some values of the variables.
    pub fn intersects(&self, other: &Glob) -> bool {
        match (self.only_text(), other.only_text()) {
            (Some(only), _) => return other.may_match(only),
            (None, Some(only)) => return self.may_match(only),
            (None, None) if !self.may_lie_as(other) => return false,
            (None, None) => {}
        }
        let query = Query { within: &[&[other]], outside: &[] };
        !matches!(query.search(self, &mut Query::budget()), Ok(None))
    }

    /// The one string of a pattern without wildcards and variables; none where it has several.
    pub(crate) fn only_text(&self) -> Option<&str> {
        match self.pieces() {
            _ if self.ignores_case => None,
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    pub(crate) fn ignores_case(&self) -> bool {
        self.ignores_case
    }
}

/// A recorded resource as a document with variables spells it.
/// Source: AWS IAM User Guide, "IAM policy elements: Variables and tags".
pub(crate) fn spelled(recorded: &str) -> String {
    let text = recorded.replace("${", "${$}{");
    match text.split_once('/') {
        Some((bucket, key)) if text.split(':').skip(2).take(3).eq(["s3", "", ""]) => {
            let mark = if key == "*" || key.ends_with("/*") { "*" } else { "" };
            let own = key.strip_suffix(mark).unwrap_or(key);
            format!("{bucket}/{}{mark}", own.replace('*', "${*}").replace('?', "${?}"))
        }
        _ => text,
    }
}

fn pieces(text: &str, dialect: Dialect) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if dialect.variables
            && let Some((symbol, after)) = symbol(rest)
        {
            rest = after;
            match symbol {
                Symbol::Character(character) => push_folded(&mut plain, character, dialect),
                Symbol::Variable(variable) => {
                    push(&mut pieces, &mut plain, Piece::Variable(Box::new(variable)));
                }
            }
            continue;
        }
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
        match next {
            '*' if dialect.wildcards => push(&mut pieces, &mut plain, Piece::Many),
            '?' if dialect.wildcards => push(&mut pieces, &mut plain, Piece::One),
            _ => push_folded(&mut plain, next, dialect),
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain.into()));
    }
    pieces
}

fn push_folded(plain: &mut String, character: char, dialect: Dialect) {
    plain.push(if dialect.ignores_case { character.to_ascii_lowercase() } else { character });
}

fn push(pieces: &mut Vec<Piece>, plain: &mut String, piece: Piece) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain).into()));
    }
    if piece != Piece::Many || pieces.last() != Some(&Piece::Many) {
        pieces.push(piece);
    }
}

enum Symbol {
    Character(char),
    Variable(Variable),
}

/// Reads `${..}` at the start of the text. `${*}`, `${?}` and `${$}` stand for the character.
/// Source: AWS IAM User Guide, "IAM policy elements: Variables and tags".
fn symbol(text: &str) -> Option<(Symbol, &str)> {
    let (inner, after) = text.strip_prefix("${")?.split_once('}')?;
    let symbol = match inner {
        "*" => Symbol::Character('*'),
        "?" => Symbol::Character('?'),
        "$" => Symbol::Character('$'),
        _ => Symbol::Variable(match inner.split_once(',') {
            Some((key, default)) => {
                let default = default.trim();
                let quoted = default.strip_prefix('\'').and_then(|default| default.strip_suffix('\''));
                Variable {
                    key: key.trim().to_ascii_lowercase(),
                    default: Some(quoted.unwrap_or(default).to_owned()),
                }
            }
            None => Variable { key: inner.trim().to_ascii_lowercase(), default: None },
        }),
    };
    Some((symbol, after))
}
