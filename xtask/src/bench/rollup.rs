//! The roll-up over a large ledger against DuckDB's same aggregation over the same Parquet files.

use std::path::PathBuf;
use std::process::Command;

use super::row::{Row, Target};
use super::run::{Contestant, in_turn, median, once};
use super::{Bench, python, script};

/// A year of a large account.
const ROWS: u64 = 10_000_000;

pub(super) fn run(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let ledger = ledger(bench)?;
    let python = python(bench)?;
    let script = script(bench, "duckdb_rollup.py");
    let ours = Contestant {
        name: "remit",
        command: Box::new(|| {
            let mut command = Command::new("sh");
            let pipe = r#"exec "$0" usage --ledger "$1" --format csv >/dev/null"#;
            command.args(["-c", pipe]).arg(&bench.programs()?.remit).arg(&ledger);
            Ok(command)
        }),
    };
    let theirs = Contestant {
        name: "DuckDB",
        command: Box::new(|| {
            let mut command = Command::new(&python);
            command.arg(&script).arg(&ledger);
            Ok(command)
        }),
    };
    let runs = in_turn(bench.arguments.rounds, &[ours, theirs])?;
    let [ours, theirs] = runs.as_slice() else { return Ok(Vec::new()) };
    let (time, other) = (median(ours).as_secs_f64(), median(theirs).as_secs_f64());
    Ok(vec![Row {
        what: format!("roll-up of {ROWS} rows against DuckDB"),
        remit: format!("{time:.2} s"),
        other: format!("{other:.2} s"),
        reached: time / other,
        unit: " x",
        target: Target::AtMost(1.5),
    }])
}

/// A ledger made once.
fn ledger(bench: &Bench<'_>) -> anyhow::Result<PathBuf> {
    let folder = bench.place.target.join(format!("bench/ledger-{ROWS}"));
    let made = folder.with_extension("made");
    if !made.is_file() {
        let _ = std::fs::remove_dir_all(&folder);
        eprintln!("    writing a ledger of {ROWS} rows");
        once(Command::new(&bench.programs()?.measure).arg("ledger").arg(&folder).arg(ROWS.to_string()))?;
        std::fs::write(&made, "")?;
    }
    Ok(folder)
}
