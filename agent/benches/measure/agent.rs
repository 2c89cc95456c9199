//! A running `remit-agent run`, and what it uses.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use anyhow::{Context, bail};

/// A running agent.
pub(crate) struct Agent {
    child: Child,
    said: Lines<BufReader<ChildStderr>>,
}

impl Agent {
    /// Starts it, and waits until it watches.
    pub(crate) fn start(ledger: &Path, options: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_remit-agent"));
        command.arg("run").arg("--ledger").arg(ledger).args(options);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut said = BufReader::new(child.stderr.take().context("it says nothing")?).lines();
        let mut last = String::new();
        for line in &mut said {
            last = line?;
            if last.contains("calls follow") {
                return Ok(Self { child, said });
            }
        }
        child.wait()?;
        bail!("the agent did not start: {last}");
    }

    /// Megabytes that are resident, and that were at most.
    pub(crate) fn memory(&self) -> anyhow::Result<[f64; 2]> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
            let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
            Ok::<f64, anyhow::Error>(kilobytes / 1024.0)
        };
        Ok([field("VmRSS:")?, field("VmHWM:")?])
    }

    /// Seconds of processors that it used.
    pub(crate) fn used(&self) -> anyhow::Result<f64> {
        used(self.child.id())
    }

    /// Stops it, and answers what it said at its end: how many calls, recorded, dropped and left.
    pub(crate) fn stop(mut self) -> anyhow::Result<[u64; 4]> {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
        let mut last = String::new();
        for line in &mut self.said {
            last = line?;
        }
        self.child.wait()?;
        let words = last.split([' ', ',']).filter_map(|word| word.parse().ok());
        let numbers: Vec<u64> = words.collect();
        numbers.try_into().map_err(|_| anyhow::anyhow!("the agent ended with: {last}"))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Seconds of processors that a process used in all its threads: `schedstat`, since `stat` counts in hundredths.
pub(crate) fn used(process: u32) -> anyhow::Result<f64> {
    let mut nanoseconds = 0.0;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += text.split(' ').next().context("no time")?.parse::<f64>()?;
    }
    Ok(nanoseconds / 1e9)
}
