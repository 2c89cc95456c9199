//! `remit man`

use std::path::PathBuf;

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::Streams;
use crate::exit::Exit;

/// Write the manual's pages into a folder
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder, which is made where it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let context = || format!("cannot write to `{}`", arguments.out.display());
    std::fs::create_dir_all(&arguments.out).with_context(context)?;
    clap_mangen::generate_to(super::Arguments::command(), &arguments.out).with_context(context)?;
    streams.say(&format!("read them with `man -l {}`", arguments.out.join("remit.1").display()));
    Ok(Exit::Done)
}
