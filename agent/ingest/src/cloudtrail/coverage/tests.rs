use std::collections::BTreeSet;

use proptest::prelude::*;

use remit_ledger::{EventClass, HOUR};

use super::*;

fn seen(reads: bool, writes: bool) -> Seen {
    Seen { events: 1, reads, writes }
}

fn evidence(hours: impl IntoIterator<Item = (i64, Seen)>) -> Evidence {
    let mut evidence = Evidence::new();
    for (hour, seen) in hours {
        let place = (Some("111122223333".to_owned()), Some("eu-west-1".to_owned()));
        evidence.entry(place).or_default().entry(hour).or_default().add(seen);
    }
    evidence
}

/// Every hour and class that records speak of, however they are cut.
fn claims(records: &[CoverageRecord]) -> BTreeSet<(i64, Option<EventClass>)> {
    let of = |record: &CoverageRecord| {
        let hours = record.start / HOUR..record.end / HOUR;
        let classes: Vec<_> = [None].into_iter().chain(record.classes.iter().cloned().map(Some)).collect();
        hours
            .flat_map(move |hour| classes.clone().into_iter().map(move |class| (hour, class)))
            .collect::<Vec<_>>()
    };
    records.iter().flat_map(of).collect()
}

#[test]
fn reads_of_the_last_days_say_nothing_of_the_months_before() {
    let writes = (0..90 * 24).map(|hour| (hour, seen(false, true)));
    let all = (90 * 24..93 * 24).map(|hour| (hour, seen(true, true)));
    let records = records(&evidence(writes.chain(all)), None);
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].classes, [EventClass::ManagementWrite]);
    assert_eq!((records[1].start, records[1].end), (90 * 24 * HOUR, 93 * 24 * HOUR));
    assert_eq!(records[1].classes, [EventClass::ManagementWrite, EventClass::ManagementRead]);
}

#[test]
fn event_selectors_say_what_is_logged() {
    let selectors = Selectors { classes: vec![EventClass::ManagementRead], ..Selectors::default() };
    let hours = [(1, seen(false, true)), (2, seen(false, false)), (5, seen(true, true))];
    let records = records(&evidence(hours), Some(&selectors));
    assert_eq!(records.len(), 2, "{records:?}");
    assert!(records.iter().all(|record| record.classes == selectors.classes));
}

proptest! {
    #[test]
    fn split_into_flushes_the_claims_are_the_same(
        events in proptest::collection::vec((0..60_i64, any::<bool>(), any::<bool>(), 0..4_usize), 0..200),
    ) {
        let of = |flush: Option<usize>| {
            let chosen = events.iter().filter(move |event| flush.is_none_or(|flush| flush == event.3));
            records(&evidence(chosen.map(|(hour, reads, writes, _)| (*hour, seen(*reads, *writes)))), None)
        };
        let split: Vec<CoverageRecord> = (0..4).flat_map(|flush| of(Some(flush))).collect();
        prop_assert_eq!(claims(&split), claims(&of(None)));
        let count = |records: &[CoverageRecord]| records.iter().map(|record| record.events).sum::<u64>();
        prop_assert_eq!(count(&split), events.len() as u64);
    }
}
