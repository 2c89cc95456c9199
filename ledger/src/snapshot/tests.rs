use std::fs;

use arrow::array::Int64Array;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;

use super::*;
use crate::samples::{Temporary, record, records_of, write};

fn foreign_parquet(path: &Path) {
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from(vec![1]))]).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn files_that_do_not_belong_are_named_and_the_rest_is_read() {
    let ledger = Temporary::new();
    write(ledger.path(), "w", &[record(0, "a", 1)], "source");
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    let usage = ledger.path().join(&snapshot.usage_files()[0].path);
    let folder = usage.parent().unwrap();
    foreign_parquet(&folder.join("foreign.parquet"));
    fs::write(folder.join("garbage.parquet"), b"not parquet").unwrap();
    fs::write(folder.join("empty.parquet"), b"").unwrap();
    fs::write(folder.join("notes.txt"), b"hello").unwrap();
    fs::write(folder.join("_SUCCESS"), b"").unwrap();
    let half = fs::read(&usage).unwrap();
    fs::write(folder.join("half.parquet"), &half[..half.len() / 2]).unwrap();
    fs::copy(&usage, ledger.path().join("usage/v1/misplaced.parquet")).unwrap();

    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    let problems: Vec<String> = snapshot.problems().iter().map(ToString::to_string).collect();
    for name in ["foreign", "garbage", "empty", "notes.txt", "half", "misplaced"] {
        assert_eq!(
            problems.iter().filter(|problem| problem.contains(name)).count(),
            1,
            "{name}: {problems:#?}"
        );
    }
    assert_eq!(problems.len(), 6, "{problems:#?}");
    assert_eq!(records_of(ledger.path()).len(), 1);
}

#[test]
fn nothing_is_removed_while_a_file_cannot_be_read() {
    let ledger = Temporary::new();
    write(ledger.path(), "w", &[record(0, "a", 1), record(1, "b", 1)], "source");
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    let commit = ledger.path().join(&snapshot.usage_files()[1].path);
    drop(snapshot);
    let bytes = fs::read(&commit).unwrap();
    fs::write(&commit, b"damaged").unwrap();
    drop(crate::LedgerWriter::open(&ledger.path(), crate::WriterOptions::default()).unwrap());
    fs::write(&commit, bytes).unwrap();
    assert_eq!(records_of(ledger.path()).len(), 2);
}

#[test]
fn a_listed_file_that_is_gone_is_a_problem() {
    let ledger = Temporary::new();
    write(ledger.path(), "w", &[record(0, "a", 1), record(1, "b", 1)], "source");
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    fs::remove_file(ledger.path().join(&snapshot.usage_files()[0].path)).unwrap();
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    assert_eq!(snapshot.problems().len(), 1);
    assert_eq!(snapshot.usage_files().len(), 1);
}

#[test]
fn no_ledger_is_an_empty_ledger() {
    let ledger = Temporary::new();
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    assert_eq!(snapshot.info(), LedgerInfo::default());
}

#[test]
fn an_object_store_is_read_like_a_folder() {
    let ledger = Temporary::new();
    write(ledger.path(), "w", &[record(0, "a", 1), record(1, "b", 2)], "source");
    // A store keeps what consoles make of a folder as an empty object, and the library drops the slash of its name.
    for folder in ["usage/v1/provider=azure", "coverage/v1/provider=aws/date=1970-01-09"] {
        fs::write(ledger.path().join(folder), b"").unwrap();
    }
    let store: Arc<dyn ObjectStore> =
        Arc::new(object_store::local::LocalFileSystem::new_with_prefix(&ledger).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let snapshot = runtime.block_on(Snapshot::of_store(store, StorePath::from("ledger"))).unwrap();
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    assert_eq!(runtime.block_on(snapshot.usage()).unwrap(), records_of(ledger.path()));
    assert_eq!(runtime.block_on(snapshot.coverage()).unwrap().len(), 1);
    assert!(snapshot.locate(&snapshot.usage_files()[0].path).starts_with("ledger/usage/v1/provider=aws/"));
}
