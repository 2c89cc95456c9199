//! The program `remit-agent`.
#![expect(clippy::print_stderr, reason = "a program that talks to a person on its streams")]

mod check;
mod observe;
mod run;
mod stop;
mod trace;
mod webhook;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use remit_agent::endpoint::{Board, Endpoint};
use zeroizing_alloc::ZeroAlloc;

/// Memory that is given back is overwritten, whoever had it: paths and fields pass through buffers that grow and move, and what
/// of them is no part of a call must not be found in a dump.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

/// Sees every call that the workloads of this node make, on the wire
#[derive(Debug, Parser)]
#[command(name = "remit-agent", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say what this kernel allows, what is missing, and what would be blind
    Check,
    /// Record the calls of this machine in a ledger, until told to stop
    Run(Box<run::Arguments>),
    /// Print calls as they are made, one a line
    Trace(trace::Arguments),
    /// Record the audit events that Kubernetes API servers send, until told to stop
    Webhook(webhook::Arguments),
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual's pages into a folder
    Man {
        /// The folder, which is made where it is missing
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Shows a board at an address, where that is asked for.
fn show(
    address: Option<SocketAddr>,
    is_exposed: bool,
    board: &Arc<Board>,
) -> anyhow::Result<Option<Endpoint>> {
    let open = |address| {
        Endpoint::open(address, is_exposed, Arc::clone(board))
            .with_context(|| format!("metrics cannot be shown at `{address}`"))
    };
    address.map(open).transpose()
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    log();
    let done = match arguments.verb {
        Verb::Check => check::run(),
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Trace(arguments) => trace::run(&arguments),
        Verb::Webhook(arguments) => webhook::run(&arguments),
        Verb::Completions { shell } => complete(shell),
        Verb::Man { out } => manual(&out),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn complete(shell: clap_complete::Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "remit-agent", &mut script);
    // The script for bash spells the hyphen of the program's name in two ways, so that no verb's options are completed:
    // clap-rs/clap issue 6421.
    let script = String::from_utf8(script)?.replace("remit__subcmd__agent", "remit__agent");
    Ok(std::io::stdout().write_all(script.as_bytes())?)
}

fn manual(folder: &Path) -> anyhow::Result<()> {
    let context = || format!("cannot write to `{}`", folder.display());
    std::fs::create_dir_all(folder).with_context(context)?;
    clap_mangen::generate_to(Arguments::command(), folder).with_context(context)
}

/// What happens is logged to standard error; `RUST_LOG` says how much.
fn log() {
    use std::io::IsTerminal;
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
