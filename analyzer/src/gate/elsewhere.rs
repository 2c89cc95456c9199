//! Expressions as patterns: what is not known stands for itself, and for what it refers to, which may change where that is written.

use std::fmt::Write as _;

use remit_source::{Inputs, Piece, Text, Tokens};
use sha2::{Digest as _, Sha256};

/// A text as a pattern, in which opaque parts have neither wildcards nor variables.
pub(super) fn text(text: &Text) -> String {
    let mut all = String::new();
    for piece in text.pieces() {
        match piece {
            Piece::Literal(literal) => all.push_str(literal),
            Piece::Opaque(expression) => {
                let source = expression.source().trim();
                all.push('<');
                match cut(source) {
                    Some((start, rest)) => {
                        start.chars().for_each(|sign| push_plain(&mut all, sign));
                        let digest = Sha256::digest(rest);
                        all.push('…');
                        for byte in digest.iter().take(16) {
                            let _ = write!(all, "{byte:02x}");
                        }
                    }
                    None => source.chars().for_each(|sign| push_plain(&mut all, sign)),
                }
                if let Some(mark) = expression.mark() {
                    all.push(MARK);
                    all.push_str(mark);
                }
                all.push('>');
            }
        }
    }
    all
}

/// The same of each text of a list.
pub(super) fn texts(tokens: &Tokens) -> Vec<String> {
    tokens.said().into_iter().map(text).collect()
}

/// Letters of an expression in a pattern, since what decides about patterns takes longer the longer they are.
const LONGEST: usize = 200;

/// The start of a long expression, and the rest of it; none of a short one.
fn cut(expression: &str) -> Option<(&str, &str)> {
    let (end, _) = expression.char_indices().nth(LONGEST)?;
    Some(expression.split_at(end))
}

/// What stands between an expression and its mark.
const MARK: char = '\u{1f}';

/// Signs that a pattern reads as something else, or that would not stay in one line.
fn push_plain(all: &mut String, sign: char) {
    match sign {
        '*' | '?' | '$' | '{' | '}' | '<' | '>' | '%' | '\n' | '\r' | MARK => {
            let _ = write!(all, "%{:02x}", u32::from(sign));
        }
        other => all.push(other),
    }
}

/// Whether part of a pattern is an expression.
pub(super) fn is_open(pattern: &str) -> bool {
    pattern.contains('<')
}

/// A pattern as the source writes it: the expressions in it as they are.
pub(super) fn shown(pattern: &str) -> String {
    let mut all = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('<') {
        let Some((inner, behind)) = after.split_once('>') else { break };
        all.push_str(before);
        let source = inner.split([MARK, '…']).next().map(plain).unwrap_or_default();
        let cut = if inner.contains('…') { "…" } else { "" };
        let _ = match source.starts_with("${") {
            true => write!(all, "{source}{cut}"),
            false => write!(all, "${{{source}{cut}}}"),
        };
        rest = behind;
    }
    all.push_str(rest);
    all
}

/// Takes back what [`push_plain`] did.
fn plain(text: &str) -> String {
    let mut all = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        all.push_str(before);
        let code = after.get(..2).and_then(|code| u32::from_str_radix(code, 16).ok());
        match code.and_then(char::from_u32) {
            Some(sign) => {
                all.push(sign);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                all.push('%');
                rest = after;
            }
        }
    }
    all.push_str(rest);
    all
}

/// In words, that what expressions refer to is another than before; none where it is not.
pub(super) fn changed(now: &Inputs, before: &Inputs) -> Option<String> {
    match now.other_than(before).as_slice() {
        [] => None,
        [one] => Some(format!("{} says something else than before", quoted(one))),
        [one, other] => Some(format!("{} and {} say something else than before", quoted(one), quoted(other))),
        [first, more @ ..] => {
            Some(format!("{} and {} others say something else than before", quoted(first), more.len()))
        }
    }
}

/// A name, which is quoted where the source writes it so.
fn quoted(name: &str) -> String {
    if name.starts_with("the ") { name.to_owned() } else { format!("`{name}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_shown_as_it_is_written() {
        let mut of_map = Text::literal("arn:aws:s3:::");
        of_map.push_opaque("${var.a[\"x\"] > 1 ? \"a%\" : \"b*\"}");
        of_map.push("/*");
        let pattern = text(&of_map);
        assert_eq!(pattern.matches(['*', '?', '$', '{', '>']).collect::<String>(), ">*");
        assert_eq!(shown(&pattern), of_map.to_string());
        assert_eq!(shown(&text(&Text::opaque("aws_s3_bucket.b.arn"))), "${aws_s3_bucket.b.arn}");
        assert_eq!((shown("s3:Get*"), shown("a<b")), ("s3:Get*".to_owned(), "a<b".to_owned()));
    }

    #[test]
    fn long_expressions_are_told_apart_by_all_of_them() {
        let long = |end: &str| text(&Text::opaque(format!("{}{end}", "local.a ".repeat(500))));
        assert!(long("b").len() < 300 && long("b") != long("c") && long("b") == long("b"));
        assert!(shown(&long("b")).ends_with("…}"));
    }
}
