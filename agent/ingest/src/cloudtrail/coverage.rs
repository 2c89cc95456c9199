//! Which hours of which accounts and regions the events show to have been logged.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;
use remit_ledger::{CoverageRecord, Provider};

use super::EVIDENCE;
use super::selectors::Selectors;
use crate::stretches::{Seen, stretches};

/// Events per account, region and hour.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Account and region by their numbers in the table's names, and the hour since the Unix epoch.
    hours: HashMap<(u32, u32, i32), Seen, FixedState>,
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

/// Coverage records of a flush. Where event selectors are given, they say what is logged.
pub(crate) fn records(evidence: &Evidence, selectors: Option<&Selectors>) -> Vec<CoverageRecord> {
    let of = |((account, region), hours): (&Where, &BTreeMap<i64, Seen>)| {
        stretches(hours, |seen| CoverageRecord {
            provider: Provider::Aws,
            account: account.clone(),
            region: region.clone(),
            evidence: EVIDENCE.to_owned(),
            workload: None,
            start: 0,
            end: 0,
            classes: selectors.map_or_else(|| seen.classes(), |selectors| selectors.classes.clone()),
            excluded_services: selectors
                .map(|selectors| selectors.excluded_services.clone())
                .unwrap_or_default(),
            events: seen.events,
            lost: 0,
        })
    };
    evidence.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests;
