//! `remit report`

use std::path::PathBuf;

use super::Streams;
use super::analysing::{Analysed, AnalysingArguments, analysed};
use crate::exit::Exit;
use crate::output::{counted, grouped};
use crate::proposals::write_file;
use crate::report::{build, html, markdown, model::Report};

/// Write a report as an HTML page and as Markdown
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    analysing: AnalysingArguments,
    /// The folder to write `report.html` and `report.md` into
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let analysed = analysed(&arguments.analysing, None, streams)?;
    let report = write(&analysed, &arguments.out)?;
    let permissions = report.totals.permissions;
    for file in ["report.html", "report.md"] {
        writeln!(streams.out, "{}", arguments.out.join(file).display())?;
    }
    streams.say(&format!(
        "{}, {}: {} used, {} unused, {} unobservable",
        counted(report.totals.principals as u64, "principal", "principals"),
        counted(permissions.granted as u64, "permission", "permissions"),
        grouped(permissions.used as u64),
        grouped(permissions.unused as u64),
        grouped(permissions.unobservable as u64),
    ));
    Ok(if analysed.problems.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Writes both forms of the report.
pub(super) fn write(analysed: &Analysed, folder: &std::path::Path) -> anyhow::Result<Report> {
    let report = build::build(
        analysed.catalog,
        &analysed.analysis,
        analysed.cluster.as_ref(),
        analysed.problems.clone(),
    );
    write_file(&folder.join("report.html"), &html::render(&report)?)?;
    write_file(&folder.join("report.md"), &markdown::render(&report))?;
    Ok(report)
}
