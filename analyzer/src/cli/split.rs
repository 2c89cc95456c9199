//! `remit split`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::bail;
use remit_ledger::Provider;
use remit_policy::Window;
use serde::Serialize;

use super::analysing::{AnalysingArguments, Opened, Wanted, opened};
use super::intent::{asked_of_account, names};
use super::{Streams, WrongUsage};
use crate::exit::Exit;
use crate::intent::{CallerKind, Callers, Observation};
use crate::ledgers::Ledger;
use crate::output::{Cell, Format, Row, grouped, plain, print};
use crate::rollup::{Caller, Filter, PrincipalCalls};
use crate::sightings::Asked;
use crate::split::{Input, MOST, Part, SPLIT_FILE, cover, key_of, parts, prepare, write};

/// Write what each of several workloads needs that share one identity
///
/// Workloads are those seen on the wire, else sessions by the part of their names that stays. For each a folder with the policies of a
/// role of its own, proven for its calls alone, and what it loses.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    analysing: AnalysingArguments,
    /// The role or user, by ARN or name
    #[arg(value_name = "PRINCIPAL")]
    who: String,
    /// The folder to write; a split that is already there is replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How to print the list of parts
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One part in the list.
#[derive(Serialize)]
struct Line {
    part: String,
    calls: u64,
    permissions: usize,
    loses: usize,
    granted: usize,
    days: u32,
    days_of_all: u32,
    detail: String,
}

impl Row for Line {
    const TITLES: &'static [&'static str] = &["PART", "CALLS", "PERMISSIONS", "LOSES", "DAYS", "FOLDER"];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::Text(plain(&self.part)),
            Cell::Number(self.calls),
            Cell::count(self.permissions),
            Cell::Text(format!("{} of {}", grouped(self.loses as u64), grouped(self.granted as u64))),
            Cell::Text(format!("{} of {}", self.days, self.days_of_all)),
            Cell::Text(plain(&self.detail)),
        ]
    }
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let Opened { analysed, ledger, settings } =
        opened(&arguments.analysing, Wanted { only: Some(&arguments.who), ..Wanted::default() }, streams)?;
    let done = if analysed.problems.is_empty() { Exit::Done } else { Exit::Failed };
    let Some(whole) = analysed.analysis.principals.first() else {
        return Err(WrongUsage(format!(
            "`{}` is a subject of a cluster\nhint: only roles and users of an account are split; give each workload a \
             ServiceAccount of its own, and `remit propose` for it",
            arguments.who
        ))
        .into());
    };
    let names = names(&whole.principal.arn);
    let asked = asked_of_account(whole.coverage.since, whole.coverage.window, &ledger);
    let observation = Observation::of(&ledger, &asked, &names)?;
    let callers = &observation.callers;
    if let Some(why) = why_not(callers) {
        streams.say(&why);
        return Ok(done);
    }
    let input = Input {
        catalog: analysed.catalog,
        account: &analysed.analysis.account,
        calls: &analysed.calls,
        records: ledger.coverage(),
        settings: &settings,
        whole,
        callers,
    };
    let parts = parts(&input, &by_part(&ledger, &asked, &names, callers)?);
    if let Some(why) = parts.iter().map(|part| part.why_none()).collect::<Option<BTreeSet<_>>>() {
        let why: Vec<String> = why.into_iter().collect();
        streams
            .say(&format!("no part can have policies of its own, so nothing is written: {}", why.join("; ")));
        return Ok(done);
    }
    let covered = match cover(analysed.catalog, &analysed.analysis.account, whole, &parts) {
        Ok(covered) => covered,
        Err(uncovered) => bail!("the split is withheld, since it could not be proven: {uncovered}"),
    };
    prepare(&arguments.out)?;
    write(
        analysed.catalog,
        &analysed.analysis,
        whole,
        (&parts, covered),
        &observation.starters,
        &arguments.out,
    )?;
    let days = observation.hours.days().len();
    let lines: Vec<Line> = parts.iter().map(|part| line(part, days)).collect();
    print(&lines, arguments.format, streams.out)?;
    streams.say(&format!(
        "all {} permissions on resources that were used are some part's; `{}` lists the parts",
        grouped(covered.pairs as u64),
        arguments.out.join(SPLIT_FILE).display()
    ));
    Ok(done)
}

/// Why there is nothing to split.
fn why_not(callers: &Callers) -> Option<String> {
    if callers.is_coarse() || callers.seen.len() > MOST {
        return Some(format!(
            "{} callers cannot be told apart by name: nothing is written",
            if callers.is_coarse() { "too many".to_owned() } else { callers.seen.len().to_string() }
        ));
    }
    match callers.by_calls().as_slice() {
        [] => Some("no call of it is in the ledger: nothing is written".to_owned()),
        [(only, _)] if only.kind == CallerKind::Unnamed => Some(
            "nothing tells its calls apart, so that only one workload was seen: nothing is written"
                .to_owned(),
        ),
        [(only, _)] => Some(format!("only one workload was seen, {}: nothing is written", only.words())),
        _ => None,
    }
}

/// The calls of the identity by the part that made them.
fn by_part(
    ledger: &Ledger,
    asked: &Asked,
    names: &[String],
    callers: &Callers,
) -> anyhow::Result<BTreeMap<String, PrincipalCalls>> {
    let part_of = |caller: &Caller, session: Option<&str>, behind: Option<&str>| {
        key_of(&callers.name_of(caller.workload.as_deref(), session, behind))
    };
    let mut parts: BTreeMap<String, PrincipalCalls> = BTreeMap::new();
    for name in names {
        let filter = Filter {
            window: Some(Window { start: asked.start, end: i64::MAX }),
            principal: Some(name.clone()),
            provider: Some(Provider::Aws),
            days: Some(asked.days),
        };
        for (caller, calls) in ledger.parts(&filter, &part_of)? {
            let part = parts.entry(caller.workload.unwrap_or_default()).or_default();
            part.kind = calls.kind;
            part.calls.extend(calls.calls);
        }
    }
    Ok(parts)
}

fn line(part: &Part, days_of_all: u32) -> Line {
    let (loses, granted) = part.loses();
    let detail = match part.why_none() {
        Some(why) => format!("{} (stays with today's policies: {why})", part.stem),
        None => part.stem.clone(),
    };
    Line {
        part: part.name.words(),
        calls: part.calls,
        permissions: part.used(),
        loses,
        granted,
        days: part.days.len(),
        days_of_all,
        detail,
    }
}
