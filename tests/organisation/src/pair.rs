//! Random policies with requests that come near to what they say, for evaluators to agree or disagree on.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::mint::Mint;
use crate::pattern::{Arguments, Scene};
use crate::scope;
use crate::template::Templates;

/// A policy document and requests to judge by it.
#[derive(Clone, Debug)]
pub struct Pair {
    /// An identity policy. Its actions exist, and every element of the grammar turns up sooner or later.
    pub document: Value,
    /// Requests, of which some are allowed, some are not, and some are denied.
    pub requests: Vec<Request>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The action, such as `s3:GetObject`.
    pub action: String,
    /// The resource's ARN, or `*` for an action without resources.
    pub resource: String,
    /// Values of condition keys; a key with several values is a list to a policy.
    pub context: BTreeMap<String, Vec<String>>,
}

const ACCOUNT: &str = "111122223333";
const REGIONS: &[&str] = &["eu-west-1", "us-east-1", "ap-southeast-2"];
const TEAMS: &[&str] = &["platform", "payments", "data"];

impl Pair {
    /// A pair for the seed: up to six statements and sixteen requests.
    ///
    /// # Errors
    /// A template that cannot be read.
    pub fn random(seed: u64) -> Result<Self, Error> {
        let mut mint = Mint::new(seed, "pair");
        let templates: Vec<_> = Templates::embedded()?.iter().map(|(_, template)| template).collect();
        let mut universe = Vec::new();
        while universe.len() < 6 {
            let Some(template) = mint.pick(&templates) else { break };
            let region = mint.pick(REGIONS).copied().unwrap_or_default();
            let scene = Scene { account: ACCOUNT, region, now: 1_793_000_000 };
            for need in &template.needs {
                let mut resource = String::new();
                need.resource.fill(&mut resource, &scene, &mut Arguments::default(), &mut mint);
                // A request names one resource, so what a need leaves open is filled in.
                let resource = if resource == "*" { resource } else { resource.replace('*', "any") };
                universe.push((need.action.clone(), resource, region));
            }
        }
        let statements: Vec<_> =
            (0..=mint.below(6)).map(|number| statement(number, &universe, &mut mint)).collect();
        let document = match statements.as_slice() {
            [one] if mint.chance(0.3) => json!({"Version": "2012-10-17", "Statement": one}),
            _ => json!({"Version": "2012-10-17", "Statement": statements}),
        };
        let requests = (0..16).filter_map(|_| request(&universe, &mut mint)).collect();
        Ok(Self { document, requests })
    }
}

type Known<'a> = (String, String, &'a str);

fn request(universe: &[Known<'_>], mint: &mut Mint) -> Option<Request> {
    let (action, resource, region) = mint.pick(universe)?.clone();
    let mut context = BTreeMap::new();
    let mut set = |key: &str, values: &[&str]| {
        context.insert(key.to_owned(), values.iter().map(|value| (*value).to_owned()).collect());
    };
    set("aws:RequestedRegion", &[region]);
    set("aws:SecureTransport", &[if mint.chance(0.9) { "true" } else { "false" }]);
    set("aws:SourceIp", &[if mint.chance(0.5) { "203.0.113.9" } else { "198.51.100.9" }]);
    if let (Some(team), true) = (mint.pick(TEAMS), mint.chance(0.7)) {
        set("aws:PrincipalTag/team", &[team]);
    }
    if mint.chance(0.3) {
        set("aws:MultiFactorAuthAge", &[if mint.chance(0.5) { "60" } else { "7200" }]);
    }
    if mint.chance(0.4) {
        set("aws:TagKeys", if mint.chance(0.5) { &["team"] } else { &["team", "cost"] });
    }
    Some(Request { action, resource, context })
}

fn statement(number: u64, universe: &[Known<'_>], mint: &mut Mint) -> Value {
    let mut statement = Map::new();
    if mint.chance(0.5) {
        statement.insert("Sid".into(), format!("Statement{number}").into());
    }
    statement.insert("Effect".into(), if mint.chance(0.75) { "Allow" } else { "Deny" }.into());
    let actions = patterns(universe, mint, |(action, _, _), mint| scope::action(action, mint));
    statement.insert(if mint.chance(0.88) { "Action" } else { "NotAction" }.into(), actions);
    let resources = patterns(universe, mint, |(_, resource, _), mint| scope::resource(resource, mint));
    statement.insert(if mint.chance(0.9) { "Resource" } else { "NotResource" }.into(), resources);
    if mint.chance(0.35) {
        let mut conditions = Map::new();
        for _ in 0..=mint.below(2) {
            let (operator, key, values) = condition(mint);
            let block = conditions.entry(operator).or_insert_with(|| json!({}));
            if let Some(keys) = block.as_object_mut() {
                keys.insert(key.to_owned(), values);
            }
        }
        statement.insert("Condition".into(), Value::Object(conditions));
    }
    Value::Object(statement)
}

/// One to three patterns; a single one is written bare now and then.
fn patterns(
    universe: &[Known<'_>],
    mint: &mut Mint,
    mut pattern: impl FnMut(&Known<'_>, &mut Mint) -> String,
) -> Value {
    let mut patterns = Vec::new();
    for _ in 0..=mint.below(3) {
        if let Some(known) = mint.pick(universe) {
            patterns.push(Value::from(pattern(known, mint)));
        }
    }
    match patterns.as_slice() {
        [one] if mint.chance(0.6) => one.clone(),
        _ => Value::Array(patterns),
    }
}

fn condition(mint: &mut Mint) -> (&'static str, &'static str, Value) {
    let region = mint.pick(REGIONS).copied().unwrap_or_default();
    let team = mint.pick(TEAMS).copied().unwrap_or_default();
    match mint.below(12) {
        0 => ("StringEquals", "aws:RequestedRegion", json!([region, "eu-west-1"])),
        1 => ("StringNotEquals", "aws:RequestedRegion", json!(region)),
        2 => ("StringLike", "aws:PrincipalTag/team", json!("p*")),
        3 => ("StringEqualsIfExists", "aws:PrincipalTag/team", json!(team)),
        4 => ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", json!(team.to_uppercase())),
        5 => ("Bool", "aws:SecureTransport", json!("true")),
        6 => ("IpAddress", "aws:SourceIp", json!(["203.0.113.0/24", "192.0.2.0/24"])),
        7 => ("NotIpAddress", "aws:SourceIp", json!("198.51.100.0/24")),
        8 => ("NumericLessThan", "aws:MultiFactorAuthAge", json!("900")),
        9 => ("Null", "aws:MultiFactorAuthAge", json!("false")),
        10 => ("ForAnyValue:StringEquals", "aws:TagKeys", json!(["cost", "owner"])),
        _ => ("ForAllValues:StringEquals", "aws:TagKeys", json!(["team", "owner"])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_equal_for_equal_seeds_and_never_empty() {
        for seed in 0..200 {
            let pair = Pair::random(seed).unwrap();
            assert_eq!(pair.document, Pair::random(seed).unwrap().document);
            assert_eq!(pair.requests.len(), 16);
            assert!(pair.requests.iter().all(|request| !request.resource.is_empty()));
        }
    }

    #[test]
    fn every_element_of_the_grammar_turns_up() {
        let text: String = (0..300).map(|seed| Pair::random(seed).unwrap().document.to_string()).collect();
        for element in ["NotAction", "NotResource", "Deny", "Sid", "ForAllValues", "Null", "IfExists", "?"] {
            assert!(text.contains(element), "{element}");
        }
    }
}
