//! What a user waits for before anything happens.

use std::process::Command;
use std::time::Duration;

use anyhow::Context;

use super::Bench;
use super::row::{Row, Target};
use super::run::{Contestant, in_turn, median, once};

/// Starts are short, so that many are needed.
const STARTS: usize = 40;

/// `remit --help`, and the catalog in a fresh process.
pub(super) fn run(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let help = Contestant {
        name: "remit --help",
        command: Box::new(|| {
            let mut command = Command::new("sh");
            command.args(["-c", r#"exec "$0" --help >/dev/null"#]).arg(&bench.programs()?.remit);
            Ok(command)
        }),
    };
    let nothing = Contestant {
        name: "true",
        command: Box::new(|| {
            let mut command = Command::new("sh");
            command.args(["-c", "exec true"]);
            Ok(command)
        }),
    };
    let runs = in_turn(STARTS, &[help, nothing])?;
    let [help, nothing] = runs.as_slice() else { return Ok(Vec::new()) };
    let mut loads = (0..STARTS).map(|_| catalog(bench)).collect::<anyhow::Result<Vec<Duration>>>()?;
    loads.sort();
    let load = loads.get(STARTS / 2).copied().unwrap_or_default();
    Ok(vec![
        row(
            "start of `remit --help`",
            median(help),
            format!("{:.1} ms for `true`", milliseconds(median(nothing))),
            20.0,
        ),
        row("load of the catalog", load, String::new(), 10.0),
    ])
}

/// How long the catalog took in a process that had not used it.
fn catalog(bench: &Bench<'_>) -> anyhow::Result<Duration> {
    let said = once(Command::new(&bench.programs()?.measure).arg("catalog"))?.said;
    said.trim().parse().map(Duration::from_nanos).context("the catalog's time is no number")
}

fn row(what: &str, time: Duration, other: String, bound: f64) -> Row {
    let reached = milliseconds(time);
    Row {
        what: what.to_owned(),
        remit: format!("{reached:.1} ms"),
        other,
        reached,
        unit: " ms",
        target: Target::AtMost(bound),
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
