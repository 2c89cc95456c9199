//! Edits of policies of AWS: which actions of which statements go, and which resources become narrower.

use std::collections::{BTreeMap, BTreeSet};

use remit_policy::{Document, Effect, Glob, PolicySet, Statement as Given, contain};

use super::plan::{Fate, Plan};
use super::{Cuts, NoEdit, Options, because};
use crate::content;
use crate::place::{Content, Reason};
use crate::proposal::PolicyChange;
use crate::repository::Repository;
use crate::splice::Cut;
use crate::statement::Statement;
use crate::tokens::Tokens;

/// What leaves of a place what a proposal leaves.
#[derive(Debug, Default)]
pub(super) struct Edit {
    pub(super) cuts: Cuts,
    /// Of which statement each of those is that will be there.
    pub(super) origins: Vec<usize>,
    /// Actions that stay on fewer resources, each with these.
    pub(super) narrowed: BTreeMap<String, BTreeSet<String>>,
    /// Statements whose resources stay although the proposal narrows them.
    pub(super) wide: Vec<Wide>,
}

/// A statement that stays wider than it is proposed.
#[derive(Clone, Debug)]
pub(super) struct Wide {
    /// Its place among the statements.
    pub(super) statement: usize,
    pub(super) why: String,
    /// What is to take its place.
    pub(super) wanted: Vec<Given>,
}

/// A statement is not made into more than this many.
const PARTS: usize = 8;

/// The cuts that leave of a place what a proposal leaves.
pub(super) fn edit(
    repository: &Repository,
    place: usize,
    is_equal: bool,
    change: &PolicyChange,
    options: Options,
) -> Result<Edit, NoEdit> {
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
    let other = || match content::untold(statements) {
        Some(reason) => NoEdit::Reason(reason),
        None => because("it says something else than what is in force"),
    };
    let pairs = pairs.ok_or_else(other)?;
    let shares = shares(change);
    let mut plan = Plan::new(repository, place.form);
    let mut edit = Edit::default();
    let mut sids = Sids::of(statements);
    for (at, (statement, pair)) in statements.iter().zip(pairs).enumerate() {
        let Some(given) = change.before.statements.get(pair) else { continue };
        if statement.effect != Some(Effect::Allow) || statement.not_actions {
            edit.origins.push(at);
            continue;
        }
        let stays = shares.get(pair).map(Vec::as_slice).unwrap_or_default();
        let whole = Part { actions: actions(stays), resources: None };
        // Actions that are written elsewhere cannot be narrowed here.
        if let (Some(reason), false) = (&statement.actions.reason, are_kept(given, &whole.actions)) {
            return Err(NoEdit::Reason(reason.clone()));
        }
        let is_gone =
            fates(&statement.actions, &whole.actions, Glob::action)?.iter().all(|fate| *fate == Fate::Goes);
        if is_gone {
            plan.take(statement.file, &statement.span, &statement.removal, &statement.reasons)?;
            continue;
        }
        let parts = if options.resources { parts(statement, given, stays) } else { Ok(vec![whole.clone()]) };
        let done = parts.and_then(|parts| {
            let count = split(&mut plan, statement, &parts, &mut sids)?;
            for Part { actions, resources } in parts {
                let Some(resources) = resources else { continue };
                for action in actions {
                    edit.narrowed.entry(action).or_default().extend(resources.iter().cloned());
                }
            }
            Ok(count)
        });
        let count = match done {
            Err(why) if options.resources => {
                let wanted = stays.iter().map(|&one| one.clone()).collect();
                edit.wide.push(Wide { statement: at, why: why.to_string(), wanted });
                split(&mut plan, statement, &[whole], &mut sids)?
            }
            other => other?,
        };
        edit.origins.extend(std::iter::repeat_n(at, count));
    }
    if edit.origins.is_empty() {
        return Err(because("nothing of it would be left: take it away with what attaches it"));
    }
    edit.cuts = plan.done()?;
    Ok(edit)
}

/// What stays of a statement on the same resources.
#[derive(Clone, Debug)]
struct Part {
    actions: BTreeSet<String>,
    /// None where they stay as they are.
    resources: Option<BTreeSet<String>>,
}

fn actions(statements: &[&Given]) -> BTreeSet<String> {
    statements.iter().flat_map(|one| one.actions.patterns.iter().cloned()).collect()
}

/// Whether all actions of a statement stay.
fn are_kept(given: &Given, kept: &BTreeSet<String>) -> bool {
    let kept: Vec<Glob> = kept.iter().map(|one| Glob::action(one)).collect();
    let kept: Vec<&Glob> = kept.iter().collect();
    given.actions.patterns.iter().all(|one| Glob::action(one).is_included_in(&kept))
}

/// What stays of a statement, by the resources on which it stays.
fn parts(statement: &Statement, given: &Given, stays: &[&Given]) -> Result<Vec<Part>, NoEdit> {
    let mut groups: BTreeMap<Option<BTreeSet<String>>, Vec<&Given>> = BTreeMap::new();
    for &new in stays {
        groups.entry(narrower(new, given)).or_default().push(new);
    }
    if groups.keys().any(Option::is_some) {
        literal(statement)?;
    }
    if groups.len() > PARTS {
        return Err(because("what stays of it are too many statements"));
    }
    let mut parts: Vec<Part> =
        groups.into_iter().map(|(resources, all)| Part { actions: actions(&all), resources }).collect();
    // What somebody keeps stays on all of them, and need not be said of some besides.
    if let Some((Part { actions: whole, resources: None }, others)) = parts.split_first_mut() {
        others.iter_mut().for_each(|part| part.actions.retain(|action| !whole.contains(action)));
        parts.retain(|part| !part.actions.is_empty());
    }
    Ok(parts)
}

/// The resources on which something stays; none where they are those of today.
fn narrower(new: &Given, given: &Given) -> Option<BTreeSet<String>> {
    if new.resources == given.resources {
        return None;
    }
    let (Some(new), Some(old)) = (&new.resources, &given.resources) else { return None };
    let globs: Vec<Glob> = new.patterns.iter().map(|one| Glob::resource(one)).collect();
    let globs: Vec<&Glob> = globs.iter().collect();
    let is_same = new.negated == old.negated
        && !new.negated
        && old.patterns.iter().all(|one| Glob::resource(one).is_included_in(&globs));
    (!is_same).then(|| new.patterns.iter().cloned().collect())
}

/// Whether the resources of a statement can be written anew: all of what it says is known.
fn literal(statement: &Statement) -> Result<(), NoEdit> {
    if statement.not_resources {
        return Err(because("it is for all resources but some"));
    }
    if let Some(reason) = statement.resources.reason.iter().chain(&statement.reasons).next() {
        return Err(NoEdit::Reason(reason.clone()));
    }
    let mut texts = statement.resources.items.iter().chain(&statement.actions.items);
    match texts.find(|token| token.text.known().is_none()) {
        Some(token) => Err(NoEdit::Reason(Reason::Expression(token.text.to_string()))),
        None => Ok(()),
    }
}

/// Makes a statement into its parts. Answers how many they are.
fn split(
    plan: &mut Plan<'_>,
    statement: &Statement,
    parts: &[Part],
    sids: &mut Sids,
) -> Result<usize, NoEdit> {
    let mut copies: Vec<Vec<Cut>> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let (file, own, resources) = (statement.file, &statement.actions, &statement.resources);
        let mut cuts =
            plan.narrowed(file, own, &fates(own, &part.actions, Glob::action)?, Some(resources))?;
        if let Some(kept) = &part.resources {
            let fates = fates(resources, kept, Glob::resource)?;
            cuts.extend(plan.narrowed(file, resources, &fates, Some(own))?);
        }
        if let (Some(sid), 1..) = (&statement.sid, number) {
            let text =
                sid.text.known().ok_or_else(|| NoEdit::Reason(Reason::Expression(sid.text.to_string())))?;
            cuts.push(plan.renamed(file, sid, &sids.another(text))?);
        }
        copies.push(cuts);
    }
    plan.split(statement.file, &statement.span, &statement.removal, &copies, &statement.reasons)?;
    Ok(copies.len())
}

/// What becomes of the texts of a list, given the patterns that stay.
fn fates(tokens: &Tokens, kept: &BTreeSet<String>, glob: fn(&str) -> Glob) -> Result<Vec<Fate>, NoEdit> {
    let own: Vec<Option<Glob>> = tokens.items.iter().map(|token| token.text.known().map(glob)).collect();
    let kept: Vec<Glob> = kept.iter().map(|one| glob(one)).collect();
    // What lies in none of them would have to be written in parts of several.
    let lies = |one: &Glob| own.iter().flatten().any(|own| one.is_included_in(&[own]));
    for one in kept.iter().filter(|one| !lies(one)) {
        if let Some(other) = own.iter().flatten().find(|own| own.intersects(one)) {
            let (text, other) = (other.text(), one.text());
            return Err(NoEdit::Because(format!("`{text}` and `{other}` have only a part in common")));
        }
    }
    let stays =
        |own: &Option<Glob>| own.as_ref().is_none_or(|own| kept.iter().any(|one| own.is_included_in(&[one])));
    let staying: Vec<&Glob> = own.iter().filter(|own| stays(own)).flatten().collect();
    let fate = |own: &Option<Glob>| match own {
        Some(glob) if !stays(own) => {
            let narrower = kept.iter().filter(|one| one.is_included_in(&[glob]));
            // What a text says that stays is not said again.
            let new = narrower.filter(|one| !staying.iter().any(|other| one.is_included_in(&[other])));
            let new: Vec<String> = new.map(|one| one.text().to_owned()).collect();
            if new.is_empty() { Fate::Goes } else { Fate::Becomes(new) }
        }
        _ => Fate::Stays,
    };
    Ok(own.iter().map(fate).collect())
}

/// For each statement of today, those of the proposal that are what is left of it. What several of today allow is left of the
/// narrowest of them.
fn shares(change: &PolicyChange) -> Vec<Vec<&Given>> {
    let set = |document: &Document, statement: &Given| {
        let alone = Document { statements: vec![statement.clone()], ..document.clone() };
        PolicySet::new(&[&alone], None)
    };
    let old: Vec<(&Given, PolicySet)> =
        change.before.statements.iter().map(|one| (one, set(&change.before, one))).collect();
    let mut shares: Vec<Vec<&Given>> = vec![Vec::new(); old.len()];
    for (_, document) in &change.after {
        let allows =
            document.statements.iter().filter(|one| one.effect == Effect::Allow && !one.actions.negated);
        for new in allows {
            let own = set(document, new);
            let mut holding: Vec<usize> = (0..old.len())
                .filter(|at| old.get(*at).is_some_and(|(_, old)| contain(&own, old).is_ok()))
                .collect();
            if holding.len() > 1 {
                let is_wider = |one: usize, other: usize| match (old.get(one), old.get(other)) {
                    (Some((_, one)), Some((_, other))) => {
                        contain(other, one).is_ok() && contain(one, other).is_err()
                    }
                    _ => false,
                };
                let all = holding.clone();
                holding.retain(|one| !all.iter().any(|other| is_wider(*one, *other)));
            }
            // Parts of a statement are called after it.
            let is_called = |at: &usize| {
                let sid = old.get(*at).and_then(|(old, _)| old.sid.as_deref()).unwrap_or_default();
                new.sid.as_deref().unwrap_or_default().starts_with(sid)
            };
            let first = holding.iter().min_by_key(|at| {
                (!is_called(at), shares.get(**at).is_some_and(|share| !share.is_empty()), **at)
            });
            if let Some(share) = first.and_then(|at| shares.get_mut(*at)) {
                share.push(new);
            }
        }
    }
    shares
}

/// Names of statements, of which each is there once.
struct Sids(BTreeSet<String>);

impl Sids {
    fn of(statements: &[Statement]) -> Self {
        let sids = statements.iter().filter_map(|one| one.sid.as_ref()?.text.known());
        Self(sids.map(str::to_owned).collect())
    }

    /// Another name for a part of a statement.
    fn another(&mut self, sid: &str) -> String {
        let mut number = 2;
        loop {
            let name = format!("{sid}{number}");
            if self.0.insert(name.clone()) {
                return name;
            }
            number += 1;
        }
    }
}
