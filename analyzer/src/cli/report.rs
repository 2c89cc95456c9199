//! `remit report`

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Streams;
use super::analysing::{Analysed, AnalysingArguments, Opened, Wanted, opened};
use super::intent::{asked_of_account, asked_of_cluster};
use crate::analysis::join;
use crate::exit::Exit;
use crate::intent::Hours;
use crate::ledgers::Ledger;
use crate::output::{counted, grouped};
use crate::proposals::{write_file, write_json};
use crate::report::build::{self, Beside};
use crate::report::digest::{self, Medium};
use crate::report::previous::Previous;
use crate::report::{html, markdown, model::Report, pull_requests, sarif};

/// Write a report: a page, the same as Markdown, JSON and SARIF, and what changed since the one before
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    analysing: AnalysingArguments,
    /// The folder to write `report.html`, `report.md`, `report.json` and `report.sarif` into
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// The `report.json` of an earlier run, to compare with; that in the folder to write into where none is named
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// How pull requests stand, to be shown beside their principals: a file that `remit pr --report` wrote, or a folder of such
    #[arg(long, value_name = "PATH")]
    pull_requests: Vec<PathBuf>,
    /// A repository in which grants are written: the report points at their files and lines, and `CODEOWNERS` tells owners. It may be
    /// given several times
    #[arg(long, value_name = "DIR")]
    repo: Vec<PathBuf>,
    /// Print what changed since the report before, for a chat or a mail; nothing where nothing changed
    #[arg(long, value_name = "MEDIUM", value_enum)]
    digest: Option<Medium>,
    /// Where people find the page; the digest names it
    #[arg(long, value_name = "URL", requires = "digest")]
    link: Option<String>,
}

/// The files that are written; the last is what the next run compares with.
const FILES: [&str; 4] = ["report.html", "report.md", "report.sarif", "report.json"];

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    // Asked for first: who names a wrong file should not wait for the ledger.
    let previous = match &arguments.previous {
        Some(path) => Some(Previous::read(path)?),
        None => Some(arguments.out.join("report.json"))
            .filter(|path| path.exists())
            .map(|path| Previous::read(&path))
            .transpose()?,
    };
    let pull_requests = pull_requests::read(&arguments.pull_requests)?;
    let wanted = Wanted { repositories: &arguments.repo, ..Wanted::default() };
    let Opened { mut analysed, ledger, .. } = opened(&arguments.analysing, wanted, streams)?;
    let beside = Beside {
        problems: analysed.problems.clone(),
        hours: hours(&analysed, &ledger)?,
        previous,
        pull_requests,
    };
    let report = write(&mut analysed, beside, &arguments.out)?;
    match arguments.digest {
        Some(medium) => {
            if let Some(digest) = digest::render(&report, medium, arguments.link.as_deref())? {
                write!(streams.out, "{digest}")?;
            }
        }
        None => {
            for file in FILES {
                writeln!(streams.out, "{}", arguments.out.join(file).display())?;
            }
            streams.say(&said(&report));
        }
    }
    let exit = if analysed.problems.is_empty() { Exit::Done } else { Exit::Failed };
    // The program ends here. To give back piece by piece what thousands of principals hold takes longer than to write the page.
    std::mem::forget((analysed, report));
    Ok(exit)
}

/// The report in a line.
fn said(report: &Report) -> String {
    let permissions = report.totals.permissions;
    format!(
        "{}, {}: {} used, {} unused, {} unobservable",
        counted(report.totals.principals as u64, "principal", "principals"),
        counted(permissions.granted as u64, "permission", "permissions"),
        grouped(permissions.used as u64),
        grouped(permissions.unused as u64),
        grouped(permissions.unobservable as u64),
    )
}

/// In which hours each principal called.
pub(super) fn hours(analysed: &Analysed, ledger: &Ledger) -> anyhow::Result<BTreeMap<String, Hours>> {
    let principals = &analysed.analysis.principals;
    let since = principals.iter().map(|one| one.coverage.since).min();
    let window = principals.iter().fold(None, |all, one| Some(join(all, one.coverage.window)));
    let mut hours = match since.zip(window) {
        Some((since, window)) => ledger.hours(&asked_of_account(since, window, ledger))?,
        None => BTreeMap::new(),
    };
    if let Some(cluster) = &analysed.cluster {
        hours.extend(ledger.hours(&asked_of_cluster(cluster, ledger))?);
    }
    Ok(hours)
}

/// Writes all forms of the report. Principals are taken out of the analysis.
pub(super) fn write(analysed: &mut Analysed, beside: Beside, folder: &Path) -> anyhow::Result<Report> {
    let report = build::build(analysed.catalog, &mut analysed.analysis, analysed.cluster.as_mut(), beside);
    let [page, twin, results, data] = FILES.map(|file| folder.join(file));
    let as_page = || write_file(&page, &html::render(&report)?);
    let as_twin = || write_file(&twin, &markdown::render(&report));
    let as_results = || write_json(&results, &sarif::log_of(&report));
    // Half a file would be taken for the previous report, so it gets its name when it is whole.
    let unfinished = data.with_extension("json.unfinished");
    let as_data = || write_json(&unfinished, &report);
    let ((page, twin), (results, written)) =
        rayon::join(|| rayon::join(as_page, as_twin), || rayon::join(as_results, as_data));
    page.and(twin).and(results).and(written)?;
    fs::rename(&unfinished, &data).with_context(|| format!("cannot write `{}`", data.display()))?;
    Ok(report)
}
