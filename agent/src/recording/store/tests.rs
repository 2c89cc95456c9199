use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use remit_ledger::{CoverageRecord, Outcome, UsageRecord};

use super::*;
use crate::identity::{Identity, Subject};
use crate::recording::samples::{START, call, subject};
use crate::recording::{Call, Recorder, RecorderSettings};

mod gaps;
mod opening;

struct Disks {
    folder: tempfile::TempDir,
}

impl Disks {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(place.disk()).unwrap();
        place
    }

    /// The disk of the ledger, which may be away.
    fn disk(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn ledger(&self) -> PathBuf {
        self.disk().join("ledger")
    }

    fn spool(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    fn store(&self) -> Store {
        Store::new(self.settings(1 << 30)).unwrap()
    }

    fn settings(&self, spool_limit: u64) -> StoreSettings {
        StoreSettings { ledger: Place::Folder(self.ledger()), spool: Some(self.spool()), spool_limit }
    }

    /// A store whose machine stops after so many steps of publishing.
    fn store_that_stops(&self, after: usize) -> Store {
        let steps = AtomicUsize::new(0);
        let interrupt = move |_: remit_ledger::Step<'_>| match steps.fetch_add(1, Ordering::Relaxed) {
            step if step >= after => Err(std::io::Error::other("stopped")),
            _ => Ok(()),
        };
        Store { interrupt: Some(Arc::new(interrupt)), ..self.store() }
    }

    fn take_away(&self) {
        fs::rename(self.disk(), self.folder.path().join("away")).unwrap();
        fs::write(self.disk(), "").unwrap();
    }

    fn bring_back(&self) {
        fs::remove_file(self.disk()).unwrap();
        fs::rename(self.folder.path().join("away"), self.disk()).unwrap();
    }

    fn usage(&self) -> Vec<UsageRecord> {
        let snapshot = Snapshot::of_folder(&self.ledger()).unwrap();
        assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
        assert!(snapshot.info().counts.is_balanced());
        crate::recording::spool::at_once(snapshot.usage()).unwrap()
    }

    fn total(&self) -> u64 {
        self.usage().iter().map(|record| record.count).sum()
    }

    /// What may be lost of AWS's calls.
    fn lost(&self) -> Vec<CoverageRecord> {
        let snapshot = Snapshot::of_folder(&self.ledger()).unwrap();
        let mut records = crate::recording::spool::at_once(snapshot.coverage()).unwrap();
        records.retain(|record| record.lost > 0 && record.provider == remit_ledger::Provider::Aws);
        records
    }
}

fn recorder() -> Recorder {
    Recorder::new(RecorderSettings::default(), START)
}

/// Calls of different operations, as many as `count` in all.
fn calls(who: &Arc<Subject>, count: usize) -> Vec<Call> {
    (0..count).map(|number| call(who, &format!("Operation{}", number % 3), "a")).collect()
}

fn batch(calls: Vec<Call>) -> Batch {
    let mut recorder = recorder();
    calls.into_iter().for_each(|call| recorder.record(call));
    recorder.take(START + 60_000_000).unwrap()
}

#[test]
fn rows_say_what_was_known_when_they_were_written() {
    let place = Disks::new();
    let late = Subject::new(Identity::default());
    let mut recorder = recorder();
    recorder.record(call(&late, "GetObject", "a"));
    recorder.record(call(&subject("web"), "GetObject", "a"));
    late.learn(Identity::clone(&subject("web").identity()));
    recorder.record(Call { last: START + remit_ledger::DAY, ..call(&late, "GetObject", "a") });
    recorder.record(Call {
        principal: Some(super::super::Principal {
            name: "system:serviceaccount:shop:web".into(),
            kind: "x".into(),
        }),
        ..call(&Subject::new(Identity::default()), "GetObject", "a")
    });
    let written = place.store().write(recorder.take(START).unwrap());
    assert!(written.problems.is_empty() && written.left.is_none());
    assert_eq!((written.recorded, written.spooled), (4, 0));
    let mut usage = place.usage();
    usage.sort_by_key(|record| (record.window_start, record.principal.clone()));
    let [named, both, next_day] = usage.as_slice() else { panic!("{usage:#?}") };
    assert_eq!(
        (named.principal.as_str(), named.workload.is_none()),
        ("system:serviceaccount:shop:web", true)
    );
    assert_eq!(
        (both.principal.as_str(), both.principal_kind.as_str(), both.count),
        ("unknown", "unknown", 2)
    );
    assert_eq!(both.source_identity.as_deref(), Some("system:serviceaccount:shop:web"));
    assert_eq!(both.workload.as_ref().unwrap().owner_name.as_deref(), Some("web"));
    assert_eq!((both.evidence.as_str(), both.credential.as_deref()), ("wire", Some("ASIAEXAMPLE")));
    assert_eq!(next_day.window_start, START + remit_ledger::DAY);
    let snapshot = Snapshot::of_folder(&place.ledger()).unwrap();
    let coverage = crate::recording::spool::at_once(snapshot.coverage()).unwrap();
    assert_eq!((coverage.len(), coverage[0].events, coverage[0].account.as_deref()), (1, 4, None));
}

#[test]
fn too_many_names_are_cut_as_readers_would_cut_them() {
    let place = Disks::new();
    let (web, worker) = (subject("web"), subject("worker"));
    let mut calls: Vec<Call> = (0..100).map(|key| call(&web, "GetObject", &key.to_string())).collect();
    calls.push(call(&worker, "GetObject", "1"));
    place.store().write(batch(calls));
    let usage = place.usage();
    let of = |name: &str| {
        let is_its =
            |record: &&UsageRecord| record.workload.as_ref().unwrap().owner_name.as_deref() == Some(name);
        usage.iter().filter(is_its).map(|record| (record.resources.clone(), record.count)).collect::<Vec<_>>()
    };
    assert_eq!(of("web"), [(vec!["arn:aws:s3:::bucket/*".to_owned()], 100)]);
    assert_eq!(of("worker"), [(vec!["arn:aws:s3:::bucket/1".to_owned()], 1)]);
}

#[test]
fn killed_at_any_step_nothing_acknowledged_is_lost_or_counted_twice() {
    let web = subject("web");
    let mut is_done = false;
    for step in 0..100 {
        let place = Disks::new();
        assert_eq!(place.store().write(batch(calls(&web, 5))).recorded, 5);
        let without_spool = StoreSettings { spool: None, ..place.settings(0) };
        let mut store = Store { spool: None, ..place.store_that_stops(step) };
        let written = store.write(batch(calls(&web, 7)));
        let durable = written.recorded;
        assert_eq!(durable + written.left.as_ref().map_or(0, Batch::calls), 7);
        drop(store);
        // The agent that comes after opens the ledger, which cleans up.
        let again = Store::new(without_spool).unwrap().write(batch(calls(&web, 1)));
        assert_eq!(again.recorded, 1, "{:?}", again.problems);
        assert_eq!(place.total(), 5 + durable + 1, "step {step}");
        is_done = written.problems.is_empty();
        if is_done {
            break;
        }
        // What was not acknowledged may be given once more.
        if let Some(left) = written.left {
            place.store().write(left);
        }
        assert_eq!(place.total(), 13, "step {step}");
    }
    assert!(is_done, "there are more steps");
}

#[test]
fn calls_wait_in_the_spool_while_the_ledger_is_away() {
    let place = Disks::new();
    let web = subject("web");
    place.take_away();
    let mut recorder = recorder();
    for _ in 0..3 {
        calls(&web, 4).into_iter().for_each(|call| recorder.record(call));
        recorder.dropped("ring", 2, START, START + 10);
        let written = place.store().write(recorder.take(START + 60_000_000).unwrap());
        assert_eq!((written.recorded, written.spooled, written.problems.len()), (0, 4, 1));
        recorder.acknowledge(written);
    }
    assert_eq!((recorder.conservation().recorded, recorder.conservation().pending), (12, 0));
    place.bring_back();
    let written = place.store().write(batch(calls(&web, 1)));
    assert_eq!((written.moved, written.recorded, written.problems.len()), (12, 1, 0));
    assert_eq!(place.total(), 13);
    assert_eq!(place.lost().iter().map(|record| record.lost).sum::<u64>(), 6);
    let snapshot = Snapshot::of_folder(&place.ledger()).unwrap();
    assert_eq!((snapshot.info().counts.read, snapshot.info().counts.lost["ring"]), (19, 6));
    // Nothing is left behind, and nothing comes twice.
    assert_eq!(Snapshot::of_folder(&place.spool()).unwrap().info().commits, 0);
    assert_eq!(place.store().write(batch(calls(&web, 1))).moved, 0);
    assert_eq!(place.total(), 14);
}

#[test]
fn a_ledger_that_another_writes_is_written_beside_it() {
    let place = Disks::new();
    let web = subject("web");
    let other = LedgerWriter::open(&place.ledger(), WriterOptions::default()).unwrap();
    // At its start, and later, when it does not look at what is there any more.
    let mut store = place.store();
    for _ in 0..2 {
        let written = store.write(batch(calls(&web, 4)));
        assert_eq!((written.recorded, written.spooled, written.problems.len()), (4, 0, 0));
    }
    assert_eq!(place.total(), 8);
    drop(other);
    // And the agent keeps nobody out.
    LedgerWriter::open(&place.ledger(), WriterOptions::default()).unwrap();
}

#[test]
fn killed_while_the_spool_is_moved_it_is_moved_once() {
    let web = subject("web");
    let mut is_done = false;
    for step in 0..100 {
        let place = Disks::new();
        place.take_away();
        for _ in 0..2 {
            assert_eq!(place.store().write(batch(calls(&web, 4))).spooled, 4);
        }
        place.bring_back();
        let written = place.store_that_stops(step).write(batch(calls(&web, 7)));
        let durable = written.recorded + written.spooled;
        is_done = written.problems.is_empty();
        drop(written);
        place.store().write(batch(calls(&web, 1)));
        assert_eq!(place.total(), 8 + durable + 1, "step {step}");
        if is_done {
            break;
        }
    }
    assert!(is_done, "there are more steps");
}

#[test]
fn a_commit_that_was_moved_and_not_removed_is_not_moved_again() {
    let place = Disks::new();
    let web = subject("web");
    place.take_away();
    place.store().write(batch(calls(&web, 4)));
    let copy = place.folder.path().join("copy");
    copy_folder(&place.spool(), &copy);
    place.bring_back();
    place.store().write(batch(calls(&web, 1)));
    fs::remove_dir_all(place.spool()).unwrap();
    fs::rename(&copy, place.spool()).unwrap();
    assert_eq!(place.store().write(batch(calls(&web, 1))).moved, 0);
    assert_eq!(place.total(), 6);
    assert_eq!(Snapshot::of_folder(&place.spool()).unwrap().info().commits, 0);
    // Nor after the ledger was compacted.
    remit_ledger::compact(&place.ledger(), WriterOptions::default()).unwrap();
    assert_eq!(place.total(), 6);
}

#[test]
fn a_full_spool_hands_back() {
    let place = Disks::new();
    place.take_away();
    let web = subject("web");
    let mut store = Store::new(place.settings(1)).unwrap();
    assert_eq!(store.write(batch(calls(&web, 4))).spooled, 4);
    let mut recorder = recorder();
    calls(&web, 4).into_iter().for_each(|call| recorder.record(call));
    let written = store.write(recorder.take(START).unwrap());
    assert_eq!((written.spooled, written.recorded), (0, 0));
    recorder.acknowledge(written);
    place.bring_back();
    let written = store.write(recorder.take(START).unwrap());
    assert_eq!((written.moved, written.recorded), (4, 4));
    recorder.acknowledge(written);
    assert_eq!((recorder.conservation().recorded, place.total()), (4, 8));
    assert!(recorder.conservation().is_balanced());
}

#[test]
fn losses_are_seen_by_readers_and_stay() {
    let place = Disks::new();
    let mut recorder = recorder();
    for minute in 0..3 {
        let start = START + minute * 60_000_000;
        recorder.dropped("ring", 5, start, start + 9);
        recorder.dropped("decoder", 1, start, start);
        let batch = recorder.take(start + 60_000_000).unwrap();
        recorder.acknowledge(place.store().write(batch));
    }
    let sum = |records: &[CoverageRecord]| records.iter().map(|record| record.lost).sum::<u64>();
    let lost = place.lost();
    assert_eq!((sum(&lost), lost.len()), (18, 6));
    assert!(lost.iter().all(|record| record.account.is_none() && record.evidence == "wire"));
    assert!(lost.iter().any(|record| (record.start, record.end) == (START, START + 10)));
    remit_ledger::compact(&place.ledger(), WriterOptions::default()).unwrap();
    assert_eq!(sum(&place.lost()), 18);
    assert!(recorder.conservation().is_balanced());
}

#[test]
fn a_damaged_spool_is_a_loss_and_put_aside() {
    let place = Disks::new();
    let web = subject("web");
    place.take_away();
    for _ in 0..2 {
        place.store().write(batch(calls(&web, 4)));
    }
    let snapshot = Snapshot::of_folder(&place.spool()).unwrap();
    fs::write(place.spool().join(&snapshot.usage_files()[0].path), "damaged").unwrap();
    drop(snapshot);
    place.bring_back();
    let written = place.store().write(batch(calls(&web, 1)));
    assert_eq!((written.moved, written.recorded), (4, 1), "{:?}", written.problems);
    assert!(place.lost().iter().any(|record| record.start == 0), "{:?}", place.lost());
    assert!(!place.spool().exists());
    assert_eq!(place.total(), 5);
    let aside = fs::read_dir(place.folder.path()).unwrap().flatten();
    assert_eq!(aside.filter(|entry| entry.file_name().to_string_lossy().contains("damaged")).count(), 1);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Everything that rows of equal calls have in common, with their sums.
fn sums(usage: &[UsageRecord]) -> BTreeMap<String, (u64, i64, i64, Option<String>)> {
    let mut sums: BTreeMap<String, (u64, i64, i64, Option<String>)> = BTreeMap::new();
    for record in usage {
        let key = format!(
            "{} {} {:?} {:?} {:?} {:?}",
            record.window_start,
            record.operation,
            record.resources,
            record.workload,
            record.outcome,
            record.source_identity
        );
        let sum = sums.entry(key).or_insert((0, i64::MAX, i64::MIN, None));
        sum.0 += record.count;
        sum.1 = sum.1.min(record.first_seen);
        sum.2 = sum.2.max(record.last_seen);
        sum.3 = match (sum.3.take(), record.sample_id.clone()) {
            (Some(left), Some(right)) => Some(left.min(right)),
            (left, right) => left.or(right),
        };
    }
    sums
}

fn some_calls() -> impl Strategy<Value = Vec<(usize, u8, u8, i64, u64, bool)>> {
    proptest::collection::vec((0..3_usize, 0..3_u8, 0..4_u8, 0..72_i64, 1..9_u64, any::<bool>()), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn order_and_batches_do_not_matter(
        calls in some_calls().prop_flat_map(|calls| (Just(calls.clone()), Just(calls).prop_shuffle())),
        cuts in proptest::collection::vec(1..20_usize, 1..6),
        away in proptest::collection::vec(any::<bool>(), 6),
    ) {
        let subjects = ["a", "b", "c"].map(subject);
        let made = |&(who, what, key, hour, count, is_allowed): &(usize, u8, u8, i64, u64, bool)| {
            let time = START + hour * remit_ledger::HOUR + i64::from(key);
            Call {
                outcome: if is_allowed { Outcome::Allowed } else { Outcome::Denied },
                sample_id: Some(format!("{who}{what}{key}{hour:02}{count}")),
                count,
                first: time,
                last: time,
                ..call(&subjects[who], &what.to_string(), &key.to_string())
            }
        };
        let (ordered, shuffled) = calls;
        let whole = Disks::new();
        whole.store().write(batch(ordered.iter().map(made).collect()));

        let place = Disks::new();
        let mut recorder = recorder();
        let mut rest = shuffled.as_slice();
        for (cut, is_away) in cuts.iter().zip(away) {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            rest = later;
            now.iter().map(made).for_each(|call| recorder.record(call));
            if is_away {
                place.take_away();
            }
            if let Some(batch) = recorder.take(START) {
                recorder.acknowledge(place.store().write(batch));
            }
            if is_away {
                place.bring_back();
            }
        }
        rest.iter().map(made).for_each(|call| recorder.record(call));
        if let Some(batch) = recorder.take(START) {
            recorder.acknowledge(place.store().write(batch));
        }
        // What waits in the spool is moved with whatever comes next, be it nothing.
        let batch = recorder.take(START + 2 * remit_ledger::HOUR).unwrap();
        recorder.acknowledge(place.store().write(batch));
        prop_assert_eq!(sums(&place.usage()), sums(&whole.usage()));
        let made: u64 = ordered.iter().map(|call| call.4).sum();
        prop_assert_eq!((recorder.conservation().attempts, recorder.conservation().recorded), (made, made));
    }
}
