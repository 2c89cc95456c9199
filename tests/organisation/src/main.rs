//! Writes synthetic organisations to disk.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use remit_organisation::{Organisation, Profile, SAMPLE_SEED};

#[derive(Parser)]
#[command(about = "makes synthetic organisations: logs, grants and the truth behind them")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the demo organisation as CloudTrail delivers it, with its grants and the truth
    Sample {
        /// Seed of everything random
        #[arg(long, default_value_t = SAMPLE_SEED)]
        seed: u64,
        /// Folder to write to
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the archive that the `remit` program embeds, and the truth; run it in the workspace's folder
    Pack {
        /// Seed of everything random
        #[arg(long, default_value_t = SAMPLE_SEED)]
        seed: u64,
        /// The archive
        #[arg(long, default_value = "analyzer/sample/organisation.tar.zst")]
        archive: PathBuf,
        /// The truth
        #[arg(long, default_value = "tests/organisation/sample/truth.json")]
        truth: PathBuf,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Sample { seed, out } => Organisation::generate(seed, &Profile::sample()?)?.write(&out)?,
        Command::Pack { seed, archive, truth } => {
            Organisation::generate(seed, &Profile::sample()?)?.pack(&archive, &truth)?;
        }
    }
    Ok(())
}
