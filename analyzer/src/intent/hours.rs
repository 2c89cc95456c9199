//! The hours of the day in which something happened, each with the days on which it did.

use remit_policy::Days;

/// Hours of a day.
pub(crate) const HOURS: usize = 24;

/// The hours of the day, by UTC, in which something happened, each with the days on which it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hours {
    by_hour: [Days; HOURS],
}

/// A stretch of the clock: from the start of an hour, so many hours on, over midnight where need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The first hour.
    pub(crate) from: usize,
    /// How many hours.
    pub(crate) hours: usize,
}

impl Hours {
    /// Adds the days on which something happened in an hour.
    pub(crate) fn add(&mut self, hour: usize, days: &Days) {
        if let Some(own) = self.by_hour.get_mut(hour) {
            own.add(days);
        }
    }

    /// Adds all that is in another.
    pub(crate) fn join(&mut self, other: &Self) {
        self.by_hour.iter_mut().zip(&other.by_hour).for_each(|(own, days)| own.add(days));
    }

    /// The days, whatever the hour.
    pub(crate) fn days(&self) -> Days {
        let mut days = Days::default();
        self.by_hour.iter().for_each(|own| days.add(own));
        days
    }

    /// The days of each hour.
    pub(crate) fn by_hour(&self) -> &[Days; HOURS] {
        &self.by_hour
    }

    /// On how many days each hour was seen.
    pub(crate) fn counts(&self) -> [u32; HOURS] {
        self.by_hour.map(|days| days.len())
    }

    /// Whether something happened in nearly every hour, for two days at least.
    pub(crate) fn is_hourly(&self) -> bool {
        let days = self.days();
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return false };
        let on = |day: i64| self.by_hour.iter().enumerate().filter(move |(_, days)| days.contains(day));
        let begins = on(first).map(|(hour, _)| hour).min().unwrap_or(0);
        let ends = on(last).map(|(hour, _)| hour).max().unwrap_or(0);
        let hours = i64::try_from(HOURS).unwrap_or(0);
        let between = |at: usize| i64::try_from(at).unwrap_or(0);
        let span = (last - first) * hours + between(ends) - between(begins) + 1;
        let seen: i64 = self.counts().iter().map(|count| i64::from(*count)).sum();
        span >= 2 * hours && seen * 5 >= span * 4
    }

    /// The shortest stretch of the clock that has all of it.
    pub(crate) fn stretch(&self) -> Option<Stretch> {
        let seen: Vec<usize> = self
            .by_hour
            .iter()
            .enumerate()
            .filter(|(_, days)| !days.is_empty())
            .map(|(hour, _)| hour)
            .collect();
        // It begins behind the longest time without anything.
        let before = |at: usize| match at.checked_sub(1) {
            Some(before) => seen.get(before).copied(),
            None => seen.last().copied(),
        };
        let starts = seen.iter().enumerate().filter_map(|(at, hour)| {
            let gap = (hour + HOURS - before(at)?) % HOURS;
            Some((if gap == 0 { HOURS } else { gap }, *hour))
        });
        let (gap, from) = starts.max_by_key(|(gap, from)| (*gap, HOURS - from))?;
        Some(Stretch { from, hours: HOURS - gap + 1 })
    }

    /// The days on which a stretch of the clock began in which something happened.
    pub(crate) fn begun(&self, stretch: Stretch) -> Days {
        let mut begun = Days::default();
        for (hour, days) in self.by_hour.iter().enumerate() {
            if hour >= stretch.from {
                begun.add(days);
                continue;
            }
            let mut before = Days::none(days.start());
            days.iter().for_each(|day| before.insert(day - 1));
            begun.add(&before);
        }
        begun
    }
}

impl Stretch {
    /// The hour after the last, which is of the next day where it is no more than the first.
    pub(crate) fn to(self) -> usize {
        (self.from + self.hours) % HOURS
    }

    /// It in words.
    pub(crate) fn words(self) -> String {
        format!("between {:02}:00 and {:02}:00 UTC", self.from, self.to())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(seen: &[(usize, i64)]) -> Hours {
        let mut hours = Hours::default();
        for (hour, day) in seen {
            let mut days = Days::none(0);
            days.insert(*day);
            hours.add(*hour, &days);
        }
        hours
    }

    #[test]
    fn a_stretch_goes_over_midnight_where_that_is_shorter() {
        let of = |seen: &[(usize, i64)]| hours(seen).stretch();
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(2, 1)]), Some(Stretch { from: 2, hours: 1 }));
        assert_eq!(of(&[(2, 1), (4, 2)]), Some(Stretch { from: 2, hours: 3 }));
        assert_eq!(of(&[(23, 1), (0, 2)]), Some(Stretch { from: 23, hours: 2 }));
        let words = Stretch { from: 23, hours: 2 }.words();
        assert_eq!(words, "between 23:00 and 01:00 UTC");
    }

    #[test]
    fn what_went_on_after_midnight_began_the_day_before() {
        let hours = hours(&[(23, 1), (0, 2), (23, 5)]);
        let begun = hours.begun(hours.stretch().unwrap());
        assert_eq!(begun.iter().collect::<Vec<_>>(), [1, 5]);
        assert_eq!(hours.days().iter().collect::<Vec<_>>(), [1, 2, 5]);
    }

    #[test]
    fn nearly_every_hour_is_every_hour() {
        let all: Vec<_> = (0..4).flat_map(|day| (0..24).map(move |hour| (hour, day))).collect();
        assert!(hours(&all).is_hourly());
        assert!(hours(&all[3..90]).is_hourly());
        assert!(!hours(&all[..24]).is_hourly(), "one day is no rhythm");
        let some: Vec<_> = all.iter().filter(|(hour, _)| hour % 2 == 0).copied().collect();
        assert!(!hours(&some).is_hourly());
    }
}
