//! Patterns that become one: of names that begin alike, and of what lies in one container.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::alone::stays_exact;
use super::opening::because;
use super::segment::{SEPARATORS, is_container};
use super::thresholds::Thresholds;
use super::{Rule, Sightings, Surroundings, name_start};

/// What ends a word of a name.
const WORD_ENDS: [char; 3] = ['-', '_', '.'];

/// Shorter first words tell nothing.
const TELLING: usize = 3;

/// Words of a name that are told apart.
const WORDS: usize = 6;

/// Names that have to be there to be joined.
const FEWEST: usize = 2;

/// Joins patterns.
pub(super) struct Joining<'j> {
    pub(super) thresholds: Thresholds,
    pub(super) seen: &'j Sightings,
    pub(super) surroundings: Surroundings<'j>,
}

/// A way to join patterns.
struct Way<W> {
    /// Its name.
    name: &'static str,
    /// What a pattern becomes part of.
    wider: W,
    /// Whether what it admits is limited, whatever the action does.
    is_capped: bool,
}

impl Joining<'_> {
    /// With the patterns of names that begin with the same words as one: as few words as what is known to exist allows.
    pub(super) fn prefixes(&self, mut rules: BTreeMap<String, Rule>) -> BTreeMap<String, Rule> {
        for words in 1..=WORDS {
            let wider = |pattern: &str| prefix(pattern, words);
            rules = self.join(rules, &Way { name: "common prefix", wider, is_capped: true });
        }
        rules
    }

    /// With the patterns of what lies in one container as one.
    pub(super) fn containers(&self, rules: BTreeMap<String, Rule>) -> BTreeMap<String, Rule> {
        self.join(rules, &Way { name: "container", wider: container, is_capped: false })
    }

    fn join(
        &self,
        rules: BTreeMap<String, Rule>,
        way: &Way<impl Fn(&str) -> Option<String>>,
    ) -> BTreeMap<String, Rule> {
        let mut groups: BTreeMap<(Option<&str>, String), Vec<&str>> = BTreeMap::new();
        for pattern in rules.keys().filter(|pattern| !stays_exact(pattern) && !is_container(pattern)) {
            if let Some(wider) = (way.wider)(pattern) {
                let of_type = self.surroundings.catalog.resource_type(pattern).map(|known| known.name);
                groups.entry((of_type, wider)).or_default().push(pattern);
            }
        }
        // By pattern, the one that it becomes and why.
        let mut joined: BTreeMap<String, (String, String)> = BTreeMap::new();
        for ((_, wider), patterns) in groups {
            if let Some(why) = self.reason(&rules, &wider, &patterns, way.is_capped) {
                let becomes = |pattern: &&str| ((*pattern).to_owned(), (wider.clone(), why.clone()));
                joined.extend(patterns.iter().filter(|pattern| **pattern != wider).map(becomes));
            }
        }
        let mut all: BTreeMap<String, Rule> = BTreeMap::new();
        for (pattern, rule) in rules {
            let (pattern, rule) = match joined.remove(&pattern) {
                Some((wider, why)) => (wider, Rule { name: way.name, from: rule.from, why: Some(why) }),
                None => (pattern, rule),
            };
            match all.entry(pattern) {
                Entry::Vacant(entry) => _ = entry.insert(rule),
                Entry::Occupied(mut entry) => entry.get_mut().from.extend(rule.from),
            }
        }
        all
    }

    /// Why these patterns become a wider one; none where too few were seen, or too much is known that it would admit.
    fn reason(
        &self,
        rules: &BTreeMap<String, Rule>,
        wider: &str,
        patterns: &[&str],
        is_capped: bool,
    ) -> Option<String> {
        let of = |pattern: &&str| rules.get(*pattern).map(|rule| &rule.from);
        let from: BTreeSet<&str> = patterns.iter().filter_map(of).flatten().map(String::as_str).collect();
        let days = self.seen.days(from.iter().copied());
        if from.len() < FEWEST || days < self.thresholds.days {
            return None;
        }
        let limit = Thresholds::most_collateral(from.len());
        let admitted =
            self.surroundings.admitted(self.seen, std::iter::once(wider), patterns, wider, limit + 1);
        if (is_capped || self.thresholds.is_capped) && admitted > limit {
            return None;
        }
        Some(because(&format!("{} names lie there on {days} days", from.len()), admitted))
    }
}

/// The names that begin with the same words behind the last separator.
fn prefix(pattern: &str, words: usize) -> Option<String> {
    let start = name_start(pattern)?;
    let name = pattern.get(start..)?;
    let leaf = start + name.rfind(SEPARATORS).map_or(0, |at| at + 1);
    let text = pattern.get(leaf..)?;
    let mut ends = text.match_indices(WORD_ENDS).map(|(at, _)| at + 1);
    let end = ends.nth(words - 1)?;
    let prefix = text.get(..end)?;
    let first = prefix.split(WORD_ENDS).next().unwrap_or_default();
    let is_telling = first.len() >= TELLING && first.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_telling && !prefix.contains(['*', '?', '$']))
        .then(|| format!("{}{prefix}*", pattern.get(..leaf).unwrap_or_default()))
}

/// All that lies in the container of a resource, where its service has such: an object's bucket, a log stream's group.
fn container(pattern: &str) -> Option<String> {
    let start = name_start(pattern)?;
    let (head, name) = pattern.split_at_checked(start)?;
    let service = head.split(':').nth(2)?;
    match service {
        "s3" if head.ends_with("::") => {
            let (bucket, _) = name.split_once('/')?;
            Some(format!("{head}{bucket}/*"))
        }
        "logs" => {
            let (group, _) = name.split_once(":log-stream:")?;
            Some(format!("{head}{group}:log-stream:*"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_of_whole_words() {
        let queue = "arn:aws:sqs:eu-west-1:111122223333:fraud-dqkt";
        assert_eq!(prefix(queue, 1).as_deref(), Some("arn:aws:sqs:eu-west-1:111122223333:fraud-*"));
        assert_eq!(prefix(queue, 2), None);
        let topic = "arn:aws:sns:eu-west-1:111122223333:larkspur-fraud-iney";
        assert_eq!(prefix(topic, 2).as_deref(), Some("arn:aws:sns:eu-west-1:111122223333:larkspur-fraud-*"));
        assert_eq!(prefix("arn:aws:s3:::bucket/data/2026-01-01", 1), None);
        assert_eq!(prefix("arn:aws:s3:::bucket/data/*-a", 1), None);
    }

    #[test]
    fn a_container_holds_what_is_named_behind_it() {
        assert_eq!(container("arn:aws:s3:::bucket/a/b.json").as_deref(), Some("arn:aws:s3:::bucket/*"));
        assert_eq!(container("arn:aws:s3:::bucket"), None);
        let stream = "arn:aws:logs:eu-west-1:111122223333:log-group:/app/x:log-stream:2026/10/14/[$LATEST]4b";
        let all = "arn:aws:logs:eu-west-1:111122223333:log-group:/app/x:log-stream:*";
        assert_eq!(container(stream).as_deref(), Some(all));
        assert_eq!(container("arn:aws:sqs:eu-west-1:111122223333:a"), None);
    }
}
