use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::{Cluster, ClusterProfile, Organisation, Profile, SAMPLE_SEED, unpack};

fn sample() -> Organisation {
    Organisation::generate(SAMPLE_SEED, &Profile::sample().unwrap()).unwrap()
}

fn committed(path: &str) -> Vec<u8> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Only the contents are compared: another version of zstd may pack equal files differently.
#[test]
fn the_committed_sample_is_what_the_generator_makes() {
    let organisation = sample();
    let hint = "hint: run `cargo run -p remit-organisation -- pack`";
    let archive = unpack(&committed("analyzer/sample/organisation.tar.zst")).unwrap();
    let cluster = Cluster::generate(SAMPLE_SEED, &ClusterProfile::demo().unwrap()).unwrap();
    let made = organisation.packed_files(&cluster).unwrap();
    assert_eq!(archive.len(), made.len(), "{hint}");
    for (committed, made) in archive.iter().zip(&made) {
        assert_eq!(committed.path, made.path, "{hint}");
        assert!(committed.text == made.text, "{} differs\n{hint}", made.path);
    }
    assert!(
        committed("tests/organisation/sample/truth.json") == organisation.truth_text().as_bytes(),
        "{hint}"
    );
}

#[test]
fn the_sample_packs_into_less_than_a_megabyte() {
    assert!(committed("analyzer/sample/organisation.tar.zst").len() <= 1 << 20);
}

#[test]
fn every_record_is_json_with_an_identifier_of_its_own() {
    let organisation = sample();
    let mut ids = BTreeSet::new();
    for record in organisation.records() {
        let value: Value =
            serde_json::from_str(&record.text).unwrap_or_else(|error| panic!("{error}: {}", record.text));
        assert!(ids.insert(value["eventID"].as_str().unwrap().to_owned()), "{}", record.text);
        assert_eq!(value["awsRegion"], record.region.as_str());
    }
    let truth = &organisation.truth().log;
    assert_eq!(truth.calls + truth.service_events + truth.sign_ins, ids.len() as u64);
}

#[test]
fn an_access_key_is_issued_before_it_is_used() {
    let organisation = sample();
    let mut issued = BTreeSet::new();
    for record in organisation.records() {
        let value: Value = serde_json::from_str(&record.text).unwrap();
        if let Some(key) = value["responseElements"]["credentials"]["accessKeyId"].as_str() {
            issued.insert(key.to_owned());
        }
        let identity = &value["userIdentity"];
        if identity["type"] == "AssumedRole" {
            let key = identity["accessKeyId"].as_str().unwrap();
            assert!(issued.contains(key), "{}", record.text);
        }
    }
}

#[test]
fn the_log_is_as_mixed_as_real_ones() {
    let log = sample().truth().log.clone();
    let share = |part: u64| 100 * part / log.calls;
    assert!((7..=13).contains(&share(log.errors)), "{log:?}");
    assert!((1..=4).contains(&share(log.denied)), "{log:?}");
    assert!((9..=18).contains(&share(log.via)), "{log:?}");
    assert!(log.duplicates > 20 && log.service_events > 50 && log.sign_ins > 10, "{log:?}");
}
