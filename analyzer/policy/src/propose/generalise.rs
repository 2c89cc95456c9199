//! Named rules that widen observed resources a little, always within the old grant: what is numbered, dated or drawn at
//! random would otherwise break at the next run.
//!
//! What comes out depends only on which resources were seen on which days: not on the order of calls, nor on how they were
//! counted, nor on how often. Every resource that was seen is named by what comes out, so more evidence never loses a
//! call that was seen. It may lose resources that were only admitted: a name beside dates closes their position, forms
//! that vary count as one name, and what the inventory learns closes positions of actions that change something.

mod alone;
mod assigned;
mod joined;
mod opening;
mod reach;
mod recorded;
mod segment;
mod template;
mod thresholds;
mod token;
mod trie;
mod tried;

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::Catalog;

use self::assigned::assigned_identifier;
use self::joined::Joining;
use self::opening::explain;
pub(crate) use self::reach::Reach;
use self::recorded::is_open;
pub(crate) use self::thresholds::Thresholds;
use self::trie::{Path, Trie};
use crate::inventory::Inventory;
use crate::usage::Seen;
use crate::{Days, Glob};

/// How observed resources become patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generalise {
    /// Exactly the resources seen.
    Exact,
    /// Identifiers that the service assigns become `*`; so do values of one form, such as dates, of which three were seen,
    /// and many names at one place: on two days at least, and for actions that change something only where little else is
    /// known to be there.
    Templates,
    /// So do names that begin alike, and what lies in one container.
    Containers,
    /// Resources stay as they are granted; of those that are a permission each, such as secrets and roles, where their names
    /// changed on dates gone by.
    Granted,
    /// The narrowest of these that would have held on dates gone by.
    Tried,
}

/// What is known beside the resources on which an action was seen.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) inventory: &'a Inventory,
    /// The day on which is proposed, counted from the Unix epoch.
    pub(crate) today: i64,
}

/// The resources on which an action was seen, each with its days, counted from the Unix epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sightings {
    days: BTreeMap<String, BTreeSet<i64>>,
    /// Those that are wildcards in the ledger, and in no request.
    open: BTreeSet<String>,
}

/// A pattern's rule and the resources it stands for.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) from: BTreeSet<String>,
    /// Why it is more than these, and what else it admits; none where it is not.
    pub(crate) why: Option<String>,
}

impl Sightings {
    /// What was seen before a day.
    fn before(&self, day: i64) -> Self {
        let before = |(resource, days): (&String, &BTreeSet<i64>)| {
            let days: BTreeSet<i64> = days.range(..day).copied().collect();
            (!days.is_empty()).then(|| (resource.clone(), days))
        };
        Self { days: self.days.iter().filter_map(before).collect(), open: BTreeSet::new() }
    }

    /// Knows which are wildcards in the ledger, and in no request of these operations.
    pub(crate) fn find_open(&mut self, catalog: &Catalog, operations: &BTreeSet<String>) {
        let is_open = |resource: &&String| is_open(catalog, operations, resource);
        self.open = self.days.keys().filter(is_open).cloned().collect();
    }

    /// Adds a resource with its calls: the days of the first and the last where nobody asked for them all.
    pub(crate) fn add(&mut self, resource: &str, seen: &Seen) {
        let days = self.days.entry(resource.to_owned()).or_default();
        if seen.days.is_empty() {
            days.extend([seen.first, seen.last].map(Days::day_of));
        } else {
            days.extend(seen.days.iter());
        }
    }

    /// The pattern of what its service assigns, where a resource has any.
    fn assigned(&self, resource: &str) -> Option<String> {
        // A secret that was asked for without its random end is seen with any such end too: what it ends in is its name.
        let is_without_end = self.days.contains_key(&format!("{resource}-??????"));
        assigned_identifier(resource).filter(|_| !is_without_end)
    }

    /// On how many days any of these was seen.
    fn days<'a>(&self, resources: impl Iterator<Item = &'a str>) -> usize {
        let days = resources.filter_map(|resource| self.days.get(resource)).flatten();
        days.collect::<BTreeSet<_>>().len()
    }
}

impl Surroundings<'_> {
    /// How many known resources these patterns admit that were not seen, and that no pattern named before: at most so many
    /// are counted. All patterns begin with `start`.
    fn admitted<'p>(
        &self,
        seen: &Sightings,
        patterns: impl Iterator<Item = &'p str>,
        before: &[&str],
        start: &str,
        limit: usize,
    ) -> usize {
        let start = literal(start);
        let is_new = |arn: &&str| !seen.days.contains_key(*arn);
        let mut known = self.inventory.under(start).filter(is_new).peekable();
        if known.peek().is_none() {
            return 0;
        }
        let globs = |patterns: BTreeSet<&str>| -> Vec<Glob> {
            patterns.into_iter().map(Glob::resource_without_variables).collect()
        };
        let named = globs(before.iter().copied().filter(|pattern| literal(pattern) != *pattern).collect());
        let opened = globs(patterns.collect());
        let names = |globs: &[Glob], arn: &str| globs.iter().any(|glob| glob.matches(arn));
        known.filter(|arn| names(&opened, arn) && !names(&named, arn)).take(limit).count()
    }
}

/// The part of an ARN that names the resource, after `arn:partition:service:region:account:`.
fn name_start(arn: &str) -> Option<usize> {
    arn.match_indices(':').nth(4).map(|(at, _)| at + 1)
}

/// The start of a pattern that has no wildcard.
fn literal(pattern: &str) -> &str {
    pattern.split(['*', '?']).next().unwrap_or_default()
}

/// The patterns that stand for these resources.
pub(crate) fn generalise(
    reach: Reach,
    surroundings: Surroundings<'_>,
    seen: &Sightings,
) -> BTreeMap<String, Rule> {
    let Reach::Opened { thresholds, prefixes, containers } = reach else {
        let as_seen = |resource: &String| {
            let from = BTreeSet::from([resource.clone()]);
            let (name, why) = surroundings.as_recorded(seen, resource);
            (resource.clone(), Rule { name, from, why })
        };
        return seen.days.keys().map(as_seen).collect();
    };
    let patterns: Vec<(String, &str)> = seen
        .days
        .keys()
        .map(|resource| (seen.assigned(resource).unwrap_or_else(|| resource.clone()), resource.as_str()))
        .collect();
    let paths: Vec<Path<'_>> =
        patterns.iter().map(|(pattern, resource)| Path::of(pattern, resource)).collect();
    // Resources of different types are counted apart.
    let mut trees: BTreeMap<(Option<&str>, &str), Vec<&Path<'_>>> = BTreeMap::new();
    for path in &paths {
        let of_type = surroundings.catalog.resource_type(path.pattern).map(|known| known.name);
        trees.entry((of_type, path.stays)).or_default().push(path);
    }
    let trie = Trie { thresholds, seen, surroundings };
    let branches = trees.into_iter().flat_map(|((_, stays), paths)| trie.branches(stays, paths));
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    for branch in branches {
        let is_assigned = branch.paths.iter().any(|path| path.pattern != path.resource);
        let from = branch.paths.iter().map(|path| path.resource.to_owned()).collect();
        let pattern = branch.pattern;
        let explained = || {
            let patterns = std::iter::once(pattern.as_str());
            let admitted = surroundings.admitted(seen, patterns, &[], &pattern, usize::MAX);
            explain(&branch.openings, is_assigned, admitted)
        };
        let is_crowd = branch.openings.iter().any(|opening| opening.is_crowd);
        let (name, why) = match (is_crowd, branch.openings.is_empty()) {
            (true, _) => ("sibling wildcard", explained()),
            (false, false) => ("varying value", explained()),
            (false, true) if is_assigned => ("assigned identifier", explained()),
            (false, true) => surroundings.as_recorded(seen, &pattern),
        };
        // Types may meet in one pattern.
        let rule = rules.entry(pattern).or_insert_with(|| Rule { name, from: BTreeSet::new(), why });
        rule.from.extend::<BTreeSet<String>>(from);
    }
    let joining = Joining { thresholds, seen, surroundings };
    if containers {
        rules = joining.containers(rules);
    }
    if prefixes { joining.prefixes(rules) } else { rules }
}

#[cfg(test)]
mod tests;
