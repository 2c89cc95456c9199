//! What a ledger amounts to, whatever files it is in.

use std::collections::BTreeMap;
use std::path::Path;

use futures::FutureExt as _;
use remit_ledger::{Collapse, Snapshot, UsageRecord, Values};

/// Counts by everything that makes rows equal, after names have been collapsed over the whole ledger.
pub(crate) fn sums(ledger: &Path) -> BTreeMap<String, u64> {
    let snapshot = Snapshot::of_folder(ledger).unwrap();
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    let mut records = snapshot.usage().now_or_never().unwrap().unwrap();
    let mut names: BTreeMap<(String, String), Collapse> = BTreeMap::new();
    let mut values: BTreeMap<(String, String), Values> = BTreeMap::new();
    let of =
        |record: &UsageRecord| (record.principal.clone(), format!("{}:{}", record.service, record.operation));
    for record in &records {
        let collapse = names.entry(of(record)).or_default();
        record.resources.iter().for_each(|resource| collapse.add(resource));
        values.entry(of(record)).or_default().add(&record.parameters);
    }
    let mut sums = BTreeMap::new();
    for record in &mut records {
        names[&of(record)].apply(&mut record.resources);
        values[&of(record)].apply(&mut record.parameters);
        let count = record.count;
        (record.count, record.first_seen, record.last_seen, record.sample_id) = (0, 0, 0, None);
        record.issued.clear();
        *sums.entry(format!("{record:?}")).or_default() += count;
    }
    sums
}

/// The example of equal calls, whenever and in whatever session they were made.
pub(crate) fn examples(ledger: &Path) -> BTreeMap<String, Option<String>> {
    let records = Snapshot::of_folder(ledger).unwrap().usage().now_or_never().unwrap().unwrap();
    let mut examples: BTreeMap<String, Option<String>> = BTreeMap::new();
    for record in records {
        let UsageRecord { principal, service, operation, resources, parameters, outcome, .. } = record;
        let call = format!("{principal} {service} {operation} {resources:?} {parameters:?} {outcome:?}");
        let smallest = examples.entry(call).or_default();
        *smallest = smallest.take().into_iter().chain(record.sample_id).min();
    }
    examples
}

/// Usage files on disk, counted or not, as other programs see them.
pub(crate) fn files_on_disk(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let count = entries.map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { files_on_disk(&path) } else { 1 }
    });
    count.sum()
}
