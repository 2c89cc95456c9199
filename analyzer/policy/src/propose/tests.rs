use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use remit_catalog::Catalog;
use serde_json::{Value, json};

use super::*;
use crate::coverage::{DataCoverage, Window};
use crate::grant::{Attachment, Origin, Policy, PolicyKind, PrincipalKind};
use crate::usage::{ActionUse, Count, Seen};
use crate::verdict::{GivenUp, judge};
use crate::{Context, Decision, PolicySet, Request, from_value, prove};

mod crowd;
mod doubt;
mod groups;
mod obligations;
mod unlisted;
mod world;

const ROLE: &str = "arn:aws:iam::111122223333:role/app";
const DAY: i64 = 86_400_000_000;

fn everything_visible() -> Coverage {
    let data = |resource_type: &str| DataCoverage {
        resource_type: resource_type.to_owned(),
        prefixes: Vec::new(),
        reads: true,
        writes: true,
    };
    Coverage {
        window: Window { start: 0, end: 90 * DAY },
        since: 0,
        minimum: 30 * DAY,
        management_reads: true,
        management_writes: true,
        data: vec![data("AWS::S3::Object"), data("AWS::SQS::Queue"), data("AWS::DynamoDB::Table")],
        regions: None,
        excluded_services: BTreeSet::new(),
        lost: 0,
        unreadable: 0,
    }
}

fn seen(count: u64) -> Seen {
    Seen {
        count: count.into(),
        first: DAY,
        last: 2 * DAY,
        sample: Some("event".to_owned()),
        days: crate::Days::default(),
    }
}

/// Use of an action on these resources; on unknown ones for none.
fn used(resources: Option<&[&str]>) -> ActionUse {
    ActionUse {
        seen: Some(seen(3)),
        resources: resources.unwrap_or_default().iter().map(|name| ((*name).to_owned(), seen(1))).collect(),
        resource_unknown: resources.is_none(),
        any_resource: false,
        operations: BTreeSet::from(["test:Operation".to_owned()]),
        possible: BTreeSet::new(),
        undecided: BTreeSet::new(),
        via: BTreeSet::new(),
        denied: Count::default(),
    }
}

fn policy(name: &str, kind: PolicyKind, holders: u64, document: &Value) -> Policy {
    Policy {
        name: name.to_owned(),
        arn: (kind != PolicyKind::Inline).then(|| format!("arn:aws:iam::111122223333:policy/{name}")),
        kind,
        origin: Origin { file: "test".to_owned(), line: 1 },
        document: from_value(document).unwrap(),
        holders: vec![ROLE.to_owned()],
        attachment_count: holders,
        is_boundary: false,
        versions: None,
        since: None,
    }
}

fn role(policies: Vec<Policy>) -> Account {
    let attachments =
        (0..policies.len()).map(|policy| Attachment { policy, group: None, since: None }).collect();
    let principal = Principal {
        arn: ROLE.to_owned(),
        kind: PrincipalKind::Role,
        name: "app".to_owned(),
        created: None,
        attachments,
        boundary: None,
        fixed: None,
        tags: BTreeMap::new(),
    };
    Account { policies, principals: vec![principal], ..Account::default() }
}

fn usage(uses: &[(&str, Option<&[&str]>)]) -> Usage {
    let catalog = Catalog::embedded().unwrap();
    let mut usage = Usage::default();
    for (action, resources) in uses {
        let id = catalog.find(action).unwrap_or_else(|| panic!("{action} is not in the catalog"));
        usage.actions.insert(id, used(*resources));
        usage.calls += 3.into();
    }
    usage
}

fn proven(account: &Account, usage: &Usage, coverage: &Coverage) -> Result<Proposal, String> {
    proven_without(account, usage, coverage, &[])
}

/// With some services given up.
fn proven_without(
    account: &Account,
    usage: &Usage,
    coverage: &Coverage,
    services: &[&str],
) -> Result<Proposal, String> {
    proven_among(account, usage, coverage, services, Inventory::none())
}

/// Where these resources are known.
fn proven_among(
    account: &Account,
    usage: &Usage,
    coverage: &Coverage,
    services: &[&str],
    inventory: &Inventory,
) -> Result<Proposal, String> {
    let mut expander = Expander::new(Catalog::embedded().unwrap());
    let principal = &account.principals[0];
    let given_up = GivenUp { services: services.iter().map(ToString::to_string).collect() };
    let judgement = judge(&mut expander, account, principal, usage, coverage, &given_up);
    let options = ProposeOptions { generalise: Generalise::Templates, today: 90, inventory };
    let proposal = propose(&mut expander, account, principal, usage, coverage, &judgement, options)
        .map_err(|why| why.to_string())?;
    let boundary = principal.boundary.map(|at| &account.policies[at].document);
    match prove(&mut expander, proposal.clone(), &proposal, boundary) {
        Ok(proven) => Ok(proven.proposal().clone()),
        Err(violations) => panic!("{violations:#?}\n{:#?}", proposal.changes),
    }
}

fn statement(effect: &str, action: &Value, resource: &Value) -> Value {
    json!({"Effect": effect, "Action": action, "Resource": resource})
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn after(proposal: &Proposal) -> Vec<(String, Value)> {
    let news = proposal.changes.iter().flat_map(|change| &change.after);
    news.map(|new| (new.name.clone(), serde_json::from_str(&new.document.emit()).unwrap())).collect()
}

#[test]
fn what_is_unused_goes_and_what_is_used_is_narrowed() {
    let wide = document(&[statement("Allow", &json!("s3:*"), &json!("*"))]);
    let account = role(vec![policy("wide", PolicyKind::CustomerManaged, 1, &wide)]);
    let usage = usage(&[("s3:GetObject", Some(&["arn:aws:s3:::logs/app/1"]))]);
    let proposal = proven(&account, &usage, &everything_visible()).unwrap();
    assert_eq!(proposal.changes[0].edit, Edit::NewVersion);
    let (_, document) = &after(&proposal)[0];
    let narrowed =
        document["Statement"].as_array().unwrap().iter().find(|one| one["Action"] == "s3:GetObject");
    assert_eq!(narrowed.unwrap()["Resource"], "arn:aws:s3:::logs/app/1");
    assert!(proposal.removed.iter().any(|removed| removed.name == "s3:DeleteBucket"));
    assert!(!document.to_string().contains("DeleteBucket\""));
}

#[test]
fn an_unknown_resource_keeps_the_old_scope() {
    let wide = document(&[statement(
        "Allow",
        &json!(["sqs:SendMessage", "sqs:DeleteQueue"]),
        &json!("arn:aws:sqs:*:*:a*"),
    )]);
    let account = role(vec![policy("queue", PolicyKind::Inline, 1, &wide)]);
    let usage = usage(&[("sqs:SendMessage", None)]);
    let proposal = proven(&account, &usage, &everything_visible()).unwrap();
    let (_, document) = &after(&proposal)[0];
    assert_eq!(document["Statement"][0]["Action"], json!(["sqs:SendMessage"]));
    assert_eq!(document["Statement"][0]["Resource"], "arn:aws:sqs:*:*:a*");
}

#[test]
fn a_shared_or_provided_policy_is_replaced_not_edited() {
    let wide = document(&[statement("Allow", &json!("sqs:*"), &json!("*"))]);
    let usage = usage(&[("sqs:SendMessage", None)]);
    for (kind, holders) in [(PolicyKind::CustomerManaged, 3), (PolicyKind::ProviderManaged, 1)] {
        let account = role(vec![policy("wide", kind, holders, &wide)]);
        let proposal = proven(&account, &usage, &everything_visible()).unwrap();
        assert_eq!(proposal.changes[0].edit, Edit::Replace);
        assert_eq!(proposal.changes[0].after[0].name, "app-wide");
    }
}

#[test]
fn nothing_is_removed_where_nothing_is_visible() {
    let wide = document(&[statement("Allow", &json!(["s3:*", "sqs:SendMessage"]), &json!("*"))]);
    let account = role(vec![policy("wide", PolicyKind::CustomerManaged, 1, &wide)]);
    let mut coverage = everything_visible();
    coverage.window.end = DAY;
    let proposal = proven(&account, &Usage::default(), &coverage).unwrap();
    assert!(!proposal.changes_anything(), "{:#?}", proposal.changes);
}

#[test]
fn of_two_policies_that_grant_the_same_the_broader_gives_way() {
    let narrow = document(&[statement("Allow", &json!("sqs:SendMessage"), &json!("*"))]);
    let wide = document(&[statement("Allow", &json!("sqs:*"), &json!("*"))]);
    let account = role(vec![
        policy("narrow", PolicyKind::CustomerManaged, 1, &narrow),
        policy("wide", PolicyKind::CustomerManaged, 1, &wide),
    ]);
    let usage = usage(&[("sqs:SendMessage", None)]);
    let proposal = proven(&account, &usage, &everything_visible()).unwrap();
    assert_eq!(proposal.changes[0].edit, Edit::Keep);
    let (_, rest) = &after(&proposal)[0];
    assert_eq!(rest["Statement"][0]["Action"], "sqs:SendMessage");
    let names: Vec<_> = after(&proposal).into_iter().map(|(name, _)| name).collect();
    assert!(
        !names.contains(&"wide".to_owned()) || !after(&proposal)[1].1.to_string().contains("SendMessage\"")
    );
}

fn actions() -> impl Strategy<Value = Vec<&'static str>> {
    let pool = vec![
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
        "s3:*",
        "s3:Get*",
        "sqs:SendMessage",
        "sqs:*",
        "*",
        "sqs:Receive*",
        "dynamodb:GetItem",
        "dynamodb:*Item",
        "s3:DeleteObject",
        "S3:getobject",
    ];
    proptest::sample::subsequence(pool, 1..4)
}

fn resources() -> impl Strategy<Value = Vec<&'static str>> {
    let pool = vec![
        "*",
        "arn:aws:s3:::a/*",
        "arn:aws:s3:::a",
        "arn:aws:s3:::b/*",
        "arn:aws:s3:::a/x/*",
        "arn:aws:s3:::a/?",
        "arn:aws:sqs:*:111122223333:q",
        "arn:aws:s3:::a/${aws:username}/*",
    ];
    proptest::sample::subsequence(pool, 1..3)
}

fn condition() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}))),
        1 => Just(Some(json!({"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-north-1"]}}))),
        1 => Just(Some(json!({"Bool": {"aws:SecureTransport": "true"}}))),
    ]
}

fn statements() -> impl Strategy<Value = Value> {
    let effect = prop_oneof![5 => Just("Allow"), 1 => Just("Deny")];
    (effect, actions(), resources(), condition(), 0..8u8).prop_map(
        |(effect, actions, resources, condition, form)| {
            let mut statement = json!({"Effect": effect});
            let (action, resource) = match form {
                0 => ("NotAction", "Resource"),
                1 => ("Action", "NotResource"),
                _ => ("Action", "Resource"),
            };
            statement[action] = json!(actions);
            statement[resource] = json!(resources);
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        },
    )
}

fn policies() -> impl Strategy<Value = Vec<Value>> {
    let one = proptest::collection::vec(statements(), 1..4);
    let one = one.prop_map(|mut statements| {
        for (at, statement) in statements.iter_mut().enumerate() {
            if at % 2 == 0 {
                statement["Sid"] = json!(format!("S{at}"));
            }
        }
        document(&statements)
    });
    proptest::collection::vec(one, 1..4)
}

const CALLS: [(&str, &[&str]); 8] = [
    ("s3:GetObject", &["arn:aws:s3:::a/x/1", "arn:aws:s3:::b/1"]),
    ("s3:PutObject", &["arn:aws:s3:::a/1"]),
    ("s3:ListBucket", &["arn:aws:s3:::a"]),
    ("s3:DeleteObject", &["arn:aws:s3:::b/y"]),
    ("sqs:SendMessage", &["arn:aws:sqs:eu-west-1:111122223333:q"]),
    ("sqs:ReceiveMessage", &["arn:aws:sqs:eu-west-1:111122223333:r"]),
    ("dynamodb:GetItem", &["arn:aws:dynamodb:eu-west-1:111122223333:table/t"]),
    ("s3:GetObjectTagging", &["arn:aws:s3:::a/*"]),
];

fn uses() -> impl Strategy<Value = Vec<(&'static str, Option<&'static [&'static str]>)>> {
    let known = proptest::collection::vec(any::<bool>(), CALLS.len());
    (proptest::sample::subsequence(CALLS.to_vec(), 0..CALLS.len()), known).prop_map(|(calls, known)| {
        calls
            .into_iter()
            .zip(known)
            .map(|((action, resources), known)| (action, known.then_some(resources)))
            .collect()
    })
}

fn contexts() -> Vec<Context> {
    let mut contexts = Vec::new();
    for region in ["eu-west-1", "eu-north-1", "us-east-1"] {
        for secure in ["true", "false"] {
            let context = Context::complete()
                .with("aws:RequestedRegion", region)
                .with("aws:SecureTransport", secure)
                .with("aws:username", "x");
            contexts.push(context);
        }
    }
    contexts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn proposals_keep_what_is_used_and_allow_nothing_new(policies in policies(), uses in uses(), visible in any::<bool>()) {
        let kinds = [PolicyKind::Inline, PolicyKind::CustomerManaged, PolicyKind::ProviderManaged];
        let policies: Vec<_> = policies
            .iter()
            .enumerate()
            .map(|(at, document)| policy(&format!("p{at}"), kinds[at % kinds.len()], 1, document))
            .collect();
        let account = role(policies);
        let mut coverage = everything_visible();
        if !visible {
            coverage.data.clear();
        }
        let usage = usage(&uses);
        let proposal = match proven(&account, &usage, &coverage) {
            Ok(proposal) => proposal,
            Err(why) => {
                prop_assert!(why.starts_with("does not fit"), "{why}");
                return Ok(());
            }
        };
        let old_documents: Vec<_> = account.policies.iter().map(|policy| &policy.document).collect();
        let new_documents: Vec<_> =
            proposal.changes.iter().flat_map(|change| &change.after).map(|new| &new.document).collect();
        let old = PolicySet::new(&old_documents, None);
        let new = PolicySet::new(&new_documents, None);
        let requests = CALLS.iter().flat_map(|(action, resources)| {
            resources.iter().map(move |resource| (*action, *resource))
        });
        let others = [("s3:DeleteBucket", "arn:aws:s3:::a"), ("iam:CreateUser", "*"), ("s3:GetObject", "arn:aws:s3:::a/zz")];
        for context in contexts() {
            for (action, resource) in requests.clone().chain(others) {
                let request = Request { action, resource, context: &context };
                let before = old.evaluate(&request).decision;
                let after = new.evaluate(&request).decision;
                let is_used = uses.iter().any(|(used, resources)| {
                    *used == action && resources.is_none_or(|resources| resources.contains(&resource))
                });
                if is_used && before == Decision::Allowed {
                    prop_assert_eq!(after, Decision::Allowed, "{} on {} was lost", action, resource);
                }
                if after == Decision::Allowed {
                    prop_assert_eq!(before, Decision::Allowed, "{} on {} is new", action, resource);
                }
            }
        }
        let _: BTreeMap<String, Value> = after(&proposal).into_iter().collect();
    }
}
