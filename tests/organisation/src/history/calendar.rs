//! On which days, and at what times of the day, a task runs.

use super::prior::{self, between, twice};
use crate::mint::Mint;
use crate::moment::{self, DAY};

/// When a task runs.
#[derive(Clone, Debug)]
pub(super) enum When {
    /// So many times a day on average.
    Rate {
        /// Runs a day.
        rate: f64,
        /// Share of them that weekends keep; nothing for people, who are off then.
        weekend: f64,
    },
    /// On these days, once for each time that a day is in the list.
    Days(Vec<u32>),
}

/// The days of a history.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    /// First second of the first day.
    pub(super) start: i64,
    /// Days.
    pub(super) days: u32,
}

impl Calendar {
    /// First second of a day.
    pub(super) fn second(&self, day: u32) -> i64 {
        self.start + i64::from(day) * DAY
    }

    /// Whether the day is a Saturday or a Sunday.
    pub(super) fn is_weekend(&self, day: u32) -> bool {
        moment::weekday(self.second(day)) > 4
    }

    /// Days on which a person does not work: weekends, the turn of the year, and three stretches a year.
    pub(super) fn days_off(&self, mint: &mut Mint) -> Vec<bool> {
        let mut off: Vec<_> = (0..self.days)
            .map(|day| {
                let (_, month, date) = moment::date(self.second(day));
                self.is_weekend(day) || month == 12 && date >= 24 || month == 1 && date == 1
            })
            .collect();
        let mut next = mint.between(0, 200);
        while next < i64::from(self.days) {
            for day in next..next + mint.between(prior::HOLIDAYS.0, prior::HOLIDAYS.1) {
                if let Some(slot) = usize::try_from(day).ok().and_then(|day| off.get_mut(day)) {
                    *slot = true;
                }
            }
            next += mint.between(80, 160);
        }
        off
    }

    /// Days that a schedule of so many days hits. Months, quarters and years go by the calendar.
    pub(super) fn schedule(&self, period: u32, mint: &mut Mint) -> Vec<u32> {
        let skipped = between(prior::SKIPPED, mint);
        let late = if period < 7 { 0 } else { mint.between(prior::LATE.0, prior::LATE.1) };
        let (date, phase) = (mint.between(1, 28), mint.below(u64::from(period.max(1))));
        let month = mint.between(0, 11);
        let hits = |day: &u32| {
            let (_, this_month, this_date) = moment::date(self.second(*day));
            match period {
                30 => this_date == date,
                91 => this_date == date && (this_month - 1) % 3 == month % 3,
                365 => this_date == date && this_month - 1 == month,
                _ => u64::from(*day) % u64::from(period.max(1)) == phase,
            }
        };
        (0..self.days)
            .filter(hits)
            .filter_map(|day| {
                let shifted = i64::from(day) + mint.between(-late, late);
                let kept = !mint.chance(skipped);
                u32::try_from(shifted).ok().filter(|day| kept && *day < self.days)
            })
            .collect()
    }

    /// Days that come once in so many days on average, independently of each other.
    pub(super) fn scattered(&self, mean: f64, mint: &mut Mint) -> Vec<u32> {
        (0..self.days).filter(|_| mint.chance(1.0 / mean.max(1.0))).collect()
    }

    /// Days of deploys, of which weekends see few.
    pub(super) fn deploys(&self, a_year: f64, mint: &mut Mint) -> Vec<u32> {
        let a_day = a_year / 260.0;
        (0..self.days)
            .filter(|day| mint.chance(if self.is_weekend(*day) { a_day / 20.0 } else { a_day }))
            .collect()
    }

    /// Days on call with incidents, in whole weeks that come round.
    fn incidents(&self, mint: &mut Mint) -> Vec<u32> {
        let weeks = mint.between(prior::ONCALL.0, prior::ONCALL.1);
        let turn = mint.between(0, weeks - 1);
        let rate = between(prior::INCIDENTS, mint);
        (0..self.days)
            .filter(|day| i64::from(*day) / 7 % weeks == turn && mint.chance(rate.min(1.0)))
            .collect()
    }

    /// The times of one task, and the cause that the truth names. `off` are the days off of a person; nothing else has any.
    pub(super) fn draw(
        &self,
        rhythm: &str,
        deploys: &[u32],
        weekend: f64,
        off: &[bool],
        mint: &mut Mint,
    ) -> (String, When) {
        let rate = |rate: f64| When::Rate { rate, weekend };
        let when = match rhythm {
            "steady" => rate(twice(prior::STEADY, mint)),
            "restart" => return ("steady".to_owned(), rate(between(prior::RESTART, mint))),
            "occasional" => rate(twice(prior::OCCASIONAL, mint)),
            "office" => rate(twice(prior::OFFICE, mint)),
            "mix" => {
                let drawn = twice(prior::MIX, mint);
                // What comes less than twice a week is nothing that a few weeks are sure to show.
                let cause = if drawn < prior::OCCASIONAL.1 { "occasional" } else { "mix" };
                return (cause.to_owned(), rate(drawn));
            }
            "oncall" => When::Days(self.incidents(mint)),
            "destroy" => When::Days(self.scattered(twice(prior::DESTROY, mint), mint)),
            "deploy" => When::Days(deploys.to_vec()),
            _ => match rhythm.strip_prefix("cron:").and_then(|days| days.parse().ok()) {
                Some(period) => When::Days(self.schedule(period, mint)),
                None => When::Days(self.scattered(twice(prior::RARE, mint), mint)),
            },
        };
        let when = match when {
            When::Days(days) if !off.is_empty() && rhythm != "oncall" => {
                When::Days(days.into_iter().filter_map(|day| next_working(day, off)).collect())
            }
            other => other,
        };
        (rhythm.to_owned(), when)
    }
}

/// The first day from this one on that is not off.
fn next_working(day: u32, off: &[bool]) -> Option<u32> {
    let found = off.iter().enumerate().skip(usize::try_from(day).ok()?).find(|(_, off)| !**off)?;
    u32::try_from(found.0).ok()
}

impl When {
    /// How often the task runs on a day.
    pub(super) fn runs(&self, day: u32, is_weekend: bool, is_off: bool, mint: &mut Mint) -> u32 {
        match self {
            Self::Rate { .. } if is_off => 0,
            Self::Rate { rate, weekend } => {
                let rate = if is_weekend { rate * weekend } else { *rate };
                let whole = rate.ceil().max(1.0);
                let mut runs = 0;
                let mut left = whole;
                while left > 0.5 {
                    runs += u32::from(mint.chance(rate / whole));
                    left -= 1.0;
                }
                runs
            }
            Self::Days(days) => {
                u32::try_from(days.iter().filter(|other| **other == day).count()).unwrap_or(0)
            }
        }
    }
}
