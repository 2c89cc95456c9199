//! A source's statements as a policy document. What is only known once the source is rendered stands for itself: it is equal to
//! the same expression, and to nothing else.

use std::fmt::Write as _;

use remit_policy::{Condition, Document, Effect, Matcher, Statement as Given};
use remit_source::{Piece, Reason, Statement, Text, Tokens};
use serde_json::Value;

/// A document, with what of it is not certain.
pub(super) struct Written {
    /// The document; its statements that allow or deny something, in their order.
    pub(super) document: Document,
    /// For each statement of the document its place among those of the source.
    pub(super) from: Vec<usize>,
    /// Why a statement's actions cannot be told, by its place among those of the source.
    pub(super) open: Vec<(usize, String)>,
}

/// The document of statements. Those that say who may use a resource, or become a role, are no grants of an identity.
pub(super) fn of(statements: &[Statement]) -> Written {
    let mut written = Written {
        document: Document {
            version: Some("2012-10-17".to_owned()),
            id: None,
            statements: Vec::new(),
            single_statement: false,
        },
        from: Vec::new(),
        open: Vec::new(),
    };
    for (at, statement) in statements.iter().enumerate().filter(|(_, one)| !one.has_principals) {
        if let Some(why) = open(statement) {
            written.open.push((at, why));
        }
        let Some(effect) = statement.effect else { continue };
        let actions =
            Matcher { negated: statement.not_actions, patterns: texts(&statement.actions), bare: false };
        let resources =
            Matcher { negated: statement.not_resources, patterns: texts(&statement.resources), bare: false };
        let conditions = statement.conditions.iter().map(|one| Condition {
            operator: text(&one.operator),
            key: text(&one.key),
            values: one.values.iter().map(|value| Value::String(text(value))).collect(),
            bare: false,
        });
        written.document.statements.push(Given {
            sid: statement.sid.as_ref().map(text),
            effect,
            actions,
            resources: Some(resources),
            principal: None,
            conditions: conditions.collect(),
            line: statement.line,
        });
        written.from.push(at);
    }
    written
}

/// What statements say, without where they say it.
pub(super) fn said(statements: &[Statement]) -> Vec<Given> {
    let written = of(statements).document.statements;
    written.into_iter().map(|statement| Given { line: 0, ..statement }).collect()
}

/// Why it cannot be told what a statement grants.
fn open(statement: &Statement) -> Option<String> {
    let Some(effect) = statement.effect else { return Some("its effect is an expression".to_owned()) };
    if effect == Effect::Deny {
        return None;
    }
    if let Some(Reason::Dynamic | Reason::Template | Reason::Macro(_)) = statement
        .reasons
        .iter()
        .find(|why| matches!(why, Reason::Dynamic | Reason::Template | Reason::Macro(_)))
    {
        let why = statement.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        return Some(why);
    }
    let of_actions = statement.actions.items.iter().find(|token| token.text.known().is_none());
    of_actions.map(|token| format!("`{}` says which actions it allows", token.text))
}

fn texts(tokens: &Tokens) -> Vec<String> {
    tokens.items.iter().map(|token| text(&token.text)).collect()
}

/// A text in which opaque parts have neither wildcards nor variables.
pub(super) fn text(text: &Text) -> String {
    let mut all = String::new();
    for piece in text.pieces() {
        match piece {
            Piece::Literal(literal) => all.push_str(literal),
            Piece::Opaque(source) => {
                all.push('<');
                for letter in source.trim().chars() {
                    match letter {
                        '*' | '?' | '$' | '{' | '}' | '\n' | '\r' => {
                            // An expression with another of these is another expression.
                            let _ = write!(all, "%{:02x}", u32::from(letter));
                        }
                        other => all.push(other),
                    }
                }
                all.push('>');
            }
        }
    }
    all
}
