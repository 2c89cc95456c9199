//! Ways to bring back what is lost, of an identity that did nothing: a restore may be rehearsed once a quarter or more rarely, and a
//! history of less than two quarters may have no run in it. They are watched.

use std::collections::BTreeMap;

use remit_catalog::ActionId;
use remit_policy::{Account, Granted, Retained};

use super::meaning::Meaning;
use super::rare::{RECOVER, TELLING, is_destroying, may_be_rare};

/// Days in which a drill of every quarter shows twice, late runs included.
const ENOUGH: i64 = 200;

/// Verbs that bring back a whole thing, which a drill takes away again.
const BRING_BACK: [&str; 2] = ["Restore", "Recover"];

/// What follows the name of a thing where that is brought back from something, or to some time.
const ORIGINS: [&str; 2] = ["From", "To"];

/// The unused permissions of an identity without a call in so many days of history that may be a drill's.
///
/// Only those whose verb a policy names: `*` and `rds:*` hold ways to bring back as they hold everything, and whoever has that and
/// does nothing is no drill, but an administrator nobody needs.
pub(super) fn drills(
    account: &Account,
    granted: &Granted,
    unused: &[(ActionId, Meaning<'_>)],
    history: i64,
) -> BTreeMap<ActionId, Retained> {
    if history >= ENOUGH {
        return BTreeMap::new();
    }
    let is_of_it = |(id, meaning): &&(ActionId, Meaning<'_>)| {
        let is_rare = RECOVER.contains(&meaning.verb) || is_destroying(meaning);
        is_rare && may_be_rare(meaning) && !meaning.is_grave && is_named(account, granted, *id, meaning.verb)
    };
    let rare: Vec<&(ActionId, Meaning<'_>)> = unused.iter().filter(is_of_it).collect();
    let brought_back = || {
        let all = rare.iter().map(|(_, meaning)| meaning);
        all.filter(|meaning| BRING_BACK.contains(&meaning.verb))
    };
    let is_kept = |meaning: &Meaning<'_>| {
        RECOVER.contains(&meaning.verb)
            || (is_destroying(meaning) && brought_back().any(|back| brings_back(back, meaning)))
    };
    let kept = rare.iter().filter(|(_, meaning)| is_kept(meaning));
    kept.map(|(id, _)| (*id, Retained::Drill)).collect()
}

/// Whether what one brings back is what the other takes away: `RestoreDBInstanceFromDBSnapshot` makes a `DBInstance`, and not a
/// `DBSnapshot`.
fn brings_back(back: &Meaning<'_>, gone: &Meaning<'_>) -> bool {
    let rest = back.noun.strip_prefix(gone.noun.as_str()).filter(|_| gone.noun.len() >= TELLING);
    let is_whole = |rest: &str| rest.is_empty() || ORIGINS.iter().any(|origin| rest.starts_with(origin));
    back.service == gone.service && rest.is_some_and(is_whole)
}

/// Whether a policy names an action by its verb at least, and not by what holds others as well.
fn is_named(account: &Account, granted: &Granted, id: ActionId, verb: &str) -> bool {
    let names = |pattern: &String| {
        let name = pattern.split_once(':').map_or("", |(_, name)| name);
        let literal = name.split(['*', '?']).next().unwrap_or_default();
        literal.get(..verb.len()).is_some_and(|start| start.eq_ignore_ascii_case(verb))
    };
    let statements = granted.statements(id).filter_map(|at| account.statement(at));
    let mut actions = statements.map(|statement| &statement.actions).filter(|actions| !actions.negated);
    actions.any(|actions| actions.patterns.iter().any(names))
}
