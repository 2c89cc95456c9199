//! Killed at any point and run again, the sums are those of an undisturbed run.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use remit_ingest::cloudtrail::ingest;
use remit_ingest::{Limits, NoProgress, Options, Summary};
use remit_ledger::Snapshot;

use crate::contents::{files_on_disk, sums};
use crate::log::{Dice, folder};

const KILLS: usize = 50;

/// Tells the child what to do; without it the child's test does nothing.
const LEDGER: &str = "REMIT_TEST_KILLED_LEDGER";
const INPUT: &str = "REMIT_TEST_KILLED_INPUT";

/// Bounds so small that there are many flushes, also in the middle of files.
fn options(ledger: &Path, input: &Path) -> Options {
    Options {
        inputs: vec![input.to_string_lossy().into_owned()],
        ledger: ledger.to_owned(),
        threads: 2,
        limits: Limits { counts: 256 << 10, whole_stored: 1 << 20, ..Limits::default() },
        ..Options::default()
    }
}

fn run(ledger: &Path, input: &Path) -> Summary {
    ingest(options(ledger, input), None, &NoProgress).unwrap()
}

/// Not a test of its own: the process that is killed.
#[test]
fn child() {
    if let (Some(ledger), Some(input)) = (std::env::var_os(LEDGER), std::env::var_os(INPUT)) {
        run(Path::new(&ledger), Path::new(&input));
    }
}

/// Runs a child and kills it after a while; whether it was still running.
fn killed(ledger: &Path, input: &Path, after: Duration) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["kill::child", "--exact"])
        .env(LEDGER, ledger)
        .env(INPUT, input)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

#[test]
fn killed_anywhere_and_run_again_the_sums_are_the_same() {
    let place = tempfile::tempdir().unwrap();
    let input = place.path().join("input");
    folder(&input, 60, 200);
    let undisturbed = place.path().join("undisturbed");
    let summary = run(&undisturbed, &input);
    assert_eq!((summary.counts.read, summary.counts.lost_total()), (24_000, 0));
    assert!(summary.commits > 5, "{} commits are too few to be killed between", summary.commits);
    let expected = sums(&undisturbed);

    let mut dice = Dice::new(1);
    let mut kills = 0;
    let mut round = 0;
    while kills < KILLS {
        let ledger = place.path().join(format!("killed-{round}"));
        round += 1;
        // On a machine that is busy with other things, it is given longer and longer to get anywhere.
        let mut longest = 700;
        while killed(&ledger, &input, Duration::from_millis(10 + dice.roll(longest))) {
            kills += 1;
            longest += 100;
            // What counts after a kill is a part of the whole, never more.
            let partial = Snapshot::of_folder(&ledger).unwrap().info();
            assert!(partial.counts.recorded <= summary.counts.recorded);
        }
        run(&ledger, &input);
        assert_eq!(sums(&ledger), expected, "after {kills} kills");
        let info = Snapshot::of_folder(&ledger).unwrap().info();
        assert_eq!(info.counts.recorded, summary.counts.recorded);
        assert_eq!(files_on_disk(&ledger.join("usage")), info.usage_files, "other programs see the same");
        std::fs::remove_dir_all(&ledger).unwrap();
    }
}

#[test]
fn a_second_run_adds_nothing_under_any_name() {
    let place = tempfile::tempdir().unwrap();
    let input = place.path().join("input");
    folder(&input, 5, 100);
    let ledger = place.path().join("ledger");
    let first = run(&ledger, &input);
    let expected = sums(&ledger);
    let again = run(&ledger, &input);
    assert_eq!((again.counts.read, again.files.known, again.commits), (0, first.files.read, 0));
    let moved = place.path().join("moved");
    std::fs::rename(&input, &moved).unwrap();
    let renamed = run(&ledger, &moved);
    assert_eq!((renamed.counts.read, renamed.files.known), (0, first.files.read));
    assert_eq!(sums(&ledger), expected);
}

#[test]
fn compaction_keeps_the_checkpoint() {
    let place = tempfile::tempdir().unwrap();
    let input = place.path().join("input");
    folder(&input, 20, 200);
    let ledger = place.path().join("ledger");
    run(&ledger, &input);
    let before = sums(&ledger);
    let compacted = remit_ledger::compact(&ledger, remit_ledger::WriterOptions::default()).unwrap();
    assert!(compacted.files_after < compacted.files_before);
    assert_eq!(sums(&ledger), before);
    assert_eq!(run(&ledger, &input).counts.read, 0);
    // The identifiers of counted events are still known: the same events in a new file are duplicates.
    let other = place.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("again.json"), crate::log::records(0..300)).unwrap();
    let again = run(&ledger, &other);
    assert_eq!((again.counts.recorded, again.counts.skipped["duplicate"]), (0, 300));
    assert_eq!(sums(&ledger), before);
}
