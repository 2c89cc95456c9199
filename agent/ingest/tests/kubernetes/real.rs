//! Real logs, from the folder that `REMIT_TEST_DATA` names.

use std::path::PathBuf;

use remit_ingest::kubernetes::ingest;
use remit_ingest::{NoProgress, Options};

use crate::place::Place;

/// The folder of real audit logs, or none, which is said.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn folder() -> Option<PathBuf> {
    let found = std::env::var_os("REMIT_TEST_DATA").map(|data| PathBuf::from(data).join("kubernetes/audit"));
    let found = found.filter(|folder| folder.is_dir());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "REMIT_TEST_DATA names no folder with real audit logs");
        eprintln!("SKIPPED: REMIT_TEST_DATA names no folder with real audit logs");
    }
    found
}

#[test]
fn real_logs_are_read_as_far_as_they_tell() {
    let Some(folder) = folder() else { return };
    // Their authors have cut time, user or identifier out of some.
    for (name, read, recorded, lost) in [
        ("audit2rbac-demo.log", 37, 37, 0),
        ("eks.jsonl", 10, 6, 3),
        ("gke.jsonl", 13, 6, 1),
        ("managed-envelopes.jsonl", 119, 2, 117),
        ("single", 52, 49, 0),
    ] {
        let place = Place::new();
        let inputs = vec![folder.join(name).to_string_lossy().into_owned()];
        let options = || Options { inputs: inputs.clone(), ledger: place.ledger(), ..Options::default() };
        let summary = ingest(options(), None, &NoProgress).unwrap();
        let counts = &summary.counts;
        assert!(counts.is_balanced());
        assert_eq!(
            (counts.read, counts.recorded, counts.lost_total()),
            (read, recorded, lost),
            "{name}: {summary:?}"
        );
        let rows = place.rows();
        assert!(rows.iter().all(|row| row.operation != "unknown"), "{name}");
        let again = ingest(options(), None, &NoProgress).unwrap();
        assert_eq!((again.counts.read, place.rows()), (0, rows), "{name}");
    }
}

#[test]
fn the_demo_log_of_audit2rbac_tells_whom_was_allowed_what() {
    let Some(folder) = folder() else { return };
    let place = Place::new();
    let inputs = vec![folder.join("audit2rbac-demo.log").to_string_lossy().into_owned()];
    ingest(Options { inputs, ledger: place.ledger(), ..Options::default() }, None, &NoProgress).unwrap();
    let lines = place.lines();
    // All of it is impersonated, which is a permission of its own.
    assert!(
        lines.contains(
            &"31 allowed system:admin core impersonate users on users/bob groups=system:masters".to_owned()
        ),
        "{lines:#?}"
    );
    assert!(
        lines.contains(
            &"3 denied alice core list pods on namespaces/ns1/pods error=403 by=system:admin".to_owned()
        ),
        "{lines:#?}"
    );
}
