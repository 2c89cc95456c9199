//! When what runs as a principal was changed, and what is new since.

use remit_policy::{Days, day};

use super::news::{Known, news};
use super::{DeploysLine, LastDeploy, Observation};
use crate::deploys::Deployed;
use crate::output::in_days;

/// The deploys of a principal up to a day, from a day on that the ledger tells of.
pub(super) fn deploying(
    deployed: &Deployed,
    (since, today): (i64, i64),
    known: &[Known<'_>],
    observation: &Observation,
) -> DeploysLine {
    let days = deployed.markers.range(since..=today.max(since)).count();
    let last = deployed.last(today).filter(|(on, _)| *on >= since);
    let words = match (last, deployed.is_shown) {
        (Some((on, marker)), is_shown) => {
            let least = if is_shown { "on" } else { "on at least" };
            format!(
                "deployed {least} {}, last {}",
                in_days(i64::try_from(days).unwrap_or(i64::MAX)),
                marker.words(on)
            )
        }
        (None, true) => format!("none since {}", day(Days::moment_of(since))),
        (None, false) => "not known: no source would show them all, and none was seen".to_owned(),
    };
    DeploysLine {
        words,
        is_shown: deployed.is_shown,
        days,
        last: last.map(|(on, marker)| LastDeploy { day: day(Days::moment_of(on)), marker: marker.clone() }),
        news: last.map(|(on, _)| news(Days::moment_of(on), known, observation)),
    }
}
