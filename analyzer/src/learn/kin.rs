//! What else is done to a kind of thing that is used: who reads such reads it otherwise, and who changes such changes it
//! otherwise.

use remit_catalog::{AccessLevel, Action};
use remit_policy::Retained;

use super::level::{is_grave, is_sensitive};
use super::words::{Words, split};

/// Why an unused action stays that is done to the same kind of thing as one that is used.
pub(super) fn of(action: &Action, words: &Words) -> Option<Retained> {
    if is_grave(action) || is_sensitive(action) {
        return None;
    }
    let (_, noun) = split(action.name);
    if noun.is_empty() {
        return None;
    }
    let is_look = matches!(action.level, AccessLevel::List | AccessLevel::Read);
    let changes = |level| matches!(level, AccessLevel::Write | AccessLevel::Tagging);
    let used = words.done_to(action, &noun).find(|used| is_look || changes(used.level))?;
    Some(Retained::SameKind(used.name.clone()))
}
