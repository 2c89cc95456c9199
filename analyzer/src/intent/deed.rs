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
    /// Where the things are that it is done to.
    places: BTreeSet<Place>,
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
        let places = object(catalog, one);
        let noun = places.first().map(|place| place.noun.clone()).unwrap_or_default();
        let (verb, object) = match Verb::of(one.action, &noun) {
            Some(verb) if !places.is_empty() => {
                let service = one.action.service.to_owned();
                let names = places.iter().map(|place| place.name.clone()).collect();
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
            places: BTreeSet::new(),
            calls: 0,
            days: Days::default(),
            operations: BTreeSet::new(),
        });
        deed.verbs.extend(verb);
        deed.places.extend(places);
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

/// The things that an action was used on, of one sort. Of several sorts that is the one that the action's own name has, else the one of
/// which there are most.
fn object(catalog: &Catalog, used: &Used<'_>) -> BTreeSet<Place> {
    let mut sorts: BTreeMap<String, BTreeSet<Place>> = BTreeMap::new();
    for resource in used.resources.iter().take(MOST) {
        let place = Place::of(catalog, resource);
        sorts.entry(place.noun.clone()).or_default().insert(place);
    }
    // A bucket comes along with its objects.
    if sorts.len() > 1 {
        let own = super::place::words(used.action.name);
        let best = sorts.iter().max_by_key(|(noun, places)| {
            (
                own.ends_with(noun.as_str()) || own.ends_with(&plural(noun)),
                own.contains(noun.as_str()),
                places.len(),
            )
        });
        if let Some((_, places)) = best {
            return places.clone();
        }
    }
    sorts.pop_first().map(|(_, places)| places).unwrap_or_default()
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
        Self {
            verbs: BTreeSet::new(),
            object: Object::Said(words),
            places: BTreeSet::new(),
            calls,
            days,
            operations: BTreeSet::new(),
        }
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
        let has_pattern = names.iter().any(|name| name.contains(['*', '?']));
        let (things, place) = self.things();
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
        let under = names.first().filter(|_| names.len() == 1).and_then(|name| under(name));
        let named = match (names.len(), has_pattern) {
            (1, false) if things == 1 => format!("{noun} {}", quoted(names)),
            (..=NAMES, _) if is_object => format!("objects under {}", quoted(names)),
            _ if is_object => {
                let buckets =
                    names.iter().filter_map(|name| name.trim_start_matches("s3://").split('/').next());
                let buckets: BTreeSet<String> = buckets.map(str::to_owned).collect();
                let of = match buckets.len() {
                    ..=NAMES => quoted(&buckets),
                    all => format!("{} buckets", number(all)),
                };
                format!("objects under {} prefixes of {of}", number(names.len()))
            }
            (..=NAMES, false) if things > names.len() => {
                format!("{} {} {}{place}", number(things), plural(noun), quoted(names))
            }
            (..=NAMES, _) => match under {
                Some(folder) => format!("{} under `{folder}`", plural(noun)),
                None => format!("{} {}", plural(noun), quoted(names)),
            },
            (_, true) => format!("{} by {} names and patterns", plural(noun), number(names.len())),
            (_, false) => format!("{} {}", number(things), plural(noun)),
        };
        format!("{} {named}", listed(&done))
    }

    /// How many things it is done to, and in how many accounts or regions: things of one name in several of these are several. Of a pattern
    /// of accounts nobody knows how many it is for.
    fn things(&self) -> (usize, String) {
        let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut accounts, mut regions) = (BTreeSet::new(), BTreeSet::new());
        for place in &self.places {
            let things = by_name.entry(&place.name).or_default();
            let (account, region) = &place.at;
            if !account.contains('*') && !region.contains('*') {
                *things += 1;
                accounts.insert(account);
                regions.insert(region);
            }
        }
        let place = match (accounts.len(), regions.len()) {
            (several @ 2.., _) => format!(" in {} accounts", number(several)),
            (_, several @ 2..) => format!(" in {} regions", number(several)),
            _ => String::new(),
        };
        (by_name.values().map(|things| (*things).max(1)).sum(), place)
    }
}

/// What all names begin with that a pattern stands for, where it stands for all that is in one folder.
fn under(pattern: &str) -> Option<&str> {
    let folder = pattern.strip_suffix('*')?;
    (folder.ends_with('/') && !folder.contains(['*', '?'])).then_some(folder)
}

/// Names in a list. What objects are under begins their names, and goes without the rest.
fn quoted(names: &BTreeSet<String>) -> String {
    let shown = |name: &String| {
        let shown = if name.starts_with("s3://") { name.trim_end_matches('*') } else { name };
        format!("`{shown}`")
    };
    listed(&names.iter().map(shown).collect::<Vec<_>>())
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

    /// Names are not all: the same one stands for several things, and a pattern is no name.
    #[test]
    fn things_of_one_name_are_counted_and_patterns_are_no_names() {
        let catalog = Catalog::embedded().unwrap();
        let said = |name: &str, resources: &[&str]| words(&[used(catalog, name, resources, 1)]).remove(0);
        let queue = |account: &str, region: &str| format!("arn:aws:sqs:{region}:{account}:jobs");
        let accounts = [queue("1", "eu-west-1"), queue("2", "eu-west-1"), queue("3", "us-east-1")];
        let regions = [queue("1", "eu-west-1"), queue("1", "us-east-1"), queue("*", "us-east-1")];
        let of = |queues: &[String]| {
            let queues: Vec<&str> = queues.iter().map(String::as_str).collect();
            said("sqs:SetQueueAttributes", &queues)
        };
        assert_eq!(of(&accounts), "sets attributes of three queues `jobs` in three accounts");
        assert_eq!(of(&regions), "sets attributes of two queues `jobs` in two regions");
        assert_eq!(of(&regions[1..]), "sets attributes of queue `jobs`");
        let secret = "arn:aws:secretsmanager:eu-west-1:1:secret:db/*";
        assert_eq!(said("secretsmanager:GetSecretValue", &[secret]), "reads secrets under `db/`");
        let buckets = ["arn:aws:s3:::acme-*", "arn:aws:s3:::logs", "arn:aws:s3:::x-*"];
        assert_eq!(said("s3:PutBucketTagging", &buckets[..1]), "sets tagging of buckets `acme-*`");
        assert_eq!(said("s3:PutBucketTagging", &buckets[..2]), "sets tagging of buckets `acme-*` and `logs`");
        assert_eq!(
            said("s3:PutBucketTagging", &buckets),
            "sets tagging of buckets by three names and patterns"
        );
        let role = ["arn:aws:iam::1:role/*/app", "arn:aws:iam::1:role/app"];
        assert_eq!(said("iam:TagRole", &role), "tags role `app`");
    }
}
