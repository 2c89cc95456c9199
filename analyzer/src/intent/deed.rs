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
    /// Kinds of things, which are only looked at, in words.
    Looked(String),
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
                (None, Object::Looked(String::new()))
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
        // Which kinds there are is known only now.
        if let Object::Looked(words) = &mut deed.object {
            *words = kinds_words(&kinds);
        }
    }
    all.sort_by(|a, b| {
        (a.object.is_means(), b.calls, &a.object).cmp(&(b.object.is_means(), a.calls, &b.object))
    });
    all
}

impl Object {
    /// Whether it is what other things are done with rather than what somebody is there for: keys, logs, and a look around.
    fn is_means(&self) -> u8 {
        match self {
            Self::Named { service, .. } => u8::from(matches!(service.as_str(), "kms" | "logs")),
            Self::Looked(_) => 2,
            Self::Said(_) => 0,
        }
    }
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
            Object::Looked(kinds) => return format!("looks at {kinds}"),
            Object::Named { noun, names, .. } => (noun, names),
        };
        let mut done: Vec<String> = done_words(&self.verbs);
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
        // Nobody knows a key by its identifier, and of a wildcard there is nothing to name.
        let is_bare = names.iter().any(|name| name.trim_end_matches('*').is_empty());
        let is_id =
            |name: &String| name.len() >= 32 && name.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
        if is_bare {
            return format!("{} {}", listed(&done), plural(noun));
        }
        if names.iter().all(is_id) {
            let what = if names.len() == 1 { noun.clone() } else { plural(noun) };
            return format!("{} {} {what}", listed(&done), number(names.len()));
        }
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

/// Verbs with what comes between them and the thing: those that are alike together.
fn done_words(verbs: &BTreeSet<Verb>) -> Vec<String> {
    let mut by_link: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for verb in verbs {
        by_link.entry(&verb.link).or_default().push(verb.verb.clone());
    }
    let mut by_verbs: BTreeMap<(Vec<String>, &str), Vec<String>> = BTreeMap::new();
    for (link, verbs) in by_link {
        let (part, end) = link.rsplit_once(' ').unwrap_or(("", link));
        let parts = by_verbs.entry((verbs, end)).or_default();
        parts.extend(Some(part.to_owned()).filter(|part| !part.is_empty()));
    }
    let mut all: Vec<String> = by_verbs
        .into_iter()
        .map(|((verbs, end), parts)| {
            let words = [listed(&verbs), listed(&parts), end.to_owned()];
            words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        })
        .collect();
    // What is done to the thing itself comes before what is done to its parts.
    all.sort_by_key(|words| words.matches(' ').count());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used<'a>(catalog: &'a Catalog, name: &str, resources: &[&str], calls: u64) -> Used<'a> {
        Used {
            action: catalog.find(name).and_then(|id| catalog.action(id)).unwrap(),
            resources: resources.iter().map(|resource| (*resource).to_owned()).collect(),
            calls,
            days: Days::default(),
            operations: BTreeSet::new(),
        }
    }

    fn words(used: &[Used<'_>]) -> Vec<String> {
        deeds(Catalog::embedded().unwrap(), used).iter().map(Deed::words).collect()
    }

    #[test]
    fn what_is_done_to_one_thing_is_said_once() {
        let catalog = Catalog::embedded().unwrap();
        let used = |name: &str, resource: &str, calls| used(catalog, name, &[resource], calls);
        let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders";
        let all = [
            used(
                "kms:Decrypt",
                "arn:aws:kms:eu-west-1:111122223333:key/3f1c0a52-7d64-4b0e-9a55-1f27c9d1e8a4",
                90,
            ),
            used("dynamodb:PutItem", table, 2),
            used("dynamodb:Query", table, 5),
            used("s3:GetObject", "arn:aws:s3:::logs/*/app/*", 3),
            used("sns:Publish", "arn:aws:sns:eu-west-1:111122223333:done", 1),
            used("ec2:DescribeInstances", "*", 400),
        ];
        let expected = [
            "reads and writes items of table `orders`",
            "reads objects under `s3://logs/*/app/`",
            "publishes to topic `done`",
            "decrypts with one key",
            "looks at instances",
        ];
        assert_eq!(words(&all), expected);
    }

    #[test]
    fn parts_of_one_thing_are_said_together_and_wildcards_are_not_named() {
        let catalog = Catalog::embedded().unwrap();
        let bucket = ["arn:aws:s3:::logs"];
        let all = [
            used(catalog, "s3:PutEncryptionConfiguration", &bucket, 2),
            used(catalog, "s3:PutBucketTagging", &bucket, 1),
            used(catalog, "ec2:RunInstances", &["arn:aws:ec2:eu-west-1:111122223333:instance/*"], 1),
        ];
        assert_eq!(
            words(&all),
            ["sets encryption configuration and tagging of bucket `logs`", "runs instances"]
        );
    }
}
