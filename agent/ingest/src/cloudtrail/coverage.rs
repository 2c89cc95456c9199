//! Which hours of which accounts and regions the events show to have been logged.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;
use remit_ledger::{CoverageRecord, EventClass, HOUR, Provider};

use super::EVIDENCE;
use super::selectors::Selectors;

/// Events per account, region and hour.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Account and region by their numbers in the table's names, and the hour since the Unix epoch.
    hours: HashMap<(u32, u32, i32), Seen, FixedState>,
}

/// What an hour showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) events: u64,
    /// Whether control-plane calls that only read, and such that change something, were among the events.
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

/// Account and region, either of which may be unknown.
pub(crate) type Where = (Option<String>, Option<String>);

/// What the events of a flush show, by place and hour.
pub(crate) type Evidence = BTreeMap<Where, BTreeMap<i64, Seen>>;

impl Tally {
    #[inline]
    pub(crate) fn count(
        &mut self,
        account: u32,
        region: u32,
        hour: i32,
        management: bool,
        read_only: Option<bool>,
    ) {
        let seen = self.hours.entry((account, region, hour)).or_default();
        seen.events += 1;
        seen.reads |= management && read_only == Some(true);
        seen.writes |= management && read_only == Some(false);
    }

    /// Adds the tally to `evidence`; `name` tells the texts behind numbers.
    pub(crate) fn add_to(&self, evidence: &mut Evidence, name: impl Fn(u32) -> Option<String>) {
        for ((account, region, hour), seen) in &self.hours {
            let place = (name(*account), name(*region));
            evidence.entry(place).or_default().entry(i64::from(*hour)).or_default().add(*seen);
        }
    }

    pub(crate) fn footprint(&self) -> usize {
        self.hours.capacity() * 48
    }
}

impl Seen {
    pub(crate) fn add(&mut self, other: Self) {
        self.events = self.events.saturating_add(other.events);
        self.reads |= other.reads;
        self.writes |= other.writes;
    }

    fn classes(self) -> Vec<EventClass> {
        let shown = [(self.writes, EventClass::ManagementWrite), (self.reads, EventClass::ManagementRead)];
        shown.into_iter().filter(|(shown, _)| *shown).map(|(_, class)| class).collect()
    }
}

/// Coverage records of a flush: the hours of a place that follow each other and show the same make one stretch.
///
/// An hour shows the classes of its own events and no more, so that what is known does not depend on how events were
/// split into flushes: a trail may have been switched over within any of them. Quiet hours are for the analyzer to
/// bridge. Where event selectors are given, they say what is logged. What was lost, the positions of the sources tell.
pub(crate) fn records(evidence: &Evidence, selectors: Option<&Selectors>) -> Vec<CoverageRecord> {
    let mut records: Vec<CoverageRecord> = Vec::new();
    for ((account, region), hours) in evidence {
        let first = records.len();
        for (hour, seen) in hours {
            let start = hour.saturating_mul(HOUR);
            let end = start.saturating_add(HOUR);
            let classes = selectors.map_or_else(|| seen.classes(), |selectors| selectors.classes.clone());
            match records.get_mut(first..).and_then(<[_]>::last_mut) {
                Some(last) if last.end == start && last.classes == classes => {
                    last.end = end;
                    last.events = last.events.saturating_add(seen.events);
                }
                _ => records.push(CoverageRecord {
                    provider: Provider::Aws,
                    account: account.clone(),
                    region: region.clone(),
                    evidence: EVIDENCE.to_owned(),
                    workload: None,
                    start,
                    end,
                    classes,
                    excluded_services: selectors
                        .map(|selectors| selectors.excluded_services.clone())
                        .unwrap_or_default(),
                    events: seen.events,
                    lost: 0,
                }),
            }
        }
    }
    records
}

#[cfg(test)]
mod tests;
