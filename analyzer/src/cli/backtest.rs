//! `remit backtest`

mod table;

use std::collections::{BTreeMap, BTreeSet};

use remit_policy::Days;

use self::table::LineRow;
use super::analysing::{AnalysingArguments, Wanted, analysed};
use super::{Streams, WrongUsage};
use crate::backtest::{Backtest, Line, Past, Plan, Policy, Realm, Train};
use crate::exit::Exit;
use crate::learn::Tier;
use crate::output::{Format, in_days, print};
use crate::visible::DAY;

/// Replay the past: at days gone by, propose with what was known by then, and count who would have missed a permission
///
/// What the ledger shows of the days after each cut-off is held against what would have been proposed, by Remit's tiers and by
/// simpler ways. What changed since, as grants and what trails record, is taken as it is today. `--tier` shows that tier alone beside
/// the simpler ways, and `--resources` is how tiers name resources; the simpler ways leave them as they are granted.
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
    let analysed = analysed(&analysing, Wanted { deploys: true, past: true, ..Wanted::default() }, streams)?;
    let cluster = analysed.cluster.as_ref();
    let past =
        Past::of(analysed.catalog, &analysed.analysis, &analysed.calls, cluster, &analysed.of_subjects);
    let told = past.told();
    if told.is_empty() {
        let message = "the grants name no principal that called\nhint: `remit usage` lists what called";
        return Err(WrongUsage(message.to_owned()).into());
    }
    // In order, and each once.
    let train: BTreeSet<i64> = arguments.train.iter().copied().collect();
    let horizons: BTreeSet<i64> = arguments.horizon.iter().copied().collect();
    let train = train.into_iter().map(Train::days).collect();
    let plan = Plan {
        train,
        horizons: horizons.into_iter().collect(),
        step: arguments.step,
        policies: policies(arguments.analysing.tier),
        settle: arguments.analysing.settle.div_euclid(DAY),
        generalise: arguments.analysing.generalise(),
        drop_watched: None,
    };
    if let Some(tier) = arguments.analysing.tier {
        // It may come from a file of options, and whoever asked for no tier would miss the others.
        streams.say(&format!("of the tiers, `{tier}` alone is replayed, as `--tier` says"));
    }
    let backtest = past.replay(&plan);
    for (realm, told) in told {
        missing(&plan, &backtest, realm, told.end - told.first).iter().for_each(|told| streams.say(told));
    }
    show(&backtest, arguments.step, arguments.format, streams)?;
    Ok(if analysed.problems.is_empty() { Exit::Done } else { Exit::Failed })
}

/// What is compared: the simpler ways, and all tiers or the one that is asked for.
fn policies(tier: Option<Tier>) -> Vec<Policy> {
    let is_asked = |policy: &Policy| match (policy, tier) {
        (Policy::Tier(one), Some(tier)) => *one == tier,
        _ => true,
    };
    Policy::ALL.into_iter().filter(is_asked).collect()
}

/// Of which lengths of history with which horizons nothing can be said, and why: one text for each length of history.
fn missing(plan: &Plan, backtest: &Backtest, realm: Realm, held: i64) -> Vec<String> {
    let mut short: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let mut young = Vec::new();
    for (train, horizon) in plan.pairs() {
        let (train, needed) = (train.longest, train.least + horizon);
        let is_it = |line: &&Line| (line.realm, line.train, line.horizon) == (realm, train, horizon);
        if needed > held {
            let horizon = format!("{horizon} (which takes {})", in_days(needed));
            short.entry(train).or_default().push(horizon);
        } else if !backtest.lines.iter().any(|line| is_it(&line)) {
            young.push(format!(
                "no identity of the {realm} had been there for {} before a cut-off with {} behind it",
                in_days(train.min(90)),
                in_days(horizon)
            ));
        }
    }
    let short = short.into_iter().map(|(train, horizons)| {
        format!(
            "not enough history of the {realm} to learn from {} and hold that against the next {}: the ledger holds {}",
            in_days(train),
            horizons.join(", "),
            in_days(held)
        )
    });
    short.chain(young).collect()
}

fn show(backtest: &Backtest, step: i64, format: Format, streams: &mut Streams<'_>) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *streams.out, backtest)?;
            writeln!(streams.out)?;
        }
        Format::Csv => print(&LineRow::all(backtest), format, streams.out)?,
        Format::Table => table::write(backtest, step, streams.out)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What has no cut-off is named with what it would take, whatever else is asked for beside it.
    #[test]
    fn what_lacks_history_is_named_with_what_it_takes() {
        let plan = Plan {
            train: [30, 90].map(Train::days).to_vec(),
            horizons: vec![7, 30, 90],
            step: 30,
            policies: policies(None),
            settle: 0,
            generalise: None,
            drop_watched: None,
        };
        let told = missing(&plan, &Backtest::default(), Realm::Account, 100);
        let [least, most, none @ ..] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(
            least,
            "not enough history of the account to learn from 30 days and hold that against the next 90 (which takes 120 days): \
             the ledger holds 100 days"
        );
        assert!(
            most.contains("from 90 days") && most.contains("30 (which takes 120 days), 90 (which"),
            "{most}"
        );
        assert!(
            none.iter().all(|one| one.contains("no identity of the account")) && none.len() == 3,
            "{none:?}"
        );
    }

    #[test]
    fn a_tier_that_is_asked_for_stands_alone_beside_the_simpler_ways() {
        let tiers = |tier| {
            let all = policies(tier).into_iter();
            all.filter_map(|policy| if let Policy::Tier(tier) = policy { Some(tier) } else { None })
                .collect::<Vec<_>>()
        };
        assert_eq!(tiers(None), [Tier::Strict, Tier::Standard, Tier::Balanced]);
        assert_eq!(
            (tiers(Some(Tier::Balanced)), policies(Some(Tier::Strict)).len()),
            (vec![Tier::Balanced], 5)
        );
    }
}
