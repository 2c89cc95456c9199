//! Edits of policies of AWS: which actions of which statements go.

use std::collections::BTreeSet;

use remit_policy::{Document, Effect, Glob, PolicySet, Statement as Given, contain};

use super::plan::{Fate, Plan};
use super::{Cuts, NoEdit, because};
use crate::content;
use crate::place::Content;
use crate::proposal::PolicyChange;
use crate::repository::Repository;

/// The cuts that leave of a place what a proposal leaves.
pub(super) fn edit(
    repository: &Repository,
    place: usize,
    is_equal: bool,
    change: &PolicyChange,
) -> Result<Cuts, NoEdit> {
    let place = repository.places.get(place).ok_or_else(|| because("it was not found"))?;
    match change.edit.as_str() {
        "put_inline" | "new_version" => {}
        "remove" => return Err(because("nothing of it is needed: take it away with what attaches it")),
        "replace" => return Err(because("others have it too, so this principal needs a policy of its own")),
        _ => return Err(because("how it is attached changes, not what it says")),
    }
    if let Some(reason) = place.reasons.first() {
        return Err(NoEdit::Reason(reason.clone()));
    }
    let Content::Statements(statements) = &place.content else {
        return Err(because("what it says is not known"));
    };
    let pairs = match is_equal {
        true => content::pair(statements, &change.before),
        false => None,
    };
    let pairs = pairs.ok_or_else(|| because("it says something else than what is in force"))?;
    let mut plan = Plan::new(repository);
    let mut left = 0;
    for (statement, pair) in statements.iter().zip(pairs) {
        let Some(given) = change.before.statements.get(pair) else { continue };
        if statement.effect != Some(Effect::Allow) || statement.not_actions {
            left += 1;
            continue;
        }
        let stays = kept(given, change);
        let fates: Vec<Fate> = statement
            .actions
            .items
            .iter()
            .map(|token| token.text.known().map_or(Ok(Fate::Stays), |text| fate(text, &stays)))
            .collect::<Result<_, _>>()?;
        if fates.iter().all(|fate| *fate == Fate::Goes) {
            plan.take(statement.file, &statement.span, &statement.removal, &statement.reasons)?;
            continue;
        }
        left += 1;
        if fates.iter().any(|fate| *fate != Fate::Stays) {
            plan.narrow(statement.file, &statement.actions, &fates, &statement.reasons)?;
        }
    }
    if left == 0 {
        return Err(because("nothing of it would be left: take it away with what attaches it"));
    }
    plan.done()
}

/// The action patterns that the proposal leaves of a statement.
fn kept(given: &Given, change: &PolicyChange) -> BTreeSet<String> {
    let old = alone(&change.before, given);
    let old = PolicySet::new(&[&old], None);
    let mut kept = BTreeSet::new();
    for (_, document) in &change.after {
        for statement in document.statements.iter().filter(|one| one.effect == Effect::Allow) {
            let new = alone(document, statement);
            if contain(&PolicySet::new(&[&new], None), &old).is_ok() && !statement.actions.negated {
                kept.extend(statement.actions.patterns.iter().cloned());
            }
        }
    }
    kept
}

/// A document of one statement.
fn alone(document: &Document, statement: &Given) -> Document {
    Document { statements: vec![statement.clone()], ..document.clone() }
}

/// What becomes of a pattern, given those that stay.
fn fate(text: &str, kept: &BTreeSet<String>) -> Result<Fate, NoEdit> {
    let own = Glob::action(text);
    let mut narrower = Vec::new();
    for other in kept {
        let glob = Glob::action(other);
        if own.is_included_in(&[&glob]) {
            return Ok(Fate::Stays);
        }
        if glob.is_included_in(&[&own]) {
            narrower.push(other.clone());
        } else if own.intersects(&glob) {
            return Err(NoEdit::Because(format!("`{text}` and `{other}` have only a part in common")));
        }
    }
    Ok(if narrower.is_empty() { Fate::Goes } else { Fate::Becomes(narrower) })
}

/// What to write where nothing was edited.
pub(super) fn suggestion(change: &PolicyChange) -> String {
    change.after.iter().map(|(_, document)| document.emit()).collect::<Vec<_>>().join("\n")
}
