//! Our decisions against those of an independent simulator.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use remit_policy::{Context, ContextValue, Decision, ParseError, PolicySet, Request, from_value};
use remit_tests::referee::{Question, Ruling, rule};
use serde_json::{Value, json};

/// Pairs of policies and request that both sides must decide alike.
const PAIRS: usize = 10_000;

const PRINCIPAL: &str = "arn:aws:iam::111122223333:user/ana";

const ACTION_PATTERNS: &[&str] = &[
    "*",
    "s3:*",
    "s3:Get*",
    "S3:getobject",
    "s3:GetObject",
    "s3:*Object",
    "s3:?etObject",
    "s3:PutObject",
    "s3:P*t",
    "sqs:*",
    "sqs:SendMessage",
    "sqs:*Message*",
    "iam:Get*",
    "iam:GetUser",
];

const ACTIONS: &[&str] = &["s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "iam:GetUser"];

const RESOURCE_PATTERNS: &[&str] = &[
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::bucket",
    "arn:aws:s3:::bucket/*",
    "arn:aws:s3:::bucket/a?c",
    "arn:aws:s3:::b*/*c",
    "arn:aws:s3:::Bucket/*",
    "arn:aws:s3:::bucket/${aws:username}/*",
    "arn:aws:s3:::bucket/${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::bucket/${aws:PrincipalTag/team, 'red'}/*",
    "arn:aws:s3:::bucket/${*}",
    "arn:aws:sqs:*:111122223333:queue",
    "arn:aws:sqs:eu-*:*:queue*",
    "arn:aws:sqs:eu-west-1:111122223333:*",
    "arn:aws:iam::111122223333:user/${aws:username}",
    "arn:aws:iam::*:user/*",
    "arn:*:s3:::b*t/a*",
    "arn:aws:sqs:*:111122223333:que*",
];

/// Patterns with less than the six parts of an ARN; see `DISPUTES` for why they stand in `Resource` only.
const SHORT_PATTERNS: &[&str] = &["arn:aws:s3:*", "arn:aws:*", "arn:*"];

const RESOURCES: &[&str] = &[
    "arn:aws:s3:::bucket",
    "arn:aws:s3:::bucket/abc",
    "arn:aws:s3:::bucket/ana/abc",
    "arn:aws:s3:::bucket/red/abc",
    "arn:aws:s3:::other/abc",
    "arn:aws:sqs:eu-west-1:111122223333:queue",
    "arn:aws:sqs:us-east-1:111122223333:queue-2",
    "arn:aws:iam::111122223333:user/ana",
    "arn:aws:iam::111122223333:user/path/bob",
];

/// A condition key with the operators of its type, values that a policy may ask for, and values of a request.
#[derive(Clone, Copy, Debug)]
struct Key {
    name: &'static str,
    operators: &'static [&'static str],
    wanted: &'static [&'static str],
    given: &'static [&'static str],
    has_several: bool,
}

const STRINGS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
];

const NUMBERS: &[&str] = &[
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
];

const DATES: &[&str] = &[
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
];

const KEYS: &[Key] = &[
    Key {
        name: "aws:PrincipalTag/team",
        operators: STRINGS,
        wanted: &[
            "red",
            "RED",
            "r*",
            "blue",
            "?ed",
            "*",
            "${aws:username}",
            "${aws:PrincipalTag/none}",
            "a*${*}",
        ],
        given: &["red", "Red", "blue", "ana", "a-*"],
        has_several: false,
    },
    Key {
        name: "aws:TagKeys",
        operators: STRINGS,
        wanted: &["owner", "cost*", "Owner", "team", "*"],
        given: &["owner", "cost-center", "team"],
        has_several: true,
    },
    Key {
        name: "s3:max-keys",
        operators: NUMBERS,
        wanted: &["10", "9.5", "-1", "100"],
        given: &["10", "9", "100", "-2"],
        has_several: false,
    },
    Key {
        name: "aws:CurrentTime",
        operators: DATES,
        wanted: &["2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-01-01"],
        given: &["2026-01-01T00:00:00Z", "2026-03-01T12:30:00Z", "2025-12-31T23:59:59Z"],
        has_several: false,
    },
    Key {
        name: "aws:SecureTransport",
        operators: &["Bool"],
        wanted: &["true", "false"],
        given: &["true", "false"],
        has_several: false,
    },
    Key {
        name: "aws:SourceIp",
        operators: &["IpAddress", "NotIpAddress"],
        wanted: &["203.0.113.0/24", "203.0.113.7", "10.0.0.0/8", "0.0.0.0/1"],
        given: &["203.0.113.7", "203.0.114.7", "10.1.2.3"],
        has_several: false,
    },
    Key {
        name: "aws:VpcSourceIp",
        operators: &["IpAddress", "NotIpAddress"],
        wanted: &["2001:db8::/32", "2001:DB8:0:0::1/128", "2001:db8:1::/48"],
        given: &["2001:db8::1", "2001:db8:1::1", "fd00::1"],
        has_several: false,
    },
    Key {
        name: "aws:SourceArn",
        operators: &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
        wanted: &[
            "arn:aws:sns:eu-west-1:111122223333:topic",
            "arn:aws:sns:*:111122223333:*",
            "arn:aws:*:*:*:top?c",
            "arn:aws:iam::111122223333:user/${aws:username}",
        ],
        given: &[
            "arn:aws:sns:eu-west-1:111122223333:topic",
            "arn:aws:sns:us-east-1:111122223333:topic:one",
            "arn:aws:iam::111122223333:user/ana",
        ],
        has_several: false,
    },
];

fn statements() -> impl Strategy<Value = Value> {
    let effect = prop::bool::weighted(0.25).prop_map(|deny| if deny { "Deny" } else { "Allow" });
    let actions = (prop::bool::weighted(0.15), prop::collection::vec(select(ACTION_PATTERNS), 1..3));
    let pattern = prop_oneof![12 => select(RESOURCE_PATTERNS), 1 => select(SHORT_PATTERNS)];
    // A variable that may have no value makes us leave a `NotResource` unjudged.
    let excluded = select(RESOURCE_PATTERNS).prop_filter("has a value", |pattern| !pattern.contains("team}"));
    let resources = prop_oneof![
        6 => (Just("Resource"), prop::collection::vec(pattern, 1..4)),
        1 => (Just("NotResource"), prop::collection::vec(excluded, 1..4)),
    ];
    let conditions = prop::collection::vec(conditions(), 0..3);
    (effect, actions, resources, conditions).prop_map(|(effect, actions, resources, conditions)| {
        let (not_action, actions) = actions;
        let (resource, resources) = resources;
        let mut operators = serde_json::Map::new();
        for (operator, key, values) in conditions {
            let keys = operators.entry(operator).or_insert_with(|| json!({}));
            if let Some(keys) = keys.as_object_mut() {
                keys.insert(key.to_owned(), json!(values));
            }
        }
        json!({
            "Effect": effect,
            (if not_action { "NotAction" } else { "Action" }): actions,
            resource: resources,
            "Condition": operators,
        })
    })
}

type Condition = (String, &'static str, Vec<&'static str>);

fn conditions() -> impl Strategy<Value = Condition> {
    select(KEYS).prop_flat_map(|key| {
        let sets: &[&str] = if key.has_several { &["ForAllValues:", "ForAnyValue:"] } else { &[""] };
        let compared = (select(sets), select(key.operators), select(&["", "", "IfExists"][..]))
            .prop_map(|(set, operator, if_exists)| format!("{set}{operator}{if_exists}"));
        let values = prop::collection::vec(select(key.wanted), 1..3);
        let asked = (compared, values)
            .prop_filter("see `DISPUTES`", |(operator, values)| {
                !operator.contains("Not") || values.iter().all(|value| !value.contains("none"))
            })
            .prop_map(move |(operator, values)| (operator, key.name, values));
        let presence = select(&["true", "false"][..])
            .prop_map(move |is_null| ("Null".to_owned(), key.name, vec![is_null]));
        prop_oneof![10 => asked, 1 => presence]
    })
}

fn documents() -> impl Strategy<Value = Value> {
    prop::collection::vec(statements(), 1..5)
        .prop_map(|statements| json!({ "Version": "2012-10-17", "Statement": statements }))
}

fn contexts() -> impl Strategy<Value = BTreeMap<String, Vec<String>>> {
    let values = |key: &'static Key| {
        let most = if key.has_several { 3 } else { 1 };
        let values = prop::collection::vec(select(key.given).prop_map(str::to_owned), 1..=most);
        prop::option::weighted(0.7, values).prop_map(|values| Some((key.name.to_owned(), values?)))
    };
    let keys: Vec<_> = KEYS.iter().map(values).collect();
    let user = ("aws:username".to_owned(), vec!["ana".to_owned()]);
    keys.prop_map(move |keys| keys.into_iter().flatten().chain([user.clone()]).collect())
}

fn questions() -> impl Strategy<Value = Question> {
    let identity = prop::collection::vec(documents(), 1..3);
    let boundary = prop::option::weighted(0.2, documents());
    (identity, boundary, select(ACTIONS), select(RESOURCES), contexts()).prop_map(
        |(identity, boundary, action, resource, context)| Question {
            identity: identity.into_iter().map(Arc::new).collect(),
            boundary: boundary.map(Arc::new),
            resource_policy: None,
            principal: PRINCIPAL.to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            context,
            checked: false,
        },
    )
}

/// Our decision.
pub(crate) fn decide(question: &Question) -> Result<Decision, ParseError> {
    let identity = question.identity.iter().map(|policy| from_value(policy));
    let identity = identity.collect::<Result<Vec<_>, _>>()?;
    let boundary = question.boundary.as_ref().map(|policy| from_value(policy)).transpose()?;
    let set = PolicySet::new(&identity.iter().collect::<Vec<_>>(), boundary.as_ref());
    let mut context = Context::complete();
    for (key, values) in &question.context {
        context.set(key, ContextValue::Known(values.clone()));
    }
    let request = Request { action: &question.action, resource: &question.resource, context: &context };
    Ok(set.evaluate(&request).decision)
}

/// Whether both decisions are the same.
pub(crate) fn is_same(ours: Decision, theirs: &Ruling) -> bool {
    matches!(
        (ours, theirs),
        (Decision::Allowed, Ruling::Allowed)
            | (Decision::DeniedExplicitly, Ruling::DeniedExplicitly)
            | (Decision::DeniedImplicitly, Ruling::DeniedImplicitly)
    )
}

/// A request that the referee decides otherwise than the provider documents.
struct Dispute {
    reason: &'static str,
    version: &'static str,
    statement: &'static str,
    resource: &'static str,
    context: &'static [(&'static str, &'static str)],
    ours: Decision,
    theirs: Ruling,
}

const SOURCE: (&str, &str) = ("aws:SourceIp", "203.0.113.7");

/// Every known one. Generated requests stay clear of these, and of nothing else.
const DISPUTES: &[Dispute] = &[
    Dispute {
        reason: "a block of length zero has every address of its version",
        version: "2012-10-17",
        statement: r#""Action": "s3:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#,
        resource: "arn:aws:s3:::bucket/abc",
        context: &[SOURCE],
        ours: Decision::Allowed,
        theirs: Ruling::DeniedImplicitly,
    },
    Dispute {
        reason: "`NotIpAddress` is true of all addresses but those named, so of those of the other version",
        version: "2012-10-17",
        statement: r#""Action": "s3:*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.7"}}"#,
        resource: "arn:aws:s3:::bucket/abc",
        context: &[("aws:SourceIp", "2001:db8::1")],
        ours: Decision::Allowed,
        theirs: Ruling::DeniedImplicitly,
    },
    Dispute {
        reason: "an address is the same however it is spelled",
        version: "2012-10-17",
        statement: r#""Action": "s3:*", "Resource": "*", "Condition": {"IpAddress": {"aws:VpcSourceIp": "2001:DB8:0::1"}}"#,
        resource: "arn:aws:s3:::bucket/abc",
        context: &[("aws:VpcSourceIp", "2001:db8::1")],
        ours: Decision::Allowed,
        theirs: Ruling::DeniedImplicitly,
    },
    Dispute {
        reason: "negated operators match where a variable has no value (guide, \"Policy variables with no value\")",
        version: "2012-10-17",
        statement: r#""Action": "s3:*", "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "${aws:PrincipalTag/none}"}}"#,
        resource: "arn:aws:s3:::bucket/abc",
        context: &[("aws:PrincipalTag/team", "red")],
        ours: Decision::Allowed,
        theirs: Ruling::DeniedImplicitly,
    },
    Dispute {
        reason: "version 2008-10-17 has no variables: `${..}` is plain text (guide, \"Variables and tags\")",
        version: "2008-10-17",
        statement: r#""Action": "s3:*", "Resource": "arn:aws:s3:::bucket/${aws:username}/*""#,
        resource: "arn:aws:s3:::bucket/ana/abc",
        context: &[],
        ours: Decision::DeniedImplicitly,
        theirs: Ruling::Allowed,
    },
    Dispute {
        reason: "`NotResource` applies to everything that no pattern matches, whatever its form",
        version: "2012-10-17",
        statement: r#""Action": "sqs:*", "NotResource": "arn:aws:s3:*""#,
        resource: "arn:aws:sqs:eu-west-1:111122223333:queue",
        context: &[],
        ours: Decision::Allowed,
        theirs: Ruling::DeniedImplicitly,
    },
    Dispute {
        reason: "`*` at the end of a segment matches beyond the colon (guide, \"Using wildcards in resource ARNs\")",
        version: "2012-10-17",
        statement: r#""Action": "sqs:*", "Resource": "arn:aws:sqs:*:queue""#,
        resource: "arn:aws:sqs:eu-west-1:111122223333:queue",
        context: &[],
        ours: Decision::Allowed,
        theirs: Ruling::DeniedImplicitly,
    },
];

fn disputed(dispute: &Dispute) -> Question {
    let text = format!(
        r#"{{"Version": "{}", "Statement": {{"Effect": "Allow", {}}}}}"#,
        dispute.version, dispute.statement
    );
    let user = [("aws:username", "ana")];
    let context = dispute.context.iter().chain(&user);
    Question {
        identity: vec![Arc::new(serde_json::from_str(&text).unwrap())],
        boundary: None,
        resource_policy: None,
        principal: PRINCIPAL.to_owned(),
        action: if dispute.resource.contains(":sqs:") { "sqs:SendMessage" } else { "s3:GetObject" }
            .to_owned(),
        resource: dispute.resource.to_owned(),
        context: context.map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect(),
        checked: false,
    }
}

/// When the referee is mended, this fails, and the dispute can go.
#[test]
fn disputes_are_still_there() {
    let questions: Vec<_> = DISPUTES.iter().map(disputed).collect();
    for (dispute, question) in DISPUTES.iter().zip(&questions) {
        assert_eq!(decide(question).unwrap(), dispute.ours, "{}", dispute.reason);
    }
    let Some(rulings) = rule(&questions) else { return };
    for (dispute, theirs) in DISPUTES.iter().zip(&rulings) {
        assert_eq!(*theirs, dispute.theirs, "{}", dispute.reason);
    }
}

#[test]
fn ten_thousand_generated_pairs_are_decided_alike() {
    let mut runner = TestRunner::deterministic();
    let strategy = questions();
    let mut asked = Vec::new();
    let mut decisions = Vec::new();
    while asked.len() < PAIRS {
        let question = strategy.new_tree(&mut runner).unwrap().current();
        let ours = decide(&question).unwrap();
        // What is not judged cannot be decided alike.
        if ours != Decision::Undetermined {
            asked.push(question);
            decisions.push(ours);
        }
    }
    for decision in [Decision::Allowed, Decision::DeniedExplicitly, Decision::DeniedImplicitly] {
        let met = decisions.iter().filter(|ours| **ours == decision).count();
        assert!(met >= PAIRS / 20, "{decision:?} is met only {met} times");
    }
    let Some(rulings) = rule(&asked) else { return };
    let disputed: Vec<_> = asked
        .iter()
        .zip(decisions.iter().zip(&rulings))
        .filter(|(_, (ours, theirs))| !is_same(**ours, theirs))
        .collect();
    for (question, (ours, theirs)) in disputed.iter().take(5) {
        println!("{ours:?} here, {theirs:?} there: {question:#?}");
    }
    assert!(disputed.is_empty(), "{} of {PAIRS} are decided differently", disputed.len());
}
