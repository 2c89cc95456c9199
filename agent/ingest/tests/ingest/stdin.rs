//! Events from standard input, which only a process of its own has.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures::FutureExt as _;
use remit_ingest::cloudtrail::ingest;
use remit_ingest::{NoProgress, Options};
use remit_ledger::Snapshot;

use crate::contents::sums;
use crate::log::{gzip, records};

const LEDGER: &str = "REMIT_TEST_STDIN_LEDGER";

/// Not a test of its own: the process with an input.
#[test]
fn child() {
    if let Some(ledger) = std::env::var_os(LEDGER) {
        let options = Options { inputs: vec!["-".to_owned()], ledger: ledger.into(), ..Options::default() };
        ingest(options, None, &NoProgress).unwrap();
    }
}

fn start(ledger: &Path, input: Stdio) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["stdin::child", "--exact"])
        .env(LEDGER, ledger)
        .stdin(input)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn pipe(ledger: &Path, bytes: &[u8]) {
    let mut child = start(ledger, Stdio::piped());
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Losses that the ledger tells of, of any source.
fn lost(ledger: &Path) -> u64 {
    let snapshot = Snapshot::of_folder(ledger).unwrap();
    snapshot.coverage().now_or_never().unwrap().unwrap().iter().map(|record| record.lost).sum()
}

#[test]
fn standard_input_is_read_in_every_form_and_adds_nothing_twice() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("events.json");
    std::fs::write(&file, records(0..50)).unwrap();
    let from_file = place.path().join("from-file");
    let inputs = vec![file.to_string_lossy().into_owned()];
    ingest(Options { inputs, ledger: from_file.clone(), ..Options::default() }, None, &NoProgress).unwrap();
    let piped = place.path().join("piped");
    for bytes in [records(0..30).into_bytes(), gzip(records(20..50).as_bytes()), records(0..30).into_bytes()]
    {
        pipe(&piped, &bytes);
    }
    assert_eq!(sums(&piped), sums(&from_file));
}

#[test]
fn what_standard_input_lost_stays_lost() {
    let place = tempfile::tempdir().unwrap();
    let ledger = place.path().join("ledger");
    let packed = gzip(records(0..50).as_bytes());
    pipe(&ledger, &packed[..packed.len() / 2]);
    assert_eq!(lost(&ledger), 1);
    // Another input is another source, though it has the same name.
    pipe(&ledger, &packed);
    assert_eq!(lost(&ledger), 1);
}

#[cfg(unix)]
#[test]
fn what_standard_input_could_not_give_is_no_other_sources_loss() {
    let place = tempfile::tempdir().unwrap();
    let ledger = place.path().join("ledger");
    // A folder can be opened, and not be read as a file.
    let unreadable = || {
        let folder = std::fs::File::open(place.path()).unwrap();
        assert!(start(&ledger, folder.into()).wait().unwrap().success());
    };
    unreadable();
    assert_eq!(lost(&ledger), 1);
    let empty = place.path().join("empty.json");
    std::fs::write(&empty, "").unwrap();
    let inputs = vec![empty.to_string_lossy().into_owned()];
    let summary =
        ingest(Options { inputs, ledger: ledger.clone(), ..Options::default() }, None, &NoProgress).unwrap();
    assert!(!summary.is_partial() && summary.files.read == 1, "{summary:?}");
    pipe(&ledger, b"");
    assert_eq!(lost(&ledger), 1);
    unreadable();
    assert_eq!(lost(&ledger), 2, "another time, another loss");
}
