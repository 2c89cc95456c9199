//! The names of actions taken apart: `CreateLogStream` does `Create` to a `LogStream`.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::AccessLevel;

use super::meaning::Meaning;

/// The verb of an action's name, and what it is done to in the singular.
pub(crate) fn split(name: &str) -> (&str, String) {
    let is_end = |(at, letter): &(usize, char)| *at > 0 && letter.is_ascii_uppercase();
    let mut end = name.char_indices().find(is_end).map_or(name.len(), |(at, _)| at);
    // `BatchGetItem` gets an item.
    if name.get(..end) == Some("Batch") {
        let rest = name.get(end..).unwrap_or_default();
        end += rest.char_indices().find(is_end).map_or(rest.len(), |(at, _)| at);
    }
    let (verb, noun) = name.split_at_checked(end).unwrap_or((name, ""));
    (verb, singular(noun))
}

fn singular(noun: &str) -> String {
    match noun {
        _ if noun.ends_with("ies") => format!("{}y", noun.trim_end_matches("ies")),
        _ if ["sses", "xes", "ches"].iter().any(|end| noun.ends_with(end)) => {
            noun.strip_suffix("es").unwrap_or(noun).to_owned()
        }
        _ if noun.ends_with("ss") || noun.ends_with("us") => noun.to_owned(),
        _ => noun.strip_suffix('s').unwrap_or(noun).to_owned(),
    }
}

/// One used permission.
pub(super) struct Word<'a> {
    pub(super) verb: &'a str,
    pub(super) level: AccessLevel,
    /// Its full name, such as `s3:PutObject`.
    pub(super) name: String,
}

/// What is done, by service and what it is done to.
#[derive(Default)]
pub(crate) struct Words<'a> {
    services: BTreeMap<&'a str, BTreeMap<String, Vec<Word<'a>>>>,
    names: BTreeSet<String>,
}

impl<'a> Words<'a> {
    /// Of used permissions.
    pub(crate) fn of(used: impl IntoIterator<Item = Meaning<'a>>) -> Self {
        let mut words = Self::default();
        for Meaning { service, verb, noun, level, name, .. } in used {
            words.names.insert(name.to_ascii_lowercase());
            words.services.entry(service).or_default().entry(noun).or_default().push(Word {
                verb,
                level,
                name,
            });
        }
        words
    }

    /// Whether nothing is used.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether anything of the service is used.
    pub(super) fn uses(&self, service: &str) -> bool {
        self.services.contains_key(service)
    }

    /// Whether this action is used.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(&name.to_ascii_lowercase())
    }

    /// What is done to what this is done to.
    pub(super) fn done_to(&self, meaning: &Meaning<'_>) -> impl Iterator<Item = &Word<'a>> {
        let nouns = self.services.get(meaning.service);
        nouns.and_then(|nouns| nouns.get(&meaning.noun)).into_iter().flatten()
    }

    /// All nouns of the service, each with what is done to it.
    pub(super) fn nouns(&self, service: &str) -> impl Iterator<Item = (&str, &[Word<'a>])> {
        let nouns = self.services.get(service).into_iter().flatten();
        nouns.map(|(noun, words)| (noun.as_str(), words.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_name_is_a_verb_and_what_it_is_done_to() {
        let cases = [
            ("CreateLogStream", "Create", "LogStream"),
            ("DescribeLogStreams", "Describe", "LogStream"),
            ("ListPolicies", "List", "Policy"),
            ("BatchGetItem", "BatchGet", "Item"),
            ("DescribeAddresses", "Describe", "Address"),
            ("GetBucketCors", "Get", "BucketCor"),
            ("Publish", "Publish", ""),
            ("Batch", "Batch", ""),
            ("DescribeDBClusters", "Describe", "DBCluster"),
        ];
        for (name, verb, noun) in cases {
            assert_eq!(split(name), (verb, noun.to_owned()), "{name}");
        }
    }
}
