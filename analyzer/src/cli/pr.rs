//! `remit pr`

use std::path::PathBuf;

use remit_forge::{Destination, Statuses, patches, run as run_with};
use remit_source::Options;

use super::Streams;
use super::forge::{ForgeArguments, proposals_in, runtime};
use crate::exit::Exit;
use crate::proposals::{read_all, write_file};
use crate::sources::Sources;

/// Open pull requests that put proposals into force where their policies are written
///
/// Each identity has one pull request at a time, and few are open at once. What people say there, and close, is heard; a run that
/// finds nothing new writes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The proposals: a folder that `remit propose` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    forge: ForgeArguments,
    /// Pull requests that may be open at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    max_open: usize,
    /// Pull requests that may be opened on one day
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    a_day: usize,
    /// Also narrow the resources of policies, and the names of objects that roles list
    #[arg(long)]
    resources: bool,
    /// Have no issue that says what is open and what waits
    #[arg(long)]
    no_dashboard: bool,
    /// Write how each identity's pull request stands into this file, for `remit report --pull-requests`
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    report: Option<PathBuf>,
    /// Ask no forge: write a patch and a text for each identity into this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["api", "project", "token_env", "no_dashboard", "report"])]
    patch: Option<PathBuf>,
    /// With `--patch`, push the branches, too
    #[arg(long, requires = "patch")]
    push: bool,
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let (proposals, settled) = proposals_in(&arguments.folder)?;
    let mut settings = arguments.forge.settings();
    settings.max_open = arguments.max_open;
    settings.a_day = arguments.a_day;
    settings.has_dashboard = !arguments.no_dashboard;
    let (_, known) = read_all(&arguments.folder)?;
    let mut sources = Sources::new(Options { resources: arguments.resources }, known);
    let now = jiff::Timestamp::now();
    let report = match &arguments.patch {
        Some(folder) => {
            let git = arguments.forge.repository()?;
            let to = Destination { folder, push: arguments.push, dialect: arguments.forge.dialect() };
            patches(&git, &proposals, &mut sources, &settings, to, now)?
        }
        None => {
            let (forge, git) = arguments.forge.open()?;
            runtime()?.block_on(run_with(&forge, &git, &proposals, &settled, &mut sources, &settings, now))?
        }
    };
    if let Some(path) = &arguments.report {
        let statuses = Statuses::from(report.statuses.clone());
        write_file(path, &format!("{}\n", serde_json::to_string_pretty(&statuses)?))?;
    }
    let problems = sources.problems();
    problems.iter().for_each(|problem| streams.problem(problem));
    let done = arguments.forge.print(&report, streams)?;
    Ok(if problems.is_empty() { done } else { Exit::Failed })
}
