//! One identity at one cut-off: what would have stayed, and what was needed afterwards.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{Action, ActionId, Catalog};
use remit_policy::{
    Account, ActionUse, Days, Generalise, Glob, Inventory, ProposeOptions, Retained, Usage, templates,
};

use super::interval::float;
use super::reach::{Known, share};
use super::window::Need;
use super::{Cut, Identity, Plan, Policy, Realm, Told};
use crate::deploys::Deploying;
use crate::learn::{Peers, Stratum, is_sensitive, retained, weight};

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
    pub(super) told: Told,
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
    /// What became of the identity, for each policy and each horizon that the ledger has.
    pub(super) fn windows(&self, plan: &Plan) -> Vec<Window> {
        let used = self.used();
        let granted: BTreeSet<ActionId> = self.identity.granted.effective.iter().collect();
        let horizons =
            plan.horizons.iter().copied().filter(|horizon| self.cut.day + horizon <= self.told.end);
        let horizons: Vec<i64> = horizons.collect();
        let none = BTreeMap::new();
        // Several tiers name resources in the same way.
        let mut templates: BTreeMap<Generalise, BTreeMap<ActionId, Vec<Glob>>> = BTreeMap::new();
        let all = self.weigh(granted.iter());
        let mut windows = Vec::new();
        for policy in &plan.policies {
            let stays = self.stays(*policy, &used, &granted, plan.settle);
            let templates = match policy {
                Policy::Tier(tier) => {
                    let way = tier.generalise();
                    templates.entry(way).or_insert_with(|| self.templates(&used, way))
                }
                _ => &none,
            };
            let kept = self.weigh(stays.keys());
            let reached = float(kept) - self.out_of_reach(stays.keys(), templates);
            for horizon in &horizons {
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
        settle: i64,
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
            let settling = self.identity.deployed.settling(self.cut.day - 1, settle);
            let retained = retained(self.catalog, used, unused, Some(&self.peers), tier, settling);
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
        let deploying = identity.deployed.on(self.cut.day, self.cut.day + horizon);
        let of = (Realm::Account, identity.stratum, deploying);
        let mut window = Window::quiet(&identity.principal.arn, of, policy, horizon);
        for (id, use_) in &self.identity.usage.actions {
            let Some(seen) = use_.seen.as_ref().filter(|_| granted.contains(id)) else { continue };
            let needed = self.after(&seen.days, horizon);
            if needed.is_empty() {
                continue;
            }
            let (unmet, cause, resource) = if stays.contains_key(id) {
                let patterns = templates.get(id);
                let unmet = patterns.map(|patterns| self.elsewhere(use_, patterns, horizon));
                let (unmet, resource) = unmet.unwrap_or_default();
                (unmet, Cause::Resource, resource)
            } else if seen.days.before(self.cut.since).is_empty() {
                (needed, Cause::NeverSeen, None)
            } else {
                (needed, Cause::Returning, None)
            };
            let Some(action) = self.catalog.action(*id) else { continue };
            let saved = stays.get(id).and_then(Option::as_ref).map(Retained::code);
            let (permission, level) = (action.full_name(), action.level);
            let need = Need { permission, level, needed, unmet, cause, resource, saved };
            window.need(self.cut, identity.deployed, need);
        }
        window
    }

    /// The days of a horizon.
    fn after(&self, days: &Days, horizon: i64) -> Days {
        days.between(self.cut.day, self.cut.day + horizon)
    }

    /// Days on which an action was needed on resources that none of the patterns names, and one of these.
    fn elsewhere<'u>(&self, use_: &'u ActionUse, patterns: &[Glob], horizon: i64) -> (Days, Option<&'u str>) {
        let all: Vec<&Glob> = patterns.iter().collect();
        let mut unmet = Days::default();
        let mut example = None;
        for (resource, seen) in &use_.resources {
            let needed = self.after(&seen.days, horizon);
            if needed.is_empty() || all.iter().any(|pattern| pattern.matches(resource)) {
                continue;
            }
            if !Glob::resource_without_variables(resource).is_included_in(&all) {
                unmet.add(&needed);
                example = example.or(Some(resource.as_str()));
            }
        }
        (unmet, example)
    }
}

fn weight_of(action: &Action) -> u64 {
    weight(action.level, is_sensitive(action))
}
