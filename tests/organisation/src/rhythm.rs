//! When something happens again.

use serde::Deserialize;

use crate::error::Error;
use crate::mint::Mint;
use crate::moment::{self, DAY};

/// When a job runs. Times of day are UTC, and runs come up to three minutes late.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rhythm {
    /// So many times a day on average, at any time between two hours.
    PerDay {
        /// Runs a day on average.
        count: f64,
        /// First hour.
        #[serde(default)]
        from: i64,
        /// Hour after the last.
        #[serde(default = "midnight")]
        to: i64,
        /// Whether only from Monday to Friday.
        #[serde(default)]
        working_days: bool,
    },
    /// Every so many minutes.
    Every {
        /// Minutes.
        minutes: i64,
    },
    /// Every day at `HH:MM`.
    Daily(String),
    /// Every week at `mon HH:MM`.
    Weekly(String),
    /// Every month at `DD HH:MM`.
    Monthly(String),
    /// Once, at `YYYY-MM-DDTHH:MM:SSZ`.
    Once(String),
    /// Not within the log; says when it would happen.
    Never(String),
}

fn midnight() -> i64 {
    24
}

impl Rhythm {
    /// Times of the runs within a window, sorted; the end is excluded.
    ///
    /// # Errors
    /// A time that cannot be read.
    pub fn runs(&self, start: i64, end: i64, mint: &mut Mint) -> Result<Vec<i64>, Error> {
        let bad = |text: &str| Error::Time { owner: "rhythm".to_owned(), text: text.to_owned() };
        let mut runs = Vec::new();
        let days = (start.div_euclid(DAY)..=end.div_euclid(DAY)).map(|day| day * DAY);
        match self {
            Self::PerDay { count, from, to, working_days } => {
                for day in days {
                    if *working_days && moment::weekday(day) > 4 {
                        continue;
                    }
                    #[expect(clippy::cast_possible_truncation, reason = "runs a day are few")]
                    let (most, rest) = (count.ceil() as i64, count / count.ceil());
                    for _ in 0..most {
                        if mint.chance(rest) {
                            runs.push(day + from * 3600 + mint.between(0, (to - from) * 3600 - 1));
                        }
                    }
                }
            }
            Self::Every { minutes } => {
                let step = (minutes * 60).max(1);
                let mut time = start + mint.between(0, step);
                while time < end {
                    runs.push(time + mint.between(0, 20));
                    time += step;
                }
            }
            Self::Daily(text) => {
                let seconds = time_of_day(text).ok_or_else(|| bad(text))?;
                runs.extend(days.map(|day| day + seconds + mint.between(0, 180)));
            }
            Self::Weekly(text) => {
                let (weekday, time) = text.split_once(' ').ok_or_else(|| bad(text))?;
                let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
                let weekday = names.iter().position(|name| *name == weekday).ok_or_else(|| bad(text))?;
                let seconds = time_of_day(time).ok_or_else(|| bad(text))?;
                let weekday = i64::try_from(weekday).unwrap_or(0);
                let days = days.filter(|day| moment::weekday(*day) == weekday);
                runs.extend(days.map(|day| day + seconds + mint.between(0, 180)));
            }
            Self::Monthly(text) => {
                let (date, time) = text.split_once(' ').ok_or_else(|| bad(text))?;
                let date = date.parse::<i64>().map_err(|_| bad(text))?;
                let seconds = time_of_day(time).ok_or_else(|| bad(text))?;
                let days = days.filter(|day| moment::date(*day).2 == date);
                runs.extend(days.map(|day| day + seconds + mint.between(0, 180)));
            }
            Self::Once(text) => runs.push(moment::parse(text).ok_or_else(|| bad(text))?),
            Self::Never(_) => {}
        }
        runs.retain(|time| (start..end).contains(time));
        runs.sort_unstable();
        Ok(runs)
    }

    /// The rhythm in words, as the truth says it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::PerDay { count, working_days: true, .. } => format!("{count} times a working day"),
            Self::PerDay { count, .. } => format!("{count} times a day"),
            Self::Every { minutes } => format!("every {minutes} minutes"),
            Self::Daily(time) => format!("daily {time}"),
            Self::Weekly(time) => format!("weekly {time}"),
            Self::Monthly(time) => format!("monthly {time}"),
            Self::Once(time) => format!("once {time}"),
            Self::Never(when) => format!("not within the log: {when}"),
        }
    }
}

fn time_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    Some(hour.parse::<i64>().ok()? * 3600 + minute.parse::<i64>().ok()? * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(json: &str, start: &str, end: &str) -> Vec<i64> {
        let rhythm: Rhythm = serde_json::from_str(json).unwrap();
        let bounds = (moment::parse(start).unwrap(), moment::parse(end).unwrap());
        rhythm.runs(bounds.0, bounds.1, &mut Mint::new(1, "rhythm")).unwrap()
    }

    #[test]
    fn regular_jobs_run_as_often_as_the_window_says() {
        assert_eq!(runs(r#"{"daily":"02:15"}"#, "2026-08-02", "2026-10-31").len(), 90);
        assert_eq!(runs(r#"{"weekly":"mon 06:00"}"#, "2026-08-02", "2026-10-31").len(), 13);
        assert_eq!(runs(r#"{"monthly":"1 04:00"}"#, "2026-08-02", "2026-10-31").len(), 2);
        assert_eq!(runs(r#"{"every":{"minutes":720}}"#, "2026-08-02", "2026-08-04").len(), 4);
        assert!(runs(r#"{"never":"every quarter"}"#, "2026-08-02", "2026-10-31").is_empty());
    }

    #[test]
    fn working_days_leave_out_the_weekend() {
        let json = r#"{"per_day":{"count":3,"from":8,"to":18,"working_days":true}}"#;
        for time in runs(json, "2026-08-01", "2026-09-01") {
            assert!(moment::weekday(time) < 5);
        }
    }

    #[test]
    fn a_time_that_cannot_be_read_is_an_error() {
        let rhythm: Rhythm = serde_json::from_str(r#"{"weekly":"someday 06:00"}"#).unwrap();
        assert!(rhythm.runs(0, DAY, &mut Mint::new(1, "")).is_err());
    }
}
