use std::sync::Arc;

use proptest::prelude::*;
use remit_ledger::{HOUR, Outcome};

use super::*;
use crate::recording::part::Part;
use crate::recording::samples::{START, call, subject};

fn small() -> RecorderSettings {
    RecorderSettings { rows: 64, bytes: 1 << 20, share: 16, interval: 60_000_000 }
}

/// What a store that takes everything answers.
fn stored(batch: &Batch) -> Written {
    Written { recorded: batch.calls(), ..Written::default() }
}

fn dropped(recorder: &Recorder, reason: &str) -> u64 {
    recorder.conservation().dropped.get(reason).copied().unwrap_or(0)
}

#[test]
fn equal_calls_are_counted_together() {
    let mut recorder = Recorder::new(small(), START);
    let web = subject("web");
    for second in [3, 1, 2] {
        let time = START + second * 1_000_000;
        let id = format!("id-{second}");
        recorder.record(Call {
            first: time,
            last: time,
            sample_id: Some(id),
            ..call(&web, "GetObject", "a")
        });
    }
    recorder.record(Call { outcome: Outcome::Denied, count: 5, ..call(&web, "GetObject", "a") });
    recorder.record(Call { last: START + HOUR, ..call(&web, "GetObject", "a") });
    recorder.record(Call { count: 0, ..call(&web, "PutObject", "a") });
    recorder.record(call(&subject("web"), "GetObject", "a"));
    let batch = recorder.take(START).unwrap();
    assert_eq!((batch.calls(), batch.parts[0].rows.len()), (10, 4));
    let (_, tally) = batch.parts[0].rows.iter().find(|(_, tally)| tally.count == 3).unwrap();
    assert_eq!((tally.first, tally.last), (START + 1_000_000, START + 3_000_000));
    assert_eq!(tally.sample.as_deref(), Some("id-1"));
    // What the kernel counted over the turn of an hour does not begin before it.
    assert!(batch.parts[0].rows.iter().all(|(key, tally)| tally.first >= key.window));
    recorder.acknowledge(stored(&batch));
    assert_eq!(recorder.conservation().recorded, 10);
    assert!(recorder.conservation().is_balanced());
}

#[test]
fn batches_are_due_by_time_and_by_size() {
    let mut recorder = Recorder::new(small(), START);
    let web = subject("web");
    recorder.record(call(&web, "GetObject", "a"));
    assert!(!recorder.is_due(START + 59_999_999));
    assert!(recorder.is_due(START + 60_000_000));
    for number in 0..4 {
        assert!(!recorder.is_due(START + HURRY), "{number}");
        let subject = subject("web");
        (0..11).for_each(|key| recorder.record(call(&subject, "GetObject", &format!("{number}/{key}"))));
    }
    (0..3).for_each(|key| recorder.record(call(&web, "PutObject", &key.to_string())));
    assert!(recorder.is_due(START + HURRY), "the table is nearly full");
    assert!(!recorder.is_due(START + HURRY - 1), "one file after the other");
    let batch = recorder.take(START).unwrap();
    recorder.acknowledge(Written { left: Some(batch), ..Written::default() });
    assert!(!recorder.is_due(START + 59_999_999), "who refused is not asked again at once");
    let batch = recorder.take(START).unwrap();
    assert!(!recorder.is_due(START + HOUR) && recorder.take(START + HOUR).is_none(), "one at a time");
    recorder.acknowledge(stored(&batch));
    // That nothing happened is said once an hour.
    assert!(recorder.take(START + HOUR - 1).is_none());
    let quiet = recorder.take(START + HOUR).unwrap();
    assert_eq!((quiet.calls(), quiet.parts.len(), quiet.parts[0].since), (0, Provider::ALL.len(), START));
    recorder.acknowledge(stored(&quiet));
    (0..12).for_each(|key| recorder.record(call(&web, "GetObject", &key.to_string())));
    assert!(recorder.is_due(START + HOUR + HURRY), "a caller's share is nearly full");
}

#[test]
fn connections_that_are_read_make_no_files() {
    let (mut recorder, web) = (Recorder::new(small(), START), subject("web"));
    // Of which it is not known whose API it calls, it may be any's.
    recorder.connection(&web, None, true, START);
    assert!(recorder.take(START + 1).is_none());
    recorder.connection(&web, Some(Provider::Aws), false, START + 2);
    let batch = recorder.take(START + 3).unwrap();
    let [part] = batch.parts.as_slice() else { panic!("{batch:?}") };
    let [(_, sight)] = part.sights.as_slice() else { panic!("{part:?}") };
    assert_eq!((part.provider, sight.connections, sight.unread), (Provider::Aws, 2, 1));
    recorder.acknowledge(stored(&batch));
    let late = recorder.take(START + HOUR).unwrap();
    let http = late.parts.iter().find(|part| part.provider == Provider::Http).unwrap();
    assert_eq!((http.sights.len(), http.sights[0].1.connections), (1, 1));
}

#[test]
fn one_caller_does_not_crowd_out_the_others() {
    let mut recorder = Recorder::new(small(), START);
    let (noisy, quiet) = (subject("noisy"), subject("quiet"));
    for key in 0..10_000 {
        recorder.record(call(&noisy, "GetObject", &key.to_string()));
    }
    recorder.record(call(&quiet, "PutObject", "a"));
    assert!(recorder.conservation().dropped.is_empty(), "{:?}", recorder.conservation());
    for operation in 0..10_000 {
        recorder.record(call(&noisy, &format!("/{operation}"), "a"));
    }
    recorder.record(call(&quiet, "PutObject", "b"));
    let (rows, lost) = (recorder.footprint().0, dropped(&recorder, SHARE));
    assert_eq!(rows, 32 + 2);
    assert_eq!(lost, 10_000 - 15);
    let batch = recorder.take(START).unwrap();
    assert_eq!(batch.calls() + lost, 20_002);
    // Calls beyond the share are there, without what they touched.
    let unknown =
        batch.parts[0].rows.iter().find(|(key, _)| key.operation == "GetObject" && key.resources.is_empty());
    assert_eq!(unknown.unwrap().1.count, 10_000 - 16);
    let quiet = batch.parts[0].rows.iter().filter(|(key, _)| key.operation == "PutObject");
    assert!(quiet.clone().all(|(key, _)| key.resources.len() == 1) && quiet.count() == 2);
    recorder.acknowledge(stored(&batch));
    assert!(recorder.conservation().is_balanced());
}

#[test]
fn a_full_table_loses_new_calls_only_and_counts_them() {
    let mut recorder = Recorder::new(small(), START);
    for number in 0..100 {
        recorder.record(call(&subject(&number.to_string()), "GetObject", "a"));
    }
    let known = subject("known");
    let mut recorder_full = Recorder::new(RecorderSettings { bytes: 10_000, ..small() }, START);
    recorder_full.record(call(&known, "GetObject", "a"));
    for number in 0..100 {
        recorder_full.record(call(&subject(&number.to_string()), "GetObject", "a"));
    }
    recorder_full.record(call(&known, "GetObject", "a"));
    assert_eq!((recorder.footprint().0, dropped(&recorder, MEMORY)), (64, 36));
    assert!(recorder_full.footprint().1 <= 11_000, "{:?}", recorder_full.footprint());
    assert!(recorder_full.conservation().is_balanced() && recorder.conservation().is_balanced());
    let batch = recorder.take(START).unwrap();
    let loss = batch.parts[0].losses[0];
    assert_eq!((loss.count, loss.start, loss.end), (36, START + 1_000_000, START + 1_000_001));
    let batch = recorder_full.take(START).unwrap();
    assert!(batch.parts[0].rows.iter().any(|(_, tally)| tally.count == 2));
}

#[test]
fn what_cannot_be_stored_is_counted_on() {
    let mut recorder = Recorder::new(small(), START);
    let web = subject("web");
    recorder.record(call(&web, "GetObject", "a"));
    recorder.dropped("ring", 7, START, START + 5);
    let batch = recorder.take(START + 60_000_000).unwrap();
    recorder.record(call(&web, "GetObject", "a"));
    recorder.acknowledge(Written { left: Some(batch), ..Written::default() });
    let batch = recorder.take(START + 120_000_000).unwrap();
    assert_eq!((batch.calls(), batch.parts[0].rows.len(), batch.parts[0].since), (2, 1, START));
    assert_eq!(batch.parts[0].losses[0].count, 7);
    let conservation = recorder.conservation();
    assert_eq!((conservation.attempts, conservation.pending), (9, 2));
    let text = crate::metrics::text(&conservation.metrics());
    assert!(text.contains("remit_calls_dropped_total{reason=\"ring\"} 7\n"), "{text}");
}

#[test]
fn texts_are_bounded() {
    let mut recorder = Recorder::new(small(), START);
    let (web, long) = (subject("web"), "x".repeat(3000));
    recorder.record(call(&web, "GetObject", &long));
    recorder.record(Call { resources: vec!["a".into(); 100], ..call(&web, "GetObject", "") });
    recorder.record(Call { sample_id: Some(long.clone()), ..call(&web, "GetObject", "a") });
    recorder.record(call(&web, &long, "a"));
    recorder.record(Call { credential: Some(long), ..call(&web, "GetObject", "a") });
    assert_eq!(dropped(&recorder, OVERSIZED), 2);
    let batch = recorder.take(START).unwrap();
    let mut counts: Vec<_> =
        batch.parts[0].rows.iter().map(|(key, tally)| (key.resources.len(), tally.count)).collect();
    counts.sort_unstable();
    assert_eq!(counts, [(0, 2), (1, 1)]);
    assert!(batch.parts[0].rows.iter().all(|(_, tally)| tally.sample.is_none()));
    recorder.acknowledge(stored(&batch));
    assert!(recorder.conservation().is_balanced());
}

#[derive(Clone, Debug)]
enum Act {
    Call(usize, u8, u8, u64),
    Lose(u64),
    Take,
    Store,
    Return,
    Split,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (0..4_usize, 0..8_u8, 0..40_u8, 0..5_u64).prop_map(|(who, what, key, n)| Act::Call(who, what, key, n)),
        1 => (0..9_u64).prop_map(Act::Lose),
        1 => Just(Act::Take),
        1 => Just(Act::Store),
        1 => Just(Act::Return),
        1 => Just(Act::Split),
    ];
    proptest::collection::vec(act, 0..600)
}

proptest! {
    #[test]
    fn every_call_is_accounted_for(acts in acts()) {
        let subjects: Vec<Arc<_>> = ["a", "b", "c", "d"].map(subject).into();
        let mut recorder = Recorder::new(small(), START);
        let mut underway: Option<Batch> = None;
        let mut attempts = 0;
        for act in acts {
            match act {
                Act::Call(who, what, key, count) => {
                    attempts += count;
                    let call = call(&subjects[who], &what.to_string(), &key.to_string());
                    recorder.record(Call { count, ..call });
                }
                Act::Lose(count) => {
                    attempts += count;
                    recorder.dropped("ring", count, START, START);
                }
                Act::Take => underway = underway.or(recorder.take(START)),
                Act::Store => {
                    if let Some(batch) = underway.take() {
                        recorder.acknowledge(stored(&batch));
                    }
                }
                Act::Return => {
                    if let Some(batch) = underway.take() {
                        recorder.acknowledge(Written { left: Some(batch), ..Written::default() });
                    }
                }
                Act::Split => {
                    if let Some(mut batch) = underway.take() {
                        let mut spooled = 0;
                        for part in &mut batch.parts {
                            let half = part.rows.len() / 2;
                            let rows = part.rows.drain(..half).collect();
                            spooled += Part { provider: part.provider, since: part.since, rows, losses: Vec::new(), sights: Vec::new() }.calls();
                        }
                        recorder.acknowledge(Written { spooled, left: Some(batch), ..Written::default() });
                    }
                }
            }
            prop_assert!(recorder.conservation().is_balanced(), "{:?}", recorder.conservation());
            prop_assert_eq!(recorder.conservation().attempts, attempts);
            prop_assert!(recorder.footprint().0 <= small().rows);
        }
    }
}
