//! Narrows an action of a statement to the resources on which it was seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::glob::spelled;
use crate::grant::Account;
use crate::part::Clause;
use crate::propose::Ruled;
use crate::propose::element::{Element, Extent};
use crate::propose::generalise::{Reach, Rule, Sightings, Surroundings, generalise};
use crate::usage::{ActionUse, Seen};
use crate::verdict::GrantRef;
use crate::{Glob, Matcher};

/// The resources to which an action may be narrowed.
pub(crate) struct Narrowing<'c> {
    pub(crate) resources: Vec<Glob>,
    seen: Vec<&'c Seen>,
    operations: &'c BTreeSet<String>,
    /// None where resources stay as they were seen.
    reach: Reach,
    surroundings: Surroundings<'c>,
}

/// What stays of an action.
pub(crate) struct Narrowed {
    /// In each statement.
    pub(crate) elements: Vec<Element>,
    /// Of patterns that are more than what was seen, why.
    pub(crate) opened: Opened,
}

/// Patterns that are more than what was seen, and why.
pub(crate) type Opened = BTreeMap<String, String>;

impl<'c> Narrowing<'c> {
    /// None where some call's resource is not known, so that the old scope has to stay.
    pub(crate) fn of(use_: &'c ActionUse, reach: Reach, surroundings: Surroundings<'c>) -> Option<Self> {
        if use_.resource_unknown || use_.any_resource || use_.resources.is_empty() {
            return None;
        }
        if reach == Reach::Granted {
            return None;
        }
        let resources = use_.resources.keys().map(|resource| Glob::recorded(resource));
        let seen = use_.resources.values().collect();
        let operations = &use_.operations;
        Some(Self { resources: resources.collect(), seen, operations, reach, surroundings })
    }

    /// What stays of the action in each statement. None when some resource is named by none of them: then the grant
    /// and the log do not fit together (a resource policy allowed the call, or the ARN was guessed
    /// wrongly), and nothing is narrowed.
    pub(crate) fn apply(&self, account: &Account, statements: &[GrantRef]) -> Option<Narrowed> {
        let mut matched = vec![false; self.resources.len()];
        let mut elements = Vec::new();
        let mut opened = Opened::new();
        for &at in statements {
            let clause = account.clause(at);
            let scope = clause.and_then(|clause| Some((clause, clause.statement.resources.as_ref()?)));
            let Some((clause, resources)) = scope else {
                elements.push(Element { at, extent: Extent::Whole });
                continue;
            };
            let extent = self.within(clause, resources, &mut matched, &mut opened);
            match extent {
                Extent::Narrowed(patterns) if patterns.is_empty() => {}
                extent => elements.push(Element { at, extent }),
            }
        }
        (!matched.contains(&false)).then_some(Narrowed { elements, opened })
    }

    fn within(
        &self,
        clause: Clause<'_>,
        resources: &Matcher,
        matched: &mut [bool],
        opened: &mut Opened,
    ) -> Extent {
        let globs: Vec<_> = resources.patterns.iter().map(|pattern| clause.glob(pattern)).collect();
        let all: Vec<_> = globs.iter().collect();
        // What a variable stands for in an exception is not known, and so neither what lies outside of it.
        let mut stays_whole = false;
        let mut exact = Sightings::default();
        let mut patterns = Ruled::new();
        for ((resource, seen), matched) in self.resources.iter().zip(&self.seen).zip(matched) {
            let is_included = resource.is_included_in(&all);
            if resources.negated {
                if !is_included {
                    *matched = true;
                    stays_whole |= globs
                        .iter()
                        .any(|excluded| excluded.has_variables() || excluded.intersects(resource));
                    exact.add(resource.text(), seen);
                }
            } else if is_included {
                *matched = true;
                exact.add(resource.text(), seen);
            } else {
                for (pattern, granted) in resources.patterns.iter().zip(&globs) {
                    if granted.intersects(resource) {
                        *matched = true;
                        patterns.insert(pattern.clone(), "as granted");
                    }
                }
            }
        }
        if stays_whole {
            return Extent::Whole;
        }
        exact.find_open(self.surroundings.catalog, self.operations);
        let fits = |pattern: &str| {
            let glob = clause.glob(pattern);
            if resources.negated {
                !globs.iter().any(|excluded| excluded.intersects(&glob))
            } else {
                glob.is_included_in(&all)
            }
        };
        let mut add = |pattern: String, name, why: Option<String>| {
            if let Some(why) = why {
                opened.entry(pattern.clone()).or_insert(why);
            }
            patterns.insert(pattern, name);
        };
        for (pattern, Rule { name, from, why }) in generalise(self.reach, self.surroundings, &exact) {
            let is_seen = from.len() == 1 && from.contains(&pattern);
            let pattern = if is_seen { spell(&pattern, clause) } else { spell_pattern(&pattern, clause) };
            if fits(&pattern) {
                add(pattern, name, why);
                continue;
            }
            let mut rest: Vec<(String, &String)> =
                from.iter().map(|resource| (spell(resource, clause), resource)).collect();
            for granted in resources.patterns.iter().filter(|_| !resources.negated) {
                let Some(part) = started(&pattern, granted).filter(|part| fits(part)) else { continue };
                let glob = clause.glob(&part);
                let before = rest.len();
                rest.retain(|(resource, _)| !clause.glob(resource).is_included_in(&[&glob]));
                if rest.len() < before {
                    add(part, name, why.clone());
                }
            }
            for (spelled, resource) in rest {
                let (name, why) = self.surroundings.as_recorded(&exact, resource);
                add(spelled, name, why);
            }
        }
        Extent::Narrowed(patterns)
    }
}

/// What a wildcard may keep of itself where a granted pattern starts more narrowly: of `data/*/x.json` and
/// `data/2026*` that is `data/2026*/x.json`. Whether it does lie within what is granted is for the caller to see.
fn started(wildcard: &str, granted: &str) -> Option<String> {
    let (before, after) = wildcard.split_once('*')?;
    let start = granted.split(['*', '?', '$']).next()?;
    start.starts_with(before).then(|| format!("{start}*{after}"))
}

/// A recorded resource written as a pattern of the statement: where its document has variables, `${` would start one.
fn spell(resource: &str, clause: Clause<'_>) -> String {
    if clause.variables { spelled(resource) } else { resource.to_owned() }
}

/// What several resources became, whose `*` and `?` stand for any text.
fn spell_pattern(pattern: &str, clause: Clause<'_>) -> String {
    if clause.variables { pattern.replace("${", "${$}{") } else { pattern.to_owned() }
}
