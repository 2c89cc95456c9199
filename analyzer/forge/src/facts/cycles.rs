//! Cycles that a stretch of time held: of work that recurs, only that shows of which a turn fell into it.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use crate::number::{counted, grouped};

/// Cycles that a stretch of time held as a whole, by UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cycles {
    weeks: u64,
    /// Last days of months.
    month_ends: u64,
    /// Of these, those of quarters of the calendar.
    quarter_ends: u64,
}

/// Seconds of a week.
const WEEK: i64 = 7 * 86_400;

impl Cycles {
    /// Those between two moments in ISO 8601; none where they are no moments.
    pub(crate) fn between(start: &str, end: &str) -> Option<Self> {
        let (start, end): (Timestamp, Timestamp) = (start.parse().ok()?, end.parse().ok()?);
        let weeks = end.as_second().saturating_sub(start.as_second()).max(0) / WEEK;
        let (mut month_ends, mut quarter_ends) = (0, 0);
        let mut next = first_of_next_month(start.to_zoned(TimeZone::UTC).date())?;
        loop {
            let over = next.to_zoned(TimeZone::UTC).ok()?.timestamp();
            if over > end {
                break;
            }
            // A month's last day counts where all of it was looked at.
            if next.yesterday().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp() >= start {
                month_ends += 1;
                quarter_ends += u64::from(next.month() % 3 == 1);
            }
            next = first_of_next_month(next)?;
        }
        Some(Self { weeks: u64::try_from(weeks).ok()?, month_ends, quarter_ends })
    }

    /// It in words.
    pub(crate) fn words(self) -> String {
        let ends = |number, what: &str| match number {
            0 => format!("no {what} end"),
            1 => format!("1 {what} end"),
            _ => format!("{} {what} ends", grouped(number)),
        };
        format!(
            "{}, {} and {}",
            counted(self.weeks, "week", "weeks"),
            ends(self.month_ends, "month"),
            ends(self.quarter_ends, "quarter")
        )
    }
}

fn first_of_next_month(day: Date) -> Option<Date> {
    day.first_of_month().checked_add(1.month()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_held_as_a_whole_counts() {
        for (start, end, expected) in [
            ("2026-08-30T00:00:00Z", "2026-11-28T00:00:00Z", "12 weeks, 3 month ends and 1 quarter end"),
            ("2025-10-24T00:00:00Z", "2026-11-28T00:00:00Z", "57 weeks, 13 month ends and 4 quarter ends"),
            // The last day of a month is over with the first moment of the next.
            ("2026-09-30T00:00:00Z", "2026-10-01T00:00:00Z", "0 weeks, 1 month end and 1 quarter end"),
            ("2026-09-30T00:00:01Z", "2026-10-01T00:00:00Z", "0 weeks, no month end and no quarter end"),
            ("2026-09-30T00:00:00Z", "2026-09-30T23:59:59Z", "0 weeks, no month end and no quarter end"),
            ("2026-12-25T00:00:00Z", "2027-01-01T00:00:00Z", "1 week, 1 month end and 1 quarter end"),
            ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "4 weeks, 1 month end and no quarter end"),
            ("2026-11-28T00:00:00Z", "2026-08-30T00:00:00Z", "0 weeks, no month end and no quarter end"),
        ] {
            assert_eq!(Cycles::between(start, end).unwrap().words(), expected, "{start} to {end}");
        }
        assert_eq!(Cycles::between("soon", "2026-08-30T00:00:00Z"), None);
    }
}
