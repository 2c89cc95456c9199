//! Languages of patterns: inclusion and intersection by walking their automata in step.
//!
//! A pattern is a nondeterministic automaton whose states are the places between its characters. A query walks
//! the sets of states that strings of one pattern, the generator, can reach in all patterns at once, and stops
//! at the first string that is in every required union and in no forbidden one.
//!
//! Variables are symbols. The generator spells its variables as letters of their own. A forbidden pattern takes
//! such a letter only where it has the same variable or a `*`, so it forbids no more than it does for every value.
//! A required pattern takes it for any string, and its own variables for anything, so it requires no more than it
//! does for some value. Hence: nothing found means that no string exists for any values.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::{Glob, Piece, Variable};

/// Places that the sets of states of one query may hold in all: some ten megabytes, some tenths of a second.
const BUDGET: usize = 2_000_000;

/// What a set of states costs besides its places.
pub(crate) const STATE_COST: usize = 16;

/// The search needed more sets of states than it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// A string found, with variables spelled `${..}`.
pub(crate) type Found = String;

/// What is asked of the strings of a generator.
pub(crate) struct Query<'q> {
    /// The string is matched by some pattern of each of these unions.
    pub(crate) within: &'q [&'q [&'q Glob]],
    /// The string is matched by none of these.
    pub(crate) outside: &'q [&'q Glob],
}

/// One character of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Atom<'g> {
    Char(char),
    One,
    Many,
    Variable(&'g Variable),
    /// Behind the last character.
    End,
}

/// A letter of the words walked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Letter {
    Char(char),
    /// The generator's variable at this place.
    Variable(u32),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Generator,
    /// Member of the union with this number.
    Within(u32),
    Outside,
}

struct Place<'g> {
    atom: Atom<'g>,
    /// The pattern's number.
    pattern: u32,
    role: Role,
    ignores_case: bool,
}

impl Place<'_> {
    /// Whether this variable has every string that the other has: ignoring case, a variable has more than its value.
    fn takes(&self, other: &Self) -> bool {
        self.atom == other.atom && (self.ignores_case || !other.ignores_case)
    }
}

/// All patterns of a query, one after another.
struct Automaton<'g> {
    places: Vec<Place<'g>>,
    starts: Vec<u32>,
    unions: u32,
}

/// Reached places, ascending; of each pattern none before the last `*` reached, since that takes every
/// string that the earlier places take.
type State = Box<[u32]>;

impl Query<'_> {
    /// The budget of one ordinary query.
    pub(crate) fn budget() -> usize {
        BUDGET
    }

    /// A shortest string of the generator that fits; none if there is none. Takes what it used off the budget.
    pub(crate) fn search(&self, generator: &Glob, budget: &mut usize) -> Result<Option<Found>, Exhausted> {
        let mut automaton = Automaton { places: Vec::new(), starts: Vec::new(), unions: 0 };
        automaton.add(generator, Role::Generator);
        for (union, patterns) in (0..).zip(self.within) {
            automaton.unions = union + 1;
            for pattern in *patterns {
                automaton.add(pattern, Role::Within(union));
            }
        }
        for pattern in self.outside {
            automaton.add(pattern, Role::Outside);
        }
        automaton.search(budget)
    }
}

impl<'g> Automaton<'g> {
    fn add(&mut self, glob: &'g Glob, role: Role) {
        let pattern = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        let ignores_case = glob.ignores_case();
        self.starts.push(u32::try_from(self.places.len()).unwrap_or(u32::MAX));
        let mut add = |atom| self.places.push(Place { atom, pattern, role, ignores_case });
        for piece in glob.pieces() {
            match piece {
                Piece::Text(text) => text.chars().for_each(|character| add(Atom::Char(character))),
                Piece::One => add(Atom::One),
                Piece::Many => add(Atom::Many),
                Piece::Variable(_) if matches!(role, Role::Within(_)) => add(Atom::Many),
                Piece::Variable(variable) => add(Atom::Variable(variable)),
            }
        }
        add(Atom::End);
    }

    fn search(&self, budget: &mut usize) -> Result<Option<Found>, Exhausted> {
        *budget = budget.checked_sub(self.places.len()).ok_or(Exhausted)?;
        let mut seen = HashMap::<State, u32>::new();
        let mut reached: Vec<(State, u32, Letter)> = Vec::new();
        let mut next = Vec::new();
        for start in &self.starts {
            self.enter(*start, &mut next);
        }
        let Some(start) = self.settle(&mut next) else { return Ok(None) };
        if self.accepts(&start) {
            return Ok(Some(String::new()));
        }
        seen.insert(start.clone(), 0);
        reached.push((start, 0, Letter::Char(' ')));
        let mut at = 0;
        while let Some((state, ..)) = reached.get(at) {
            let state = state.clone();
            for letter in self.letters(&state) {
                next.clear();
                self.step(&state, letter, &mut next);
                let Some(after) = self.settle(&mut next) else { continue };
                let number = u32::try_from(reached.len()).unwrap_or(u32::MAX);
                let Entry::Vacant(vacant) = seen.entry(after.clone()) else { continue };
                vacant.insert(number);
                *budget = budget.checked_sub(after.len() + STATE_COST).ok_or(Exhausted)?;
                let is_found = self.accepts(&after);
                reached.push((after, u32::try_from(at).unwrap_or(u32::MAX), letter));
                if is_found {
                    return Ok(Some(self.spell(&reached)));
                }
            }
            at += 1;
        }
        Ok(None)
    }

    /// Adds a place and, since a `*` may match nothing, what follows it.
    fn enter(&self, mut place: u32, state: &mut Vec<u32>) {
        loop {
            state.push(place);
            match self.place(place).map(|place| place.atom) {
                Some(Atom::Many) => place += 1,
                _ => return,
            }
        }
    }

    /// Brings the places reached into the form of a state; none if no string from here can fit.
    fn settle(&self, places: &mut Vec<u32>) -> Option<State> {
        places.sort_unstable();
        places.dedup();
        // From the back, so that the last `*` of a pattern is met first.
        let mut passed = None;
        let mut is_generating = false;
        let mut unions = 0_u64;
        let mut is_forbidden = false;
        let mut kept = Vec::with_capacity(places.len());
        for number in places.iter().rev() {
            let Some(place) = self.place(*number) else { continue };
            if passed == Some(place.pattern) {
                continue;
            }
            if place.atom == Atom::Many {
                passed = Some(place.pattern);
                // Everything from here on is matched.
                is_forbidden |= place.role == Role::Outside
                    && self.place(number + 1).is_some_and(|place| place.atom == Atom::End);
            }
            match place.role {
                Role::Generator => is_generating = true,
                Role::Within(union) => unions |= 1 << union.min(63),
                Role::Outside => {}
            }
            kept.push(*number);
        }
        let is_within = unions.count_ones() >= self.unions.min(64);
        kept.reverse();
        (is_generating && is_within && !is_forbidden).then(|| kept.into())
    }

    fn accepts(&self, state: &State) -> bool {
        let mut generated = false;
        let mut unions = 0_u64;
        for place in state.iter().filter_map(|number| self.place(*number)) {
            if place.atom == Atom::End {
                match place.role {
                    Role::Generator => generated = true,
                    Role::Within(union) => unions |= 1 << union.min(63),
                    Role::Outside => return false,
                }
            }
        }
        generated && unions.count_ones() >= self.unions.min(64)
    }

    /// The letters that lead to different places; one stands for all the others.
    fn letters(&self, state: &State) -> Vec<Letter> {
        let mut letters = Vec::new();
        let mut is_open = false;
        for number in state {
            let Some(place) = self.place(*number).filter(|place| place.role == Role::Generator) else {
                continue;
            };
            match place.atom {
                Atom::Char(character) => push_cases(character, place.ignores_case, &mut letters),
                Atom::Variable(_) => letters.push(Letter::Variable(*number)),
                Atom::One | Atom::Many => is_open = true,
                Atom::End => {}
            }
        }
        if is_open {
            for place in state.iter().filter_map(|number| self.place(*number)) {
                if let Atom::Char(character) = place.atom {
                    push_cases(character, place.ignores_case, &mut letters);
                }
            }
            let is_new = |letter: &char| !letters.contains(&Letter::Char(*letter));
            let other = ('a'..='z').chain('0'..='9').chain('\u{e000}'..='\u{f8ff}').find(is_new);
            letters.extend(other.map(Letter::Char));
        }
        letters.sort_unstable();
        letters.dedup();
        letters
    }

    fn step(&self, state: &State, letter: Letter, next: &mut Vec<u32>) {
        let spelled = match letter {
            Letter::Char(_) => None,
            Letter::Variable(number) => self.place(number),
        };
        for number in state {
            let Some(place) = self.place(*number) else { continue };
            match (letter, place.atom) {
                (_, Atom::Many) => self.enter(*number, next),
                (Letter::Char(letter), Atom::Char(character)) => {
                    let folded = if place.ignores_case { letter.to_ascii_lowercase() } else { letter };
                    if folded == character {
                        self.enter(number + 1, next);
                    }
                }
                (Letter::Char(_), Atom::One) => self.enter(number + 1, next),
                // Any string may stand here.
                (Letter::Variable(_), _) if matches!(place.role, Role::Within(_)) => {
                    for later in *number.. {
                        match self.place(later) {
                            Some(later) if later.pattern == place.pattern => {}
                            _ => break,
                        }
                        next.push(later);
                    }
                }
                (Letter::Variable(_), Atom::Variable(_)) if spelled.is_some_and(|one| place.takes(one)) => {
                    self.enter(number + 1, next);
                }
                _ => {}
            }
        }
    }

    fn spell(&self, reached: &[(State, u32, Letter)]) -> Found {
        let mut letters = Vec::new();
        let mut at = reached.len().saturating_sub(1);
        while let Some((_, from, letter)) = reached.get(at).filter(|_| at > 0) {
            letters.push(*letter);
            at = *from as usize;
        }
        let mut word = String::new();
        for letter in letters.iter().rev() {
            match letter {
                Letter::Char(character) => word.push(*character),
                Letter::Variable(number) => {
                    if let Some(Atom::Variable(variable)) = self.place(*number).map(|place| place.atom) {
                        word.push_str(&variable.spelling());
                    }
                }
            }
        }
        word
    }

    fn place(&self, number: u32) -> Option<&Place<'g>> {
        self.places.get(number as usize)
    }
}

/// A letter in both cases where it stands for both, since another pattern may tell them apart.
fn push_cases(character: char, ignores_case: bool, letters: &mut Vec<Letter>) {
    letters.push(Letter::Char(character));
    if ignores_case && character.is_ascii_lowercase() {
        letters.push(Letter::Char(character.to_ascii_uppercase()));
    }
}
