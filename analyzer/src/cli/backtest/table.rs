//! A backtest as tables.

use std::io::Write;

use serde::Serialize;

use crate::backtest::{Backtest, Calibration, FEWEST, Line, Realm, Share};
use crate::deploys::Deploying;
use crate::learn::Stratum;
use crate::output::{Cell, Format, Row, counted, grouped, in_days, percent, print};

/// Writes a backtest for a person, whose cut-offs are so many days apart: a table for each length of history and each horizon, and one for
/// each stratum of which there is enough to tell.
pub(super) fn write(backtest: &Backtest, step: i64, out: &mut dyn Write) -> anyhow::Result<()> {
    for lines in backtest.lines.chunk_by(|a, b| group(a) == group(b)) {
        let Some(first) = lines.first() else { continue };
        let windows = counted(first.broken.of, "identity at a cut-off", "identities at cut-offs");
        if !first.broken.is_telling() {
            if first.stratum.is_none() && first.deploying.is_none() {
                let heading = heading(first);
                writeln!(out, "{heading}: not enough history ({windows}, and {FEWEST} are needed)")?;
                writeln!(out, "{}", idle(lines))?;
            }
            continue;
        }
        let cuts = counted(first.cut_offs as u64, "cut-off", "cut-offs");
        writeln!(out, "{}: {windows}, {cuts}", heading(first))?;
        let rows: Vec<_> = lines.iter().map(|line| ShownRow { line }).collect();
        print(&rows, Format::Table, out)?;
        if let Some(overlap) = overlap(first, step) {
            writeln!(out, "{overlap}")?;
        }
        writeln!(out, "{}", idle(lines))?;
    }
    let calibration: Vec<_> = CalibrationRow::all(backtest);
    if calibration.is_empty() {
        writeln!(out, "Whether the past tells the future cannot be said yet: there are too few cut-offs.")?;
        return Ok(());
    }
    writeln!(out, "What earlier cut-offs foretold of later ones:")?;
    Ok(print(&calibration, Format::Table, out)?)
}

/// What came of those that had used nothing, who are in no table; nothing where there were none. The figure is of the last tier shown, which
/// leaves them most.
fn idle(lines: &[Line]) -> String {
    let idle = lines.last().map(|line| line.idle).filter(|idle| idle.of > 0);
    idle.map_or_else(String::new, |idle| {
        let (all, broken) = (counted(idle.of, "idle identity", "idle identities"), grouped(idle.hits));
        let share = if idle.is_telling() { format!(" ({}, {})", percent(idle.share), range(idle)) } else { String::new() };
        format!("Beside them {all} at cut-offs, which had used nothing in the days learned from: {broken} would have broken{share}.\n")
    })
}

/// That windows overlap, below the table of all: what broke one of them often breaks the next too, and is counted as if it were another.
fn overlap(line: &Line, step: i64) -> Option<String> {
    let is_of_all = line.stratum.is_none() && line.deploying.is_none();
    (is_of_all && step < line.horizon && line.cut_offs > 1).then(|| {
        format!(
            "Windows of {} whose cut-offs are {} apart overlap, and are counted as if they did not: the intervals are too narrow.",
            in_days(line.horizon),
            in_days(step),
        )
    })
}

fn group(line: &Line) -> (Realm, i64, i64, Option<Stratum>, Option<Deploying>) {
    (line.realm, line.train, line.horizon, line.stratum, line.deploying)
}

fn heading(line: &Line) -> String {
    let stratum = match (line.stratum, line.deploying) {
        (None, None) => String::new(),
        (Some(stratum), _) => format!(", of sort {stratum}"),
        (None, Some(deploying)) => format!(", {} in these", deploying.as_str()),
    };
    let (realm, train, horizon) = (line.realm, line.train, line.horizon);
    format!("Learned from {train} days of the {realm}, held against the next {horizon}{stratum}")
}

/// One line for a person.
#[derive(Serialize)]
struct ShownRow<'a> {
    #[serde(flatten)]
    line: &'a Line,
}

impl Row for ShownRow<'_> {
    const TITLES: &'static [&'static str] = &[
        "POLICY",
        "WOULD HAVE BROKEN",
        "AT 95 %",
        "WRITES",
        "FIRST AFTER",
        "TO REPAIR",
        "CALLS MET",
        "PERMISSIONS MET",
        "REDUCTION",
        "ON RESOURCES",
        "MISSED",
    ];

    fn cells(&self) -> Vec<Cell> {
        let line = self.line;
        let causes = line.causes.iter().map(|(cause, count)| format!("{count} {}", cause.as_str()));
        vec![
            Cell::Text(line.policy.to_string()),
            Cell::Text(percent(line.broken.share)),
            Cell::Text(range(line.broken)),
            Cell::Text(percent(line.broken_write.share)),
            Cell::Text(line.days_to_break.map_or_else(String::new, |days| format!("{days} days"))),
            Cell::Text(line.to_repair.map_or_else(String::new, |permissions| permissions.to_string())),
            Cell::Text(percent(line.calls_met)),
            Cell::Text(percent(line.permissions_met)),
            Cell::Text(percent(line.reduction)),
            Cell::Text(percent(line.narrowing)),
            Cell::Text(causes.collect::<Vec<_>>().join(", ")),
        ]
    }
}

/// One line for a program.
#[derive(Serialize)]
pub(super) struct LineRow<'a> {
    #[serde(flatten)]
    line: &'a Line,
}

impl<'a> LineRow<'a> {
    pub(super) fn all(backtest: &'a Backtest) -> Vec<Self> {
        backtest.lines.iter().map(|line| Self { line }).collect()
    }
}

impl Row for LineRow<'_> {
    const TITLES: &'static [&'static str] = &[
        "REALM",
        "TRAIN",
        "HORIZON",
        "STRATUM",
        "DEPLOYS",
        "POLICY",
        "CUT OFFS",
        "WINDOWS",
        "BROKEN",
        "BROKEN LOW",
        "BROKEN HIGH",
        "BROKEN WRITE",
        "DAYS TO BREAK",
        "TO REPAIR",
        "CALLS MET",
        "PERMISSIONS MET",
        "REDUCTION",
        "ON RESOURCES",
        "IDLE",
        "IDLE BROKEN",
    ];

    fn cells(&self) -> Vec<Cell> {
        let line = self.line;
        let number = |number: Option<f64>| Cell::Text(number.map_or_else(String::new, |n| n.to_string()));
        let share = |share: f64| Cell::Text(format!("{share:.4}"));
        vec![
            Cell::Text(line.realm.to_string()),
            Cell::Text(line.train.to_string()),
            Cell::Text(line.horizon.to_string()),
            Cell::Text(line.stratum.map_or("all", Stratum::as_str).to_owned()),
            Cell::Text(line.deploying.map_or("all", Deploying::as_str).to_owned()),
            Cell::Text(line.policy.to_string()),
            Cell::count(line.cut_offs),
            Cell::Number(line.broken.of),
            Cell::Number(line.broken.hits),
            share(line.broken.low),
            share(line.broken.high),
            Cell::Number(line.broken_write.hits),
            number(line.days_to_break),
            number(line.to_repair),
            share(line.calls_met),
            share(line.permissions_met),
            share(line.reduction),
            share(line.narrowing),
            Cell::Number(line.idle.of),
            Cell::Number(line.idle.hits),
        ]
    }
}

/// One line of the table of what was foretold.
#[derive(Serialize)]
struct CalibrationRow<'a> {
    calibration: &'a Calibration,
    at: usize,
}

impl<'a> CalibrationRow<'a> {
    fn all(backtest: &'a Backtest) -> Vec<Self> {
        let bins = |calibration: &'a Calibration| {
            (0..calibration.bins.len()).map(move |at| Self { calibration, at })
        };
        backtest.calibration.iter().flat_map(bins).collect()
    }
}

impl Row for CalibrationRow<'_> {
    const TITLES: &'static [&'static str] = &[
        "LEARNED FROM",
        "WITHIN",
        "POLICY",
        "WINDOWS",
        "FORETOLD",
        "CAME",
        "BRIER",
        "BRIER OF BASE RATE",
        "BRIER OF MEAN",
        "CUT-OFFS WITHIN RANGE",
    ];

    fn cells(&self) -> Vec<Cell> {
        let one = self.calibration;
        let bin = one.bins.get(self.at);
        vec![
            Cell::Text(format!("{} days of the {}", one.train, one.realm)),
            Cell::Text(format!("{} days", one.horizon)),
            Cell::Text(one.policy.to_string()),
            Cell::Number(bin.map_or(0, |bin| bin.windows)),
            Cell::Text(bin.map_or_else(String::new, |bin| percent(bin.foretold))),
            Cell::Text(bin.map_or_else(String::new, |bin| percent(bin.came))),
            Cell::Text(format!("{:.3}", one.brier)),
            Cell::Text(format!("{:.3}", one.brier_of_base_rate)),
            Cell::Text(format!("{:.3}", one.brier_of_mean)),
            Cell::Text(format!("{} of {}", one.within.hits, one.within.of)),
        ]
    }
}

fn range(share: Share) -> String {
    format!("{:.1}-{:.1} %", share.low * 100.0, share.high * 100.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::backtest::Policy;

    #[test]
    fn windows_that_overlap_are_told_below_the_table_of_all() {
        let all = Line {
            realm: Realm::Account,
            policy: Policy::Exact,
            train: 90,
            horizon: 30,
            stratum: None,
            deploying: None,
            cut_offs: 4,
            broken: Share::of(3, 132),
            broken_write: Share::of(1, 132),
            days_to_break: Some(14.5),
            to_repair: Some(1.0),
            permissions_met: 1.0,
            calls_met: 1.0,
            reduction: 0.9,
            narrowing: 0.9,
            idle: Share::of(0, 0),
            causes: BTreeMap::new(),
            saved: BTreeMap::new(),
            most_missed: Vec::new(),
        };
        let of_sort = Line { stratum: Some(Stratum::Workload), ..all.clone() };
        let written = |step| {
            let backtest = Backtest { lines: vec![all.clone(), of_sort.clone()], ..Backtest::default() };
            let mut out = Vec::new();
            write(&backtest, step, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let told = "Windows of 30 days whose cut-offs are 7 days apart overlap";
        assert_eq!(written(7).matches(told).count(), 1, "{}", written(7));
        assert!(!written(30).contains("overlap") && written(30).contains("14.5 days"), "{}", written(30));
    }
}
