//! What becomes of the events that one worker reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use remit_ledger::SourcePosition;

use crate::diagnostic::Diagnostics;
use crate::duplicates::Seen;
use crate::grammar::Place;
use crate::pieces::Progressing;

/// Why something is skipped that is no event at all.
pub(crate) const NOT_AN_EVENT: &str = "not_an_event";

/// What became of the events that a worker read since its last flush, and of those of its current source.
pub(crate) struct Accounting {
    pub(crate) work: Work,
    /// What became of the events of the current source, and where it lies.
    pub(crate) source: SourceCounts,
    /// Set while a source is read piece by piece.
    pub(crate) progressing: Option<Progressing>,
    /// Number of the worker.
    pub(crate) worker: usize,
    /// Events of later hours are told of.
    latest: i32,
    seen: Arc<Seen>,
    diagnostics: Arc<Diagnostics>,
}

/// What a worker did since its last flush, beside its counts of calls.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) read: u64,
    pub(crate) recorded: u64,
    pub(crate) skipped: BTreeMap<&'static str, u64>,
    pub(crate) lost: BTreeMap<&'static str, u64>,
    /// The hour and identifier of every event that was counted.
    pub(crate) identifiers: Vec<(i32, u64)>,
    /// Sources that were read to their end, or as far as the counts go.
    pub(crate) sources: Vec<SourcePosition>,
}

/// What became of the events of one source.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceCounts {
    pub(crate) name: Arc<str>,
    pub(crate) read: u64,
    pub(crate) lost: u64,
    /// The hours, since the Unix epoch, of its first event and of its last.
    pub(crate) hours: Option<(i32, i32)>,
    /// Whose the lost events are.
    pub(crate) lost_of: LostOf,
    /// Whether some were lost before an event was met whose time is known.
    pub(crate) is_lost_before: bool,
    /// Whether some were lost after the last of these.
    pub(crate) is_lost_after: bool,
}

/// Whose the lost events of a source are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum LostOf {
    /// None was lost.
    #[default]
    Nobody,
    /// All are of this account.
    Account(Arc<str>),
    /// They may be anybody's.
    Anybody,
}

impl Work {
    /// Whether there is nothing to publish.
    pub(crate) fn is_empty(&self) -> bool {
        self.read == 0 && self.sources.is_empty()
    }

    /// Adds what was done before.
    pub(crate) fn add(&mut self, mut earlier: Self) {
        self.read += earlier.read;
        self.recorded += earlier.recorded;
        for (mine, theirs) in [(&mut self.skipped, earlier.skipped), (&mut self.lost, earlier.lost)] {
            theirs.into_iter().for_each(|(reason, count)| *mine.entry(reason).or_default() += count);
        }
        // The earlier are the more.
        earlier.identifiers.append(&mut self.identifiers);
        self.identifiers = earlier.identifiers;
        self.sources.append(&mut earlier.sources);
    }
}

impl LostOf {
    fn add(&mut self, account: Option<&Arc<str>>) {
        *self = match (std::mem::take(self), account) {
            (Self::Nobody, Some(account)) => Self::Account(Arc::clone(account)),
            (Self::Account(own), Some(account)) if own == *account => Self::Account(own),
            _ => Self::Anybody,
        };
    }
}

impl SourceCounts {
    /// The same once so many events of it were lost in an earlier run, which did not note between which others.
    pub(crate) fn after_losses(self, lost: u64) -> Self {
        let lost_of = if lost == 0 { LostOf::Nobody } else { LostOf::Anybody };
        Self { lost, lost_of, is_lost_before: lost > 0, ..self }
    }
}

impl Accounting {
    pub(crate) fn new(worker: usize, seen: Arc<Seen>, diagnostics: Arc<Diagnostics>) -> Self {
        Self {
            work: Work::default(),
            source: SourceCounts::default(),
            progressing: None,
            worker,
            latest: i32::MAX,
            seen,
            diagnostics,
        }
    }

    /// Has events of later hours than this one told of.
    pub(crate) fn with_latest(self, hour: i32) -> Self {
        Self { latest: hour, ..self }
    }

    /// Something was read that has to be recorded, skipped or lost.
    pub(crate) fn read(&mut self) {
        self.work.read += 1;
        self.source.read += 1;
    }

    pub(crate) fn skip(&mut self, reason: &'static str) {
        *self.work.skipped.entry(reason).or_default() += 1;
    }

    /// `account` is whose the event is, where that is known.
    pub(crate) fn lose(&mut self, reason: &'static str, place: Place, account: Option<&Arc<str>>) {
        *self.work.lost.entry(reason).or_default() += 1;
        self.source.lost += 1;
        self.source.lost_of.add(account);
        self.source.is_lost_before |= self.source.hours.is_none();
        self.source.is_lost_after = true;
        self.diagnostics.lost_event(&self.source.name, reason, place);
    }

    /// The source holds an event of this hour.
    #[inline]
    pub(crate) fn meet_hour(&mut self, hour: i32) {
        let (first, last) = self.source.hours.unwrap_or((hour, hour));
        self.source.hours = Some((first.min(hour), last.max(hour)));
        self.source.is_lost_after = false;
        if hour > self.latest {
            self.diagnostics.ahead(&self.source.name, hour);
        }
    }

    /// Whether an event was counted before; then it is skipped. `identifier` is none of an event without one.
    #[inline]
    pub(crate) fn is_repeated(&mut self, hour: i32, identifier: Option<u64>) -> bool {
        let is_repeated = identifier.is_some_and(|identifier| !self.seen.insert(hour, identifier));
        if is_repeated {
            self.skip("duplicate");
        }
        is_repeated
    }

    /// The event is not to be counted again.
    #[inline]
    pub(crate) fn remember(&mut self, hour: i32, identifier: Option<u64>) {
        self.work.identifiers.extend(identifier.map(|identifier| (hour, identifier)));
    }

    /// The event was counted.
    #[inline]
    pub(crate) fn recorded(&mut self, hour: i32, identifier: Option<u64>) {
        self.remember(hour, identifier);
        self.work.recorded += 1;
    }

    /// Bytes of memory that what a flush would write takes, roughly, but for positions.
    pub(crate) fn footprint(&self) -> usize {
        self.work.identifiers.len() * 16
    }
}
