//! Policies that nobody on this project wrote: the provider's own, and those of a real account.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use remit_policy::{Decision, Document, PolicySet, contain, from_value, parse};
use remit_tests::data;
use remit_tests::referee::{Question, rule};
use serde_json::Value;

use crate::referee::{decide, is_same};

/// The provider's managed policies: name and document.
pub(crate) fn managed(root: &Path) -> anyhow::Result<Vec<(String, Value)>> {
    let packed = std::fs::read(root.join("aws/grants/managed-policies.jsonl.gz"))?;
    // The last four bytes are the length of what is packed.
    let length = packed.last_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length));
    let mut text = vec![0; usize::try_from(length)?];
    libdeflater::Decompressor::new().gzip_decompress(&packed, &mut text)?;
    let policy = |line: &str| {
        let mut policy: Value = serde_json::from_str(line)?;
        let name = policy.get("name").and_then(Value::as_str).context("no name")?.to_owned();
        Ok((name, policy.get_mut("document").context("no document")?.take()))
    };
    std::str::from_utf8(&text)?.lines().map(policy).collect()
}

/// Every document in the details of an account: identity policies, boundaries and trust policies.
fn documents_of_account(root: &Path) -> anyhow::Result<Vec<(String, Value)>> {
    let text = std::fs::read_to_string(root.join("aws/grants/account-authorization-details.json"))?;
    let mut documents = Vec::new();
    collect(&serde_json::from_str(&text)?, &mut documents);
    Ok(documents)
}

fn collect(value: &Value, documents: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(object) if object.contains_key("Statement") => {
            documents.push((format!("document {}", documents.len()), value.clone()));
        }
        Value::Object(object) => object.values().for_each(|value| collect(value, documents)),
        Value::Array(list) => list.iter().for_each(|value| collect(value, documents)),
        _ => {}
    }
}

fn all() -> Option<Vec<(String, Value)>> {
    let root = data::require("aws/grants")?.parent()?.parent()?.to_path_buf();
    let mut documents = managed(&root).unwrap_or_default();
    assert!(documents.len() > 1_600, "there are only {} managed policies", documents.len());
    let of_account = documents_of_account(&root).unwrap_or_default();
    assert!(of_account.len() > 200, "there are only {} documents of the account", of_account.len());
    documents.extend(of_account);
    Some(documents)
}

#[test]
fn real_policies_are_emitted_as_they_were_read() {
    let Some(all) = all() else { return };
    for (name, value) in all {
        let document = from_value(&value).unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = document.emit();
        let emitted: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(emitted, value, "{name}");
        let mut again = parse(&text).unwrap();
        assert!(again.statements.iter().all(|statement| statement.line > 0), "{name}");
        again.statements.iter_mut().for_each(|statement| statement.line = 0);
        assert_eq!(again, document, "{name}");
        assert_eq!(document.size(), serde_json::to_string(&value).unwrap().chars().count(), "{name}");
    }
}

#[test]
fn real_policies_contain_themselves() {
    let Some(all) = all() else { return };
    for (name, value) in all {
        let document = from_value(&value).unwrap();
        let set = PolicySet::new(&[&document], None);
        assert_eq!(contain(&set, &set), Ok(()), "{name}");
    }
}

/// Questions asked of one document.
const MOST_QUESTIONS: usize = 6;

/// Who asks.
const PRINCIPAL: &str = "arn:aws:iam::111122223333:user/ana";

/// Requests that the patterns and conditions of a document's statements suggest.
fn questions(value: &Value, document: &Document) -> Vec<Question> {
    let mut questions = Vec::new();
    let policy = Arc::new(value.clone());
    for statement in &document.statements {
        let mut context = BTreeMap::new();
        for condition in &statement.conditions {
            let wanted = condition
                .values
                .first()
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let wanted = filled(&wanted.unwrap_or_default(), &mut context);
            if condition.operator != "Null" {
                context.entry(condition.key.clone()).or_insert_with(|| vec![wanted]);
            }
        }
        let patterns = statement.resources.iter().flat_map(|resources| &resources.patterns);
        let patterns = patterns.filter(|pattern| !has_open_type(pattern)).cycle();
        // Who may use a key is up to the key's own policy first.
        let actions = statement.actions.patterns.iter().filter(|action| !action.starts_with("kms:"));
        for (action, resource) in actions.zip(patterns).take(3) {
            let action = if action == "*" { "s3:GetObject" } else { action };
            let resource = if resource == "*" { "arn:aws:s3:::bucket/key" } else { resource };
            let resource = filled(resource, &mut context);
            questions.push(Question {
                identity: vec![Arc::clone(&policy)],
                boundary: None,
                resource_policy: None,
                principal: PRINCIPAL.to_owned(),
                action: filled(action, &mut context),
                resource,
                context: context.clone(),
                checked: false,
            });
        }
    }
    // Some from the whole length: long documents have hundreds.
    let step = questions.len().div_ceil(MOST_QUESTIONS).max(1);
    questions.into_iter().step_by(step).collect()
}

/// Whether the type of the resource has a wildcard, as in `arn:aws:ec2:*:*:security-group*/*`. The provider's own
/// policies have such patterns, and the referee never matches them.
fn has_open_type(pattern: &str) -> bool {
    let resource = pattern.splitn(6, ':').nth(5).unwrap_or_default();
    resource.split_once(['/', ':']).is_some_and(|(kind, _)| kind.contains('*'))
}

/// Requests that the referee decides otherwise: action, start of the resource, reason.
const DISPUTES: &[(&str, &str, &str)] = &[
    ("iam:DeleteRole", SINGLE_SIGN_ON, RESERVED),
    ("iam:DeleteRolePolicy", SINGLE_SIGN_ON, RESERVED),
    ("iam:DetachRolePolicy", SINGLE_SIGN_ON, RESERVED),
    ("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/", RESERVED),
    ("ec2:DeleteNetworkInterface", "arn:aws:ec2:", "granted on `arn:aws:ec2:*:*:*/*`, see `has_open_type`"),
];

const SINGLE_SIGN_ON: &str = "arn:aws:iam::x:role/aws-reserved/";

const RESERVED: &str =
    "only the provider changes what is its own, whatever a policy says; we decide what policies say";

/// A string that a pattern matches, and the context that gives its variables their values.
fn filled(pattern: &str, context: &mut BTreeMap<String, Vec<String>>) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, variable)) = rest.split_once("${") {
        let (inside, after) = variable.split_once('}').unwrap_or((variable, ""));
        let key = inside.split(',').next().unwrap_or(inside);
        let value = context.entry(key.to_owned()).or_insert_with(|| vec!["some".to_owned()]);
        text.push_str(before);
        text.push_str(value.first().map_or("", String::as_str));
        rest = after;
    }
    text.push_str(rest);
    text.replace('*', "x").replace('?', "y")
}

#[test]
fn real_policies_are_decided_as_the_referee_does() {
    let Some(all) = all() else { return };
    let mut asked = Vec::new();
    let mut decisions = Vec::new();
    for (_, value) in all {
        let document = from_value(&value).unwrap();
        for question in questions(&value, &document) {
            let decision = decide(&question).unwrap();
            if decision != Decision::Undetermined {
                decisions.push(decision);
                asked.push(question);
            }
        }
    }
    let Some(rulings) = rule(&asked) else { return };
    let mut disputed = Vec::new();
    for (question, (ours, theirs)) in asked.iter().zip(decisions.iter().zip(&rulings)) {
        let Question { action, resource, context, .. } = question;
        let is_known =
            |(known, start, _): &(&str, &str, &str)| action == known && resource.starts_with(start);
        if !is_same(*ours, theirs) && !DISPUTES.iter().any(is_known) {
            disputed.push(format!("{ours:?} here, {theirs:?} there: {action} {resource} {context:?}"));
        }
    }
    assert!(disputed.is_empty(), "of {} requests:\n{}", asked.len(), disputed.join("\n"));
    assert!(asked.len() > 5_000, "only {} requests were asked", asked.len());
}
