//! Dates as conditions write them.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Date(Timestamp);

/// More digits than seconds since 1970 have until the year 5138; such a number may be in milliseconds.
const MOST_DIGITS: usize = 11;

impl Date {
    /// Reads the W3C forms of ISO 8601 and seconds since 1970. A number of four digits or fewer may be a year or
    /// seconds, and longer ones milliseconds: those are none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let is_clear = text.len() > 4 && text.len() <= MOST_DIGITS;
            let seconds = text.parse().ok().filter(|_| is_clear)?;
            return Timestamp::from_second(seconds).ok().map(Self);
        }
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Some(Self(timestamp));
        }
        let whole = if text.len() == "2020-01".len() { format!("{text}-01") } else { text.to_owned() };
        if whole.len() != "2020-01-01".len() {
            return None;
        }
        let day: civil::Date = whole.parse().ok()?;
        day.to_zoned(TimeZone::UTC).ok().map(|start| Self(start.timestamp()))
    }
}
