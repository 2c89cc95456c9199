//! `remit findings`

use std::path::PathBuf;

use serde::Serialize;

use super::Streams;
use super::analysing::{Analysed, AnalysingArguments, Wanted, analysed};
use crate::analysis::Analysis;
use crate::cluster::Cluster;
use crate::exit::Exit;
use crate::finding::{Finding, findings};
use crate::output::{Cell, Format, Row, counted, plain, print};

/// List permissions that are not used, and what else is worth acting on
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    analysing: AnalysingArguments,
    /// Only of this principal, by ARN or name
    #[arg(value_name = "PRINCIPAL")]
    only: Option<String>,
    /// A repository in which grants are written: its `CODEOWNERS` tells owners. It may be given several times
    #[arg(long, value_name = "DIR")]
    repo: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Exit with 1 when there are findings, and with 2 when nothing can be judged
    #[arg(long)]
    check: bool,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Line<'a>(&'a Finding);

impl Row for Line<'_> {
    const TITLES: &'static [&'static str] =
        &["SEVERITY", "KIND", "PRINCIPAL", "OWNER", "SERVICE", "PERMISSIONS", "DETAIL"];
    const OPTIONAL: Option<&'static str> = Some("OWNER");

    fn cells(&self) -> Vec<Cell> {
        let finding = self.0;
        vec![
            Cell::Text(finding.severity.as_str().to_owned()),
            Cell::Text(finding.kind.as_str().to_owned()),
            Cell::Text(plain(&finding.principal)),
            Cell::Text(plain(finding.owner.as_deref().unwrap_or_default())),
            Cell::Text(finding.service.clone().unwrap_or_default()),
            Cell::count(finding.permissions),
            Cell::Text(plain(&finding.detail)),
        ]
    }
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let wanted =
        Wanted { only: arguments.only.as_deref(), repositories: &arguments.repo, ..Wanted::default() };
    let Analysed { catalog, analysis, cluster, problems, .. } =
        analysed(&arguments.analysing, wanted, streams)?;
    let mut findings = findings(catalog, &analysis, cluster.as_ref());
    let is_anybody = !analysis.principals.is_empty()
        || cluster.as_ref().is_some_and(|cluster| cluster.all().next().is_some());
    let is_judged = is_anybody && is_judged(&analysis, cluster.as_ref());
    // What they were found in is many times as much as they are, and nothing is asked of it any more.
    drop((analysis, cluster));
    let all = findings.len();
    findings.retain(|finding| finding.muted.is_none());
    let muted = all - findings.len();
    let lines: Vec<_> = findings.iter().map(Line).collect();
    if !lines.is_empty() || arguments.format != Format::Table {
        print(&lines, arguments.format, streams.out)?;
    } else if is_judged {
        streams.say("no findings");
    }
    if !is_anybody {
        streams.say("nothing could be judged, since the grants name nobody");
    } else if !is_judged {
        streams.problem(
            "of no permission it can be told that it is not used: there is no log of it, events of it were lost, or the window is \
             shorter than `--min-window`\n\
             hint: `remit doctor` says what is missing",
        );
    }
    if muted > 0 {
        let are = if muted == 1 { "is" } else { "are" };
        streams.say(&format!("{} {are} muted", counted(muted as u64, "finding", "findings")));
    }
    let is_unjudged = arguments.check && !is_judged;
    Ok(match (problems.is_empty() && !is_unjudged, arguments.check && !findings.is_empty()) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::Findings,
        (true, false) => Exit::Done,
    })
}

/// Whether there is somebody of whom not seen can count as not used.
fn is_judged(analysis: &Analysis, cluster: Option<&Cluster>) -> bool {
    let of_account = analysis.principals.iter().map(|one| one.coverage.hides_all());
    let of_cluster = cluster.map(|cluster| cluster.coverage.hides_all());
    of_account.chain(of_cluster).any(|hidden| hidden.is_none())
}
