//! A segment with its values of known types left open.

use super::segment::SEPARATORS;
use super::segment::form;
use super::token::{Token, words};

/// What of a segment may vary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A wildcard already, because the service assigns what stood there, or the ledger had collapsed names.
    Open,
    /// Nothing that tells.
    Literal,
    /// Values of known types.
    Typed(Template),
}

/// A segment's text with the types of its values in place of these: of `part-00017.json` that is `part-<number>.json`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Text(String),
    /// A value, and the separators in it with wildcards between them.
    Token(Token, String),
}

impl Shape {
    pub(super) fn of(segment: &str) -> Self {
        if segment.contains(['*', '?']) {
            return Self::Open;
        }
        Template::of(segment).map_or(Self::Literal, Self::Typed)
    }
}

impl Template {
    /// None where the text has no value of a known type.
    fn of(text: &str) -> Option<Self> {
        let words = words(text);
        let mut pieces = Vec::new();
        let (mut at, mut written) = (0, 0);
        let mut before = None;
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            let taken = match Token::first(rest, before) {
                Some((token, taken)) => {
                    let last = rest.get(taken - 1).or(rest.last());
                    let (start, end) = (rest.first()?.start, last?.end);
                    let literal = text.get(written..start).filter(|literal| !literal.is_empty());
                    pieces.extend(literal.map(|literal| Piece::Text(literal.to_owned())));
                    pieces.push(Piece::Token(token, form(text.get(start..end)?)));
                    written = end;
                    taken
                }
                None => 1,
            };
            before = rest.get(taken - 1).map(|word| word.gap);
            at += taken;
        }
        let literal = text.get(written..).filter(|literal| !literal.is_empty());
        let is_typed = !pieces.is_empty();
        pieces.extend(literal.map(|literal| Piece::Text(literal.to_owned())));
        is_typed.then_some(Self { pieces })
    }

    /// The pattern of all its values.
    pub(super) fn opened(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) | Piece::Token(_, text) => text.clone(),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// What several of its values are called.
    pub(super) fn plural(&self) -> String {
        let is_separator = |text: &String| text.chars().all(|c| SEPARATORS.contains(&c));
        match self.pieces.as_slice() {
            [Piece::Token(token, _)] => return token.plural().to_owned(),
            [Piece::Token(token, _), Piece::Text(text)] if is_separator(text) => {
                return token.plural().to_owned();
            }
            _ => {}
        }
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Token(token, _) => token.placeholder().to_owned(),
        };
        let form: String = self.pieces.iter().map(piece).collect();
        format!("names like `{form}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(segment: &str) -> String {
        match Shape::of(segment) {
            Shape::Open => "open".to_owned(),
            Shape::Literal => "literal".to_owned(),
            Shape::Typed(template) => format!("{} {}", template.opened(), template.plural()),
        }
    }

    #[test]
    fn values_are_known_by_their_looks() {
        for (segment, expected) in [
            ("0f8fad5b-d9cb-469f-a165-70867728950e/", "*/ UUIDs"),
            ("2026-09-01/", "*/ dates"),
            ("2026-09/", "*/ dates"),
            ("20260901", "* dates"),
            ("20260901T101500Z", "* dates"),
            ("20260901101500", "* dates"),
            ("2026-09-01T10", "* dates"),
            ("2026/09/01/", "*/*/*/ dates"),
            ("2026/09/01/17/", "*/*/*/*/ names like `<date>/<number>/`"),
            (
                "year=2026/month=09/day=01/",
                "year=*/month=*/day=*/ names like `year=<number>/month=<number>/day=<number>/`",
            ),
            ("dt=2026-09-01/", "dt=*/ names like `dt=<date>/`"),
            ("2026-13-01", "*-*-* names like `<number>-<number>-<number>`"),
            ("111122223333", "* account numbers"),
            ("eu-west-1/", "*/ regions"),
            ("us-gov-east-1", "* regions"),
            ("far-west-1", "far-west-* names like `far-west-<number>`"),
            ("web-7d9f8b6c5-x2x4z", "web-* names like `web-<generated>`"),
            ("web-7d9f8b6c5-x2x4z/", "web-*/ names like `web-<generated>/`"),
            ("node-exporter-x2x4z", "node-exporter-* names like `node-exporter-<generated>`"),
            ("db-AbC123", "db-* names like `db-<generated>`"),
            ("stack-Bucket-1A2B3C4D5E6Z", "stack-Bucket-* names like `stack-Bucket-<generated>`"),
            ("7be43f0a", "* hexadecimal numbers"),
            ("[$LATEST]0123456789abcdef0123456789abcdef", "[$LATEST]* names like `[$LATEST]<hex>`"),
            ("0123456789", "* numbers"),
            ("part-00017.json", "part-*.json names like `part-<number>.json`"),
            ("deadbeef", "literal"),
            ("x.json", "literal"),
            ("web-config", "literal"),
            ("orders-v12", "literal"),
            ("clip.mp4", "literal"),
            ("Report2026v2", "literal"),
            ("überblick", "literal"),
            ("日本-7", "日本-* names like `日本-<number>`"),
            ("/", "literal"),
            ("", "literal"),
            ("a*", "open"),
            ("db-??????", "open"),
        ] {
            assert_eq!(template(segment), expected, "{segment}");
        }
    }
}
