//! `remit man`

use std::path::PathBuf;

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::exit::Exit;

/// Write the manual's pages into a folder
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder, which must exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    clap_mangen::generate_to(super::Arguments::command(), &arguments.folder)
        .with_context(|| format!("cannot write to `{}`", arguments.folder.display()))?;
    Ok(Exit::Done)
}
