//! Lengths of time as people write them on a command line, and moments.

use jiff::{SpanRelativeTo, Timestamp, civil};

/// Microseconds of a length such as `90d`, `12h` or `2w`.
pub(crate) fn microseconds(text: &str) -> Result<i64, String> {
    let hint = || format!("`{text}` is not a length of time\nhint: write it like `90d`, `12h` or `0d`");
    let span: jiff::Span = text.parse().map_err(|_| hint())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| hint())?;
    let length = i64::try_from(length.as_micros()).map_err(|_| hint())?;
    if length < 0 { Err(hint()) } else { Ok(length) }
}

/// A moment: a date, a time, or a length of time before the newest record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// At this moment, in microseconds since the Unix epoch.
    At(i64),
    /// So many microseconds before the newest record.
    Before(i64),
}

/// Reads a moment such as `2026-10-01`, `2026-10-01T12:00` or `30d`; without a zone it is in UTC.
pub(crate) fn since(text: &str) -> Result<Since, String> {
    if let Ok(length) = microseconds(text) {
        return Ok(Since::Before(length));
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Since::At(time.as_microsecond()));
    }
    // The name of a zone would be passed over.
    let moment = text.parse::<civil::DateTime>().ok().filter(|_| !text.contains('['));
    moment
        .and_then(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|moment| Since::At(moment.timestamp().as_microsecond()))
        .ok_or_else(|| {
            format!(
                "`{text}` is not a time\nhint: write it like `2026-10-01`, `2026-10-01T12:00:00Z` or `30d`"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        const HOUR: i64 = 3_600_000_000;
        let cases = [("90d", 90 * 24 * HOUR), ("12h", 12 * HOUR), ("2w", 14 * 24 * HOUR), ("0d", 0)];
        for (text, expected) in cases {
            assert_eq!(microseconds(text), Ok(expected), "{text}");
        }
        for text in ["", "90", "-3d", "soon", "1y400000d"] {
            assert!(microseconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_dates_times_or_lengths() {
        assert_eq!(since("1970-01-02"), Ok(Since::At(86_400_000_000)));
        assert_eq!(since("1970-01-01T00:00:01Z"), Ok(Since::At(1_000_000)));
        assert_eq!(since("1d"), Ok(Since::Before(86_400_000_000)));
        for wrong in ["yesterday", "1970-01-01T01:00[Europe/Berlin]"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_in_utc() {
        let at = Ok(Since::At(36_000_000_000));
        for text in [
            "1970-01-01T10:00",
            "1970-01-01 10:00",
            "1970-01-01T10:00:00",
            "1970-01-01T10:00:00Z",
            "1970-01-01 10:00:00Z",
            "1970-01-01T12:00:00+02:00",
        ] {
            assert_eq!(since(text), at, "{text}");
        }
    }
}
