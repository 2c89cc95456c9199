//! When something happens again, as far as the days tell on which it did.

use remit_policy::Days;
use serde::Serialize;

/// When something happens again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Rhythm {
    /// It did not happen.
    Never,
    /// In one stretch of days only, which says nothing of when it comes again.
    Once,
    /// On nearly every day.
    Daily,
    /// On nearly every day from Monday to Friday.
    WorkingDays,
    /// Every so many days.
    Every {
        /// The days from one to the next.
        days: i64,
        /// How often it was seen.
        cycles: usize,
    },
    /// Twice, so many days apart: it may be a rhythm.
    Twice {
        /// The days between.
        days: i64,
    },
    /// Now and then.
    Irregular {
        /// How many stretches of days.
        times: usize,
    },
    /// On many days that no period tells.
    Often {
        /// How many.
        days: u32,
        /// Of how many, from the first to the last.
        of: i64,
    },
}

/// Periods that jobs have, in days: a week, two, four, a month, a quarter, half a year, a year.
const PERIODS: [i64; 8] = [7, 14, 28, 31, 91, 182, 365, 366];

/// Days that lie no farther apart are one stretch: a run goes on over midnight, or is tried again.
const STRETCH: i64 = 2;

/// Days that no one run goes on for: where a stretch does, each of its days is a run.
const LONGEST: i64 = 28;

/// Days after which what was done on nearly every day is over.
pub(super) const OVER: i64 = 14;

/// Cycles from which on a rhythm is one.
const CYCLES: usize = 3;

impl Rhythm {
    /// The rhythm of some days.
    pub(crate) fn of(days: &Days) -> Self {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return Self::Never };
        let span = last - first + 1;
        if span >= 7 {
            let is_nearly = |part: i64, of: i64| part * 5 >= of * 4;
            if is_nearly(i64::from(days.len()), span) {
                return Self::Daily;
            }
            let (working, free): (Vec<i64>, Vec<i64>) = days.iter().partition(|day| is_working_day(*day));
            let all = (first..=last).filter(|day| is_working_day(*day)).count();
            let (working, free) = (working.len(), free.len());
            if working >= 5 && working * 5 >= all * 4 && free * 10 <= working {
                return Self::WorkingDays;
            }
            if weekdays(days).is_some() {
                return Self::Every { days: 7, cycles: weeks(days) };
            }
        }
        let stretches = stretches(days);
        let is_long = stretches.iter().any(|(first, last)| last - first >= LONGEST);
        let starts: Vec<i64> =
            if is_long { days.iter().collect() } else { stretches.iter().map(|(first, _)| *first).collect() };
        let gaps: Vec<i64> =
            starts.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).collect();
        let without_period = if is_long || (span > LONGEST && i64::from(days.len()) * 3 >= span) {
            Self::Often { days: days.len(), of: span }
        } else {
            Self::Irregular { times: starts.len() }
        };
        match gaps.as_slice() {
            [] => Self::Once,
            [days] => Self::Twice { days: *days },
            gaps => period(gaps)
                .filter(|days| *days > 1)
                .map_or(without_period, |days| Self::Every { days, cycles: starts.len() }),
        }
    }

    /// How often it was seen, where that tells when it comes again.
    pub(crate) fn cycles(self) -> usize {
        match self {
            Self::Never => 0,
            Self::Once => 1,
            Self::Twice { .. } => 2,
            Self::Daily | Self::WorkingDays | Self::Often { .. } => CYCLES,
            Self::Every { cycles, .. } => cycles,
            Self::Irregular { times } => times,
        }
    }

    /// Whether it has stopped by a day: two periods were due in vain, what came on nearly every day did not for a fortnight, or what came
    /// now and then did not for as long as it had come before.
    pub(crate) fn is_over(self, days: &Days, today: i64) -> bool {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return false };
        let longest = match self {
            Self::Never | Self::Once | Self::Twice { .. } => return false,
            Self::Daily | Self::WorkingDays | Self::Often { .. } => OVER,
            Self::Every { days, .. } => OVER.max(3 * days),
            Self::Irregular { .. } => OVER.max(last - first),
        };
        today - last > longest
    }

    /// It in words.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Never => "never".to_owned(),
            Self::Once => "once".to_owned(),
            Self::Daily => "every day".to_owned(),
            Self::WorkingDays => "on working days".to_owned(),
            Self::Every { days, cycles } => {
                let name = match days {
                    1 => "every day".to_owned(),
                    7 => "every week".to_owned(),
                    31 => "every month".to_owned(),
                    // Two quarters after one another may have 92 days each.
                    91 | 92 => "every quarter".to_owned(),
                    182 => "every half year".to_owned(),
                    365 | 366 => "every year".to_owned(),
                    days => format!("every {days} days"),
                };
                format!("{name} ({cycles} times)")
            }
            Self::Twice { days } => format!("twice, {days} days apart"),
            Self::Irregular { times } => format!("now and then ({times} times)"),
            Self::Often { days, of } if i64::from(days) * 2 > of => format!("on most days ({days} of {of})"),
            Self::Often { days, of } => format!("on {days} of {of} days"),
        }
    }
}

/// Whether all of these days are one stretch.
pub(super) fn is_one_stretch(days: &Days) -> bool {
    stretches(days).len() == 1
}

/// The first and the last day of each stretch.
fn stretches(days: &Days) -> Vec<(i64, i64)> {
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for day in days.iter() {
        match stretches.last_mut() {
            Some((_, last)) if day - *last <= STRETCH => *last = day,
            _ => stretches.push((day, day)),
        }
    }
    stretches
}

/// Weekdays that a week's days are told by at most.
const WEEKDAYS: usize = 3;

/// The days of the week, counted from the one on which the epoch began and in the order from Monday on, on which all of these days
/// are: two or three, on each of which there is something in nearly every week, for three weeks at least.
pub(crate) fn weekdays(days: &Days) -> Option<Vec<i64>> {
    let (first, last) = (days.first()?, days.last()?);
    let place = |day: i64| day.rem_euclid(7);
    let mut found: Vec<i64> = Vec::new();
    for day in days.iter() {
        if !found.contains(&place(day)) {
            found.push(place(day));
        }
        if found.len() > WEEKDAYS {
            return None;
        }
    }
    let is_kept = |weekday: &i64| {
        let all = (first..=last).filter(|day| place(*day) == *weekday).count();
        let seen = days.iter().filter(|day| place(*day) == *weekday).count();
        seen * 5 >= all * 4
    };
    // The first day of the epoch was a Thursday.
    found.sort_unstable_by_key(|weekday| (weekday + 3) % 7);
    (found.len() > 1 && weeks(days) >= CYCLES && found.iter().all(is_kept)).then_some(found)
}

/// In how many weeks there is any of these days, counted from the first.
fn weeks(days: &Days) -> usize {
    let first = days.first().unwrap_or(0);
    let weeks: std::collections::BTreeSet<i64> = days.iter().map(|day| (day - first) / 7).collect();
    weeks.len()
}

/// The period of these gaps: their median where nearly all gaps are it to the day, else one that jobs have, or the median again; each
/// gap is a multiple of it, since runs are skipped, and most are it.
fn period(gaps: &[i64]) -> Option<i64> {
    if gaps.len() + 1 < CYCLES {
        return None;
    }
    let mut sorted = gaps.to_vec();
    sorted.sort_unstable();
    let median = *sorted.get(sorted.len() / 2)?;
    let is_multiple = |gap: &&i64| (1..=3).any(|times| **gap == median * times);
    let is_exact = gaps.iter().filter(is_multiple).count() * 5 >= gaps.len() * 4;
    let periods = PERIODS.into_iter().filter(|period| (period - median).abs() <= slack(*period));
    let known = periods.min_by_key(|period| ((period - median).abs(), *period));
    let near = match known {
        _ if is_exact => median,
        Some(known) => known,
        // A day more or less is too much of a few days.
        None if median < SHORTEST => return None,
        None => median,
    };
    let fits = |gap: i64, times: i64| (gap - near * times).abs() <= slack(near);
    let single = gaps.iter().filter(|gap| fits(**gap, 1)).count();
    let all = gaps.iter().all(|gap| (1..=3).any(|times| fits(*gap, times)));
    (all && single * 2 >= gaps.len()).then_some(near)
}

/// The shortest period that gaps need not keep to the day.
const SHORTEST: i64 = 7;

/// How far from a period a gap may be: a tenth, and a day at least.
fn slack(period: i64) -> i64 {
    (period / 10).max(1)
}

/// Whether a day is one from Monday to Friday: the first day of the epoch was a Thursday.
pub(crate) fn is_working_day(day: i64) -> bool {
    (day + 3).rem_euclid(7) < 5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rhythm(days: impl IntoIterator<Item = i64>) -> Rhythm {
        let mut all = Days::none(0);
        days.into_iter().for_each(|day| all.insert(day));
        Rhythm::of(&all)
    }

    #[test]
    fn a_rhythm_is_told_by_its_days() {
        assert_eq!(rhythm([]), Rhythm::Never);
        assert_eq!(rhythm([40, 41]), Rhythm::Once);
        assert_eq!(rhythm(0..30), Rhythm::Daily);
        assert_eq!(rhythm((0..60).filter(|day| is_working_day(*day))), Rhythm::WorkingDays);
        assert_eq!(rhythm((0..8).map(|week| week * 7)), Rhythm::Every { days: 7, cycles: 8 });
        assert_eq!(rhythm([0, 91, 182]), Rhythm::Every { days: 91, cycles: 3 });
        assert_eq!(rhythm([0, 91]), Rhythm::Twice { days: 91 });
        assert_eq!(rhythm([0, 5, 40, 47, 90]), Rhythm::Irregular { times: 5 });
    }

    /// A campaign of some days is one run, and what goes on for months is none, though no two of its days are far apart.
    #[test]
    fn what_goes_on_for_long_is_not_once() {
        assert_eq!(rhythm(40..45), Rhythm::Once);
        assert_eq!(rhythm((0..20).step_by(2)), Rhythm::Once);
        assert_eq!(rhythm((0..203).step_by(2)), Rhythm::Every { days: 2, cycles: 102 });
        let skipped = rhythm((0..200).filter(|day| ![2, 5, 8].contains(&(day % 10))));
        assert_eq!(skipped, Rhythm::Often { days: 140, of: 200 });
        assert_eq!(skipped.words(), "on most days (140 of 200)");
        // In eight days three, of which two are next to each other.
        let some = rhythm((0..200).filter(|day| [0, 1, 5].contains(&(day % 8))));
        assert_eq!(some.words(), "on 75 of 198 days");
    }

    #[test]
    fn months_differ_and_runs_are_skipped_or_late() {
        assert_eq!(rhythm([0, 31, 59, 90, 120, 151]), Rhythm::Every { days: 31, cycles: 6 });
        assert_eq!(rhythm([0, 7, 15, 28, 35, 36, 42]), Rhythm::Every { days: 7, cycles: 6 });
        assert_eq!(rhythm([0, 90, 183, 366, 457]), Rhythm::Every { days: 91, cycles: 5 });
    }

    #[test]
    fn a_period_that_is_kept_to_the_day_is_told_as_it_is() {
        for period in [2, 3, 6, 8, 13, 20, 29, 30] {
            let told = rhythm((0..200).step_by(usize::try_from(period).unwrap())).words();
            assert!(told.starts_with(&format!("every {period} days (")), "{told}");
        }
        assert_eq!(rhythm([0, 6, 12]), Rhythm::Every { days: 6, cycles: 3 });
        // One run was skipped, and the last was late.
        assert_eq!(rhythm([0, 6, 12, 24, 30, 36, 43]), Rhythm::Every { days: 6, cycles: 7 });
        // July, October and January have the same day 92 days apart.
        assert_eq!(rhythm([0, 92, 184]).words(), "every quarter (3 times)");
        assert_eq!(rhythm([0, 3, 7, 10, 15, 18, 22, 25]), Rhythm::Irregular { times: 8 });
    }

    #[test]
    fn what_was_due_and_did_not_come_is_over() {
        let is_over = |all: &[i64], today: i64| {
            let mut days = Days::none(0);
            all.iter().for_each(|day| days.insert(*day));
            Rhythm::of(&days).is_over(&days, today)
        };
        let (weekly, daily) = ([0, 7, 14, 21], (0..30).collect::<Vec<i64>>());
        assert_eq!((is_over(&weekly, 42), is_over(&weekly, 43)), (false, true));
        assert_eq!((is_over(&daily, 43), is_over(&daily, 44)), (false, true));
        assert_eq!((is_over(&[0, 5, 40], 80), is_over(&[0, 5, 40], 81)), (false, true));
        assert!(!is_over(&[0, 91], 700), "a date is said of what came once or twice");
    }

    /// Day 4 of the epoch was a Monday.
    #[test]
    fn two_days_of_the_week_in_turn_are_weeks() {
        let on = |weekdays: &[i64]| rhythm((0..60).filter(|day: &i64| weekdays.contains(&(day % 7))));
        assert_eq!(on(&[4, 0]), Rhythm::Every { days: 7, cycles: 9 });
        assert_eq!(on(&[5, 0]), Rhythm::Every { days: 7, cycles: 9 });
        let mut days = Days::none(0);
        (0..60).filter(|day: &i64| [4, 0].contains(&(day % 7))).for_each(|day| days.insert(day));
        assert_eq!(weekdays(&days), Some(vec![4, 0]));
        // On Mondays, and once on a Tuesday.
        let mut mostly = Days::none(0);
        [4, 11, 18, 26, 32].into_iter().for_each(|day| mostly.insert(day));
        assert_eq!(weekdays(&mostly), None);
    }

    /// 2026-11-28 is a Saturday.
    #[test]
    fn saturday_is_no_working_day() {
        assert!(!is_working_day(20_785) && is_working_day(20_784) && is_working_day(20_787));
    }
}
