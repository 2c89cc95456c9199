//! Sets of catalog actions, and which actions a statement names.

use hashbrown::HashMap;
use remit_catalog::{ActionId, Catalog};

use crate::{Glob, Matcher};

/// A set of the catalog's actions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionSet {
    words: Vec<u64>,
}

impl ActionSet {
    /// Adds an action; whether it was new.
    pub fn insert(&mut self, action: ActionId) -> bool {
        let (word, bit) = place(action);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        match self.words.get_mut(word) {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                true
            }
            _ => false,
        }
    }

    /// Whether the action is in the set.
    pub fn contains(&self, action: ActionId) -> bool {
        let (word, bit) = place(action);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Adds every action of the other set.
    pub fn union_with(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// Removes every action of the other set.
    pub fn subtract(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    /// Keeps only the actions of the other set.
    pub fn intersect_with(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    /// Whether every action here is in the other set.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.words.iter().enumerate().all(|(at, word)| {
            let other = other.words.get(at).copied().unwrap_or(0);
            word & !other == 0
        })
    }

    /// How many actions.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Whether some action is in both sets.
    pub fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(word, other)| word & other != 0)
    }

    /// The actions in the catalog's order.
    pub fn iter(&self) -> impl Iterator<Item = ActionId> + '_ {
        let words = self.words.iter().enumerate().filter(|(_, word)| **word != 0);
        words.flat_map(|(at, word)| Bits(*word).map(move |bit| ActionId::at(at * 64 + bit)))
    }
}

/// The places of a word's set bits, from the lowest.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let lowest = self.0.trailing_zeros();
        // Clearing the lowest bit of none wraps to all, which the mask takes away again.
        self.0 &= self.0.wrapping_sub(1);
        (lowest < u64::BITS).then_some(lowest as usize)
    }
}

impl FromIterator<ActionId> for ActionSet {
    fn from_iter<I: IntoIterator<Item = ActionId>>(actions: I) -> Self {
        let mut set = Self::default();
        for action in actions {
            set.insert(action);
        }
        set
    }
}

fn place(action: ActionId) -> (usize, u64) {
    (action.index() / 64, 1 << (action.index() % 64))
}

/// How many of some sets hold each action.
#[derive(Clone, Debug, Default)]
pub(crate) struct Multiplicity {
    counts: Vec<u32>,
}

impl Multiplicity {
    pub(crate) fn of<'a>(sets: impl IntoIterator<Item = &'a ActionSet>) -> Self {
        let mut all = Self::default();
        for action in sets.into_iter().flat_map(ActionSet::iter) {
            if all.counts.len() <= action.index() {
                all.counts.resize(action.index() + 1, 0);
            }
            if let Some(count) = all.counts.get_mut(action.index()) {
                *count += 1;
            }
        }
        all
    }

    /// Takes one of the sets out.
    pub(crate) fn remove(&mut self, set: &ActionSet) {
        for action in set.iter() {
            if let Some(count) = self.counts.get_mut(action.index()) {
                *count = count.saturating_sub(1);
            }
        }
    }

    /// Whether one of the sets holds an action that no other holds.
    pub(crate) fn is_sole_holder(&self, set: &ActionSet) -> bool {
        set.iter().any(|action| self.counts.get(action.index()) == Some(&1))
    }
}

/// Expands action patterns to the catalog's actions, each pattern once: accounts repeat them a lot.
pub struct Expander<'c> {
    catalog: &'c Catalog,
    patterns: HashMap<String, ActionSet>,
    all: ActionSet,
}

impl<'c> Expander<'c> {
    /// An expander over this catalog.
    pub fn new(catalog: &'c Catalog) -> Self {
        let all = catalog.actions().map(|(id, _)| id).collect();
        Self { catalog, patterns: HashMap::new(), all }
    }

    /// The catalog it expands over.
    pub fn catalog(&self) -> &'c Catalog {
        self.catalog
    }

    /// Every action of the catalog.
    pub fn all(&self) -> &ActionSet {
        &self.all
    }

    /// The actions that one pattern names, such as `s3:Get*`.
    pub fn pattern(&mut self, pattern: &str) -> &ActionSet {
        let catalog = self.catalog;
        self.patterns.entry_ref(pattern).or_insert_with(|| expand(catalog, pattern))
    }

    /// The actions that an `Action` or `NotAction` element names.
    pub fn element(&mut self, element: &Matcher) -> ActionSet {
        let mut named = ActionSet::default();
        for pattern in &element.patterns {
            named.union_with(self.pattern(pattern));
        }
        if element.negated {
            let mut rest = self.all.clone();
            rest.subtract(&named);
            return rest;
        }
        named
    }
}

fn expand(catalog: &Catalog, pattern: &str) -> ActionSet {
    let is_plain = |text: &str| !text.contains(['*', '?', '$']);
    if is_plain(pattern) {
        return catalog.find(pattern).into_iter().collect();
    }
    let glob = Glob::action(pattern);
    match pattern.split_once(':') {
        Some((service, _)) if is_plain(service) => catalog
            .service_actions(service)
            .filter(|(_, action)| glob.matches(&action.full_name()))
            .map(|(id, _)| id)
            .collect(),
        _ => catalog
            .actions()
            .filter(|(_, action)| glob.matches(&action.full_name()))
            .map(|(id, _)| id)
            .collect(),
    }
}
