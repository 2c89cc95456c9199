//! Ingest of Kubernetes' audit logs against the floor and against DuckDB on the same files.

use std::path::PathBuf;
use std::process::Command;

use super::ingest::{MEMORY, ledger, pace};
use super::program::build;
use super::row::{Row, Target};
use super::run::{Contestant, in_turn, median, once};
use super::{Bench, python, script};

/// Any number will do, as long as it stays.
const SEED: &str = "20261123";

/// Ingest by the library, which takes minutes less to build than the program around it.
pub(super) fn run(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let events = bench.arguments.events;
    let folder = folder(bench, events)?;
    let ledger = ledger(bench);
    let ingest = build(bench.place, "agent/ingest", &["--example", "ingest"])?;
    let measure = build(bench.place, "tests", &["--bench", "measure"])?;
    let (python, out) = (python(bench)?, bench.place.target.join("bench/duckdb.parquet"));
    let floor = Contestant {
        name: "floor",
        command: Box::new(|| {
            let mut command = Command::new(&measure);
            command.arg("floor").arg(&folder);
            Ok(command)
        }),
    };
    let duckdb = Contestant {
        name: "DuckDB",
        command: Box::new(|| {
            let mut command = Command::new(&python);
            command.arg(script(bench, "duckdb_kubernetes.py")).arg(&folder).arg(&out);
            Ok(command)
        }),
    };
    let remit = Contestant {
        name: "remit",
        command: Box::new(|| {
            let _ = std::fs::remove_dir_all(&ledger);
            let mut command = Command::new(&ingest);
            command.arg("kubernetes-audit").arg(&ledger).arg(&folder);
            Ok(command)
        }),
    };
    let runs = in_turn(bench.arguments.rounds, &[floor, duckdb, remit])?;
    let [floor, duckdb, remit] = runs.as_slice() else { return Ok(Vec::new()) };
    let (least, theirs, ours) =
        (median(floor).as_secs_f64(), median(duckdb).as_secs_f64(), median(remit).as_secs_f64());
    let row = |what: &str, other: String, reached: f64, target: Target| Row {
        what: format!("ingest of {events} audit events of Kubernetes against {what}"),
        remit: pace(events, ours),
        other,
        reached,
        unit: " x",
        target,
    };
    Ok(vec![
        row("the floor", format!("{least:.2} s"), ours / least, Target::AtMost(3.0)),
        row("DuckDB", pace(events, theirs), theirs / ours, Target::AtLeast(4.0)),
        Row::peak(format!("peak memory of ingesting {events} audit events"), remit, MEMORY),
    ])
}

/// A folder with audit logs of so many events.
fn folder(bench: &Bench<'_>, events: u64) -> anyhow::Result<PathBuf> {
    let folder = bench.place.target.join(format!("bench/audit-{events}-{SEED}"));
    let made = folder.join("made");
    if !made.is_file() {
        let _ = std::fs::remove_dir_all(&folder);
        let mut generate = Command::new(python(bench)?);
        generate.arg(script(bench, "kubernetes_log.py")).arg(&folder).args([&events.to_string(), SEED]);
        once(&mut generate)?;
        std::fs::write(&made, "")?;
    }
    Ok(folder)
}
