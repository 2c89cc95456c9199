//! What sources lost and nobody made good: derived from the positions in footers, so that a source read again, whole,
//! takes its loss back.

use std::collections::BTreeMap;

use crate::footer::{Commit, Extent, SourcePosition};
use crate::{CoverageRecord, Provider};

/// The name of a source that has none of its own: nothing read later is the same source.
pub(crate) const NAMELESS: &str = "-";

/// A source of which events were lost that nobody made good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LossySource<'a> {
    /// Whose calls it holds.
    pub provider: Provider,
    /// Of which account or cluster, where its name tells; of any otherwise.
    pub account: Option<&'a str>,
    /// Its name: the path of a file, the address of an object, or what else was read.
    pub name: &'a str,
}

/// What the positions of all commits, in their order, say of each source.
pub(crate) struct History<'a> {
    /// By whose calls the source was read for, and its name: a folder may hold logs of several.
    named: BTreeMap<(Provider, &'a str), Vec<(usize, &'a SourcePosition)>>,
    /// The hours of a content's events. A copy that was known is not read again, so its position does not tell.
    spans: BTreeMap<&'a str, (i64, i64)>,
}

impl<'a> History<'a> {
    pub(crate) fn of(positions: impl Iterator<Item = (Provider, &'a SourcePosition)>) -> Self {
        let mut history = Self { named: BTreeMap::new(), spans: BTreeMap::new() };
        for (at, (provider, source)) in positions.enumerate() {
            history.named.entry((provider, &source.name)).or_default().push((at, source));
            if let (Extent::Whole { content }, Some(span)) = (&source.extent, source.span) {
                history.spans.insert(content, span);
            }
        }
        history
    }

    /// Whether the source at this place, read in part, was read that far again, and further, or to its end.
    pub(crate) fn is_superseded(&self, at: usize, provider: Provider, source: &SourcePosition) -> bool {
        let same = self.named.get(&(provider, source.name.as_str())).map(Vec::as_slice).unwrap_or_default();
        let later = same.get(same.partition_point(|(place, _)| *place <= at)..).unwrap_or_default();
        later.iter().any(|(_, other)| source.span.is_none_or(|span| self.reaches_over(other, span)))
    }

    /// Whether other bytes were read without loss in place of those that lost events at this place.
    fn is_made_good(&self, at: usize, provider: Provider, source: &SourcePosition, names: &[&str]) -> bool {
        let names = names.iter().filter(|name| **name != NAMELESS);
        let named = names.filter_map(|name| self.named.get(&(provider, *name)));
        named.flatten().any(|(other_at, other)| {
            let is_sound = other.lost == 0 && matches!(other.extent, Extent::Whole { .. });
            is_sound && source.span.map_or(*other_at > at, |span| self.reaches_over(other, span))
        })
    }

    fn reaches_over(&self, other: &SourcePosition, (start, end): (i64, i64)) -> bool {
        let span = other.span.or_else(|| match &other.extent {
            Extent::Whole { content } => self.spans.get(content.as_str()).copied(),
            Extent::Prefix { .. } => None,
        });
        span.is_some_and(|(other_start, other_end)| other_start <= start && other_end >= end)
    }
}

/// One coverage record for each source that lost events, in the order of the commits. Such a record shows no event and
/// claims no class; where neither account nor time is known it speaks of all of them.
///
/// - A source read to its end with a loss has made good when other bytes were read without loss, at any time, under
///   one of its names, and reach over the hours of its events: a name may be used again for other events. Where no
///   event of it could be read, its hours are not known, and only what was read later makes good.
/// - A source that was read in part has lost what follows, until what is read later under its name reaches over the
///   hours of that part.
pub(crate) fn losses<'a>(commits: impl Iterator<Item = (Provider, &'a Commit)>) -> Vec<CoverageRecord> {
    let sources = lossy_sources(commits).into_iter();
    sources.map(|(provider, committed_at, source)| record(provider, committed_at, source)).collect()
}

/// The sources of these losses, with when it was said.
pub(crate) fn lossy_sources<'a>(
    commits: impl Iterator<Item = (Provider, &'a Commit)>,
) -> Vec<(Provider, i64, &'a SourcePosition)> {
    let positions: Vec<(Provider, i64, &SourcePosition)> = commits
        .flat_map(|(provider, commit)| {
            commit.sources.iter().map(move |source| (provider, commit.committed_at, source))
        })
        .collect();
    let history = History::of(positions.iter().map(|(provider, _, source)| (*provider, *source)));
    // Equal bytes are one source under several names.
    let mut names: BTreeMap<(Provider, &str), Vec<&str>> = BTreeMap::new();
    for (provider, _, source) in &positions {
        if let Extent::Whole { content } = &source.extent
            && source.lost > 0
        {
            names.entry((*provider, content)).or_default().push(&source.name);
        }
    }
    let mut lossy = Vec::new();
    for (at, (provider, committed_at, source)) in positions.into_iter().enumerate() {
        let is_lost = match &source.extent {
            Extent::Prefix { .. } => !history.is_superseded(at, provider, source),
            // The names of a content are taken with its first position.
            Extent::Whole { content } if source.lost > 0 => names
                .remove(&(provider, content.as_str()))
                .is_some_and(|names| !history.is_made_good(at, provider, source, &names)),
            Extent::Whole { .. } => false,
        };
        if is_lost {
            lossy.push((provider, committed_at, source));
        }
    }
    lossy
}

/// Whether a record is one of [`losses`] that was written down.
pub(crate) fn is_loss(record: &CoverageRecord) -> bool {
    record.events == 0 && record.lost > 0 && record.classes.is_empty() && record.workload.is_none()
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
        workload: None,
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
