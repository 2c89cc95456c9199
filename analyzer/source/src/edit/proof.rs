//! An edited source is read again and shown to say what the proposal says.

use remit_policy::{Document, Effect, Matcher, PolicySet, Statement as Given, contain};

use super::{NoEdit, Options};
use crate::content;
use crate::place::{Content, Place};
use crate::proposal::PolicyChange;
use crate::repository::Repository;
use crate::statement::Statement;
use crate::text::Fit;

/// Shows that the place says what the proposal says, and every other place what it said.
pub(super) fn policy(
    old: &Repository,
    new: &Repository,
    place: usize,
    change: &PolicyChange,
    options: Options,
) -> Result<(), NoEdit> {
    let (before, after) = same_place(old, new, place)?;
    let (Content::Statements(before), Content::Statements(after)) = (&before.content, &after.content) else {
        return Err(unproven("it is no policy any more"));
    };
    let pairs = content::pair(before, &change.before).ok_or_else(|| unproven("it was another policy"))?;
    let edited = resolved(before, &pairs, after, &change.before)?;
    let today = PolicySet::new(&[&change.before], None);
    let proposed: Vec<&Document> = change.after.iter().map(|(_, document)| document).collect();
    let (proposed_set, edited_set) = (PolicySet::new(&proposed, None), PolicySet::new(&[&edited], None));
    contain(&edited_set, &today)
        .map_err(|why| unproven(&format!("it would allow more than today: {why}")))?;
    contain(&proposed_set, &edited_set)
        .map_err(|why| unproven(&format!("it would lack something: {why}")))?;
    if options.resources {
        return contain(&edited_set, &proposed_set)
            .map_err(|why| unproven(&format!("it would allow more than proposed: {why}")));
    }
    // By actions alone it says the same; resources stay as they were.
    let actions: Vec<Document> = proposed.iter().map(|document| anywhere(document)).collect();
    let actions = PolicySet::new(&actions.iter().collect::<Vec<_>>(), None);
    let edited = anywhere(&edited);
    contain(&PolicySet::new(&[&edited], None), &actions)
        .map_err(|why| unproven(&format!("it would allow more actions than proposed: {why}")))
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
    document: &Document,
) -> Result<Document, NoEdit> {
    let mut rest = before.iter().zip(pairs);
    let mut statements = Vec::new();
    for new in after {
        // Statements keep their order, so the next of those before that can be it is it.
        let pair = rest.find(|(old, _)| is_left_of(old, new)).map(|(_, pair)| *pair);
        let given = pair.and_then(|pair| document.statements.get(pair));
        let given = given.ok_or_else(|| unproven("a statement is another"))?;
        let actions = Matcher { negated: new.not_actions, patterns: patterns(new, given), bare: false };
        statements.push(Given { actions, ..given.clone() });
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

/// Whether a statement is what is left of another: all but its actions is the same.
fn is_left_of(old: &Statement, new: &Statement) -> bool {
    let texts = |statement: &Statement| -> Vec<_> {
        statement.resources.items.iter().map(|token| token.text.clone()).collect()
    };
    old.effect == new.effect
        && old.sid == new.sid
        && old.not_actions == new.not_actions
        && old.not_resources == new.not_resources
        && texts(old) == texts(new)
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
