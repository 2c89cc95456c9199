//! Whether a source says what is in force: opaque parts may be anything, all else must be the same.

use remit_policy::rbac::{self, Bound};
use remit_policy::{Document, Statement as Given};
use serde_json::Value;

use crate::place::Reason;
use crate::rule::Rule;
use crate::statement::Statement;
use crate::text::{Fit, Piece, Text};

/// For each statement of a source, the place of that in force which it is. None where they do not pair.
pub(crate) fn pair(statements: &[Statement], document: &Document) -> Option<Vec<usize>> {
    if statements.len() != document.statements.len() {
        return None;
    }
    let mut taken = vec![false; statements.len()];
    let mut pairs = Vec::with_capacity(statements.len());
    for (at, statement) in statements.iter().enumerate() {
        // Most are in the same order; what is not is looked for.
        let candidates = std::iter::once(at).chain(0..document.statements.len());
        let mut fitting = candidates.filter(|other| {
            let is_free = taken.get(*other).is_some_and(|taken| !taken);
            is_free && document.statements.get(*other).is_some_and(|given| is_statement(statement, given))
        });
        let other = fitting.next()?;
        *taken.get_mut(other)? = true;
        pairs.push(other);
    }
    Some(pairs)
}

/// Whether a statement of a source is that in force.
fn is_statement(own: &Statement, given: &Given) -> bool {
    let lower = |text: &str| text.to_ascii_lowercase();
    own.effect == Some(given.effect)
        && own.principals.is_none()
        && given.principal.is_none()
        && own.not_actions == given.actions.negated
        && is_list(&actions(own), &given.actions.patterns, lower)
        && match &given.resources {
            None => own.resources.items.is_empty(),
            Some(resources) => {
                own.not_resources == resources.negated
                    && (own.resources.reason.is_some()
                        || is_list(
                            &own.resources.items.iter().map(|one| one.text.clone()).collect::<Vec<_>>(),
                            &resources.patterns,
                            str::to_owned,
                        ))
            }
        }
        && are_conditions(own, given)
}

/// The actions of a statement: those of a name that the source defines itself, where all of them are known.
fn actions(own: &Statement) -> Vec<Text> {
    let said = own.actions.said();
    let is_followed = own.actions.reason.is_some() && said.iter().all(|text| text.known().is_some());
    match is_followed {
        true => said.into_iter().cloned().collect(),
        false => own.actions.items.iter().map(|one| one.text.clone()).collect(),
    }
}

/// What of a source says something that cannot be told, so that nobody knows whether it says what is in force.
pub(crate) fn untold(statements: &[Statement]) -> Option<Reason> {
    let mut reasons = statements.iter().flat_map(|one| &one.reasons);
    if let Some(reason) = reasons.find(|reason| reason.is_unread()) {
        return Some(reason.clone());
    }
    let texts = statements.iter().flat_map(|one| one.actions.items.iter().chain(&one.resources.items));
    let mut open = texts.filter(|token| matches!(token.text.pieces(), [Piece::Opaque(_)]));
    Some(Reason::Expression(open.next()?.text.to_string()))
}

fn are_conditions(own: &Statement, given: &Given) -> bool {
    let is_open = |text: &Text| text.known().is_none();
    if own.conditions.iter().any(|one| is_open(&one.operator) || is_open(&one.key)) {
        return true;
    }
    let mut own_keys: Vec<_> = own.conditions.iter().collect();
    given.conditions.iter().all(|condition| {
        let found = own_keys.iter().position(|own| {
            let values: Vec<String> = condition.values.iter().map(value).collect();
            own.operator.known() == Some(&condition.operator)
                && own.key.known().is_some_and(|key| key.eq_ignore_ascii_case(&condition.key))
                && is_list(&own.values, &values, str::to_owned)
        });
        found.map(|at| own_keys.remove(at)).is_some()
    }) && own_keys.is_empty()
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a list of a source can be the one in force, in whichever order: what is known is in it, and what is not is one of
/// what is left.
fn is_list(own: &[Text], given: &[String], normal: impl Fn(&str) -> String) -> bool {
    let mut left: Vec<String> = given.iter().map(|text| normal(text)).collect();
    left.sort();
    left.dedup();
    let mut open = Vec::new();
    let mut known = Vec::new();
    for text in own {
        match text.known() {
            Some(text) => known.push(normal(text)),
            None => open.push(text.mapped(&normal)),
        }
    }
    known.sort();
    known.dedup();
    // Each is one of those in force. Two under different names may be the same there, but not so that it could be told; and to try all
    // ways to pair lists of other lengths would take for ever.
    if known.len() + open.len() != left.len() {
        return false;
    }
    for text in &known {
        match left.iter().position(|other| other == text) {
            Some(at) => {
                left.remove(at);
            }
            None => return false,
        }
    }
    assigned(&open, &left)
}

/// Most opaque texts of one list for which all ways to pair them are tried.
const PAIRED: usize = 8;

/// Whether each open text can be another of those that are left, which are as many.
fn assigned(open: &[Text], left: &[String]) -> bool {
    let Some((first, rest)) = open.split_first() else { return true };
    let fits = left.iter().enumerate().filter(|(_, text)| first.fit(text) != Fit::No);
    let tries = if open.len() > PAIRED { 1 } else { usize::MAX };
    fits.take(tries).any(|(at, _)| {
        let mut others = left.to_vec();
        others.remove(at);
        assigned(rest, &others)
    })
}

/// Whether rules of a source allow the same as those in force.
pub(crate) fn is_same(own: &[Rule], given: &[rbac::Rule]) -> bool {
    let Some(own) = own.iter().map(Rule::known).collect::<Option<Vec<_>>>() else { return false };
    let own: Vec<Bound<'_>> = own.iter().map(|rule| Bound { namespace: None, rule }).collect();
    let given: Vec<Bound<'_>> = given.iter().map(|rule| Bound { namespace: None, rule }).collect();
    rbac::excess(&own, &given).is_none() && rbac::excess(&given, &own).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(before: &str) -> Text {
        let mut text = Text::literal(before);
        text.push_opaque("${a}");
        text
    }

    #[test]
    fn open_texts_are_each_one_of_those_in_force() {
        let given = ["a1", "a2", "b"].map(str::to_owned);
        let is = |own: &[Text]| is_list(own, &given, str::to_owned);
        assert!(is(&[open("a"), open(""), Text::literal("a2")]) && is(&[open(""), open("a"), open("a")]));
        assert!(!is(&[open("b"), open("b"), open("a")]) && !is(&[open(""), open("")]));
    }

    #[test]
    fn lists_of_other_lengths_are_told_apart_at_once() {
        let given: Vec<String> = (0..200).map(|number| format!("a{number}")).collect();
        let own: Vec<Text> = (0..PAIRED).map(|_| open("a")).collect();
        assert!(!is_list(&own, &given, str::to_owned));
    }
}
