//! The narrowest way to name resources that would have held on dates gone by: names learned by then are tried on what came
//! in the days behind.

use std::collections::BTreeSet;

use remit_catalog::ActionId;

use super::reach::is_of_made;
use super::{Reach, Sightings, Surroundings, Thresholds, generalise};
use crate::Glob;
use crate::usage::Usage;

/// Days from one date to the next.
const STEP: i64 = 15;

/// Days behind a date.
const HORIZON: i64 = 30;

/// How many dates are tried.
const DATES: i64 = 24;

/// On fewer dates with use behind them nothing is shown.
const FEWEST: usize = 5;

/// More resources are as many as can be tried in time.
const MOST: usize = 2_000;

/// The narrowest way that holds, of a principal that does all this; resources stay as they are granted where none does, or
/// where there are too few dates to try it on.
pub(super) fn tried(
    action: ActionId,
    usage: &Usage,
    surroundings: Surroundings<'_>,
    thresholds: Option<Thresholds>,
) -> Reach {
    let mut seen = Sightings::default();
    for (resource, calls) in usage.actions.get(&action).into_iter().flat_map(|use_| &use_.resources) {
        if calls.days.is_empty() {
            // Nobody asked on which days, so nothing can be tried.
            return Reach::opened(thresholds, false, false);
        }
        seen.add(resource, calls);
    }
    if seen.days.len() > MOST {
        return Reach::opened(thresholds, true, true);
    }
    let is_made = is_of_made(surroundings.catalog, action, usage);
    let ways = [(is_made, false), (true, false), (true, true)];
    let ways = ways.map(|(prefixes, containers)| Reach::opened(thresholds, prefixes, containers));
    ways.into_iter().find(|way| holds(*way, surroundings, &seen)).unwrap_or(Reach::Granted)
}

/// Whether a way would have named all that came behind each date.
fn holds(way: Reach, surroundings: Surroundings<'_>, seen: &Sightings) -> bool {
    let mut tried = 0;
    for at in 1..=DATES {
        let date = surroundings.today - at * STEP;
        let known = seen.before(date);
        if known.days.is_empty() {
            break;
        }
        let was_used = |days: &BTreeSet<i64>| days.range(date..date + HORIZON).next().is_some();
        if !seen.days.values().any(was_used) {
            // Days without use show nothing.
            continue;
        }
        tried += 1;
        let new = seen.days.iter().filter(|(resource, days)| {
            let first = days.first().copied().unwrap_or(i64::MAX);
            (date..date + HORIZON).contains(&first) && !known.days.contains_key(*resource)
        });
        let new: Vec<&String> = new.map(|(resource, _)| resource).collect();
        if new.is_empty() {
            continue;
        }
        let patterns = generalise(way, surroundings, &known);
        let globs: Vec<Glob> =
            patterns.keys().map(|pattern| Glob::resource_without_variables(pattern)).collect();
        if !new.iter().all(|resource| globs.iter().any(|glob| glob.matches(resource))) {
            return false;
        }
    }
    tried >= FEWEST
}
