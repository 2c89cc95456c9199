//! Resources that are known to exist.

use std::collections::BTreeSet;
use std::ops::Bound;

use crate::usage::Usage;

/// What is known to exist: the ARNs that any principal was seen to use. It tells what a wildcard would admit beside what
/// it is for. What nobody was seen to use is not in it, however much of it there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    arns: BTreeSet<String>,
}

impl Inventory {
    /// Of which nothing is known.
    pub fn none() -> &'static Self {
        static NONE: Inventory = Inventory { arns: BTreeSet::new() };
        &NONE
    }

    /// Adds all resources on which a principal certainly needed any action.
    pub fn add(&mut self, usage: &Usage) {
        for use_ in usage.actions.values() {
            self.arns.extend(use_.resources.keys().cloned());
        }
    }

    /// How many ARNs there are.
    pub fn len(&self) -> usize {
        self.arns.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.arns.is_empty()
    }

    /// The ARNs, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.arns.iter().map(String::as_str)
    }

    /// The ARNs that begin with this.
    pub(crate) fn under<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        let from = (Bound::Included(start), Bound::Unbounded);
        let arns = self.arns.range::<str, _>(from).map(String::as_str);
        arns.take_while(move |arn| arn.starts_with(start))
    }
}

impl FromIterator<String> for Inventory {
    fn from_iter<I: IntoIterator<Item = String>>(arns: I) -> Self {
        Self { arns: arns.into_iter().collect() }
    }
}

impl Extend<String> for Inventory {
    fn extend<I: IntoIterator<Item = String>>(&mut self, arns: I) {
        self.arns.extend(arns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_alike_lies_together() {
        let inventory: Inventory = ["a/1", "a/2", "a", "b/1", "a/"].map(str::to_owned).into_iter().collect();
        assert_eq!(inventory.under("a/").collect::<Vec<_>>(), ["a/", "a/1", "a/2"]);
        assert_eq!(inventory.under("c").count(), 0);
        assert_eq!(inventory.under("").count(), inventory.len());
        assert!(Inventory::none().is_empty());
    }
}
