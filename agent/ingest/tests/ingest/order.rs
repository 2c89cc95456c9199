//! The order of events, their repetition and their spread over files and runs change nothing.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use remit_ingest::NoProgress;
use remit_ingest::cloudtrail::{Limits, Options, Summary, ingest};
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
    ingest(options, &NoProgress).unwrap()
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
