//! `remit completions`

use clap::CommandFactory as _;

use super::Streams;
use crate::exit::Exit;

/// Print a shell's completion script
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "remit", &mut script);
    streams.out.write_all(&script)?;
    Ok(Exit::Done)
}
