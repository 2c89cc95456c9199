//! When a window comes next, as far as the days tell on which it came.

use jiff::civil::Date;
use remit_policy::Days;

use crate::intent::pace::weekday;
use crate::learn::{Rhythm, is_working_day, weekdays};

/// Months that are looked through for a date.
const MONTHS: i64 = 24;

/// The first day on which a window begins that is not before the moment. None where the days do not tell.
pub(super) fn next(begun: &Days, rhythm: Rhythm, end: i64) -> Option<i64> {
    let last = begun.last()?;
    let first = (Days::day_of(end.saturating_sub(1)) + 1).max(last + 1);
    match rhythm {
        Rhythm::Daily => Some(first),
        Rhythm::WorkingDays => (first..first + 7).find(|day| is_working_day(*day)),
        Rhythm::Every { days: 7, .. } if weekday(begun).is_some() => {
            (first..first + 7).find(|day| (day - last).rem_euclid(7) == 0)
        }
        Rhythm::Every { days: 7, .. } if weekdays(begun).is_some() => {
            let weekdays = weekdays(begun)?;
            (first..first + 7).find(|day| weekdays.contains(&day.rem_euclid(7)))
        }
        Rhythm::Every { days, .. } => {
            let all: Vec<i64> = begun.iter().collect();
            let date = day_of_month(last)?;
            if days >= 28 && all.iter().all(|day| day_of_month(*day) == Some(date)) {
                return (first..first + MONTHS * 31)
                    .find(|day| day_of_month(*day) == Some(date) && *day >= last + days - 4);
            }
            let is_even = all.windows(2).all(|pair| matches!(pair, [a, b] if (b - a) % days == 0));
            is_even.then(|| last + ((first - last + days - 1) / days) * days)
        }
        _ => None,
    }
}

/// The day of the month of a day.
fn day_of_month(day: i64) -> Option<i8> {
    let epoch = Date::constant(1970, 1, 1);
    let date = epoch.checked_add(jiff::Span::new().try_days(day).ok()?).ok()?;
    Some(date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next_of(days: &[i64], end: i64) -> Option<i64> {
        let mut all = Days::none(20_000);
        days.iter().for_each(|day| all.insert(*day));
        next(&all, Rhythm::of(&all), Days::moment_of(end))
    }

    #[test]
    fn the_next_day_is_told_by_those_before() {
        let weeks: Vec<i64> = (0..6).map(|week| 20_001 + 7 * week).collect();
        assert_eq!(next_of(&weeks, 20_040), Some(20_043));
        assert_eq!(next_of(&weeks, 20_060), Some(20_064));
        // Saturdays and Tuesdays.
        let twice: Vec<i64> = weeks.iter().flat_map(|day| [*day, day + 3]).collect();
        assert_eq!(next_of(&twice, 20_040), Some(20_043));
        assert_eq!(next_of(&twice, 20_045), Some(20_046));
        let daily: Vec<i64> = (20_000..20_030).collect();
        assert_eq!(next_of(&daily, 20_030), Some(20_030));
        // The first of January, February, March and April 2025.
        assert_eq!(next_of(&[20_089, 20_120, 20_148, 20_179], 20_190), Some(20_209));
        assert_eq!(
            next_of(&[20_089, 20_121, 20_148, 20_180], 20_190),
            None,
            "a day of the month that differs"
        );
    }
}
