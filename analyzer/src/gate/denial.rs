//! Denials that a change takes away: what was denied may be allowed by a policy that did not change, or by one that is elsewhere.

use std::collections::BTreeMap;

use remit_policy::{
    ActionSet, Document, Effect, Expander, Gap, Glob, PolicySet, Statement as Given, contain,
};
use remit_source::{Place, Reason, Statement, Tokens};

use super::holders::Held;
use super::membership::Members;
use super::policy::{granted, level, names, telling};
use super::{Growth, Input, Objection, Places, Severity, document, elsewhere, shown};

type Told = Vec<Result<Growth, Box<Objection>>>;

/// A denial that is gone, and where that is to be told.
struct Gone<'a> {
    statement: &'a Statement,
    given: Given,
    /// The policies of whom it denied something, as they are now.
    has: Vec<Document>,
    file: String,
    line: u32,
    address: String,
    identity: Option<String>,
    rule: &'static str,
}

/// Each denial of an identity's policies that nothing denies any more, unless it is told already.
pub(super) fn of_identities(
    input: &Input<'_>,
    expander: &mut Expander<'_>,
    places: &Places<'_>,
    held: &Held,
    told: &mut Told,
) {
    let mut gone: Vec<Gone<'_>> = Vec::new();
    for (key, base) in &places.before {
        for (statement, given) in denials(base, false) {
            let same = places.after.get(key).copied();
            if base.names.holders.is_empty() {
                let has: Vec<_> =
                    same.map(|head| document::of(head.statements()).document).into_iter().collect();
                // One that is there under another name has moved.
                if is_denied(&has, &given)
                    || (same.is_none() && is_elsewhere(&input.head.places, &given, false))
                {
                    continue;
                }
                let (file, line, address) = position(input, base, same);
                let identity = base.names.holder.as_ref().or(base.names.name.as_ref());
                let identity = identity.and_then(|name| name.known()).map(str::to_owned);
                let rule = "new_privilege";
                gone.push(Gone { statement, given, has, file, line, address, identity, rule });
                continue;
            }
            for (name, holder) in base.names.holders.iter().zip(held.holders(base)) {
                // Who has no policy any more is allowed nothing.
                let Some((file, line, address)) = of_holder(input, same, name) else { continue };
                if is_denied(holder.has, &given) {
                    continue;
                }
                let (given, has) = (given.clone(), holder.has.to_vec());
                let (identity, rule) = (holder.name, "new_privilege");
                gone.push(Gone { statement, given, has, file, line, address, identity, rule });
            }
        }
    }
    tell(input, expander, gone, told);
}

/// Each denial of a group that a user has left, where nothing denies the user the same any more.
pub(super) fn of_leavers(
    input: &Input<'_>,
    expander: &mut Expander<'_>,
    members: &Members<'_>,
    held: &Held,
    told: &mut Told,
) {
    let mut gone = Vec::new();
    for (key, groups) in &members.before {
        let now = members.after.get(key);
        let left = groups.iter().filter(|(name, _)| now.is_none_or(|now| !now.contains_key(*name)));
        for (_, (one, user, group)) in left {
            let still = now.into_iter().flat_map(BTreeMap::values);
            let still = still.flat_map(|(_, _, group)| held.holder(group).has.iter());
            let own = held.holder(user);
            let has: Vec<_> = own.has.iter().chain(still).cloned().collect();
            let denying = input.base.places.iter().filter(|place| place.names.holders.contains(group));
            for (statement, given) in denying.flat_map(|place| denials(place, false)) {
                // Who has no policy any more is allowed nothing.
                if has.is_empty() || is_denied(&has, &given) {
                    continue;
                }
                let head = input.head.declared().iter().find(|now| now.address == one.address);
                let (file, line) = head.map_or_else(
                    || (shown(input.base, one.file), 1),
                    |now| (shown(input.head, now.file), *now.lines.start()),
                );
                let (address, identity) = (one.address.clone(), own.name.clone());
                let (has, rule) = (has.clone(), "new_privilege");
                gone.push(Gone { statement, given, has, file, line, address, identity, rule });
            }
        }
    }
    tell(input, expander, gone, told);
}

/// Each denial of a resource's policy that nothing denies there any more, unless it is told already.
pub(super) fn of_resources(
    input: &Input<'_>,
    expander: &mut Expander<'_>,
    places: &Places<'_>,
    told: &mut Told,
) {
    let mut gone = Vec::new();
    for (key, base) in &places.before {
        let denials = denials(base, true);
        if denials.is_empty() {
            continue;
        }
        let same = places.after.get(key).copied();
        let has: Vec<_> =
            same.map(|head| document::for_guests(head.statements(), false).document).into_iter().collect();
        for (statement, given) in denials {
            if is_denied(&has, &given)
                || (same.is_none() && is_elsewhere(&input.head.resource_policies, &given, true))
            {
                continue;
            }
            let (file, line, address) = position(input, base, same);
            let rule = if document::is_of_trust(&given) { "new_trust" } else { "new_resource_access" };
            let has = has.clone();
            gone.push(Gone { statement, given, has, file, line, address, identity: None, rule });
        }
    }
    tell(input, expander, gone, told);
}

/// What a place denies, with the statements that say so.
fn denials(place: &Place, is_of_resource: bool) -> Vec<(&Statement, Given)> {
    let of = |one: &'_ Statement| {
        let alone = std::slice::from_ref(one);
        let document = if is_of_resource {
            document::for_guests(alone, false).document
        } else {
            document::of(alone).document
        };
        document.statements.into_iter().filter(|given| given.effect == Effect::Deny).collect::<Vec<_>>()
    };
    place.statements().iter().flat_map(|one| of(one).into_iter().map(move |given| (one, given))).collect()
}

/// What a statement says, whatever it is called and wherever it is.
fn bare(given: &Given) -> Given {
    Given { sid: None, line: 0, ..given.clone() }
}

/// Whether policies deny all that a statement denies: as much as they would allow it if they allowed instead.
fn is_denied(documents: &[Document], given: &Given) -> bool {
    let denying = || {
        let all = documents.iter().flat_map(|document| &document.statements);
        all.filter(|one| one.effect == Effect::Deny)
    };
    if denying().any(|one| bare(one) == bare(given)) {
        return true;
    }
    // What an expression stands for is in nothing else.
    if given.actions.patterns.iter().any(|one| elsewhere::is_open(one)) {
        return false;
    }
    let allowing = |statements: Vec<Given>| {
        let statements = statements.into_iter().map(|one| Given { effect: Effect::Allow, ..one }).collect();
        Document { statements, ..document::nothing() }
    };
    let (own, others) = (allowing(vec![given.clone()]), allowing(denying().cloned().collect()));
    contain(&PolicySet::new(&[&own], None), &PolicySet::new(&[&others], None)).is_ok()
}

/// Whether another place has the same denial.
fn is_elsewhere(places: &[Place], given: &Given, is_of_resource: bool) -> bool {
    let mut all = places.iter().flat_map(|place| denials(place, is_of_resource));
    all.any(|(_, other)| bare(&other) == bare(given))
}

/// Where a place is now. Of one that is gone, the file that it was in.
fn position(input: &Input<'_>, base: &Place, head: Option<&Place>) -> (String, u32, String) {
    head.map_or_else(|| (shown(input.base, base.file), 1, base.address.clone()), |head| here(input, head))
}

fn here(input: &Input<'_>, head: &Place) -> (String, u32, String) {
    (shown(input.head, head.file), head.line, head.address.clone())
}

/// Where a holder has something: the policy that it was, another one, or one that is attached to it.
fn of_holder(
    input: &Input<'_>,
    same: Option<&Place>,
    holder: &remit_source::Text,
) -> Option<(String, u32, String)> {
    let is_its = |place: &&Place| place.names.holders.contains(holder);
    let place = same.filter(is_its).or_else(|| input.head.places.iter().find(is_its));
    place.map(|place| here(input, place)).or_else(|| {
        let one = input.head.attachments.iter().find(|one| one.holder.as_ref() == Some(holder))?;
        Some((shown(input.head, one.file), one.line, one.address.clone()))
    })
}

/// Says of each what it denied.
fn tell(input: &Input<'_>, expander: &mut Expander<'_>, gone: Vec<Gone<'_>>, told: &mut Told) {
    let mut all: Told = Vec::new();
    for one in gone {
        let is_told = told.iter().any(|other| match other {
            Ok(growth) => is_about(growth, &one),
            Err(_) => false,
        });
        if is_told {
            continue;
        }
        let said = said(input, expander, &one);
        let is_same = |other: &Result<Growth, Box<Objection>>| match (other, &said) {
            (Ok(other), Ok(said)) => {
                (&other.how, &other.identity, &other.address) == (&said.how, &said.identity, &said.address)
            }
            (Err(other), Err(said)) => (&other.message, &other.address) == (&said.message, &said.address),
            _ => false,
        };
        if !all.iter().any(is_same) {
            all.push(said);
        }
    }
    told.append(&mut all);
}

/// Whether what is told is that the actions of a denial were denied before, of the same identity or policy.
fn is_about(growth: &Growth, gone: &Gone<'_>) -> bool {
    let is_same = growth.address == gone.address && growth.file == gone.file
        || growth.identity.is_some() && growth.identity == gone.identity;
    let denied = || gone.given.actions.patterns.iter().map(|one| Glob::action(one));
    let is_of = |written: &String| denied().any(|denied| Glob::action(written).intersects(&denied));
    let is_of_it = gone.given.actions.negated || growth.written.iter().any(is_of);
    is_same && is_of_it && growth.how.contains("which was denied before")
}

fn said(input: &Input<'_>, expander: &mut Expander<'_>, gone: &Gone<'_>) -> Result<Growth, Box<Objection>> {
    let given = &gone.given;
    // It allows something now if it would not with the denial.
    let denial = Document { statements: vec![given.clone()], ..document::nothing() };
    let now: Vec<&Document> = gone.has.iter().collect();
    let before: Vec<&Document> = gone.has.iter().chain([&denial]).collect();
    let example = contain(&PolicySet::new(&now, None), &PolicySet::new(&before, None)).err();
    let example = example.filter(|example| matches!(example.gap, Gap::Denied(_)));
    let open = unknown(gone.statement);
    if let (None, Some(open)) = (&example, open) {
        let why = format!("a denial is gone, and `{open}` says what it denied");
        return Err(Box::new(Objection::unjudged(&gone.file, gone.line, &gone.address, &why)));
    }
    let denied = expander.element(&given.actions);
    let mut gained = ActionSet::default();
    for document in &gone.has {
        gained.union_with(&granted(expander, document));
    }
    gained.intersect_with(&denied);
    let is_of_resource = gone.rule != "new_privilege";
    let how = match &example {
        Some(example) => {
            let names = names(input, &gained);
            let action = telling(input, &example.action, &names);
            let resource = elsewhere::shown(&example.resource);
            format!("allows `{action}` on `{resource}`, since a denial is gone")
        }
        None => format!("a denial is gone: of {}", described(given)),
    };
    let names = if example.is_some() { names(input, &gained) } else { Vec::new() };
    let level = level(input, if example.is_some() { &gained } else { &denied }, false);
    Ok(Growth {
        rule: gone.rule,
        severity: if is_of_resource { Severity::Warning } else { Severity::of_privilege(false, level) },
        file: gone.file.clone(),
        line: gone.line,
        address: gone.address.clone(),
        identity: gone.identity.clone(),
        how,
        names,
        widened: Vec::new(),
        level,
        is_wildcard: false,
        review: None,
        written: Vec::new(),
    })
}

/// An expression in a denial of which nobody knows what it stands for.
fn unknown(statement: &Statement) -> Option<String> {
    let lists = [&statement.actions, &statement.resources];
    let open = lists.into_iter().flat_map(Tokens::said).find(|text| text.known().is_none());
    let is_made = |why: &&Reason| matches!(why, Reason::Dynamic | Reason::Template | Reason::Macro(_));
    open.map(ToString::to_string).or_else(|| Some(statement.reasons.iter().find(is_made)?.to_string()))
}

/// What is denied, in words.
fn described(given: &Given) -> String {
    let list = |patterns: &[String], negated: bool| {
        let shown: Vec<_> =
            patterns.iter().take(3).map(|one| format!("`{}`", elsewhere::shown(one))).collect();
        let more = if patterns.len() > shown.len() { " and more" } else { "" };
        format!("{}{}{more}", if negated { "all but " } else { "" }, shown.join(", "))
    };
    let actions = list(&given.actions.patterns, given.actions.negated);
    let resources = given.resources.as_ref().filter(|all| !all.patterns.is_empty());
    let resources =
        resources.map(|all| format!(" on {}", list(&all.patterns, all.negated))).unwrap_or_default();
    format!("{actions}{resources}")
}
