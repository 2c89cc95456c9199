//! How a ledger is opened for each batch.

use super::*;

/// Bytes and calls that this thread has read with until now.
fn read_so_far() -> (u64, u64) {
    let counts = fs::read_to_string("/proc/thread-self/io").unwrap();
    let count = |name: &str| {
        let line = counts.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse::<u64>().unwrap()
    };
    (count("rchar:"), count("syscr:"))
}

#[test]
fn what_is_read_to_write_does_not_grow_with_the_ledger() {
    let place = Disks::new();
    let web = subject("web");
    let mut store = place.store();
    let mut read_by_a_flush = || {
        let before = read_so_far();
        assert_eq!(store.write(batch(calls(&web, 3))).recorded, 3);
        let after = read_so_far();
        (after.0 - before.0, after.1 - before.1)
    };
    // The first looks for what an earlier run left unfinished.
    read_by_a_flush();
    let empty = read_by_a_flush();
    for _ in 0..60 {
        read_by_a_flush();
    }
    // What the second measurement reads of the first is counted, too: its numbers have more digits, for which one call more or less
    // may be made.
    let full = read_by_a_flush();
    assert!(
        full.1 <= empty.1 + 1 && full.0 <= empty.0 + 32,
        "{empty:?}, and of a ledger of 62 flushes {full:?}"
    );
    // A run that starts reads all of it.
    let before = read_so_far();
    place.store().write(batch(calls(&web, 1)));
    assert!(read_so_far().1 > before.1 + 60, "a footer is read by at least one call");
}

#[test]
fn what_a_failed_flush_left_is_cleaned_up_by_the_same_run() {
    let place = Disks::new();
    let web = subject("web");
    let mut store = place.store_that_stops(0);
    store.spool = None;
    assert_eq!(store.write(batch(calls(&web, 3))).recorded, 0);
    store.interrupt = None;
    let unfinished = |place: &Disks| {
        remit_tests::case::files(&place.ledger())
            .iter()
            .filter(|file| file.to_string_lossy().ends_with(".tmp"))
            .count()
    };
    assert!(unfinished(&place) > 0);
    assert_eq!(store.write(batch(calls(&web, 3))).recorded, 3);
    assert_eq!(unfinished(&place), 0);
}

#[test]
fn a_store_needs_a_spool() {
    let address = Address::parse("s3://bucket/ledger").unwrap().unwrap();
    let settings = StoreSettings { ledger: Place::Store(address), spool: None, spool_limit: 1 };
    let said = Store::new(settings).err().unwrap().to_string();
    assert!(said.contains("s3://bucket") && said.contains("spool"), "{said}");
}
