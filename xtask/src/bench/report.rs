//! The report on many principals against the queries of the ledger that it needs, within one run.

use std::path::PathBuf;
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
    Ok(vec![
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
    ])
}

/// The time that the program says to have spent on queries.
fn queries(said: &str) -> Duration {
    let times = said.lines().filter(|line| line.contains("queried"));
    let times =
        times.filter_map(|line| line.split("microseconds=").nth(1)?.split(' ').next()?.parse::<u64>().ok());
    Duration::from_micros(times.sum())
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
