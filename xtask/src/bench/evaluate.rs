//! Decisions of the policy core against those of iam-simulate, on one core each.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use super::Bench;
use super::row::{Row, Target};
use super::run::{Run, once};
use crate::test::peers;

/// How many requests are decided, of how many policies.
const REQUESTS: usize = 20_000;
const POLICIES: usize = 200;
/// How often the policy core goes through all of them in a run, so that a run is long enough to be timed.
const TIMES: u32 = 20;

/// What a contestant answers.
#[derive(Clone, Copy, Debug)]
struct Answer {
    allowed: u64,
    requests: f64,
    seconds: f64,
}

pub(super) fn run(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let referee = peers::referee(bench.place)?;
    let work = bench.place.target.join("bench/decisions.json");
    let measure = &bench.programs()?.measure;
    once(
        Command::new(measure).arg("requests").arg(&work).args([POLICIES.to_string(), REQUESTS.to_string()]),
    )?;
    let ours = |_: &str| {
        let mut command = Command::new(measure);
        command.arg("decide").arg(&work).arg(TIMES.to_string());
        command
    };
    let script = bench.place.root.join("xtask/bench/decide.mjs");
    let theirs = |validation: &str| {
        let mut command = Command::new("node");
        command.current_dir(&referee).arg(&script).arg(&work).arg(validation);
        command
    };
    let validated = against(bench, &ours, &theirs, "with-validation")?;
    let raw = against(bench, &ours, &theirs, "without-validation")?;
    Ok(vec![
        row("decisions on one core against iam-simulate", validated, Some(400.0)),
        row("the same, iam-simulate told not to validate its input", raw, None),
    ])
}

/// Medians of both, run in turn.
fn against(
    bench: &Bench<'_>,
    ours: &dyn Fn(&str) -> Command,
    theirs: &dyn Fn(&str) -> Command,
    validation: &str,
) -> anyhow::Result<[Answer; 2]> {
    let mut answers = [Vec::new(), Vec::new()];
    for round in 0..bench.arguments.rounds {
        for (command, answers) in [ours, theirs].into_iter().zip(&mut answers) {
            let answer = read(&once(&mut on_one_core(&command(validation)))?)?;
            eprintln!("    {round:>2} {:>12.0} decisions/s", answer.requests / answer.seconds);
            answers.push(answer);
        }
    }
    let [mut ours, mut theirs] = answers;
    let (ours, theirs) = (median(&mut ours)?, median(&mut theirs)?);
    if ours.allowed != theirs.allowed {
        bail!("{} requests are allowed, and {} for iam-simulate", ours.allowed, theirs.allowed);
    }
    Ok([ours, theirs])
}

/// The same command on one core, where the machine can be told so: node collects garbage on others.
fn on_one_core(command: &Command) -> Command {
    let taskset = Path::new("/usr/bin/taskset");
    if !taskset.is_file() {
        let mut same = Command::new(command.get_program());
        same.args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            same.current_dir(folder);
        }
        return same;
    }
    let mut pinned = Command::new(taskset);
    pinned.args(["-c", "0"]).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        pinned.current_dir(folder);
    }
    pinned
}

fn read(run: &Run) -> anyhow::Result<Answer> {
    let numbers: Vec<u64> = run.said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let &[allowed, requests, nanoseconds] = numbers.as_slice() else {
        bail!("`{}` is no count of decisions", run.said.trim());
    };
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let (requests, nanoseconds) = (requests as f64, nanoseconds as f64);
    Ok(Answer { allowed, requests, seconds: nanoseconds / 1e9 })
}

fn median(answers: &mut [Answer]) -> anyhow::Result<Answer> {
    answers.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    answers.get(answers.len() / 2).copied().context("no rounds")
}

fn row(what: &str, [ours, theirs]: [Answer; 2], target: Option<f64>) -> Row {
    let pace = |answer: Answer| answer.requests / answer.seconds;
    Row {
        what: what.to_owned(),
        remit: format!("{:.0} decisions/s", pace(ours)),
        other: format!("{:.0} decisions/s", pace(theirs)),
        reached: pace(ours) / pace(theirs),
        unit: " x",
        target: target.map_or(Target::None, Target::AtLeast),
    }
}
