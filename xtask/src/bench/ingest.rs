//! Ingest against the floor and against other readers of the same CloudTrail files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::row::{Row, Target};
use super::run::{Contestant, Run, in_turn, median, once};
use super::{Bench, load};
use crate::test::peers;

/// Ingest against inflating and walking the bytes; memory and size of the ledger come along.
pub(super) fn floor(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let events = bench.arguments.events;
    let folder = load::folder(bench, events)?;
    let ledger = ledger(bench);
    let floor = Contestant {
        name: "floor",
        command: Box::new(|| {
            let mut command = Command::new(&bench.programs.measure);
            command.arg("floor").arg(&folder);
            Ok(command)
        }),
    };
    let runs = in_turn(bench.arguments.rounds, &[floor, remit(bench, &folder, &ledger)])?;
    let [floor, ours] = runs.as_slice() else { return Ok(Vec::new()) };
    let (theirs, time) = (median(floor).as_secs_f64(), median(ours).as_secs_f64());
    let mut rows = vec![Row {
        what: format!("ingest of {events} events against the floor"),
        remit: pace(events, time),
        other: format!("{theirs:.2} s"),
        reached: time / theirs,
        unit: " x",
        target: Target::AtMost(3.0),
    }];
    rows.push(memory(ours, events));
    rows.push(size(bench, &ledger)?);
    Ok(rows)
}

/// Ingest against Python with orjson.
pub(super) fn orjson(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let python = python(bench)?;
    let script = script(bench, "orjson_usage.py");
    let against = |folder: &Path| {
        let mut command = Command::new(&python);
        command.arg(&script).arg(folder);
        Ok(command)
    };
    compare(bench, bench.arguments.events, "Python with orjson", 3.0, &against)
}

/// Ingest against DuckDB.
pub(super) fn duckdb(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let python = python(bench)?;
    let script = script(bench, "duckdb_usage.py");
    let out = bench.place.target.join("bench/duckdb.parquet");
    let against = |folder: &Path| {
        let mut command = Command::new(&python);
        command.arg(&script).arg(folder).arg(&out);
        Ok(command)
    };
    compare(bench, bench.arguments.events, "DuckDB", 15.0, &against)
}

/// Ingest against trailscraper, from files to policy as its manual shows.
pub(super) fn trailscraper(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let program = python(bench)?.with_file_name("trailscraper");
    let pipe = r#""$0" select --log-dir "$1" --from 2000-01-01 --to 2100-01-01 | "$0" generate | wc -c"#;
    let against = |folder: &Path| {
        let mut command = Command::new("sh");
        command.args(["-c", pipe]).arg(&program).arg(folder);
        Ok(command)
    };
    compare(bench, bench.arguments.subset, "trailscraper", 100.0, &against)
}

/// Ingest of so many events against another reader, which must take so many times as long.
fn compare(
    bench: &Bench<'_>,
    events: u64,
    name: &'static str,
    target: f64,
    against: &dyn Fn(&Path) -> anyhow::Result<Command>,
) -> anyhow::Result<Vec<Row>> {
    let folder = load::folder(bench, events)?;
    let ledger = ledger(bench);
    let other = Contestant { name, command: Box::new(|| against(&folder)) };
    // A reader that takes minutes does not become clearer by many of them.
    let rounds = if target < 10.0 { bench.arguments.rounds } else { bench.arguments.rounds.min(3) };
    let runs = in_turn(rounds, &[other, remit(bench, &folder, &ledger)])?;
    let [theirs, ours] = runs.as_slice() else { return Ok(Vec::new()) };
    let (theirs, time) = (median(theirs).as_secs_f64(), median(ours).as_secs_f64());
    Ok(vec![Row {
        what: format!("ingest of {events} events against {name}"),
        remit: pace(events, time),
        other: pace(events, theirs),
        reached: theirs / time,
        unit: " x",
        target: Target::AtLeast(target),
    }])
}

/// Ingest into a ledger that is empty at each start.
fn remit<'a>(bench: &'a Bench<'_>, folder: &'a Path, ledger: &'a Path) -> Contestant<'a> {
    Contestant {
        name: "remit",
        command: Box::new(move || {
            let _ = std::fs::remove_dir_all(ledger);
            let mut command = Command::new(&bench.programs.remit);
            command.args(["ingest", "cloudtrail"]).arg(folder).arg("--ledger").arg(ledger);
            Ok(command)
        }),
    }
}

fn ledger(bench: &Bench<'_>) -> PathBuf {
    bench.place.target.join("bench/ledger")
}

/// A Python that has the peers.
fn python(bench: &Bench<'_>) -> anyhow::Result<PathBuf> {
    peers::python(bench.place, "bench", &bench.place.root.join("xtask/bench/requirements.txt"))
}

fn script(bench: &Bench<'_>, name: &str) -> PathBuf {
    bench.place.root.join("xtask/bench").join(name)
}

/// Time and events per second.
fn pace(events: u64, seconds: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let pace = events as f64 / seconds;
    format!("{seconds:.2} s, {pace:.0} events/s")
}

fn memory(runs: &[Run], events: u64) -> Row {
    let peak = runs.iter().map(|run| run.peak).max().unwrap_or(0);
    let megabytes = u32::try_from(peak / 1_000_000).map_or(f64::INFINITY, f64::from);
    Row {
        what: format!("peak memory of ingesting {events} events"),
        remit: format!("{megabytes} MB"),
        other: String::new(),
        reached: megabytes,
        unit: " MB",
        target: Target::AtMost(400.0),
    }
}

/// Bytes of the ledger for each of its rows, counted by DuckDB.
fn size(bench: &Bench<'_>, ledger: &Path) -> anyhow::Result<Row> {
    let mut count = Command::new(python(bench)?);
    count.arg(script(bench, "ledger_size.py")).arg(ledger);
    let said = once(&mut count)?.said;
    let mut numbers = said.split_whitespace().map(str::parse::<f64>);
    let (Some(Ok(bytes)), Some(Ok(rows))) = (numbers.next(), numbers.next()) else {
        anyhow::bail!("`{}` is not the ledger's size", said.trim());
    };
    Ok(Row {
        what: "bytes of the ledger for each row".to_owned(),
        remit: format!("{bytes:.0} bytes, {rows:.0} rows"),
        other: String::new(),
        reached: Some(bytes / rows).filter(|size| size.is_finite()).context("the ledger is empty")?,
        unit: " bytes",
        target: Target::AtMost(25.0),
    })
}
