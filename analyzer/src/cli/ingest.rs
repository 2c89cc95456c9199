//! `remit ingest`

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use remit_ingest::cloudtrail::{self, Options, Progress, Summary};

use super::Streams;
use super::analysing::LedgerArguments;
use crate::exit::Exit;
use crate::output::grouped;

/// Read audit logs into a usage ledger
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Read AWS CloudTrail's events
    Cloudtrail(CloudtrailArguments),
}

/// Read AWS CloudTrail's events
///
/// Reads `.json`, `.json.gz` and `.json.zst` as CloudTrail delivers them, one event a line, and as CloudWatch
/// Logs, EventBridge and `lookup-events` wrap them. Running it again adds nothing twice.
#[derive(Debug, clap::Args)]
pub(super) struct CloudtrailArguments {
    /// Files, folders, globs, `-` for standard input, or `s3://` prefixes
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    #[command(flatten)]
    ledger: LedgerArguments,
    /// The trail's event selectors (output of `aws cloudtrail get-event-selectors`) while these events were
    /// recorded
    #[arg(long, value_name = "FILE")]
    coverage: Option<std::path::PathBuf>,
    /// How many files are read at once; as many as there are processors unless said
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
}

impl CloudtrailArguments {
    /// The arguments for one folder.
    pub(super) fn of(folder: &Path, ledger: &Path, coverage: &Path) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        Self {
            paths: vec![text(folder)],
            ledger: LedgerArguments { ledger: text(ledger) },
            coverage: Some(coverage.to_owned()),
            threads: None,
        }
    }
}
