//! Whom a change lets in that was not let in before: into a role, by its trust policy, or to a resource, by the policy of that.
//!
//! Who is let in is a condition like others: a statement is split among those whom it names, and each has to be somebody whom a
//! statement from before names, so that all else is compared as policies of identities are.

use remit_policy::{Document, Effect, Expander, Gap, PolicySet, Statement as Given, contain};
use remit_source::{Place, Statement};

use super::guest::Guest;
use super::policy::{SaidBefore, granted, level, names, unclear, with_denials};
use super::{Growth, Input, Objection, Severity, document, elsewhere, review, shown, unjudged};

/// Each statement that lets somebody in newly, or of which it cannot be told.
pub(super) fn growth(
    input: &Input<'_>,
    expander: &mut Expander<'_>,
    head: &Place,
    base: Option<&Place>,
) -> Vec<Result<Growth, Box<Objection>>> {
    let statements = head.statements();
    let new = document::for_guests(statements, false);
    // What another resource's policy said is nothing that this resource had.
    let is_of_another = |base: &&Place| {
        base.names.holder != head.names.holder && !new.document.statements.iter().all(document::is_of_trust)
    };
    let base = base.filter(|base| !is_of_another(base));
    let old = base.map(Place::statements).unwrap_or_default();
    let before = Before { narrow: document::for_guests(old, false), wide: document::for_guests(old, true) };
    let mut grown: Vec<_> = unclear(input, head, base).into_iter().map(Err).collect();
    let said_before = SaidBefore::of(base);
    for (at, why) in &new.open {
        let Some(statement) = statements.get(*at).filter(|one| !said_before.has(one)) else {
            continue;
        };
        grown.push(Err(unjudged(input, statement.file, statement.line, &head.address, why)));
    }
    for (at, statement) in statements.iter().enumerate() {
        if new.open.iter().any(|(open, _)| *open == at) {
            continue;
        }
        let mut entries: Vec<Entry> = Vec::new();
        for ((given, from), guest) in new.document.statements.iter().zip(&new.from).zip(&new.guests) {
            if *from != at || given.effect != Effect::Allow {
                continue;
            }
            let Some(entry) = entry(&new.document, given, guest, &before, base.is_none()) else { continue };
            if let Some(open) = guest.open() {
                let why = format!("`{open}` says whom it lets in");
                grown.push(Err(unjudged(input, statement.file, statement.line, &head.address, &why)));
                continue;
            }
            // Those of one statement of whom the same is to be said are told together.
            match entries.iter_mut().find(|one| (one.severity, one.why) == (entry.severity, entry.why)) {
                Some(one) => one.guests.extend(entry.guests),
                None => entries.push(entry),
            }
        }
        grown.extend(
            entries.into_iter().map(|entry| Ok(told(input, expander, head, statement, &entry, &before))),
        );
    }
    grown
}

/// What let whom in before: with what accounts stand for, and without.
struct Before {
    narrow: document::ForGuests,
    wide: document::ForGuests,
}

/// Some who are let in newly by one statement.
struct Entry<'a> {
    guests: Vec<&'a Guest>,
    given: &'a Given,
    /// An action and a resource of which it is so.
    example: (String, String),
    severity: Severity,
    why: &'static str,
}

/// Whether a statement lets somebody in who was not, and how.
fn entry<'a>(
    new: &Document,
    given: &'a Given,
    guest: &'a Guest,
    before: &Before,
    is_first: bool,
) -> Option<Entry<'a>> {
    let alone = with_denials(std::slice::from_ref(new), given);
    let alone = PolicySet::new(&[&alone], None);
    let among = |before: &document::ForGuests| contain(&alone, &PolicySet::new(&[&before.document], None));
    let narrow = among(&before.narrow).err()?;
    let entry = |example: remit_policy::Counterexample, severity, why| Entry {
        guests: vec![guest],
        given,
        example: (example.action, example.resource),
        severity,
        why,
    };
    let Err(example) = among(&before.wide) else {
        let why = "whose account was let in as a whole; within that account no permission of its own is needed any more";
        return Some(entry(narrow, Severity::Note, why));
    };
    // Where all resources are meant, that tells more than one of them.
    let is_any = given.resources.as_ref().is_some_and(|all| all.patterns.iter().any(|one| one == "*"));
    let mut example = example;
    if is_any && !matches!(example.gap, Gap::Denied(_)) {
        "*".clone_into(&mut example.resource);
    }
    let is_known = before.wide.guests.iter().any(|old| old.stands_for(guest));
    let why = match example.gap {
        Gap::Denied(_) => "which was denied before",
        Gap::Undecided => "and what was allowed before is too large to compare",
        _ if is_first => "by a policy that was not there",
        Gap::Condition { .. } if is_known => "which was allowed under a condition that is gone or weaker",
        _ => "which nothing allowed there before",
    };
    // The first condition is who it is for, where that is not everybody.
    let own = usize::from(*guest != Guest::Everybody);
    let is_open = guest.is_everybody() && given.conditions.len() == own;
    let severity = if is_open { Severity::Error } else { Severity::Warning };
    Some(entry(example, severity, why))
}

/// What is to be said of it.
fn told(
    input: &Input<'_>,
    expander: &mut Expander<'_>,
    head: &Place,
    source: &Statement,
    entry: &Entry<'_>,
    before: &Before,
) -> Growth {
    let all = expander.element(&entry.given.actions);
    let (mut gained, mut widened) = (all.clone(), all.clone());
    let of_them = before.wide.document.statements.iter().zip(&before.wide.guests);
    let had: Vec<Given> = of_them
        .filter(|(_, old)| entry.guests.iter().all(|guest| old.stands_for(guest)))
        .map(|(given, _)| given.clone())
        .collect();
    gained.subtract(&granted(expander, &Document { statements: had, ..before.wide.document.clone() }));
    widened.subtract(&gained);
    let widened = names(input, &widened);
    let names = names(input, &gained);
    let (action, resource) = &entry.example;
    let is_known = input.catalog.find(action).is_some();
    let action = names.first().filter(|_| !is_known).unwrap_or(action);
    let is_trust = document::is_of_trust(entry.given);
    let bound = entry.severity != Severity::Error && entry.guests.iter().any(|guest| guest.is_everybody());
    let bound = if bound { " who meets its conditions" } else { "" };
    let whom = format!("{}{bound}", whom(&entry.guests));
    let tokens_of_all = entry.guests.iter().any(|guest| guest.is_issuer()) && !has_subject(entry.given);
    let any = if tokens_of_all { "; no condition on `sub` says whose token it is" } else { "" };
    let how = if is_trust {
        format!("lets {whom} become it, {}{any}", entry.why)
    } else {
        format!("lets {whom} call `{action}` on `{}`, {}", elsewhere::shown(resource), entry.why)
    };
    let is_everybody = entry.guests.iter().any(|guest| guest.is_everybody());
    Growth {
        rule: if is_trust { "new_trust" } else { "new_resource_access" },
        severity: entry.severity,
        file: shown(input.head, source.file),
        line: source.line,
        address: head.address.clone(),
        identity: head
            .names
            .holder
            .as_ref()
            .filter(|_| is_trust)
            .and_then(|name| name.known())
            .map(str::to_owned),
        how,
        level: level(input, &all, false),
        names,
        widened,
        is_wildcard: is_everybody,
        review: review::date(input.head, source.file, source.span.clone(), Some(entry.given)),
        written: entry.given.actions.patterns.clone(),
    }
}

/// Guests that are named, at most.
const NAMED: usize = 3;

fn whom(guests: &[&Guest]) -> String {
    let mut named: Vec<String> = guests.iter().take(NAMED).map(|guest| guest.shown()).collect();
    if let Some(more @ 1..) = guests.len().checked_sub(NAMED) {
        named.push(format!("{more} more"));
    }
    match named.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nobody".to_owned(),
    }
}

/// Whether a condition asks for the subject of a token.
fn has_subject(given: &Given) -> bool {
    let is_it = |one: &remit_policy::Condition| one.key.to_ascii_lowercase().ends_with(":sub");
    given.conditions.iter().any(|one| is_it(one) && !one.operator.to_ascii_lowercase().contains("not"))
}
