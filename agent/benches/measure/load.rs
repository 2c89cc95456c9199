//! Whether calls are lost that each have a key of their own, 20,000 a second.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use futures::FutureExt as _;
use remit_ledger::Snapshot;

use crate::agent::Agent;
use crate::figure;

/// Processes that call.
const PROCESSES: u32 = 8;

/// Calls of each, all different.
const CALLS: u32 = 12_500;

pub(crate) fn run() -> anyhow::Result<()> {
    for pace in [20_000, 0] {
        let name = if pace == 0 { "as fast as they come" } else { "20,000 a second" };
        let folder = tempfile::tempdir()?;
        let ledger = folder.path().join("ledger");
        let agent = Agent::start(&ledger, &[])?;
        let before = agent.used()?;
        let seconds = write("load", PROCESSES, CALLS, pace / PROCESSES)?;
        let used = agent.used()? - before;
        let [calls, recorded, dropped, left] = agent.stop()?;
        let made = PROCESSES * CALLS;
        let snapshot = Snapshot::of_folder(&ledger)?;
        let reasons = snapshot.info().counts.lost;
        let [missing, more] = compare(&snapshot)?;
        eprintln!(
            "    {name}: {made} calls in {seconds:.1} s, {calls} attempts, {recorded} recorded, {dropped} dropped {reasons:?}, {left} left; \
             {missing} keys are missing and {more} counted more than once; {:.1} µs of the agent a call",
            used * 1e6 / f64::from(made)
        );
        ensure!(calls == recorded + dropped + left, "{calls} calls are not accounted for");
        figure(&format!("load, {name}, calls a second"), f64::from(made) / seconds);
        figure(&format!("load, {name}, dropped"), dropped as f64);
        figure(&format!("load, {name}, missing"), f64::from(missing));
        figure(&format!("load, {name}, more than once"), f64::from(more));
        figure(&format!("load, {name}, µs of the agent a call"), used * 1e6 / f64::from(made));
    }
    Ok(())
}

/// Lets processes write calls, so many each and at that pace, no two of them to the same host. Answers how many seconds
/// the slowest took.
pub(crate) fn write(name: &str, processes: u32, calls: u32, pace: u32) -> anyhow::Result<f64> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agent/load.py");
    let start = |number: u32| -> anyhow::Result<Child> {
        let mut python = Command::new("python3");
        python.arg(&script).arg(format!("{name}{number}")).args([calls.to_string(), pace.to_string()]);
        Ok(python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
    };
    let mut children = (0..processes).map(start).collect::<anyhow::Result<Vec<Child>>>()?;
    let mut lines = Vec::new();
    for child in &mut children {
        let mut output = BufReader::new(child.stdout.take().context("no output")?).lines();
        output.next().context("a process ended")??;
        lines.push(output);
    }
    for child in &mut children {
        writeln!(child.stdin.as_mut().context("no input")?)?;
    }
    let mut slowest: f64 = 0.0;
    for (child, mut output) in children.iter_mut().zip(lines) {
        slowest = slowest.max(output.next().context("a process ended")??.parse()?);
        ensure!(child.wait()?.success(), "a process failed");
    }
    Ok(slowest)
}

/// How many keys are not in the ledger, and how many were counted more than once.
fn compare(snapshot: &Snapshot) -> anyhow::Result<[u32; 2]> {
    let records = snapshot.usage().now_or_never().context("the ledger is not on this machine")??;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for record in records.iter().filter(|record| record.service.ends_with(".remit-load.example")) {
        *counts.entry(&record.service).or_default() += record.count;
    }
    let (mut missing, mut more) = (0, 0);
    for process in 0..PROCESSES {
        for number in 0..CALLS {
            match counts.get(format!("k{number}.load{process}.remit-load.example").as_str()) {
                None => missing += 1,
                Some(1) => {}
                Some(_) => more += 1,
            }
        }
    }
    Ok([missing, more])
}
