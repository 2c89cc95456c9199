//! Resources in few words: what sort of thing, and its name.

use remit_catalog::Catalog;

/// A resource, or a pattern of some, in few words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// What sort of thing, in the singular.
    pub(super) noun: String,
    /// Its name.
    pub(super) name: String,
    /// Its account and its region, as far as its ARN names them: two things may have one name.
    pub(super) at: (String, String),
}

impl Place {
    /// Of an ARN or a pattern of ARNs.
    pub(super) fn of(catalog: &Catalog, arn: &str) -> Self {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, _, service, region, account, rest] = parts.as_slice() else {
            return Self {
                noun: "resource".to_owned(),
                name: arn.to_owned(),
                at: (String::new(), String::new()),
            };
        };
        let at = ((*account).to_owned(), (*region).to_owned());
        if *service == "s3" {
            let noun = if rest.contains('/') { "object" } else { "bucket" };
            let name = if rest.contains('/') { format!("s3://{rest}") } else { (*rest).to_owned() };
            return Self { noun: noun.to_owned(), name, at };
        }
        let noun =
            catalog.resource_type(arn).map_or_else(|| "resource".to_owned(), |known| words(known.name));
        let name = if matches!(*service, "sqs" | "sns") { rest } else { without_kind(rest) };
        // A call names a role without its path, so that it is meant in any.
        let name = if *service == "iam" { name.strip_prefix("*/").unwrap_or(name) } else { name };
        let name = name.split(":log-stream").next().unwrap_or(name);
        let name = name.strip_suffix(":*").or_else(|| name.strip_suffix("-??????")).unwrap_or(name);
        let spelled = SPELLED.iter().find(|(own, _)| *own == noun).map(|(_, spelled)| (*spelled).to_owned());
        Self { noun: spelled.unwrap_or(noun), name: name.to_owned(), at }
    }
}

/// Sorts of things whose names in the catalog are no words, or not those that people use.
const SPELLED: [(&str, &str); 8] = [
    ("log stream", "log group"),
    ("statemachine", "state machine"),
    ("targetgroup", "target group"),
    ("loadbalancer", "load balancer"),
    ("hostedzone", "hosted zone"),
    ("rule on default event bus", "rule"),
    ("rule on custom event bus", "rule"),
    ("function alias", "function"),
];

/// The part of a resource's name that does not say what sort of thing it is.
fn without_kind(rest: &str) -> &str {
    let is_kind = |kind: &str| {
        !kind.is_empty() && kind.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    match rest.find(['/', ':']).and_then(|at| rest.split_at_checked(at)) {
        Some((kind, name)) if is_kind(kind) => name.get(1..).filter(|name| !name.is_empty()).unwrap_or(rest),
        _ => rest,
    }
}

/// A name such as `DBInstances`, `stateMachine` or `log-group` as words.
pub(super) fn words(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut words = String::new();
    let mut start = 0;
    let mut all = Vec::new();
    for (at, letter) in letters.iter().enumerate() {
        let is_upper = |at: usize| letters.get(at).is_some_and(char::is_ascii_uppercase);
        let is_lower = |at: usize| letters.get(at).is_some_and(char::is_ascii_lowercase);
        let begins = at > start && is_upper(at) && (!is_upper(at - 1) || is_lower(at + 1));
        if begins || matches!(letter, '-' | '_' | ' ') {
            all.push((start, at));
            start = if begins { at } else { at + 1 };
        }
    }
    all.push((start, letters.len()));
    for (from, to) in all {
        let word: String = letters.get(from..to).unwrap_or_default().iter().collect();
        if word.is_empty() {
            continue;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        // An abbreviation stays one.
        let is_short = word.chars().filter(char::is_ascii_uppercase).count() > 1;
        words.push_str(&if is_short { word } else { word.to_ascii_lowercase() });
    }
    words
}

/// Words that have no plural here.
const UNCOUNTED: [&str; 11] = [
    "code",
    "configuration",
    "encryption",
    "metadata",
    "data",
    "information",
    "health",
    "capacity",
    "status",
    "ingress",
    "egress",
];

/// Several of a sort of thing.
pub(super) fn plural(noun: &str) -> String {
    let ends = |ends: &[&str]| ends.iter().any(|end| noun.ends_with(end));
    match noun {
        "" => String::new(),
        _ if ends(&UNCOUNTED) || noun.ends_with("ing") || noun.contains(" and ") => noun.to_owned(),
        _ if ends(&["ay", "ey", "oy"]) => format!("{noun}s"),
        _ if noun.ends_with('y') => format!("{}ies", noun.trim_end_matches('y')),
        _ if ends(&["ss", "x", "ch", "sh"]) => format!("{noun}es"),
        _ if noun.ends_with('s') => noun.to_owned(),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_have_a_sort_and_a_name() {
        let catalog = Catalog::embedded().unwrap();
        let place = |arn: &str| {
            let place = Place::of(catalog, arn);
            format!("{} {}", place.noun, place.name)
        };
        assert_eq!(place("arn:aws:s3:::logs/*/app/*"), "object s3://logs/*/app/*");
        assert_eq!(place("arn:aws:s3:::logs"), "bucket logs");
        assert_eq!(place("arn:aws:dynamodb:eu-west-1:1:table/orders"), "table orders");
        assert_eq!(place("arn:aws:sqs:eu-west-1:1:orders"), "queue orders");
        assert_eq!(place("arn:aws:secretsmanager:eu-west-1:1:secret:a/db-??????"), "secret a/db");
        assert_eq!(place("arn:aws:logs:eu-west-1:1:log-group:/ecs/web:log-stream:*"), "log group /ecs/web");
        assert_eq!(place("arn:aws:states:eu-west-1:1:stateMachine:etl"), "state machine etl");
        assert_eq!(place("arn:aws:iam::1:role/*/app"), place("arn:aws:iam::1:role/app"));
        assert_eq!(place("*"), "resource *");
    }

    #[test]
    fn names_are_taken_apart() {
        let cases =
            [("DBInstances", "DB instances"), ("log-group", "log group"), ("CostAndUsage", "cost and usage")];
        for (name, expected) in cases {
            assert_eq!(words(name), expected);
        }
        let cases = [("table", "tables"), ("policy", "policies"), ("address", "addresses"), ("key", "keys")];
        for (noun, expected) in cases {
            assert_eq!(plural(noun), expected);
        }
    }
}
