//! Whether the past tells the future: what earlier cut-offs say of a later one, held against it.

use std::collections::BTreeMap;

use remit_policy::{Days, day};
use serde::Serialize;

use super::interval::{FEWEST, float};
use super::replay::Window;
use super::{Cut, Policy, Realm, Share, Train};
use crate::learn::Stratum;

/// What is foretold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    realm: Realm,
    train: Train,
    horizon: i64,
    policy: Policy,
}

/// Who broke, by cut-off and stratum.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Outcomes {
    groups: BTreeMap<Group, Cuts>,
}

/// Of each cut-off and stratum, how many broke, and how many there were.
type Cuts = BTreeMap<(i64, Stratum), (u64, u64)>;

/// How well the past told the future.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Calibration {
    /// What the identities are of.
    pub(crate) realm: Realm,
    /// What was proposed.
    pub(crate) policy: Policy,
    /// Days of history at most.
    pub(crate) train: i64,
    /// Days after the cut-off.
    pub(crate) horizon: i64,
    /// What was foretold against what came, by tenths of what was foretold.
    pub(crate) bins: Vec<Bin>,
    /// Mean square of the difference between what was foretold and what came.
    pub(crate) brier: f64,
    /// The same for who always foretells the mean of what came.
    pub(crate) brier_of_mean: f64,
    /// Of the cut-offs that were foretold, in each stratum, how many came out within the foretold range.
    pub(crate) within: Share,
    /// What all of it is reckoned from.
    pub(crate) cut_offs: Vec<CutOff>,
}

/// What came of a cut-off in a stratum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CutOff {
    /// The day, as in `2026-10-31`.
    pub(crate) day: String,
    /// What the identities are for.
    pub(crate) stratum: Stratum,
    /// Identities.
    pub(crate) windows: u64,
    /// Those that broke.
    pub(crate) broken: u64,
}

/// What was foretold alike.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Bin {
    /// Identities at cut-offs.
    pub(crate) windows: u64,
    /// Mean of the shares foretold.
    pub(crate) foretold: f64,
    /// The share that broke.
    pub(crate) came: f64,
}

/// A cut-off of a stratum with what was foretold of it.
struct Foretold {
    share: f64,
    range: (u64, u64),
    broken: u64,
    windows: u64,
}

impl Outcomes {
    pub(super) fn add(&mut self, cut: Cut, window: &Window) {
        let Policy::Tier(_) = window.policy else { return };
        let Window { realm, horizon, policy, .. } = *window;
        let group = Group { realm, train: cut.train, horizon, policy };
        let counts = self.groups.entry(group).or_default().entry((cut.day, window.stratum)).or_default();
        counts.0 += u64::from(window.broken_after.is_some());
        counts.1 += 1;
    }

    pub(super) fn calibrate(&self) -> Vec<Calibration> {
        self.groups.iter().map(|(group, cuts)| calibration(*group, cuts)).collect()
    }
}

/// What the cut-offs whose horizon had passed by then say of each.
fn foretold(group: Group, cuts: &Cuts) -> Vec<Foretold> {
    let one = |(&(day, stratum), &(broken, windows)): (&(i64, Stratum), &(u64, u64))| {
        let before =
            cuts.iter().filter(|((earlier, of), _)| *of == stratum && earlier + group.horizon <= day);
        let (x, m) = before.fold((0, 0), |(x, m), (_, counts)| (x + counts.0, m + counts.1));
        (m >= FEWEST).then(|| Foretold {
            share: float(x) / float(m),
            range: predicted((x, m), windows),
            broken,
            windows,
        })
    };
    cuts.iter().filter_map(one).collect()
}

/// The range in which the number of hits of `n` lies with a confidence of 95 %, where there were `x` of `m` before: the
/// prediction under Jeffreys' prior, which is a beta-binomial distribution.
fn predicted((x, m): (u64, u64), n: u64) -> (u64, u64) {
    use statrs::function::beta::ln_beta;
    use statrs::function::factorial::ln_binomial;
    let (a, b) = (float(x) + 0.5, float(m - x) + 0.5);
    let chance = |k: u64| (ln_binomial(n, k) + ln_beta(float(k) + a, float(n - k) + b) - ln_beta(a, b)).exp();
    let (mut low, mut high, mut sum) = (0, n, 0.0);
    for k in 0..=n {
        if sum <= 0.025 {
            low = k;
        }
        sum += chance(k);
        if sum >= 0.975 {
            high = k;
            break;
        }
    }
    (low, high)
}

fn calibration(group: Group, cuts: &Cuts) -> Calibration {
    let all = foretold(group, cuts);
    let mut bins: BTreeMap<u64, (u64, f64, u64)> = BTreeMap::new();
    let (mut broken, mut windows, mut squares) = (0, 0, 0.0);
    for one in &all {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is from 0 to 1")]
        let bin = bins.entry((one.share * 10.0).floor().min(9.0) as u64).or_default();
        bin.0 += one.windows;
        bin.1 += one.share * float(one.windows);
        bin.2 += one.broken;
        broken += one.broken;
        windows += one.windows;
        let (hit, missed) = (float(one.broken), float(one.windows - one.broken));
        squares += hit * (1.0 - one.share).powi(2) + missed * one.share.powi(2);
    }
    let mean = float(broken) / float(windows.max(1));
    let within = all.iter().filter(|one| (one.range.0..=one.range.1).contains(&one.broken)).count();
    let bin = |(windows, foretold, broken): (u64, f64, u64)| Bin {
        windows,
        foretold: foretold / float(windows.max(1)),
        came: float(broken) / float(windows.max(1)),
    };
    Calibration {
        realm: group.realm,
        policy: group.policy,
        train: group.train.longest,
        horizon: group.horizon,
        bins: bins.into_values().map(bin).collect(),
        brier: squares / float(windows.max(1)),
        brier_of_mean: mean * (1.0 - mean),
        within: Share::of(within as u64, all.len() as u64),
        cut_offs: cuts
            .iter()
            .map(|(&(at, stratum), &(broken, windows))| CutOff {
                day: day(Days::moment_of(at)),
                stratum,
                windows,
                broken,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chances of a fair coin without any past: each number of hits is as likely as that of as many misses.
    #[test]
    fn the_range_holds_what_is_likely() {
        assert_eq!(predicted((0, 0), 1), (0, 1));
        let (low, high) = predicted((50, 100), 100);
        assert_eq!(low + high, 100);
        assert!((30..45).contains(&low), "{low}");
        assert_eq!(predicted((0, 1000), 30), (0, 0));
        assert_eq!(predicted((1000, 1000), 30), (30, 30));
    }

    #[test]
    fn what_comes_as_foretold_is_calibrated() {
        let group =
            Group { realm: Realm::Account, train: Train::days(90), horizon: 30, policy: Policy::Exact };
        let cuts = (0..4).map(|at| ((at * 30, Stratum::Workload), (20, 40))).collect();
        let all = calibration(group, &cuts);
        assert_eq!(all.bins, [Bin { windows: 120, foretold: 0.5, came: 0.5 }]);
        assert_eq!((all.brier, all.brier_of_mean, all.within.hits, all.within.of), (0.25, 0.25, 3, 3));
    }

    #[test]
    fn what_has_not_ended_foretells_nothing() {
        let group =
            Group { realm: Realm::Account, train: Train::days(90), horizon: 60, policy: Policy::Exact };
        let cuts = (0..2).map(|at| ((at * 30, Stratum::Workload), (20, 40))).collect();
        assert!(foretold(group, &cuts).is_empty());
    }
}
