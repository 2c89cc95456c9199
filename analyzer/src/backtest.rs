//! Replays the past: what is proposed is proposed again at days gone by, with what was known by then, and held against
//! what came after.

mod calibration;
mod cluster;
mod identity;
mod interval;
mod policy;
mod reach;
mod realm;
mod records;
mod replay;
mod result;
mod subject;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use remit_catalog::{ActionId, Catalog};
use remit_policy::{Account, CallOutcome, Days, Generalise, Usage, rbac};

pub(crate) use self::calibration::Calibration;
use self::identity::Identity;
pub(crate) use self::interval::{FEWEST, Share};
pub(crate) use self::policy::Policy;
use self::reach::Known;
pub(crate) use self::realm::Realm;
pub(crate) use self::records::Record;
use self::replay::Replay;
use self::result::Tally;
pub(crate) use self::result::{Backtest, Line};
use crate::analysis::{Analysis, inventory};
use crate::cluster::Cluster;
use crate::learn::{Community, Kinds, Stratum, Tier, stratum_of_user};
use crate::rollup::PrincipalCalls;

/// What is replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// How much history is learned from.
    pub(crate) train: Vec<Train>,
    /// How many days later count.
    pub(crate) horizons: Vec<i64>,
    /// Days from one cut-off to the next.
    pub(crate) step: i64,
    /// What is compared.
    pub(crate) policies: Vec<Policy>,
    /// For how many days after a deploy what is not used stays.
    pub(crate) settle: i64,
    /// How resources that were seen become patterns; none where each tier has its own way.
    pub(crate) generalise: Option<Generalise>,
    /// After how many days without use what is watched goes; none where it stays.
    pub(crate) drop_watched: Option<i64>,
}

/// How many days of history are learned from at a cut-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Train {
    /// At most.
    pub(crate) longest: i64,
    /// At least.
    pub(crate) least: i64,
}

impl Train {
    /// So many, neither more nor less.
    pub(crate) fn days(days: i64) -> Self {
        Self { longest: days, least: days }
    }
}

/// The days of which a ledger tells: from the first to before the second, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) first: i64,
    pub(crate) end: i64,
}

impl Told {
    /// The days of calls; none where there are no calls. The last may be a day that has not ended.
    fn of<'a>(days: impl Iterator<Item = &'a Days> + Clone) -> Option<Self> {
        let first = days.clone().filter_map(Days::first).min()?;
        let last = days.filter_map(Days::last).max()?;
        Some(Self { first, end: last + 1 })
    }
}

/// One cut-off: the day before which everything is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cut {
    pub(crate) train: Train,
    /// The cut-off, a day.
    pub(crate) day: i64,
    /// The first day that is learned from.
    pub(crate) since: i64,
}

impl Plan {
    /// The cut-offs that a ledger has history and future for, newest first, each with its horizons. The newest of a horizon ends with
    /// the ledger: so a horizon has the same cut-offs whether or not others are asked for beside it.
    fn cuts(&self, told: Told) -> Vec<(Cut, Vec<i64>)> {
        let mut cuts: BTreeMap<Cut, Vec<i64>> = BTreeMap::new();
        for (train, horizon) in self.pairs() {
            let days = (0..).map(|at| told.end - horizon - at * self.step.max(1));
            for day in days.take_while(|day| day - told.first >= train.least) {
                let cut = Cut { train, day, since: told.first.max(day - train.longest) };
                cuts.entry(cut).or_default().push(horizon);
            }
        }
        cuts.into_iter().rev().collect()
    }

    /// Each length of history with each horizon.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (Train, i64)> {
        self.train.iter().flat_map(|train| self.horizons.iter().map(|horizon| (*train, *horizon)))
    }

    /// How resources that were seen become patterns in a tier.
    fn way(&self, tier: Tier) -> Generalise {
        self.generalise.unwrap_or_else(|| tier.generalise())
    }
}

/// The past of an account, and that of a cluster.
pub(crate) struct Past<'a> {
    catalog: &'a Catalog,
    account: &'a Account,
    identities: Vec<Identity<'a>>,
    cluster: Option<(&'a Cluster, &'a BTreeMap<String, Vec<rbac::Call>>)>,
}

impl<'a> Past<'a> {
    /// That of an analysis, of which these are all calls: of principals of the account, and of users of clusters.
    pub(crate) fn of(
        catalog: &'a Catalog,
        analysis: &'a Analysis,
        calls: &'a BTreeMap<String, PrincipalCalls>,
        cluster: Option<&'a Cluster>,
        of_subjects: &'a BTreeMap<String, Vec<rbac::Call>>,
    ) -> Self {
        let cluster = cluster.map(|cluster| (cluster, of_subjects));
        let identities = Identity::all(catalog, analysis, calls);
        Self { catalog, account: &analysis.account, identities, cluster }
    }

    /// The sort of each identity, by name.
    pub(crate) fn strata(&self) -> BTreeMap<String, (Realm, Stratum)> {
        let identities =
            self.identities.iter().map(|one| (one.principal.arn.clone(), (Realm::Account, one.stratum)));
        let subjects = self.cluster.iter().flat_map(|(cluster, _)| &cluster.subjects);
        let subjects = subjects.map(|subject| {
            let name = subject.user.name.clone();
            let stratum = stratum_of_user(&name);
            (name, (Realm::Cluster, stratum))
        });
        identities.chain(subjects).collect()
    }

    /// Who was never seen at work, since no call is known to have been allowed: by name, and whether there were calls at all.
    pub(crate) fn unseen(&self) -> BTreeMap<String, bool> {
        let identities = self.identities.iter().filter(|one| one.usage.calls.distinct() == 0);
        let identities = identities.map(|one| (one.principal.arn.clone(), !one.calls.is_empty()));
        let subjects = self.cluster.iter().flat_map(|(cluster, calls)| {
            cluster.subjects.iter().filter_map(|subject| {
                let name = &subject.user.name;
                let calls = calls.get(name).map(Vec::as_slice).unwrap_or_default();
                let is_used = calls.iter().any(|call| call.outcome == CallOutcome::Use);
                (!is_used).then(|| (name.clone(), !calls.is_empty()))
            })
        });
        identities.chain(subjects).collect()
    }

    /// The days of which the ledger tells, of each.
    pub(crate) fn told(&self) -> BTreeMap<Realm, Told> {
        let identities = self.identities.iter().flat_map(|one| &one.calls).map(|call| &call.seen.days);
        let mut told = BTreeMap::new();
        told.extend(Told::of(identities).map(|of| (Realm::Account, of)));
        if let Some((cluster, calls)) = &self.cluster {
            let calls = cluster.subjects.iter().filter_map(|subject| calls.get(&subject.user.name));
            let days = calls.flatten().map(|call| &call.seen.days);
            told.extend(Told::of(days).map(|of| (Realm::Cluster, of)));
        }
        told
    }

    /// Replays a plan.
    pub(crate) fn replay(&self, plan: &Plan) -> Backtest {
        let mut tally = Tally::default();
        for (realm, told) in self.told() {
            match (realm, &self.cluster) {
                (Realm::Account, _) => {
                    replay_account(&mut tally, self.catalog, self.account, &self.identities, told, plan);
                }
                (Realm::Cluster, Some((of, calls))) => cluster::replay(&mut tally, of, calls, told, plan),
                (Realm::Cluster, None) => {}
            }
        }
        tally.finish()
    }
}

/// Adds what became of identities of the account.
fn replay_account(
    tally: &mut Tally,
    catalog: &Catalog,
    account: &Account,
    identities: &[Identity<'_>],
    told: Told,
    plan: &Plan,
) {
    let kinds = Kinds::of(account, identities.iter().map(|identity| identity.principal));
    for (cut, horizons) in plan.cuts(told) {
        let calls = identities.iter().flat_map(|identity| &identity.calls).copied();
        let inventory = inventory(calls.filter(|call| !call.seen.days.before(cut.day).is_empty()));
        let exists = Known::of(catalog, &inventory);
        let known: Vec<Usage> = identities.par_iter().map(|identity| identity.before(catalog, cut)).collect();
        let community = Community::of(&kinds, known.par_iter().map(used).collect());
        let windows: Vec<_> = identities
            .par_iter()
            .zip(&known)
            .enumerate()
            .filter(|(_, (identity, _))| identity.is_eligible(cut))
            .map(|(at, (identity, usage))| {
                Replay {
                    catalog,
                    account,
                    identity,
                    usage,
                    peers: community.peers(at),
                    inventory: &inventory,
                    known: &exists,
                    cut,
                }
                .windows(plan, &horizons)
            })
            .collect();
        for window in windows.into_iter().flatten() {
            tally.add(cut, &window);
        }
    }
}

/// The actions that were used.
fn used(usage: &Usage) -> BTreeSet<ActionId> {
    usage.used().map(|(id, _)| id).collect()
}

#[cfg(test)]
mod tests;
