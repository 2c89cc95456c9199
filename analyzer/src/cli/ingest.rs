//! `remit ingest`

use std::path::Path;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use remit_ingest::{Options, Progress, Summary, cloudtrail};
use remit_policy::moment;

use super::Streams;
use super::analysing::{LedgerArguments, read_selectors};
use crate::exit::Exit;
use crate::output::{counted, grouped};

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
    coverage: Option<PathBuf>,
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

pub(super) fn run(verb: &Verb, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    match verb {
        Verb::Cloudtrail(arguments) => ingest_cloudtrail(arguments, streams),
    }
}

/// Ingests and says what became of every event.
pub(super) fn ingest_cloudtrail(
    arguments: &CloudtrailArguments,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let selectors = arguments.coverage.as_ref().map(|path| read_selectors(path, streams)).transpose()?;
    let options = Options {
        inputs: arguments.paths.clone(),
        ledger: PathBuf::from(&arguments.ledger.ledger),
        threads: arguments.threads.map_or(0, std::num::NonZeroUsize::get),
        ..Options::default()
    };
    let bar = Bar::new();
    let done = cloudtrail::ingest(options, selectors, &bar);
    bar.0.finish_and_clear();
    let summary = done?;
    tell(&summary, streams);
    Ok(if summary.is_partial() { Exit::Failed } else { Exit::Done })
}

/// A progress bar, drawn on a terminal only.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
        let style = "{bar:30} {bytes}/{total_bytes}  {msg}  {binary_bytes_per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Progress for Bar {
    fn found(&self, _files: u64, bytes: u64) {
        self.0.inc_length(bytes);
    }

    fn done(&self, _files: u64, bytes: u64, _events: u64) {
        self.0.inc(bytes);
    }
}

fn tell(summary: &Summary, streams: &mut Streams<'_>) {
    for diagnostic in &summary.diagnostics {
        streams.problem(&diagnostic.to_string());
    }
    if summary.diagnostics_omitted > 0 {
        streams.say(&format!("warning: {} more of the kind", grouped(summary.diagnostics_omitted)));
    }
    let files = &summary.files;
    let mut line = format!("read {}", counted(files.read, "file", "files"));
    for (count, what) in [
        (files.known, "already ingested"),
        (files.other, "that are no logs"),
        (files.unreadable, "that cannot be read"),
    ] {
        if count > 0 {
            line.push_str(&format!(", passed over {} {what}", grouped(count)));
        }
    }
    streams.say(&line);
    let counts = &summary.counts;
    streams.say(&format!(
        "read {}: {} recorded, {} skipped, {} lost",
        counted(counts.read, "event", "events"),
        grouped(counts.recorded),
        grouped(counts.skipped_total()),
        grouped(counts.lost_total())
    ));
    for (what, reasons) in [("skipped", &counts.skipped), ("lost", &counts.lost)] {
        for (reason, count) in reasons {
            streams.say(&format!("  {what} {}: {}", grouped(*count), reason.replace('_', " ")));
        }
    }
    if !summary.unresolved.is_empty() {
        let calls: u64 = summary.unresolved.iter().map(|(_, calls)| calls).sum();
        let names: Vec<_> = summary.unresolved.iter().take(SHOWN).map(|(name, _)| name.as_str()).collect();
        streams.say(&format!(
            "  {} of {} that the catalog does not know: {}{}",
            counted(calls, "call", "calls"),
            counted(summary.unresolved.len() as u64, "operation", "operations"),
            names.join(", "),
            if summary.unresolved.len() > SHOWN { ", ..." } else { "" }
        ));
    }
    if let Some(since) = summary.duplicates_found_since {
        streams.say(&format!("  events delivered twice are found back to {}", moment(since)));
    }
}

/// Operations named in the summary.
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_is_no_plural() {
        for (read, expected) in [(1, "read 1 file\n"), (1_204, "read 1,204 files\n")] {
            let mut summary = Summary::default();
            summary.files.read = read;
            let (mut out, mut talk) = (Vec::new(), Vec::new());
            tell(&summary, &mut Streams { out: &mut out, talk: &mut talk });
            assert!(String::from_utf8(talk).unwrap().starts_with(expected), "{expected}");
        }
    }
}
