//! Times of events.

use jiff::Timestamp;

/// Reads event times; neighbouring events are of the same day, which is looked up once.
#[derive(Debug, Default)]
pub(crate) struct EventTime {
    date: [u8; 10],
    midnight: i64,
}

const SECOND: i64 = 1_000_000;

impl EventTime {
    /// Microseconds since the Unix epoch of a time such as `2026-11-23T20:59:01Z`.
    #[inline]
    pub(crate) fn parse(&mut self, text: &[u8]) -> Option<i64> {
        let (date, time) = text.split_first_chunk::<10>()?;
        if self.date != *date || self.midnight == 0 {
            let midnight = format!("{}T00:00:00Z", std::str::from_utf8(date).ok()?);
            self.midnight = midnight.parse::<Timestamp>().ok()?.as_microsecond();
            self.date = *date;
        }
        match time {
            [b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] => {
                let (hours, minutes, seconds) = (two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?);
                self.at(hours, minutes, seconds)
            }
            // As an API server of Kubernetes writes times, in microseconds.
            [b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'.', f1, f2, f3, f4, f5, f6, b'Z'] => {
                let (hours, minutes, seconds) = (two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?);
                let fraction = two(*f1, *f2)? * 10_000 + two(*f3, *f4)? * 100 + two(*f5, *f6)?;
                Some(self.at(hours, minutes, seconds)? + fraction)
            }
            // Other fractions and offsets are nobody's own, but other programs rewrite events.
            _ => std::str::from_utf8(text).ok()?.parse::<Timestamp>().ok().map(Timestamp::as_microsecond),
        }
    }

    fn at(&self, hours: i64, minutes: i64, seconds: i64) -> Option<i64> {
        // A leap second is the last second of its minute, as jiff has it.
        let valid = hours < 24 && minutes < 60 && seconds <= 60;
        valid.then(|| self.midnight + (hours * 3600 + minutes * 60 + seconds.min(59)) * SECOND)
    }
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_cloudtrail_and_others_write_them() {
        let mut times = EventTime::default();
        let expected = "2026-11-23T20:59:01Z".parse::<Timestamp>().unwrap().as_microsecond();
        assert_eq!(times.parse(b"2026-11-23T20:59:01Z"), Some(expected));
        assert_eq!(times.parse(b"2026-11-23T20:59:01.000Z"), Some(expected));
        assert_eq!(times.parse(b"2026-11-23T20:59:01.012345Z"), Some(expected + 12_345));
        assert_eq!(times.parse(b"2026-11-23T20:59:01.5Z"), Some(expected + 500_000));
        assert_eq!(times.parse(b"2026-11-23T21:59:01+01:00"), Some(expected));
        assert_eq!(times.parse(b"2026-11-24T20:59:01Z"), Some(expected + 86_400 * SECOND));
        for bad in
            ["", "2026", "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T2:00:00Z", "yesterday"]
        {
            assert_eq!(times.parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
