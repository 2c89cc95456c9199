use super::*;
use crate::samples::{Temporary, now, record, records_of, stop_at, try_write, write};
use crate::{Extent, HOUR};

#[test]
fn what_is_written_is_what_is_read() {
    let ledger = Temporary::new();
    let mut odd = record(1, "odd", 7);
    odd.account = None;
    odd.parameters.clear();
    odd.workload = Some(crate::Workload { namespace: Some("shop".to_owned()), ..crate::Workload::default() });
    odd.permissions = vec!["storage.objects.get".to_owned()];
    let records = vec![record(0, "a", 1), odd];
    write(ledger.path(), "w", &records, "source");
    assert_eq!(records_of(ledger.path()), records);
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    let mut expected = crate::samples::coverage_of(&records[0]);
    expected.end = expected.start + HOUR;
    assert_eq!(now(snapshot.coverage()).unwrap(), [expected]);
    let commit = snapshot.commits().next().unwrap();
    assert_eq!(commit.sources[0].extent, Extent::Whole { content: format!("{:032x}", 8) });
    assert_eq!(snapshot.info().span, Some((records[0].first_seen, records[1].last_seen)));
}

#[test]
fn a_stop_at_any_step_publishes_all_or_nothing() {
    let mut step = 0;
    loop {
        let ledger = Temporary::new();
        write(ledger.path(), "before", &[record(0, "a", 1)], "before");
        let records = [record(0, "a", 2), record(1, "b", 3), record(2, "c", 4)];
        let result = try_write(&ledger.path(), stop_at(step), &records, "new");
        let total = |root: &Path| records_of(root).iter().map(|row| row.count).sum::<u64>();
        let seen = total(&ledger.path());
        assert!(seen == 1 || seen == 10, "stopped at step {step}: {seen}");
        // The next writer removes what was not published, so that other programs see the same.
        let (writer, snapshot) = LedgerWriter::open(&ledger.path(), WriterOptions::default()).unwrap();
        drop((writer, snapshot));
        let info = Snapshot::of_folder(&ledger.path()).unwrap().info();
        assert_eq!(info.uncommitted, 0, "stopped at step {step}");
        assert_eq!(total(&ledger.path()), seen);
        let sources = info.sources;
        assert_eq!(sources, if seen == 1 { 1 } else { 2 }, "the checkpoint moves with the rows");
        if result.is_ok() {
            break;
        }
        step += 1;
    }
    assert!(step > 8, "the protocol has more steps than {step}");
}

#[test]
fn positions_are_published_without_rows() {
    let ledger = Temporary::new();
    write(ledger.path(), "w", &[], "source");
    let info = Snapshot::of_folder(&ledger.path()).unwrap().info();
    assert_eq!((info.rows, info.sources, info.commits), (0, 1, 1));
}

#[test]
fn one_writer_keeps_positions_at_a_time_and_others_write_beside_it() {
    let ledger = Temporary::new();
    let (mut first, _) = LedgerWriter::open(&ledger.path(), WriterOptions::default()).unwrap();
    let second = LedgerWriter::open(&ledger.path(), WriterOptions::default());
    assert!(matches!(second.err(), Some(LedgerError::Locked { .. })));

    // Each stages a file, and all are published, whoever begins or ends first.
    let add = |flush: Flush<'_>, principal: &str| {
        let mut file = flush.stage(20_000).unwrap();
        record(0, principal, 1).with_row(|row| file.push(row)).unwrap();
        vec![file]
    };
    let flush = first.begin(Provider::Aws);
    let staged = add(flush, "first");
    let (mut joined, _) = LedgerWriter::join(&ledger.path(), WriterOptions::default()).unwrap();
    let mut appended = LedgerWriter::append(&ledger.path(), WriterOptions::default()).unwrap();
    let (of_joined, of_appended) = (joined.begin(Provider::Aws), appended.begin(Provider::Aws));
    let (staged_joined, staged_appended) = (add(of_joined, "joined"), add(of_appended, "appended"));
    flush.commit(staged, Publication::default()).unwrap();
    drop(first);
    // Who opens it now leaves alone what the others have not finished.
    drop(LedgerWriter::open(&ledger.path(), WriterOptions::default()).unwrap());
    of_joined.commit(staged_joined, Publication::default()).unwrap();
    of_appended.commit(staged_appended, Publication::default()).unwrap();
    let principals = records_of(ledger.path()).into_iter().map(|record| record.principal);
    let names: BTreeSet<String> = principals.map(|arn| arn.rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["appended", "first", "joined"].map(str::to_owned).into());
}

#[test]
fn what_a_dead_writer_left_goes_once_nobody_else_writes() {
    let ledger = Temporary::new();
    let mut dead = LedgerWriter::append(&ledger.path(), WriterOptions::default()).unwrap();
    let staged = dead.begin(Provider::Aws).stage(20_000).unwrap();
    let unfinished = || {
        let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
        snapshot.listing().temporary.len()
    };
    let alive = LedgerWriter::append(&ledger.path(), WriterOptions::default()).unwrap();
    drop((staged, dead));
    drop(LedgerWriter::join(&ledger.path(), WriterOptions::default()).unwrap());
    assert_eq!(unfinished(), 1);
    drop(alive);
    drop(LedgerWriter::join(&ledger.path(), WriterOptions::default()).unwrap());
    assert_eq!(unfinished(), 0);
}

#[test]
fn nobody_begins_to_write_while_another_tidies() {
    let ledger = Temporary::new();
    write(ledger.path(), "w", &[], "source");
    let tidying = Presence::shared(&ledger.path()).unwrap();
    let mut is_alone = false;
    tidying
        .alone(&ledger.path(), || {
            is_alone = true;
            for begun in [
                LedgerWriter::append(&ledger.path(), WriterOptions::default()).err(),
                LedgerWriter::join(&ledger.path(), WriterOptions::default()).err(),
            ] {
                assert!(matches!(begun, Some(LedgerError::Locked { .. })), "{begun:?}");
            }
            Ok(())
        })
        .unwrap();
    assert!(is_alone);
    drop(tidying);
    LedgerWriter::append(&ledger.path(), WriterOptions::default()).unwrap();
}

#[test]
fn a_file_of_identifiers_is_read_back_or_refused() {
    let ledger = Temporary::new();
    write(ledger.path(), "w", &[record(0, "a", 1)], "source");
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    let path = snapshot.commits().next().unwrap().identifiers[0].clone();
    let read = crate::read_identifiers(&ledger.path(), &path).unwrap();
    assert_eq!(read, [(480_000, vec![crate::identify(b"source")])].into());
    let absolute = ledger.path().join(&path);
    let mut bytes = fs::read(&absolute).unwrap();
    bytes[10] ^= 1;
    fs::write(&absolute, bytes).unwrap();
    let error = crate::read_identifiers(&ledger.path(), &path).unwrap_err().to_string();
    assert!(error.contains("damaged"), "{error}");
}
