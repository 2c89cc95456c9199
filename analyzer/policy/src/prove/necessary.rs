//! Obligation 3: dropping any allow statement, action or resource that remains breaks a recorded call or a
//! permission of which it cannot be told whether it is used.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{ActionId, Catalog};

use super::grants::{Allow, Grants, Place};
use super::need::Need;
use super::{Claim, Violation};
use crate::action_set::{ActionSet, Expander, Multiplicity};
use crate::part::Part;
use crate::unlisted::{includes, meets, shared};
use crate::verdict::taken_away;
use crate::{Glob, Matcher};

pub(super) fn check(
    expander: &mut Expander<'_>,
    claim: &Claim,
    after: &Grants<'_>,
    needs: &[Need],
    violations: &mut Vec<Violation>,
) -> usize {
    let mut needs_of: BTreeMap<ActionId, Vec<&Need>> = BTreeMap::new();
    for need in needs {
        needs_of.entry(need.action).or_default().push(need);
    }
    let before: Vec<_> = claim.before.iter().map(|(_, document)| document).collect();
    let inert = taken_away(expander, &before, claim.boundary.as_ref());
    let has_needs: ActionSet = needs_of.keys().copied().collect();
    let mut checked = 0;
    for (index, allow) in after.allows.iter().enumerate() {
        let policy = claim.after.get(allow.document).map(|new| new.name.clone()).unwrap_or_default();
        let mut unnecessary = |what: String| {
            violations.push(Violation::Unnecessary { policy: policy.clone(), what });
        };
        // The actions for which this statement is needed at all: in at least one of its parts.
        let mut needed = ActionSet::default();
        let mut needed_parts = vec![false; allow.parts.len()];
        // By the statements that allow an action, the parts that the others do not cover.
        let mut uncovered: BTreeMap<&[usize], Vec<bool>> = BTreeMap::new();
        for action in allow.actions.iter() {
            let Some(needs) = needs_of.get(&action) else { continue };
            let is_open = |at: usize, part: &Part<'_>, on: Option<&[Glob]>| {
                !after.cover(action, part, Some(Place { allow: index, part: at }), on)
            };
            let parts = || allow.parts.iter().enumerate();
            let uncovered = uncovered
                .entry(after.indexes(action))
                .or_insert_with(|| parts().map(|(at, part)| is_open(at, part, None)).collect());
            for (((at, part), is_uncovered), is_needed) in parts().zip(uncovered).zip(&mut needed_parts) {
                let serves = |need: &&Need| match &need.resources {
                    Some(on) => is_open(at, part, Some(on)),
                    None => true,
                };
                if *is_uncovered && needs.iter().any(serves) {
                    needed.insert(action);
                    *is_needed = true;
                }
            }
        }
        let held = Held::of(expander.catalog(), &claim.unlisted, after, index, allow);
        for (needed, held) in needed_parts.iter_mut().zip(&held.parts) {
            *needed |= held;
        }
        checked += needed_parts.len();
        for (part, needed) in allow.parts.iter().zip(needed_parts) {
            if !needed {
                unnecessary(format!("resource `{}`", part.text()));
            }
        }
        // What is written for names beyond the catalog names actions that other statements may grant as well.
        let of = |is_held: bool| if is_held { &has_needs } else { &needed };
        checked += needed_actions(expander, allow, &held, of, &inert, &mut unnecessary);
    }
    checked
}

/// What of a statement is needed for names beyond the catalog.
struct Held {
    parts: Vec<bool>,
    /// By action pattern.
    patterns: Vec<bool>,
}

impl Held {
    fn of(
        catalog: &Catalog,
        unlisted: &BTreeSet<String>,
        after: &Grants<'_>,
        index: usize,
        allow: &Allow<'_>,
    ) -> Self {
        let element = &allow.clause.statement.actions;
        let mut held =
            Self { parts: vec![false; allow.parts.len()], patterns: vec![false; element.patterns.len()] };
        for (at, pattern) in element.patterns.iter().enumerate() {
            let alone = Matcher { negated: element.negated, patterns: vec![pattern.clone()], bare: false };
            let element = if element.negated { element } else { &alone };
            for names in unlisted.iter().filter(|names| element.negated || meets(pattern, names)) {
                let shared = shared(element, names);
                let is_unwritable = shared.is_none();
                let shared = shared.unwrap_or_else(|| BTreeSet::from([names.clone()]));
                for names in shared.iter().filter(|names| catalog.find(names).is_none()) {
                    let is_needed = held.need(unlisted, after, index, allow, names);
                    if let Some(held) = held.patterns.get_mut(at) {
                        *held |= is_needed;
                    }
                    // Where no patterns say it, the statement stays as it is, with all its resources.
                    if is_needed && is_unwritable {
                        held.parts.fill(true);
                    }
                }
            }
        }
        held
    }

    /// Whether the statement is needed for these names, in the parts that are marked.
    fn need(
        &mut self,
        unlisted: &BTreeSet<String>,
        after: &Grants<'_>,
        index: usize,
        allow: &Allow<'_>,
        names: &str,
    ) -> bool {
        let mut is_needed = false;
        for (at, (part, held)) in allow.parts.iter().zip(&mut self.parts).enumerate() {
            if !after.keep_names(names, part, Place { allow: index, part: at }, unlisted) {
                *held = true;
                is_needed = true;
            }
        }
        is_needed
    }
}

/// Every action pattern must name a needed action that the statement's other patterns do not name. `of` says which
/// actions are needed, for a pattern that is held and for others.
fn needed_actions<'s>(
    expander: &mut Expander<'_>,
    allow: &Allow<'_>,
    held: &Held,
    of: impl Fn(bool) -> &'s ActionSet,
    inert: &ActionSet,
    unnecessary: &mut impl FnMut(String),
) -> usize {
    let element = &allow.clause.statement.actions;
    if element.negated {
        let mut effective = allow.actions.clone();
        effective.subtract(inert);
        if !effective.is_subset(of(held.patterns.contains(&true))) {
            unnecessary("`NotAction`, which names actions that nothing needs".to_owned());
        }
        return 1;
    }
    let expansions: Vec<ActionSet> =
        element.patterns.iter().map(|pattern| expander.pattern(pattern).clone()).collect();
    let counts = Multiplicity::of(&expansions);
    for (at, (pattern, actions)) in element.patterns.iter().zip(&expansions).enumerate() {
        let others = element.patterns.iter().enumerate().filter(|(other, _)| *other != at);
        let is_held = held.patterns.get(at) == Some(&true);
        let is_repeated = is_held && others.map(|(_, other)| other).any(|other| includes(other, pattern));
        let mut effective = actions.clone();
        effective.subtract(inert);
        if !effective.is_subset(of(is_held)) {
            unnecessary(format!("action `{pattern}`, which names actions that nothing needs"));
        } else if is_repeated || (!is_held && !counts.is_sole_holder(actions)) {
            unnecessary(format!("action `{pattern}`"));
        }
    }
    element.patterns.len()
}
