//! What was seen for the first time of late.

use remit_policy::{Glob, Seen, moment};

use super::{News, Observation};

/// What is listed of each.
const LISTED: usize = 100;

/// A permission with the resources on which it was used.
pub(super) struct Known<'a> {
    pub(super) name: String,
    pub(super) seen: &'a Seen,
    /// The patterns that stand for the resources; none where they stand for themselves.
    pub(super) patterns: Vec<String>,
    pub(super) resources: Vec<(&'a str, &'a Seen)>,
}

/// What was not seen before a moment.
pub(super) fn news(since: i64, known: &[Known<'_>], observation: &Observation) -> News {
    let mut news = News { since: moment(since), ..News::default() };
    for one in known {
        if one.seen.first >= since {
            news.permissions.push(one.name.clone());
            continue;
        }
        let globs: Vec<Glob> = one.patterns.iter().map(|pattern| Glob::resource(pattern)).collect();
        for (pattern, glob) in one.patterns.iter().zip(&globs) {
            // Of what was seen before, a pattern that stands for it is not new, and it may stand under another.
            let of = || one.resources.iter().filter(|(resource, _)| glob.matches(resource));
            if of().next().is_some() && of().all(|(_, seen)| seen.first >= since) {
                news.resources.push(format!("{pattern} ({})", one.name));
            }
        }
        let alone = one.resources.iter().filter(|(resource, seen)| {
            seen.first >= since && !globs.iter().any(|glob| glob.matches(resource))
        });
        news.resources.extend(alone.map(|(resource, _)| format!("{resource} ({})", one.name)));
    }
    let callers = observation.callers.seen.iter().filter(|(_, seen)| seen.first >= since);
    news.callers.extend(callers.map(|(name, _)| name.words()));
    let starters = observation.starters.iter().filter(|(_, begun)| begun.first >= since);
    news.callers.extend(starters.map(|(starter, _)| format!("sessions begun by {}", starter.words())));
    for list in [&mut news.permissions, &mut news.resources, &mut news.callers] {
        list.sort();
        list.truncate(LISTED);
    }
    news
}
