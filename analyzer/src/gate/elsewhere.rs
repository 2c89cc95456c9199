//! What expressions stand for is written elsewhere, and may change there: then an expression that stays is another one.

use remit_source::{Inputs, Piece, Text, Tokens};
use sha2::{Digest as _, Sha256};

/// Text patterns of one statement or rule: what is not known stands for itself and for what it refers to.
pub(super) struct Patterns<'a>(
    /// What its expressions refer to.
    pub(super) &'a Inputs,
);

impl Patterns<'_> {
    /// A text in which opaque parts have neither wildcards nor variables.
    pub(super) fn text(&self, text: &Text) -> String {
        let mut all = String::new();
        for piece in text.pieces() {
            match piece {
                Piece::Literal(literal) => all.push_str(literal),
                Piece::Opaque(source) => {
                    all.push('<');
                    source.trim().chars().for_each(|sign| push_plain(&mut all, sign));
                    all.push_str(&self.mark(source));
                    all.push('>');
                }
            }
        }
        all
    }

    /// What tells an expression apart that refers to something else; empty where it refers to nothing.
    fn mark(&self, expression: &str) -> String {
        let behind = self.0.behind(expression);
        if behind.is_empty() {
            return String::new();
        }
        let digest = Sha256::digest(behind.written());
        let mark: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{MARK}{mark}")
    }

    /// The same of each text of a list.
    pub(super) fn texts(&self, tokens: &Tokens) -> Vec<String> {
        tokens.said().into_iter().map(|text| self.text(text)).collect()
    }
}

/// What stands before that by which expressions are told apart.
const MARK: char = '\u{1f}';

/// Signs that a pattern reads as something else, or that would not stay in one line.
fn push_plain(all: &mut String, sign: char) {
    match sign {
        '*' | '?' | '$' | '{' | '}' | '<' | '>' | '%' | '\n' | '\r' | MARK => {
            all.push_str(&format!("%{:02x}", u32::from(sign)));
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
        let source = plain(inner.split(MARK).next().unwrap_or_default());
        match source.starts_with("${") {
            true => all.push_str(&source),
            false => all.push_str(&format!("${{{source}}}")),
        }
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
        [one] => Some(format!("`{one}` says something else than before")),
        [first, more @ ..] => {
            Some(format!("`{first}` and {} more say something else than before", more.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_shown_as_it_is_written() {
        let inputs = Inputs::default();
        let none = Patterns(&inputs);
        let mut text = Text::literal("arn:aws:s3:::");
        text.push_opaque("${var.a[\"x\"] > 1 ? \"a%\" : \"b*\"}");
        text.push("/*");
        let pattern = none.text(&text);
        assert_eq!(pattern.matches(['*', '?', '$', '{', '>']).collect::<String>(), ">*");
        assert_eq!(shown(&pattern), text.to_string());
        assert_eq!(shown(&none.text(&Text::opaque("aws_s3_bucket.b.arn"))), "${aws_s3_bucket.b.arn}");
        assert_eq!(shown("s3:Get*"), "s3:Get*");
        assert_eq!(shown("a<b"), "a<b");
    }
}
