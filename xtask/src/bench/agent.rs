//! The node agent: what a call costs it and the workload, its memory, and what it loses.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use super::Bench;
use super::program::build;
use super::row::{Row, Target};
use crate::step;

/// Kinds of calls of which heads are kept.
const KINDS: [&str; 4] = ["S3", "DynamoDB", "Kubernetes", "gRPC over HTTP/2"];

/// What the parts of `measure` printed, by name.
struct Figures(BTreeMap<String, f64>);

pub(super) fn run(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let measure = build(bench.place, "agent", &["--bench", "measure"])?;
    // Fewer pairs would tell nothing on a machine that does something else, too.
    let pairs = bench.arguments.rounds.max(10).to_string();
    let mut rows = Vec::new();
    let cost = Figures::of(&measure, &["cost"])?;
    rows.extend(costs(&cost)?);
    rows.extend(sites(&Figures::of(&measure, &["sites"])?)?);
    rows.extend(client(&Figures::of(&measure, &["client", &pairs])?, cost.of_name("floor")?)?);
    rows.extend(memory(&Figures::of(&measure, &["memory"])?)?);
    rows.extend(load(&Figures::of(&measure, &["load"])?)?);
    Ok(rows)
}

impl Figures {
    fn of(measure: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(measure);
        let output = command.args(arguments).stderr(std::process::Stdio::inherit()).output()?;
        anyhow::ensure!(output.status.success(), "`{}` ended with {}", step::line(&command), output.status);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let figure = |line: &str| {
            let (name, value) = line.split_once('\t')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        let figures: BTreeMap<String, f64> = text.lines().filter_map(figure).collect();
        for (name, value) in &figures {
            eprintln!("    {name}: {value:.2}");
        }
        Ok(Self(figures))
    }

    fn of_name(&self, name: &str) -> anyhow::Result<f64> {
        self.0.get(name).copied().with_context(|| format!("`measure` told no `{name}`"))
    }
}

/// What a call costs the agent itself, against an empty probe.
fn costs(figures: &Figures) -> anyhow::Result<Vec<Row>> {
    let floor = figures.of_name("floor")?;
    let mut rows = Vec::new();
    for (what, target) in [("new", 6.0), ("repeated", 0.3)] {
        for kind in KINDS {
            for how in ["with its answer", "alone"] {
                let name = format!("{what}, {kind}, {how}");
                let cost = figures.of_name(&name)?;
                rows.push(Row {
                    what: format!("the agent's own cost of a call: {name}"),
                    remit: format!("{cost:.2} µs"),
                    other: format!("{floor:.2} µs for an empty probe"),
                    reached: cost / floor,
                    unit: " x",
                    target: Target::AtMost(target),
                });
            }
        }
    }
    Ok(rows)
}

/// What a probe adds to a call of the workload.
fn sites(figures: &Figures) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for function in ["SSL_write", "SSL_write_ex"] {
        let empty = figures.of_name(&format!("{function}, site, empty"))?;
        for (written, way, target) in [
            ("900 bytes that are no head", "site, body", Target::AtMost(0.5)),
            ("a head", "site, head", Target::AtMost(0.5)),
            ("a head and a body", "site, head and body", Target::AtMost(0.5)),
            ("nothing, at the function's entry", "entry, empty", Target::None),
            ("a head, at the function's entry", "entry, head", Target::None),
        ] {
            let added = figures.of_name(&format!("{function}, {way}"))?;
            rows.push(Row {
                what: format!("added to `{function}` of {written}, above an empty probe"),
                remit: format!("{added:.2} µs"),
                other: format!("{empty:.2} µs for an empty probe"),
                reached: added - empty,
                unit: " µs",
                target,
            });
        }
    }
    Ok(rows)
}

/// What the agent takes of a client's pace, and what a request costs it that is the same as the one before, as its answer is.
fn client(figures: &Figures, floor: f64) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let of = |name: &str| figures.of_name(&format!("client, equal requests, with responses, {name}"));
    let (used, idle) = (of("µs of the agent a request")?, of("µs of the agent with two requests a second")?);
    rows.push(Row {
        what: "the agent's own cost of a call: repeated by curl, with its answer".to_owned(),
        remit: format!("{used:.2} µs, {idle:.2} µs of them with two requests a second"),
        other: format!("{floor:.2} µs for an empty probe"),
        reached: (used - idle) / floor,
        unit: " x",
        target: Target::AtMost(0.3),
    });
    for how in ["with responses", "requests only, no sockets", "equal requests, with responses"] {
        let of = |name: &str| figures.of_name(&format!("client, {how}, {name}"));
        let (drop, pace) = (of("drop in %")?, of("requests a second without")?);
        rows.push(Row {
            what: format!(
                "drop of curl's requests a second, {how} ({:.1} to {:.1} %)",
                of("lower quarter")?,
                of("upper quarter")?
            ),
            remit: format!("{:.0} requests/s", pace * (1.0 - drop / 100.0)),
            other: format!("{pace:.0} requests/s without"),
            reached: drop,
            unit: " %",
            target: Target::AtMost(3.0),
        });
        rows.push(Row {
            what: format!("processors' time of a request, {how}"),
            remit: format!("{:.1} µs by the agent", of("µs of the agent a request")?),
            other: String::new(),
            reached: of("µs more a request")?,
            unit: " µs more by curl",
            target: Target::None,
        });
    }
    Ok(rows)
}

/// What the agent has in memory.
fn memory(figures: &Figures) -> anyhow::Result<Vec<Row>> {
    let moments = ["at rest", "5,000 programs", "10,000 programs", "10,000 operations", "20,000 operations"];
    let row = |moment: &str| {
        Ok(Row {
            what: format!("resident memory at its peak: {moment}"),
            remit: format!("{:.1} MB then", figures.of_name(&format!("memory, {moment}"))?),
            other: String::new(),
            reached: figures.of_name(&format!("memory, {moment}, peak"))?,
            unit: " MB",
            target: Target::AtMost(40.0),
        })
    };
    moments.into_iter().map(row).collect()
}

/// What is lost of calls that differ.
fn load(figures: &Figures) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (pace, target) in [("20,000 a second", Target::AtMost(0.0)), ("as fast as they come", Target::None)] {
        let of = |name: &str| figures.of_name(&format!("load, {pace}, {name}"));
        rows.push(Row {
            what: format!("lost of 100,000 different calls, {pace}"),
            remit: format!("{:.0} keys missing, {:.0} counted as lost", of("missing")?, of("dropped")?),
            other: format!("{:.0} calls/s", of("calls a second")?),
            reached: of("missing")?,
            unit: " keys",
            target,
        });
    }
    Ok(rows)
}
