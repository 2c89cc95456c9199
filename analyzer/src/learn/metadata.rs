//! What lists or describes, in services that are used.

use remit_catalog::{AccessLevel, Action};
use remit_policy::Retained;

use super::level::is_sensitive;
use super::words::Words;

/// Why an unused action that only looks stays.
pub(super) fn of(action: &Action, words: &Words) -> Option<Retained> {
    let is_look = matches!(action.level, AccessLevel::List | AccessLevel::Read) && !is_sensitive(action);
    (is_look && words.uses(action.service)).then(|| Retained::Metadata(action.service.to_owned()))
}
