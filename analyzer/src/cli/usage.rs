//! `remit usage`

use std::collections::BTreeMap;

use remit_ledger::Provider;
use remit_policy::{Call, CallOutcome, moment};
use serde::Serialize;

use super::Streams;
use super::analysing::{LedgerArguments, named};
use crate::exit::Exit;
use crate::ledgers::Ledger;
use crate::output::{Cell, Format, Row, plain, print};
use crate::rollup::{Caller, Filter, PrincipalCalls};
use crate::span::{Since, since};

/// List what was called, by principal, operation and resource
///
/// Calls that a node agent saw on the wire have lines of their own, since some of them may be those that an audit log recorded.
/// Their principal is `unknown` where no log of the ledger tells whose key they were signed with.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    ledger: LedgerArguments,
    /// Only of this principal, by ARN or name
    #[arg(long, value_name = "PRINCIPAL")]
    principal: Option<String>,
    /// Only calls of this provider's API
    #[arg(long, value_parser = provider)]
    provider: Option<Provider>,
    /// Only since this date or time, in UTC where it names no zone, or for so long before the newest record
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Line {
    principal: String,
    workload: Option<String>,
    provider: String,
    evidence: String,
    service: String,
    operation: String,
    outcome: &'static str,
    count: u64,
    first_seen: String,
    last_seen: String,
    resources: Vec<String>,
    via: Option<String>,
    sample_id: Option<String>,
}

/// Resources shown in a table's cell.
const SHOWN: usize = 3;

impl Row for Line {
    const TITLES: &'static [&'static str] = &[
        "PRINCIPAL",
        "WORKLOAD",
        "PROVIDER",
        "EVIDENCE",
        "SERVICE",
        "OPERATION",
        "OUTCOME",
        "COUNT",
        "FIRST SEEN",
        "LAST SEEN",
        "VIA",
        "RESOURCES",
    ];

    fn cells(&self) -> Vec<Cell> {
        let mut resources: Vec<_> =
            self.resources.iter().take(SHOWN).map(|resource| plain(resource)).collect();
        if let Some(more @ 1..) = self.resources.len().checked_sub(SHOWN) {
            resources.push(format!("and {more} more"));
        }
        self.with(&resources)
    }

    fn values(&self) -> Vec<Cell> {
        self.with(&self.resources.iter().map(|resource| plain(resource)).collect::<Vec<_>>())
    }
}

impl Line {
    /// The cells, with these resources.
    fn with(&self, resources: &[String]) -> Vec<Cell> {
        vec![
            Cell::Text(plain(&self.principal)),
            Cell::Text(self.workload.as_deref().map(plain).unwrap_or_default()),
            Cell::Text(plain(&self.provider)),
            Cell::Text(plain(&self.evidence)),
            Cell::Text(plain(&self.service)),
            Cell::Text(plain(&self.operation)),
            Cell::Text(self.outcome.to_owned()),
            Cell::Number(self.count),
            Cell::Text(self.first_seen.clone()),
            Cell::Text(self.last_seen.clone()),
            Cell::Text(self.via.as_deref().map(plain).unwrap_or_default()),
            Cell::Text(resources.join(" ")),
        ]
    }
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let ledger = Ledger::open(&arguments.ledger.ledger)?;
    let problems = ledger.problems();
    for problem in &problems {
        streams.problem(problem);
    }
    let start = arguments.since.map(|since| match since {
        Since::At(time) => time,
        Since::Before(length) => ledger.newest().saturating_sub(length),
    });
    let window = start.map(|start| remit_policy::Window { start, end: i64::MAX });
    let mut filter = Filter { window, provider: arguments.provider, ..Filter::default() };
    if let Some(name) = &arguments.principal {
        let all = ledger.principals(arguments.provider)?;
        filter.principal = Some(named(name, all.iter().map(String::as_str))?);
    }
    let lines = lines(&ledger.roll_up(&filter)?);
    if lines.is_empty() && arguments.format == Format::Table {
        streams.say("no calls");
    } else {
        print(&lines, arguments.format, streams.out)?;
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn provider(name: &str) -> Result<Provider, String> {
    Provider::from_name(name).ok_or_else(|| {
        format!("give one of {}", Provider::ALL.map(|provider| format!("`{}`", provider.as_str())).join(", "))
    })
}

/// One line per caller, operation, outcome and service between, most calls first within a caller.
fn lines(callers: &BTreeMap<Caller, PrincipalCalls>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (caller, calls) in callers {
        let mut merged: BTreeMap<_, Line> = BTreeMap::new();
        for call in &calls.calls {
            let key = (&call.service, &call.operation, call.outcome, &call.via);
            merged.entry(key).and_modify(|line| add(line, call)).or_insert_with(|| line(caller, call));
        }
        let mut own: Vec<_> = merged.into_values().collect();
        // Once all are there: an operation may have been called on any number of names.
        for line in &mut own {
            line.resources.sort_unstable();
            line.resources.dedup();
        }
        own.sort_by(|a, b| {
            (std::cmp::Reverse(a.count), &a.service, &a.operation).cmp(&(
                std::cmp::Reverse(b.count),
                &b.service,
                &b.operation,
            ))
        });
        lines.extend(own);
    }
    lines
}

fn line(caller: &Caller, call: &Call) -> Line {
    Line {
        principal: caller.principal.clone(),
        workload: caller.workload.clone(),
        provider: caller.provider.clone(),
        evidence: caller.evidence.clone(),
        service: call.service.clone(),
        operation: call.operation.clone(),
        outcome: match call.outcome {
            CallOutcome::Use => "used",
            CallOutcome::Denied => "denied",
            CallOutcome::Unknown => "unknown",
        },
        count: call.seen.count.distinct(),
        first_seen: moment(call.seen.first),
        last_seen: moment(call.seen.last),
        resources: call.resources.clone(),
        via: call.via.clone(),
        sample_id: call.seen.sample.clone(),
    }
}

fn add(line: &mut Line, call: &Call) {
    line.count += call.seen.count.distinct();
    line.first_seen = moment(call.seen.first).min(std::mem::take(&mut line.first_seen));
    line.last_seen = moment(call.seen.last).max(std::mem::take(&mut line.last_seen));
    line.sample_id = line.sample_id.iter().chain(&call.seen.sample).min().cloned();
    line.resources.extend(call.resources.iter().cloned());
}
