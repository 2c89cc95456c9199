//! What is said of a ledger with states beside it, and without.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use remit_organisation::{Organisation, Profile, Size};
use remit_tests::case::files;
use remit_tests::cloud::Cloud;
use remit_tests::peer;
use remit_tests::program::{Ran, command, ran, remit, run};

const GRANTS: &str = "account-authorization-details.json";

/// An organisation whose logs of 40 days reach over the end of a month.
fn place() -> tempfile::TempDir {
    let profile = Profile::random(13, Size { roles: 4, days: 40, operations: 6 }).unwrap();
    let place = tempfile::tempdir().unwrap();
    Organisation::generate(13, &profile).unwrap().write(place.path()).unwrap();
    place
}

/// Reads the logs of the last day, or all but these. Each day has a folder.
fn ingest(place: &Path, last: bool) {
    let mut logs: Vec<PathBuf> = files(&place.join("AWSLogs"));
    // Digests and insights, of which nothing is recorded, are delivered in folders of their own.
    logs.retain(|path| path.components().any(|part| part.as_os_str() == "CloudTrail"));
    let day = |path: &PathBuf| path.parent().map(Path::to_path_buf);
    let newest = logs.iter().filter_map(day).max().unwrap();
    logs.retain(|path| (day(path).as_ref() == Some(&newest)) == last);
    assert!(!logs.is_empty());
    let logs: Vec<_> = logs.iter().map(|path| path.to_str().unwrap()).collect();
    let rest = ["--ledger", "ledger", "--coverage", "event-selectors.json"];
    remit(place, &[&["ingest", "cloudtrail"], logs.as_slice(), &rest].concat());
}

fn roll_up(place: &Path) -> String {
    let ran = run(place, &["ledger", "roll-up", "--ledger", "ledger"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:#?}");
    ran.talk
}

/// What several verbs say, and the files that they write.
fn said(place: &Path) -> (Vec<Ran>, BTreeMap<PathBuf, Vec<u8>>) {
    let out = place.join("out");
    let _ = std::fs::remove_dir_all(&out);
    let grants = ["--ledger", "ledger", "--grants", GRANTS];
    let narrow =
        ["findings", "--format", "json", "--window", "15d", "--history", "20d", "--min-window", "5d"];
    let verbs: [&[&str]; 5] = [
        &["usage", "--ledger", "ledger", "--since", "20d", "--format", "json"],
        &[&narrow[..], &grants].concat(),
        &[&["propose", "--out", "out/proposals"], &grants[..]].concat(),
        &[&["report", "--out", "out/report"], &grants[..]].concat(),
        &[&["backtest", "--train", "10", "--horizon", "5", "--format", "json"], &grants[..]].concat(),
    ];
    let said = verbs.map(|verb| run(place, verb)).to_vec();
    assert!(said.iter().all(|ran| ran.code == Some(0)), "{said:#?}");
    let written = files(&out).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap()));
    (said, written.collect())
}

#[test]
fn no_byte_is_another_with_states_whether_up_to_date_or_not() {
    let place = place();
    let place = place.path();
    ingest(place, false);
    let first = roll_up(place);
    assert!(first.starts_with("2 states written, of "), "{first}");
    let info = || {
        let info = remit(place, &["ledger", "info", "--ledger", "ledger", "--format", "json"]);
        let info: serde_json::Value = serde_json::from_str(&info).unwrap();
        ["states", "usage_files_in_states", "usage_files"].map(|key| info[key].as_u64().unwrap())
    };
    let [states, summed, files] = info();
    assert!(states == 2 && summed == files && files > 30, "{states} of {summed} of {files}");
    ingest(place, true);
    let [states, summed_now, files_now] = info();
    assert!(states == 2 && summed_now == summed && files_now > files);
    let behind = said(place);
    let second = roll_up(place);
    assert!(second.starts_with("1 state written, of ") && second.ends_with("; 1 up to date\n"), "{second}");
    assert_eq!(roll_up(place), "every state is up to date\n");
    let with = said(place);
    std::fs::remove_dir_all(place.join("ledger/rollup")).unwrap();
    let without = said(place);
    assert!(without.1.len() > 4, "{:?}", without.1.keys());
    assert!(without == with && without == behind);
}

#[test]
fn a_damaged_state_is_told_and_passed_over() {
    let place = place();
    let place = place.path();
    ingest(place, false);
    roll_up(place);
    let usage = ["usage", "--ledger", "ledger", "--format", "csv"];
    let before = remit(place, &usage);
    let states = files(&place.join("ledger/rollup"));
    let [first, second] = states.as_slice() else { panic!("two months: {states:?}") };
    std::fs::write(first, "PAR1 and nothing else").unwrap();
    let ran = run(place, &usage);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), before.as_str()), "{}", ran.talk);
    assert!(ran.talk.contains(first.file_name().unwrap().to_str().unwrap()), "{}", ran.talk);
    // The footer of another is whole, and its rows are not.
    let mut bytes = std::fs::read(second).unwrap();
    let end = bytes.len() / 2;
    bytes[16..end].fill(0xa5);
    std::fs::write(second, bytes).unwrap();
    let ran = run(place, &usage);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), before.as_str()), "{}", ran.talk);
    assert!(ran.talk.contains("its usage files are read in their place"), "{}", ran.talk);

    std::fs::remove_file(second).unwrap();
    assert!(roll_up(place).contains("2 states written, of "));
    assert!(!first.exists(), "what cannot be read is removed");
    let ran = run(place, &usage);
    assert_eq!((ran.out.as_str(), ran.talk.as_str()), (before.as_str(), ""));
}

/// A state may be the only sound copy of what a damaged file held.
#[test]
fn a_damaged_file_of_calls_is_named_and_no_state_is_blamed() {
    let place = place();
    let place = place.path();
    ingest(place, false);
    roll_up(place);
    let size = |path: &PathBuf| std::fs::metadata(path).unwrap().len();
    let file = files(&place.join("ledger/usage")).into_iter().max_by_key(size).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    // What describes the columns is at the end, most of a small file, and stays whole.
    bytes[24..200].fill(0xa5);
    std::fs::write(&file, bytes).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let says = |verb: &[&str]| {
        let ran = run(place, verb);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.talk.contains(name) && ran.talk.contains("hint: bring the file back"), "{}", ran.talk);
        assert!(!ran.talk.contains("rollup"), "{}", ran.talk);
    };
    says(&["findings", "--ledger", "ledger", "--grants", GRANTS]);
    std::fs::remove_dir_all(place.join("ledger/rollup")).unwrap();
    says(&["usage", "--ledger", "ledger"]);
    says(&["ledger", "roll-up", "--ledger", "ledger"]);
}

#[test]
fn there_must_be_a_ledger_to_roll_up_and_there_may_be_nothing_in_it() {
    let place = tempfile::tempdir().unwrap();
    let ran = run(place.path(), &["ledger", "roll-up", "--ledger", "none"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.talk.starts_with("error: no ledger at `none`\nhint: "), "{}", ran.talk);
    assert!(!place.path().join("none").exists());
    std::fs::create_dir(place.path().join("ledger")).unwrap();
    assert_eq!(roll_up(place.path()), "every state is up to date\n");
}

const SUMS: &str = "
import duckdb
usage = duckdb.sql('''
    SELECT principal, service, operation, outcome, sum(count), epoch_us(min(first_seen)), epoch_us(max(last_seen)),
           count(DISTINCT window_start::DATE)
    FROM read_parquet('ledger/usage/v1/**/*.parquet') GROUP BY ALL ORDER BY ALL
''').fetchall()
states = duckdb.sql('''
    SELECT principal, service, operation, outcome, sum(count), epoch_us(min(first_seen)), epoch_us(max(last_seen)),
           CAST(sum(days) AS BIGINT)
    FROM (SELECT * REPLACE (bit_count(days) AS days) FROM read_parquet('ledger/rollup/v1/**/*.parquet'))
    GROUP BY ALL ORDER BY ALL
''').fetchall()
print(len(usage))
for ours, theirs in zip(states, usage, strict=True):
    # Names of resources are cut in states. Several of them may have a day; none has one that usage has not.
    assert ours[:7] == theirs[:7] and ours[7] >= theirs[7], (ours, theirs)
";

#[test]
fn duckdb_reads_of_states_what_it_reads_of_usage() {
    let Some(mut python) = peer::python() else { return };
    let place = place();
    ingest(place.path(), false);
    roll_up(place.path());
    let ran = ran(python.current_dir(place.path()).args(["-c", SUMS]));
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(ran.out.trim().parse::<u32>().unwrap() > 10, "{}", ran.out);
}

#[test]
fn states_may_be_in_a_bucket() {
    let Some(cloud) = Cloud::start() else { return };
    let place = place();
    let place = place.path();
    ingest(place, false);
    let usage = remit(place, &["usage", "--ledger", "ledger", "--format", "csv"]);
    cloud.upload(&place.join("ledger"), "trail", "ledgers/far/");
    let far = |arguments: &[&str]| {
        let mut command = command();
        cloud.lend(&mut command);
        ran(command.current_dir(place).args(arguments).args(["--ledger", "s3://trail/ledgers/far"]))
    };
    let first = far(&["ledger", "roll-up"]);
    assert!(first.code == Some(0) && first.talk.starts_with("2 states written, of "), "{first:#?}");
    let there = far(&["usage", "--format", "csv"]);
    assert_eq!((there.code, there.out.as_str(), there.talk.as_str()), (Some(0), usage.as_str(), ""));
    let again = far(&["ledger", "roll-up"]);
    assert_eq!(again.talk, "every state is up to date\n", "{again:#?}");
    cloud.download("trail", &place.join("back"));
    let states = files(&place.join("back/ledgers/far/rollup"));
    assert_eq!(states.len(), 2, "{states:?}");
}
