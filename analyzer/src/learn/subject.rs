//! What is learned of subjects of a cluster. Who makes, lists or leads keeps what comes with it by the rules of the policy core
//! (`Closure`), which are the companions of a cluster; the rest is here.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::AccessLevel;
use remit_policy::rbac::{Granted, Needed, PATHS, Permission, Usage};
use remit_policy::{Days, Generalise, Retained, day};

use super::changing::{Changing, Sightings};
use super::known::Known;
use super::meaning::Meaning;
use super::peers::{Kind, Kinds, Peers, but_for_a_word};
use super::places::Places;
use super::words::Words;
use super::{Language, Tier, account, drop_watched, kept};

/// Labels that name what a binding was made from.
const LABELS: [&str; 3] = ["app.kubernetes.io/name", "helm.sh/chart", "app.kubernetes.io/part-of"];

/// The label that tells parts of one thing apart.
const COMPONENT: &str = "app.kubernetes.io/component";

/// Paths to more than roles give are grave from this weight on: whatever is in a namespace.
const GRAVE: u8 = 8;

/// What of learning is of a cluster's verbs on resources.
const VERBS_ON_RESOURCES: Language = Language {
    companion: asks_both,
    // An API group has too much in it that has nothing to do with each other.
    near: |meaning, words| words.done_to(meaning).next().map(|used| used.name.clone()),
    // A resource has few verbs, and who needs another of them is one of several who do: on synthetic clusters this kept a tenth of what
    // was granted and met no need that no other rule met.
    kin: Tier::Balanced,
    // A workload that deals with a cluster at all comes to look at whatever is there, and groups say nothing of that.
    is_one_service: true,
};

/// What a subject is granted and was seen to need.
#[derive(Clone, Copy)]
pub(crate) struct Doing<'a> {
    pub(crate) granted: &'a Granted<'a>,
    pub(crate) usage: &'a Usage,
    /// What requests need of what is granted.
    pub(crate) needed: &'a Needed,
    /// How far names and namespaces are opened.
    pub(crate) generalise: Generalise,
    /// The day up to which everything is known, from the Unix epoch on.
    pub(crate) today: i64,
    /// The day of a deploy so short ago that nothing goes yet.
    pub(crate) settling: Option<i64>,
    /// From how many days without use on what is watched goes, where it does.
    pub(crate) drop_watched: Option<i64>,
    /// How many days of use are known.
    pub(crate) history: i64,
}

/// What a subject used of what its bindings grant, wherever.
pub(crate) fn used(granted: &Granted<'_>, usage: &Usage) -> BTreeSet<Permission> {
    let is_own = |request| granted.permissions.keys().any(|permission| permission.matches(request));
    let used = usage.uses.keys().filter(|request| is_own(request));
    used.map(|request| Permission::of_request(request).anywhere()).collect()
}

/// The unused permissions of a subject that stay in a tier, each where it does such things, with the first rule that keeps it.
pub(crate) fn retained(
    doing: Doing<'_>,
    known: &Known,
    peers: Option<&Peers<'_, Permission>>,
    tier: Tier,
) -> BTreeMap<Permission, Retained> {
    let used = used(doing.granted, doing.usage);
    let open: BTreeSet<&str> = PATHS
        .iter()
        .filter(|path| used.iter().any(|one| path.is_opened_by(one)))
        .map(|path| path.name)
        .collect();
    // What leads to no more than what is used is not grave.
    let is_grave = |permission: &Permission| {
        // Of one object alone what is done anywhere tells nothing.
        let opening = PATHS.iter().filter(|path| path.weight >= GRAVE && !path.is_of_one_object());
        let opening = opening.filter(|path| path.is_opened_by(permission));
        opening.into_iter().any(|path| !open.contains(path.name))
    };
    let words = Words::of(used.iter().filter_map(|one| Meaning::of_permission(one, false)));
    // By what they are for, each wherever it is granted.
    let mut unused: BTreeMap<Permission, Vec<Permission>> = BTreeMap::new();
    for granted in doing.granted.permissions.keys() {
        for one in known.parts(granted) {
            let anywhere = one.anywhere();
            if !used.contains(&anywhere) {
                unused.entry(anywhere).or_default().push(one);
            }
        }
    }
    let meant = unused.keys().filter_map(|one| {
        let meaning = Meaning::of_permission(one, is_grave(one))?;
        Some((one.clone(), meaning))
    });
    let kept = kept(&words, meant, peers, tier, &VERBS_ON_RESOURCES);
    let is_needed = |part: &Permission| doing.needed.keys().any(|needed| needed.covers(part));
    let places = Places::of(doing.needed, known);
    let mut retained = BTreeMap::new();
    for (anywhere, why) in kept {
        let granted = unused.get(&anywhere).into_iter().flatten();
        let parts = granted.flat_map(|granted| {
            places.of_permission(&anywhere).into_iter().filter_map(|place| place.meet(granted))
        });
        for part in parts.filter(|part| !is_needed(part)) {
            retained.entry(part).or_insert_with(|| why.clone());
        }
    }
    retained.extend(opened(doing, tier).into_iter().filter(|(part, _)| !is_needed(part)));
    drop_watched(&mut retained, doing.drop_watched, doing.history);
    if let Some(on) = doing.settling {
        let why = Retained::Settling(day(Days::moment_of(on)));
        for part in doing.granted.permissions.keys().filter(|part| !is_needed(part)) {
            retained.entry(part.clone()).or_insert_with(|| why.clone());
        }
    }
    retained
}

/// What a server that is not the cluster's own asks of it: who its callers are, and what they may do. Whoever asks one comes to ask the
/// other: they are the role `system:auth-delegator` (Kubernetes documentation, "Using RBAC Authorization", other component roles).
const QUESTIONS: [&str; 2] =
    ["create tokenreviews.authentication.k8s.io", "create subjectaccessreviews.authorization.k8s.io"];

/// Why one of the questions stays.
fn asks_both(meaning: &Meaning<'_>, words: &Words<'_>) -> Option<Retained> {
    let [who, what] = QUESTIONS;
    let other = match meaning.name.as_str() {
        name if name == who => what,
        name if name == what => who,
        _ => return None,
    };
    words.has(other).then(|| Retained::Companion(other.to_owned()))
}

/// What is used and stays for more names, or in more namespaces, than it was used on and in. What gives rights does not; what reads
/// secrets or contents stays for more names alone, from *standard* on, where new ones keep coming.
fn opened(doing: Doing<'_>, tier: Tier) -> BTreeMap<Permission, Retained> {
    let mut uses: BTreeMap<Permission, Sightings<'_>> = BTreeMap::new();
    for (request, use_) in &doing.usage.uses {
        uses.entry(Permission::of_request(request).anywhere()).or_default().add(request, &use_.seen.days);
    }
    let mut narrowed: BTreeMap<Permission, Vec<&Permission>> = BTreeMap::new();
    for needed in doing.needed.keys() {
        narrowed.entry(needed.anywhere()).or_default().push(needed);
    }
    let mut opened = BTreeMap::new();
    for (anywhere, sightings) in uses {
        let (Some(meaning), Some(narrowed)) =
            (Meaning::of_permission(&anywhere, false), narrowed.get(&anywhere))
        else {
            continue;
        };
        if meaning.level == AccessLevel::PermissionsManagement {
            continue;
        }
        let (changing, there, why) = if meaning.is_sensitive {
            let is_open = matches!(doing.generalise, Generalise::Tried | Generalise::Granted);
            if !tier.opens_contents() || !is_open {
                continue;
            }
            let there = sightings.where_names_keep_coming(doing.today);
            (Changing { names: true, namespaces: false }, Some(there), Retained::NewNames)
        } else {
            (sightings.changing(doing.generalise, doing.today), None, Retained::ChangingNames)
        };
        let is_there = |narrowed: &&&Permission| {
            let namespace = narrowed.namespace.as_deref().unwrap_or_default();
            there.as_ref().is_none_or(|there| there.contains(namespace))
        };
        let narrowed = narrowed.iter().filter(|_| changing.names || changing.namespaces).filter(is_there);
        for narrowed in narrowed {
            let namespace = narrowed.namespace.clone().filter(|_| !changing.namespaces);
            let wider = anywhere.within(namespace);
            let parts = doing.granted.permissions.keys().filter_map(|granted| wider.meet(granted));
            opened.extend(parts.map(|part| (part, why.clone())));
        }
    }
    opened
}

impl Kinds {
    /// The kinds of a cluster's subjects: those whose bindings have the same label that names what they were made from; else
    /// those with the same rules, and the same name but for one word, or for the namespace.
    pub(crate) fn of_subjects<'a>(all: impl Iterator<Item = &'a Granted<'static>>) -> Self {
        Self::among(all.map(kinds_of))
    }
}

fn kinds_of(granted: &Granted<'_>) -> Vec<Kind> {
    let labels = |label: &str| {
        let of = granted.own.iter().filter_map(|(binding, _)| binding.labels.get(label));
        of.filter(|value| !value.is_empty()).min().cloned()
    };
    if let Some((label, value)) = LABELS.iter().find_map(|label| Some((label, labels(label)?))) {
        return vec![vec![(*label).to_owned(), value, labels(COMPONENT).unwrap_or_default()]];
    }
    let rules = granted.permissions.keys().map(|permission| permission.anywhere().to_string());
    let rules = account::digest(rules.collect());
    let names = match granted.user.account() {
        None => but_for_a_word(&granted.user.name),
        Some((namespace, name)) => {
            let here = but_for_a_word(name).into_iter().map(|name| format!("{namespace}/{name}"));
            here.chain([format!("*/{name}")]).collect()
        }
    };
    names.into_iter().map(|name| vec![name, rules.clone()]).collect()
}

#[cfg(test)]
mod tests;
