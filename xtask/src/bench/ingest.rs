//! Ingest against the floor and against other readers of the same CloudTrail files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::row::{Row, Target};
use super::run::{Contestant, in_turn, median, once};
use super::{Bench, grants, load, python, script};

/// Megabytes that an ingest may take.
pub(super) const MEMORY: f64 = 400.0;

/// Ingest against inflating and walking the bytes; memory and size of the ledger come along.
pub(super) fn floor(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let events = bench.arguments.events;
    let folder = load::folder(bench, events)?;
    let ledger = ledger(bench);
    let floor = Contestant {
        name: "floor",
        command: Box::new(|| {
            let mut command = Command::new(&bench.programs()?.measure);
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
        target: Target::AtMostAimingAt(3.0, 2.0),
    }];
    rows.push(Row::peak(format!("peak memory of ingesting {events} events"), ours, MEMORY));
    rows.push(size(bench, &ledger, "as it came in")?);
    let mut compact = Command::new(&bench.programs()?.remit);
    once(compact.args(["ledger", "compact", "--ledger"]).arg(&ledger))?;
    rows.push(size(bench, &ledger, "once compacted")?);
    Ok(rows)
}

/// Memory where there is less to read, and where it is one file.
pub(super) fn memory(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let events = bench.arguments.events / 4;
    let ledger = ledger(bench);
    let measured = |what: String, path: &Path| {
        let ours = remit(bench, path, &ledger);
        Ok::<_, anyhow::Error>(Row::peak(what, &[once(&mut (ours.command)()?)?], MEMORY))
    };
    Ok(vec![
        measured(format!("peak memory of ingesting {events} events"), &load::folder(bench, events)?)?,
        measured(
            format!("peak memory of ingesting one file of {events} lines"),
            &load::lines(bench, events)?,
        )?,
    ])
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

/// Ingest and proposals against trailscraper, from files to policy as its manual shows.
pub(super) fn trailscraper(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let program = python(bench)?.with_file_name("trailscraper");
    let pipe = r#""$0" select --log-dir "$1" --from 2000-01-01 --to 2100-01-01 | "$0" generate | wc -c"#;
    let against = |folder: &Path| {
        let mut command = Command::new("sh");
        command.args(["-c", pipe]).arg(&program).arg(folder);
        Ok(command)
    };
    let events = bench.arguments.subset;
    let (folder, ledger) = (load::folder(bench, events)?, ledger(bench));
    let grants = grants::of_everyone(bench, &remit(bench, &folder, &ledger), &ledger)?;
    let out = bench.place.target.join("bench/proposals");
    let ours = Contestant {
        name: "remit",
        command: Box::new(|| {
            let _ = std::fs::remove_dir_all(&ledger);
            let mut command = Command::new("sh");
            command.args(["-c", OURS]).arg(&bench.programs()?.remit).args([&folder, &ledger, &grants, &out]);
            Ok(command)
        }),
    };
    let theirs = Contestant { name: "trailscraper", command: Box::new(|| against(&folder)) };
    let what = format!("ingest of {events} events and proposals against trailscraper's policy");
    faster(bench, what, events, 100.0, &[theirs, ours])
}

/// Both steps from files to policies. The log is shorter than what counts as long enough.
const OURS: &str = r#""$0" ingest cloudtrail "$1" --ledger "$2" &&
    "$0" propose --ledger "$2" --grants "$3" --out "$4" --min-window 0d --give-up unused-services --format csv \
        >"$4.csv" && echo $(grep -c ,proven, "$4.csv") proven"#;

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
    let what = format!("ingest of {events} events against {name}");
    faster(bench, what, events, target, &[other, remit(bench, &folder, &ledger)])
}

/// How many times as long the first takes as the second, both going through so many events.
fn faster(
    bench: &Bench<'_>,
    what: String,
    events: u64,
    target: f64,
    contestants: &[Contestant<'_>; 2],
) -> anyhow::Result<Vec<Row>> {
    // A reader that takes minutes does not become clearer by many of them.
    let rounds = if target < 10.0 { bench.arguments.rounds } else { bench.arguments.rounds.min(3) };
    let runs = in_turn(rounds, contestants)?;
    let [theirs, ours] = runs.as_slice() else { return Ok(Vec::new()) };
    let (theirs, time) = (median(theirs).as_secs_f64(), median(ours).as_secs_f64());
    Ok(vec![Row {
        what,
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
            let mut command = Command::new(&bench.programs()?.remit);
            command.args(["ingest", "cloudtrail"]).arg(folder).arg("--ledger").arg(ledger);
            Ok(command)
        }),
    }
}

pub(super) fn ledger(bench: &Bench<'_>) -> PathBuf {
    bench.place.target.join("bench/ledger")
}

/// Time and events per second.
pub(super) fn pace(events: u64, seconds: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let pace = events as f64 / seconds;
    format!("{seconds:.2} s, {pace:.0} events/s")
}

/// Bytes of the ledger for each of its rows, counted by DuckDB.
fn size(bench: &Bench<'_>, ledger: &Path, when: &str) -> anyhow::Result<Row> {
    let mut count = Command::new(python(bench)?);
    count.arg(script(bench, "ledger_size.py")).arg(ledger);
    let said = once(&mut count)?.said;
    let mut numbers = said.split_whitespace().map(str::parse::<f64>);
    let (Some(Ok(bytes)), Some(Ok(rows))) = (numbers.next(), numbers.next()) else {
        anyhow::bail!("`{}` is not the ledger's size", said.trim());
    };
    Ok(Row {
        what: format!("bytes of the ledger for each row, {when}"),
        remit: format!("{bytes:.0} bytes, {rows:.0} rows"),
        other: String::new(),
        reached: Some(bytes / rows).filter(|size| size.is_finite()).context("the ledger is empty")?,
        unit: " bytes",
        target: Target::AtMost(25.0),
    })
}
