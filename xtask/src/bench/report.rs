//! The report on many principals against the queries of the ledger that it needs, within one run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::Bench;
use super::row::{Row, Target};
use super::run::{Contestant, in_turn, median, once};

/// Principals, all of whom call.
const PRINCIPALS: u64 = 5_000;

/// A year of a large account.
const ROWS: u64 = 10_000_000;

/// What the page may have.
const MEGABYTES: f64 = 5.0;

/// In what time a browser is to open it.
const SECONDS: f64 = 2.0;

/// The browser.
const CHROMIUM: &str = "chromium";

pub(super) fn run(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let ledger = ledger(bench)?;
    let grants = bench.place.target.join("bench/grants-wide.json");
    std::fs::write(&grants, details().to_string())?;
    let out = bench.place.target.join("bench/report");
    let ours = Contestant {
        name: "remit",
        command: Box::new(|| {
            let _ = std::fs::remove_dir_all(&out);
            let mut command = Command::new("sh");
            // What it tells of its queries is what is wanted.
            command
                .args(["-c", r#"exec "$0" report --ledger "$1" --grants "$2" --out "$3" 2>&1 >/dev/null"#]);
            command.arg(&bench.programs()?.remit).args([&ledger, &grants, &out]);
            command.env("REMIT_LOG", "remit_analyzer::ledgers=info").env("NO_COLOR", "1");
            Ok(command)
        }),
    };
    let runs = in_turn(bench.arguments.rounds, &[ours])?;
    let [runs] = runs.as_slice() else { return Ok(Vec::new()) };
    let mut ratios: Vec<(f64, Duration)> = Vec::new();
    for run in runs {
        let queries = queries(&run.said);
        ensure!(!queries.is_zero(), "the report told of no query");
        ratios.push((run.time.as_secs_f64() / queries.as_secs_f64(), queries));
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, queries) = ratios.get(ratios.len() / 2).copied().context("there was no run")?;
    let megabytes =
        |name: &str| -> anyhow::Result<f64> { Ok(std::fs::metadata(out.join(name))?.len() as f64 / 1e6) };
    let page = megabytes("report.html")?;
    let peak = runs.iter().map(|run| run.peak).max().unwrap_or(0) as f64 / 1e6;
    let what = format!("report on {PRINCIPALS} principals, {ROWS} rows");
    let absolute = |what: String, reached: f64, target| Row {
        what,
        remit: format!("{reached:.1} MB"),
        other: String::new(),
        reached,
        unit: " MB",
        target,
    };
    let mut rows = vec![
        Row {
            what: format!("{what} against its queries"),
            remit: format!("{:.2} s", median(runs).as_secs_f64()),
            other: format!("{:.2} s", queries.as_secs_f64()),
            reached: ratio,
            unit: " x",
            target: Target::AtMost(1.5),
        },
        absolute(format!("page of the {what}"), page, Target::AtMost(MEGABYTES)),
        absolute(format!("JSON of the {what}"), megabytes("report.json")?, Target::None),
        absolute(format!("peak memory of the {what}"), peak, Target::None),
    ];
    rows.extend(opening(bench, &out.join("report.html"))?);
    Ok(rows)
}

/// How much longer a browser takes that opens the page than one that opens an empty one; none where there is no browser.
fn opening(bench: &Bench<'_>, page: &Path) -> anyhow::Result<Option<Row>> {
    if Command::new(CHROMIUM).arg("--version").output().is_err() {
        eprintln!("    {CHROMIUM} is not installed, so no page is opened");
        return Ok(None);
    }
    let profile = bench.place.target.join("bench/browser");
    let open = |address: String| {
        let mut command = Command::new(CHROMIUM);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.arg(format!("--user-data-dir={}", profile.display()));
        // It ends once everything is loaded and the script has run.
        command.args(["--dump-dom", &address]);
        Ok(command)
    };
    let ours = Contestant { name: "page", command: Box::new(|| open(format!("file://{}", page.display()))) };
    let empty = Contestant { name: "empty page", command: Box::new(|| open("about:blank".to_owned())) };
    let runs = in_turn(bench.arguments.rounds, &[ours, empty])?;
    let [ours, empty] = runs.as_slice() else { return Ok(None) };
    let (ours, empty) = (median(ours).as_secs_f64(), median(empty).as_secs_f64());
    Ok(Some(Row {
        what: format!("opening the page on {PRINCIPALS} principals, beyond an empty one"),
        remit: format!("{ours:.2} s"),
        other: format!("{empty:.2} s"),
        reached: ours - empty,
        unit: " s",
        target: Target::AtMost(SECONDS),
    }))
}

/// The time that the program says to have spent on queries, without what it says to have spent on making calls of their rows.
/// The engine may have worked meanwhile, so this is the least that the queries can take by themselves.
fn queries(said: &str) -> Duration {
    let times = |what: &str| -> u64 {
        let lines = said.lines().filter(|line| line.contains(what));
        let times = lines
            .filter_map(|line| line.split("microseconds=").nth(1)?.split(' ').next()?.parse::<u64>().ok());
        times.sum()
    };
    Duration::from_micros(times("queried").saturating_sub(times("decoded")))
}

/// A ledger made once.
fn ledger(bench: &Bench<'_>) -> anyhow::Result<PathBuf> {
    let folder = bench.place.target.join(format!("bench/ledger-wide-{ROWS}"));
    let made = folder.with_extension("made");
    if !made.is_file() {
        let _ = std::fs::remove_dir_all(&folder);
        eprintln!("    writing a ledger of {ROWS} rows of {PRINCIPALS} principals");
        let mut command = Command::new(&bench.programs()?.measure);
        once(command.arg("wide").arg(&folder).args([ROWS.to_string(), PRINCIPALS.to_string()]))?;
        std::fs::write(&made, "")?;
    }
    Ok(folder)
}

/// Grants of every principal of that ledger: each may do everything in half a dozen services, some of which it calls.
fn details() -> Value {
    let services = [
        "dynamodb",
        "ec2",
        "kms",
        "lambda",
        "logs",
        "s3",
        "secretsmanager",
        "sqs",
        "sts",
        "sns",
        "ecr",
        "rds",
        "iam",
        "glue",
    ];
    let roles = (0..PRINCIPALS).map(|number| {
        let place = usize::try_from(number).unwrap_or(0);
        let actions: Vec<String> = services
            .iter()
            .cycle()
            .skip(place % services.len())
            .take(6)
            .map(|service| format!("{service}:*"))
            .collect();
        let statement = json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
        let name = format!("service-{number:03}");
        json!({
            "Arn": format!("arn:aws:iam::111122223333:role/{name}"), "Path": "/", "RoleName": name,
            "RolePolicyList": [{ "PolicyName": "all", "PolicyDocument": document }],
        })
    });
    json!({ "RoleDetailList": roles.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_queries_are_added_up() {
        let said = "2026-11-28T19:00:00Z  INFO remit_analyzer::ledgers: queried microseconds=1500\nother\n x queried microseconds=2 y\n";
        assert_eq!(queries(said), Duration::from_micros(1_502));
        assert!(queries("").is_zero());
    }
}
