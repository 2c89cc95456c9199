//! A cluster as it is replayed: what would have stayed of each subject's permissions at a cut-off, and what it needed
//! afterwards.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use remit_catalog::AccessLevel;
use remit_policy::Days;
use remit_policy::rbac::{Call, On, Permission, Usage, needed};

use super::interval::float;
use super::replay::{Cause, Window};
use super::result::Tally;
use super::subject::{Subject, Things, days};
use super::window::Need;
use super::{Cut, Plan, Policy, Realm, Told};
use crate::cluster::{AnalysedSubject, Cluster};
use crate::learn::{Community, Doing, Kinds, Known, Meaning, Peers, retained_of_subject, used_by_subject};

/// Adds what became of a cluster's subjects, whose calls of all times these are, by user.
pub(super) fn replay(
    tally: &mut Tally,
    cluster: &Cluster,
    calls: &BTreeMap<String, Vec<Call>>,
    told: Told,
    plan: &Plan,
) {
    let granted = || cluster.subjects.iter().map(|subject| subject.granted.as_ref());
    let kinds = Kinds::of_subjects(granted());
    let today = Known::of(cluster.subjects.iter().map(|subject| subject.usage.as_ref()), granted());
    let things = Things::of(calls.values().flatten());
    let all = cluster.subjects.par_iter().map(|subject| {
        let calls = calls.get(&subject.user.name).map(Vec::as_slice).unwrap_or_default();
        Subject::of(subject, calls, &today, &things)
    });
    let subjects: Vec<Option<Subject<'_>>> = all.collect();
    for (cut, horizons) in plan.cuts(told) {
        let before = |subject: &Option<Subject<'_>>| {
            subject.as_ref().map(|subject| subject.before(cut)).unwrap_or_default()
        };
        let usage: Vec<Usage> = subjects.par_iter().map(before).collect();
        let used: Vec<BTreeSet<Permission>> = cluster
            .subjects
            .iter()
            .zip(&usage)
            .map(|(subject, usage)| used_by_subject(&subject.granted, usage))
            .collect();
        let known = Known::of(usage.iter(), granted());
        let community = Community::of(&kinds, used);
        let replays = subjects.par_iter().zip(&usage).enumerate().filter_map(|(at, (subject, usage))| {
            let subject = subject.as_ref().filter(|subject| subject.is_eligible(cut))?;
            let (used, peers) = (community.used(at)?, community.peers(at));
            let replay = Replay { cluster, subject, usage, used, peers, known: &known, cut };
            Some(replay.windows(plan, &horizons))
        });
        let windows: Vec<Vec<Window>> = replays.collect();
        windows.iter().flatten().for_each(|window| tally.add(cut, window));
    }
}

/// One subject at one cut-off.
struct Replay<'a> {
    cluster: &'a Cluster,
    subject: &'a Subject<'a>,
    /// What it was known to do.
    usage: &'a Usage,
    /// What that used of what its bindings grant.
    used: &'a BTreeSet<Permission>,
    peers: Peers<'a, Permission>,
    /// What was known to be there.
    known: &'a Known,
    cut: Cut,
}

/// What stays.
struct Stay {
    part: Permission,
    /// The rule that keeps it, where it was not used itself.
    rule: Option<&'static str>,
}

impl Replay<'_> {
    /// What became of the subject, for each policy and each horizon.
    fn windows(&self, plan: &Plan, horizons: &[i64]) -> Vec<Window> {
        let granted = self.subject.weighed.iter().map(|one| one.weight).sum();
        let mut windows = Vec::new();
        for policy in &plan.policies {
            let stays = self.stays(*policy, plan);
            let (kept, reached) = self.weigh(&stays);
            for horizon in horizons {
                let mut window = self.window(*policy, *horizon, &stays);
                (window.granted, window.kept, window.reached) = (granted, kept, reached);
                window.is_idle = self.usage.calls.distinct() == 0;
                windows.push(window);
            }
        }
        windows
    }

    fn stays(&self, policy: Policy, plan: &Plan) -> Vec<Stay> {
        let granted = &self.subject.analysed.granted;
        let whole = |part: Permission| Stay { part, rule: None };
        let within = |all: BTreeSet<Permission>| {
            let met = |one: &Permission| {
                granted.permissions.keys().filter_map(|own| one.meet(own)).collect::<Vec<_>>()
            };
            all.iter().flat_map(met).map(whole).collect::<Vec<_>>()
        };
        let mut stays: Vec<Stay> = match policy {
            Policy::AsGranted => granted.permissions.keys().cloned().map(whole).collect(),
            Policy::Exact => within(self.used.clone()),
            Policy::EverUsed => within(self.subject.ever(self.cut.day)),
            Policy::UsedServices => within(self.used.iter().map(whole_group).collect()),
            Policy::Tier(tier) => {
                let off = &self.cluster.off;
                let needed = &needed(self.usage, granted.permissions.keys(), off);
                let (generalise, today) = (plan.way(tier), self.cut.day);
                let settling = self.subject.analysed.deployed.settling(today - 1, plan.settle);
                let doing = Doing {
                    granted,
                    usage: self.usage,
                    needed,
                    generalise,
                    today,
                    settling,
                    drop_watched: plan.drop_watched,
                    history: today - self.cut.since,
                };
                let retained = retained_of_subject(doing, self.known, Some(&self.peers), tier);
                let closed = needed.iter().map(|(part, closures)| Stay {
                    part: part.clone(),
                    rule: closures.first().map(|closure| closure.as_str()),
                });
                let retained = retained.into_iter().map(|(part, why)| Stay { part, rule: Some(why.code()) });
                closed.chain(retained).collect()
            }
        };
        stays.extend(self.subject.hidden.iter().map(|part| whole((*part).clone())));
        stays
    }

    /// The weight of what stays, and the same where a verb that stays for some of the known things counts as that part.
    fn weigh(&self, stays: &[Stay]) -> (u64, f64) {
        let (mut kept, mut reached) = (0, 0.0);
        for one in &self.subject.weighed {
            let near: Vec<&Permission> = stays
                .iter()
                .map(|stay| &stay.part)
                .filter(|part| part.meet(&one.permission).is_some())
                .collect();
            if near.is_empty() {
                continue;
            }
            kept += one.weight;
            reached += float(one.weight) * one.reached(&near);
        }
        (kept, reached)
    }

    fn window(&self, policy: Policy, horizon: i64, stays: &[Stay]) -> Window {
        let AnalysedSubject { user, deployed, .. } = self.subject.analysed;
        let (first, end) = (self.cut.day, self.cut.day + horizon);
        let of = (Realm::Cluster, self.subject.stratum, deployed.on(first, end));
        let mut window = Window::quiet(&user.name, of, policy, horizon);
        for (asked, requests) in &self.subject.needs {
            let (mut needed, mut unmet) = (Days::default(), Days::default());
            let (mut place, mut is_used, mut rule) = (None, false, None);
            let mut earliest: Option<(i64, bool)> = None;
            for (request, days) in requests {
                let on = days.between(first, end);
                if on.is_empty() {
                    continue;
                }
                needed.add(&on);
                let mut met = stays.iter().filter(|stay| stay.part.matches(request)).peekable();
                if met.peek().is_none() {
                    unmet.add(&on);
                    place = place.or(Some(Permission::of_request(request).to_string()));
                    let is_new = days.before(self.cut.day).is_empty();
                    earliest = earliest.into_iter().chain(on.first().map(|day| (day, is_new))).min();
                }
                for stay in met {
                    is_used |= stay.rule.is_none();
                    rule = rule.or(stay.rule);
                }
            }
            if needed.is_empty() {
                continue;
            }
            let is_elsewhere = stays.iter().any(|stay| stay.part.anywhere().covers(asked));
            let cause = if is_elsewhere {
                Cause::Resource
            } else if days(requests).before(self.cut.since).is_empty() {
                Cause::NeverSeen
            } else {
                Cause::Returning
            };
            let level =
                Meaning::of_permission(asked, false).map_or(AccessLevel::Read, |meaning| meaning.level);
            let resource = place.as_deref().filter(|_| is_elsewhere);
            let is_new =
                cause == Cause::NeverSeen || (is_elsewhere && earliest.is_some_and(|(_, is_new)| is_new));
            let saved = rule.filter(|_| !is_used);
            let permission = asked.to_string();
            let need = Need { permission, level, needed, unmet, cause, is_new, resource, saved };
            window.need(self.cut, deployed, need);
        }
        window
    }
}

/// Everything of an API group; of what is no resource's, itself.
fn whole_group(permission: &Permission) -> Permission {
    let all = || "*".to_owned();
    match permission.resource() {
        None => permission.clone(),
        Some((group, _)) => {
            let on = On::Resource { group: group.to_owned(), resource: all(), name: None };
            Permission::new(None, on, all())
        }
    }
}
