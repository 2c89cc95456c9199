//! `remit config`

use clap::{CommandFactory as _, Subcommand};

use super::Streams;
use crate::configuration::schema;
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Print the JSON schema of `remit.toml`, by which editors complete and check it
    Schema,
}

pub(super) fn run(verb: &Verb, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    match verb {
        Verb::Schema => {
            let schema = schema(&super::Arguments::command());
            serde_json::to_writer_pretty(&mut *streams.out, &schema)?;
        }
    }
    writeln!(streams.out)?;
    Ok(Exit::Done)
}
