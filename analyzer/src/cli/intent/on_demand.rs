//! `remit intent --on-demand`

use std::collections::BTreeMap;

use remit_policy::{Days, Window};
use serde::Serialize;

use super::{asked_of_account, asked_of_cluster, names};
use crate::analysis::Analysed as Principal;
use crate::cli::Streams;
use crate::cli::analysing::{Analysed, AnalysingArguments, Opened, Wanted, opened};
use crate::exit::Exit;
use crate::intent::{
    Calendar, Callers, Demand, Granting, Hours, Observation, Starters, add_starter, binding, demand_of,
};
use crate::ledgers::Ledger;
use crate::output::{Cell, Format, Row, plain, print};
use crate::sightings::Asked;

/// A candidate.
#[derive(Serialize)]
struct Line {
    principal: String,
    #[serde(flatten)]
    demand: Demand,
}

impl Row for Line {
    const TITLES: &'static [&'static str] =
        &["PRINCIPAL", "RHYTHM", "WINDOW", "SHARE", "NEXT WINDOW", "STARTED BY"];

    fn cells(&self) -> Vec<Cell> {
        let next = self.demand.next.as_ref().map(|next| next.start.clone());
        vec![
            Cell::Text(plain(&self.principal)),
            Cell::Text(self.demand.rhythm.clone()),
            Cell::Text(self.demand.window.clone()),
            Cell::Text(self.demand.share_words()),
            Cell::Text(next.unwrap_or_else(|| "not told".to_owned())),
            Cell::Text(plain(&self.demand.starter_words())),
        ]
    }
}

pub(super) fn run(
    arguments: &AnalysingArguments,
    format: Format,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let Opened { analysed, ledger, .. } =
        opened(arguments, Wanted { deploys: true, ..Wanted::default() }, streams)?;
    let mut lines = of_accounts(&analysed, &ledger)?;
    lines.extend(of_cluster(&analysed, &ledger)?);
    // What stands open longest for nothing comes first.
    lines.sort_by(|a, b| {
        (a.demand.share_per_thousand, &a.principal).cmp(&(b.demand.share_per_thousand, &b.principal))
    });
    if lines.is_empty() && format == Format::Table {
        streams.say("no principal's use falls in short windows that come regularly");
    } else {
        print(&lines, format, streams.out)?;
    }
    Ok(if analysed.problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn of_accounts(analysed: &Analysed, ledger: &Ledger) -> anyhow::Result<Vec<Line>> {
    // Accounts whose logs are of other times are asked about apart: days can be told one by one for two years only.
    let mut times: BTreeMap<(i64, i64, i64), Vec<&Principal>> = BTreeMap::new();
    for one in &analysed.analysis.principals {
        let window = one.coverage.window;
        times.entry((one.coverage.since, window.start, window.end)).or_default().push(one);
    }
    let mut lines = Vec::new();
    for ((since, start, end), principals) in times {
        let asked = asked_of_account(since, Window { start, end }, ledger);
        lines.extend(of_time(&principals, &asked, end, ledger)?);
    }
    Ok(lines)
}

/// The lines of principals of one time.
fn of_time(principals: &[&Principal], asked: &Asked, end: i64, ledger: &Ledger) -> anyhow::Result<Vec<Line>> {
    let mut hours = ledger.hours(asked)?;
    let mut by_name: BTreeMap<String, &str> = BTreeMap::new();
    for one in principals {
        by_name.extend(names(&one.principal.arn).into_iter().map(|name| (name, one.principal.arn.as_str())));
    }
    let mut starters: BTreeMap<&str, Starters> = BTreeMap::new();
    ledger.beginnings(asked, |beginning| {
        for arn in beginning.roles.iter().filter_map(|role| by_name.get(role)) {
            add_starter(starters.entry(arn).or_default(), &beginning);
        }
    })?;
    let mut lines = Vec::new();
    for one in principals {
        let arn = &one.principal.arn;
        let names = names(arn);
        let mut own = Hours::default();
        names.iter().filter_map(|name| hours.remove(name)).for_each(|hours| own.join(&hours));
        let starters = starters.remove(arn.as_str()).unwrap_or_default();
        let deploys = one.deployed.days(Days::day_of(end));
        let calendar = Calendar { deploys: &deploys, end };
        let line = line(ledger, asked, arn, &names, &own, starters, calendar)?;
        lines.extend(line.map(|line| Line { demand: line.demand.with_condition(), ..line }));
    }
    Ok(lines)
}

fn of_cluster(analysed: &Analysed, ledger: &Ledger) -> anyhow::Result<Vec<Line>> {
    let Some(cluster) = &analysed.cluster else { return Ok(Vec::new()) };
    let asked = asked_of_cluster(cluster, ledger);
    let hours = ledger.hours(&asked)?;
    let mut lines = Vec::new();
    for subject in &cluster.subjects {
        let name = &subject.user.name;
        let Some(own) = hours.get(name) else { continue };
        let names = std::slice::from_ref(name);
        let end = cluster.coverage.window.end;
        let deploys = subject.deployed.days(Days::day_of(end));
        let calendar = Calendar { deploys: &deploys, end };
        let line = line(ledger, &asked, name, names, own, Starters::new(), calendar)?;
        let granting = Granting { own: &subject.granted.own };
        lines.extend(line.map(|line| Line { demand: binding(line.demand, &granting), ..line }));
    }
    Ok(lines)
}

/// The line of a principal, if it is a candidate: what calls is asked of the few that are.
fn line(
    ledger: &Ledger,
    asked: &Asked,
    principal: &str,
    names: &[String],
    hours: &Hours,
    starters: Starters,
    calendar: Calendar<'_>,
) -> anyhow::Result<Option<Line>> {
    if demand_of(hours, &Callers::default(), &starters, calendar).is_none() {
        return Ok(None);
    }
    let observation = Observation { starters, ..Observation::callers(ledger, asked, names)? };
    let demand = demand_of(hours, &observation.callers, &observation.starters, calendar);
    Ok(demand.map(|demand| Line { principal: principal.to_owned(), demand }))
}
