//! What else is done to a kind of thing that is used: who reads such reads it otherwise, and who changes such changes it
//! otherwise.

use remit_catalog::AccessLevel;
use remit_policy::Retained;

use super::meaning::Meaning;
use super::words::Words;

/// Why an unused permission stays that is for the same kind of thing as one that is used.
pub(super) fn of(meaning: &Meaning<'_>, words: &Words<'_>) -> Option<Retained> {
    if meaning.is_grave || meaning.is_sensitive || meaning.noun.is_empty() {
        return None;
    }
    let changes = |level| matches!(level, AccessLevel::Write | AccessLevel::Tagging);
    let used = words.done_to(meaning).find(|used| meaning.is_look() || changes(used.level))?;
    Some(Retained::SameKind(used.name.clone()))
}
