use std::collections::BTreeMap;

use object_store::memory::InMemory;

use super::*;
use crate::samples::{Temporary, record, write};
use crate::{Role, UsageRecord};

const HOUR: i64 = crate::HOUR;

fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A ledger in a store that is empty.
fn empty() -> Bucket {
    Bucket::in_memory(Arc::new(InMemory::new()), "a/ledger")
}

/// Publishes records as a node agent does.
fn publish(bucket: &Bucket, writer: &str, records: &[UsageRecord]) {
    let ledger = Temporary::new();
    write(ledger.path(), writer, records, writer);
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    for file in snapshot.usage_files() {
        if let Role::Commit(commit) = &file.footer.role {
            now(bucket.publish(&ledger.path(), &file.path, commit)).unwrap();
        }
    }
}

fn snapshot(bucket: &Bucket) -> Snapshot {
    let snapshot = now(Snapshot::of_store(Arc::clone(&bucket.store), bucket.prefix.clone())).unwrap();
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    snapshot
}

/// Calls by principal and day.
fn sums(bucket: &Bucket) -> BTreeMap<(String, i64), u64> {
    let mut sums = BTreeMap::new();
    for record in now(snapshot(bucket).usage()).unwrap() {
        *sums.entry((record.principal, record.window_start.div_euclid(DAY))).or_default() += record.count;
    }
    sums
}

fn objects(bucket: &Bucket) -> usize {
    now(bucket.store.list(None).collect::<Vec<_>>()).len()
}

fn compacted(bucket: &Bucket) -> Compacted {
    let scratch = tempfile::tempdir().unwrap();
    let done = now(compact_stored(bucket, scratch.path())).unwrap();
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "nothing is left behind");
    done
}

fn today() -> i64 {
    super::now()
}

/// Two writers, who share a day.
fn shared() -> Bucket {
    let bucket = empty();
    publish(&bucket, "first", &[record(0, "a", 1), record(1, "b", 2)]);
    publish(&bucket, "second", &[record(1, "b", 3), record(2, "c", 4)]);
    bucket
}

#[test]
fn small_files_become_one_while_others_go_on_to_publish() {
    let bucket = shared();
    let before = sums(&bucket);
    let done = compacted(&bucket);
    assert!(done.is_changed());
    assert_eq!(sums(&bucket), before);
    let info = snapshot(&bucket).info();
    assert_eq!((info.usage_files, info.coverage_files, info.commits, info.sources), (3, 1, 1, 2));
    assert_eq!((info.counts.recorded, info.uncommitted), (10, 0));
    assert!(info.replaced > 0, "who still reads them finds them");

    publish(&bucket, "third", &[record(1, "b", 5)]);
    let before = sums(&bucket);
    compacted(&bucket);
    assert_eq!(sums(&bucket), before);
    assert_eq!(snapshot(&bucket).info().counts.recorded, 15);
    let objects_of_before = objects(&bucket);
    assert!(!compacted(&bucket).is_changed());
    assert_eq!(objects(&bucket), objects_of_before);
}

#[test]
fn what_was_replaced_goes_a_day_later_and_what_is_being_sent_never() {
    let bucket = shared();
    compacted(&bucket);
    publish(&bucket, "third", &[record(1, "b", 5)]);
    compacted(&bucket);
    // Somebody sends a flush, of which the commit file is not there yet.
    let ledger = Temporary::new();
    write(ledger.path(), "fourth", &[record(3, "d", 1), record(4, "d", 1)], "fourth");
    let flush = Snapshot::of_folder(&ledger.path()).unwrap();
    let part = flush.usage_files().iter().find(|file| matches!(file.footer.role, Role::Part { .. })).unwrap();
    now(bucket.send(&ledger.path(), [part.path.as_str()].into_iter())).unwrap();

    let before = sums(&bucket);
    let many = objects(&bucket);
    now(remove_replaced(&bucket, &snapshot(&bucket), today() + 23 * HOUR)).unwrap();
    assert_eq!(objects(&bucket), many);
    now(remove_replaced(&bucket, &snapshot(&bucket), today() + 25 * HOUR)).unwrap();
    let info = snapshot(&bucket).info();
    assert_eq!((info.replaced, info.uncommitted), (0, 1));
    assert!(objects(&bucket) < many);
    assert_eq!(sums(&bucket), before);
    let listed = snapshot(&bucket).listing().identifiers.len();
    assert_eq!(listed, 1, "identifiers of before are gone too");
}

#[test]
fn a_compaction_that_is_cut_anywhere_changes_nothing() {
    let bucket = shared();
    let of_before = snapshot(&bucket);
    let work = Work::of(&of_before, Provider::Aws).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let merged = now(merge(&bucket, &of_before, work, folder.path())).unwrap();
    // Somebody publishes between the look at the ledger and what comes of it.
    publish(&bucket, "meanwhile", &[record(1, "b", 7)]);
    let before = sums(&bucket);
    assert!(merged.files.len() > 1);
    for sent in 0..merged.files.len() {
        now(bucket.send(folder.path(), merged.files.iter().take(sent).map(String::as_str))).unwrap();
        assert_eq!(sums(&bucket), before, "{sent} files");
        assert_eq!(snapshot(&bucket).info().commits, 3);
    }
    now(bucket.send(folder.path(), merged.files.iter().map(String::as_str))).unwrap();
    assert_eq!(sums(&bucket), before);
    assert_eq!(snapshot(&bucket).info().commits, 2);
}

#[test]
fn what_cannot_be_read_is_not_merged_around() {
    let bucket = shared();
    compacted(&bucket);
    publish(&bucket, "third", &[record(1, "b", 5)]);
    let before = sums(&bucket);
    // The commit file that says of others that it took their place.
    let commit = snapshot(&bucket).contents().commits.first().unwrap().0.clone();
    let object = join(&bucket.prefix, &commit);
    let bytes = now(async { bucket.store.get(&object).await.unwrap().bytes().await.unwrap() });
    now(bucket.store.put(&object, b"PAR1".to_vec().into())).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let error = now(compact_stored(&bucket, scratch.path())).unwrap_err();
    assert!(matches!(error, LedgerError::Unmerged(_)) && error.to_string().contains(&commit), "{error}");
    now(bucket.store.put(&object, bytes.into())).unwrap();
    compacted(&bucket);
    assert_eq!(sums(&bucket), before);
}

#[test]
fn an_agents_flush_that_comes_once_more_does_not_count_again() {
    let bucket = empty();
    let day = today().div_euclid(DAY) - 20_000;
    let ledger = Temporary::new();
    write(ledger.path(), "late", &[record(day, "b", 3)], "late");
    let flush = Snapshot::of_folder(&ledger.path()).unwrap();
    let files: Vec<&str> =
        flush.coverage_files().iter().chain(flush.usage_files()).map(|file| file.path.as_str()).collect();
    for round in 1..5 {
        now(bucket.send(&ledger.path(), files.iter().copied())).unwrap();
        publish(&bucket, &format!("other-{round}"), &[record(day, "a", 1)]);
        assert!(compacted(&bucket).is_changed(), "each says anew of what was taken over that it was");
        now(remove_replaced(&bucket, &snapshot(&bucket), today() + 25 * HOUR)).unwrap();
        assert_eq!(snapshot(&bucket).info().counts.recorded, 3 + round);
        assert_eq!(sums(&bucket).values().sum::<u64>(), 3 + round);
    }
}

#[test]
fn commit_files_that_were_taken_over_are_named_as_long_as_they_may_come_back() {
    let bucket = shared();
    let snapshot = snapshot(&bucket);
    let listed = snapshot.contents().commits.first().unwrap().0.clone();
    let of_day = |day: i64| crate::layout::table_path(crate::Table::Usage, Provider::Aws, day, "gone", 1);
    let may_return = |path: &str| crate::compact::may_return(&snapshot, path, 30_000);
    assert!(may_return(&listed), "it is there");
    assert!(may_return(&of_day(30_000 - 60)));
    assert!(!may_return(&of_day(30_000 - 61)));
}

#[test]
fn one_compacts_at_a_time_until_it_gives_back_or_is_given_up() {
    let bucket = shared();
    let take = |at: i64| now(Lease::take(&bucket.store, &bucket.prefix, today() + at));
    let held = take(0).unwrap();
    let said = take(HOUR).map(drop).unwrap_err().to_string();
    assert!(said.contains("for 60 minutes by `a/ledger/compaction.lock`"), "{said}");
    let scratch = tempfile::tempdir().unwrap();
    assert!(matches!(now(compact_stored(&bucket, scratch.path())), Err(LedgerError::Compacting { .. })));
    let other = take(7 * HOUR).expect("whoever held it has died");
    assert!(take(HOUR).is_err());
    assert!(held.check(today() + 4 * HOUR).is_ok());
    assert!(matches!(held.check(today() + 5 * HOUR), Err(LedgerError::Overdue { .. })));
    now(held.give_back(today())).unwrap();
    assert!(take(HOUR).is_err(), "it is another's by now");
    now(other.give_back(today() + 7 * HOUR)).unwrap();
    assert!(compacted(&bucket).is_changed());
}

#[test]
fn a_scratch_folder_that_is_not_there_is_named_and_nothing_is_held() {
    let bucket = shared();
    let error = now(compact_stored(&bucket, Path::new("/not/there"))).unwrap_err().to_string();
    assert!(error.contains("/not/there"), "{error}");
    assert!(compacted(&bucket).is_changed());
}
