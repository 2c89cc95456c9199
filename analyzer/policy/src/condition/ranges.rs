//! Sets of ordered values, as disjoint ranges.

/// A place between values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cut<T> {
    Lowest,
    Before(T),
    After(T),
    Highest,
}

impl<T: Ord> Cut<T> {
    fn key(&self) -> (u8, Option<&T>, bool) {
        match self {
            Self::Lowest => (0, None, false),
            Self::Before(value) => (1, Some(value), false),
            Self::After(value) => (1, Some(value), true),
            Self::Highest => (2, None, false),
        }
    }
}

impl<T: Ord> PartialOrd for Cut<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> Ord for Cut<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// A set of values: ascending ranges that neither overlap nor touch, none empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ranges<T>(Vec<(Cut<T>, Cut<T>)>);

impl<T: Ord + Clone> Ranges<T> {
    pub(super) fn new(mut ranges: Vec<(Cut<T>, Cut<T>)>) -> Self {
        ranges.retain(|(from, to)| from < to);
        ranges.sort();
        let mut joined = Vec::<(Cut<T>, Cut<T>)>::new();
        for (from, to) in ranges {
            match joined.last_mut() {
                Some((_, end)) if from <= *end => *end = to.max(end.clone()),
                _ => joined.push((from, to)),
            }
        }
        Self(joined)
    }

    pub(super) fn complement(&self) -> Self {
        let mut gaps = Vec::new();
        let mut from = Cut::Lowest;
        for (start, end) in &self.0 {
            gaps.push((from, start.clone()));
            from = end.clone();
        }
        gaps.push((from, Cut::Highest));
        Self::new(gaps)
    }

    pub(super) fn contains(&self, value: &T) -> bool {
        let value = (1, Some(value));
        let starts_before = |cut: &Cut<T>| cut.key() <= (value.0, value.1, false);
        let ends_after = |cut: &Cut<T>| (value.0, value.1, true) <= cut.key();
        self.0.iter().any(|(start, end)| starts_before(start) && ends_after(end))
    }

    /// Whether every value of this set is in the other.
    pub(super) fn is_included_in(&self, other: &Self) -> bool {
        let is_within =
            |(from, to): &(Cut<T>, Cut<T>)| other.0.iter().any(|(start, end)| start <= from && to <= end);
        self.0.iter().all(is_within)
    }
}
