//! What a backtest says.

use std::collections::BTreeMap;

use serde::Serialize;

use super::calibration::{Calibration, Outcomes};
use super::interval::float;
use super::records::Record;
use super::replay::{Cause, Window};
use super::{Cut, Policy, Realm, Share, Train};
use crate::deploys::Deploying;
use crate::learn::Stratum;

/// What a backtest says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Backtest {
    /// One line for each realm, policy, length of history, horizon and stratum, one for those that were deployed in the days after the
    /// cut-off, or were not, and one for all.
    pub(crate) lines: Vec<Line>,
    /// How well the past told the future.
    pub(crate) calibration: Vec<Calibration>,
    /// What all of it is reckoned from.
    #[serde(skip)]
    pub(crate) outcomes: Outcomes,
}

/// What became of identities at cut-offs, as it is added up.
#[derive(Default)]
pub(super) struct Tally {
    sums: BTreeMap<Key, Sums>,
    outcomes: Outcomes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    realm: Realm,
    train: Train,
    horizon: i64,
    stratum: Option<Stratum>,
    deploying: Option<Deploying>,
    policy: Policy,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Sums {
    cuts: std::collections::BTreeSet<i64>,
    windows: u64,
    broken: u64,
    broken_write: u64,
    first: Vec<u64>,
    repair: Vec<u64>,
    causes: BTreeMap<Cause, u64>,
    missed: BTreeMap<String, (u64, Option<String>)>,
    saved: BTreeMap<&'static str, u64>,
    needed: u64,
    met: u64,
    calls: u64,
    calls_met: u64,
    /// Shares of what is granted that goes, one of each window.
    reduction: f64,
    /// The same, with the resources on which actions stay.
    narrowing: f64,
    /// Identities that had used nothing, which are not in any of the other sums.
    idle: Record,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Line {
    /// What the identities are of.
    pub(crate) realm: Realm,
    /// What was proposed.
    pub(crate) policy: Policy,
    /// Days of history at most.
    pub(crate) train: i64,
    /// Days after the cut-off.
    pub(crate) horizon: i64,
    /// The stratum; none for all together.
    pub(crate) stratum: Option<Stratum>,
    /// Of all strata, only those that were deployed in the days after the cut-off, or were not; none for all together.
    pub(crate) deploying: Option<Deploying>,
    /// How many cut-offs.
    pub(crate) cut_offs: usize,
    /// Of the identities at cut-offs, how many would have missed a permission.
    pub(crate) broken: Share,
    /// And how many one to write, or to change who may do what.
    pub(crate) broken_write: Share,
    /// Median of the days to the first miss.
    pub(crate) days_to_break: Option<f64>,
    /// Median of the permissions that were missed, of those who missed any.
    pub(crate) to_repair: Option<f64>,
    /// Share of permissions needed that were there.
    pub(crate) permissions_met: f64,
    /// Share of the days of their use.
    pub(crate) calls_met: f64,
    /// Share of what is granted that would have gone, weighted, of what can be judged: the mean over identities.
    pub(crate) reduction: f64,
    /// The same, where an action that stays on part of the known resources it may be used on counts as that part.
    pub(crate) narrowing: f64,
    /// Of the identities at cut-offs that had used nothing in the days learned from, how many would have missed a permission: they are
    /// in no other figure of the line.
    pub(crate) idle: Share,
    /// Missed permissions by cause.
    pub(crate) causes: BTreeMap<Cause, u64>,
    /// Needed permissions that were there by a rule alone, by rule.
    pub(crate) saved: BTreeMap<&'static str, u64>,
    /// The permissions that were missed most often.
    pub(crate) most_missed: Vec<Missed>,
}

/// A permission that was missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Missed {
    /// The permission.
    pub(crate) permission: String,
    /// At how many cut-offs an identity missed it.
    pub(crate) times: u64,
    /// A resource, where the action was there and the resource was not.
    pub(crate) resource: Option<String>,
}

/// How many permissions are named that were missed most often.
const MISSED: usize = 20;

impl Tally {
    pub(super) fn add(&mut self, cut: Cut, window: &Window) {
        for (stratum, deploying) in
            [(None, None), (Some(window.stratum), None), (None, Some(window.deploying))]
        {
            let Window { realm, horizon, policy, .. } = *window;
            let key = Key { realm, train: cut.train, horizon, stratum, deploying, policy };
            self.sums.entry(key).or_default().add(cut, window);
        }
        if !window.is_idle {
            self.outcomes.add(cut, window);
        }
    }

    pub(super) fn finish(self) -> Backtest {
        let lines = self.sums.into_iter().map(|(key, sums)| sums.line(key));
        let calibration = self.outcomes.calibrate();
        Backtest { lines: lines.collect(), calibration, outcomes: self.outcomes }
    }
}

impl Sums {
    fn add(&mut self, cut: Cut, window: &Window) {
        if window.is_idle {
            self.idle.add(window.broken_after.is_some());
            return;
        }
        self.cuts.insert(cut.day);
        self.windows += 1;
        if let Some(after) = window.broken_after {
            self.broken += 1;
            self.first.extend(u64::try_from(after));
            self.repair.push(window.causes.values().sum());
        }
        self.broken_write += u64::from(window.broken_write);
        for (cause, count) in &window.causes {
            *self.causes.entry(*cause).or_default() += count;
        }
        for (rule, count) in &window.saved {
            *self.saved.entry(rule).or_default() += count;
        }
        for (permission, resource) in &window.missed {
            let missed = self.missed.entry(permission.clone()).or_default();
            missed.0 += 1;
            if missed.1.is_none() {
                missed.1.clone_from(resource);
            }
        }
        self.needed += window.needed;
        self.met += window.met;
        self.calls += window.calls;
        self.calls_met += window.calls_met;
        self.reduction += 1.0 - share(window.kept, window.granted);
        let all = float(window.granted);
        self.narrowing += if all > 0.0 { 1.0 - window.reached / all } else { 0.0 };
    }

    fn most_missed(&self) -> Vec<Missed> {
        let mut all: Vec<_> = self.missed.iter().collect();
        all.sort_by_key(|(permission, (times, _))| (std::cmp::Reverse(*times), *permission));
        let missed = |(permission, (times, resource)): (&String, &(u64, Option<String>))| Missed {
            permission: permission.clone(),
            times: *times,
            resource: resource.clone(),
        };
        all.into_iter().take(MISSED).map(missed).collect()
    }

    fn line(mut self, key: Key) -> Line {
        let most_missed = self.most_missed();
        Line {
            realm: key.realm,
            policy: key.policy,
            train: key.train.longest,
            horizon: key.horizon,
            stratum: key.stratum,
            deploying: key.deploying,
            cut_offs: self.cuts.len(),
            broken: Share::of(self.broken, self.windows),
            broken_write: Share::of(self.broken_write, self.windows),
            days_to_break: median(&mut self.first),
            to_repair: median(&mut self.repair),
            permissions_met: share(self.met, self.needed),
            calls_met: share(self.calls_met, self.calls),
            reduction: self.reduction / float(self.windows.max(1)),
            narrowing: self.narrowing / float(self.windows.max(1)),
            idle: Share::of(self.idle.broken, self.idle.windows),
            causes: self.causes,
            most_missed,
            saved: self.saved,
        }
    }
}

/// The share of a part; all of nothing.
pub(super) fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 1.0 } else { float(part) / float(of) }
}

/// The one in the middle; of an even number, the mean of the two.
fn median(all: &mut [u64]) -> Option<f64> {
    all.sort_unstable();
    let upper = *all.get(all.len() / 2)?;
    let lower = if all.len().is_multiple_of(2) { *all.get(all.len() / 2 - 1)? } else { upper };
    Some(float(lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_of_two_is_between_them() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [29, 0]), Some(14.5));
        assert_eq!(median(&mut [9, 1, 4]), Some(4.0));
        assert_eq!(median(&mut [9, 1, 4, 6]), Some(5.0));
    }
}
