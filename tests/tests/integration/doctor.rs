//! `remit doctor` on ledgers that the program made itself.

use std::fs;

use remit_tests::program;

/// The sample organisation has a trail that records no data events.
#[test]
fn the_sample_has_holes_with_what_closes_them() {
    let place = tempfile::tempdir().unwrap();
    program::remit(place.path(), &["demo", "--out", "demo"]);
    let ledger = ["--ledger", "demo/ledger"];
    let done = program::run(place.path(), &[&["doctor"], ledger.as_slice()].concat());
    assert_eq!(done.code, Some(0), "{done:#?}");
    let lines: Vec<_> = done.out.lines().collect();
    assert!(lines[0].starts_with("aws "), "{}", done.out);
    let hole = lines
        .iter()
        .position(|line| line.starts_with("  data_events_off: data events of `AWS::DynamoDB::Table`"))
        .unwrap();
    let close =
        "    close: add to the trail's selectors: aws cloudtrail put-event-selectors --trail-name NAME ";
    assert!(lines[hole + 1].starts_with(close), "{}", lines[hole + 1]);
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
