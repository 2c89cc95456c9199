//! Bringing states up to date with a day's records, against DuckDB which reads and groups the same Parquet files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::row::{Row, Target};
use super::run::{Contestant, Run, in_turn, median, once};
use super::{Bench, python, script};

/// Megabytes that bringing states up to date, and reading them, may take.
const MEMORY: f64 = 1000.0;

/// Days of the ledger before the one that is added.
const DAYS: &str = "400";

/// The day that is added, and the first of its month.
const ADDED: (&str, &str) = ("2026-10-31", "2026-10-01");

pub(super) fn run(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let ledger = bench.place.target.join("bench/ledger-large");
    // The states as they were before the day.
    let before = bench.place.target.join("bench/ledger-large-rollup");
    let first = made(bench, &ledger, &before)?;
    let python = python(bench)?;
    let script = script(bench, "duckdb_state.py");
    let usage = ledger.join(format!("usage/v1/*/date={}/*.parquet", ADDED.0));
    let duckdb = |states: PathBuf| {
        let mut command = Command::new(&python);
        command.arg(&script).args([&states, &usage]).arg(ADDED.1);
        Ok(command)
    };
    let ours = Contestant {
        name: "remit",
        command: Box::new(|| {
            copy(&before, &ledger.join("rollup"))?;
            roll_up(bench, &ledger)
        }),
    };
    let all = Contestant {
        name: "DuckDB, all states",
        command: Box::new(|| duckdb(before.join("v1/*/*/*.parquet"))),
    };
    let month = Contestant {
        name: "DuckDB, one month",
        command: Box::new(|| duckdb(before.join("v1/*/month=2026-10/*.parquet"))),
    };
    let usage_of = |name: &'static str, has_states: bool| {
        let (ledger, before) = (&ledger, &before);
        Contestant {
            name,
            command: Box::new(move || {
                copy(before, &ledger.join("rollup"))?;
                if !has_states {
                    std::fs::remove_dir_all(ledger.join("rollup"))?;
                }
                let mut command = Command::new("sh");
                let pipe = r#"exec "$0" usage --ledger "$1" --format csv >/dev/null"#;
                command.args(["-c", pipe]).arg(&bench.programs()?.remit).arg(ledger);
                Ok(command)
            }),
        }
    };
    let contestants =
        [ours, all, month, usage_of("usage, states", true), usage_of("usage, no states", false)];
    let runs = in_turn(bench.arguments.rounds, &contestants)?;
    let [ours, all, month, with, without] = runs.as_slice() else { return Ok(Vec::new()) };
    let mut rows = vec![
        against(
            "a day added to states of 10,000 principals x 400 days, DuckDB reading all states",
            ours,
            all,
        ),
        against("the same, DuckDB reading the one month's state that changes", ours, month),
    ];
    rows.push(Row::peak("peak memory of it".to_owned(), ours, MEMORY));
    if let Some(first) = first {
        rows.push(Row::peak("peak memory of making all states of that ledger".to_owned(), &[first], MEMORY));
    }
    let target = Target::None;
    rows.push(Row { target, ..against("`remit usage` of it with states and without", with, without) });
    rows.push(Row::peak("peak memory of `remit usage` with states".to_owned(), with, MEMORY));
    Ok(rows)
}

fn against(what: &str, ours: &[Run], theirs: &[Run]) -> Row {
    let (time, other) = (median(ours).as_secs_f64(), median(theirs).as_secs_f64());
    Row {
        what: what.to_owned(),
        remit: format!("{time:.2} s"),
        other: format!("{other:.2} s"),
        reached: time / other,
        unit: " x",
        target: Target::AtMost(2.0),
    }
}

fn roll_up(bench: &Bench<'_>, ledger: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(&bench.programs()?.remit);
    command.args(["ledger", "roll-up", "--ledger"]).arg(ledger);
    Ok(command)
}

/// Makes the ledger, its states and then the day that these lack; answers the run that made the states where it was now.
fn made(bench: &Bench<'_>, ledger: &Path, before: &Path) -> anyhow::Result<Option<Run>> {
    let made = ledger.with_extension("made");
    if made.is_file() {
        return Ok(None);
    }
    for folder in [ledger, before] {
        let _ = std::fs::remove_dir_all(folder);
    }
    eprintln!("    writing a ledger of 10,000 principals and {DAYS} days");
    let days = |first: &str, end: &str| {
        once(Command::new(&bench.programs()?.measure).arg("days").arg(ledger).args([first, end]))
    };
    days("0", DAYS)?;
    let first = once(&mut roll_up(bench, ledger)?)?;
    copy(&ledger.join("rollup"), before)?;
    days(DAYS, "401")?;
    std::fs::write(&made, "")?;
    Ok(Some(first))
}

/// Copies a folder in the place of another.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).with_context(|| format!("cannot create `{}`", to.display()))?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
