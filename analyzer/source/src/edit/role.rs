//! Edits of roles of Kubernetes: which verbs, groups, resources and names of which rules go.

use std::collections::BTreeSet;

use remit_policy::rbac::{self, On, Permission};

use super::plan::{Fate, Plan};
use super::{Cuts, NoEdit, Options, because};
use crate::place::Content;
use crate::repository::Repository;

/// The cuts that leave of a role no more than what is wanted of it, wherever it is bound. None where nothing of it would be left.
pub(super) fn edit(
    repository: &Repository,
    place: usize,
    is_equal: bool,
    wanted: &[Permission],
    options: Options,
) -> Result<Option<Cuts>, NoEdit> {
    let place = repository.places.get(place).ok_or_else(|| because("it was not found"))?;
    if let Some(reason) = place.reasons.first() {
        return Err(NoEdit::Reason(reason.clone()));
    }
    let Content::Rules(rules) = &place.content else { return Err(because("what it says is not known")) };
    if !is_equal {
        return Err(because("it says something else than what is in force"));
    }
    let mut plan = Plan::new(repository, place.form);
    let mut left = 0;
    let known: Option<Vec<_>> = rules.iter().map(crate::rule::Rule::known).collect();
    let known = known.ok_or_else(|| because("what it says is not known"))?;
    let wanted: Vec<Permission> = wanted.iter().map(|one| one.within(None)).collect();
    for (at, (rule, own)) in rules.iter().zip(&known).enumerate() {
        let others =
            said(known.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, rule)| rule), &wanted);
        let cells = Cells::of(own, &wanted, &others, options);
        if cells.kept.is_empty() {
            plan.take(rule.file, &rule.span, &rule.removal, &rule.reasons)?;
            continue;
        }
        left += 1;
        let parts =
            cells.parts().ok_or_else(|| because("what stays of one of its rules are too many rules"))?;
        let fates: Vec<[Vec<Fate>; 5]> =
            parts.iter().map(|part| fates(part, own)).collect::<Option<_>>().ok_or_else(|| {
                because("one of its rules would have to be for names that it does not list")
            })?;
        let mut copies = Vec::new();
        for fates in &fates {
            let lists = rule.lists().into_iter().zip(fates);
            let cuts = lists.map(|(tokens, fates)| plan.narrowed(rule.file, tokens, fates, None));
            copies.push(cuts.collect::<Result<Vec<_>, _>>()?.concat());
        }
        plan.split(rule.file, &rule.span, &rule.removal, &copies, &rule.reasons)?;
    }
    if left == 0 { Ok(None) } else { plan.done().map(Some) }
}

/// What rules say of which all stays.
fn said<'a>(rules: impl Iterator<Item = &'a rbac::Rule>, wanted: &[Permission]) -> Vec<Permission> {
    let all = rules.flat_map(|rule| Permission::of_rule(None, rule));
    all.filter(|one| wanted.iter().any(|other| other.covers(one))).collect()
}

/// One choice of each list of a rule; of an empty list nothing is chosen.
type Cell = [Option<String>; 5];

/// What stays of a rule.
struct Cells {
    kept: BTreeSet<Cell>,
}

impl Cells {
    fn of(rule: &rbac::Rule, wanted: &[Permission], others: &[Permission], options: Options) -> Self {
        let mut kept = BTreeSet::new();
        for permission in Permission::of_rule(None, rule) {
            for other in wanted {
                let Some(met) = permission.meet(other) else { continue };
                // A part of what it said need not be said by it where another rule says it.
                if met != permission && others.iter().any(|other| other.covers(&met)) {
                    continue;
                }
                kept.insert(cell(&permission, &met, options));
            }
        }
        // What another that stays says already is not said again.
        let all: Vec<Cell> = kept.iter().cloned().collect();
        kept.retain(|one| !all.iter().any(|other| other != one && covers(other, one)));
        Self { kept }
    }

    /// Rules that together say what stays: each is all combinations of what it lists. None where they were too many.
    fn parts(&self) -> Option<Vec<Axes>> {
        let mut due = self.kept.clone();
        let mut parts = Vec::new();
        while let Some(first) = due.first() {
            let mut axes: Axes = first.clone().map(|choice| BTreeSet::from([choice]));
            for at in 0..axes.len() {
                let choices: BTreeSet<_> = self.kept.iter().filter_map(|cell| cell.get(at)).collect();
                for choice in choices {
                    let mut wider = axes.clone();
                    if let Some(axis) = wider.get_mut(at) {
                        axis.insert(choice.clone());
                    }
                    if wider != axes && combinations(&wider).iter().all(|cell| self.kept.contains(cell)) {
                        axes = wider;
                    }
                }
            }
            for cell in combinations(&axes) {
                due.remove(&cell);
            }
            parts.push(axes);
            if parts.len() > PARTS {
                return None;
            }
        }
        Some(parts)
    }
}

/// A rule is not made into more than this many.
const PARTS: usize = 8;

/// What is chosen from, for each list.
type Axes = [BTreeSet<Option<String>>; 5];

fn combinations(axes: &Axes) -> Vec<Cell> {
    let mut all: Vec<Cell> = vec![Cell::default()];
    for (at, axis) in axes.iter().enumerate() {
        let longer = all.iter().flat_map(|cell| {
            axis.iter().map(move |choice| {
                let mut cell = cell.clone();
                if let Some(place) = cell.get_mut(at) {
                    place.clone_from(choice);
                }
                cell
            })
        });
        all = longer.collect();
    }
    all
}

/// What becomes of each text of each list. None where a list would have to be there that is not.
fn fates(axes: &Axes, rule: &rbac::Rule) -> Option<[Vec<Fate>; 5]> {
    let lists = [&rule.verbs, &rule.groups, &rule.resources, &rule.names, &rule.urls];
    let mut fates: [Vec<Fate>; 5] = Default::default();
    for ((fates, list), axis) in fates.iter_mut().zip(lists).zip(axes) {
        let stays: Vec<&String> = axis.iter().flatten().collect();
        if list.is_empty() && !stays.is_empty() {
            return None;
        }
        *fates = list.iter().map(|text| fate(text, list, &stays)).collect();
    }
    Some(fates)
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
