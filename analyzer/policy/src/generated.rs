//! Strategies for documents and requests. Their alphabets are small, so that patterns do match, statements do
//! overlap and conditions do hold.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::{Condition, Context, ContextValue, Document, Effect, Matcher, Statement};

const ACTION_PATTERNS: &[&str] = &[
    "*", "*:*", "s3:*", "s3:Get*", "s3:GetA", "s3:getb", "S3:G?tA", "s3:*A", "s3:*t*", "s3:PutA", "ec2:*",
    "ec2:Get*", "ec2:GetA", "*:GetA", "*:Get*", "?c2:*", "e*:*B", "s3", "s3:",
];
const ACTIONS: &[&str] =
    &["s3:GetA", "s3:GetB", "S3:getA", "s3:PutA", "s3:PutB", "ec2:GetA", "ec2:PutB", "iam:GetA"];
const RESOURCE_PATTERNS: &[&str] = &[
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a/b*",
    "arn:aws:s3:::a*",
    "arn:aws:s3:::?/b",
    "arn:aws:s3:::*/b",
    "arn:aws:s3:::A",
    "arn:aws:*",
    "*:a",
    "*b",
    "arn:aws:s3:::?",
    "",
];
const VARIABLE_PATTERNS: &[&str] = &[
    "arn:aws:s3:::${aws:username}",
    "arn:aws:s3:::a/${aws:username}",
    "arn:aws:s3:::${aws:username}/*",
    "arn:aws:s3:::${AWS:UserName, 'b'}",
    "arn:aws:s3:::${aws:TagKeys}/b",
    "arn:aws:s3:::a${*}",
    "${aws:username}*",
];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::b",
    "arn:aws:s3:::A",
    "arn:aws:s3:::a/b",
    "arn:aws:s3:::a/a",
    "arn:aws:s3:::b/b",
    "arn:aws:s3:::a*",
    "arn:aws:s3:::a/b/b",
    "a",
];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "stringequalsignorecase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
    "StringResembles",
];
const KEYS: &[&str] = &["aws:username", "aws:TagKeys", "AWS:UserName", "s3:x"];
/// Of each kind of value a few that are near to each other, in the spellings a policy may have.
const TEXTS: &[&str] = &["a", "b", "A", "ab", "a*", "*", "?b", "", "${aws:username}", "${s3:x, 'a'}", "${*}"];
const NUMBERS: &[&str] = &["1", "2", "-1", "1.0", "1.5", "01", "one"];
const DATES: &[&str] = &["2020-01-01T00:00:00Z", "2020-01-01", "2020-01-01T00:00:01Z", "1577836800", "soon"];
const BOOLS: &[&str] = &["true", "false", "True", "yes"];
const ADDRESSES: &[&str] =
    &["10.0.0.1", "10.0.0.0/31", "10.0.0.2/32", "0.0.0.0/0", "::1", "::/127", "10.0.0.0/33"];
const ARNS: &[&str] = &[
    "arn:aws:iam::1:user/a",
    "arn:aws:iam::1:user/b:c",
    "arn:aws:iam::*:user/*",
    "arn:*:user/a",
    "arn:aws:iam::1:user/${aws:username}",
    "arn:aws:*:*:*:*a",
    "arn:aws:iam::?:*",
];

/// What a generated document may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    pub(crate) conditions: bool,
    pub(crate) variables: bool,
    pub(crate) denies: bool,
}

impl Features {
    pub(crate) const ALL: Self = Self { conditions: true, variables: true, denies: true };
    pub(crate) const PLAIN: Self = Self { conditions: false, variables: false, denies: true };
}

pub(crate) fn documents(features: Features) -> impl Strategy<Value = Document> {
    let version = match features.variables {
        true => {
            prop_oneof![4 => Just(Some("2012-10-17")), 1 => Just(Some("2008-10-17")), 1 => Just(None)].boxed()
        }
        false => Just(Some("2012-10-17")).boxed(),
    };
    let statements = prop::collection::vec(statements(features), 1..5);
    (version, statements).prop_map(|(version, statements)| Document {
        version: version.map(str::to_owned),
        id: None,
        statements,
        single_statement: false,
    })
}

fn statements(features: Features) -> impl Strategy<Value = Statement> {
    let deny = if features.denies { 0.25 } else { 0.0 };
    let effect = prop::bool::weighted(deny).prop_map(|deny| if deny { Effect::Deny } else { Effect::Allow });
    let resource = match features.variables {
        true => prop_oneof![3 => select(RESOURCE_PATTERNS), 1 => select(VARIABLE_PATTERNS)].boxed(),
        false => select(RESOURCE_PATTERNS).boxed(),
    };
    let most = if features.conditions { 3 } else { 1 };
    let conditions = prop::collection::vec(conditions(features.variables), 0..most);
    (effect, matchers(select(ACTION_PATTERNS), 4), matchers(resource, 4), conditions).prop_map(
        |(effect, actions, resources, conditions)| Statement {
            sid: None,
            effect,
            actions,
            resources: Some(resources),
            principal: None,
            conditions: distinct(conditions),
            line: 0,
        },
    )
}

/// A document cannot have the same operator and key twice.
fn distinct(conditions: Vec<Condition>) -> Vec<Condition> {
    let named = |condition: Condition| ((condition.operator.clone(), condition.key.clone()), condition);
    conditions.into_iter().map(named).collect::<BTreeMap<_, _>>().into_values().collect()
}

fn matchers(pattern: impl Strategy<Value = &'static str>, most: usize) -> impl Strategy<Value = Matcher> {
    (prop::bool::weighted(0.2), prop::collection::vec(pattern, 1..most), any::<bool>()).prop_map(
        |(negated, patterns, bare)| Matcher {
            negated,
            bare: bare && patterns.len() == 1,
            patterns: patterns.into_iter().map(str::to_owned).collect(),
        },
    )
}

pub(crate) fn conditions(variables: bool) -> impl Strategy<Value = Condition> {
    let set = select(&["", "", "ForAllValues:", "forAnyValue:"][..]);
    let if_exists = select(&["", "", "IfExists"][..]);
    let operator = (set, select(OPERATORS), if_exists);
    operator
        .prop_flat_map(move |(set, name, if_exists)| {
            let values =
                values(name).prop_filter("variables", move |value| variables || !value.contains("${a"));
            let values = prop::collection::vec(values, 0..4);
            let operator = format!("{set}{name}{if_exists}");
            (Just(operator), select(KEYS), values, any::<bool>())
        })
        .prop_map(|(operator, key, values, bare)| Condition {
            operator,
            key: key.to_owned(),
            bare: bare && values.len() == 1,
            values: values.into_iter().map(written).collect(),
        })
}

/// Numbers and booleans may be written without quotes.
fn written(value: &str) -> Value {
    match value {
        "1.5" => json!(1.5),
        "-1" => json!(-1),
        "true" => json!(true),
        text => json!(text),
    }
}

fn values(operator: &str) -> impl Strategy<Value = &'static str> + use<> {
    let family = match operator {
        name if name.starts_with("Numeric") => NUMBERS,
        name if name.starts_with("Date") => DATES,
        name if name.starts_with("Arn") => ARNS,
        "Bool" | "Null" => BOOLS,
        "IpAddress" | "NotIpAddress" => ADDRESSES,
        _ => TEXTS,
    };
    // A value that the operator does not understand makes the condition one that cannot be judged; mostly not.
    let understood: Vec<_> = family.split_last().map_or(&[][..], |(_, most)| most).to_vec();
    prop_oneof![12 => select(understood), 1 => select(family)]
}

/// An action, a resource and a context that is fully known.
pub(crate) type Ask = (&'static str, &'static str, BTreeMap<String, Vec<String>>);

pub(crate) fn asks() -> impl Strategy<Value = Ask> {
    let literal = |text: &&str| !text.contains("${") && !text.contains('/');
    let all = [TEXTS, NUMBERS, DATES, BOOLS, ADDRESSES, ARNS].concat();
    let all: Vec<_> = all.into_iter().filter(|text| literal(text) || text.starts_with("arn")).collect();
    let value = prop_oneof![2 => select(&["a", "b"][..]), 3 => select(all)].prop_map(str::to_owned);
    let one = prop::collection::vec(value.clone(), 1);
    let values = prop_oneof![4 => one, 1 => prop::collection::vec(value, 0..3)];
    let keys = select(&["aws:username", "aws:tagkeys", "s3:x"][..]).prop_map(str::to_owned);
    (select(ACTIONS), select(RESOURCES), prop::collection::btree_map(keys, values, 0..4))
}

/// The same context for the fast evaluator.
pub(crate) fn complete(known: &BTreeMap<String, Vec<String>>) -> Context {
    let mut context = Context::complete();
    for (key, values) in known {
        context.set(key, ContextValue::Known(values.clone()));
    }
    context
}
