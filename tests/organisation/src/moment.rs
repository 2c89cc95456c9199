//! Points in time, in whole seconds since the Unix epoch, UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Seconds of one day.
pub(crate) const DAY: i64 = 86_400;

/// Reads `2026-10-31`, `2026-10-31T05:00:00Z` or none of them.
#[must_use]
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_second());
    }
    let date = text.parse::<jiff::civil::Date>().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// Writes the moment in a `strftime` format.
#[must_use]
pub(crate) fn format(moment: i64, pattern: &str) -> String {
    let timestamp = Timestamp::from_second(moment).unwrap_or_default();
    jiff::fmt::strtime::format(pattern, timestamp).unwrap_or_default()
}

/// Appends `2026-10-31T05:00:00Z`.
pub(crate) fn iso(out: &mut String, moment: i64) {
    let (year, month, day) = date(moment);
    let second = moment.rem_euclid(DAY);
    padded(out, year, 4);
    for (sign, value) in
        [('-', month), ('-', day), ('T', second / 3600), (':', second / 60 % 60), (':', second % 60)]
    {
        out.push(sign);
        padded(out, value, 2);
    }
    out.push('Z');
}

/// Year, month and day of the moment.
#[must_use]
pub(crate) fn date(moment: i64) -> (i64, i64, i64) {
    // Days since 1 March of year 0; months are counted from March so that the leap day comes last.
    let days = moment.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// Day of the week, from Monday, 0, to Sunday, 6.
#[must_use]
pub(crate) fn weekday(moment: i64) -> i64 {
    (moment.div_euclid(DAY) + 3).rem_euclid(7)
}

/// Appends a number with leading zeros.
pub(crate) fn padded(out: &mut String, value: i64, width: u32) {
    for position in (0..width).rev() {
        let digit = value / 10_i64.pow(position) % 10;
        out.push(char::from(b'0' + u8::try_from(digit).unwrap_or(0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_agree_with_the_library() {
        for moment in (0..4_000_000_000_i64).step_by(86_399 * 17) {
            let mut text = String::new();
            iso(&mut text, moment);
            assert_eq!(text, Timestamp::from_second(moment).unwrap().to_string());
            assert_eq!(parse(&text), Some(moment));
        }
    }

    #[test]
    fn the_last_day_of_october_2026_is_a_saturday() {
        assert_eq!(weekday(parse("2026-10-31").unwrap()), 5);
    }
}
