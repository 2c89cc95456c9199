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
pub struct Inputs(BTreeMap<String, Arc<str>>);

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
        let before = self.0.remove(name).unwrap_or_default();
        self.0.insert(name.to_owned(), format!("{before}{meaning}\n").into());
    }

    /// The names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether each line of what its names stand for was there before, or says that nothing is made.
    pub fn has_fewer_lines(&self, before: &Self) -> bool {
        let is_fewer = |(name, meaning): (&String, &Arc<str>)| {
            let mut left: Vec<&str> = before.0.get(name).map(|old| old.lines().collect()).unwrap_or_default();
            meaning.lines().all(|line| {
                let found = left.iter().position(|old| *old == line);
                found.map(|at| left.swap_remove(at)).is_some() || line == "count = 0"
            })
        };
        self.0.iter().all(is_fewer)
    }

    /// What its names stand for.
    pub(crate) fn meanings(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(AsRef::as_ref)
    }

    /// Takes over others.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
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
