//! Whether names are the same tomorrow.

use std::collections::BTreeMap;

use super::permission::MANY;
use crate::usage::Seen;

/// More names than this are no list that somebody wrote.
const MOST: usize = 8;

/// A name that is still in use after this long is in use in more than one period: a day, in microseconds.
const APART: i64 = 24 * 60 * 60 * 1_000_000;

/// Letters of generated suffixes (`k8s.io/apimachinery/pkg/util/rand`).
const LETTERS: &str = "bcdfghjklmnpqrstvwxz2456789";

/// Whether the names that were asked for are those that will be.
pub(super) fn are_stable(names: &BTreeMap<String, Seen>) -> bool {
    let is_lasting = |seen: &Seen| seen.last.saturating_sub(seen.first) >= APART;
    names.len() <= MOST
        && names.iter().all(|(name, seen)| !name.is_empty() && !is_generated(name) && is_lasting(seen))
}

/// Whether a name looks as if it was made up: by a controller, a number, a hash or a time.
pub(super) fn is_generated(name: &str) -> bool {
    let Some(last) = name.rsplit(['-', '.', '_', ':']).next() else { return true };
    let has_digit = last.bytes().any(|byte| byte.is_ascii_digit());
    let is_number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    let is_suffix =
        [5, 8, 9, 10].contains(&last.len()) && last.chars().all(|letter| LETTERS.contains(letter));
    let is_hash = last.len() >= 6 && has_digit && last.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number || (is_suffix && last.len() < name.len()) || is_hash || name == MANY
}

#[cfg(test)]
mod tests {
    use super::is_generated;

    #[test]
    fn generated_names_are_told_from_given_ones() {
        for name in [
            "web-7d4b9c6f8d-x2x4z",
            "web-0",
            "job-28391040",
            "node-1a2b3c4d",
            "web.17a8f2c9d1e0b4f6",
            "42",
            "*",
        ] {
            assert!(is_generated(name), "{name}");
        }
        for name in ["web", "kube-root-ca.crt", "cert-manager-controller", "argocd-cm", "my-lock", "https"] {
            assert!(!is_generated(name), "{name}");
        }
    }
}
