//! A subject of a cluster as it is replayed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use remit_catalog::kubernetes::Request;
use remit_policy::Days;
use remit_policy::rbac::{Call, Permission, Usage, without_subresource};

use super::Cut;
use super::interval::float;
use super::result::share;
use crate::cluster::{AnalysedSubject, Outcome};
use crate::learn::{Known, Meaning, Stratum, stratum_of_user, weight};

/// A subject as it is replayed: what it may do today, and all that it was seen to do.
pub(super) struct Subject<'a> {
    pub(super) analysed: &'a AnalysedSubject,
    /// What sort it is of.
    pub(super) stratum: Stratum,
    calls: &'a [Call],
    /// What its calls of all times needed of what its bindings grant today: requests with their days, by what they ask for.
    pub(super) needs: BTreeMap<Permission, Vec<(Arc<Request>, Days)>>,
    /// What cannot be judged, which stays in whatever is proposed.
    pub(super) hidden: Vec<&'a Permission>,
    /// What it is granted and can be judged, verb by verb.
    pub(super) weighed: Vec<Weighed<'a>>,
    /// The first day on which it could call.
    first: i64,
}

/// A verb on a resource, where it is granted.
pub(super) struct Weighed<'a> {
    pub(super) permission: Permission,
    pub(super) weight: u64,
    /// The things that it is for, by the namespaces that are known to have such; none where no such namespace is known.
    places: Vec<(Option<&'a str>, &'a BTreeSet<String>)>,
}

impl Weighed<'_> {
    /// Which part of the known things some permissions that meet this one are for: the mean over namespaces, in each of which a
    /// permission is for all or for the things that it names.
    pub(super) fn reached(&self, near: &[&Permission]) -> f64 {
        let of = |(namespace, known): &(Option<&str>, &BTreeSet<String>)| {
            let is_there = |own: &&Permission| match (own.namespace.as_deref(), namespace) {
                (Some(own), Some(namespace)) => own == *namespace,
                _ => true,
            };
            let mut names = BTreeSet::new();
            for own in near.iter().copied().filter(is_there) {
                match own.name().filter(|_| self.permission.name().is_none()) {
                    None => return 1.0,
                    Some(name) => names.insert(name),
                };
            }
            if names.is_empty() {
                return 0.0;
            }
            let known_too = names.iter().filter(|name| known.contains(**name)).count();
            // Of a thing that nobody asked for it is known that it is one.
            let all = known.len() + names.len() - known_too;
            share(names.len() as u64, all as u64)
        };
        let all: f64 = self.places.iter().map(of).sum();
        all / float(self.places.len().max(1) as u64)
    }
}

impl<'a> Subject<'a> {
    /// A subject that was analysed, with its calls of all times; none where nothing can be proposed for it.
    pub(super) fn of(
        analysed: &'a AnalysedSubject,
        calls: &'a [Call],
        known: &Known,
        things: &'a Things,
    ) -> Option<Self> {
        if matches!(analysed.outcome, Outcome::Impossible(_)) {
            return None;
        }
        let granted = &analysed.granted;
        let mut needs: BTreeMap<Permission, Vec<(Arc<Request>, Days)>> = BTreeMap::new();
        for (request, use_) in Usage::gather(calls).uses {
            if granted.permissions.keys().any(|permission| permission.matches(&request)) {
                let asked = Permission::of_request(&request).anywhere();
                needs.entry(asked).or_default().push((request, use_.seen.days));
            }
        }
        let hidden: Vec<_> = analysed.judgement.parts.values().flatten().map(|(part, _)| part).collect();
        let parts: BTreeSet<Permission> =
            granted.permissions.keys().flat_map(|permission| known.parts(permission)).collect();
        let judged = parts.into_iter().filter(|part| !hidden.iter().any(|hidden| hidden.covers(part)));
        let weighed = judged.filter_map(|permission| {
            let meaning = Meaning::of_permission(&permission, false)?;
            let weight = weight(meaning.level, meaning.is_sensitive);
            Some(Weighed { weight, places: things.places(&permission), permission })
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

    /// Whether something would have been proposed for it: it had been there for as long as has to be learned from.
    pub(super) fn is_eligible(&self, cut: Cut) -> bool {
        cut.day.saturating_sub(self.first) >= cut.train.least.min(90)
    }

    /// What it ever used before a day.
    pub(super) fn ever(&self, day: i64) -> BTreeSet<Permission> {
        let before = |requests: &Vec<(Arc<Request>, Days)>| {
            requests.iter().any(|(_, days)| !days.before(day).is_empty())
        };
        self.needs.iter().filter(|(_, requests)| before(requests)).map(|(asked, _)| asked.clone()).collect()
    }
}

/// All days on which any of these was asked for.
pub(super) fn days(requests: &[(Arc<Request>, Days)]) -> Days {
    let mut all = Days::default();
    requests.iter().for_each(|(_, days)| all.add(days));
    all
}

/// The things that were asked for, by API group, resource without subresource, and namespace; by their names, where they were asked
/// for by name.
#[derive(Default)]
pub(super) struct Things {
    by_resource: BTreeMap<(String, String), BTreeMap<String, BTreeSet<String>>>,
    /// Where nothing is known.
    none: BTreeSet<String>,
}

impl Things {
    /// Of all calls of a cluster.
    pub(super) fn of<'a>(calls: impl Iterator<Item = &'a Call>) -> Self {
        let mut things = Self::default();
        for call in calls {
            let permission = Permission::of_request(&call.request);
            let name = permission.name().map(str::to_owned);
            let Some(kind) = kind(&permission) else { continue };
            // What has a name and no namespace is of the cluster, and a namespace is said to be in itself.
            let at = permission.into_detail().namespace.filter(|_| kind.1 != "namespaces");
            if let Some(at) = at.or_else(|| name.as_ref().map(|_| String::new())) {
                things.by_resource.entry(kind).or_default().entry(at).or_default().extend(name);
            }
        }
        for namespaces in things.by_resource.values_mut().filter(|namespaces| namespaces.len() > 1) {
            // They were looked for by name in all namespaces.
            namespaces.remove("");
        }
        things
    }

    fn places(&self, permission: &Permission) -> Vec<(Option<&str>, &BTreeSet<String>)> {
        let known = kind(permission).and_then(|kind| self.by_resource.get(&kind));
        match (known, &permission.namespace) {
            (Some(known), None) => known.iter().map(|(at, names)| (Some(at.as_str()), names)).collect(),
            (known, Some(at)) => vec![(None, known.and_then(|known| known.get(at)).unwrap_or(&self.none))],
            (None, None) => vec![(None, &self.none)],
        }
    }
}

/// The API group and the resource of what a permission is for, or for a part of.
fn kind(permission: &Permission) -> Option<(String, String)> {
    let (group, resource) = permission.resource()?;
    Some((group.to_owned(), without_subresource(resource).to_owned()))
}

#[cfg(test)]
mod tests {
    use remit_policy::rbac::On;

    use super::*;

    fn get(namespace: Option<&str>, name: Option<&str>) -> Permission {
        let (group, resource) = (String::new(), "pods".to_owned());
        let on = On::Resource { group, resource, name: name.map(str::to_owned) };
        Permission::new(namespace.map(str::to_owned), on, "get")
    }

    #[test]
    fn a_verb_that_stays_for_some_of_the_known_things_counts_as_that_part() {
        let there = ["a", "b", "c", "d"].map(str::to_owned).into();
        let shop = BTreeMap::from([("pay".to_owned(), BTreeSet::new()), ("shop".to_owned(), there)]);
        let by_resource = [((String::new(), "pods".to_owned()), shop)].into();
        let things = Things { by_resource, none: BTreeSet::new() };
        let reached = |granted: &Permission, stays: &[Permission]| {
            let one = Weighed { permission: granted.clone(), weight: 1, places: things.places(granted) };
            one.reached(&stays.iter().collect::<Vec<_>>())
        };
        let (all, shop) = (get(None, None), get(Some("shop"), None));
        for (granted, stays, part) in [
            (&all, vec![all.clone()], 1.0),
            (&all, vec![shop.clone()], 0.5),
            (&all, vec![get(Some("shop"), Some("a"))], 0.125),
            (&all, vec![get(None, Some("a"))], 0.625),
            (&shop, vec![get(Some("shop"), Some("a")), get(Some("shop"), Some("b"))], 0.5),
            // It is known by now that there is such a thing too.
            (&shop, vec![get(Some("shop"), Some("z"))], 0.2),
            (&shop, vec![get(Some("shop"), Some("a")), shop.clone()], 1.0),
            (&get(Some("shop"), Some("a")), vec![get(Some("shop"), Some("a"))], 1.0),
            (&get(Some("else"), None), vec![get(Some("else"), None)], 1.0),
        ] {
            assert!((reached(granted, &stays) - part).abs() < 1e-9, "{granted} {stays:?} {part}");
        }
    }
}
