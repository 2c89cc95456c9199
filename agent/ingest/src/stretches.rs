//! Which hours events show to have been logged, as coverage records.

use std::collections::BTreeMap;

use remit_ledger::{CoverageRecord, EventClass, HOUR};

/// What an hour showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) events: u64,
    /// Whether control-plane calls that only read, and such that change something, were among the events.
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

impl Seen {
    pub(crate) fn add(&mut self, other: Self) {
        self.events = self.events.saturating_add(other.events);
        self.reads |= other.reads;
        self.writes |= other.writes;
    }

    pub(crate) fn classes(self) -> Vec<EventClass> {
        let shown = [(self.writes, EventClass::ManagementWrite), (self.reads, EventClass::ManagementRead)];
        shown.into_iter().filter(|(shown, _)| *shown).map(|(_, class)| class).collect()
    }
}

/// Coverage records of one place: its hours, since the Unix epoch, that follow each other and show the same make one stretch.
/// `record` makes the record of an hour, whose time is set here.
///
/// An hour shows the classes of its own events and no more, so that what is known does not depend on how events were
/// split into flushes: a log may have been switched over within any of them. Quiet hours are for the analyzer to
/// bridge. What was lost, the positions of the sources tell.
pub(crate) fn stretches(
    hours: &BTreeMap<i64, Seen>,
    record: impl Fn(Seen) -> CoverageRecord,
) -> Vec<CoverageRecord> {
    let mut records: Vec<CoverageRecord> = Vec::new();
    for (hour, seen) in hours {
        let start = hour.saturating_mul(HOUR);
        let end = start.saturating_add(HOUR);
        let next = record(*seen);
        match records.last_mut() {
            Some(last) if last.end == start && last.classes == next.classes => {
                last.end = end;
                last.events = last.events.saturating_add(next.events);
            }
            _ => records.push(CoverageRecord { start, end, ..next }),
        }
    }
    records
}
