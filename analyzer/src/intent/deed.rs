//! What a principal does, as parts of a sentence: one for each sort of thing that it does something to.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{Action, Catalog};
use remit_policy::Days;

use super::place::{Place, plural};
use super::verb::{Verb, is_aside, looked_at, looks};
use super::words::{listed, number};

/// One thing that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deed {
    verbs: BTreeSet<Verb>,
    object: Object,
    /// Calls.
    pub(super) calls: u64,
    /// The days on which it was done.
    pub(super) days: Days,
    /// Operations by which it was done.
    pub(super) operations: BTreeSet<String>,
}

/// What something is done to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Object {
    /// Resources of one sort.
    Named { service: String, noun: String, names: BTreeSet<String> },
    /// Kinds of things, which are only looked at.
    Looked,
    /// Words that are complete.
    Said(String),
}

/// An action that was used.
pub(super) struct Used<'a> {
    pub(super) action: &'a Action,
    /// The patterns, or else the resources, on which it was used.
    pub(super) resources: Vec<String>,
    pub(super) calls: u64,
    pub(super) days: Days,
    pub(super) operations: BTreeSet<String>,
}

/// Resources of an action that are looked at; how many there are matters more than which.
const MOST: usize = 1_000;

/// What is done, by what was used: most calls first, and what only looks last.
pub(super) fn deeds(catalog: &Catalog, used: &[Used<'_>]) -> Vec<Deed> {
    let mut deeds: BTreeMap<Object, Deed> = BTreeMap::new();
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let is_all_aside = used.iter().all(|one| is_aside(one.action));
    for one in used.iter().filter(|one| is_all_aside || !is_aside(one.action)) {
        let (noun, names) = object(catalog, one);
        let (verb, object) = match Verb::of(one.action, &noun) {
            Some(verb) if !names.is_empty() => {
                let service = one.action.service.to_owned();
                (Some(verb), Object::Named { service, noun, names })
            }
            Some(verb) => (None, Object::Said(said(one.action, &verb))),
            None => {
                let calls = kinds.entry(looked_at(one.action)).or_default();
                *calls = calls.saturating_add(one.calls);
                (None, Object::Looked)
            }
        };
        let deed = deeds.entry(object).or_insert_with_key(|object| Deed {
            verbs: BTreeSet::new(),
            object: object.clone(),
            calls: 0,
            days: Days::default(),
            operations: BTreeSet::new(),
        });
        deed.verbs.extend(verb);
        deed.calls = deed.calls.saturating_add(one.calls);
        deed.days.add(&one.days);
        deed.operations.extend(one.operations.iter().cloned());
    }
    let mut all: Vec<Deed> = deeds.into_values().collect();
    for deed in &mut all {
        if deed.object == Object::Looked {
            deed.object = Object::Said(format!("looks at {}", kinds_words(&kinds)));
            // What is only looked at comes last.
            deed.calls = 0;
        }
    }
    all.sort_by(|a, b| (b.calls, &a.object).cmp(&(a.calls, &b.object)));
    all
}

/// What is done without a resource that is known.
fn said(action: &Action, verb: &Verb) -> String {
    let done_to = looked_at(action);
    let link = verb.link.trim_end_matches(" of");
    match (link, looks(action)) {
        ("to" | "from" | "with" | "through", _) => {
            format!("{} {link} something of `{}`", verb.verb, action.service)
        }
        ("", _) => format!("{} {done_to} (`{}`)", verb.verb, action.service),
        (link, _) => format!("{} {link} (`{}`)", verb.verb, action.service),
    }
}

/// The sort of the things that an action was used on, and their names. Of several sorts that is the one that the action's own
/// name has, else the one of which there are most.
fn object(catalog: &Catalog, used: &Used<'_>) -> (String, BTreeSet<String>) {
    let mut sorts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for resource in used.resources.iter().take(MOST) {
        let place = Place::of(catalog, resource);
        sorts.entry(place.noun).or_default().insert(place.name);
    }
    // A bucket comes along with its objects.
    if sorts.len() > 1 {
        let own = super::place::words(used.action.name);
        let best = sorts.iter().max_by_key(|(noun, names)| {
            (
                own.ends_with(noun.as_str()) || own.ends_with(&plural(noun)),
                own.contains(noun.as_str()),
                names.len(),
            )
        });
        if let Some((noun, names)) = best {
            return (noun.clone(), names.clone());
        }
    }
    sorts.pop_first().unwrap_or_default()
}

/// Kinds of things, most calls first.
fn kinds_words(kinds: &BTreeMap<String, u64>) -> String {
    const SHOWN: usize = 3;
    let mut all: Vec<_> = kinds.iter().collect();
    all.sort_by_key(|(kind, calls)| (std::cmp::Reverse(**calls), *kind));
    let mut shown: Vec<String> = all.iter().take(SHOWN).map(|(kind, _)| (*kind).clone()).collect();
    match all.len().checked_sub(SHOWN) {
        Some(1) => shown.extend(all.last().map(|(kind, _)| (*kind).clone())),
        Some(more @ 2..) => shown.push(format!("{} other kinds of things", number(more))),
        _ => {}
    }
    listed(&shown)
}

impl Deed {
    /// One that is told by its words alone.
    pub(super) fn said(words: String, calls: u64, days: Days) -> Self {
        Self { verbs: BTreeSet::new(), object: Object::Said(words), calls, days, operations: BTreeSet::new() }
    }

    /// It in words, such as ``reads and writes items of table `orders` ``.
    pub(super) fn words(&self) -> String {
        const VERBS: usize = 3;
        const NAMES: usize = 2;
        let (noun, names) = match &self.object {
            Object::Said(words) => return words.clone(),
            Object::Looked => return String::new(),
            Object::Named { noun, names, .. } => (noun, names),
        };
        let mut links: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for verb in &self.verbs {
            let verbs = links.entry(&verb.link).or_default();
            if !verbs.contains(&verb.verb) {
                verbs.push(verb.verb.clone());
            }
        }
        let mut done: Vec<String> = links
            .iter()
            .map(|(link, verbs)| format!("{} {link}", listed(verbs)).trim_end().to_owned())
            .collect();
        if let Some(more @ 1..) = done.len().checked_sub(VERBS) {
            done.truncate(VERBS - 1);
            done.push(format!("does {} other things to", number(more + 1)));
        }
        let is_object = noun == "object";
        let what = match names.len() {
            1 if is_object && names.iter().any(|name| name.contains(['*', '?'])) => {
                "objects under".to_owned()
            }
            1 => noun.clone(),
            _ if is_object => "objects under".to_owned(),
            _ => plural(noun),
        };
        let quoted: Vec<String> =
            names.iter().map(|name| format!("`{}`", name.trim_end_matches('*'))).collect();
        let named = if names.len() <= NAMES {
            format!("{what} {}", listed(&quoted))
        } else if is_object {
            let buckets: BTreeSet<&str> =
                names.iter().filter_map(|name| name.trim_start_matches("s3://").split('/').next()).collect();
            let buckets: Vec<String> = buckets.iter().take(NAMES).map(|name| format!("`{name}`")).collect();
            format!("objects under {} prefixes of {}", number(names.len()), listed(&buckets))
        } else {
            format!("{} {what}", number(names.len()))
        };
        format!("{} {named}", listed(&done))
    }
}
