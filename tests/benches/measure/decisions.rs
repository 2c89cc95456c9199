//! Requests to decide, and how fast the policy core decides them on one core.

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use remit_policy::{Context, Decision, Document, PolicySet, Request, from_value};
use serde_json::{Value, json};

use super::dice::Dice;

/// Actions with a resource that they take; `#` stands for a number, and what follows is cut off where a policy
/// has `*`. None of them is a key's, since whether those are allowed is up to the key's own policy.
const ACTIONS: &[(&str, &str)] = &[
    ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/table-#"),
    ("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/table-#"),
    ("dynamodb:Query", "arn:aws:dynamodb:eu-west-1:111122223333:table/table-#"),
    ("ecr:BatchGetImage", "arn:aws:ecr:eu-west-1:111122223333:repository/repository-#"),
    ("ecr:PutImage", "arn:aws:ecr:eu-west-1:111122223333:repository/repository-#"),
    ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:function-#"),
    ("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:111122223333:function:function-#"),
    ("s3:DeleteObject", "arn:aws:s3:::bucket-#/key"),
    ("s3:GetObject", "arn:aws:s3:::bucket-#/key"),
    ("s3:ListBucket", "arn:aws:s3:::bucket-#"),
    ("s3:PutObject", "arn:aws:s3:::bucket-#/key"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:secret-#"),
    ("sns:Publish", "arn:aws:sns:eu-west-1:111122223333:topic-#"),
    ("sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:111122223333:queue-#"),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:queue-#"),
];

/// The principal that asks; every policy is its own.
const PRINCIPAL: &str = "arn:aws:iam::111122223333:role/service";

/// Writes policies and requests, for both contestants to read.
pub(crate) fn write(path: &Path, policies: usize, requests: usize) -> anyhow::Result<String> {
    let mut dice = Dice::new(7);
    let documents: Vec<Value> = (0..policies).map(|_| document(&mut dice)).collect();
    let asked: Vec<Value> = (0..requests)
        .filter_map(|_| {
            let policy = dice.below(policies);
            let (action, resource) = dice.pick(ACTIONS)?;
            Some(json!([policy, action, resource.replace('#', &dice.below(20).to_string())]))
        })
        .collect();
    let work = json!({ "principal": PRINCIPAL, "policies": documents, "requests": asked });
    std::fs::write(path, serde_json::to_vec(&work)?)?;
    Ok(format!("{policies} policies, {requests} requests"))
}

/// A policy of 2 to 12 statements as people write them: some wildcards, a condition, now and then a denial.
fn document(dice: &mut Dice) -> Value {
    let statements: Vec<Value> = (0..2 + dice.below(11)).map(|number| statement(dice, number)).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn statement(dice: &mut Dice, number: usize) -> Value {
    let mut actions = Vec::new();
    let mut resources = Vec::new();
    for _ in 0..1 + dice.below(5) {
        let Some((action, resource)) = dice.pick(ACTIONS) else { continue };
        let service = action.split(':').next().unwrap_or_default();
        actions.push(match dice.below(8) {
            0 => format!("{service}:*"),
            1 => format!("{}*", action.get(..service.len() + 4).unwrap_or(action)),
            _ => (*action).to_owned(),
        });
        resources.push(match dice.below(4) {
            0 => resource.split('#').next().unwrap_or_default().to_owned() + "*",
            _ => resource.replace('#', &dice.below(20).to_string()),
        });
    }
    let effect = if dice.below(10) == 0 { "Deny" } else { "Allow" };
    let mut statement =
        json!({ "Sid": format!("S{number}"), "Effect": effect, "Action": actions, "Resource": resources });
    if dice.below(6) == 0
        && let Some(statement) = statement.as_object_mut()
    {
        statement.insert(
            "Condition".into(),
            json!({ "StringEquals": { "aws:RequestedRegion": ["eu-west-1", "us-east-1"] } }),
        );
    }
    statement
}

/// Reads, compiles and decides, so many times over; answers how many were allowed each time, of how many,
/// and the nanoseconds of one time.
pub(crate) fn decide(path: &Path, times: u32) -> anyhow::Result<String> {
    let work: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let list = |name: &str| work.get(name).and_then(Value::as_array).with_context(|| format!("no {name}"));
    let text = |value: &Value, place: usize| {
        value.get(place).and_then(Value::as_str).map(str::to_owned).context("no text")
    };
    let mut requests: Vec<(usize, String, String)> = Vec::new();
    for request in list("requests")? {
        let policy = request.get(0).and_then(Value::as_u64).context("no policy")?;
        requests.push((usize::try_from(policy)?, text(request, 1)?, text(request, 2)?));
    }
    let policies = list("policies")?;
    let context =
        Context::complete().with("aws:RequestedRegion", "eu-west-1").with("aws:PrincipalArn", PRINCIPAL);
    let mut allowed = 0_usize;
    let start = Instant::now();
    for _ in 0..times {
        allowed = 0;
        let documents: Vec<Document> = policies.iter().map(from_value).collect::<Result<_, _>>()?;
        let sets: Vec<PolicySet> =
            documents.iter().map(|document| PolicySet::new(&[document], None)).collect();
        for (policy, action, resource) in &requests {
            let set = sets.get(*policy).context("no such policy")?;
            let evaluation = set.evaluate(&Request { action, resource, context: &context });
            allowed += usize::from(evaluation.decision == Decision::Allowed);
        }
    }
    let time = start.elapsed() / times;
    Ok(format!("{allowed} {} {}", requests.len(), time.as_nanos()))
}
