//! What expressions refer to: where that changes, an expression that stays as it is says something else.

mod follow;
#[cfg(test)]
mod tests;

pub(crate) use self::follow::{Followed, Follower, Scope, references};

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// Names that expressions refer to, each with what it stands for, without how that is laid out: `local.buckets`, `var.actions`, a
/// parameter of a template, `.Values.verbs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs(Arc<BTreeMap<String, Arc<str>>>);

impl Inputs {
    /// Whether nothing that an expression stands for is written elsewhere.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of which another says something else, or nothing, and those that it has alone.
    pub fn other_than<'a>(&'a self, before: &'a Self) -> Vec<&'a str> {
        let new = self.0.iter().filter(|(name, meaning)| before.0.get(*name) != Some(meaning));
        let gone = before.0.keys().filter(|name| !self.0.contains_key(*name));
        new.map(|(name, _)| name).chain(gone).map(String::as_str).collect()
    }

    /// What is another where anything of it is.
    pub fn mark(&self) -> String {
        digest(self.0.iter().map(|(name, meaning)| (name.as_str(), meaning.as_ref())))
    }

    /// Adds what else decides what is granted, by what it is called: several of one name are one.
    pub(crate) fn add(&mut self, name: &str, meaning: &str) {
        let all = Arc::make_mut(&mut self.0);
        let before = all.remove(name).unwrap_or_default();
        all.insert(name.to_owned(), format!("{before}{meaning}\n").into());
    }

    /// The names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether less is there than before, as far as these decide it: there are fewer calls, there is something more on which it depends, or
    /// nothing is made.
    pub fn is_less_than(&self, before: &Self) -> bool {
        let is_kept = |(name, old): (&String, &Arc<str>)| match self.0.get(name) {
            None => name == CALLS,
            Some(meaning) => meaning == old || name == CALLS && are_fewer(meaning, old),
        };
        let is_nothing = self.0.get(COUNT).is_some_and(|count| count.trim() == NOTHING);
        is_nothing || before.0.iter().all(is_kept)
    }

    /// What its names stand for.
    pub(crate) fn meanings(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(AsRef::as_ref)
    }

    /// Takes over others.
    pub(crate) fn extend(&mut self, others: &Self) {
        if self.is_empty() {
            self.0 = Arc::clone(&others.0);
        } else if !others.is_empty() {
            let others = others.0.iter().map(|(name, meaning)| (name.clone(), Arc::clone(meaning)));
            Arc::make_mut(&mut self.0).extend(others);
        }
    }
}

/// What is told where a module is called otherwise.
pub(crate) const CALLS: &str = "the calls of its module";

/// What is told where the count of something is another.
pub(crate) const COUNT: &str = "the count of it";

/// How a count is written that makes nothing.
const NOTHING: &str = "count = 0";

/// Whether all lines of a text are among those of another, each as often at most.
fn are_fewer(text: &str, other: &str) -> bool {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    other.lines().for_each(|line| *left.entry(line).or_default() += 1);
    text.lines().all(|line| left.get_mut(line).filter(|left| **left > 0).map(|left| *left -= 1).is_some())
}

/// A digest of a text.
pub(crate) fn digest_of(text: &str) -> String {
    digest(std::iter::once(("", text)))
}

/// A digest of names with what they stand for.
fn digest<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut digest = Sha256::new();
    for (name, meaning) in all {
        for text in [name, meaning] {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        }
    }
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
