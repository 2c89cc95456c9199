//! Runs of programs, timed from outside, in turn with each other.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::step;

/// One run of a program.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) time: Duration,
    /// Peak of resident memory in bytes, as the kernel keeps it; 0 where it is not known.
    pub(crate) peak: u64,
    /// What the program said on standard output.
    pub(crate) said: String,
}

/// A program that takes part: its name, and the command of one run with what must be prepared for it.
pub(crate) struct Contestant<'a> {
    pub(crate) name: &'static str,
    pub(crate) command: Box<dyn Fn() -> anyhow::Result<Command> + 'a>,
}

/// Runs the contestants in turn, as often as told; answers the runs of each.
///
/// The first round, in which files come into the page cache, is not counted.
pub(crate) fn in_turn(rounds: usize, contestants: &[Contestant<'_>]) -> anyhow::Result<Vec<Vec<Run>>> {
    let mut runs: Vec<Vec<Run>> = contestants.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (contestant, runs) in contestants.iter().zip(&mut runs) {
            let run = once(&mut (contestant.command)()?)?;
            let time = run.time.as_secs_f64();
            // What a program said tells whether it did the same work; a table on several lines does not.
            let said = run.said.lines().next().unwrap_or_default();
            eprintln!("    {round:>2} {:<20} {time:>9.3} s  {said}", contestant.name);
            if round > 0 {
                runs.push(run);
            }
        }
    }
    Ok(runs)
}

/// The median of the times.
pub(crate) fn median(runs: &[Run]) -> Duration {
    let mut times: Vec<Duration> = runs.iter().map(|run| run.time).collect();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Runs a command to its end. Its talk is shown only where it fails.
pub(crate) fn once(command: &mut Command) -> anyhow::Result<Run> {
    let line = step::line(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("`{line}` cannot be started"))?;
    let (id, ended) = (child.id(), AtomicBool::new(false));
    let (output, time, peak) = thread::scope(|scope| {
        let watch = scope.spawn(|| watch(id, &ended));
        let output = child.wait_with_output();
        let time = start.elapsed();
        ended.store(true, Ordering::Relaxed);
        (output, time, watch.join().unwrap_or(0))
    });
    let output = output.with_context(|| format!("`{line}` was lost"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(Run { time, peak, said: String::from_utf8_lossy(&output.stdout).into_owned() })
}

/// The highest peak of resident memory that the kernel shows for a process until it ends, in bytes. The
/// kernel keeps the peak, so only what happens within the last pause can be missed.
fn watch(id: u32, ended: &AtomicBool) -> u64 {
    let mut peak = 0;
    while !ended.load(Ordering::Relaxed) {
        if let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
            peak = peak.max(kib.unwrap_or(0) * 1024);
        }
        thread::sleep(Duration::from_millis(5));
    }
    peak
}
