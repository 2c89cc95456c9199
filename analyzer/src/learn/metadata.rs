//! What lists or describes, in services that are used.

use remit_policy::Retained;

use super::meaning::Meaning;
use super::words::Words;

/// Why an unused permission that only looks stays.
pub(super) fn of(meaning: &Meaning<'_>, words: &Words<'_>) -> Option<Retained> {
    let is_kept = meaning.is_look() && !meaning.is_sensitive && words.uses(meaning.service);
    is_kept.then(|| Retained::Metadata(meaning.service.to_owned()))
}
