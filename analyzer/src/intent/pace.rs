//! When something is done, in words.

use remit_policy::Days;

use super::Hours;
use super::words::listed;
use crate::learn::{Rhythm, weekdays};

/// Days of the week, from the one on which the epoch began.
pub(super) const WEEKDAYS: [&str; 7] =
    ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// Hours of the day that are still a time of the day.
const SHORT: usize = 6;

/// When something is done, by the days and, where they are known, by the hours: the rhythm of its days, and in words.
pub(super) fn paced(days: &Days, hours: Option<&Hours>) -> (Rhythm, String) {
    let rhythm = Rhythm::of(days);
    if hours.is_some_and(Hours::is_hourly) {
        // That is every day, on however few days.
        let rhythm = match rhythm {
            Rhythm::Once | Rhythm::Twice { .. } => Rhythm::Daily,
            rhythm => rhythm,
        };
        return (rhythm, "every hour".to_owned());
    }
    let words = match (rhythm, days.first(), days.last()) {
        (Rhythm::Never, _, _) | (_, None, _) | (_, _, None) => return (rhythm, String::new()),
        (Rhythm::Once, Some(first), Some(last)) if first == last => format!("once, on {}", date(first)),
        (Rhythm::Once, Some(first), Some(last)) if days.len() > 2 => {
            format!("on {} days in one stretch, from {} to {}", days.len(), date(first), date(last))
        }
        (Rhythm::Once, Some(first), Some(last)) => format!("once, from {} to {}", date(first), date(last)),
        (Rhythm::Twice { .. }, Some(first), Some(last)) if days.len() == 2 => {
            format!("twice, on {} and {}", date(first), date(last))
        }
        (Rhythm::Every { days: 7, cycles }, _, _) => match (weekday(days), weekdays(days)) {
            (Some(weekday), _) => format!("every {weekday} ({cycles} times)"),
            (None, Some(several)) => {
                let name = |place: &i64| WEEKDAYS.get(usize::try_from(*place).ok()?);
                let names: Vec<String> =
                    several.iter().filter_map(name).map(|name| format!("{name}s")).collect();
                format!("on {} ({cycles} weeks)", listed(&names))
            }
            (None, None) => rhythm.words(),
        },
        _ => rhythm.words(),
    };
    let words = match hours.and_then(Hours::stretch).filter(|stretch| stretch.hours <= SHORT) {
        Some(stretch) => format!("{words} {}", stretch.words()),
        None => words,
    };
    (rhythm, words)
}

/// What days are held against to say when something is done.
#[derive(Clone, Copy)]
pub(crate) struct Calendar<'a> {
    /// The days of deploys.
    pub(crate) deploys: &'a Days,
    /// The end of what the ledger tells.
    pub(crate) end: i64,
}

impl Calendar<'_> {
    /// When something is done: on deploy, where that tells it, else by the days and, where they are known, by the hours; and until
    /// when, where it has stopped.
    pub(super) fn pace(self, days: &Days, hours: Option<&Hours>) -> String {
        if let Some(words) = self.after_deploys(days) {
            let last = days.last().unwrap_or_default();
            let in_vain = self.deploys.iter().filter(|day| *day > last && day + FOLLOWS < self.today());
            return if in_vain.count() > 1 { format!("{words}, until {}", date(last)) } else { words };
        }
        let (rhythm, words) = paced(days, hours);
        match days.last().filter(|_| rhythm.is_over(days, self.today())) {
            Some(last) => format!("{words}, until {}", date(last)),
            None => words,
        }
    }

    /// The last day that the ledger tells of.
    pub(super) fn today(self) -> i64 {
        Days::day_of(self.end)
    }

    /// That something is done on deploy, where that tells when.
    pub(super) fn after_deploys(self, days: &Days) -> Option<String> {
        after_deploys(days, self.deploys)
    }
}

/// Days after a deploy in which what it starts comes.
const FOLLOWS: i64 = 2;

/// That something is done only within two days after deploys, at least three of them: where that is told by more than chance, since deploys
/// and the days behind them are less than half of all days.
fn after_deploys(days: &Days, deploys: &Days) -> Option<String> {
    let (first, last) = (days.first()?, days.last()?);
    let behind = |day: i64| (day - FOLLOWS..=day).rev().find(|before| deploys.contains(*before));
    let followed: Option<std::collections::BTreeSet<i64>> = days.iter().map(behind).collect();
    let followed = followed.filter(|followed| followed.len() >= 3)?;
    let near = (first..=last).filter(|day| behind(*day).is_some()).count();
    let all = usize::try_from(last - first + 1).ok()?;
    (near * 2 < all).then(|| format!("on deploy ({} times)", followed.len()))
}

/// The day of the week on which all of these days are.
pub(super) fn weekday(days: &Days) -> Option<&'static str> {
    let place = |day: i64| usize::try_from(day.rem_euclid(7)).ok();
    let first = place(days.first()?)?;
    days.iter().all(|day| place(day) == Some(first)).then(|| WEEKDAYS.get(first).copied()).flatten()
}

/// A day as a date.
fn date(day: i64) -> String {
    remit_policy::day(Days::moment_of(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: impl IntoIterator<Item = i64>) -> Days {
        let mut all = Days::none(20_000);
        days.into_iter().for_each(|day| all.insert(day));
        all
    }

    fn pace(days: &Days, hours: Option<&Hours>) -> String {
        paced(days, hours).1
    }

    #[test]
    fn what_comes_after_deploys_alone_is_told_from_chance() {
        let deploys = days([20_000, 20_013, 20_040, 20_071]);
        let said = |all: Vec<i64>| after_deploys(&days(all), &deploys);
        assert_eq!(said(vec![20_001, 20_013, 20_042, 20_071]), Some("on deploy (4 times)".to_owned()));
        assert_eq!(
            said(vec![20_001, 20_013, 20_043, 20_071]),
            None,
            "three days later is no longer on deploy"
        );
        assert_eq!(said(vec![20_001, 20_013, 20_014]), None, "two deploys are too few");
        let often = days((20_000..20_060).step_by(3));
        assert_eq!(after_deploys(&days([20_003, 20_020, 20_050]), &often), None, "every day is near one");
        assert_eq!(after_deploys(&Days::default(), &deploys), None);
        let after = days([20_001, 20_013, 20_042, 20_071]);
        let calendar = |deploys: &Days| Calendar { deploys, end: Days::moment_of(20_080) }.pace(&after, None);
        assert_eq!(calendar(&deploys), "on deploy (4 times)");
        assert_eq!(calendar(&Days::default()), "now and then (4 times)");
    }

    #[test]
    fn what_has_stopped_is_told_until_when() {
        let none = Days::default();
        let of = |end: i64, all: &Days, hours: Option<&Hours>| {
            Calendar { deploys: &none, end: Days::moment_of(end) }.pace(all, hours)
        };
        let weekly = days((0..5).map(|week| 20_001 + 7 * week));
        assert_eq!(of(20_050, &weekly, None), "every Saturday (5 times)");
        assert_eq!(of(20_060, &weekly, None), "every Saturday (5 times), until 2024-11-02");
        let mut hours = Hours::default();
        (0..24).for_each(|hour| hours.add(hour, &days(20_001..20_004)));
        assert_eq!(of(20_010, &hours.days(), Some(&hours)), "every hour");
        assert_eq!(of(20_060, &hours.days(), Some(&hours)), "every hour, until 2024-10-07");
        assert_eq!(of(20_060, &Days::default(), None), "");
    }

    #[test]
    fn the_pace_names_days_and_hours() {
        let mut hours = Hours::default();
        hours.add(2, &days([20_001]));
        assert_eq!(pace(&days(20_000..20_030), Some(&hours)), "every day between 02:00 and 03:00 UTC");
        assert_eq!(pace(&days([20_001]), None), "once, on 2024-10-05");
        assert_eq!(pace(&days([20_001, 20_002]), None), "once, from 2024-10-05 to 2024-10-06");
        let campaign = "on 5 days in one stretch, from 2024-10-05 to 2024-10-09";
        assert_eq!(pace(&days(20_001..20_006), None), campaign);
        assert_eq!(pace(&days([20_001, 20_002, 20_092]), None), "twice, 91 days apart");
        assert_eq!(pace(&days([20_001, 20_092]), None), "twice, on 2024-10-05 and 2025-01-04");
        assert_eq!(pace(&days((0..5).map(|week| 20_001 + 7 * week)), None), "every Saturday (5 times)");
        let twice_a_week = (0..5).flat_map(|week| [19_999, 20_003].map(|day| day + 7 * week));
        assert_eq!(pace(&days(twice_a_week.skip(1)), None), "on Mondays and Thursdays (5 weeks)");
        assert_eq!(pace(&Days::default(), None), "");
    }
}
