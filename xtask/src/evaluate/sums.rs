//! What backtests of many organisations say together.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;

/// Sums over organisations.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// By policy and days of history.
    pub(super) lines: BTreeMap<(String, u64), LineSum>,
    /// By policy and days of history.
    pub(super) calibrations: BTreeMap<(String, u64), CalibrationSum>,
}

/// What a policy came to.
#[derive(Debug, Default)]
pub(super) struct LineSum {
    pub(super) windows: f64,
    pub(super) broken: f64,
    pub(super) broken_write: f64,
    /// Sums over windows.
    pub(super) reduction: f64,
    pub(super) narrowing: f64,
    pub(super) calls_met: f64,
    pub(super) permissions_met: f64,
    pub(super) causes: BTreeMap<String, f64>,
    /// Needs that were met by a rule alone.
    pub(super) saved: BTreeMap<String, f64>,
}

/// How well the past told the future.
#[derive(Debug, Default)]
pub(super) struct CalibrationSum {
    /// By the tenth of what was foretold: windows, and sums of what was foretold and what came.
    pub(super) bins: BTreeMap<u64, [f64; 3]>,
    pub(super) windows: f64,
    /// Sums over windows.
    pub(super) brier: f64,
    /// The same of the base rate known at each cut-off.
    pub(super) base_rate: f64,
    pub(super) broken: f64,
    pub(super) within: [f64; 2],
}

impl Sums {
    /// Adds what `remit backtest --format json` prints.
    pub(super) fn add(&mut self, backtest: &Value) -> anyhow::Result<()> {
        let list = |name: &str| {
            backtest.get(name).and_then(Value::as_array).cloned().with_context(|| name.to_owned())
        };
        let is_of_all = |line: &&Value| {
            ["stratum", "deploying"].iter().all(|part| line.get(part).is_some_and(Value::is_null))
        };
        for line in list("lines")?.iter().filter(is_of_all) {
            let sum = self.lines.entry(key(line)).or_default();
            let windows = number(line, "/broken/of");
            sum.windows += windows;
            sum.broken += number(line, "/broken/hits");
            sum.broken_write += number(line, "/broken_write/hits");
            sum.narrowing += number(line, "/narrowing") * windows;
            sum.reduction += number(line, "/reduction") * windows;
            sum.calls_met += number(line, "/calls_met") * windows;
            sum.permissions_met += number(line, "/permissions_met") * windows;
            for (name, counts) in [("causes", &mut sum.causes), ("saved", &mut sum.saved)] {
                for (what, count) in line.get(name).and_then(Value::as_object).into_iter().flatten() {
                    *counts.entry(what.clone()).or_default() += count.as_f64().unwrap_or(0.0);
                }
            }
        }
        for one in &list("calibration")? {
            let sum = self.calibrations.entry(key(one)).or_default();
            let mut windows = 0.0;
            for bin in one.get("bins").and_then(Value::as_array).into_iter().flatten() {
                let (of, foretold, came) =
                    (number(bin, "/windows"), number(bin, "/foretold"), number(bin, "/came"));
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share is from 0 to 1"
                )]
                let tenth = (foretold * 10.0).floor() as u64;
                let [a, b, c] = sum.bins.entry(tenth).or_default();
                *a += of;
                *b += foretold * of;
                *c += came * of;
                windows += of;
                sum.broken += came * of;
            }
            sum.windows += windows;
            sum.brier += number(one, "/brier") * windows;
            sum.base_rate += number(one, "/brier_of_base_rate") * windows;
            let [within, all] = &mut sum.within;
            *within += number(one, "/within/hits");
            *all += number(one, "/within/of");
        }
        Ok(())
    }
}

fn key(line: &Value) -> (String, u64) {
    let policy = line.get("policy").and_then(Value::as_str).unwrap_or_default().to_owned();
    (policy, line.get("train").and_then(Value::as_u64).unwrap_or(0))
}

/// A number of a value, by its path.
pub(super) fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or(0.0)
}
