//! Runs that were cut off, and repeated.

use remit_ingest::kubernetes::ingest;
use remit_ingest::{Limits, NoProgress, Options};
use remit_ledger::UsageRecord;

use crate::event::{Event, lines};
use crate::place::Place;

/// Calls on many objects, so that tables fill.
fn many(count: u32) -> Vec<Event> {
    let one = |number: u32| {
        let uri = format!("/api/v1/namespaces/n{}/pods/p{}", number % 7, number % 40);
        Event::new(number, if number.is_multiple_of(3) { "get" } else { "delete" }, &uri, 200)
    };
    (0..count).map(one).collect()
}

fn sums(place: &Place) -> Vec<(String, u64)> {
    let key = |row: &UsageRecord| format!("{} {} {:?}", row.window_start, row.operation, row.resources);
    let mut sums = std::collections::BTreeMap::new();
    for row in place.rows() {
        *sums.entry(key(&row)).or_insert(0) += row.count;
    }
    sums.into_iter().collect()
}

fn small() -> Limits {
    Limits { counts: 100_000, whole_stored: 200_000, ..Limits::default() }
}

#[test]
fn killed_anywhere_and_run_again_the_sums_are_the_same() {
    let events = many(2000);
    let whole = Place::new();
    whole.write("audit.log", lines(&events));
    whole.ingest();
    let expected = sums(&whole);
    for stop in 0.. {
        let mut place = Place::new();
        place.limits = small();
        place.write("a.log", lines(&events[..1200]));
        place.write("b.log", lines(&events[1200..]));
        let steps = std::sync::atomic::AtomicUsize::new(0);
        let observer: remit_ledger::Observer = Box::new(move |_| {
            if steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= stop {
                return Err(std::io::Error::other("killed"));
            }
            Ok(())
        });
        let killed = ingest(Options { observer: Some(observer), ..place.options() }, None, &NoProgress);
        let is_killed = killed.is_err();
        place.ingest();
        assert_eq!(sums(&place), expected, "{stop}");
        if !is_killed {
            // There are no more steps to be killed at: five of a commit at least, however the workers share what they count.
            assert!(stop > 5, "{stop}");
            return;
        }
    }
}

#[test]
fn many_flushes_come_to_the_same_and_a_second_run_adds_nothing() {
    let events = many(3000);
    let mut place = Place::new();
    place.limits = Limits { counts: 50_000, ..small() };
    place.write("audit.log", lines(&events));
    let summary = place.ingest();
    assert!(summary.commits > 1, "{summary:?}");
    let whole = Place::new();
    whole.write("audit.log", lines(&events));
    whole.ingest();
    assert_eq!(sums(&place), sums(&whole));
    let again = place.ingest();
    assert_eq!((again.counts.read, again.files.known), (0, 1));
    // Once more under another name, and each request of it in another file, as of two servers or a rotated log.
    place.write("copy.log", lines(&events[..100]));
    let again = place.ingest();
    assert_eq!((again.counts.recorded, again.counts.skipped["duplicate"]), (0, 100));
}

#[test]
fn a_file_that_was_taken_for_another_log_is_read_all_the_same() {
    let place = Place::new();
    place.write("audit.log", lines(&many(10)));
    let wrong = remit_ingest::cloudtrail::ingest(place.options(), None, &NoProgress).unwrap();
    assert_eq!((wrong.counts.recorded, wrong.counts.skipped_total()), (0, 10));
    assert_eq!(place.ingest().counts.recorded, 10);
}
