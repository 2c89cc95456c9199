//! What lists or describes, in services that are used.

use remit_policy::Retained;

use super::meaning::Meaning;

/// Why an unused permission that only looks stays, of a service that is used.
pub(super) fn of(meaning: &Meaning<'_>) -> Option<Retained> {
    let is_kept = meaning.is_look() && !meaning.is_sensitive;
    is_kept.then(|| Retained::Metadata(meaning.service.to_owned()))
}
