//! A source whose ingest was interrupted is gone on with, and each of its events is counted once.
//!
//! Events here have no identifier, so that nothing but positions keeps them from being counted twice.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use futures::FutureExt as _;
use remit_ingest::cloudtrail::ingest;
use remit_ingest::{IngestError, Limits, NoProgress, Options, Summary};
use remit_ledger::{Extent, Snapshot, SourcePosition, Step};

use crate::contents::sums;
use crate::log::{event, gzip};

/// Bounds so small that a source is published in the middle.
const SMALL: Limits = Limits {
    counts: 128 << 10,
    remembered: 1 << 20,
    names: 10_000,
    whole_stored: 64 << 10,
    whole_plain: 64 << 10,
};

fn lines(numbers: std::ops::Range<u64>) -> String {
    numbers.map(|number| event(number).replace(r#""eventID":"#, r#""other":"#) + "\n").collect()
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn options(&self, ledger: &str, limits: Limits) -> Options {
        Options {
            inputs: vec![self.path("events.log").to_string_lossy().into_owned()],
            ledger: self.path(ledger),
            limits,
            ..Options::default()
        }
    }

    fn run(&self, ledger: &str, limits: Limits) -> Summary {
        ingest(self.options(ledger, limits), None, &NoProgress).unwrap()
    }

    /// Ingests into `ledger` until the first flush is published; how far it came then.
    fn interrupted(&self) -> SourcePosition {
        let observer = Box::new(|step: Step<'_>| match step {
            Step::Published => Err(io::Error::other("switched off")),
            _ => Ok(()),
        });
        let stopped =
            ingest(Options { observer: Some(observer), ..self.options("ledger", SMALL) }, None, &NoProgress);
        assert!(matches!(stopped, Err(IngestError::Ledger(_))), "{stopped:?}");
        let mut positions = positions(&self.path("ledger"));
        assert_eq!(positions.len(), 1);
        assert!(offset(&positions[0]).is_some(), "it is so long that it is published in the middle");
        positions.remove(0)
    }
}

fn positions(ledger: &Path) -> Vec<SourcePosition> {
    let snapshot = Snapshot::of_folder(ledger).unwrap();
    snapshot.commits().flat_map(|commit| commit.sources.clone()).collect()
}

fn offset(position: &SourcePosition) -> Option<usize> {
    match position.extent {
        Extent::Prefix { offset, .. } => usize::try_from(offset).ok(),
        Extent::Whole { .. } => None,
    }
}

#[test]
fn a_source_resumed_within_its_last_piece_keeps_its_tail() {
    let place = Place::new();
    let all = lines(0..12_000);
    fs::write(place.path("events.log"), &all).unwrap();
    let first = place.interrupted();
    let reached = offset(&first).unwrap();
    assert!((1 << 19..all.len() - 200_000).contains(&reached), "{reached} of {}", all.len());
    // The same bytes come in other pieces, as those of an object store do: the last begins before the point that
    // was reached and holds all that is behind it.
    let end = reached + all[reached + 100_000..].find('\n').unwrap() + 100_001;
    let (start, last) = all[..end].split_at(reached - 50_000);
    fs::write(place.path("events.log"), [gzip(start.as_bytes()), gzip(last.as_bytes())].concat()).unwrap();
    let rest = place.run("ledger", SMALL);
    let events = all[..end].lines().count() as u64;
    assert_eq!((first.read + rest.counts.read, rest.counts.lost_total()), (events, 0), "{rest:?}");
    assert!(rest.counts.read > 50, "{rest:?}");
    place.run("undisturbed", SMALL);
    assert_eq!(sums(&place.path("ledger")), sums(&place.path("undisturbed")));
    assert_eq!(place.run("ledger", SMALL).counts.read, 0);
}

#[test]
fn a_resumed_source_is_remembered_as_if_it_had_been_read_at_once() {
    let place = Place::new();
    fs::write(place.path("events.log"), lines(0..12_000)).unwrap();
    place.interrupted();
    place.run("ledger", SMALL);
    place.run("undisturbed", SMALL);
    let last = |ledger: &str| positions(&place.path(ledger)).pop().unwrap();
    assert_eq!(last("ledger").read, 12_000);
    assert_eq!(last("ledger"), last("undisturbed"));
}

#[test]
fn a_source_begun_in_pieces_is_not_read_whole_by_a_run_with_more_room() {
    let place = Place::new();
    fs::write(place.path("events.log"), gzip(lines(0..12_000).as_bytes())).unwrap();
    let first = place.interrupted();
    let rest = place.run("ledger", Limits::default());
    assert_eq!(first.read + rest.counts.read, 12_000);
    place.run("undisturbed", Limits::default());
    assert_eq!(sums(&place.path("ledger")), sums(&place.path("undisturbed")));
}

#[test]
fn another_source_under_the_name_of_one_that_was_begun_is_read_from_its_start() {
    let place = Place::new();
    fs::write(place.path("events.log"), lines(0..12_000)).unwrap();
    let first = place.interrupted();
    fs::write(place.path("events.log"), lines(40_000..41_000)).unwrap();
    assert_eq!(place.run("ledger", SMALL).counts.read, 1_000);
    let info = Snapshot::of_folder(&place.path("ledger")).unwrap().info();
    assert_eq!(info.counts.read, first.read + 1_000);
    let coverage = Snapshot::of_folder(&place.path("ledger")).unwrap().coverage().now_or_never();
    let lost: u64 = coverage.unwrap().unwrap().iter().map(|record| record.lost).sum();
    assert_eq!(lost, 1, "what the other one held behind the point that was reached");
}
