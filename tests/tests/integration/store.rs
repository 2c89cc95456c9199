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
fn small_files_in_a_bucket_become_few() {
    let profile = Profile::random(SEED, Size { roles: 3, days: 6, operations: 6 }).unwrap();
    let organisation = Organisation::generate(SEED, &profile).unwrap();
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    // Each of two flushes has events of all days.
    let of_part = |part: usize| {
        let records = organisation.records().iter().enumerate().filter(|(at, _)| at % 2 == part);
        records.map(|(_, record)| record.text.clone() + "\n").collect::<String>()
    };
    for part in [0, 1] {
        let name = format!("part-{part}.json");
        std::fs::write(place.join(&name), of_part(part)).unwrap();
        remit(place, &["ingest", "cloudtrail", &name, "--ledger", "local"]);
    }
    let before = usage(place, "local");
    let Some(cloud) = Cloud::start() else { return };
    cloud.upload(&place.join("local"), "trail", "ledgers/far/");
    let far = |arguments: &[&str]| {
        run(&cloud, place, &[arguments, &["--ledger", "s3://trail/ledgers/far"]].concat())
    };
    assert_eq!(far(&["ledger", "roll-up"]).code, Some(0));
    std::fs::create_dir(place.join("scratch")).unwrap();
    let compact = ["ledger", "compact", "--scratch", "scratch"];

    let nowhere = far(&["ledger", "compact", "--scratch", "nowhere"]);
    assert!(nowhere.code == Some(2) && nowhere.talk.contains("`nowhere`"), "{nowhere:#?}");
    let first = far(&compact);
    assert_eq!(first.code, Some(0), "{first:#?}");
    let local = remit(place, &["ledger", "info", "--ledger", "local", "--format", "json"]);
    let there = far(&["ledger", "info", "--format", "json"]);
    let number = |text: &str, name: &str| {
        serde_json::from_str::<serde_json::Value>(text).unwrap()[name].as_u64().unwrap()
    };
    assert_eq!(2 * number(&there.out, "usage_files"), number(&local, "usage_files"), "{}", there.out);
    for same in ["recorded", "sources", "usage_files_in_states"] {
        let half = if same == "usage_files_in_states" {
            number(&there.out, "usage_files")
        } else {
            number(&local, same)
        };
        assert_eq!(number(&there.out, same), half, "{same}");
    }
    assert!(number(&there.out, "replaced_files") > 0, "who reads them now finds them");
    assert_eq!(std::fs::read_dir(place.join("scratch")).unwrap().count(), 0);
    let read = far(&["usage", "--format", "csv"]);
    assert_eq!((read.code, read.out), (Some(0), before), "{}", read.talk);

    let again = far(&compact);
    assert_eq!(again.code, Some(0), "{again:#?}");
    let said = again.talk.split(" became ").next().unwrap();
    assert!(
        again.talk.starts_with(&format!("{said} became {}", said.split(' ').next().unwrap())),
        "{}",
        again.talk
    );
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
    let ran = run(&cloud, place.path(), &["usage", "--ledger", "s3://trail/ledgre"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(
        ran.talk.starts_with("error: no ledger at `s3://trail/ledgre`: nothing is there\nhint: "),
        "{}",
        ran.talk
    );
}
