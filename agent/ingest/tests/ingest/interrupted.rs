//! What an interrupted ingest did not reach is lost until it is reached.

use std::io;
use std::path::PathBuf;

use futures::FutureExt as _;
use remit_ingest::cloudtrail::ingest;
use remit_ingest::{IngestError, Limits, NoProgress, Options, Summary};
use remit_ledger::{Extent, Snapshot, Step, WriterOptions, compact};

use crate::log::{event, records};

struct Place {
    folder: tempfile::TempDir,
    /// Bytes of counts that are flushed at once.
    counts: usize,
}

impl Place {
    /// A folder `input` of files that make several flushes.
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), counts: 64 << 10 };
        for folder in ["input", "input/more"] {
            std::fs::create_dir_all(place.path(folder)).unwrap();
        }
        for file in 0..12 {
            place.write(&format!("input/{file:02}.json"), &records(file * 300..(file + 1) * 300));
        }
        place.write("input/more/last.json", &records(9_000..9_010));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn try_run(
        &self,
        inputs: &[&str],
        stops_at: impl Fn(u64) -> bool + Send + Sync + 'static,
    ) -> Result<Summary, IngestError> {
        let flushes = std::sync::atomic::AtomicU64::new(0);
        let observer = Box::new(move |step: Step<'_>| match step {
            Step::Published if stops_at(flushes.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1) => {
                Err(io::Error::other("switched off"))
            }
            _ => Ok(()),
        });
        let inputs = inputs.iter().map(|name| self.path(name).to_string_lossy().into_owned());
        let options = Options {
            inputs: inputs.collect(),
            ledger: self.path("ledger"),
            threads: 2,
            limits: Limits { counts: self.counts, ..Limits::default() },
            observer: Some(observer),
            ..Options::default()
        };
        ingest(options, None, &NoProgress)
    }

    fn run(&self, inputs: &[&str]) -> Summary {
        self.try_run(inputs, |_| false).unwrap()
    }

    /// Runs until so many flushes are published.
    fn interrupted(&self, inputs: &[&str], flushes: u64) {
        let stopped = self.try_run(inputs, move |published| published == flushes);
        assert!(matches!(stopped, Err(IngestError::Ledger(_))), "{stopped:?}");
    }

    /// How many losses of any account and all time until now are left; there are no others.
    fn losses(&self) -> usize {
        let snapshot = Snapshot::of_folder(&self.path("ledger")).unwrap();
        assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
        let coverage = snapshot.coverage().now_or_never().unwrap().unwrap();
        let losses: Vec<_> = coverage.into_iter().filter(|record| record.lost > 0).collect();
        for loss in &losses {
            assert!(loss.account.is_none() && loss.start == 0 && loss.classes.is_empty(), "{loss:?}");
        }
        losses.len()
    }

    fn is_begun(&self, name: &str) -> bool {
        let snapshot = Snapshot::of_folder(&self.path("ledger")).unwrap();
        let mut positions = snapshot.commits().flat_map(|commit| &commit.sources);
        positions.any(|source| source.name == name && matches!(source.extent, Extent::Prefix { .. }))
    }

    fn compact(&self) {
        compact(&self.path("ledger"), WriterOptions::default()).unwrap();
    }
}

#[test]
fn a_folder_is_lost_from_the_first_flush_on_until_all_of_it_is_read() {
    let undisturbed = Place::new();
    let flushes = undisturbed.run(&["input"]).commits;
    assert!(flushes > 3, "{flushes}");
    assert_eq!(undisturbed.losses(), 0);
    for is_compacted in [false, true] {
        let place = Place::new();
        place.interrupted(&["input"], 1);
        assert_eq!(place.losses(), 1);
        place.interrupted(&["input"], 1);
        assert_eq!(place.losses(), 1, "interrupted again");
        if is_compacted {
            place.compact();
            assert_eq!(place.losses(), 1);
        }
        // The name is that of the same folder.
        place.run(&["input/"]);
        assert_eq!(place.losses(), 0);
        place.compact();
        assert_eq!(place.losses(), 0);
        // What the folder holds later is as it was at first.
        for file in 12..24 {
            place.write(&format!("input/{file:02}.json"), &records(file * 300..(file + 1) * 300));
        }
        place.interrupted(&["input"], 1);
        assert_eq!(place.losses(), 1);
        if is_compacted {
            place.compact();
            assert_eq!(place.losses(), 1);
        }
        place.run(&["input"]);
        assert_eq!(place.losses(), 0);
    }
}

#[test]
fn it_is_lost_until_the_ingest_ends_though_all_was_read_before() {
    let place = Place::new();
    place.interrupted(&["input"], 1);
    let files: Vec<String> = (0..12).map(|file| format!("input/{file:02}.json")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).chain(["input/more/last.json"]).collect();
    place.run(&files);
    assert_eq!(place.losses(), 1);
    let rest = place.run(&["input"]);
    assert_eq!((rest.counts.read, rest.commits, place.losses()), (0, 1, 0));
    assert_eq!(place.run(&["input"]).commits, 0);
}

#[test]
fn another_ingest_takes_nothing_back_but_that_of_a_folder_around_it_does() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("around/other")).unwrap();
    place.write("around/other/a.json", &records(20_000..20_010));
    std::fs::rename(place.path("input"), place.path("around/input")).unwrap();
    place.interrupted(&["around/input"], 1);
    place.run(&["around/other"]);
    place.run(&["around/input/more"]);
    assert_eq!(place.losses(), 1);
    place.run(&["around"]);
    assert_eq!(place.losses(), 0);
}

#[test]
fn of_all_that_is_named_what_was_not_reached_is_lost() {
    let place = Place::new();
    std::fs::create_dir(place.path("other")).unwrap();
    place.write("other/a.json", &records(20_000..20_010));
    place.write("alone.json", &records(21_000..21_010));
    place.write("copy.json", &records(21_000..21_010));
    place.write("known.json", &records(22_000..22_010));
    place.run(&["known.json"]);
    let all = ["input/*.json", "known.json", "other", "alone.json", "copy.json", "missing.json"];
    place.interrupted(&all, 1);
    let named = |name: &str| place.path(name).to_string_lossy().into_owned();
    assert!(place.is_begun(&named("input/*.json")) && place.is_begun(&named("other")));
    assert!(place.is_begun(&named("missing.json")), "whether it is there is not known yet");
    assert!(!place.is_begun(&named("known.json")));
    let lost = place.losses();
    assert!((3..=5).contains(&lost), "{lost}");
    place.run(&["other"]);
    assert_eq!(place.losses(), lost - 1);
    place.run(&["input"]);
    assert_eq!(place.losses(), lost - 1, "a pattern may match what is not read in folders");
    place.write("missing.json", "");
    place.run(&all);
    assert_eq!(place.losses(), 0);
    // Without an interruption nothing is left, be it a copy, or not there.
    let place = Place { counts: 32 << 10, ..place };
    std::fs::remove_dir_all(place.path("ledger")).unwrap();
    std::fs::remove_file(place.path("missing.json")).unwrap();
    assert!(place.run(&all).commits > 1);
    assert_eq!(place.losses(), 0);
}

#[test]
fn what_could_not_be_read_stays_lost_when_the_rest_was_reached() {
    let place = Place::new();
    place.write("garbage.json", "\u{1} hello");
    place.interrupted(&["input", "garbage.json"], 1);
    assert_eq!(place.losses(), 2);
    assert!(place.run(&["input", "garbage.json"]).is_partial());
    assert_eq!(place.losses(), 1);
    place.write("input/12.json", &records(30_000..34_000));
    assert!(place.run(&["input", "garbage.json"]).commits > 1);
    assert_eq!(place.losses(), 1, "it was not read again");
}

#[test]
fn an_ingest_of_one_flush_leaves_nothing_until_it_is_published() {
    let place = Place { counts: Limits::default().counts, ..Place::new() };
    let options = |observer| Options {
        inputs: vec![place.path("input").to_string_lossy().into_owned()],
        ledger: place.path("ledger"),
        observer,
        ..Options::default()
    };
    let observer = Box::new(|step: Step<'_>| match step {
        Step::Written(_) => Err(io::Error::other("switched off")),
        _ => Ok(()),
    });
    ingest(options(Some(observer)), None, &NoProgress).unwrap_err();
    assert_eq!(place.losses(), 0);
    assert_eq!(Snapshot::of_folder(&place.path("ledger")).unwrap().info().commits, 0);
    assert_eq!(ingest(options(None), None, &NoProgress).unwrap().commits, 1);
    let snapshot = Snapshot::of_folder(&place.path("ledger")).unwrap();
    let mut positions = snapshot.commits().flat_map(|commit| &commit.sources);
    assert!(positions.all(|source| source.read > 0 && matches!(source.extent, Extent::Whole { .. })));
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_again_stays_lost() {
    let place = Place::new();
    let lines: String = (0..6_000).map(|number| event(number) + "\n").collect();
    let feed = |lines: &str| {
        let (path, lines) = (place.path("pipe"), lines.to_owned());
        std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        std::thread::spawn(move || std::fs::write(path, lines))
    };
    let writer = feed(&lines);
    place.interrupted(&["pipe"], 1);
    let _ = writer.join().unwrap();
    assert_eq!(place.losses(), 1);
    let writer = feed(&lines);
    place.run(&["pipe"]);
    writer.join().unwrap().unwrap();
    assert_eq!(place.losses(), 1);
}
