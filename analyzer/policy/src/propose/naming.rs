//! Writes a set of actions as patterns that name exactly those of the catalog's actions.

use std::collections::BTreeSet;

use remit_catalog::ActionId;

use crate::action_set::{ActionSet, Expander, Multiplicity};
use crate::unlisted::includes;
use crate::{Glob, Matcher};

/// The patterns for `wanted`, all of which the old element grants. An old pattern stays as it is where
/// everything it names is wanted, and a service that is wanted whole becomes `service:*` where the old
/// element grants that; the rest is named one by one, in the catalog's order. Patterns may also name
/// `inert` actions, which something takes away anyway. `held` patterns stay whatever they name.
pub(super) fn patterns(
    expander: &mut Expander<'_>,
    old: &Matcher,
    held: &BTreeSet<String>,
    wanted: &ActionSet,
    inert: &ActionSet,
) -> Vec<String> {
    let mut allowed = wanted.clone();
    allowed.union_with(inert);
    let allowed = &allowed;
    let mut written: Vec<(String, ActionSet)> = Vec::new();
    let mut missing = wanted.clone();
    let held_actions: Vec<ActionSet> = held.iter().map(|pattern| expander.pattern(pattern).clone()).collect();
    held_actions.iter().for_each(|actions| missing.subtract(actions));
    let candidates: Vec<String> = if old.negated { Vec::new() } else { old.patterns.clone() };
    let mut named: Vec<(String, ActionSet)> =
        candidates.into_iter().map(|pattern| (pattern.clone(), expander.pattern(&pattern).clone())).collect();
    named.sort_by_key(|(_, actions)| std::cmp::Reverse(actions.len()));
    for (pattern, actions) in named {
        take(&mut written, &mut missing, pattern, actions, allowed);
    }
    for (pattern, actions) in whole_services(expander, old, &missing, allowed) {
        take(&mut written, &mut missing, pattern, actions, allowed);
    }
    drop_covered(&mut written, &held_actions);
    let mut order: Vec<(usize, String)> = Vec::new();
    for pattern in with_held(written.into_iter().map(|(pattern, _)| pattern).collect(), held) {
        let at = old.patterns.iter().position(|old| *old == pattern).unwrap_or(usize::MAX);
        order.push((at, pattern));
    }
    order.sort();
    let mut patterns: Vec<String> = order.into_iter().map(|(_, pattern)| pattern).collect();
    patterns.extend(
        missing.iter().filter_map(|id| expander.catalog().action(id)).map(|action| action.full_name()),
    );
    patterns
}

fn take(
    written: &mut Vec<(String, ActionSet)>,
    missing: &mut ActionSet,
    pattern: String,
    actions: ActionSet,
    allowed: &ActionSet,
) {
    let is_new = actions.intersects(missing);
    if is_new && actions.is_subset(allowed) {
        missing.subtract(&actions);
        written.push((pattern, actions));
    }
}

/// The patterns with the held ones that none of them includes.
fn with_held(mut patterns: Vec<String>, held: &BTreeSet<String>) -> Vec<String> {
    let is_open = |held: &&String| !patterns.iter().any(|pattern| includes(pattern, held));
    let open: Vec<_> = held.iter().filter(is_open).cloned().collect();
    patterns.extend(open);
    patterns
}

/// `service:*` for every service that is wanted whole and that the old element grants as a wildcard.
fn whole_services(
    expander: &mut Expander<'_>,
    old: &Matcher,
    wanted: &ActionSet,
    allowed: &ActionSet,
) -> Vec<(String, ActionSet)> {
    let catalog = expander.catalog();
    let mut services: Vec<&str> =
        wanted.iter().filter_map(|id| catalog.action(id)).map(|action| action.service).collect();
    services.dedup();
    let mut whole = Vec::new();
    for service in services {
        let pattern = format!("{service}:*");
        if !grants_wildcard(old, &pattern) {
            continue;
        }
        let actions = expander.pattern(&pattern).clone();
        if actions.len() > 1 && actions.is_subset(allowed) {
            whole.push((pattern, actions));
        }
    }
    whole
}

/// Whether the element grants everything the pattern could ever name.
fn grants_wildcard(old: &Matcher, pattern: &str) -> bool {
    let service = pattern.split(':').next().unwrap_or_default();
    // Patterns of other services have no part in it, and policies name thousands.
    let may_name = |old: &&String| {
        let other = old.split(':').next().unwrap_or_default();
        other.contains(['*', '?']) || other.eq_ignore_ascii_case(service)
    };
    let globs: Vec<_> = old.patterns.iter().filter(may_name).map(|pattern| Glob::action(pattern)).collect();
    let pattern = Glob::action(pattern);
    if old.negated {
        return !globs.iter().any(|excluded| excluded.intersects(&pattern));
    }
    pattern.is_included_in(&globs.iter().collect::<Vec<_>>())
}

/// Drops patterns whose actions the others name too, or those that stay.
fn drop_covered(written: &mut Vec<(String, ActionSet)>, held: &[ActionSet]) {
    let mut counts = Multiplicity::of(written.iter().map(|(_, actions)| actions).chain(held));
    written.retain(|(_, actions)| {
        let is_needed = counts.is_sole_holder(actions);
        if !is_needed {
            counts.remove(actions);
        }
        is_needed
    });
}

/// Patterns for the same actions in fewer characters: a prefix with `*` wherever every action of the
/// catalog that starts with it is wanted, and the old element grants the whole prefix.
pub(super) fn compact(
    expander: &mut Expander<'_>,
    old: &Matcher,
    held: &BTreeSet<String>,
    wanted: &ActionSet,
    inert: &ActionSet,
) -> Vec<String> {
    let mut allowed = wanted.clone();
    allowed.union_with(inert);
    let mut wanted = wanted.clone();
    held.iter().for_each(|pattern| wanted.subtract(expander.pattern(pattern)));
    let wanted = &wanted;
    let catalog = expander.catalog();
    let mut patterns = Vec::new();
    let mut services: Vec<String> = Vec::new();
    for id in wanted.iter() {
        if let Some(action) = catalog.action(id)
            && services.last().map(String::as_str) != Some(action.service)
        {
            services.push(action.service.to_string());
        }
    }
    for service in services {
        let actions: Vec<(ActionId, String)> =
            catalog.service_actions(&service).map(|(id, action)| (id, action.full_name())).collect();
        Prefixes { expander, old, wanted, allowed: &allowed, patterns: &mut patterns }
            .write(&actions, service.len() + 1);
    }
    with_held(patterns, held)
}

/// Writes prefix wildcards of one service.
struct Prefixes<'a, 'c> {
    expander: &'a mut Expander<'c>,
    old: &'a Matcher,
    wanted: &'a ActionSet,
    allowed: &'a ActionSet,
    patterns: &'a mut Vec<String>,
}

impl Prefixes<'_, '_> {
    /// `actions` share their first `depth` characters. They are split at the next one until every part
    /// is wanted whole or is a single action.
    fn write(&mut self, actions: &[(ActionId, String)], depth: usize) {
        let wanted_here = actions.iter().filter(|(id, _)| self.wanted.contains(*id)).count();
        if wanted_here == 0 {
            return;
        }
        if wanted_here > 1 && actions.iter().all(|(id, _)| self.allowed.contains(*id)) {
            let prefix = actions.first().and_then(|(_, name)| name.get(..depth)).unwrap_or_default();
            let pattern = format!("{prefix}*");
            if grants_wildcard(self.old, &pattern) && self.expander.pattern(&pattern).is_subset(self.allowed)
            {
                self.patterns.push(pattern);
                return;
            }
        }
        let next_of = |name: &str| name.get(depth..).and_then(|tail| tail.chars().next());
        let mut rest = actions;
        while let Some((id, name)) = rest.first() {
            let Some(next) = next_of(name) else {
                if self.wanted.contains(*id) {
                    self.patterns.push(name.clone());
                }
                rest = rest.get(1..).unwrap_or_default();
                continue;
            };
            let shares = |name: &str| next_of(name).is_some_and(|c| c.eq_ignore_ascii_case(&next));
            let end = rest.iter().position(|(_, name)| !shares(name)).unwrap_or(rest.len());
            let (part, tail) = rest.split_at(end);
            rest = tail;
            match part {
                [(id, name)] if self.wanted.contains(*id) => self.patterns.push(name.clone()),
                [_] => {}
                part => self.write(part, depth + next.len_utf8()),
            }
        }
    }
}
