//! The program `remit-agent`.
#![expect(clippy::print_stderr, reason = "a program that talks to a person on its streams")]

mod check;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Print calls as they are made, one a line
    Trace(trace::Arguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    let done = match arguments.verb {
        Verb::Check => check::run(),
        Verb::Trace(arguments) => trace::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
