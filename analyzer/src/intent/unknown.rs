//! What cannot be told of a principal, by reason.

use std::collections::BTreeMap;

use remit_policy::{Reason, Verdict, Window};

use super::{RhythmLine, UnknownLine};
use crate::judged::Judged;
use crate::learn::Rhythm;
use crate::visible::DAY;

/// Permissions named for each reason.
const EXAMPLES: usize = 3;

/// Permissions of which it cannot be told whether they are used, most first.
pub(super) fn unknown<'a>(judged: impl Iterator<Item = Judged<'a>>) -> Vec<UnknownLine> {
    let mut lines: BTreeMap<&Reason, UnknownLine> = BTreeMap::new();
    for one in judged {
        let Verdict::Unobservable(reason) = one.verdict else { continue };
        let line = lines.entry(reason).or_insert_with(|| UnknownLine {
            code: reason.code().to_owned(),
            why: reason.explain(),
            permissions: 0,
            for_example: Vec::new(),
            remedy: reason.remedy(),
        });
        line.permissions += 1;
        if line.for_example.len() < EXAMPLES {
            line.for_example.push(one.name);
        }
    }
    let mut lines: Vec<_> = lines.into_values().collect();
    lines.sort_by(|a, b| (b.permissions, &a.why).cmp(&(a.permissions, &b.why)));
    lines.truncate(super::LISTED);
    lines
}

/// What the days that the ledger shows do not tell of a rhythm.
pub(super) fn of_rhythm(rhythm: &RhythmLine, since: i64, window: Window) -> Option<String> {
    let days = window.end.saturating_sub(since.min(window.start)) / DAY;
    let in_days = |days: i64| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    match rhythm.days {
        _ if rhythm.is_on_deploy => None,
        Rhythm::Every { days: period, .. } if days < 3 * period => Some(format!(
            "it comes every {} and the ledger shows {}: what it does in some rounds only may be missing",
            in_days(period),
            in_days(days)
        )),
        Rhythm::Twice { days: period } => {
            Some(format!("it came twice, {} apart: whether that is a rhythm is not known", in_days(period)))
        }
        Rhythm::Once if rhythm.active_days > 2 => {
            Some("it came in one stretch of days: when it comes again is not known".to_owned())
        }
        Rhythm::Once => Some("it came once: when it comes again is not known".to_owned()),
        Rhythm::Irregular { times } => {
            Some(format!("it came {times} times without a rhythm: when it comes again is not known"))
        }
        _ => None,
    }
}
