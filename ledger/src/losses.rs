//! What sources lost and nobody made good: derived from the positions in footers, so that a source read again, whole,
//! takes its loss back.

use std::collections::BTreeMap;

use crate::footer::{Commit, Extent, SourcePosition};
use crate::{CoverageRecord, Provider};

/// The name of a source that has none of its own: nothing read later is the same source.
pub(crate) const NAMELESS: &str = "-";

/// One coverage record for each source that lost events, in the order of the commits. Such a record shows no event and
/// claims no class; where neither account nor time is known it speaks of all of them.
///
/// - A source read to its end with a loss has made good when other bytes were read without loss, at any time, under
///   one of its names, and reach over the hours of its events: a name may be used again for other events. Where no
///   event of it could be read, its hours are not known, and only what was read later makes good.
/// - A source that was last read in part has lost what follows, until it is read to its end.
pub(crate) fn losses<'a>(commits: impl Iterator<Item = (Provider, &'a Commit)>) -> Vec<CoverageRecord> {
    let positions: Vec<(Provider, i64, &SourcePosition)> = commits
        .flat_map(|(provider, commit)| {
            commit.sources.iter().map(move |source| (provider, commit.committed_at, source))
        })
        .collect();
    let mut last: BTreeMap<&str, &SourcePosition> = BTreeMap::new();
    let mut sound: BTreeMap<&str, Vec<(usize, &SourcePosition)>> = BTreeMap::new();
    // Equal bytes are one source under several names.
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (at, (_, _, source)) in positions.iter().enumerate() {
        last.insert(&source.name, source);
        if let Extent::Whole { content } = &source.extent {
            if source.lost > 0 {
                names.entry(content).or_default().push(&source.name);
            } else if source.name != NAMELESS {
                sound.entry(&source.name).or_default().push((at, source));
            }
        }
    }
    let mut records = Vec::new();
    for (at, (provider, committed_at, source)) in positions.into_iter().enumerate() {
        let is_lost = match &source.extent {
            Extent::Prefix { .. } => {
                last.get(source.name.as_str()).is_some_and(|last| std::ptr::eq(*last, source))
            }
            // The names of a content are taken with its first position.
            Extent::Whole { content } if source.lost > 0 => {
                names.remove(content.as_str()).is_some_and(|names| {
                    let mut others = names.iter().filter_map(|name| sound.get(name)).flatten();
                    !others.any(|(other_at, other)| match source.span {
                        Some(span) => reaches_over(other, span),
                        None => *other_at > at,
                    })
                })
            }
            Extent::Whole { .. } => false,
        };
        if is_lost {
            records.push(record(provider, committed_at, source));
        }
    }
    records
}

/// Whether a record is one of [`losses`] that was written down.
pub(crate) fn is_loss(record: &CoverageRecord) -> bool {
    record.events == 0 && record.lost > 0 && record.classes.is_empty()
}

fn reaches_over(other: &SourcePosition, (start, end): (i64, i64)) -> bool {
    other.span.is_some_and(|(other_start, other_end)| other_start <= start && other_end >= end)
}

fn record(provider: Provider, committed_at: i64, source: &SourcePosition) -> CoverageRecord {
    let place = source.place.clone().unwrap_or_default();
    let (start, end) = match (place.span, source.span) {
        (Some((start, end)), Some((first, last))) => (start.min(first), end.max(last)),
        (Some(span), None) => span,
        // No event is younger than its record.
        (None, _) => (0, committed_at),
    };
    CoverageRecord {
        provider,
        account: place.account,
        region: place.region,
        evidence: place.evidence,
        start,
        end,
        classes: Vec::new(),
        excluded_services: Vec::new(),
        events: 0,
        lost: source.lost.max(1),
    }
}

#[cfg(test)]
mod tests;
