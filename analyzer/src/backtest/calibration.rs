//! Whether the past tells the future: what earlier cut-offs say of a later one, held against it.

use std::collections::BTreeMap;

use remit_policy::{Days, day};
use serde::Serialize;

use super::interval::{FEWEST, float};
use super::records::{Record, Records};
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

/// Who broke.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcomes {
    groups: BTreeMap<Group, Cuts>,
}

/// Of each cut-off and identity, of what sort it is, and whether it broke.
type Cuts = BTreeMap<i64, BTreeMap<String, (Stratum, bool)>>;

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
    /// What was foretold of identities against what came, by tenths of what was foretold.
    pub(crate) bins: Vec<Bin>,
    /// Mean square of the difference between what was foretold and what came.
    pub(crate) brier: f64,
    /// The same for who foretells of everybody the share of all that broke at the cut-offs gone by.
    pub(crate) brier_of_base_rate: f64,
    /// The same for who always foretells the mean of what came, which nobody knew before.
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
    /// How many identities, and how many broke.
    #[serde(flatten)]
    pub(crate) came: Record,
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

/// A cut-off with what was foretold of it.
struct Foretold {
    /// The share of all that had broken before.
    base_rate: f64,
    /// What was foretold of each identity, and whether it broke.
    identities: Vec<(f64, bool)>,
    /// Of each sort, how many were to break at least and at most, and how many did.
    sorts: Vec<((u64, u64), u64)>,
}

impl Outcomes {
    pub(super) fn add(&mut self, cut: Cut, window: &Window) {
        let Policy::Tier(_) = window.policy else { return };
        let Window { realm, horizon, policy, .. } = *window;
        let group = Group { realm, train: cut.train, horizon, policy };
        let cut = self.groups.entry(group).or_default().entry(cut.day).or_default();
        cut.insert(window.identity.clone(), (window.stratum, window.broken_after.is_some()));
    }

    pub(super) fn calibrate(&self) -> Vec<Calibration> {
        self.groups.iter().map(|(group, cuts)| calibration(*group, cuts)).collect()
    }

    /// The records of all cut-offs of what was proposed in a realm.
    pub(crate) fn records(&self, realm: Realm) -> Records<'_> {
        let groups = self.groups.iter().filter(|(group, _)| group.realm == realm);
        let mut records = Records::default();
        groups.flat_map(|(_, cuts)| cuts.values()).for_each(|cut| tell(&mut records, cut));
        records
    }
}

fn tell<'a>(records: &mut Records<'a>, cut: &'a BTreeMap<String, (Stratum, bool)>) {
    for (identity, (stratum, broke)) in cut {
        records.add(identity, *stratum, *broke);
    }
}

/// How many of each sort there were at a cut-off, and how many broke.
fn sorts(cut: &BTreeMap<String, (Stratum, bool)>) -> BTreeMap<Stratum, Record> {
    let mut sorts: BTreeMap<_, Record> = BTreeMap::new();
    cut.values().for_each(|(stratum, broke)| sorts.entry(*stratum).or_default().add(*broke));
    sorts
}

/// What the cut-offs whose horizon had passed by then say of each.
fn foretold(group: Group, cuts: &Cuts) -> Vec<Foretold> {
    let mut records = Records::default();
    let mut ended = cuts.iter().peekable();
    let mut all = Vec::new();
    for (day, cut) in cuts {
        while let Some((_, earlier)) = ended.next_if(|(earlier, _)| *earlier + group.horizon <= *day) {
            tell(&mut records, earlier);
        }
        let identities = cut
            .iter()
            .filter_map(|(identity, (stratum, broke))| Some((records.foretold(identity, *stratum)?, *broke)));
        let sorts = sorts(cut).into_iter().filter_map(|(stratum, came)| {
            let Record { broken, windows } = records.sort(stratum);
            (windows >= FEWEST).then(|| (predicted((broken, windows), came.windows), came.broken))
        });
        let (identities, sorts) = (identities.collect(), sorts.collect());
        all.push(Foretold { base_rate: records.base_rate(), identities, sorts });
    }
    all
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
    let (mut came, mut squares, mut of_base_rate) = (Record::default(), 0.0, 0.0);
    let each = all.iter().flat_map(|cut| cut.identities.iter().map(|one| (cut.base_rate, *one)));
    for (base_rate, (share, broke)) in each {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is from 0 to 1")]
        let bin = bins.entry((share * 10.0).floor().min(9.0) as u64).or_default();
        bin.0 += 1;
        bin.1 += share;
        bin.2 += u64::from(broke);
        came.add(broke);
        let truth = float(u64::from(broke));
        squares += (truth - share).powi(2);
        of_base_rate += (truth - base_rate).powi(2);
    }
    let windows = came.windows;
    let mean = float(came.broken) / float(windows.max(1));
    let sorts_foretold = || all.iter().flat_map(|cut| &cut.sorts);
    let within = sorts_foretold().filter(|(range, broken)| (range.0..=range.1).contains(broken)).count();
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
        brier_of_base_rate: of_base_rate / float(windows.max(1)),
        brier_of_mean: mean * (1.0 - mean),
        within: Share::of(within as u64, sorts_foretold().count() as u64),
        cut_offs: cuts
            .iter()
            .flat_map(|(&at, cut)| {
                sorts(cut).into_iter().map(move |(stratum, came)| CutOff {
                    day: day(Days::moment_of(at)),
                    stratum,
                    came,
                })
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

    /// Half of forty break at each cut-off, each identity at every other.
    fn halves(horizon: i64, cuts: i64) -> (Group, Cuts) {
        let group = Group { realm: Realm::Account, train: Train::days(90), horizon, policy: Policy::Exact };
        let one = |at: i64, who: i64| (format!("{who:02}"), (Stratum::Workload, (who + at) % 2 == 0));
        let cut = |at: i64| (at * 30, (0..40).map(|who| one(at, who)).collect());
        (group, (0..cuts).map(cut).collect())
    }

    #[test]
    fn what_comes_as_foretold_is_calibrated() {
        let (group, cuts) = halves(30, 3);
        let all = calibration(group, &cuts);
        // Half of the sort broke, and each identity did or did not at the first, which weighs a thirty-first.
        let (low, high) = (15.0 / 31.0, 16.0 / 31.0);
        let [under, over] = all.bins.as_slice() else { panic!("{:?}", all.bins) };
        assert!(
            (under.windows, under.came) == (20, 1.0) && (under.foretold - low).abs() < 1e-12,
            "{under:?}"
        );
        assert_eq!((over.windows, over.came), (60, 1.0 / 3.0));
        assert!((over.foretold - (20.0 * high + 40.0 * 0.5) / 60.0).abs() < 1e-12, "{over:?}");
        // Half had broken before each cut-off, whoever it was, and the identities' own records made it worse.
        assert!(all.brier_of_base_rate == 0.25 && all.brier > 0.25, "{all:?}");
        assert_eq!((all.brier_of_mean, all.within.hits, all.within.of), (0.25, 2, 2));
        let told =
            |at: usize| all.cut_offs.get(at).map(|one| (one.day.as_str(), one.came.windows, one.came.broken));
        assert_eq!(told(1), Some(("1970-01-31", 40, 20)));
    }

    #[test]
    fn what_has_not_ended_foretells_nothing() {
        let (group, cuts) = halves(60, 2);
        assert!(foretold(group, &cuts).iter().all(|cut| cut.identities.is_empty() && cut.sorts.is_empty()));
    }
}
