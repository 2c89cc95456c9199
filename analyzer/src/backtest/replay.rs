//! One identity at one cut-off: what would have stayed, and what was needed afterwards.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{Action, ActionId, Catalog};
use remit_policy::{
    Account, ActionUse, Days, Generalise, Glob, Inventory, ProposeOptions, Retained, Usage, templates,
};

use super::interval::float;
use super::reach::{Known, share};
use super::window::Need;
use super::{Cut, Identity, Plan, Policy, Realm};
use crate::deploys::Deploying;
use crate::learn::{Deeds, Peers, Stratum, is_sensitive, retained, weight};

/// One identity at one cut-off.
pub(super) struct Replay<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) account: &'a Account,
    pub(super) identity: &'a Identity<'a>,
    /// What it was known to do.
    pub(super) usage: &'a Usage,
    pub(super) peers: Peers<'a, ActionId>,
    /// What was known to exist.
    pub(super) inventory: &'a Inventory,
    pub(super) known: &'a Known<'a>,
    pub(super) cut: Cut,
}

/// What became of an identity in the days after a cut-off, under one policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window {
    pub(crate) identity: String,
    pub(crate) realm: Realm,
    pub(crate) stratum: Stratum,
    pub(crate) policy: Policy,
    pub(crate) horizon: i64,
    /// Whether it was deployed in the days after the cut-off.
    pub(crate) deploying: Deploying,
    /// Whether it had used nothing in the days that were learned from.
    pub(crate) is_idle: bool,
    /// Days from the cut-off to the first need that was not met.
    pub(crate) broken_after: Option<i64>,
    /// Whether such a need was one to write or to change who may do what.
    pub(crate) broken_write: bool,
    /// Why needs were not met: how many permissions, by cause.
    pub(crate) causes: BTreeMap<Cause, u64>,
    /// The permissions, each with a resource where that was what was missing.
    pub(crate) missed: Vec<(String, Option<String>)>,
    /// Permissions that were needed, and were there by a rule alone: how many, by rule.
    pub(crate) saved: BTreeMap<&'static str, u64>,
    /// Permissions needed, and of these met.
    pub(crate) needed: u64,
    pub(crate) met: u64,
    /// Days of use of permissions, summed up, and of these met.
    pub(crate) calls: u64,
    pub(crate) calls_met: u64,
    /// Weight of what is granted and can be judged, and of that what stays.
    pub(crate) granted: u64,
    pub(crate) kept: u64,
    /// The same, of an action that stays on part of the known resources that part.
    pub(crate) reached: f64,
}

/// Why a need was not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// It had been used before what was learned from.
    Returning,
    /// It had never been used before.
    NeverSeen,
    /// The action stayed, and the resource was another.
    Resource,
    /// It, or the resource, had never been used before, and a deploy after the cut-off came at most a fortnight before it.
    AfterDeploy,
}

impl Cause {
    /// A stable name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Returning => "returning",
            Self::NeverSeen => "never seen",
            Self::Resource => "resource",
            Self::AfterDeploy => "after a deploy",
        }
    }
}

impl Replay<'_> {
    /// What became of the identity, for each policy and each horizon.
    pub(super) fn windows(&self, plan: &Plan, horizons: &[i64]) -> Vec<Window> {
        if self.is_idle() && self.identity.usage.actions.is_empty() {
            // It never needed anything, which takes no policy to tell.
            let each = |policy| horizons.iter().map(move |horizon| self.quiet(policy, *horizon));
            return plan.policies.iter().copied().flat_map(each).collect();
        }
        let used = self.used();
        let granted: BTreeSet<ActionId> = self.identity.granted.effective.iter().collect();
        let none = BTreeMap::new();
        // Several tiers name resources in the same way.
        let mut templates: BTreeMap<Generalise, BTreeMap<ActionId, Vec<Glob>>> = BTreeMap::new();
        let all = self.weigh(granted.iter());
        let mut windows = Vec::new();
        for policy in &plan.policies {
            let stays = self.stays(*policy, &used, &granted, plan);
            let templates = match policy {
                Policy::Tier(tier) => {
                    let way = plan.way(*tier);
                    templates.entry(way).or_insert_with(|| self.templates(&used, way))
                }
                _ => &none,
            };
            let kept = self.weigh(stays.keys());
            let reached = float(kept) - self.out_of_reach(stays.keys(), templates);
            for horizon in horizons {
                let mut window = self.window(*policy, *horizon, &granted, &stays, templates);
                (window.granted, window.kept, window.reached) = (all, kept, reached);
                windows.push(window);
            }
        }
        windows
    }

    /// The weight of actions that can be judged.
    fn weigh<'i>(&self, ids: impl Iterator<Item = &'i ActionId>) -> u64 {
        let judged = ids.filter(|id| !self.identity.unobservable.contains(id));
        judged.filter_map(|id| self.catalog.action(*id)).map(weight_of).sum()
    }

    /// The weight of actions that can be judged, of each the part of known resources on which it stays no longer.
    fn out_of_reach<'i>(
        &self,
        ids: impl Iterator<Item = &'i ActionId>,
        templates: &BTreeMap<ActionId, Vec<Glob>>,
    ) -> f64 {
        let judged = ids.filter(|id| !self.identity.unobservable.contains(id));
        let narrowed = judged.filter_map(|id| Some((*id, self.catalog.action(*id)?, templates.get(id)?)));
        let gone = narrowed.map(|(id, action, patterns)| {
            let known = self.known.granted(self.account, self.identity.granted, id, action);
            float(weight_of(action)) * (1.0 - share(&known, patterns))
        });
        gone.sum()
    }

    /// Granted actions that were used.
    fn used(&self) -> BTreeSet<ActionId> {
        let used = self.usage.used().map(|(id, _)| id);
        used.filter(|id| self.identity.granted.effective.contains(*id)).collect()
    }

    fn stays(
        &self,
        policy: Policy,
        used: &BTreeSet<ActionId>,
        granted: &BTreeSet<ActionId>,
        plan: &Plan,
    ) -> BTreeMap<ActionId, Option<Retained>> {
        let unobservable = &self.identity.unobservable;
        let mut actions: BTreeSet<ActionId> = match policy {
            Policy::AsGranted => granted.clone(),
            Policy::Exact | Policy::Tier(_) => used.clone(),
            Policy::UsedServices => {
                let service = |id: &ActionId| self.catalog.action(*id).map(|action| action.service);
                let services: BTreeSet<_> = used.iter().filter_map(service).collect();
                let is_used = |id: &&ActionId| service(id).is_some_and(|service| services.contains(service));
                granted.iter().filter(is_used).copied().collect()
            }
            Policy::EverUsed => {
                let before = |use_: &ActionUse| {
                    use_.seen.as_ref().is_some_and(|seen| !seen.days.before(self.cut.day).is_empty())
                };
                let ever = self.identity.usage.actions.iter().filter(|(_, use_)| before(use_));
                ever.map(|(id, _)| *id).filter(|id| granted.contains(id)).collect()
            }
        };
        actions.extend(unobservable.iter().copied().filter(|id| granted.contains(id)));
        let mut stays: BTreeMap<ActionId, Option<Retained>> = actions.iter().map(|id| (*id, None)).collect();
        if let Policy::Tier(tier) = policy {
            let unused = granted.iter().copied().filter(|id| !actions.contains(id));
            let deeds = Deeds {
                used,
                idle: self.is_idle().then_some((self.account, self.identity.granted)),
                history: self.cut.day - self.cut.since,
                settling: self.identity.deployed.settling(self.cut.day - 1, plan.settle),
                drop_watched: plan.drop_watched,
            };
            let retained = retained(self.catalog, deeds, unused, Some(&self.peers), tier);
            stays.extend(retained.into_iter().map(|(id, why)| (id, Some(why))));
            // What a stranger alone used stays until a person says otherwise.
            let suspect = self.identity.suspect.keys().filter(|id| granted.contains(id));
            stays.extend(suspect.map(|id| (*id, None)));
        }
        stays
    }

    /// The resource patterns that stay of used actions, where they are narrowed.
    fn templates(&self, used: &BTreeSet<ActionId>, generalise: Generalise) -> BTreeMap<ActionId, Vec<Glob>> {
        let narrowed = used.iter().filter(|id| !self.identity.partly_hidden.contains(id)).filter_map(|id| {
            let granted = self.identity.granted;
            let options = ProposeOptions { generalise, today: self.cut.day, inventory: self.inventory };
            let patterns = templates(self.catalog, self.account, granted, *id, self.usage, options)?;
            Some((*id, patterns.iter().map(|pattern| Glob::resource(pattern)).collect()))
        });
        narrowed.collect()
    }

    fn window(
        &self,
        policy: Policy,
        horizon: i64,
        granted: &BTreeSet<ActionId>,
        stays: &BTreeMap<ActionId, Option<Retained>>,
        templates: &BTreeMap<ActionId, Vec<Glob>>,
    ) -> Window {
        let identity = self.identity;
        let mut window = self.quiet(policy, horizon);
        for (id, use_) in &self.identity.usage.actions {
            let Some(seen) = use_.seen.as_ref().filter(|_| granted.contains(id)) else { continue };
            let needed = self.after(&seen.days, horizon);
            if needed.is_empty() {
                continue;
            }
            let (Elsewhere { unmet, resource, is_new }, cause) = if stays.contains_key(id) {
                let patterns = templates.get(id);
                let elsewhere = patterns.map(|patterns| self.elsewhere(use_, patterns, horizon));
                (elsewhere.unwrap_or_default(), Cause::Resource)
            } else {
                let is_new = seen.days.before(self.cut.since).is_empty();
                let cause = if is_new { Cause::NeverSeen } else { Cause::Returning };
                (Elsewhere { unmet: needed, resource: None, is_new }, cause)
            };
            let Some(action) = self.catalog.action(*id) else { continue };
            let saved = stays.get(id).and_then(Option::as_ref).map(Retained::code);
            let (permission, level) = (action.full_name(), action.level);
            let need = Need { permission, level, needed, unmet, cause, is_new, resource, saved };
            window.need(self.cut, identity.deployed, need);
        }
        window
    }

    /// A window in which nothing is needed.
    fn quiet(&self, policy: Policy, horizon: i64) -> Window {
        let identity = self.identity;
        let deploying = identity.deployed.on(self.cut.day, self.cut.day + horizon);
        let of = (Realm::Account, identity.stratum, deploying);
        let window = Window::quiet(&identity.principal.arn, of, policy, horizon);
        Window { is_idle: self.is_idle(), ..window }
    }

    /// Whether it did nothing in the days that are learned from.
    fn is_idle(&self) -> bool {
        self.usage.calls.distinct() == 0
    }

    /// The days of a horizon.
    fn after(&self, days: &Days, horizon: i64) -> Days {
        days.between(self.cut.day, self.cut.day + horizon)
    }

    /// Where an action was needed on resources that none of the patterns names.
    fn elsewhere<'u>(&self, use_: &'u ActionUse, patterns: &[Glob], horizon: i64) -> Elsewhere<'u> {
        let all: Vec<&Glob> = patterns.iter().collect();
        let mut elsewhere = Elsewhere::default();
        let mut earliest: Option<(i64, bool)> = None;
        for (resource, seen) in &use_.resources {
            let needed = self.after(&seen.days, horizon);
            if needed.is_empty() || all.iter().any(|pattern| pattern.matches(resource)) {
                continue;
            }
            if !Glob::recorded(resource).is_included_in(&all) {
                elsewhere.unmet.add(&needed);
                elsewhere.resource = elsewhere.resource.or(Some(resource.as_str()));
                // What was used before, however long ago, is not what a deploy brought.
                let is_new = seen.days.before(self.cut.day).is_empty();
                earliest = earliest.into_iter().chain(needed.first().map(|day| (day, is_new))).min();
            }
        }
        Elsewhere { is_new: earliest.is_some_and(|(_, is_new)| is_new), ..elsewhere }
    }
}

/// Needs that were not met.
#[derive(Default)]
struct Elsewhere<'u> {
    /// The days on which they came.
    unmet: Days,
    /// One of the resources, where the action was there and these were not.
    resource: Option<&'u str>,
    /// Whether what came first had never been used before the cut-off.
    is_new: bool,
}

fn weight_of(action: &Action) -> u64 {
    weight(action.level, is_sensitive(action))
}
