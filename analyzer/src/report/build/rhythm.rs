//! When a principal called.

use std::collections::BTreeMap;

use remit_ledger::day_name;

use crate::analysis::pathless;
use crate::intent::Hours;
use crate::report::model::Rhythm;

/// The rhythm of a principal, by the names under which the ledger has its calls.
pub(super) fn of(all: &BTreeMap<String, Hours>, arn: &str) -> Option<Rhythm> {
    let mut hours = Hours::default();
    let pathless = pathless(arn);
    for name in std::iter::once(arn).chain(pathless.as_deref().filter(|name| *name != arn)) {
        if let Some(of_name) = all.get(name) {
            hours.join(of_name);
        }
    }
    let days = hours.days();
    let (first, last) = (days.first()?, days.last()?);
    let mut week = [[0; 24]; 7];
    for (hour, days) in hours.by_hour().iter().enumerate() {
        for day in days.iter() {
            if let Some(count) = week.get_mut(weekday(day)).and_then(|row| row.get_mut(hour)) {
                *count += 1;
            }
        }
    }
    Some(Rhythm { days: days.len(), first: day_name(first), last: day_name(last), week })
}

/// The weekday of a day, Monday being the first: the Unix epoch was a Thursday.
fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use remit_policy::Days;

    use super::*;

    fn hours(hour: usize, on: &[i64]) -> Hours {
        let mut days = Days::none(on[0]);
        on.iter().for_each(|day| days.insert(*day));
        let mut hours = Hours::default();
        hours.add(hour, &days);
        hours
    }

    /// 2026-11-02 was a Monday, and day 20,759 of the Unix epoch.
    #[test]
    fn days_are_counted_by_weekday_and_hour() {
        let (short, long) = ("arn:aws:iam::111122223333:role/web", "arn:aws:iam::111122223333:role/team/web");
        let monday = 20_759;
        let mut all = BTreeMap::from([(long.to_owned(), hours(9, &[monday, monday + 7, monday + 6]))]);
        // The log leaves the path out of a role's name.
        all.insert(short.to_owned(), hours(23, &[monday]));
        let rhythm = of(&all, long).unwrap();
        assert_eq!(
            (rhythm.days, rhythm.first.as_str(), rhythm.last.as_str()),
            (3, "2026-11-02", "2026-11-09")
        );
        let seen = |weekday: usize, hour: usize| rhythm.week[weekday][hour];
        assert_eq!((seen(0, 9), seen(6, 9), seen(0, 23)), (2, 1, 1));
        assert_eq!(rhythm.week.iter().flatten().sum::<u32>(), 4);
        assert_eq!(of(&all, "arn:aws:iam::111122223333:role/other"), None);
    }
}
