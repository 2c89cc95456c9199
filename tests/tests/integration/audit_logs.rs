//! Real audit logs of Kubernetes.

use std::path::{Path, PathBuf};

use remit_ingest::kubernetes::ingest;
use remit_ingest::{NoProgress, Options};
use remit_ledger::{Outcome, Snapshot, UsageRecord};
use remit_tests::data;

fn folder() -> Option<PathBuf> {
    data::require("kubernetes/audit")
}

/// All rows of a ledger.
fn rows(ledger: &Path) -> Vec<UsageRecord> {
    let snapshot = Snapshot::of_folder(ledger).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(snapshot.usage()).unwrap()
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
        let place = tempfile::tempdir().unwrap();
        let ledger = place.path().join("ledger");
        let inputs = vec![folder.join(name).to_string_lossy().into_owned()];
        let options = || Options { inputs: inputs.clone(), ledger: ledger.clone(), ..Options::default() };
        let summary = ingest(options(), None, &NoProgress).unwrap();
        let counts = &summary.counts;
        assert!(counts.is_balanced());
        assert_eq!(
            (counts.read, counts.recorded, counts.lost_total()),
            (read, recorded, lost),
            "{name}: {summary:?}"
        );
        let counted = rows(&ledger);
        assert!(counted.iter().all(|row| row.operation != "unknown"), "{name}");
        let again = ingest(options(), None, &NoProgress).unwrap();
        assert_eq!((again.counts.read, rows(&ledger)), (0, counted), "{name}");
    }
}

#[test]
fn the_demo_log_of_audit2rbac_tells_whom_was_allowed_what() {
    let Some(folder) = folder() else { return };
    let place = tempfile::tempdir().unwrap();
    let ledger = place.path().join("ledger");
    let inputs = vec![folder.join("audit2rbac-demo.log").to_string_lossy().into_owned()];
    ingest(Options { inputs, ledger: ledger.clone(), ..Options::default() }, None, &NoProgress).unwrap();
    let all = rows(&ledger);
    let calls = |is_one: &dyn Fn(&UsageRecord) -> bool| -> u64 {
        all.iter().filter(|row| is_one(row)).map(|row| row.count).sum()
    };
    // All of it is impersonated, which is a permission of its own.
    let impersonated =
        |who: &str| calls(&|row| row.principal == "system:admin" && row.resources == [who.to_owned()]);
    assert_eq!(
        ["users/alice", "users/bob", "namespaces/ns1/serviceaccounts/sa1"].map(impersonated),
        [3, 29, 5]
    );
    let of = |who: &str, outcome: Outcome| calls(&|row| row.principal == who && row.outcome == outcome);
    let outcomes = |who: &str| [of(who, Outcome::Allowed), of(who, Outcome::Denied)];
    assert_eq!(outcomes("alice"), [0, 3]);
    assert_eq!(outcomes("bob"), [25, 4]);
    assert_eq!(outcomes("system:serviceaccount:ns1:sa1"), [1, 4]);
}
