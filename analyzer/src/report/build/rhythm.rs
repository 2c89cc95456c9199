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
