//! The frozen sample of schema version 1: every later version must read it as it was written.

use std::path::PathBuf;

use crate::samples::{coverage_of, now, record, write};
use crate::{Extent, LedgerInfo, Outcome, Role, Snapshot, Table, UsageRecord, Workload, read_identifiers};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/ledger-v1")
}

/// One record with every column filled, and one with as few as possible.
fn first_flush() -> Vec<UsageRecord> {
    let text = |text: &str| Some(text.to_owned());
    let mut full = record(0, "full", 3);
    full.workload = Some(Workload {
        cluster: text("production"),
        namespace: text("shop"),
        owner_kind: text("Deployment"),
        owner_name: text("cart"),
        container: text("app"),
        image: text("registry.example/cart:1"),
    });
    full.resources = vec!["arn:aws:s3:::bucket".to_owned(), "arn:aws:s3:::bucket/a/b/*".to_owned()];
    full.permissions = vec!["storage.objects.get".to_owned()];
    full.outcome = Outcome::Denied;
    full.error_code = text("AccessDenied");
    full.via = text("cloudformation.amazonaws.com");
    full.authorizer = text("binding");
    full.source_identity = text("alice");
    let mut bare = record(1, "bare", u64::from(u32::MAX) + 1);
    bare.account = None;
    bare.region = None;
    bare.session = None;
    bare.credential = None;
    bare.resources.clear();
    bare.parameters.clear();
    bare.issued.clear();
    bare.network_origin = None;
    bare.sample_id = None;
    bare.outcome = Outcome::Unknown;
    vec![full, bare]
}

fn second_flush() -> Vec<UsageRecord> {
    vec![record(1, "later", 1)]
}

/// Writes the sample anew, into the folder that this variable names. The committed one is never written again.
#[test]
fn make() {
    if let Some(folder) = std::env::var_os("REMIT_MAKE_LEDGER_SAMPLE").map(PathBuf::from) {
        write(&folder, "sample", &first_flush(), "first.json.gz");
        write(&folder, "sample2", &second_flush(), "second.json.gz");
    }
}

#[test]
fn version_1_is_read_as_it_was_written() {
    let snapshot = Snapshot::of_folder(&folder()).unwrap();
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    let expected: Vec<UsageRecord> = first_flush().into_iter().chain(second_flush()).collect();
    assert_eq!(now(snapshot.usage()).unwrap(), expected);
    let coverage = [coverage_of(&first_flush()[0]), coverage_of(&second_flush()[0])];
    assert_eq!(now(snapshot.coverage()).unwrap(), coverage);
}

#[test]
fn the_checkpoint_of_version_1_is_read() {
    let snapshot = Snapshot::of_folder(&folder()).unwrap();
    let info = snapshot.info();
    let recorded = u64::from(u32::MAX) + 5;
    assert_eq!((info.usage_files, info.coverage_files, info.commits, info.sources), (3, 2, 2, 2));
    assert_eq!((info.counts.read, info.counts.recorded), (recorded, recorded));
    let span = (first_flush()[0].first_seen, second_flush()[0].last_seen);
    assert_eq!(info, LedgerInfo { span: Some(span), rows: 3, ..info.clone() });
    let first = snapshot.commits().next().unwrap();
    assert_eq!(first.sources[0].name, "first.json.gz");
    assert!(matches!(&first.sources[0].extent, Extent::Whole { content } if content.len() == 32));
    let identifiers = read_identifiers(&folder(), &first.identifiers[0]).unwrap();
    assert_eq!(identifiers, [(480_000, vec![crate::identify(b"first.json.gz")])].into());
    let roles: Vec<bool> =
        snapshot.usage_files().iter().map(|file| matches!(file.footer.role, Role::Commit(_))).collect();
    assert_eq!(roles, [false, true, true]);
    assert!(snapshot.usage_files().iter().all(|file| file.footer.table == Table::Usage));
}
