//! A source's statements as a policy document. What is only known once the source is rendered stands for itself: it is equal to
//! the same expression, and to nothing else.

use super::elsewhere::{text, texts};
use super::guest::Guest;
use remit_policy::{Condition, Document, Effect, Matcher, Statement as Given};
use remit_source::{Reason, Statement};
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

/// The same of a resource's policy, a statement for each whom it names.
pub(super) struct ForGuests {
    pub(super) document: Document,
    pub(super) from: Vec<usize>,
    /// Whom each statement of the document names.
    pub(super) guests: Vec<Guest>,
    pub(super) open: Vec<(usize, String)>,
}

/// The key of a condition that says whom a statement names. No request has it, and no policy does.
const GUEST: &str = "remit:guest";

/// The document of statements that say who may. A statement that denies stays one, since it is for all whom it names. Where `is_wide`, an
/// account stands for whoever is in it.
pub(super) fn for_guests(statements: &[Statement], is_wide: bool) -> ForGuests {
    let mut written =
        ForGuests { document: nothing(), from: Vec::new(), guests: Vec::new(), open: Vec::new() };
    for (at, statement) in statements.iter().enumerate() {
        let Some(principals) = &statement.principals else { continue };
        if let Some(why) = open(statement) {
            written.open.push((at, why));
        }
        let Some(mut given) = given(statement) else { continue };
        // A policy about who may become a role names no resource.
        if statement.resources.items.is_empty() {
            given.resources = Some(Matcher { negated: false, patterns: vec!["*".to_owned()], bare: false });
        }
        let mut guests: Vec<Guest> = principals.items.iter().map(Guest::of).collect();
        let is_everybody = guests.contains(&Guest::Everybody);
        match (principals.negated, given.effect) {
            (true, _) => guests = vec![Guest::AllBut(guests)],
            (false, _) if is_everybody => guests = vec![Guest::Everybody],
            _ => {}
        }
        // A denial of an account is one of all in it.
        let is_denial = given.effect == Effect::Deny;
        let of = |guest: &Guest| guest.patterns(is_wide || (is_denial && !principals.negated));
        let groups: Vec<Vec<Guest>> =
            if is_denial { vec![guests] } else { guests.into_iter().map(|guest| vec![guest]).collect() };
        for guests in groups {
            let Some(first) = guests.first() else { continue };
            let mut one = given.clone();
            if *first != Guest::Everybody {
                let operator = if principals.negated { "StringNotLike" } else { "StringLike" };
                let values = guests.iter().flat_map(of).map(Value::String).collect();
                let condition =
                    Condition { operator: operator.to_owned(), key: GUEST.to_owned(), values, bare: false };
                one.conditions.insert(0, condition);
            }
            written.guests.push(first.clone());
            written.document.statements.push(one);
            written.from.push(at);
        }
    }
    written
}

pub(super) fn nothing() -> Document {
    Document {
        version: Some("2012-10-17".to_owned()),
        id: None,
        statements: Vec::new(),
        single_statement: false,
    }
}

/// The document of statements. Those that say who may use a resource, or become a role, are no grants of an identity.
pub(super) fn of(statements: &[Statement]) -> Written {
    let mut written = Written { document: nothing(), from: Vec::new(), open: Vec::new() };
    for (at, statement) in statements.iter().enumerate().filter(|(_, one)| one.principals.is_none()) {
        if let Some(why) = open(statement) {
            written.open.push((at, why));
        }
        let Some(given) = given(statement) else { continue };
        written.document.statements.push(given);
        written.from.push(at);
    }
    written
}

/// A statement, without whom it names; none where its effect is not known.
fn given(statement: &Statement) -> Option<Given> {
    let conditions = statement.conditions.iter().map(|one| Condition {
        operator: text(&one.operator),
        key: text(&one.key),
        values: one.values.iter().map(|value| Value::String(text(value))).collect(),
        bare: false,
    });
    Some(Given {
        sid: statement.sid.as_ref().map(|sid| text(&sid.text)),
        effect: statement.effect?,
        actions: Matcher { negated: statement.not_actions, patterns: texts(&statement.actions), bare: false },
        resources: Some(Matcher {
            negated: statement.not_resources,
            patterns: texts(&statement.resources),
            bare: false,
        }),
        principal: None,
        conditions: conditions.collect(),
        line: statement.line,
    })
}

/// What statements say, without where they say it. One whose effect is an expression says it as one that allows, with that expression.
pub(super) fn said(statements: &[Statement]) -> Vec<(Given, Option<String>)> {
    let of_one = |one: &Statement| {
        let effect = one.open_effect.as_ref().map(text);
        let mut one = one.clone();
        one.effect = one.effect.or(Some(Effect::Allow));
        let alone = std::slice::from_ref(&one);
        let of_guests = for_guests(alone, false).document.statements;
        let written = of(alone).document.statements.into_iter().chain(of_guests);
        written.map(|given| (Given { line: 0, ..given }, effect.clone())).collect::<Vec<_>>()
    };
    statements.iter().flat_map(of_one).collect()
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
    let of_actions = statement.actions.said().into_iter().find(|text| text.known().is_none());
    of_actions.map(|text| format!("`{text}` says which actions it allows"))
}

/// Whether a statement of a resource's policy says who may become a role.
pub(super) fn is_of_trust(given: &Given) -> bool {
    given.actions.patterns.iter().all(|one| one.to_ascii_lowercase().starts_with("sts:"))
}
