//! Edits of roles of Kubernetes: which verbs, groups, resources and names of which rules go.

use std::collections::BTreeSet;

use remit_policy::rbac::{self, On, Permission};

use super::plan::{Fate, Plan};
use super::{Cuts, NoEdit, Options, because};
use crate::place::Content;
use crate::repository::Repository;
use crate::rule::Rule;

/// The cuts that leave of a role no more than what is wanted of it, wherever it is bound.
pub(super) fn edit(
    repository: &Repository,
    place: usize,
    is_equal: bool,
    wanted: &[Permission],
    options: Options,
) -> Result<Cuts, NoEdit> {
    let place = repository.places.get(place).ok_or_else(|| because("it was not found"))?;
    if let Some(reason) = place.reasons.first() {
        return Err(NoEdit::Reason(reason.clone()));
    }
    let Content::Rules(rules) = &place.content else { return Err(because("what it says is not known")) };
    if !is_equal {
        return Err(because("it says something else than what is in force"));
    }
    let mut plan = Plan::new(repository);
    let mut left = 0;
    for rule in rules {
        let known = rule.known().ok_or_else(|| because("what it says is not known"))?;
        let cells = Cells::of(&known, wanted, options);
        if cells.kept.is_empty() {
            plan.take(rule.file, &rule.span, &rule.removal, &rule.reasons)?;
            continue;
        }
        left += 1;
        let fates =
            cells.fates(&known).ok_or_else(|| because("what stays of one of its rules are several rules"))?;
        for (tokens, fates) in lists(rule).into_iter().zip(&fates) {
            if fates.iter().any(|fate| *fate != Fate::Stays) {
                plan.narrow(rule.file, tokens, fates, &rule.reasons)?;
            }
        }
    }
    if left == 0 {
        return Err(because("nothing of it would be left: take it away with what binds it"));
    }
    plan.done()
}

fn lists(rule: &Rule) -> [&crate::tokens::Tokens; 5] {
    rule.lists()
}

/// One choice of each list of a rule; of an empty list nothing is chosen.
type Cell = [Option<String>; 5];

/// What stays of a rule.
struct Cells {
    kept: BTreeSet<Cell>,
}

impl Cells {
    fn of(rule: &rbac::Rule, wanted: &[Permission], options: Options) -> Self {
        let mut kept = BTreeSet::new();
        for permission in Permission::of_rule(None, rule) {
            for other in wanted {
                let other = Permission { namespace: None, ..other.clone() };
                let Some(met) = permission.meet(&other) else { continue };
                kept.insert(cell(&permission, &met, options));
            }
        }
        // What another that stays says already is not said again.
        let all: Vec<Cell> = kept.iter().cloned().collect();
        kept.retain(|one| !all.iter().any(|other| other != one && covers(other, one)));
        Self { kept }
    }

    /// What becomes of each text of each list. None where what stays are not all combinations of what stays of the lists.
    fn fates(&self, rule: &rbac::Rule) -> Option<[Vec<Fate>; 5]> {
        let mut axes: [BTreeSet<Option<String>>; 5] = Default::default();
        for cell in &self.kept {
            for (axis, choice) in axes.iter_mut().zip(cell) {
                axis.insert(choice.clone());
            }
        }
        let all: usize = axes.iter().map(BTreeSet::len).product();
        if all != self.kept.len() {
            return None;
        }
        let lists = [&rule.verbs, &rule.groups, &rule.resources, &rule.names, &rule.urls];
        let mut fates: [Vec<Fate>; 5] = Default::default();
        for ((fates, list), axis) in fates.iter_mut().zip(lists).zip(&axes) {
            let stays: Vec<&String> = axis.iter().flatten().collect();
            // Names where there were none would be another list.
            if list.is_empty() && !stays.is_empty() {
                return None;
            }
            *fates = list.iter().map(|text| fate(text, list, &stays)).collect();
        }
        Some(fates)
    }
}

/// What becomes of a text: it stays, or what it stands for takes its place, once.
fn fate(text: &String, list: &[String], stays: &[&String]) -> Fate {
    if stays.contains(&text) {
        return Fate::Stays;
    }
    let is_wild = text.contains('*');
    let narrower: Vec<String> =
        stays.iter().filter(|one| is_wild && !list.contains(one)).map(|one| (*one).clone()).collect();
    if narrower.is_empty() { Fate::Goes } else { Fate::Becomes(narrower) }
}

/// The choices of what two permissions have in common. Names that were not there are written only where asked for.
fn cell(own: &Permission, met: &Permission, options: Options) -> Cell {
    let verb = Some(met.verb.clone());
    match (&met.on, &own.on) {
        (On::Url(url), _) => [verb, None, None, None, Some(url.clone())],
        (On::Resource { group, resource, name }, on) => {
            let is_named = matches!(on, On::Resource { name: Some(_), .. });
            let name = name.clone().filter(|_| is_named || options.resources);
            [verb, Some(group.clone()), Some(resource.clone()), name, None]
        }
    }
}

fn covers(one: &Cell, other: &Cell) -> bool {
    one.iter().zip(other).all(|(one, other)| match (one, other) {
        (Some(one), Some(other)) => one == "*" || one == other,
        (None, _) => true,
        (Some(_), None) => false,
    })
}
