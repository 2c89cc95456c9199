//! What a subject of a cluster is there for.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::kubernetes::{Request, Target};
use remit_policy::rbac::Permission;
use remit_policy::{Days, Seen, Verdict, moment};

use super::account::{caller_lines, rhythm_line, window_words};
use super::deed::Deed;
use super::demand::{Granting, binding, demand_of};
use super::deploying::deploying;
use super::news::{Known, news};
use super::sentence::sentence;
use super::unknown::{of_rhythm, unknown};
use super::words::{listed, number};
use super::{Calendar, Intent, LISTED, Observation, PermissionLine, ResourceLine};
use crate::cluster::{AnalysedSubject, Cluster, judged};

/// Requests listed of one permission.
const REQUESTS: usize = 100;

/// What a subject of a cluster is there for.
pub(crate) fn of_subject(
    cluster: &Cluster,
    subject: &AnalysedSubject,
    observation: &Observation,
    since: i64,
) -> Intent {
    let end = cluster.coverage.window.end;
    let deploys = subject.deployed.days(Days::day_of(end));
    let calendar = Calendar { deploys: &deploys, end };
    let rhythm = rhythm_line(&observation.hours, calendar);
    let deeds = deeds(subject);
    // The hours are those of all that it does: each thing is done within these, though not in each of them.
    let hours = Some(&observation.hours).filter(|hours| deeds.len() == 1 || !hours.is_hourly());
    let used = subject.judgement.verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Used);
    let mut used: Vec<(&Permission, Seen)> = used
        .filter_map(|(permission, _)| {
            Some((permission, Seen::of_all(subject.usage.of(permission).map(|(_, use_)| &use_.seen))?))
        })
        .collect();
    used.sort_by_key(|(permission, seen)| (std::cmp::Reverse(seen.count.distinct()), *permission));
    let names: Vec<String> =
        subject.usage.uses.keys().map(|request| Permission::of_request(request).to_string()).collect();
    let known: Vec<Known<'_>> = names
        .iter()
        .zip(subject.usage.uses.values())
        .map(|(name, use_)| Known {
            name: name.clone(),
            seen: &use_.seen,
            patterns: Vec::new(),
            resources: Vec::new(),
        })
        .collect();
    let demand = demand_of(&observation.hours, &observation.callers, &observation.starters, calendar);
    let demand = demand.map(|demand| binding(demand, &Granting { own: &subject.granted.own }));
    Intent {
        principal: subject.user.name.clone(),
        kind: "subject".to_owned(),
        sentence: sentence(
            &deeds,
            |deed| calendar.pace(&deed.days, hours),
            &observation.callers,
            &observation.starters,
            (
                subject.usage.calls.distinct(),
                subject.usage.denied.values().map(|count| count.distinct()).sum(),
            ),
        ),
        window: window_words(cluster.coverage.window),
        calls: subject.usage.calls.distinct(),
        permissions: used
            .iter()
            .take(LISTED)
            .map(|(permission, seen)| line(subject, permission, seen, calendar))
            .collect(),
        callers: caller_lines(observation, calendar),
        begun_by: Vec::new(),
        stays: Vec::new(),
        peers: Vec::new(),
        deploys: deploying(
            &subject.deployed,
            (Days::day_of(cluster.coverage.since), Days::day_of(end)),
            &known,
            observation,
        ),
        news: news(since, &known, observation),
        unknown: unknown(judged(subject)),
        notes: notes(cluster, subject, &rhythm),
        on_demand: demand,
        rhythm,
    }
}

fn line(
    subject: &AnalysedSubject,
    permission: &Permission,
    seen: &Seen,
    calendar: Calendar<'_>,
) -> PermissionLine {
    let requests: BTreeSet<String> = subject
        .usage
        .of(permission)
        .map(|(request, _)| Permission::of_request(request).to_string())
        .collect();
    let own = permission.to_string();
    PermissionLine {
        seen_resources: requests.len(),
        resources: requests
            .into_iter()
            .filter(|request| *request != own)
            .take(REQUESTS)
            .map(|pattern| ResourceLine { pattern, rule: None })
            .collect(),
        permission: own,
        calls: seen.count.distinct(),
        rhythm: calendar.pace(&seen.days, None),
        last_seen: moment(seen.last),
    }
}

fn notes(cluster: &Cluster, subject: &AnalysedSubject, rhythm: &super::RhythmLine) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(of_rhythm(rhythm, cluster.coverage.since, cluster.coverage.window));
    if cluster.policy.is_none() {
        notes.push(
            "what the cluster's audit policy logs is not known: name it with `--audit-policy`".to_owned(),
        );
    }
    if cluster.coverage.lost > 0 {
        notes.push(format!("{} events of the window are known to be lost", cluster.coverage.lost));
    }
    if let Some(unnamed) = cluster.unnamed.get(&subject.user.name) {
        notes.push(format!("of {unnamed} of its calls the request is not known"));
    }
    let impersonators = subject.usage.impersonators.iter().take(REQUESTS).map(|name| format!("`{name}`"));
    let impersonators: Vec<String> = impersonators.collect();
    if !impersonators.is_empty() {
        notes.push(format!("others called in its name: {}", listed(&impersonators)));
    }
    notes
}

/// A namespace and verbs.
type Doing = (Option<String>, BTreeSet<String>);

/// Names, with how many calls were made of them and on which days.
type Done<T> = (T, u64, Days);

/// What it does: the same verbs on several resources of one namespace are one thing.
fn deeds(subject: &AnalysedSubject) -> Vec<Deed> {
    let mut by_resource: BTreeMap<(Option<String>, String), Done<BTreeSet<String>>> = BTreeMap::new();
    for (request, use_) in &subject.usage.uses {
        let (verbs, calls, days) =
            by_resource.entry((request.namespace().map(str::to_owned), resource(request))).or_default();
        verbs.insert(request.verb.clone());
        *calls = calls.saturating_add(use_.seen.count.distinct());
        days.add(&use_.seen.days);
    }
    let mut together: BTreeMap<Doing, Done<Vec<String>>> = BTreeMap::new();
    for ((namespace, resource), (verbs, calls, days)) in by_resource {
        let (resources, all, on) = together.entry((namespace, verbs)).or_default();
        resources.push(resource);
        *all = all.saturating_add(calls);
        on.add(&days);
    }
    let mut deeds: Vec<Deed> = together
        .into_iter()
        .map(|((namespace, verbs), (resources, calls, days))| {
            Deed::said(words(namespace.as_deref(), &verbs, &resources), calls, days)
        })
        .collect();
    deeds.sort_by(|a, b| (b.calls, a.words()).cmp(&(a.calls, b.words())));
    deeds
}

fn resource(request: &Request) -> String {
    match &request.target {
        Target::Url(url) => format!("`{url}`"),
        Target::Resource(asked) => match asked.subresource.as_str() {
            "" => asked.resource.clone(),
            subresource => format!("{}/{subresource}", asked.resource),
        },
    }
}

fn words(namespace: Option<&str>, verbs: &BTreeSet<String>, resources: &[String]) -> String {
    const SHOWN: usize = 4;
    let verbs: Vec<String> = verbs.iter().map(|verb| third(verb)).collect();
    let what = if resources.len() <= SHOWN {
        listed(resources)
    } else {
        format!("{} kinds of things", number(resources.len()))
    };
    let place = match namespace {
        Some("*") => " in many namespaces".to_owned(),
        Some(namespace) => format!(" in `{namespace}`"),
        None => " of the cluster".to_owned(),
    };
    format!("{} {what}{place}", listed(&verbs))
}

/// A verb of Kubernetes in the third person.
fn third(verb: &str) -> String {
    match verb {
        "patch" | "watch" => format!("{verb}es"),
        "deletecollection" => "deletes collections of".to_owned(),
        _ => format!("{verb}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_words() {
        let verbs = |verbs: &[&str]| verbs.iter().map(|verb| (*verb).to_owned()).collect::<BTreeSet<_>>();
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let said = words(Some("shop"), &verbs(&["get", "list", "watch"]), &own(&["pods", "services"]));
        assert_eq!(said, "gets, lists and watches pods and services in `shop`");
        assert_eq!(words(None, &verbs(&["patch"]), &own(&["nodes"])), "patches nodes of the cluster");
    }
}
