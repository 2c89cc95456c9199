//! Identities of one kind: what others of it use, one may come to use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use remit_policy::Retained;

use super::meaning::Meaning;

/// Others that have to be there to say anything.
const FEWEST: usize = 1;

/// How many of ten have to use it.
const SHARE: usize = 3;

/// What makes a kind.
pub(super) type Kind = Vec<String>;

/// What others of an identity's kind use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peers<P> {
    of: usize,
    using: BTreeMap<P, usize>,
    /// How many identities use a permission, of whatever kind.
    among_all: Arc<BTreeMap<P, usize>>,
}

/// Which identities are of one kind, by their places.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    kinds: BTreeMap<Kind, BTreeSet<usize>>,
    of: Vec<Vec<Kind>>,
}

impl Kinds {
    /// Of identities that are each of these kinds.
    pub(super) fn among(all: impl IntoIterator<Item = Vec<Kind>>) -> Self {
        let mut kinds = Self::default();
        for (at, of) in all.into_iter().enumerate() {
            for kind in &of {
                kinds.kinds.entry(kind.clone()).or_default().insert(at);
            }
            kinds.of.push(of);
        }
        kinds
    }

    /// The others of an identity's kind, by their places.
    pub(crate) fn others(&self, place: usize) -> BTreeSet<usize> {
        let kinds = self.of.get(place).into_iter().flatten();
        let mut others: BTreeSet<usize> =
            kinds.filter_map(|kind| self.kinds.get(kind)).flatten().copied().collect();
        others.remove(&place);
        others
    }
}

/// A name of several words, each of them in turn left blank; none of a name of one word.
pub(super) fn but_for_a_word(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split(['-', '_', '.']).collect();
    if words.len() < 2 {
        return Vec::new();
    }
    let blank = |without: usize| {
        let words = words.iter().enumerate();
        let words = words.map(|(at, word)| if at == without { "*" } else { word });
        words.collect::<Vec<_>>().join("-")
    };
    (0..words.len()).map(blank).collect()
}

impl<P: Ord> Peers<P> {
    /// What these use.
    pub(crate) fn of(
        others: impl IntoIterator<Item = BTreeSet<P>>,
        among_all: Arc<BTreeMap<P, usize>>,
    ) -> Self {
        let mut peers = Self { of: 0, using: BTreeMap::new(), among_all };
        for used in others {
            peers.of += 1;
            for permission in used {
                *peers.using.entry(permission).or_default() += 1;
            }
        }
        peers
    }

    /// How many identities use each permission.
    pub(crate) fn among_all(all: impl IntoIterator<Item = BTreeSet<P>>) -> Arc<BTreeMap<P, usize>> {
        let mut using: BTreeMap<P, usize> = BTreeMap::new();
        for permission in all.into_iter().flatten() {
            *using.entry(permission).or_default() += 1;
        }
        Arc::new(using)
    }

    /// That others use a permission, near which something is used.
    pub(super) fn of_others(
        &self,
        permission: &P,
        meaning: &Meaning<'_>,
        near: impl FnOnce() -> Option<String>,
    ) -> Option<Retained> {
        let used = self.among_all.get(permission).copied().filter(|_| !meaning.is_grave)?;
        near().map(|near| Retained::Others { used, near })
    }

    /// That enough others use a permission; never of one that changes who may do what, or gives away secrets.
    pub(super) fn use_of(&self, permission: &P, meaning: &Meaning<'_>) -> Option<Retained> {
        let used = self.using.get(permission).copied().unwrap_or(0);
        let is_enough = self.of >= FEWEST && used > 0 && used * 10 >= self.of * SHARE;
        (is_enough && !meaning.is_grave).then_some(Retained::Peers { used, of: self.of })
    }
}
