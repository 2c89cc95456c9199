//! `cargo xtask test`: everything that must hold, in one command, on a machine that has only the Rust toolchain.

pub(crate) mod peers;
pub(crate) mod tool;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::bail;

use crate::fuzz;
use crate::place::{Place, in_ci};
use crate::step::{Steps, succeed};
use crate::tidy;

/// What `cargo xtask test` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only build, and run the tests whose names contain one of these
    filters: Vec<String>,
    /// Try the later steps even where an earlier one failed
    #[arg(long)]
    keep_going: bool,
}

/// Runs every step in order and prints what each took.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let place = Place::find()?;
    let skips = place.target.join("skipped-tests.txt");
    let _ = std::fs::remove_file(&skips);
    let mut steps = Steps::new(arguments.keep_going);
    if arguments.filters.is_empty() {
        everything(&place, &mut steps, &skips);
    } else {
        steps.take("peers", || peers::for_tests(&place));
        steps.take("build", || build(&place));
        steps.take("tests", || tests(&place, &skips, &arguments.filters, &[]));
    }
    let done = steps.finish();
    skipped(&skips)?;
    done
}

/// The steps, cheap ones first.
///
/// Every cargo command selects the whole workspace with its tests: a narrower selection has other features of
/// shared dependencies, and would compile DataFusion once more.
fn everything(place: &Place, steps: &mut Steps, skips: &Path) {
    steps.command("format", &mut place.cargo(&["fmt", "--all", "--check"]));
    steps.take("tidy", tidy::run);
    steps.take("tools", || tool::ensure(place, &[&tool::NEXTEST, &tool::DENY]));
    steps.take("peers", || peers::for_tests(place));
    steps.command(
        "clippy",
        &mut place.cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    );
    steps.take("build", || build(place));
    steps.take("tests", || tests(place, skips, &[], &[]));
    steps.take("doctests", || {
        succeed(&mut environment(place, place.cargo(&["test", "--doc", "--workspace", "--locked"])))
    });
    if in_ci() || place.program("c++").is_some() {
        steps.take("fuzzing", || fuzz::bounded(place));
    } else {
        steps.leave_out("fuzzing", "there is no compiler for C++, `c++`, to build libFuzzer");
    }
    // `--examples` makes cargo count the tests' dependencies in, as every other step does.
    let mut documentation =
        place.cargo(&["doc", "--workspace", "--no-deps", "--lib", "--bins", "--examples"]);
    documentation.args(["--document-private-items", "--locked"]);
    steps.command("documentation", documentation.env("RUSTDOCFLAGS", "-D warnings"));
    steps.command(
        "dependencies",
        &mut place.cargo(&["deny", "--workspace", "check", "licenses", "bans", "sources"]),
    );
    if advisories_reachable(place) {
        steps.command("advisories", &mut place.cargo(&["deny", "--workspace", "check", "advisories"]));
    } else {
        steps.leave_out("advisories", "the advisory database at github.com cannot be reached");
    }
}

/// Builds the programs that the end-to-end tests run, and the tests, in one go.
pub(crate) fn build(place: &Place) -> anyhow::Result<()> {
    succeed(&mut place.cargo(&["build", "--workspace", "--bins", "--tests", "--examples", "--locked"]))
}

/// Runs the tests of the whole workspace.
pub(crate) fn tests(
    place: &Place,
    skips: &Path,
    filters: &[String],
    settings: &[(&str, &str)],
) -> anyhow::Result<()> {
    let mut command = if place.program("cargo-nextest").is_some() {
        place.cargo(&["nextest", "run", "--workspace", "--locked", "--no-tests=warn"])
    } else {
        eprintln!(
            "note: cargo-nextest is absent, so the tests run under `cargo test`: slower, and a hang is not ended"
        );
        place.cargo(&["test", "--workspace", "--lib", "--bins", "--tests", "--locked", "--no-fail-fast"])
    };
    command = environment(place, command);
    command.args(filters).env("REMIT_SKIPS", skips).envs(settings.iter().copied());
    succeed(&mut command)
}

/// What the tests are told about this machine.
fn environment(place: &Place, mut command: Command) -> Command {
    let peers = place.peers();
    command.env("REMIT_REFEREE", peers.join("referee")).env("REMIT_PEERS", peers);
    command
}

/// Whether the advisory database can be fetched; a machine without a way to it is not a failure of the code.
fn advisories_reachable(place: &Place) -> bool {
    let mut command = place.command("git");
    command.args(["ls-remote", "--quiet", "https://github.com/RustSec/advisory-db", "HEAD"]);
    command.env("GIT_TERMINAL_PROMPT", "0").stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    for _ in 0..200 {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(100)),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// Names the tests that could not run here, last of all so that nobody overlooks them.
fn skipped(skips: &Path) -> anyhow::Result<()> {
    let Ok(lines) = std::fs::read_to_string(skips) else { return Ok(()) };
    let count = lines.lines().count();
    eprintln!("\nATTENTION: {count} tests were SKIPPED on this machine:");
    for line in lines.lines() {
        eprintln!("  {line}");
    }
    if in_ci() {
        bail!("{count} tests were skipped, which CI does not accept");
    }
    Ok(())
}
