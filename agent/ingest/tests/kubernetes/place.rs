//! A folder with logs and a ledger.

use std::path::PathBuf;

use futures::FutureExt as _;
use remit_ingest::kubernetes::ingest;
use remit_ingest::{Limits, NoProgress, Options, Summary};
use remit_ledger::{CoverageRecord, Snapshot, UsageRecord};

pub(crate) struct Place {
    folder: tempfile::TempDir,
    pub(crate) limits: Limits,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), limits: Limits::default() }
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    /// Writes a log of this name.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join("logs").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            inputs: vec![self.folder.path().join("logs").to_string_lossy().into_owned()],
            ledger: self.ledger(),
            threads: 2,
            limits: self.limits,
            ..Options::default()
        }
    }

    /// Ingests all logs.
    pub(crate) fn ingest(&self) -> Summary {
        self.ingest_of(None)
    }

    /// Ingests all logs, which are of this cluster.
    pub(crate) fn ingest_of(&self, cluster: Option<&str>) -> Summary {
        let summary = ingest(self.options(), cluster, &NoProgress).unwrap();
        assert!(summary.counts.is_balanced(), "{summary:?}");
        summary
    }

    /// All rows, in the ledger's order.
    pub(crate) fn rows(&self) -> Vec<UsageRecord> {
        let snapshot = Snapshot::of_folder(&self.ledger()).unwrap();
        assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
        snapshot.usage().now_or_never().unwrap().unwrap()
    }

    /// The rows, one a line, without what only tells when, where from and by which event.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.rows().iter().map(line).collect()
    }

    pub(crate) fn coverage(&self) -> Vec<CoverageRecord> {
        Snapshot::of_folder(&self.ledger()).unwrap().coverage().now_or_never().unwrap().unwrap()
    }
}

/// `count outcome principal service operation resources` and what else there is.
pub(crate) fn line(row: &UsageRecord) -> String {
    let mut line = format!(
        "{} {} {} {} {} on {}",
        row.count,
        row.outcome.as_str(),
        row.principal,
        row.service,
        row.operation,
        row.resources.join(",")
    );
    for (name, value) in row.parameters.iter().filter(|(name, _)| *name != "namespace" && *name != "version")
    {
        line.push_str(&format!(" {name}={value}"));
    }
    for (name, value) in [
        ("error", &row.error_code),
        ("by", &row.source_identity),
        ("via", &row.via),
        ("authorizer", &row.authorizer),
    ] {
        if let Some(value) = value {
            line.push_str(&format!(" {name}={value}"));
        }
    }
    line
}
