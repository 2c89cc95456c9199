//! Small ledgers for this crate's tests.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{
    Counts, CoverageRecord, DAY, EventClass, Extent, HOUR, LedgerWriter, Outcome, Provider, Publication,
    Snapshot, SourcePosition, UsageRecord, WriterOptions, day_of,
};

/// A folder that is removed with the test.
pub(crate) struct Temporary {
    folder: tempfile::TempDir,
}

impl Temporary {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }
}

impl AsRef<Path> for Temporary {
    fn as_ref(&self) -> &Path {
        self.folder.path()
    }
}

/// A record of the first hour of a day.
pub(crate) fn record(day: i64, principal: &str, count: u64) -> UsageRecord {
    let start = (20_000 + day) * DAY;
    UsageRecord {
        window_start: start,
        first_seen: start + 1_000_000,
        last_seen: start + HOUR - 1,
        count,
        provider: Provider::Aws,
        account: Some("123456789012".to_owned()),
        region: Some("eu-west-1".to_owned()),
        principal: format!("arn:aws:iam::123456789012:role/{principal}"),
        principal_kind: "role".to_owned(),
        session: Some("session".to_owned()),
        credential: Some("ASIAEXAMPLE".to_owned()),
        workload: None,
        service: "s3".to_owned(),
        operation: "GetObject".to_owned(),
        resources: vec!["arn:aws:s3:::bucket/key".to_owned()],
        parameters: [("roleArn".to_owned(), "arn:aws:iam::123456789012:role/passed".to_owned())].into(),
        permissions: Vec::new(),
        outcome: Outcome::Allowed,
        error_code: None,
        via: None,
        authorizer: None,
        issued: vec!["ASIAISSUED".to_owned()],
        source_identity: None,
        network_origin: Some("192.0.2.1".to_owned()),
        evidence: "cloudtrail".to_owned(),
        sample_id: Some("11111111-2222-4333-8444-555555555555".to_owned()),
    }
}

/// Publishes records in one flush.
pub(crate) fn write(root: impl AsRef<Path>, writer: &str, records: &[UsageRecord], source: &str) {
    try_write(
        root.as_ref(),
        WriterOptions { writer: Some(writer.to_owned()), observer: None },
        records,
        source,
    )
    .unwrap();
}

pub(crate) fn try_write(
    root: &Path,
    options: WriterOptions,
    records: &[UsageRecord],
    source: &str,
) -> Result<(), crate::LedgerError> {
    let (mut writer, _) = LedgerWriter::open(root, options)?;
    let flush = writer.begin(Provider::Aws);
    let mut records = records.to_vec();
    records.sort_by(|left, right| {
        (day_of(left.window_start), &left.principal).cmp(&(day_of(right.window_start), &right.principal))
    });
    let mut staged = Vec::new();
    for day in records.chunk_by(|left, right| day_of(left.window_start) == day_of(right.window_start)) {
        let mut file = flush.stage(day_of(day[0].window_start))?;
        for record in day {
            record.with_row(|row| file.push(row))?;
        }
        staged.push(file);
    }
    let recorded = records.iter().map(|record| record.count).sum();
    let publication = Publication {
        coverage: records.first().map(coverage_of).into_iter().collect(),
        identifiers: [(480_000, vec![crate::identify(source.as_bytes())])].into(),
        counts: Counts { read: recorded, recorded, ..Counts::default() },
        sources: vec![SourcePosition {
            name: source.to_owned(),
            size: 1,
            modified: 1,
            extent: Extent::Whole { content: format!("{recorded:032x}") },
            read: recorded,
            ..SourcePosition::default()
        }],
        ..Publication::default()
    };
    flush.commit(staged, publication)?;
    Ok(())
}

pub(crate) fn coverage_of(record: &UsageRecord) -> CoverageRecord {
    CoverageRecord {
        provider: record.provider,
        account: record.account.clone(),
        region: record.region.clone(),
        evidence: record.evidence.clone(),
        workload: None,
        start: record.window_start,
        end: record.window_start + HOUR,
        classes: vec![
            EventClass::ManagementWrite,
            EventClass::Data {
                resource_type: "AWS::S3::Object".to_owned(),
                resource_prefixes: vec!["arn:aws:s3:::bucket/".to_owned()],
                reads: true,
                writes: false,
            },
        ],
        excluded_services: vec!["kms".to_owned()],
        events: record.count,
        lost: 1,
    }
}

/// Every record that counts.
pub(crate) fn records_of(root: impl AsRef<Path>) -> Vec<UsageRecord> {
    let snapshot = Snapshot::of_folder(root.as_ref()).unwrap();
    now(snapshot.usage()).unwrap()
}

/// The result of a future that has nothing to wait for, as those over local files.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    futures::FutureExt::now_or_never(future).unwrap()
}

/// A writer that stops as if the machine had, after so many steps.
pub(crate) fn stop_at(step: usize) -> WriterOptions {
    let steps = AtomicUsize::new(0);
    WriterOptions {
        writer: None,
        observer: Some(Box::new(move |_| {
            if steps.fetch_add(1, Ordering::Relaxed) == step {
                return Err(std::io::Error::other("stopped"));
            }
            Ok(())
        })),
    }
}
