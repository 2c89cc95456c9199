//! The days on which something happened, as a bitmap.

use std::fmt;

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// Words of a bitmap.
pub const DAY_WORDS: usize = 12;

/// Days of a set, by UTC. It spans [`Days::LENGTH`] days from its first one on; what lies outside is not in it.
///
/// Days are counted from the Unix epoch.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days {
    start: i64,
    words: [u64; DAY_WORDS],
}

impl Days {
    /// How many days a set can span: more than two years, so that whatever happens once a year is seen twice, and a year can be
    /// replayed.
    pub const LENGTH: i64 = 64 * DAY_WORDS as i64;

    /// No day, of a span that begins with this one.
    pub fn none(start: i64) -> Self {
        Self { start, words: [0; DAY_WORDS] }
    }

    /// The days of a span by their bits, the lowest bit of the first word first; words that are not given have none.
    pub fn of_words(start: i64, words: impl IntoIterator<Item = u64>) -> Self {
        let mut days = Self::none(start);
        days.words.iter_mut().zip(words).for_each(|(word, given)| *word = given);
        days
    }

    /// The day of a moment, in microseconds since the Unix epoch.
    pub fn day_of(moment: i64) -> i64 {
        moment.div_euclid(DAY)
    }

    /// The first moment of a day, in microseconds since the Unix epoch.
    pub fn moment_of(day: i64) -> i64 {
        day.saturating_mul(DAY)
    }

    /// First day of the span.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// The bits, the lowest bit of the first word first.
    pub fn words(&self) -> [u64; DAY_WORDS] {
        self.words
    }

    /// Adds a day. One outside the span is left out.
    pub fn insert(&mut self, day: i64) {
        if let Some((word, bit)) = place(day.saturating_sub(self.start))
            && let Some(word) = self.words.get_mut(word)
        {
            *word |= 1 << bit;
        }
    }

    /// Whether the day is in the set.
    pub fn contains(&self, day: i64) -> bool {
        place(day.saturating_sub(self.start))
            .and_then(|(word, bit)| self.words.get(word).map(|word| word >> bit & 1 == 1))
            .unwrap_or(false)
    }

    /// Adds all days of another set. Of sets of different spans the later span stays, and what is older than it goes.
    pub fn add(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            *self = *other;
            return;
        }
        let start = self.start.max(other.start);
        let (this, other) = (self.shifted(start), other.shifted(start));
        self.start = start;
        for ((word, a), b) in self.words.iter_mut().zip(this).zip(other) {
            *word = a | b;
        }
    }

    /// The same days in a span that begins with another day; what is older goes.
    pub fn moved(&self, start: i64) -> Self {
        if start >= self.start {
            return Self { start, words: self.shifted(start) };
        }
        let mut moved = Self::none(start);
        self.iter().for_each(|day| moved.insert(day));
        moved
    }

    /// The bits of a span that begins later.
    fn shifted(&self, start: i64) -> [u64; DAY_WORDS] {
        let by = start.saturating_sub(self.start);
        let Some((words, bits)) = place(by) else { return [0; DAY_WORDS] };
        let word = |at: usize| self.words.get(at).copied().unwrap_or(0);
        std::array::from_fn(|at| {
            let (low, high) = (word(at + words), word(at + words + 1));
            if bits == 0 { low } else { low >> bits | high << (64 - bits) }
        })
    }

    /// The days before this one.
    pub fn before(&self, day: i64) -> Self {
        self.between(i64::MIN, day)
    }

    /// The days from the first to before the second.
    pub fn between(&self, first: i64, end: i64) -> Self {
        let mut kept = *self;
        for (at, word) in kept.words.iter_mut().enumerate() {
            let start = self.start.saturating_add(64 * i64::try_from(at).unwrap_or(i64::MAX));
            *word &= above(first.saturating_sub(start)) & !above(end.saturating_sub(start));
        }
        kept
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words == [0; DAY_WORDS]
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// The first.
    pub fn first(&self) -> Option<i64> {
        self.iter().next()
    }

    /// The last.
    pub fn last(&self) -> Option<i64> {
        let (at, word) = self.words.iter().enumerate().rev().find(|(_, word)| **word != 0)?;
        let bit = 63 - i64::from(word.leading_zeros());
        Some(self.start + 64 * i64::try_from(at).ok()? + bit)
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        self.words.iter().zip((self.start..).step_by(64)).flat_map(|(word, start)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    start + i64::from(bit)
                })
            })
        })
    }
}

impl fmt::Debug for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Where the bit of a day is, by its distance from the first.
fn place(distance: i64) -> Option<(usize, u32)> {
    let distance = u32::try_from(distance).ok().filter(|distance| i64::from(*distance) < Days::LENGTH)?;
    Some((usize::try_from(distance / 64).ok()?, distance % 64))
}

/// The bits of a word from this one on.
fn above(bit: i64) -> u64 {
    match u32::try_from(bit.max(0)) {
        Ok(bit @ 0..64) => u64::MAX << bit,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
