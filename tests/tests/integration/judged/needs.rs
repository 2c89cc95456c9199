//! What a principal needs, to be found by the actions of a statement.

use std::collections::{BTreeMap, BTreeSet};

use remit_policy::Glob;
use serde_json::{Map, Value};

use super::{Needed, names, texts};

/// What is needed, by action in lower case: what is recorded, and then what could not be seen.
pub(super) struct Needs<'a>(BTreeMap<String, Vec<(IsUnseen, &'a Needed)>>);

type IsUnseen = bool;

impl<'a> Needs<'a> {
    pub(super) fn new(recorded: &'a BTreeSet<Needed>, unseen: &'a BTreeSet<Needed>) -> Self {
        let mut by_action: BTreeMap<String, Vec<(IsUnseen, &Needed)>> = BTreeMap::new();
        let unseen = unseen.iter().map(|needed| (true, needed));
        for (is_unseen, needed) in recorded.iter().map(|needed| (false, needed)).chain(unseen) {
            by_action.entry(needed.0.to_ascii_lowercase()).or_default().push((is_unseen, needed));
        }
        Self(by_action)
    }

    /// What a statement's actions concern, the recorded first.
    pub(super) fn of(&self, statement: &Map<String, Value>) -> Vec<&'a Needed> {
        let mut concerned = Vec::new();
        if statement.contains_key("NotAction") {
            let others = self.0.iter().filter(|(action, _)| names(statement, action));
            concerned.extend(others.flat_map(|(_, needed)| needed));
        }
        for pattern in texts(statement.get("Action")) {
            // Large policies name thousands of actions one by one.
            if pattern.contains(['*', '?']) {
                let glob = Glob::action(&pattern);
                let matching = self.0.iter().filter(|(action, _)| glob.matches(action));
                concerned.extend(matching.flat_map(|(_, needed)| needed));
            } else {
                concerned.extend(self.0.get(&pattern.to_ascii_lowercase()).into_iter().flatten());
            }
        }
        concerned.sort_by_key(|(is_unseen, _)| *is_unseen);
        concerned.into_iter().map(|(_, needed)| needed).collect()
    }
}
