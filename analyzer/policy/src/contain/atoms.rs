//! Classes of actions that no pattern tells apart.
//!
//! The patterns of all elements are walked at once, as in a query of the glob automata, and each set of elements
//! that match some action is reported once. Actions are words with one colon that is neither first nor last.

use hashbrown::{HashMap, HashSet};

use crate::evaluate::Element;
use crate::glob::{Exhausted, Piece, STATE_COST};

/// A class of actions.
#[derive(Debug)]
pub(super) struct Atom {
    /// Whether each of the elements matches.
    pub(super) matched: Vec<bool>,
    /// A shortest action of the class.
    pub(super) example: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Char(char),
    One,
    Many,
    End,
}

struct Place {
    kind: Kind,
    pattern: u32,
}

/// How much of an action was read: nothing, part of the service, the colon, part of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Read {
    Nothing,
    Service,
    Colon,
    Name,
}

/// Places reached, ascending, and what was read.
type State = (Read, Box<[u32]>);

struct Automaton<'e> {
    places: Vec<Place>,
    /// First place of each pattern; equal patterns are one.
    starts: Vec<u32>,
    /// The elements that have the pattern.
    owners: Vec<Vec<u32>>,
    elements: &'e [&'e Element],
    wanted: &'e [bool],
}

/// The classes of actions that some wanted element matches. Elements beyond the end of `wanted` are not wanted.
pub(super) fn atoms(
    elements: &[&Element],
    wanted: &[bool],
    budget: &mut usize,
) -> Result<Vec<Atom>, Exhausted> {
    Automaton::new(elements, wanted).atoms(budget)
}

impl<'e> Automaton<'e> {
    fn new(elements: &'e [&'e Element], wanted: &'e [bool]) -> Self {
        let mut automaton =
            Self { places: Vec::new(), starts: Vec::new(), owners: Vec::new(), elements, wanted };
        let mut numbers = HashMap::<&[Piece], usize>::new();
        for (element, patterns) in (0..).zip(elements) {
            for glob in &patterns.patterns {
                let number = *numbers.entry(glob.pieces()).or_insert_with(|| automaton.add(glob.pieces()));
                if let Some(owners) = automaton.owners.get_mut(number) {
                    owners.push(element);
                }
            }
        }
        automaton
    }

    fn add(&mut self, pieces: &[Piece]) -> usize {
        let number = self.starts.len();
        let pattern = u32::try_from(number).unwrap_or(u32::MAX);
        self.starts.push(u32::try_from(self.places.len()).unwrap_or(u32::MAX));
        self.owners.push(Vec::new());
        let mut add = |kind| self.places.push(Place { kind, pattern });
        for piece in pieces {
            match piece {
                Piece::Text(text) => text.chars().for_each(|character| add(Kind::Char(character))),
                Piece::One => add(Kind::One),
                // Patterns of actions have no variables; one would match anything.
                Piece::Many | Piece::Variable(_) => add(Kind::Many),
            }
        }
        add(Kind::End);
        number
    }

    fn atoms(&self, budget: &mut usize) -> Result<Vec<Atom>, Exhausted> {
        let mut found = HashSet::<Vec<bool>>::new();
        let mut atoms = Vec::new();
        let mut seen = HashSet::<State>::new();
        let mut reached: Vec<(State, usize, char)> = Vec::new();
        let mut next = Vec::new();
        self.starts.iter().for_each(|start| self.enter(*start, &mut next));
        if let Some(places) = self.settle(&mut next) {
            reached.push(((Read::Nothing, places), 0, ' '));
        }
        let mut at = 0;
        while let Some((state, ..)) = reached.get(at) {
            let (read, places) = state.clone();
            if read == Read::Name {
                let matched = self.matched(&places);
                let is_wanted = matched.iter().zip(self.wanted).any(|(matched, wanted)| *matched && *wanted);
                if is_wanted && found.insert(matched.clone()) {
                    atoms.push(Atom { matched, example: spell(&reached, at) });
                }
            }
            for letter in self.letters(&places) {
                let Some(read) = read.after(letter) else { continue };
                next.clear();
                places.iter().for_each(|place| self.step(*place, letter, &mut next));
                let Some(places) = self.settle(&mut next) else { continue };
                if !seen.insert((read, places.clone())) {
                    continue;
                }
                *budget = budget.checked_sub(places.len() + STATE_COST).ok_or(Exhausted)?;
                reached.push(((read, places), at, letter));
            }
            at += 1;
        }
        Ok(atoms)
    }

    fn enter(&self, mut number: u32, places: &mut Vec<u32>) {
        loop {
            places.push(number);
            match self.kind(number) {
                Some(Kind::Many) => number += 1,
                _ => return,
            }
        }
    }

    fn step(&self, number: u32, letter: char, next: &mut Vec<u32>) {
        match self.kind(number) {
            Some(Kind::Many) => self.enter(number, next),
            Some(Kind::One) => self.enter(number + 1, next),
            Some(Kind::Char(character)) if character == letter => self.enter(number + 1, next),
            _ => {}
        }
    }

    /// Brings the places reached into the form of a state; none if no wanted element can match from here.
    fn settle(&self, places: &mut Vec<u32>) -> Option<Box<[u32]>> {
        places.sort_unstable();
        places.dedup();
        let mut kept = Vec::with_capacity(places.len());
        let mut passed = None;
        for number in places.iter().rev() {
            let Some(place) = self.places.get(*number as usize) else { continue };
            if passed != Some(place.pattern) {
                kept.push(*number);
            }
            if place.kind == Kind::Many {
                passed = Some(place.pattern);
            }
        }
        kept.reverse();
        // An element that matches whatever follows needs no other pattern.
        let mut is_sure = vec![false; self.elements.len()];
        let mut is_alive = vec![false; self.elements.len()];
        kept.retain(|number| {
            if !self.is_sure(*number) {
                return true;
            }
            let mut is_new = false;
            for owner in self.owners(*number) {
                if let Some(sure) = is_sure.get_mut(*owner as usize) {
                    is_new |= !*sure;
                    *sure = true;
                }
            }
            is_new
        });
        kept.retain(|number| {
            // Where a pattern ends with `*`, its end is reached together with the `*`, and goes with it.
            let is_needed = |owner: &u32| !is_sure.get(*owner as usize).copied().unwrap_or(false);
            self.is_sure(*number) || self.owners(*number).iter().any(is_needed)
        });
        for number in &kept {
            for owner in self.owners(*number) {
                if let Some(alive) = is_alive.get_mut(*owner as usize) {
                    *alive = true;
                }
            }
        }
        let can_match = |(at, element): (usize, &&Element)| {
            let is_wanted = self.wanted.get(at).copied().unwrap_or(false);
            let flags = if element.negated { &is_sure } else { &is_alive };
            is_wanted && flags.get(at).copied().unwrap_or(false) != element.negated
        };
        self.elements.iter().enumerate().any(can_match).then(|| kept.into())
    }

    /// Whether the place is a `*` at the end of its pattern.
    fn is_sure(&self, number: u32) -> bool {
        self.kind(number) == Some(Kind::Many) && self.kind(number + 1) == Some(Kind::End)
    }

    fn letters(&self, places: &[u32]) -> Vec<char> {
        let mut letters = vec![':'];
        for number in places {
            if let Some(Kind::Char(character)) = self.kind(*number) {
                letters.push(character);
            }
        }
        letters.sort_unstable();
        letters.dedup();
        let is_other = |letter: &char| letters.binary_search(letter).is_err();
        let other = ('a'..='z').chain('0'..='9').chain('\u{e000}'..='\u{f8ff}').find(is_other);
        letters.extend(other);
        letters
    }

    fn matched(&self, places: &[u32]) -> Vec<bool> {
        let mut matched: Vec<_> = self.elements.iter().map(|element| element.negated).collect();
        for number in places {
            if self.kind(*number) == Some(Kind::End) || self.is_sure(*number) {
                for owner in self.owners(*number) {
                    let is_negated =
                        self.elements.get(*owner as usize).is_some_and(|element| element.negated);
                    if let Some(matched) = matched.get_mut(*owner as usize) {
                        *matched = !is_negated;
                    }
                }
            }
        }
        matched
    }

    fn kind(&self, number: u32) -> Option<Kind> {
        self.places.get(number as usize).map(|place| place.kind)
    }

    fn owners(&self, number: u32) -> &[u32] {
        let pattern = self.places.get(number as usize).map(|place| place.pattern);
        pattern.and_then(|pattern| self.owners.get(pattern as usize)).map_or(&[], Vec::as_slice)
    }
}

impl Read {
    fn after(self, letter: char) -> Option<Self> {
        match (self, letter) {
            (Self::Nothing, ':') | (Self::Colon | Self::Name, ':') => None,
            (Self::Nothing, _) => Some(Self::Service),
            (Self::Service, ':') => Some(Self::Colon),
            (Self::Service, _) => Some(Self::Service),
            (Self::Colon | Self::Name, _) => Some(Self::Name),
        }
    }
}

fn spell(reached: &[(State, usize, char)], mut at: usize) -> String {
    let mut letters = Vec::new();
    while let Some((_, from, letter)) = reached.get(at).filter(|_| at > 0) {
        letters.push(*letter);
        at = *from;
    }
    letters.iter().rev().collect()
}
