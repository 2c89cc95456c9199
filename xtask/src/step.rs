//! A run in steps, each announced, timed and reported at the end.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::place::Place;

/// The steps taken so far.
#[derive(Debug)]
pub(crate) struct Steps {
    keep_going: bool,
    taken: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    time: Duration,
    end: End,
}

#[derive(Debug)]
enum End {
    Passed,
    Failed(String),
    LeftOut(String),
}

impl Steps {
    /// No step taken yet. With `keep_going`, a failed step does not keep later ones from being tried.
    pub(crate) fn new(keep_going: bool) -> Steps {
        Steps { keep_going, taken: Vec::new() }
    }

    /// Takes a step, unless an earlier one failed.
    pub(crate) fn take(&mut self, name: &'static str, work: impl FnOnce() -> anyhow::Result<()>) {
        if self.failed() && !self.keep_going {
            return;
        }
        eprintln!("\n==> {name}");
        let start = Instant::now();
        let end = match work() {
            Ok(()) => End::Passed,
            Err(error) => End::Failed(format!("{error:#}")),
        };
        let time = start.elapsed();
        if let End::Failed(reason) = &end {
            eprintln!("==> {name} failed: {reason}");
        }
        self.taken.push(Step { name, time, end });
    }

    /// Takes a step that is one command.
    pub(crate) fn command(&mut self, name: &'static str, command: &mut Command) {
        self.take(name, || succeed(command));
    }

    /// Notes a step that cannot be taken here, and why.
    pub(crate) fn leave_out(&mut self, name: &'static str, reason: &str) {
        if self.failed() && !self.keep_going {
            return;
        }
        eprintln!("\n==> {name}: left out, {reason}");
        self.taken.push(Step { name, time: Duration::ZERO, end: End::LeftOut(reason.to_owned()) });
    }

    /// Prints each step with its time, then succeeds if all did.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        eprintln!("\nsummary");
        for step in &self.taken {
            let (word, reason) = match &step.end {
                End::Passed => ("passed", ""),
                End::Failed(reason) => ("FAILED", reason.as_str()),
                End::LeftOut(reason) => ("LEFT OUT", reason.as_str()),
            };
            eprintln!("  {:<14} {:>7.1} s  {word} {reason}", step.name, step.time.as_secs_f64());
        }
        let total: Duration = self.taken.iter().map(|step| step.time).sum();
        eprintln!("  {:<14} {:>7.1} s", "total", total.as_secs_f64());
        if self.failed() {
            bail!("not all steps passed");
        }
        Ok(())
    }

    fn failed(&self) -> bool {
        self.taken.iter().any(|step| matches!(step.end, End::Failed(_)))
    }
}

/// Runs a command that shares this program's streams, and fails if it does.
pub(crate) fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let line = line(command);
    eprintln!("    {line}");
    let status = command.status().with_context(|| format!("`{line}` cannot be started"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// What a command prints.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("`{}` cannot be started", line(command)))?;
    if !output.status.success() {
        bail!("`{}` ended with {}", line(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Installs packages of Debian; where that cannot be done, this is what is missing.
pub(crate) fn install(place: &Place, packages: &[&str], missing: &str) -> anyhow::Result<()> {
    if place.program("apt-get").is_none() {
        bail!("{missing}");
    }
    let mut install = place.command("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    succeed(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three steps of which the second fails; answers which were tried.
    fn tried(keep_going: bool) -> Vec<&'static str> {
        let mut tried = Vec::new();
        let mut steps = Steps::new(keep_going);
        steps.take("one", || {
            tried.push("one");
            Ok(())
        });
        steps.take("two", || {
            tried.push("two");
            bail!("it rains")
        });
        steps.take("three", || {
            tried.push("three");
            Ok(())
        });
        assert!(steps.finish().is_err());
        tried
    }

    #[test]
    fn a_failed_step_ends_the_run_unless_told_otherwise() {
        assert_eq!(tried(false), ["one", "two"]);
        assert_eq!(tried(true), ["one", "two", "three"]);
    }

    #[test]
    fn a_step_left_out_is_no_failure() {
        let mut steps = Steps::new(false);
        steps.leave_out("one", "there is no network");
        assert!(steps.finish().is_ok());
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let error = succeed(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` ended with exit status: 3");
    }
}
