//! Ways to take away or to bring back that are taken rarely: they are watched.

use remit_catalog::AccessLevel;
use remit_policy::Retained;

use super::meaning::Meaning;
use super::words::Words;

/// Verbs that take away what others change.
const DESTROY: [&str; 10] = [
    "Delete",
    "Terminate",
    "Deregister",
    "Detach",
    "Disassociate",
    "Remove",
    "Revoke",
    "Release",
    "Purge",
    "delete",
];

/// What makes again what is not there any more: objects of a cluster are written over as long as they are.
const REMAKE: &str = "create";

/// Verbs that bring back.
pub(super) const RECOVER: [&str; 10] = [
    "Restore",
    "Failover",
    "Promote",
    "Rollback",
    "Recover",
    "Revert",
    "Switchover",
    "Redrive",
    "Reboot",
    "Cancel",
];

/// Shorter names of things are in too many others.
pub(super) const TELLING: usize = 4;

/// Why an unused permission is watched.
pub(super) fn of(meaning: &Meaning<'_>, words: &Words<'_>) -> Option<Retained> {
    if !may_be_rare(meaning) {
        return None;
    }
    let noun = meaning.noun.as_str();
    if is_destroying(meaning) {
        // A function's code is of the function.
        let is_part = |of: &str| {
            let rest = of.strip_prefix(noun).filter(|_| noun.len() >= TELLING);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase()))
        };
        let mut used = words.nouns(meaning.service).filter(|(of, _)| is_part(of)).flat_map(|(_, used)| used);
        let used = used.find(|used| writes(used.level))?;
        return Some(Retained::DestroyPath(used.name.clone()));
    }
    if RECOVER.contains(&meaning.verb) {
        let is_of = |of: &str| of.len() >= TELLING && noun.contains(of);
        let mut used = words.nouns(meaning.service).filter(|(of, _)| is_of(of)).flat_map(|(_, used)| used);
        let used = used.find(|used| writes(used.level))?;
        return Some(Retained::RecoveryPath(used.name.clone()));
    }
    if meaning.verb == REMAKE && !meaning.is_grave {
        let used = words.done_to(meaning).find(|used| writes(used.level))?;
        return Some(Retained::RecoveryPath(used.name.clone()));
    }
    None
}

/// Whether it changes something, and not who may do what: that stays for no other reason than use.
pub(super) fn may_be_rare(meaning: &Meaning<'_>) -> bool {
    matches!(meaning.level, AccessLevel::Write | AccessLevel::Tagging)
}

/// Whether it takes away what others change.
pub(super) fn is_destroying(meaning: &Meaning<'_>) -> bool {
    DESTROY.contains(&meaning.verb)
}

fn writes(level: AccessLevel) -> bool {
    !matches!(level, AccessLevel::List | AccessLevel::Read)
}
