//! The same bytes under several names are one source, also while the first of them is being read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use remit_ingest::cloudtrail::ingest;
use remit_ingest::{Files, Limits, NoProgress, Options, Summary};
use remit_ledger::{HOUR, Snapshot, Step};

use crate::contents::sums;
use crate::log::{event, gzip, records};

/// Bounds so small that a source is published in the middle.
const SMALL: Limits = Limits {
    counts: 128 << 10,
    remembered: 1 << 20,
    names: 10_000,
    whole_stored: 64 << 10,
    whole_plain: 1 << 20,
};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// Copies of these bytes, each in a folder of its own.
    fn of(bytes: &[u8], copies: usize) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for copy in 0..copies {
            fs::create_dir_all(place.path(&format!("input/{copy}"))).unwrap();
            fs::write(place.path(&format!("input/{copy}/events.log")), bytes).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn options(&self, ledger: &str, input: &str, limits: Limits) -> Options {
        Options {
            inputs: vec![self.path(input).to_string_lossy().into_owned()],
            ledger: self.path(ledger),
            threads: 2,
            limits,
            ..Options::default()
        }
    }

    fn run(&self, ledger: &str, input: &str, limits: Limits) -> Summary {
        ingest(self.options(ledger, input, limits), None, &NoProgress).unwrap()
    }
}

fn recorded(ledger: &Path) -> u64 {
    Snapshot::of_folder(ledger).unwrap().info().counts.recorded
}

#[test]
fn copies_that_are_met_in_one_run_count_once_and_all_of_them_are_accounted_for() {
    // Without identifiers, nothing but the bytes tells that the events are the same.
    let nameless = |text: String| text.replace(r#""eventID":"#, r#""other":"#);
    let lines: String = (0..2_000).map(|number| event(number) + "\n").collect();
    let small = nameless(records(0..40));
    let large = nameless(lines);
    for (bytes, events) in [(small.as_bytes(), 40), (&gzip(small.as_bytes()), 40), (large.as_bytes(), 2_000)]
    {
        let place = Place::of(bytes, 6);
        let files = |read, known| Files { read, known, ..Files::default() };
        let first = place.run("ledger", "input", SMALL);
        assert_eq!((first.counts.read, &first.files), (events, &files(1, 5)), "{first:?}");
        assert!(first.counts.is_balanced() && !first.is_partial(), "{first:?}");
        let again = place.run("ledger", "input", SMALL);
        assert_eq!((again.counts.read, &again.files), (0, &files(0, 6)), "{again:?}");
        assert_eq!(place.run("ledger", "input", SMALL).commits, 0, "all names are known");
        place.run("single", "input/3", SMALL);
        assert_eq!(sums(&place.path("ledger")), sums(&place.path("single")));
    }
}

#[test]
fn a_copy_does_not_stand_for_a_source_that_was_not_read_to_its_end() {
    let lines: String = (0..20_000).map(|number| event(number) + "\n").collect();
    let place = Place::of(lines.as_bytes(), 2);
    // By then the other worker has long met the copy, and what it noted is published.
    let flushes = AtomicUsize::new(0);
    let observer = Box::new(move |step: Step<'_>| match step {
        Step::Published if flushes.fetch_add(1, Ordering::Relaxed) == 2 => {
            Err(io::Error::other("switched off"))
        }
        _ => Ok(()),
    });
    let options = Options { observer: Some(observer), ..place.options("ledger", "input", SMALL) };
    assert!(ingest(options, None, &NoProgress).is_err());
    place.run("single", "input/0", SMALL);
    let all = recorded(&place.path("single"));
    assert!((1..all).contains(&recorded(&place.path("ledger"))), "it was stopped in the middle");
    place.run("ledger", "input", SMALL);
    assert_eq!(recorded(&place.path("ledger")), all);
    assert_eq!(sums(&place.path("ledger")), sums(&place.path("single")));
}

#[test]
fn many_sources_without_new_events_are_flushed_as_they_come() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    fs::create_dir(place.path("input")).unwrap();
    for number in 0..3_000 {
        fs::write(place.path(&format!("input/{number}.json")), records(number..number + 1)).unwrap();
    }
    assert_eq!(place.run("ledger", "input", Limits::default()).files.read, 3_000);
    fs::rename(place.path("input"), place.path("moved")).unwrap();
    let moved = place.run("ledger", "moved", SMALL);
    assert_eq!((moved.counts.read, moved.files.known), (0, 3_000));
    assert!(moved.commits > 1, "{moved:?}");
    assert_eq!(place.run("ledger", "moved", SMALL).commits, 0);
}

#[test]
fn what_was_read_before_an_older_log_is_not_said_to_be_found() {
    let place = Place::of(records(76_000..76_024).as_bytes(), 1);
    let limits = Limits { remembered: 1600, ..Limits::default() };
    assert_eq!(place.run("ledger", "input", limits).duplicates_found_since, None);
    for (name, text) in [("older", records(0..4_000)), ("again", records(76_000..76_024) + "\n")] {
        fs::create_dir(place.path(name)).unwrap();
        fs::write(place.path(name).join("events.log"), text).unwrap();
    }
    place.run("ledger", "older", limits);
    let again = place.run("ledger", "again", limits);
    assert!(again.counts.recorded > 0, "{again:?}");
    // All of them are of the twentieth of October.
    let end = 1_792_540_800_000_000;
    assert!(again.duplicates_found_since.unwrap() > end - 2 * HOUR, "{again:?}");
}
