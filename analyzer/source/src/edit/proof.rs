//! An edited source is read again and shown to say what the proposal says.

use remit_policy::{
    Document, Effect, MANAGED_LIMIT, Matcher, PolicySet, PrincipalKind, Statement as Given, contain,
    inline_limit,
};

use super::policy::Edit;
use super::{NoEdit, Options};
use crate::content;
use crate::place::{Content, Place};
use crate::proposal::PolicyChange;
use crate::repository::Repository;
use crate::statement::Statement;
use crate::text::Fit;

/// Shows that the place says what the proposal says, and every other place what it said. What is left wider than it is proposed
/// is what the edit says it leaves.
pub(super) fn policy(
    old: &Repository,
    new: &Repository,
    place: usize,
    change: &PolicyChange,
    edit: &Edit,
    options: Options,
) -> Result<(), NoEdit> {
    let (before, after) = same_place(old, new, place)?;
    let (Content::Statements(before), Content::Statements(after)) = (&before.content, &after.content) else {
        return Err(unproven("it is no policy any more"));
    };
    let pairs = content::pair(before, &change.before).ok_or_else(|| unproven("it was another policy"))?;
    let edited = resolved(before, &pairs, after, &edit.origins, &change.before)?;
    let today = PolicySet::new(&[&change.before], None);
    let mut proposed: Vec<&Document> = change.after.iter().map(|(_, document)| document).collect();
    let (proposed_set, edited_set) = (PolicySet::new(&proposed, None), PolicySet::new(&[&edited], None));
    contain(&edited_set, &today)
        .map_err(|why| unproven(&format!("it would allow more than today: {why}")))?;
    contain(&proposed_set, &edited_set)
        .map_err(|why| unproven(&format!("it would lack something: {why}")))?;
    // Several statements of one are longer than it was; a proposal that is too long for one policy is one of several.
    let limit = if change.arn.is_some() { MANAGED_LIMIT } else { inline_limit(PrincipalKind::Role) };
    if edited.size() > limit.max(change.before.size()) {
        return Err(unproven("it would be longer than the provider takes"));
    }
    // By actions alone it says the same, whatever resources stay as they were.
    let open: Vec<Document> = proposed.iter().map(|document| anywhere(document)).collect();
    let open = PolicySet::new(&open.iter().collect::<Vec<_>>(), None);
    contain(&PolicySet::new(&[&anywhere(&edited)], None), &open)
        .map_err(|why| unproven(&format!("it would allow more actions than proposed: {why}")))?;
    if !options.resources {
        return Ok(());
    }
    let is_wide = |at: &usize| edit.wide.iter().any(|wide| wide.statement == *at);
    let wide = edited.statements.iter().zip(&edit.origins).filter(|(_, at)| is_wide(at));
    let wide = Document { statements: wide.map(|(one, _)| one.clone()).collect(), ..edited.clone() };
    proposed.push(&wide);
    contain(&edited_set, &PolicySet::new(&proposed, None))
        .map_err(|why| unproven(&format!("it would allow more than proposed: {why}")))
}

pub(super) fn unproven(why: &str) -> NoEdit {
    NoEdit::Because(format!("the edit could not be proven: {why}"))
}

/// The place before and after; all others have to say what they said.
pub(super) fn same_place<'a>(
    old: &'a Repository,
    new: &'a Repository,
    place: usize,
) -> Result<(&'a Place, &'a Place), NoEdit> {
    let pairs = old.same_places(new).ok_or_else(|| unproven("other policies came or went"))?;
    let mut found = None;
    for (at, (before, pair)) in old.places.iter().zip(pairs).enumerate() {
        let Some(after) = new.places.get(pair) else { continue };
        if at == place {
            found = Some((before, after));
        } else if !before.content.is_same(&after.content) {
            return Err(unproven("other policies changed"));
        }
    }
    found.ok_or_else(|| unproven("it is gone"))
}

/// The edited statements with what was in force where the source does not tell: each is what is left of one that was there.
fn resolved(
    before: &[Statement],
    pairs: &[usize],
    after: &[Statement],
    origins: &[usize],
    document: &Document,
) -> Result<Document, NoEdit> {
    let other = || unproven("a statement is another");
    if after.len() != origins.len() {
        return Err(other());
    }
    // What denies does so to other policies' statements, too, so that what this policy allows does not show whether it is there.
    let denials = before.iter().enumerate().filter(|(_, old)| !is_narrowable(old));
    if denials.map(|(at, _)| origins.iter().filter(|one| **one == at).count()).any(|count| count != 1) {
        return Err(other());
    }
    let mut statements = Vec::new();
    for (new, at) in after.iter().zip(origins) {
        let old = before.get(*at).filter(|old| is_left_of(old, new)).ok_or_else(other)?;
        let given = pairs.get(*at).and_then(|pair| document.statements.get(*pair)).ok_or_else(other)?;
        let matcher = |negated, patterns| Matcher { negated, patterns, bare: false };
        let resources = match old.resources.is_same(&new.resources) {
            true => given.resources.clone(),
            false => {
                let known =
                    new.resources.known().filter(|_| new.resources.reason.is_none()).ok_or_else(other)?;
                Some(matcher(new.not_resources, known.into_iter().map(str::to_owned).collect()))
            }
        };
        let actions = matcher(new.not_actions, patterns(new, given));
        statements.push(Given { actions, resources, ..given.clone() });
    }
    Ok(Document { statements, ..document.clone() })
}

/// The actions of a statement; those that its source does not tell are those in force that they can be.
fn patterns(own: &Statement, given: &Given) -> Vec<String> {
    let mut all = Vec::new();
    for token in &own.actions.items {
        match token.text.known() {
            Some(text) => all.push(text.to_owned()),
            None => all
                .extend(given.actions.patterns.iter().filter(|one| token.text.fit(one) != Fit::No).cloned()),
        }
    }
    all
}

/// Whether anything of a statement may go.
fn is_narrowable(statement: &Statement) -> bool {
    statement.effect == Some(Effect::Allow) && !statement.not_actions
}

/// Whether a statement is what is left of another, or of a part of it: all but its actions, its resources and the number behind
/// its name is the same.
fn is_left_of(old: &Statement, new: &Statement) -> bool {
    let is_named = match (&old.sid, &new.sid) {
        (Some(old), Some(new)) if old.text != new.text => {
            let rest = new.text.known().zip(old.text.known()).and_then(|(new, old)| new.strip_prefix(old));
            rest.is_some_and(|rest| rest.bytes().all(|digit| digit.is_ascii_digit()))
        }
        (old, new) => old.is_some() == new.is_some(),
    };
    let is_kept = old.actions.is_same(&new.actions) && old.resources.is_same(&new.resources);
    is_named
        && (is_kept || is_narrowable(old))
        && old.effect == new.effect
        && old.not_actions == new.not_actions
        && old.not_resources == new.not_resources
        && old.principals == new.principals
        && old.conditions == new.conditions
}

/// A document with its allow statements on every resource, and without those that deny.
fn anywhere(document: &Document) -> Document {
    let all = Matcher { negated: false, patterns: vec!["*".to_owned()], bare: true };
    let allows = document.statements.iter().filter(|statement| statement.effect == Effect::Allow);
    let open = allows.map(|statement| Given {
        resources: Some(all.clone()),
        conditions: Vec::new(),
        ..statement.clone()
    });
    Document { statements: open.collect(), ..document.clone() }
}

#[cfg(test)]
mod tests;
