use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::Publication;
use crate::footer::Commit;
use crate::losses::losses;
use crate::samples::{Temporary, coverage_of, now, record, records_of, write};
use crate::{UNKNOWN, UsageRecord, WIRE, Workload};

/// Sums by what makes rows equal.
fn sums(root: &Path) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for mut row in records_of(root) {
        let count = row.count;
        (row.count, row.first_seen, row.last_seen, row.sample_id) = (0, 0, 0, None);
        row.issued.clear();
        *sums.entry(format!("{row:?}")).or_default() += count;
    }
    sums
}

#[test]
fn small_files_of_a_day_become_one_and_nothing_else_changes() {
    let ledger = Temporary::new();
    write(ledger.path(), "first", &[record(0, "a", 1), record(1, "b", 2)], "one");
    write(ledger.path(), "second", &[record(1, "b", 3), record(2, "c", 4)], "two");
    let before = sums(&ledger.path());
    let compacted = compact(&ledger.path(), WriterOptions::default()).unwrap();
    assert!(compacted.is_changed());
    assert_eq!(sums(&ledger.path()), before);
    // Days 0 and 2 had one file each, which stays; day 1 had two.
    let info = Snapshot::of_folder(&ledger.path()).unwrap().info();
    assert_eq!((info.usage_files, info.commits, info.replaced, info.uncommitted), (3, 1, 0, 0));
    assert_eq!(info.counts.recorded, 10);
    assert_eq!(info.sources, 2);
    assert_eq!(compacted.rows_after, 3);
}

#[test]
fn more_files_than_may_be_open_are_merged_as_well() {
    let ledger = Temporary::new();
    for number in 0..150_u64 {
        let name = format!("w{number}");
        write(ledger.path(), &name, &[record(0, &format!("role-{}", number % 7), 1)], &name);
    }
    let before = sums(&ledger.path());
    compact(&ledger.path(), WriterOptions::default()).unwrap();
    assert_eq!(sums(&ledger.path()), before);
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    assert_eq!((snapshot.info().usage_files, snapshot.info().rows, snapshot.info().uncommitted), (1, 7, 0));
    assert!(!ledger.path().join(".merging").exists());
}

#[test]
fn what_cannot_be_read_is_not_merged_around() {
    let ledger = Temporary::new();
    write(ledger.path(), "first", &[record(0, "a", 1), record(1, "b", 2)], "one");
    write(ledger.path(), "second", &[record(0, "a", 3), record(1, "b", 2)], "two");
    let part = Snapshot::of_folder(&ledger.path()).unwrap().usage_files()[0].path.clone();
    let kept = std::fs::read(ledger.path().join(&part)).unwrap();
    std::fs::write(ledger.path().join(&part), "PAR1").unwrap();
    let error = compact(&ledger.path(), WriterOptions::default()).unwrap_err();
    assert!(matches!(error, LedgerError::Unmerged(_)) && error.to_string().contains(&part), "{error}");
    std::fs::write(ledger.path().join(&part), kept).unwrap();
    compact(&ledger.path(), WriterOptions::default()).unwrap();
    assert_eq!(Snapshot::of_folder(&ledger.path()).unwrap().info().counts.recorded, 8);
}

#[test]
fn compacting_again_and_again_carries_everything_on() {
    let ledger = Temporary::new();
    for round in 0..4_u64 {
        let day = i64::try_from(round % 3).unwrap();
        write(
            ledger.path(),
            &format!("w{round}"),
            &[record(day, "a", 1), record(3, "z", 1)],
            &round.to_string(),
        );
        let before = sums(&ledger.path());
        compact(&ledger.path(), WriterOptions::default()).unwrap();
        assert_eq!(sums(&ledger.path()), before, "round {round}");
    }
    let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
    assert_eq!(snapshot.info().sources, 4);
    assert_eq!(snapshot.info().counts.recorded, 8);
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    let unchanged = compact(&ledger.path(), WriterOptions::default()).unwrap();
    assert!(!unchanged.is_changed());
}

#[test]
fn a_stop_at_any_step_loses_and_repeats_nothing() {
    let mut step = 0;
    loop {
        let ledger = Temporary::new();
        write(ledger.path(), "first", &[record(0, "a", 1), record(1, "b", 2)], "one");
        write(ledger.path(), "second", &[record(0, "a", 3), record(1, "b", 4)], "two");
        let before = sums(&ledger.path());
        let result = compact(&ledger.path(), crate::samples::stop_at(step));
        assert_eq!(sums(&ledger.path()), before, "stopped at step {step}");
        compact(&ledger.path(), WriterOptions::default()).unwrap();
        assert_eq!(sums(&ledger.path()), before, "stopped at step {step}, compacted again");
        assert_eq!(Snapshot::of_folder(&ledger.path()).unwrap().info().usage_files, 2);
        if result.is_ok() {
            break;
        }
        step += 1;
    }
    assert!(step > 5, "the protocol has more steps than {step}");
}

#[test]
fn positions_that_are_kept_tell_of_the_same_losses() {
    let commits_of = |sources: &[SourcePosition]| {
        let commit = |source: &SourcePosition| Commit {
            committed_at: crate::DAY,
            sources: vec![source.clone()],
            ..Commit::default()
        };
        sources.iter().map(commit).collect::<Vec<_>>()
    };
    let lost =
        |sources: &[SourcePosition]| losses(commits_of(sources).iter().map(|commit| (Provider::Aws, commit)));
    let positions = |code: usize| {
        let mut sources: Vec<SourcePosition> = Vec::new();
        for digit in 0..5 {
            let number = code / 6_usize.pow(digit) % 6;
            let (name, content) = [("a", "1"), ("a", "2"), ("b", "2")][number % 3];
            let (name, content) = (name.to_owned(), content.to_owned());
            let lost = u64::from(content == "1");
            let (extent, span) = if number < 3 {
                let hours = i64::from(digit % 3);
                (Extent::Prefix { offset: 7, content }, (hours > 0).then_some((0, hours)))
            } else {
                let extent = Extent::Whole { content };
                // Only the source that was read tells of its hours, and only if it holds events.
                let is_known = sources.iter().any(|source| source.extent == extent);
                let is_empty = (code >> lost).is_multiple_of(2);
                (extent, (!is_known && !is_empty).then_some((0, 2 - i64::from(lost == 1))))
            };
            sources.push(SourcePosition { name, extent, lost, span, ..SourcePosition::default() });
        }
        sources
    };
    for code in 0..6_usize.pow(5) {
        let sources = positions(code);
        let kept = latest(Provider::Aws, sources.clone());
        assert_eq!(lost(&kept), lost(&sources), "{sources:?}\n{kept:?}");
    }
}

#[test]
fn readers_see_one_state_while_files_are_compacted() {
    let ledger = Temporary::new();
    write(ledger.path(), "w0", &[record(0, "a", 1), record(1, "b", 2)], "0");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) || reads == 0 {
                let total: u64 = records_of(ledger.path()).iter().map(|row| row.count).sum();
                assert_eq!(total % 3, 0, "each flush adds three");
                reads += 1;
                // A reader that never pauses would keep the replaced files for ever.
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        for round in 1..12 {
            write(
                ledger.path(),
                &format!("w{round}"),
                &[record(0, "a", 1), record(1, "b", 2)],
                &round.to_string(),
            );
            compact(&ledger.path(), WriterOptions::default()).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().unwrap();
    });
}

/// A call of a set of equal ones, with an id of its own.
fn example(number: u64) -> UsageRecord {
    let mut record = record(i64::try_from(number % 2).unwrap(), "a", 1);
    record.window_start += i64::try_from(number % 3).unwrap() * crate::HOUR;
    record.session = Some(format!("session-{}", number % 5));
    record.sample_id = Some(format!("{number:08x}-2222-4333-8444-555555555555"));
    record
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_example_of_equal_calls_is_the_smallest_id_however_they_were_split(
        order in Just((1..40_u64).collect::<Vec<_>>()).prop_shuffle(),
        files in 2..6_usize,
    ) {
        let ledger = Temporary::new();
        for (number, ids) in order.chunks(order.len().div_ceil(files)).enumerate() {
            let rows: Vec<_> = ids.iter().map(|id| example(*id)).collect();
            write(ledger.path(), &format!("w{number}"), &rows, &number.to_string());
        }
        compact(&ledger.path(), WriterOptions::default()).unwrap();
        // One example for each of the two days, each a file.
        let mut samples: Vec<String> =
            records_of(ledger.path()).into_iter().filter_map(|row| row.sample_id).collect();
        samples.sort();
        let smallest = [1, 2].map(|number| example(number).sample_id.unwrap());
        prop_assert_eq!(samples, smallest);
    }

    #[test]
    fn compaction_keeps_every_sum(
        flushes in proptest::collection::vec(proptest::collection::vec((0..3_i64, 0..5_u8, 1..9_u64), 0..20), 1..6),
    ) {
        let ledger = Temporary::new();
        for (number, rows) in flushes.iter().enumerate() {
            let rows: Vec<_> = rows
                .iter()
                .map(|(day, name, count)| record(*day, &format!("principal-{name}"), *count))
                .collect();
            write(ledger.path(), &format!("w{number}"), &rows, &number.to_string());
        }
        let before = sums(&ledger.path());
        compact(&ledger.path(), WriterOptions::default()).unwrap();
        prop_assert_eq!(sums(&ledger.path()), before);
        prop_assert!(Snapshot::of_folder(&ledger.path()).unwrap().problems().is_empty());
    }
}

#[test]
fn what_is_said_of_one_workload_is_not_said_of_another() {
    let ledger = Temporary::new();
    let of = |name: Option<&str>, start: i64| CoverageRecord {
        evidence: "sni".to_owned(),
        workload: name.map(|name| Workload { owner_name: Some(name.to_owned()), ..Workload::default() }),
        start,
        end: start + 10,
        classes: Vec::new(),
        events: 4,
        lost: 2,
        ..coverage_of(&record(0, "a", 1))
    };
    for flush in 0..2 {
        let options = WriterOptions { writer: Some(format!("w{flush}")), observer: None };
        let (mut writer, _) = LedgerWriter::open(&ledger.path(), options).unwrap();
        let coverage = [Some("java"), None, Some("proxy")].map(|name| of(name, flush * 10)).to_vec();
        writer
            .begin(Provider::Aws)
            .commit(Vec::new(), Publication { coverage, ..Publication::default() })
            .unwrap();
    }
    compact(&ledger.path(), WriterOptions::default()).unwrap();
    let mut told = now(Snapshot::of_folder(&ledger.path()).unwrap().coverage()).unwrap();
    told.sort_by(|left, right| left.workload.cmp(&right.workload));
    let expected = [None, Some("java"), Some("proxy")].map(|name| CoverageRecord {
        end: 20,
        events: 8,
        lost: 4,
        ..of(name, 0)
    });
    assert_eq!(told, expected);
}

/// A call that a node agent saw a workload make.
fn on_the_wire(owner: &str, key: &str) -> UsageRecord {
    UsageRecord {
        account: None,
        principal: UNKNOWN.to_owned(),
        principal_kind: UNKNOWN.to_owned(),
        session: None,
        workload: Some(Workload { owner_name: Some(owner.to_owned()), ..Workload::default() }),
        resources: vec![format!("arn:aws:s3:::bucket/{key}")],
        parameters: BTreeMap::new(),
        issued: Vec::new(),
        evidence: WIRE.to_owned(),
        sample_id: Some(format!("{owner}-{key}")),
        ..record(0, "", 1)
    }
}

#[test]
fn workloads_of_an_unknown_principal_stay_apart() {
    let ledger = Temporary::new();
    let many: Vec<_> = (0..200).map(|key| on_the_wire("busy", &key.to_string())).collect();
    write(ledger.path(), "first", &many, "one");
    let few = [on_the_wire("quiet", "1"), on_the_wire("quiet", "2"), on_the_wire("quiet", "1")];
    write(ledger.path(), "second", &few, "two");
    compact(&ledger.path(), WriterOptions::default()).unwrap();
    let mut quiet = records_of(ledger.path());
    quiet.retain(|row| row.workload == few[0].workload);
    quiet.sort_by(|left, right| left.resources.cmp(&right.resources));
    let calls: Vec<_> =
        quiet.iter().map(|row| (row.resources.clone(), row.count, row.sample_id.clone())).collect();
    let own = |row: &UsageRecord, count| (row.resources.clone(), count, row.sample_id.clone());
    assert_eq!(
        calls,
        [own(&few[0], 2), own(&few[1], 1)],
        "neither its names are cut nor its examples shared"
    );
    let rows = records_of(ledger.path());
    assert!(rows.iter().any(|row| row.resources == ["arn:aws:s3:::bucket/*"]), "{rows:#?}");
}
