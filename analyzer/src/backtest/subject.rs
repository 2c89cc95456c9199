//! A subject of a cluster as it is replayed.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::kubernetes::Request;
use remit_policy::rbac::{Call, Permission, Usage};
use remit_policy::{Days, Seen};

use super::Cut;
use crate::cluster::{AnalysedSubject, Outcome};
use crate::learn::{Known, Meaning, Stratum, stratum_of_user, weight};

/// A subject as it is replayed: what it may do today, and all that it was seen to do.
pub(super) struct Subject<'a> {
    pub(super) analysed: &'a AnalysedSubject,
    /// What sort it is of.
    pub(super) stratum: Stratum,
    calls: &'a [Call],
    /// What its calls of all times needed of what its bindings grant today: requests with their days, by what they ask for.
    pub(super) needs: BTreeMap<Permission, Vec<(Request, Seen)>>,
    /// What cannot be judged, which stays in whatever is proposed.
    pub(super) hidden: Vec<&'a Permission>,
    /// What it is granted and can be judged, verb by verb.
    pub(super) weighed: Vec<Weighed>,
    /// The first day on which it could call.
    first: i64,
}

/// A verb on a resource, where it is granted.
pub(super) struct Weighed {
    pub(super) permission: Permission,
    pub(super) weight: u64,
    /// The same in each namespace that is known to have such things; itself, where it is granted in one.
    pub(super) places: Vec<Permission>,
}

impl<'a> Subject<'a> {
    /// A subject that was analysed, with its calls of all times; none where nothing can be proposed for it.
    pub(super) fn of(
        analysed: &'a AnalysedSubject,
        calls: &'a [Call],
        known: &Known,
        namespaces: &Namespaces,
    ) -> Option<Self> {
        if matches!(analysed.outcome, Outcome::Impossible(_)) {
            return None;
        }
        let granted = &analysed.granted;
        let mut needs: BTreeMap<Permission, Vec<(Request, Seen)>> = BTreeMap::new();
        for (request, use_) in Usage::gather(calls).uses {
            if granted.permissions.keys().any(|permission| permission.matches(&request)) {
                let asked = Permission::of_request(&request).anywhere();
                needs.entry(asked).or_default().push((request, use_.seen));
            }
        }
        let hidden: Vec<_> = analysed.judgement.parts.values().flatten().map(|(part, _)| part).collect();
        let parts: BTreeSet<Permission> =
            granted.permissions.keys().flat_map(|permission| known.parts(permission)).collect();
        let judged = parts.into_iter().filter(|part| !hidden.iter().any(|hidden| hidden.covers(part)));
        let weighed = judged.filter_map(|permission| {
            let meaning = Meaning::of_permission(&permission, false)?;
            let weight = weight(meaning.level, meaning.is_sensitive);
            Some(Weighed { weight, places: namespaces.places(&permission), permission })
        });
        Some(Self {
            stratum: stratum_of_user(&analysed.user.name),
            first: calls.iter().filter_map(|call| call.seen.days.first()).min().unwrap_or(i64::MAX),
            weighed: weighed.collect(),
            analysed,
            calls,
            needs,
            hidden,
        })
    }

    /// What it was known to do by a cut-off.
    pub(super) fn before(&self, cut: Cut) -> Usage {
        let calls: Vec<Call> =
            self.calls.iter().filter_map(|call| call.between(cut.since, cut.day)).collect();
        Usage::gather(&calls)
    }

    /// Whether something would have been proposed for it: it had been there for as long as has to be learned from, and was
    /// seen.
    pub(super) fn is_eligible(&self, usage: &Usage, cut: Cut) -> bool {
        usage.calls.distinct() > 0 && cut.day.saturating_sub(self.first) >= cut.train.least.min(90)
    }

    /// What it ever used before a day.
    pub(super) fn ever(&self, day: i64) -> BTreeSet<Permission> {
        let before = |requests: &Vec<(Request, Seen)>| {
            requests.iter().any(|(_, seen)| !seen.days.before(day).is_empty())
        };
        self.needs.iter().filter(|(_, requests)| before(requests)).map(|(asked, _)| asked.clone()).collect()
    }
}

/// All days on which any of these was asked for.
pub(super) fn days(requests: &[(Request, Seen)]) -> Days {
    let mut days = Days::default();
    requests.iter().for_each(|(_, seen)| days.add(&seen.days));
    days
}

/// The namespaces in which things were asked for, by API group and resource.
#[derive(Default)]
pub(super) struct Namespaces {
    by_resource: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Namespaces {
    /// Of all calls of a cluster.
    pub(super) fn of<'a>(calls: impl Iterator<Item = &'a Call>) -> Self {
        let mut namespaces = Self::default();
        for call in calls {
            let permission = Permission::of_request(&call.request);
            if let (Some((group, resource)), Some(namespace)) = (permission.resource(), &permission.namespace)
            {
                let key = (group.to_owned(), resource.to_owned());
                namespaces.by_resource.entry(key).or_default().insert(namespace.clone());
            }
        }
        namespaces
    }

    fn places(&self, permission: &Permission) -> Vec<Permission> {
        let key = permission.resource().map(|(group, resource)| (group.to_owned(), resource.to_owned()));
        let known = key.and_then(|key| self.by_resource.get(&key)).filter(|_| permission.namespace.is_none());
        match known {
            None => vec![permission.clone()],
            Some(known) => {
                let at = |namespace: &String| Permission {
                    namespace: Some(namespace.clone()),
                    ..permission.clone()
                };
                known.iter().map(at).collect()
            }
        }
    }
}
