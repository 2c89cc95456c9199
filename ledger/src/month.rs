//! Months, by which states are divided.

use std::fmt;

use jiff::civil::Date;

use crate::day_of;
use crate::layout::day_of_name;
use crate::record::DAY;

/// A month of the calendar, by UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    first: Date,
}

impl Month {
    /// The month of a date such as `2026-10-31`.
    pub(crate) fn of_date(name: &str) -> Option<Self> {
        let date: Date = name.parse().ok()?;
        // Names of folders are compared as they are, so there is one way to write a date.
        (date.to_string() == name).then(|| Self { first: date.first_of_month() })
    }

    /// The month of a name such as `2026-10`.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::of_date(&format!("{name}-01"))
    }

    /// Its first day, in days since the Unix epoch.
    pub fn first_day(self) -> i64 {
        day_of_name(&self.first.to_string()).unwrap_or_default()
    }

    /// Whether a moment is in it, in microseconds since the Unix epoch.
    pub fn contains(self, moment: i64) -> bool {
        (0..i64::from(self.first.days_in_month())).contains(&(day_of(moment) - self.first_day()))
    }

    /// Its first moment, in microseconds since the Unix epoch.
    pub fn start(self) -> i64 {
        self.first_day().saturating_mul(DAY)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_one_name_and_its_days() {
        let month = Month::of_date("2024-02-29").unwrap();
        assert_eq!((month, month.to_string().as_str()), (Month::of_name("2024-02").unwrap(), "2024-02"));
        let within =
            [month.start() - 1, month.start(), month.start() + 29 * DAY - 1, month.start() + 29 * DAY];
        assert_eq!(within.map(|moment| month.contains(moment)), [false, true, true, false]);
        for name in ["2024-2", "2024-02-1", "20240201", "2024-13", "", "-1"] {
            assert_eq!(Month::of_name(name), None, "{name}");
        }
    }
}
