//! Whose use falls in short, regular windows: what could be granted for these alone.

mod binding;
mod next;

use remit_policy::{Days, moment};
use serde::Serialize;

pub(crate) use self::binding::{Granting, binding};
use self::next::next;
use super::caller::CallerKind;
use super::pace::{paced, weekday};
use super::{Calendar, Callers, Hours, Starters};
use crate::learn::{Rhythm, is_working_day};

/// A window in which all use falls, and that comes again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Demand {
    /// When it comes, in words.
    pub(crate) rhythm: String,
    /// The window in words.
    pub(crate) window: String,
    /// The first hour of the day, by UTC.
    pub(crate) from_hour: usize,
    /// How many hours it is long.
    pub(crate) hours: usize,
    /// The day of the week, where it is always the same.
    pub(crate) weekday: Option<&'static str>,
    /// How often it was seen.
    pub(crate) cycles: usize,
    /// How many of a thousand hours are in such windows.
    pub(crate) share_per_thousand: i64,
    /// What starts it, as far as was seen.
    pub(crate) started_by: Vec<String>,
    /// The next window after the ledger's end, where the days that were seen tell it.
    pub(crate) next: Option<NextWindow>,
    /// A ready way to grant for the windows alone; none where there is none.
    pub(crate) grant: Option<serde_json::Value>,
    /// The same for a cluster, as `kubectl apply` takes it.
    pub(crate) manifest: Option<String>,
    /// What is to be known of it.
    pub(crate) notes: Vec<String>,
}

/// A window that is to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NextWindow {
    /// Its first moment.
    pub(crate) start: String,
    /// The moment after its last.
    pub(crate) end: String,
}

/// Hours of the day of the longest window that is short.
const LONGEST: usize = 8;

/// How many of a thousand hours may be in windows.
const SHARE: i64 = 250;

/// Times that something has to have come to be expected again.
const CYCLES: usize = 3;

/// The rhythm of what comes nearly on working days alone: a window that is shut at weekends would refuse what was seen.
const MOSTLY_WORKING_DAYS: &str = "on working days and some others";

const HOUR: i64 = 3_600_000_000;

/// The window in which all use falls, if it is short and comes regularly. What a deploy starts comes at no time that could be told,
/// and what has stopped is not to come again.
pub(crate) fn demand_of(
    hours: &Hours,
    callers: &Callers,
    starters: &Starters,
    calendar: Calendar<'_>,
) -> Option<Demand> {
    if calendar.after_deploys(&hours.days()).is_some() {
        return None;
    }
    let stretch = hours.stretch().filter(|stretch| stretch.hours <= LONGEST)?;
    let begun = hours.begun(stretch);
    let (rhythm, words) = rhythm(&begun);
    if rhythm.is_over(&begun, calendar.today()) {
        return None;
    }
    let period = match rhythm {
        Rhythm::Daily | Rhythm::WorkingDays => 1,
        Rhythm::Every { days, cycles } if cycles >= CYCLES => days,
        _ => return None,
    };
    let share = share(&begun, stretch.hours, period)?;
    if share > SHARE {
        return None;
    }
    let next = next(&begun, rhythm, calendar.end).map(|day| {
        let start = Days::moment_of(day).saturating_add(HOUR.saturating_mul(whole(stretch.from)));
        NextWindow {
            start: moment(start),
            end: moment(start.saturating_add(HOUR.saturating_mul(whole(stretch.hours)))),
        }
    });
    Some(Demand {
        rhythm: words,
        window: stretch.words(),
        from_hour: stretch.from,
        hours: stretch.hours,
        weekday: weekday(&begun),
        cycles: match rhythm {
            Rhythm::Every { cycles, .. } => cycles,
            _ => usize::try_from(begun.len()).unwrap_or(0),
        },
        share_per_thousand: share,
        started_by: started_by(callers, starters),
        next,
        grant: None,
        manifest: None,
        notes: Vec::new(),
    })
}

/// The rhythm in which windows come, and in words. Windows of working days are those of what never came on another day.
fn rhythm(begun: &Days) -> (Rhythm, String) {
    match paced(begun, None) {
        (Rhythm::WorkingDays, _) if !begun.iter().all(is_working_day) => {
            (Rhythm::Daily, MOSTLY_WORKING_DAYS.to_owned())
        }
        told => told,
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(0)
}

/// How many of a thousand hours are in windows, from the first to where the one after the last would be.
fn share(begun: &Days, hours: usize, period: i64) -> Option<i64> {
    let span = begun.last()? - begun.first()? + period;
    let within = whole(hours).saturating_mul(i64::from(begun.len()));
    Some(within.saturating_mul(1_000) / span.saturating_mul(24).max(1))
}

/// What starts it: jobs of a cluster, else who begins the sessions, else what calls.
fn started_by(callers: &Callers, starters: &Starters) -> Vec<String> {
    const SHOWN: usize = 5;
    let is_job = |name: &str| name.contains("/CronJob/") || name.contains("/Job/");
    let workloads = || callers.seen.keys().filter(|name| name.kind == CallerKind::Workload);
    let mut by: Vec<String> =
        workloads().filter(|name| is_job(&name.name)).map(super::CallerName::words).collect();
    if by.is_empty() {
        by.extend(starters.keys().map(super::Starter::words));
        let sessions = callers.seen.keys().filter(|name| name.kind == CallerKind::Session);
        by.extend(sessions.map(super::CallerName::words).filter(|_| !starters.is_empty()));
    }
    if by.is_empty() {
        let people = callers.seen.values().any(|seen| seen.has_people);
        by.extend(people.then(|| "a person's session".to_owned()));
        by.extend(workloads().map(super::CallerName::words));
    }
    by.truncate(SHOWN);
    by
}

impl Demand {
    /// Adds the condition that grants for the next window alone.
    pub(crate) fn with_condition(mut self) -> Self {
        self.notes.push(
            "IAM has no condition for times that come again: this one is for the next window, and whoever starts the job has \
             to renew it each time"
                .to_owned(),
        );
        match &self.next {
            Some(next) => {
                self.grant = Some(serde_json::json!({
                    "Condition": {
                        "DateGreaterThan": { "aws:CurrentTime": next.start },
                        "DateLessThan": { "aws:CurrentTime": next.end }
                    }
                }));
            }
            None => self.notes.push("the days that were seen do not tell when the next window is".to_owned()),
        }
        self.notes.push("the window is as seen, in whole hours: widen it for what runs late".to_owned());
        self
    }

    /// What starts it, in words.
    pub(crate) fn starter_words(&self) -> String {
        if self.started_by.is_empty() { "not seen".to_owned() } else { self.started_by.join(", ") }
    }

    /// The share of time, in words.
    pub(crate) fn share_words(&self) -> String {
        format!("{}.{} %", self.share_per_thousand / 10, self.share_per_thousand % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(seen: impl IntoIterator<Item = (usize, i64)>) -> Hours {
        let mut hours = Hours::default();
        for (hour, day) in seen {
            let mut days = Days::none(20_000);
            days.insert(day);
            hours.add(hour, &days);
        }
        hours
    }

    fn demand(seen: impl IntoIterator<Item = (usize, i64)>) -> Option<Demand> {
        demand_beside(&Days::default(), seen)
    }

    fn demand_beside(deploys: &Days, seen: impl IntoIterator<Item = (usize, i64)>) -> Option<Demand> {
        let calendar = Calendar { deploys, end: Days::moment_of(20_060) };
        demand_of(&hours(seen), &Callers::default(), &Starters::new(), calendar)
    }

    #[test]
    fn a_job_of_every_night_is_a_candidate() {
        let nightly = demand((20_000..20_060).flat_map(|day| [(23, day), (0, day + 1)])).unwrap();
        assert_eq!(
            (nightly.rhythm.as_str(), nightly.window.as_str()),
            ("every day", "between 23:00 and 01:00 UTC")
        );
        assert_eq!((nightly.share_per_thousand, nightly.starter_words().as_str()), (83, "not seen"));
        let next = nightly.next.as_ref().unwrap();
        assert_eq!(
            (next.start.as_str(), next.end.as_str()),
            ("2024-12-03T23:00:00Z", "2024-12-04T01:00:00Z")
        );
        let condition = nightly.with_condition().grant.unwrap();
        assert_eq!(condition["Condition"]["DateLessThan"]["aws:CurrentTime"], "2024-12-04T01:00:00Z");
    }

    /// 20,000 is a Friday, so that 20,001 and every seventh day from there on is a Saturday.
    #[test]
    fn a_window_of_working_days_shuts_out_no_saturday_that_was_seen() {
        let working = (20_000..20_060).filter(|day| is_working_day(*day));
        let of = |days: Vec<i64>| demand(days.into_iter().map(|day| (2, day))).unwrap();
        let plain = of(working.clone().collect());
        assert_eq!((plain.rhythm.as_str(), plain.next.is_some()), ("on working days", true));
        let mixed = of(working.chain([20_001, 20_022, 20_043]).collect());
        assert_eq!(mixed.rhythm, "on working days and some others");
        // The ledger ends before a Tuesday; and the window after it opens on whatever day comes.
        assert_eq!(mixed.next.unwrap().start, "2024-12-03T02:00:00Z");
    }

    #[test]
    fn what_a_deploy_starts_has_no_window_of_its_own() {
        let fortnightly = || [20_000, 20_014, 20_028, 20_042].map(|day| (10, day));
        assert!(demand(fortnightly()).is_some());
        let deploys = hours(fortnightly()).days();
        assert_eq!(demand_beside(&deploys, fortnightly()), None);
    }

    #[test]
    fn what_has_stopped_is_no_candidate() {
        let nightly = |end: i64| demand((20_000..end).map(|day| (2, day)));
        assert!(nightly(20_050).is_some());
        assert_eq!(nightly(20_040), None);
        let weekly = |weeks: i64| demand((0..weeks).map(|week| (2, 20_000 + 7 * week)));
        assert!(weekly(7).is_some());
        assert_eq!(weekly(5), None);
    }

    #[test]
    fn what_is_long_irregular_or_rare_is_none() {
        assert_eq!(demand((20_000..20_060).flat_map(|day| (0..12).map(move |hour| (hour, day)))), None);
        assert_eq!(demand([(1, 20_000), (1, 20_005), (1, 20_017), (1, 20_050)]), None);
        assert_eq!(demand([(1, 20_000), (1, 20_030)]), None);
    }
}
