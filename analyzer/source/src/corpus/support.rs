//! What tests of the corpus share: policies with made-up values for what is not known, and samples of what is taken away.

use std::collections::BTreeSet;

use crate::{Form, Piece, Place, Statement, Text};
use remit_policy::{Condition, Document, Effect, Matcher, Statement as Given};
use serde_json::Value;

/// A text with something in the place of what is not known.
pub(crate) fn fill(text: &Text, salt: usize) -> String {
    let mut all = String::new();
    for piece in text.pieces() {
        match piece {
            Piece::Literal(text) => all.push_str(text),
            Piece::Opaque(_) => all.push_str(&format!("opaque{salt}")),
        }
    }
    all
}

/// The same of a name that may not be there.
pub(crate) fn filled(text: &Option<Text>) -> String {
    text.as_ref().map_or_else(|| "unnamed".to_owned(), |text| fill(text, 0))
}

/// What the policy of a place is called, which its file is called like where nothing else says it.
pub(crate) fn called(place: &Place) -> String {
    match place.form {
        Form::Document if place.names.name.is_none() => place.address.clone(),
        _ => filled(&place.names.name),
    }
}

/// The policy that statements make without some of their actions.
pub(crate) fn document(statements: &[Statement], gone: &BTreeSet<(usize, usize)>) -> Document {
    let mut all = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let actions = statement.actions.items.iter().enumerate();
        let actions = actions.filter(|(token, _)| !gone.contains(&(at, *token)));
        let patterns: Vec<String> = actions.map(|(salt, token)| fill(&token.text, salt)).collect();
        if patterns.is_empty() {
            continue;
        }
        let resources = statement.resources.items.iter().enumerate();
        let resources: Vec<String> = resources.map(|(salt, token)| fill(&token.text, salt)).collect();
        let conditions = statement.conditions.iter().map(|condition| Condition {
            operator: fill(&condition.operator, 0),
            key: fill(&condition.key, 0),
            values: condition
                .values
                .iter()
                .enumerate()
                .map(|(at, text)| Value::from(fill(text, at)))
                .collect(),
            bare: false,
        });
        all.push(Given {
            sid: None,
            effect: statement.effect.unwrap_or(Effect::Deny),
            actions: Matcher { negated: statement.not_actions, patterns, bare: false },
            resources: (!resources.is_empty()).then_some(Matcher {
                negated: statement.not_resources,
                patterns: resources,
                bare: false,
            }),
            principal: None,
            conditions: conditions.collect(),
            line: 0,
        });
    }
    let version = Some("2012-10-17".to_owned());
    Document { version, id: None, statements: all, single_statement: false }
}

/// Subsets: all of few things, and of many some, always the same.
pub(crate) struct Sample;

impl Sample {
    pub(crate) fn of<T: Copy + Ord>(all: &[T]) -> Vec<BTreeSet<T>> {
        if all.len() <= 6 {
            return (0..1_u32 << all.len())
                .map(|bits| {
                    all.iter()
                        .enumerate()
                        .filter(|(at, _)| bits >> at & 1 == 1)
                        .map(|(_, one)| *one)
                        .collect()
                })
                .collect();
        }
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        let mut samples: Vec<BTreeSet<T>> = all.iter().map(|one| BTreeSet::from([*one])).collect();
        for _ in 0..40 {
            let bits = next();
            samples.push(
                all.iter()
                    .enumerate()
                    .filter(|(at, _)| bits >> (at % 64) & 1 == 1)
                    .map(|(_, one)| *one)
                    .collect(),
            );
        }
        samples
    }
}
