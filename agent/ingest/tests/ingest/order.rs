//! The order of events, their repetition and their spread over files and runs change nothing.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use remit_ingest::cloudtrail::ingest;
use remit_ingest::{Limits, NoProgress, Options, Summary};
use remit_ledger::{WriterOptions, compact};

use crate::contents::{examples, sums};
use crate::log::records;

fn run(ledger: &Path, input: &Path, threads: usize) -> Summary {
    let options = Options {
        inputs: vec![input.to_string_lossy().into_owned()],
        ledger: ledger.to_owned(),
        threads,
        limits: Limits { counts: 256 << 10, ..Limits::default() },
        ..Options::default()
    };
    ingest(options, None, &NoProgress).unwrap()
}

type Content = (BTreeMap<String, u64>, BTreeMap<String, Option<String>>);

/// The ledger's content after these files were ingested, each in a run of its own or all in one.
fn ingested(files: &[Vec<u64>], runs: bool, threads: usize) -> Content {
    let place = tempfile::tempdir().unwrap();
    let ledger = place.path().join("ledger");
    for (number, file) in files.iter().enumerate() {
        let input = place.path().join("input");
        std::fs::create_dir_all(&input).unwrap();
        std::fs::write(input.join(format!("{number}.json")), records(file.iter().copied())).unwrap();
        if runs {
            run(&ledger, &input, threads);
        }
    }
    run(&ledger, &place.path().join("input"), threads);
    let content = (sums(&ledger), examples(&ledger));
    compact(&ledger, WriterOptions::default()).unwrap();
    assert_eq!((sums(&ledger), examples(&ledger)), content, "compaction changes nothing");
    content
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, ..ProptestConfig::default() })]
    #[test]
    fn shuffled_repeated_and_spread_over_files_the_content_is_the_same(
        shuffled in Just((0..600_u64).collect::<Vec<_>>()).prop_shuffle(),
        repeated in proptest::collection::vec(0..600_u64, 0..200),
        pieces in 1..7_usize,
        runs in any::<bool>(),
        threads in 1..4_usize,
    ) {
        let plain = ingested(&[(0..600).collect()], false, 1);
        let numbers: Vec<u64> = shuffled.into_iter().chain(repeated).collect();
        let files: Vec<Vec<u64>> = numbers.chunks(numbers.len().div_ceil(pieces)).map(<[u64]>::to_vec).collect();
        prop_assert_eq!(ingested(&files, runs, threads), plain);
    }
}

/// A call that names a role or user, made once in each hour.
fn lookup(operation: &str, parameter: &str, number: u64) -> String {
    let (day, hour, name) = (1 + number / 24 % 28, number % 24, number % 40);
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/u{operation}","accountId":"111122223333"}},"eventTime":"2026-10-{day:02}T{hour:02}:00:00Z","eventSource":"iam.amazonaws.com","eventName":"{operation}","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.{}","requestParameters":{{"{parameter}":"n{name}"}},"eventID":"{operation}-{number}","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}}"#,
        number % 200
    )
}

/// Workers number operations as they meet them, and keep what they know of names from one flush to the next.
#[test]
fn workers_that_meet_operations_in_another_order_count_alike() {
    let place = tempfile::tempdir().unwrap();
    let input = place.path().join("input");
    std::fs::create_dir(&input).unwrap();
    for file in 0..60 {
        let numbers = file * 400..(file + 1) * 400;
        let mut events: Vec<String> = numbers
            .flat_map(|number| [lookup("GetRole", "roleName", number), lookup("GetUser", "userName", number)])
            .collect();
        if file % 2 == 1 {
            events.reverse();
        }
        let text = format!(r#"{{"Records":[{}]}}"#, events.join(","));
        std::fs::write(input.join(format!("{file:02}.json")), text).unwrap();
    }
    let run = |name: &str, threads| {
        let ledger = place.path().join(name);
        let options = Options {
            inputs: vec![input.to_string_lossy().into_owned()],
            ledger: ledger.clone(),
            threads,
            limits: Limits { counts: 1 << 20, ..Limits::default() },
            ..Options::default()
        };
        let summary = ingest(options, None, &NoProgress).unwrap();
        assert!(summary.commits > 2, "{summary:?}");
        sums(&ledger)
    };
    assert_eq!(run("two", 2), run("one", 1));
}
