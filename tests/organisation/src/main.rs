//! Writes synthetic organisations to disk.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::{Parser, Subcommand};
use remit_organisation::{
    Cluster, ClusterProfile, History, HistorySummary, Load, LogSummary, Organisation, Profile, SAMPLE_SEED,
};

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
    /// Write a cluster, of which the demo has a part: its audit log, a file a day, its manifests, its audit policy and the truth
    Cluster {
        /// Seed of everything random
        #[arg(long, default_value_t = SAMPLE_SEED)]
        seed: u64,
        /// Folder to write to
        #[arg(long)]
        out: PathBuf,
    },
    /// Write a long history of an organisation with drift, and what each day of it needed
    History {
        /// Seed of everything random
        #[arg(long, default_value_t = SAMPLE_SEED)]
        seed: u64,
        /// Days, up to the end of October 2026
        #[arg(long, default_value_t = 520)]
        days: u32,
        /// Roles, users and ServiceAccounts
        #[arg(long, default_value_t = 100)]
        identities: u32,
        /// How much deploys change what is needed: 0 not at all, 1 as usual, 3 three times as much
        #[arg(long, default_value_t = 1)]
        drift: u32,
        /// Folder to write to
        #[arg(long)]
        out: PathBuf,
        /// Deal names and tags of roles out again, so that siblings are none
        #[arg(long)]
        shuffle_siblings: bool,
    },
    /// Write a log in bulk for benchmarks, gzip'd in files of 500 events
    Load {
        /// Events in all; about 1.5 kB each
        #[arg(long, default_value_t = 2_000_000)]
        events: u64,
        /// Seed of everything random
        #[arg(long, default_value_t = SAMPLE_SEED)]
        seed: u64,
        /// Threads; the bytes do not depend on them
        #[arg(long, default_value_t = 2)]
        threads: usize,
        /// Folder to write to
        #[arg(long)]
        out: PathBuf,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Sample { seed, out } => Organisation::generate(seed, &Profile::sample()?)?.write(&out)?,
        Command::Pack { seed, archive, truth } => {
            let cluster = Cluster::generate(seed, &ClusterProfile::demo()?)?;
            Organisation::generate(seed, &Profile::sample()?)?.pack(&cluster, &archive, &truth)?;
        }
        Command::Cluster { seed, out } => {
            Cluster::generate(seed, &ClusterProfile::sample()?)?.write(&out)?;
        }
        Command::History { seed, days, identities, drift, out, shuffle_siblings } => {
            let start = Instant::now();
            let history = History { seed, days, identities, drift, shuffle_siblings };
            let HistorySummary { log, needs } = history.write(&out)?;
            report(log, &format!("{needs} needs, "), start)?;
        }
        Command::Load { events, seed, threads, out } => {
            let start = Instant::now();
            report(Load { seed, events, threads }.write(&out)?, "", start)?;
        }
    }
    Ok(())
}

/// Says what was written of a log, what else there is to say, and how long it took.
fn report(log: LogSummary, more: &str, start: Instant) -> Result<()> {
    let LogSummary { files, events, bytes, packed } = log;
    let seconds = start.elapsed().as_secs_f64();
    let line = format!(
        "{events} events, {bytes} bytes of JSON in {files} files of {packed} bytes, {more}{seconds:.1} s\n"
    );
    Ok(std::io::stderr().write_all(line.as_bytes())?)
}
