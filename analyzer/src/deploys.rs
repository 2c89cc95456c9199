//! Deploys: the days on which what runs as a principal was changed, as far as calls of whoever changed it tell, or images that were
//! seen on the wire.
//!
//! Where no source would show them, a day without a marker is not a day without a deploy: [`Deployed::on`] answers neither.

mod change;
mod holder;
mod query;

use std::collections::{BTreeMap, BTreeSet};

use remit_policy::rbac::User;
use remit_policy::{Account, Days, Principal, day};
use serde::Serialize;

use self::change::Target;
use self::holder::{attached, holder_of, is_shown};
pub(crate) use self::query::{deploys, runs_on_wire};

/// Days after a deploy in which new needs are its likely cause, and what is not used may be new code's.
pub(crate) const SETTLING: i64 = 14;

/// What kind of change a deploy was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A function's code, configuration or version.
    Function,
    /// A task or job was defined anew.
    Task,
    /// A workload of a cluster was rolled out.
    Rollout,
    /// A workload ran from another image than before.
    Image,
    /// The principal's own policies, trust or tags.
    Grants,
}

/// A change on one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Marker {
    /// What kind.
    pub(crate) kind: Kind,
    /// The operation with what it changed, or the image.
    pub(crate) what: String,
    /// The event, where the ledger keeps it as an example.
    pub(crate) sample: Option<String>,
}

/// The deploys of one principal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deployed {
    /// One marker of each day on which there was any, by days since the Unix epoch.
    pub(crate) markers: BTreeMap<i64, Marker>,
    /// Whether its deploys would be seen.
    pub(crate) is_shown: bool,
}

/// Whether there was a deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deploying {
    /// At least one.
    Deployed,
    /// None, and it would have been seen.
    NotDeployed,
    /// None was seen, and none would have been.
    Unknown,
}

/// All that was deployed, and who runs as what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deploys {
    changes: BTreeMap<Target, BTreeMap<i64, Marker>>,
    /// What runs as a principal.
    runs: BTreeMap<String, BTreeSet<Target>>,
}

impl Deploying {
    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "with deploys",
            Self::NotDeployed => "without deploys",
            Self::Unknown => "of unknown deploys",
        }
    }
}

impl Deployed {
    /// As what runs in a cluster tells: where a rollout was seen, others would have been.
    fn shown_by_rollouts(mut self) -> Self {
        self.is_shown = self.markers.values().any(|marker| marker.kind == Kind::Rollout);
        self
    }

    /// Whether there was a deploy on the days from the first to before the second.
    pub(crate) fn on(&self, first: i64, end: i64) -> Deploying {
        match self.markers.range(first..end.max(first)).next() {
            Some(_) => Deploying::Deployed,
            None if self.is_shown => Deploying::NotDeployed,
            None => Deploying::Unknown,
        }
    }

    /// The last deploy before the end of a day.
    pub(crate) fn last(&self, today: i64) -> Option<(i64, &Marker)> {
        self.markers.range(..=today).next_back().map(|(day, one)| (*day, one))
    }

    /// The day of the last deploy, if it was less than so many days ago.
    pub(crate) fn settling(&self, today: i64, days: i64) -> Option<i64> {
        self.last(today).map(|(day, _)| day).filter(|day| today - day < days)
    }

    /// Whether a day is one on which there was a deploy, or within a fortnight after one that came on a day or later.
    pub(crate) fn follows(&self, since: i64, day: i64) -> bool {
        let first = since.max(day.saturating_sub(SETTLING));
        first <= day && self.markers.range(first..=day).next().is_some()
    }

    /// The days, up to one and as far back as a set of days spans.
    pub(crate) fn days(&self, last: i64) -> Days {
        let mut days = Days::none(last.saturating_sub(Days::LENGTH - 1));
        self.markers.range(..=last).for_each(|(day, _)| days.insert(*day));
        days
    }
}

impl Marker {
    /// It in words, with its day.
    pub(crate) fn words(&self, on: i64) -> String {
        let on = day(Days::moment_of(on));
        match self.kind {
            Kind::Image => format!("on {on} (image {})", self.what),
            _ => format!("on {on} ({})", self.what),
        }
    }
}

impl Deploys {
    /// Notes a change. Of several on one day the first by its order stays, whatever order they come in.
    fn note(&mut self, target: Target, day: i64, marker: Marker) {
        let days = self.changes.entry(target).or_default();
        match days.get_mut(&day) {
            Some(kept) if *kept <= marker => {}
            Some(kept) => *kept = marker,
            None => {
                days.insert(day, marker);
            }
        }
    }

    /// Notes what runs as a principal.
    fn runs(&mut self, principal: &str, target: Target) {
        self.runs
            .entry(holder_of(principal).unwrap_or_else(|| principal.to_owned()))
            .or_default()
            .insert(target);
    }

    /// The deploys of a role or user; `sees_writes` is whether the log shows calls that change something.
    pub(crate) fn of_account(&self, account: &Account, principal: &Principal, sees_writes: bool) -> Deployed {
        let name = holder_of(&principal.arn).unwrap_or_else(|| principal.arn.clone());
        let own = [Target::Holder(name.clone())].into_iter();
        let policies = attached(account, principal).map(|arn| Target::Policy(arn.to_owned()));
        let mut deployed = self.of(&name, own.chain(policies));
        let trusted = account.trusts.get(&principal.arn);
        deployed.is_shown = sees_writes && trusted.is_some_and(|trust| is_shown(trust, &deployed.markers));
        deployed
    }

    /// The deploys of a subject of a cluster.
    pub(crate) fn of_subject(&self, user: &str) -> Deployed {
        self.of(user, std::iter::empty()).shown_by_rollouts()
    }

    /// The deploys of what runs as somebody who is in a group, as far as names tell that.
    pub(crate) fn of_group(&self, group: &str) -> Deployed {
        let members = self.runs.iter().filter(|(name, _)| {
            let user = User::named(name, []);
            user.account().is_some() && user.is_in(group)
        });
        self.of("", members.flat_map(|(_, targets)| targets.iter().cloned())).shown_by_rollouts()
    }

    fn of(&self, name: &str, own: impl Iterator<Item = Target>) -> Deployed {
        let runs = self.runs.get(name).into_iter().flatten().cloned();
        let mut all = Self::default();
        let whole = Target::Holder(String::new());
        for (day, marker) in own.chain(runs).filter_map(|target| self.changes.get(&target)).flatten() {
            all.note(whole.clone(), *day, marker.clone());
        }
        Deployed { markers: all.changes.remove(&whole).unwrap_or_default(), is_shown: false }
    }
}

#[cfg(test)]
mod tests;
