//! What was lost is said in the ledger, where and when, until it is made good.

use std::path::{Path, PathBuf};

use futures::FutureExt as _;
use remit_ingest::cloudtrail::ingest;
use remit_ingest::{Limits, NoProgress, Options, Summary};
use remit_ledger::{CoverageRecord, HOUR, Snapshot, WriterOptions, compact, coverage_records};

use crate::log::{gzip, records};

/// As CloudTrail names what it delivers on 1 October 2026 at ten past nine.
const DELIVERED: &str = "111122223333_CloudTrail_eu-west-1_20261001T0910Z_aBcDeFgHiJkLmNoP.json.gz";

/// Nine o'clock of that day.
const NINE: i64 = 1_790_845_200_000_000;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.write("input/good.json", records(0..10).as_bytes());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn run(&self) -> Summary {
        self.run_on(&self.path("input"))
    }

    fn run_on(&self, input: &Path) -> Summary {
        let options = Options {
            inputs: vec![input.to_string_lossy().into_owned()],
            ledger: self.path("ledger"),
            ..Options::default()
        };
        ingest(options, None, &NoProgress).unwrap()
    }

    fn losses(&self) -> Vec<CoverageRecord> {
        let snapshot = Snapshot::of_folder(&self.path("ledger")).unwrap();
        assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
        let coverage = snapshot.coverage().now_or_never().unwrap().unwrap();
        coverage.into_iter().filter(|record| record.lost > 0).collect()
    }

    /// The loss that is left, if it speaks of any account and all time until now.
    fn is_lost_anywhere(&self) -> bool {
        let losses = self.losses();
        assert!(losses.len() < 2, "{losses:?}");
        losses.iter().any(|loss| {
            let is_of_any_time = loss.start == 0 && loss.end > NINE - 365 * 24 * HOUR;
            loss.account.is_none() && is_of_any_time && loss.events == 0 && loss.classes.is_empty()
        })
    }
}

#[test]
fn a_delivered_file_that_is_cut_off_loses_at_its_hour_until_it_is_read_whole() {
    for folder in ["input", "downloaded-again"] {
        let place = Place::new();
        let packed = gzip(records(0..200).as_bytes());
        place.write(&format!("input/{DELIVERED}"), &packed[..packed.len() / 2]);
        assert!(place.run().is_partial());
        let losses = place.losses();
        assert_eq!(losses.len(), 1, "{losses:?}");
        assert_eq!(losses[0].account.as_deref(), Some("111122223333"));
        assert_eq!(losses[0].region.as_deref(), Some("eu-west-1"));
        assert!(
            losses[0].start <= NINE && losses[0].end >= NINE + HOUR && losses[0].start > NINE - 48 * HOUR
        );
        compact(&place.path("ledger"), WriterOptions::default()).unwrap();
        assert_eq!(place.losses(), losses, "compaction carries it on");
        place.run();
        assert_eq!(place.losses(), losses, "read again, it is as it was");
        place.write(&format!("{folder}/{DELIVERED}"), &packed);
        assert_eq!(place.run_on(&place.path(folder)).counts.lost_total(), 0);
        assert_eq!(place.losses(), []);
        assert!(!place.run().is_partial(), "what was made good is not said again");
        compact(&place.path("ledger"), WriterOptions::default()).unwrap();
        assert_eq!(place.losses(), []);
    }
}

#[test]
fn garbage_loses_at_any_time_until_something_sound_takes_its_place() {
    let place = Place::new();
    place.write("input/notes.json", b"\x00\x01 hello");
    place.run();
    assert!(place.is_lost_anywhere());
    place.write("input/notes.json", b"");
    place.run();
    assert_eq!(place.losses(), []);
}

#[test]
fn a_source_of_unknown_hours_is_lost_for_every_reader_until_it_is_read_whole() {
    for bytes in [&b"\x00\x01 hello"[..], b"\x1f\x8b\x08 not gzip at all, but longer than a header"] {
        let place = Place::new();
        place.write("input/events.json", bytes);
        place.write("input/copy.json", bytes);
        let summary = place.run();
        let said = summary.diagnostics.iter().any(|problem| problem.source.ends_with(".json"));
        assert!(said && summary.is_partial(), "{summary:?}");
        let snapshot = Snapshot::of_folder(&place.path("ledger")).unwrap();
        let positions: Vec<_> = snapshot.commits().flat_map(|commit| commit.sources.clone()).collect();
        assert!(positions.iter().any(|source| source.lost == 1 && source.span.is_none()));
        // Other programs read the table as it is.
        let mut table = Vec::new();
        for file in snapshot.coverage_files() {
            let read = snapshot.read_batches(file, |batch| {
                table.extend(coverage_records(batch)?);
                Ok(())
            });
            read.now_or_never().unwrap().unwrap();
        }
        assert_eq!(table.iter().map(|record| record.lost).sum::<u64>(), 1);
        drop(snapshot);
        // The copy has its name by now, and its loss is the same one.
        place.run();
        assert!(place.is_lost_anywhere());
        compact(&place.path("ledger"), WriterOptions::default()).unwrap();
        assert!(place.is_lost_anywhere());
        // What was sound before, under whatever name, stands for nothing.
        place.run_on(&place.path("input/good.json"));
        assert!(place.is_lost_anywhere());
        place.write("input/events.json", &gzip(records(20..30).as_bytes()));
        let whole = place.run();
        assert_eq!((whole.counts.read, whole.counts.lost_total()), (10, 0));
        assert_eq!(place.losses(), []);
        compact(&place.path("ledger"), WriterOptions::default()).unwrap();
        assert_eq!(place.losses(), []);
    }
}

#[test]
fn garbage_in_the_place_of_what_was_sound_is_lost_until_that_is_back() {
    let place = Place::new();
    let sound = records(20..30);
    place.write("input/events.json", sound.as_bytes());
    place.run();
    place.write("input/events.json", b"\x00\x01 hello");
    place.run();
    assert!(place.is_lost_anywhere());
    place.write("input/events.json", sound.as_bytes());
    place.run();
    assert_eq!(place.losses(), []);
    compact(&place.path("ledger"), WriterOptions::default()).unwrap();
    assert_eq!(place.losses(), []);
}

#[test]
fn a_copy_of_what_was_read_elsewhere_takes_a_loss_back() {
    let place = Place::new();
    let sound = records(20..30);
    place.write("input/events.json", &sound.as_bytes()[..sound.len() - 40]);
    place.run();
    assert_eq!(place.losses().len(), 1);
    place.write("elsewhere/other.json", sound.as_bytes());
    place.run_on(&place.path("elsewhere"));
    assert_eq!(place.losses().len(), 1, "nothing says that it is the same source");
    place.write("input/events.json", sound.as_bytes());
    place.run();
    assert_eq!(place.losses(), []);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_opened_is_lost_until_it_can_be() {
    for name in [DELIVERED, "events.json.gz"] {
        let place = Place::new();
        // Not even the superuser opens a link that leads to itself.
        let path = place.path(&format!("input/{name}"));
        std::os::unix::fs::symlink(&path, &path).unwrap();
        assert_eq!(place.run_on(&path).files.unreadable, 1, "{name}");
        let losses = place.losses();
        if name == DELIVERED {
            assert_eq!((losses[0].start, losses[0].end), (NINE - HOUR, NINE + HOUR));
        } else {
            assert!(place.is_lost_anywhere());
        }
        let again = place.run_on(&path);
        assert_eq!((again.files.unreadable, again.commits), (1, 0), "said once");
        std::fs::remove_file(&path).unwrap();
        place.write(&format!("input/{name}"), &gzip(records(20..30).as_bytes()));
        assert_eq!(place.run_on(&path).counts.read, 10);
        assert_eq!(place.losses(), []);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_listed_is_lost_until_it_can_be() {
    let place = Place::new();
    let folder = place.path("input/more");
    std::os::unix::fs::symlink(&folder, &folder).unwrap();
    place.run();
    assert!(place.is_lost_anywhere());
    std::fs::remove_file(&folder).unwrap();
    place.write("input/more/events.json", records(20..30).as_bytes());
    place.run();
    assert_eq!(place.losses(), []);
}

#[cfg(unix)]
#[test]
fn a_folder_of_which_a_pattern_leaves_logs_out_stays_lost() {
    let place = Place::new();
    let folder = place.path("input/more");
    std::os::unix::fs::symlink(&folder, &folder).unwrap();
    place.run();
    std::fs::remove_file(&folder).unwrap();
    place.write("input/more/deep/events.json", records(20..30).as_bytes());
    place.write("input/more/deep/events.log", records(30..40).as_bytes());
    assert_eq!(place.run_on(&place.path("input/**/*.json")).counts.read, 10);
    assert!(place.is_lost_anywhere());
    assert_eq!(place.run_on(&place.path("input/**/events*")).counts.read, 10);
    assert_eq!(place.losses(), []);
}

#[test]
fn an_empty_delivered_file_is_one_that_was_cut_off() {
    let place = Place::new();
    place.write(&format!("input/{DELIVERED}"), b"");
    let summary = place.run();
    assert_eq!((summary.files.unreadable, summary.counts.read), (1, 10));
    assert!(summary.diagnostics[0].to_string().contains("is empty"), "{summary:?}");
    assert_eq!((place.losses()[0].start, place.losses()[0].end), (NINE - HOUR, NINE + HOUR));
    place.write(&format!("input/{DELIVERED}"), &gzip(records(20..30).as_bytes()));
    assert_eq!(place.run().counts.read, 10);
    assert_eq!(place.losses(), []);
}

#[test]
fn what_is_not_there_has_lost_nothing() {
    let place = Place::new();
    assert_eq!(place.run_on(&place.path("missing.json")).files.unreadable, 1);
    assert_eq!(place.losses(), []);
}

#[test]
fn a_source_read_piece_by_piece_keeps_its_losses_through_flushes() {
    let place = Place::new();
    let lines: String = (0..20_000).map(|number| crate::log::event(number) + "\n").collect();
    place.write("input/lines.jsonl", format!("not json\n{lines}").as_bytes());
    let limits = Limits { counts: 256 << 10, whole_stored: 64 << 10, ..Limits::default() };
    let options = Options {
        inputs: vec![place.path("input").to_string_lossy().into_owned()],
        ledger: place.path("ledger"),
        limits,
        ..Options::default()
    };
    let summary = ingest(options, None, &NoProgress).unwrap();
    assert!(summary.commits > 2, "{summary:?}");
    assert!(place.is_lost_anywhere());
    place.write("input/lines.jsonl", lines.as_bytes());
    place.run();
    assert_eq!(place.losses(), []);
}
