//! One sentence made of facts.

use std::collections::BTreeMap;

use super::caller::{CallerKind, CallerName, CallerSeen};
use super::deed::Deed;
use super::starter::{Starter, StarterKind};
use super::words::{listed, number};
use super::{Callers, Starters};
use crate::output::counted;

/// Things that are told one by one.
const DEEDS: usize = 5;

/// The sentence: what is done, each thing with its pace; what does it, and who begins that.
pub(super) fn sentence(
    deeds: &[Deed],
    pace_of: impl Fn(&Deed) -> String,
    callers: &Callers,
    starters: &Starters,
    (allowed, denied): (u64, u64),
) -> String {
    let mut paces: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |pace: String, words: String| match paces.iter_mut().find(|(known, _)| *known == pace) {
        Some((_, all)) => all.push(words),
        None => paces.push((pace, vec![words])),
    };
    let shown = if deeds.len() == DEEDS + 1 { DEEDS + 1 } else { DEEDS };
    for deed in deeds.iter().take(shown) {
        add(pace_of(deed), deed.words());
    }
    let more = deeds.len().saturating_sub(shown);
    let mut parts: Vec<String> =
        paces.iter().map(|(pace, words)| format!("{} {pace}", listed(words)).trim_end().to_owned()).collect();
    if more > 0 {
        parts.push(format!("does {} other things", number(more)));
    }
    if parts.is_empty() {
        parts.push(nothing(allowed, denied));
    }
    if let (Some(first), Some(from)) = (parts.first_mut(), from(callers, starters)) {
        first.push_str(&from);
    }
    parts.extend(begun_by(callers, starters));
    parts.join("; ")
}

/// What is said where nothing is known to be done. Who asks who it is, or makes calls that need nothing that is known, did something.
fn nothing(allowed: u64, denied: u64) -> String {
    match (allowed, denied) {
        (0, 0) => "did nothing that the ledger shows".to_owned(),
        (0, denied) => format!("was denied all that it asked for ({})", counted(denied, "call", "calls")),
        (allowed, _) => {
            format!(
                "made calls that do not tell what it is there for ({})",
                counted(allowed, "call", "calls")
            )
        }
    }
}

/// What calls, where that is more than the name of who begins its sessions.
fn from(callers: &Callers, starters: &Starters) -> Option<String> {
    let kind_of = |kind: CallerKind| callers.seen.iter().filter(move |(name, _)| name.kind == kind);
    let workloads: Vec<_> = kind_of(CallerKind::Workload).map(|(name, _)| name.words()).collect();
    match workloads.as_slice() {
        [] => {}
        [one] => return Some(format!(" from {one}")),
        [one, two] => return Some(format!(" from {one} and {two}")),
        several => return Some(format!(" from {} workloads", number(several.len()))),
    }
    let instances = kind_of(CallerKind::Instances).map(|(_, seen)| seen).next();
    if let Some(CallerSeen { sessions, more_sessions, .. }) = instances {
        return Some(match sessions.first() {
            Some(one) if sessions.len() == 1 => format!(" from instance `{one}`"),
            _ if *more_sessions => " from many instances".to_owned(),
            _ => format!(" from {} instances", number(sessions.len())),
        });
    }
    let functions = functions(callers, starters);
    match functions.as_slice() {
        [] => None,
        [one] => Some(format!(" from function `{}`", one.name)),
        [one, two] => Some(format!(" from functions `{}` and `{}`", one.name, two.name)),
        several => Some(format!(" from {} functions", number(several.len()))),
    }
}

/// Functions, whose sessions have their names: known where nothing but Lambda begins sessions.
fn functions<'a>(callers: &'a Callers, starters: &Starters) -> Vec<&'a CallerName> {
    let mut who = starters.keys();
    let is_lambda = who.next().is_some_and(is_lambda) && who.next().is_none();
    callers.seen.keys().filter(|name| is_lambda && name.kind == CallerKind::Session).collect()
}

fn is_lambda(starter: &Starter) -> bool {
    starter.kind == StarterKind::Service && starter.name == "lambda.amazonaws.com"
}

/// Who begins the sessions.
fn begun_by(callers: &Callers, starters: &Starters) -> Option<String> {
    let has_instances = callers.seen.keys().any(|name| name.kind == CallerKind::Instances);
    let is_said = |starter: &Starter| {
        (is_lambda(starter) && !functions(callers, starters).is_empty())
            || (has_instances && starter.kind == StarterKind::Service && starter.name == "ec2.amazonaws.com")
    };
    let mut kinds: BTreeMap<StarterKind, Vec<&Starter>> = BTreeMap::new();
    for starter in starters.keys().filter(|starter| !is_said(starter)) {
        kinds.entry(starter.kind).or_default().push(starter);
    }
    let words: Vec<String> = kinds
        .iter()
        .map(|(kind, who)| match who.as_slice() {
            [one] => one.words(),
            several => format!("{} {}", number(several.len()), Starter::many(*kind)),
        })
        .collect();
    (!words.is_empty()).then(|| format!("assumed by {}", listed(&words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_called_did_something() {
        let said = |calls| sentence(&[], |_| String::new(), &Callers::default(), &Starters::new(), calls);
        assert_eq!(said((0, 0)), "did nothing that the ledger shows");
        assert_eq!(said((0, 1)), "was denied all that it asked for (1 call)");
        assert_eq!(said((24, 3)), "made calls that do not tell what it is there for (24 calls)");
    }
}
