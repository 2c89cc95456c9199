//! Things of several tables under one number each, which sorts as they do.

use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::FixedState;

/// Distinct things, numbered in the order they were met.
#[derive(Debug)]
pub(crate) struct Ranks<T> {
    numbers: HashMap<T, u32, FixedState>,
}

impl<T> Default for Ranks<T> {
    fn default() -> Self {
        Self { numbers: HashMap::default() }
    }
}

impl<T: Eq + Hash + Ord> Ranks<T> {
    /// The number of a thing; the next one for a new thing.
    pub(crate) fn number(&mut self, thing: T) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(thing).or_insert(next)
    }

    /// The things in order; the second list tells a thing's place by its number.
    pub(crate) fn ranked(self) -> (Vec<T>, Vec<u32>) {
        let mut sorted: Vec<(T, u32)> = self.numbers.into_iter().collect();
        sorted.sort_unstable();
        let mut ranks = vec![0; sorted.len()];
        for (rank, (_, number)) in sorted.iter().enumerate() {
            if let Some(slot) = ranks.get_mut(*number as usize) {
                *slot = u32::try_from(rank).unwrap_or(u32::MAX);
            }
        }
        (sorted.into_iter().map(|(thing, _)| thing).collect(), ranks)
    }
}

/// The class of each thing by its place: those that follow each other and are alike have the same. Classes sort as what they hold.
pub(crate) fn classes<T>(sorted: &[T], is_alike: impl Fn(&T, &T) -> bool) -> Vec<u32> {
    let mut classes = Vec::with_capacity(sorted.len());
    let mut last = 0;
    for (before, thing) in [None].into_iter().chain(sorted.iter().map(Some)).zip(sorted) {
        last += u32::from(!before.is_some_and(|before| is_alike(before, thing)));
        classes.push(last);
    }
    classes
}

/// What stands at this place; zero behind the end.
pub(crate) fn at(list: &[u32], place: u32) -> u32 {
    list.get(place as usize).copied().unwrap_or_default()
}
