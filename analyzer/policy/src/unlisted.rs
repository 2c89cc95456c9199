//! Names of actions that the catalog does not list, as patterns.
//!
//! A policy may grant an action that is newer than the catalog, by its name or by a wildcard, and a recorded call may
//! have needed it. Such names are compared as languages, since there is no list of them.

use std::collections::BTreeSet;

use crate::{Glob, Matcher};

/// Patterns that together name what both the element and the pattern `names` do; none where patterns cannot say it.
pub(crate) fn shared(element: &Matcher, names: &str) -> Option<BTreeSet<String>> {
    let meeting = element.patterns.iter().filter(|pattern| meets(pattern, names));
    if !element.negated {
        return meeting.map(|pattern| meet(pattern, names)).collect();
    }
    let excluded: Vec<_> = meeting.collect();
    if excluded.is_empty() {
        return Some(BTreeSet::from([names.to_owned()]));
    }
    excluded.iter().any(|pattern| includes(pattern, names)).then(BTreeSet::new)
}

/// The pattern for what two patterns that meet both name.
fn meet(pattern: &str, names: &str) -> Option<String> {
    if includes(names, pattern) {
        return Some(pattern.to_owned());
    }
    if includes(pattern, names) {
        return Some(names.to_owned());
    }
    let (service, rest) = names.split_once(':')?;
    let (services, name) = pattern.split_once(':')?;
    let is_whole_service = is_plain(service) && rest == "*" && Glob::action(services).matches(service);
    is_whole_service.then(|| format!("{service}:{name}"))
}

/// Whether the element names everything that the pattern does.
pub(crate) fn names_all(element: &Matcher, names: &str) -> bool {
    if element.negated {
        return !element.patterns.iter().any(|pattern| meets(pattern, names));
    }
    element.patterns.iter().any(|pattern| includes(pattern, names))
}

/// Whether one pattern names everything that the other does.
pub(crate) fn includes(pattern: &str, names: &str) -> bool {
    let includes = |pattern: &str, names: &str| {
        let glob = Glob::action(pattern);
        if is_plain(names) { glob.matches(names) } else { Glob::action(names).is_included_in(&[&glob]) }
    };
    may_meet(pattern, names) && both(pattern, names, includes)
}

/// Whether some action may be named by both.
pub(crate) fn meets(pattern: &str, names: &str) -> bool {
    let meets = |one: &str, two: &str| Glob::action(one).intersects(&Glob::action(two));
    may_meet(pattern, names) && both(pattern, names, meets)
}

/// Whether it holds of the services and of the names. An action has one colon, which no wildcard of these stands for.
fn both(one: &str, two: &str, holds: impl Fn(&str, &str) -> bool) -> bool {
    match (halves(one), halves(two)) {
        (Some((service, name)), Some((other_service, other_name))) => {
            holds(service, other_service) && holds(name, other_name)
        }
        _ => holds(one, two),
    }
}

fn halves(pattern: &str) -> Option<(&str, &str)> {
    if pattern == "*" { Some(("*", "*")) } else { pattern.split_once(':') }
}

/// Policies name thousands of actions, and most differ in the service already.
fn may_meet(one: &str, two: &str) -> bool {
    match (service(one), service(two)) {
        (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
        _ => true,
    }
}

/// The service of a pattern that names one.
pub(crate) fn service(pattern: &str) -> Option<&str> {
    pattern.split_once(':').map(|(service, _)| service).filter(|service| is_plain(service))
}

pub(crate) fn is_plain(pattern: &str) -> bool {
    !pattern.contains(['*', '?'])
}

#[cfg(test)]
mod tests;
