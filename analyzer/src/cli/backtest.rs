//! `remit backtest`

mod table;

use std::collections::BTreeSet;

use remit_policy::Days;

use self::table::LineRow;
use super::analysing::{AnalysingArguments, Wanted, analysed};
use super::{Streams, WrongUsage};
use crate::backtest::{Backtest, Past, Plan, Policy, Train};
use crate::exit::Exit;
use crate::output::{Format, in_days, print};
use crate::visible::DAY;

/// Replay the past: at days gone by, propose with what was known by then, and count who would have missed a permission
///
/// What the ledger shows of the days after each cut-off is held against what would have been proposed, by Remit's tiers and by
/// simpler ways. What changed since, as grants and what trails record, is taken as it is today.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    analysing: AnalysingArguments,
    /// How many days of history are learned from, one or several
    #[arg(long, value_name = "DAYS", value_delimiter = ',', default_value = "30,90,365", value_parser = days())]
    train: Vec<i64>,
    /// How many days after a cut-off count, one or several
    #[arg(long, value_name = "DAYS", value_delimiter = ',', default_value = "7,30,90", value_parser = days())]
    horizon: Vec<i64>,
    /// Days from one cut-off to the next
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = days())]
    step: i64,
    /// How to print; CSV holds the lines alone, JSON also the calibration
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn days() -> clap::builder::RangedI64ValueParser {
    clap::value_parser!(i64).range(1..=Days::LENGTH)
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let mut analysing = arguments.analysing.clone();
    analysing.windows.history = Days::LENGTH.saturating_mul(DAY);
    let analysed = analysed(&analysing, Wanted { deploys: true, ..Wanted::default() }, streams)?;
    let cluster = analysed.cluster.as_ref();
    let past =
        Past::of(analysed.catalog, &analysed.analysis, &analysed.calls, cluster, &analysed.of_subjects);
    let told = past.told();
    let Some(longest) = told.values().map(|told| told.end - told.first).max() else {
        let message = "the grants name no principal that called\nhint: `remit usage` lists what called";
        return Err(WrongUsage(message.to_owned()).into());
    };
    // In order, and each once.
    let train: BTreeSet<i64> = arguments.train.iter().copied().collect();
    let horizons: BTreeSet<i64> = arguments.horizon.iter().copied().collect();
    let train = train.into_iter().map(Train::days).collect();
    let plan = Plan {
        train,
        horizons: horizons.into_iter().collect(),
        step: arguments.step,
        policies: Policy::ALL.to_vec(),
        settle: arguments.analysing.settle.div_euclid(DAY),
    };
    let backtest = past.replay(&plan);
    for train in &plan.train {
        if !backtest.lines.iter().any(|line| line.train == train.longest) {
            let (asked, held) = (in_days(train.longest), in_days(longest));
            streams.say(&format!("not enough history for {asked} of it: the ledger holds {held}"));
        }
    }
    show(&backtest, arguments.format, streams)?;
    Ok(if analysed.problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn show(backtest: &Backtest, format: Format, streams: &mut Streams<'_>) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *streams.out, backtest)?;
            writeln!(streams.out)?;
        }
        Format::Csv => print(&LineRow::all(backtest), format, streams.out)?,
        Format::Table => table::write(backtest, streams.out)?,
    }
    Ok(())
}
