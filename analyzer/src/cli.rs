//! The command line: one file per verb.

mod analysing;
mod backtest;
mod check;
mod comment;
mod completions;
mod config;
mod demo;
mod doctor;
mod edit;
mod explain;
mod findings;
mod forge;
mod ingest;
mod intent;
mod ledger;
mod locate;
mod man;
mod pr;
mod propose;
mod pull;
mod report;
mod split;
mod usage;
mod verify;
mod watch;

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use jiff::civil::Date;

use crate::configuration::{self, Configuration};
use crate::exit::Exit;
use crate::output::Pipe;

/// Learns what each workload identity really does, compares that with what it may do, and proposes, with
/// proof, to grant exactly that
#[derive(Debug, Parser)]
#[command(name = "remit", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// Say more on standard error (`-v`, `-vv`)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Read options from this file, and not from `remit.toml` in the working folder
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read options from no file
    #[arg(long, global = true, conflicts_with = "config")]
    no_config: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Read audit logs into a usage ledger
    #[command(subcommand)]
    Ingest(ingest::Verb),
    /// List what was called, by principal, operation and resource
    Usage(usage::Arguments),
    /// List permissions that are not used, and what else is worth acting on
    Findings(findings::Arguments),
    /// Say why a permission is used, unused or unobservable, and what decides a request
    Explain(explain::Arguments),
    /// Say what a principal is there for, or whose use falls in short, regular windows
    Intent(intent::Arguments),
    /// Write proven policy proposals into a folder
    Propose(propose::Arguments),
    /// Open pull requests that put proposals into force where their policies are written
    Pr(Box<pr::Arguments>),
    /// Take back merged pull requests after which calls were refused
    Watch(Box<watch::Arguments>),
    /// Replay the past: would what is proposed have broken anything?
    Backtest(backtest::Arguments),
    /// Write what each of several workloads needs that share one identity
    Split(split::Arguments),
    /// Say where in a repository grants are written, and whether they can be edited there
    Locate(locate::Arguments),
    /// Write a proposals folder into the sources of a repository, as a patch
    Edit(edit::Arguments),
    /// Say what a change of policies grants that they did not grant before
    Check(Box<check::Arguments>),
    /// Check the proofs of a proposals folder again
    Verify(verify::Arguments),
    /// Fetch grants from where they are in force
    #[command(subcommand)]
    Pull(pull::Verb),
    /// Write a report as an HTML page and as Markdown
    Report(report::Arguments),
    /// Name what a ledger cannot show, and the command that closes each hole
    Doctor(doctor::Arguments),
    /// Look after a ledger
    #[command(subcommand)]
    Ledger(ledger::Verb),
    /// Run everything on an embedded sample organisation
    Demo(demo::Arguments),
    /// Say what `remit.toml` may say
    #[command(subcommand)]
    Config(config::Verb),
    /// Print a shell's completion script
    Completions(completions::Arguments),
    /// Write the manual's pages into a folder
    Man(man::Arguments),
}

/// Runs the program.
pub fn run() -> ExitCode {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (mut configuration, command, unreadable) = command(today);
    let parsed = command.try_get_matches().and_then(|mut matches| {
        let needs_file =
            matches.subcommand_name().is_some_and(|verb| !configuration::WITHOUT.contains(&verb));
        Ok((Arguments::from_arg_matches_mut(&mut matches)?, needs_file))
    });
    let (arguments, needs_file) = match parsed {
        // Without the file the line may lack what it says, so that the file is what is wrong.
        Ok((arguments, needs_file)) if unreadable.is_none() || !needs_file => (arguments, needs_file),
        Err(error) if unreadable.is_none() || !error.use_stderr() => {
            let wrong = error.use_stderr();
            // A closed pipe is no reason to fail after help was asked for.
            let _ = error.print();
            return if wrong { Exit::Usage.into() } else { Exit::Done.into() };
        }
        Ok(_) | Err(_) => {
            let (out, talk) = (&mut io::sink(), &mut io::stderr());
            let mut streams = Streams { out, talk, configuration: &configuration, today };
            unreadable.iter().for_each(|error| streams.error(error));
            return Exit::Usage.into();
        }
    };
    if !needs_file {
        configuration = Configuration::default();
    }
    start_log(arguments.verbose);
    let (out, talk) = (&mut Pipe::to(io::stdout().lock()), &mut io::stderr());
    let mut streams = Streams { out, talk, configuration: &configuration, today };
    let done = match arguments.verb {
        Verb::Ingest(verb) => ingest::run(&verb, &mut streams),
        Verb::Usage(arguments) => usage::run(&arguments, &mut streams),
        Verb::Findings(arguments) => findings::run(&arguments, &mut streams),
        Verb::Explain(arguments) => explain::run(&arguments, &mut streams),
        Verb::Intent(arguments) => intent::run(&arguments, &mut streams),
        Verb::Propose(arguments) => propose::run(&arguments, &mut streams),
        Verb::Pr(arguments) => pr::run(&arguments, &mut streams),
        Verb::Watch(arguments) => watch::run(&arguments, &mut streams),
        Verb::Backtest(arguments) => backtest::run(&arguments, &mut streams),
        Verb::Split(arguments) => split::run(&arguments, &mut streams),
        Verb::Locate(arguments) => locate::run(&arguments, &mut streams),
        Verb::Edit(arguments) => edit::run(&arguments, &mut streams),
        Verb::Check(arguments) => check::run(&arguments, &mut streams),
        Verb::Verify(arguments) => verify::run(&arguments, &mut streams),
        Verb::Pull(verb) => pull::run(&verb, &mut streams),
        Verb::Report(arguments) => report::run(&arguments, &mut streams),
        Verb::Doctor(arguments) => doctor::run(&arguments, &mut streams),
        Verb::Ledger(verb) => ledger::run(&verb, &mut streams),
        Verb::Demo(arguments) => demo::run(&arguments, &mut streams),
        Verb::Config(verb) => config::run(&verb, &mut streams),
        Verb::Completions(arguments) => completions::run(&arguments, &mut streams),
        Verb::Man(arguments) => man::run(&arguments, &mut streams),
    };
    match done.and_then(|exit| streams.out.flush().map(|()| exit).map_err(anyhow::Error::from)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            streams.error(&error);
            let wrong_usage = error.downcast_ref::<WrongUsage>().is_some();
            if wrong_usage { Exit::Usage.into() } else { Exit::Failed.into() }
        }
    }
}

/// The command line, with what a file says of it as defaults; or without, and why.
fn command(today: Date) -> (Configuration, clap::Command, Option<anyhow::Error>) {
    let command = Arguments::command();
    let read = configuration::path(std::env::args_os().skip(1))
        .map(|path| configuration::read(&path, command.clone(), today));
    match read {
        None => (Configuration::default(), command, None),
        Some(Ok((configuration, command))) => (configuration, command, None),
        Some(Err(error)) => (Configuration::default(), command, Some(error)),
    }
}

/// Where data and talk go, and what was said before.
struct Streams<'a> {
    /// Data.
    out: &'a mut dyn Write,
    /// Talk.
    talk: &'a mut dyn Write,
    /// What `remit.toml` says beside options.
    configuration: &'a Configuration,
    /// The day, by which mutes expire and people have left.
    today: Date,
}

impl Streams<'_> {
    /// Says a line on standard error.
    fn say(&mut self, line: &str) {
        crate::output::say(self.talk, line);
    }

    /// Says a problem with its hint on a line of its own.
    fn problem(&mut self, message: &str) {
        crate::output::say_wrong(self.talk, "warning", message);
    }

    fn error(&mut self, error: &anyhow::Error) {
        crate::output::say_wrong(self.talk, "error", &told(error));
    }
}

/// An error with its causes, but for those that it tells itself.
fn told(error: &anyhow::Error) -> String {
    let mut all = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !all.contains(&cause) {
            all.push_str(": ");
            all.push_str(&cause);
        }
    }
    all
}

/// A use of the command line that clap cannot see is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct WrongUsage(String);

fn start_log(verbose: u8) {
    let level = match verbose {
        // What fails of a cluster's answers is said once, by whoever asked.
        0 => "warn,kube_client=off",
        1 => "info,datafusion=warn",
        _ => "debug,datafusion=info",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("REMIT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let wants_colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(wants_colour && io::stderr().is_terminal());
    // Another subscriber can only be there in tests, and then it is the one to use.
    let _ = subscriber.try_init();
}
