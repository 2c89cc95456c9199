use std::fs;
use std::path::Path;

use arrow::array::RecordBatch;

use super::*;
use crate::samples::{Temporary, now, record, write};
use crate::{StateWriter, Summed, SummedFile, WriterOptions, compact, state_schema};

/// Writes a state, which need not have rows here, of those usage files of October 2024 that are asked for.
fn sum_up(root: &Path, is_wanted: impl Fn(&LedgerFile) -> bool) {
    let snapshot = Snapshot::of_folder(root).unwrap();
    let writer = StateWriter::open(&snapshot).unwrap();
    let month = Month::of_name("2024-10").unwrap();
    let mut staged = writer.begin(Provider::Aws, month).unwrap();
    staged.write(&RecordBatch::new_empty(state_schema())).unwrap();
    let files = snapshot.usage_files().iter().filter(|file| file.month() == Some(month) && is_wanted(file));
    let has_rest = |file: &LedgerFile| file.path.contains("/rest-");
    let files = files.map(|file| (file.path.clone(), SummedFile::of(file, has_rest(file)))).collect();
    now(writer.publish(staged, &Summed { hours: Some((0, 1)), files })).unwrap();
}

fn states(root: &Path) -> States {
    now(Snapshot::of_folder(root).unwrap().states()).unwrap()
}

/// The one state that applies: how many usage files it stands for, how many of them have a rest, and whether it is exact.
fn applied(root: &Path) -> Option<(usize, usize, bool)> {
    let states = states(root);
    assert!(states.problems.is_empty(), "{:?}", states.problems);
    assert!(states.applied.len() < 2);
    let applied = states.applied.first()?;
    Some((applied.files.len(), applied.rest.len(), applied.is_exact))
}

/// A ledger of three flushes, which hold the same two days of October and one of November each.
fn ledger() -> Temporary {
    let ledger = Temporary::new();
    for writer in ["one", "two", "rest"] {
        let records = [0, 1, 30].map(|day| record(day, writer, 1));
        write(ledger.path(), writer, &records, writer);
    }
    ledger
}

#[test]
fn a_state_stands_for_its_files_and_not_for_those_that_came_later() {
    let ledger = ledger();
    assert_eq!(applied(&ledger.path()), None);
    sum_up(&ledger.path(), |_| true);
    assert_eq!(applied(&ledger.path()), Some((6, 2, true)));
    write(ledger.path(), "late", &[record(1, "late", 1)], "late");
    assert_eq!(applied(&ledger.path()), Some((6, 2, true)));
    assert_eq!(states(&ledger.path()).applied[0].state.month.to_string(), "2024-10");
}

#[test]
fn a_compaction_of_a_states_files_alone_changes_nothing() {
    let ledger = ledger();
    sum_up(&ledger.path(), |_| true);
    write(ledger.path(), "late", &[record(2, "late", 1)], "late");
    compact(&ledger.path(), WriterOptions::default()).unwrap();
    assert_eq!(
        applied(&ledger.path()),
        Some((2, 2, false)),
        "two of the three days were merged of its files"
    );
    // What it was merged of is not remembered once it is merged again.
    write(ledger.path(), "later", &[record(0, "later", 1)], "later");
    compact(&ledger.path(), WriterOptions::default()).unwrap();
    assert_eq!(applied(&ledger.path()), None);
    sum_up(&ledger.path(), |_| true);
    assert_eq!(applied(&ledger.path()), Some((3, 0, true)));
}

#[test]
fn what_was_merged_is_known_for_as_long_as_its_commit_file_is_there() {
    let ledger = ledger();
    sum_up(&ledger.path(), |_| true);
    compact(&ledger.path(), WriterOptions::default()).unwrap();
    for writer in ["late", "later"] {
        write(ledger.path(), writer, &[record(2, writer, 1)], writer);
    }
    // Another commit takes over what this one does not merge, and November's file, which is the first one's, stays.
    compact(&ledger.path(), WriterOptions::default()).unwrap();
    assert_eq!(applied(&ledger.path()), Some((2, 2, false)));
}

#[test]
fn a_state_of_some_of_what_was_merged_is_not_used() {
    let ledger = ledger();
    sum_up(&ledger.path(), |file| !file.path.contains("two"));
    assert_eq!(applied(&ledger.path()), Some((4, 2, true)));
    compact(&ledger.path(), WriterOptions::default()).unwrap();
    assert_eq!(applied(&ledger.path()), None);
}

#[test]
fn a_state_whose_files_are_gone_or_others_is_not_used() {
    let ledger = ledger();
    sum_up(&ledger.path(), |_| true);
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    let first = &snapshot.usage_files()[0];
    let (path, other) = (ledger.path().join(&first.path), snapshot.usage_files()[1].path.clone());
    let aside = ledger.path().join("aside");
    fs::rename(&path, &aside).unwrap();
    assert_eq!(applied(&ledger.path()), None);
    fs::rename(&aside, &path).unwrap();
    assert_eq!(applied(&ledger.path()), Some((6, 2, true)));

    // A file of that name with other rows in it.
    let mut states = states(&ledger.path());
    let mut state = states.applied.remove(0).state;
    state.summed.files.get_mut(&other).unwrap().rows += 1;
    assert!(Files::of(&snapshot).apply(state).is_none());
}

#[test]
fn of_two_states_of_a_month_that_of_more_files_is_used() {
    let ledger = ledger();
    sum_up(&ledger.path(), |_| true);
    sum_up(&ledger.path(), |file| !file.path.contains("two"));
    sum_up(&ledger.path(), |file| file.path.contains("two"));
    assert_eq!(applied(&ledger.path()), Some((6, 2, true)));
    assert_eq!(states(&ledger.path()).files.len(), 3);
}

#[test]
fn what_is_no_state_is_told_and_what_is_of_another_version_passed_over() {
    let ledger = ledger();
    sum_up(&ledger.path(), |_| true);
    let path = ledger.path().join(&states(&ledger.path()).files[0]);
    let bytes = fs::read(&path).unwrap();
    fs::write(path.with_file_name("cut.parquet"), &bytes[..bytes.len() / 2]).unwrap();
    fs::create_dir_all(ledger.path().join("rollup/v1/provider=aws/month=October")).unwrap();
    fs::write(ledger.path().join("rollup/v1/provider=aws/month=October/a.parquet"), &bytes).unwrap();
    let usage = Snapshot::of_folder(&ledger.path()).unwrap().usage_files()[0].path.clone();
    fs::copy(ledger.path().join(usage), path.with_file_name("usage.parquet")).unwrap();
    fs::write(path.with_file_name("notes.txt"), "not a state").unwrap();
    let found = states(&ledger.path());
    assert_eq!(found.applied.len(), 1, "the one that is whole is used");
    let said: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    let is_said = |words: &str| said.iter().any(|said| said.contains(words));
    assert!(said.len() == 3 && is_said("cut.parquet") && is_said("month=October/a.parquet"), "{said:?}");
    assert!(is_said("usage.parquet` is not a file of this ledger: it was not written by remit"), "{said:?}");
    assert_eq!(found.files.len(), 2, "only what was a state once is ever removed: {:?}", found.files);

    let metadata = |version: &str| {
        let pairs = vec![crate::footer::pair("remit.rollup", version.to_owned())];
        let schema = parquet::arrow::ArrowSchemaConverter::new().convert(&state_schema()).unwrap();
        let schema = std::sync::Arc::new(schema);
        let file = parquet::file::metadata::FileMetaData::new(1, 0, None, Some(pairs), schema, None);
        parquet::file::metadata::ParquetMetaData::new(file, Vec::new())
    };
    let place = "rollup/v1/provider=aws/month=2024-10/a.parquet";
    assert!(State::of_file(place, &metadata("2")).unwrap().is_none());
    let said = State::of_file(place, &metadata("1")).unwrap_err().to_string();
    assert!(said.contains("it does not say what it is of\nhint: "), "{said}");
}

#[test]
fn one_process_writes_states_and_readers_keep_those_they_found() {
    let ledger = ledger();
    sum_up(&ledger.path(), |_| true);
    let unfinished = ledger.path().join("rollup/v1/provider=aws/month=2024-10/x.parquet.tmp");
    fs::write(&unfinished, "half").unwrap();
    let reader = Snapshot::of_folder(&ledger.path()).unwrap();
    let writer = StateWriter::open(&reader).unwrap();
    assert!(!unfinished.exists());
    let second = StateWriter::open(&reader).err().unwrap();
    assert!(matches!(second, LedgerError::Locked { .. }), "{second}");
    // Usage may be written meanwhile, and what is written of states is not its writer's.
    fs::write(&unfinished, "half").unwrap();
    write(ledger.path(), "meanwhile", &[record(1, "meanwhile", 1)], "meanwhile");
    assert!(unfinished.exists());

    let old = states(&ledger.path()).files;
    now(writer.remove(&old)).unwrap();
    assert_eq!(states(&ledger.path()).files, old, "the reader may still read it");
    drop(reader);
    now(writer.remove(&old)).unwrap();
    assert!(states(&ledger.path()).files.is_empty());
    now(writer.remove(&old)).unwrap();
}
