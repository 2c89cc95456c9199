//! Logs and ledgers in an object store, which is another project's server.

use std::path::Path;
use std::process::Command;

use remit_organisation::{Organisation, Profile, Size};
use remit_tests::cloud::Cloud;
use remit_tests::program::{self, Ran, ran, remit};

const SEED: u64 = 5;

/// Runs `remit` against the server.
fn run(cloud: &Cloud, place: &Path, arguments: &[&str]) -> Ran {
    let mut command: Command = program::command();
    cloud.lend(&mut command);
    ran(command.current_dir(place).args(arguments))
}

fn usage(place: &Path, ledger: &str) -> String {
    remit(place, &["usage", "--ledger", ledger, "--format", "csv"])
}

#[test]
fn logs_and_ledgers_are_read_from_a_bucket() {
    let profile = Profile::random(SEED, Size { roles: 3, days: 20, operations: 6 }).unwrap();
    let organisation = Organisation::generate(SEED, &profile).unwrap();
    let place = tempfile::tempdir().unwrap();
    organisation.write(place.path()).unwrap();
    // An object that is fetched as it is read, and in pieces: its events come many times over.
    let lines: String = organisation.records().iter().map(|record| record.text.clone() + "\n").collect();
    let logs = place.path().join("AWSLogs");
    std::fs::write(logs.join("large.json"), lines.repeat(1 + (9 << 20) / lines.len())).unwrap();
    std::fs::write(logs.join("readme.txt"), "no log").unwrap();
    let Some(cloud) = Cloud::start() else { return };
    cloud.upload(&logs, "trail", "org/AWSLogs/");

    remit(place.path(), &["ingest", "cloudtrail", "AWSLogs", "--ledger", "local"]);
    let far = ["ingest", "cloudtrail", "s3://trail/org/AWSLogs/", "--ledger", "far"];
    let first = run(&cloud, place.path(), &far);
    assert_eq!(first.code, Some(0), "{first:#?}");
    assert!(first.talk.contains("passed over 1 that are no logs"), "{}", first.talk);
    assert_eq!(usage(place.path(), "far"), usage(place.path(), "local"));

    let again = run(&cloud, place.path(), &far);
    assert!(again.talk.contains("read 0 events"), "{}", again.talk);
    let one = ["ingest", "cloudtrail", "s3://trail/org/AWSLogs/large.json", "--ledger", "one"];
    let one = run(&cloud, place.path(), &one);
    assert!(one.talk.contains("read 1 file\n"), "{}", one.talk);

    // The ledger itself may be there, for every verb that reads one.
    cloud.upload(&place.path().join("far"), "trail", "ledgers/far/");
    let there = ["usage", "--ledger", "s3://trail/ledgers/far", "--format", "csv"];
    let there = run(&cloud, place.path(), &there);
    assert_eq!((there.code, there.out), (Some(0), usage(place.path(), "local")), "{}", there.talk);
}

#[test]
fn what_is_not_in_the_store_is_said() {
    let Some(cloud) = Cloud::start() else { return };
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir(place.path().join("empty")).unwrap();
    cloud.upload(&place.path().join("empty"), "trail", "");
    for (address, words) in [
        ("s3://trail/none", "there is no object"),
        ("s3://missing/AWSLogs", "NoSuchBucket"),
        ("gs://trail/AWSLogs", "only addresses of the form `s3://BUCKET/PREFIX`"),
        ("s3://", "it names no bucket"),
    ] {
        let ran = run(&cloud, place.path(), &["ingest", "cloudtrail", address, "--ledger", "ledger"]);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.talk.contains(words) && ran.talk.contains(address), "{}", ran.talk);
    }
}
