//! `remit ingest`

use std::path::Path;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use remit_ingest::{IngestError, Options, Progress, Summary, cloudtrail, kubernetes};
use remit_ledger::Address;
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
    /// Read the audit events of Kubernetes' API servers
    KubernetesAudit(KubernetesArguments),
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

/// Read the audit events of Kubernetes' API servers
///
/// Reads events of `audit.k8s.io`, one a line or in an `EventList`, plain, `.gz` or `.zst`, and as clouds deliver them: EKS
/// through CloudWatch Logs, GKE in Google Cloud's log, AKS as `kube-audit` or `kube-audit-admin`. Running it again adds nothing
/// twice, and neither do the several events of one request.
#[derive(Debug, clap::Args)]
pub(super) struct KubernetesArguments {
    /// Files, folders, globs, `-` for standard input, or `s3://` prefixes
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    #[command(flatten)]
    ledger: LedgerArguments,
    /// The cluster that the events are of; what their envelope says, or none, unless said
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    cluster: Option<String>,
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

impl KubernetesArguments {
    /// The arguments for one folder, of a cluster.
    pub(super) fn of(folder: &Path, ledger: &Path, cluster: &str) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        Self {
            paths: vec![text(folder)],
            ledger: LedgerArguments { ledger: text(ledger) },
            cluster: Some(cluster.to_owned()),
            threads: None,
        }
    }
}

pub(super) fn run(verb: &Verb, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    match verb {
        Verb::Cloudtrail(arguments) => ingest_cloudtrail(arguments, streams),
        Verb::KubernetesAudit(arguments) => ingest_kubernetes(arguments, streams),
    }
}

/// Ingests and says what became of every event.
pub(super) fn ingest_kubernetes(
    arguments: &KubernetesArguments,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let options = options(&arguments.paths, &arguments.ledger, arguments.threads)?;
    let bar = Bar::new();
    let done = kubernetes::ingest(options, arguments.cluster.as_deref(), &bar);
    finish(&bar, done, ("--cluster", arguments.cluster.is_some()), streams)
}

fn options(
    paths: &[String],
    ledger: &LedgerArguments,
    threads: Option<std::num::NonZeroUsize>,
) -> anyhow::Result<Options> {
    // Taken for a folder, an address would be one of that name in the working folder.
    if Address::parse(&ledger.ledger)?.is_some() {
        anyhow::bail!(
            "`{}` is no folder, and logs are ingested into a folder\n\
             hint: ingest into a folder with `--ledger DIR`, and copy it there, as `aws s3 sync` does",
            ledger.ledger
        );
    }
    Ok(Options {
        inputs: paths.to_vec(),
        ledger: PathBuf::from(&ledger.ledger),
        threads: threads.map_or(0, std::num::NonZeroUsize::get),
        ..Options::default()
    })
}

/// Says that what was said of files is not taken of those that were ingested before.
fn tell_untaken(option: &str, is_said: bool, summary: &Summary, streams: &mut Streams<'_>) {
    if is_said && summary.files.known > 0 {
        streams.problem(&format!(
            "`{option}` changes nothing of what was ingested before\n\
             hint: where it was wrong then, ingest all of it into another ledger"
        ));
    }
}

/// Tells what was done. `said` is an option on what was ingested, and whether it was given.
fn finish(
    bar: &Bar,
    done: Result<Summary, IngestError>,
    said: (&str, bool),
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    bar.0.finish_and_clear();
    let summary = done?;
    tell(&summary, streams);
    // Where something is new it is taken of that, and of files that are ingested again every day nothing need be said.
    tell_untaken(said.0, said.1 && summary.files.read == 0, &summary, streams);
    Ok(if summary.is_partial() { Exit::Failed } else { Exit::Done })
}

/// Ingests and says what became of every event.
pub(super) fn ingest_cloudtrail(
    arguments: &CloudtrailArguments,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let selectors = arguments.coverage.as_ref().map(|path| read_selectors(path, streams)).transpose()?;
    let options = options(&arguments.paths, &arguments.ledger, arguments.threads)?;
    let bar = Bar::new();
    let done = cloudtrail::ingest(options, selectors, &bar);
    finish(&bar, done, ("--coverage", arguments.coverage.is_some()), streams)
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
    if let Some(ahead) = &summary.ahead {
        streams.problem(&format!(
            "{} dated more than a day after now, the newest in the hour from {}, the first in `{}`\n\
             hint: look at the clock of what wrote them; what they called counts as use, and no window ends with them",
            counted(ahead.events, "event is", "events are"),
            moment(ahead.newest),
            ahead.source
        ));
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
    // Of a folder or pattern it is told already.
    if summary.diagnostics.is_empty() && files.read + files.known + files.other + files.unreadable == 0 {
        streams.say("hint: there is no file where it was looked for: give the folder or the prefix that the logs are in");
    }
    let counts = &summary.counts;
    let mut line = format!(
        "read {}: {} recorded, {} skipped, {} lost",
        counted(counts.read, "event", "events"),
        grouped(counts.recorded),
        grouped(counts.skipped_total()),
        grouped(counts.lost_total())
    );
    if summary.unread_sources > 0 {
        let sources =
            counted(summary.unread_sources, "source that cannot be read", "sources that cannot be read");
        line.push_str(&format!(", and all of {sources}"));
    }
    streams.say(&line);
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
    use jiff::civil::Date;

    use super::*;
    use crate::configuration::Configuration;

    fn told(summary: &Summary) -> String {
        let (mut out, mut talk) = (Vec::new(), Vec::new());
        let configuration = Configuration::default();
        let (configuration, today) = (&configuration, Date::ZERO);
        tell(summary, &mut Streams { out: &mut out, talk: &mut talk, configuration, today });
        String::from_utf8(talk).unwrap()
    }

    #[test]
    fn one_file_is_no_plural() {
        for (read, expected) in [(1, "read 1 file\n"), (1_204, "read 1,204 files\n")] {
            let mut summary = Summary::default();
            summary.files.read = read;
            let told = told(&summary);
            assert!(told.starts_with(expected) && !told.contains("hint: "), "{told}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_lost() {
        for (unread_sources, expected) in [
            (0, "0 lost\n"),
            (1, "0 lost, and all of 1 source that cannot be read\n"),
            (2, "of 2 sources that"),
        ] {
            let told = told(&Summary { unread_sources, ..Summary::default() });
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn where_no_file_is_there_is_a_hint() {
        let mut summary = Summary::default();
        assert!(told(&summary).contains("hint: there is no file"));
        // Those of an earlier run are files.
        summary.files.known = 1;
        assert!(!told(&summary).contains("hint: "));
    }
}
