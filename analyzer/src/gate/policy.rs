//! What a policy of AWS grants that it did not grant before, statement by statement.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::AccessLevel;
use remit_policy::{
    ActionSet, Document, Effect, Expander, Gap, Matcher, PolicySet, Statement as Given, contain,
};
use remit_source::{Place, Reason, Repository, Statement};

use super::holders::{Held, Holder};
use super::{Growth, Input, Objection, Severity, document, elsewhere, others_than, review, shown, unjudged};
use crate::finding::worst_level;

/// Each statement that grants more, or of which it cannot be told.
pub(super) fn growth(
    input: &Input<'_>,
    expander: &mut Expander<'_>,
    head: &Place,
    base: Option<&Place>,
    held: &Held,
) -> Vec<Result<Growth, Box<Objection>>> {
    let statements = head.statements();
    let new = document::of(statements);
    let old = document::of(base.map(Place::statements).unwrap_or_default());
    let (olds, news) = ([old.document], [new.document.clone()]);
    let mut holders = held.holders(head);
    // Where nobody is known to have it, it is compared with itself.
    if holders.is_empty() {
        holders.push(Holder {
            had: if base.is_some() { &olds } else { &[] },
            has: &news,
            ..Holder::default()
        });
    }
    let mut grown: Vec<_> = unclear(input, head, base).into_iter().map(Err).collect();
    let (is_told, before) = (!grown.is_empty(), SaidBefore::of(base));
    for (at, why) in &new.open {
        let Some(statement) = statements.get(*at) else { continue };
        let was = before.has(statement);
        let other = before.stands_for_other(statement);
        // What something else says of the whole place is told once.
        if !(was || is_told && other.is_some()) {
            let why = other.map_or_else(|| why.clone(), |other| format!("{why}, and {other}"));
            grown.push(Err(unjudged(input, statement.file, statement.line, &head.address, &why)));
        }
    }
    for (statement, from) in new.document.statements.iter().zip(&new.from) {
        let is_open = new.open.iter().any(|(open, _)| open == from);
        let known = if is_open { known_part(statement) } else { Some(Cow::Borrowed(statement)) };
        let Some(statement) = known.as_deref().filter(|one| one.effect == Effect::Allow) else { continue };
        let more = holders.iter().find_map(|holder| {
            let alone = with_denials(holder.has, statement);
            let had: Vec<&Document> = holder.had.iter().collect();
            let example = contain(&PolicySet::new(&[&alone], None), &PolicySet::new(&had, None)).err()?;
            Some((holder, example))
        });
        let Some((holder, example)) = more else { continue };
        let Gained { new, widened } = gained(expander, holder, statement);
        let names: Vec<String> = names(input, &new);
        let level = level(input, &union(&new, &widened), is_all(statement));
        let why = match example.gap {
            Gap::NotAllowed | Gap::NotWithinBoundary if holder.had.is_empty() => {
                "by a policy that was not there"
            }
            Gap::NotAllowed | Gap::NotWithinBoundary => "which nothing allowed there before",
            Gap::Condition { .. } => "which was allowed under a condition that is gone or weaker",
            Gap::Denied(_) => "which was denied before",
            Gap::Undecided => "and what it allowed before is too large to compare",
        };
        let widened = self::names(input, &widened);
        let told = if names.is_empty() { &widened } else { &names };
        let action = telling(input, &example.action, told).to_owned();
        // The pattern of all resources tells more than the shortest that matches.
        let is_any =
            statement.resources.as_ref().is_some_and(|all| all.patterns.iter().any(|one| one == "*"));
        let resource = match example.gap {
            Gap::NotAllowed if is_any => "*".to_owned(),
            _ => example.resource,
        };
        let source = statements.get(*from);
        let other = source.and_then(|source| before.stands_for_other(source));
        let other = other.map(|other| format!("since {other}"));
        let why = other.as_deref().unwrap_or(why);
        let moved = source.and_then(|source| held.moved_from(source));
        let moved = moved.map(|from| format!("; moved from `{from}`")).unwrap_or_default();
        let is_wildcard = is_wide(statement);
        grown.push(Ok(Growth {
            rule: "new_privilege",
            severity: Severity::of_privilege(is_wildcard, level),
            file: shown(input.head, source.map_or(head.file, |one| one.file)),
            line: statement.line,
            address: head.address.clone(),
            identity: holder.name.clone().or_else(|| {
                let name = head.names.holder.as_ref().or(head.names.name.as_ref())?;
                name.known().map(str::to_owned)
            }),
            how: format!("allows `{action}` on `{}`, {why}{moved}", elsewhere::shown(&resource)),
            names,
            widened,
            level,
            is_wildcard,
            review: source.and_then(|source| {
                review::date(input.head, source.file, source.span.clone(), Some(statement))
            }),
            written: statement.actions.patterns.clone(),
        }));
    }
    grown
}

/// What a statement allows for certain, of which an expression says part: the actions that are written out.
fn known_part(statement: &Given) -> Option<Cow<'_, Given>> {
    let patterns = statement.actions.patterns.iter().filter(|one| !elsewhere::is_open(one));
    let patterns: Vec<String> = patterns.cloned().collect();
    let is_part = !statement.actions.negated && !patterns.is_empty();
    let actions = Matcher { patterns, ..statement.actions.clone() };
    is_part.then(|| Cow::Owned(Given { actions, ..statement.clone() }))
}

/// Actions of a statement that grow.
pub(super) struct Gained {
    /// Those that nothing allowed.
    pub(super) new: ActionSet,
    /// Those that were allowed on less, or under more conditions.
    pub(super) widened: ActionSet,
}

/// What a holder gains by a statement, pattern by pattern: one that grows says nothing of another.
fn gained(expander: &mut Expander<'_>, holder: &Holder<'_>, statement: &Given) -> Gained {
    let before: Vec<&Document> = holder.had.iter().collect();
    let had = granted_by(expander, &before);
    let before = PolicySet::new(&before, None);
    let grows = |part: &Given| {
        let part = with_denials(holder.has, part);
        contain(&PolicySet::new(&[&part], None), &before).is_err()
    };
    let whole = granted(expander, &with_denials(holder.has, statement));
    gained_by(expander, statement, &whole, &had, grows)
}

/// What grows of a statement that allows `whole`, where `had` was allowed on something: by what is asked of the statement with some
/// of its actions alone.
pub(super) fn gained_by(
    expander: &mut Expander<'_>,
    statement: &Given,
    whole: &ActionSet,
    had: &ActionSet,
    grows: impl Fn(&Given) -> bool,
) -> Gained {
    let grows = |patterns: Vec<String>| {
        let actions = Matcher { negated: false, patterns, bare: false };
        grows(&Given { actions, ..statement.clone() })
    };
    // Of all actions but some there is only one pattern to speak of.
    let parts = match statement.actions.negated {
        true => vec![whole.clone()],
        false => {
            let growing = statement.actions.patterns.iter().filter(|one| grows(vec![(*one).clone()]));
            growing.map(|one| both(expander.pattern(one), whole)).collect()
        }
    };
    let (mut new, mut widened) = (ActionSet::default(), ActionSet::default());
    for part in parts {
        let (mut fresh, old) = (part.clone(), both(&part, had));
        fresh.subtract(had);
        let names: Vec<String> =
            old.iter().filter_map(|id| Some(expander.catalog().action(id)?.full_name())).collect();
        if fresh.is_empty() || names.len() > COMPARED || (!names.is_empty() && grows(names)) {
            widened.union_with(&old);
        }
        new.union_with(&fresh);
    }
    Gained { new, widened }
}

/// Actions of one pattern that are compared by name; of more than these, all are taken to grow with the pattern.
const COMPARED: usize = 500;

fn both(one: &ActionSet, other: &ActionSet) -> ActionSet {
    let mut both = one.clone();
    both.intersect_with(other);
    both
}

fn union(one: &ActionSet, other: &ActionSet) -> ActionSet {
    let mut all = one.clone();
    all.union_with(other);
    all
}

/// What is written at a place of which not all can be read: statements are made there, or come from elsewhere.
pub(super) fn unread<'a>(repository: &'a Repository, place: &Place) -> Option<&'a str> {
    place.reasons.iter().any(Reason::is_unread).then(|| written(repository, place))
}

/// The text of a place.
pub(super) fn written<'a>(repository: &'a Repository, place: &Place) -> &'a str {
    let file = repository.files.get(place.file);
    file.and_then(|file| file.text().get(place.span.clone())).unwrap_or_default()
}

/// That it cannot be told what a place grants, where not all of it can be read and it was written otherwise before.
pub(super) fn unclear(input: &Input<'_>, head: &Place, base: Option<&Place>) -> Option<Box<Objection>> {
    let now = unread(input.head, head);
    if now.is_none() && !is_of_loop(input.head, head) {
        return base.and_then(|base| others_than(input, head, base));
    }
    let same = base.filter(|base| unread(input.base, base) == now && base.context == head.context);
    match same {
        Some(base) => others_than(input, head, base),
        None => Some(super::unknown(input, head)),
    }
}

/// Whether what a place says is another in each round of a loop.
fn is_of_loop(repository: &Repository, place: &Place) -> bool {
    let text = written(repository, place);
    place.reasons.iter().any(|why| matches!(why, Reason::Repeated(_)))
        && ["each.key", "each.value", "count.index"].iter().any(|word| text.contains(word))
}

/// Statements of a place as they were.
pub(super) struct SaidBefore<'a> {
    /// What they said, and what their expressions stood for.
    said: BTreeSet<String>,
    /// The same as it was written, whatever expressions stood for.
    written: BTreeMap<String, &'a Statement>,
}

impl<'a> SaidBefore<'a> {
    pub(super) fn of(base: Option<&'a Place>) -> Self {
        let statements = base.map(Place::statements).unwrap_or_default();
        let written = statements.iter().map(|one| (Self::written(one), one)).collect();
        Self { said: statements.iter().map(Self::said).collect(), written }
    }

    fn said(one: &Statement) -> String {
        format!("{:?}", (document::said(std::slice::from_ref(one)), &one.reasons, one.inputs.mark()))
    }

    fn written(one: &Statement) -> String {
        format!("{:?}", document::said(&[one.as_written()]))
    }

    /// Whether the very same statement was there, and its expressions stood for the same.
    pub(super) fn has(&self, statement: &Statement) -> bool {
        self.said.contains(&Self::said(statement))
    }

    /// Of a statement that is written as before, what its expressions stand for otherwise, in words.
    pub(super) fn stands_for_other(&self, statement: &Statement) -> Option<String> {
        let before = self.written.get(&Self::written(statement))?;
        elsewhere::changed(&statement.inputs, &before.inputs)
    }
}

/// One statement, with all that deny.
pub(super) fn with_denials(documents: &[Document], statement: &Given) -> Document {
    let all = documents.iter().flat_map(|document| &document.statements);
    let denying = all.filter(|one| one.effect == Effect::Deny);
    let statements = std::iter::once(statement).chain(denying).cloned().collect();
    Document { statements, ..document::nothing() }
}

/// Actions that are allowed on something.
pub(super) fn granted(expander: &mut Expander<'_>, document: &Document) -> ActionSet {
    let mut all = ActionSet::default();
    for statement in document.statements.iter().filter(|one| one.effect == Effect::Allow) {
        all.union_with(&expander.element(&statement.actions));
    }
    let is_everywhere = |one: &&Given| {
        let everything = one
            .resources
            .as_ref()
            .is_some_and(|all| !all.negated && all.patterns.iter().any(|one| one == "*"));
        one.effect == Effect::Deny && one.conditions.is_empty() && everything
    };
    for statement in document.statements.iter().filter(is_everywhere) {
        all.subtract(&expander.element(&statement.actions));
    }
    all
}

/// Of a pattern some action that exists tells more than the shortest that matches: the first of these.
pub(super) fn telling<'a>(input: &Input<'_>, action: &'a str, names: &'a [String]) -> &'a str {
    let is_known = input.catalog.find(action).is_some();
    names.first().filter(|_| !is_known).map_or(action, String::as_str)
}

/// The same of several documents.
pub(super) fn granted_by(expander: &mut Expander<'_>, documents: &[&Document]) -> ActionSet {
    let mut all = ActionSet::default();
    documents.iter().for_each(|one| all.union_with(&granted(expander, one)));
    all
}

pub(super) fn names(input: &Input<'_>, actions: &ActionSet) -> Vec<String> {
    actions.iter().filter_map(|id| Some(input.catalog.action(id)?.full_name())).collect()
}

/// The most dangerous level. Of names that the catalog lacks nobody knows, unless everything is meant.
pub(super) fn level(input: &Input<'_>, actions: &ActionSet, is_all: bool) -> AccessLevel {
    if is_all {
        return AccessLevel::PermissionsManagement;
    }
    let levels = actions.iter().filter_map(|id| Some(input.catalog.action(id)?.level));
    worst_level(levels).unwrap_or(AccessLevel::Write)
}

/// Whether a statement allows every action of every service, or all but some.
fn is_all(statement: &Given) -> bool {
    statement.actions.negated || statement.actions.patterns.iter().any(|one| one.trim_matches('*').is_empty())
}

/// Whether a statement allows all of a service, or more.
pub(super) fn is_wide(statement: &Given) -> bool {
    let is_service =
        |one: &String| one.split_once(':').is_some_and(|(_, name)| name.trim_matches('*').is_empty());
    is_all(statement) || statement.actions.patterns.iter().any(is_service)
}
