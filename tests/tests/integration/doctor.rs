//! `remit doctor` on ledgers that the program made itself.

use std::fs;

use remit_tests::{demo, program};

/// The sample organisation has a trail that records no data events.
#[test]
fn the_sample_has_holes_with_what_closes_them() {
    let place = tempfile::tempdir().unwrap();
    demo::put(place.path(), "demo");
    let ledger = ["--ledger", "demo/ledger"];
    let done = program::run(place.path(), &[&["doctor"], ledger.as_slice()].concat());
    assert_eq!(done.code, Some(0), "{done:#?}");
    let lines: Vec<_> = done.out.lines().collect();
    assert!(lines[0].starts_with("aws "), "{}", done.out);
    let hole = lines
        .iter()
        .position(|line| line.starts_with("  data_events_off: ") && line.contains("`AWS::DynamoDB::Table`"))
        .unwrap();
    // The command replaces all selectors of the trail, so that it has to name management events too.
    let (close, rest) = lines[hole + 1].split_once(" '").unwrap();
    assert!(close.ends_with("put-event-selectors --trail-name NAME --advanced-event-selectors"), "{close}");
    let selectors: serde_json::Value = serde_json::from_str(rest.split_once('\'').unwrap().0).unwrap();
    let selectors = selectors.as_array().unwrap();
    let said = |at: usize| serde_json::to_string(&selectors[at]).unwrap();
    assert!(said(0).contains("Management"), "{selectors:#?}");
    assert!((1..selectors.len()).any(|at| said(at).contains("AWS::DynamoDB::Table")), "{selectors:#?}");
    let checked = program::run(place.path(), &[&["doctor", "--check"], ledger.as_slice()].concat());
    assert_eq!((checked.code, &checked.out), (Some(1), &done.out));
    let json = program::run(place.path(), &[&["doctor", "--format", "json"], ledger.as_slice()].concat());
    let holes: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let count = holes.as_array().unwrap().len();
    assert_eq!(done.out.lines().filter(|line| line.starts_with("    close: ")).count(), count);
}

/// A file that cannot be read is a hole, and the exit code tells, as it does everywhere.
#[test]
fn a_damaged_ledger_is_a_hole() {
    let place = tempfile::tempdir().unwrap();
    let day = place.path().join("ledger/usage/v1/provider=aws/date=2026-11-23");
    fs::create_dir_all(&day).unwrap();
    fs::write(day.join("w-1.parquet"), "no parquet").unwrap();
    let done = program::run(place.path(), &["doctor", "--ledger", "ledger", "--check"]);
    assert_eq!(done.code, Some(2), "{done:#?}");
    assert!(done.out.contains("ledger ledger\n  unreadable: "), "{}", done.out);
}

#[test]
fn an_audit_policy_that_is_none_is_said() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir_all(place.path().join("ledger")).unwrap();
    let told = |policy: &str| {
        let done = program::run(place.path(), &["doctor", "--ledger", "ledger", "--audit-policy", policy]);
        assert_eq!(done.code, Some(2), "{done:#?}");
        done.talk
    };
    let nothing = told("minikube");
    assert!(nothing.contains("cannot read `minikube`") && nothing.contains("`gke-data-access`"), "{nothing}");
    fs::write(
        place.path().join("p.yaml"),
        "\napiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: All\n",
    )
    .unwrap();
    assert!(told("p.yaml").contains("error: p.yaml:2: there is no level `All`"));
    fs::write(place.path().join("p.yaml"), "a: 1\n").unwrap();
    assert!(told("p.yaml").contains("it holds 0 objects"));
}
