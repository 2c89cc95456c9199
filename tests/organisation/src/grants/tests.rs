//! The sample's log and grants fit: what was allowed is granted, what was refused is not. The judge is a few lines
//! of its own, good for the sample's policies and no more.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::truth::NeedTruth;
use crate::{Organisation, Profile, SAMPLE_SEED, Size};

/// What a request brings along besides action and resource.
type Context = BTreeMap<String, String>;

fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

/// Whether a text with `*` and `?` covers another, in which `*` stands for anything as well.
fn covers(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => covers(rest, text) || (!text.is_empty() && covers(pattern, &text[1..])),
        ([b'?', rest @ ..], [_, tail @ ..]) => covers(rest, tail),
        ([left, rest @ ..], [right, tail @ ..]) => left == right && covers(rest, tail),
        _ => false,
    }
}

fn matches(statement: &Value, element: &str, text: &str, fold: bool) -> bool {
    let fit = |pattern: &str| {
        if fold {
            covers(pattern.to_lowercase().as_bytes(), text.to_lowercase().as_bytes())
        } else {
            covers(pattern.as_bytes(), text.as_bytes())
        }
    };
    match statement.get(element) {
        Some(patterns) => list(patterns).into_iter().any(fit),
        None => !list(&statement[format!("Not{element}")]).into_iter().any(fit),
    }
}

fn holds(statement: &Value, context: &Context) -> bool {
    let Some(conditions) = statement.get("Condition").and_then(Value::as_object) else { return true };
    conditions.iter().all(|(operator, keys)| {
        keys.as_object().unwrap().iter().all(|(key, values)| {
            let found = context.get(key);
            let among = found.is_some_and(|found| list(values).contains(&found.as_str()));
            match operator.as_str() {
                "StringEquals" | "Bool" => among,
                "StringNotEquals" => !among,
                other => panic!("the judge does not know `{other}`"),
            }
        })
    })
}

/// Whether a set of documents allows a request.
fn allows(documents: &[Value], action: &str, resource: &str, context: &Context) -> bool {
    let mut allowed = false;
    for statement in documents.iter().flat_map(|document| document["Statement"].as_array().unwrap()) {
        let fits = matches(statement, "Action", action, true)
            && matches(statement, "Resource", resource, false)
            && holds(statement, context);
        if fits && statement["Effect"] == "Deny" {
            return false;
        }
        allowed |= fits;
    }
    allowed
}

/// Documents of one principal, and those of its boundary.
struct Granted {
    identity: Vec<Value>,
    boundary: Option<Vec<Value>>,
}

impl Granted {
    fn allows(&self, action: &str, resource: &str, context: &Context) -> bool {
        allows(&self.identity, action, resource, context)
            && self.boundary.as_ref().is_none_or(|boundary| allows(boundary, action, resource, context))
    }
}

/// Grants by ARN, read back from the listing as a consumer would.
fn granted(details: &Value) -> BTreeMap<String, Granted> {
    let managed: BTreeMap<_, _> = details["Policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| {
            let versions = policy["PolicyVersionList"].as_array().unwrap();
            let default = versions.iter().find(|version| version["IsDefaultVersion"] == true).unwrap();
            assert_eq!(default["VersionId"], policy["DefaultVersionId"]);
            (policy["Arn"].as_str().unwrap(), default["Document"].clone())
        })
        .collect();
    let documents = |holder: &Value, inline: &str| {
        let mut found: Vec<Value> = holder[inline]
            .as_array()
            .into_iter()
            .flatten()
            .map(|policy| policy["PolicyDocument"].clone())
            .collect();
        found.extend(
            holder["AttachedManagedPolicies"]
                .as_array()
                .unwrap()
                .iter()
                .map(|policy| managed[policy["PolicyArn"].as_str().unwrap()].clone()),
        );
        found
    };
    let groups: BTreeMap<_, _> = details["GroupDetailList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["GroupName"].as_str().unwrap(), documents(group, "GroupPolicyList")))
        .collect();
    let mut granted = BTreeMap::new();
    let users = details["UserDetailList"].as_array().unwrap().iter().map(|user| (user, "UserPolicyList"));
    let roles = details["RoleDetailList"].as_array().unwrap().iter().map(|role| (role, "RolePolicyList"));
    for (holder, inline) in users.chain(roles) {
        let mut identity = documents(holder, inline);
        for group in holder["GroupList"].as_array().into_iter().flatten() {
            identity.extend(groups[group.as_str().unwrap()].clone());
        }
        let boundary = holder["PermissionsBoundary"]["PermissionsBoundaryArn"]
            .as_str()
            .map(|arn| vec![managed[arn].clone()]);
        granted.insert(holder["Arn"].as_str().unwrap().to_owned(), Granted { identity, boundary });
    }
    granted
}

fn context(region: &str, endpoint: Option<&str>, via: &str, service: &str) -> Context {
    let mut context = Context::from([
        ("aws:RequestedRegion".to_owned(), region.to_owned()),
        ("aws:SecureTransport".to_owned(), "true".to_owned()),
        ("aws:ResourceTag/fleet".to_owned(), "larkspur".to_owned()),
        ("iam:PassedToService".to_owned(), service.to_owned()),
    ]);
    if let Some(endpoint) = endpoint {
        context.insert("aws:SourceVpce".to_owned(), endpoint.to_owned());
    }
    if let Some(service) = via.strip_suffix(".amazonaws.com") {
        context.insert("kms:ViaService".to_owned(), format!("{service}.{region}.amazonaws.com"));
    }
    context
}

fn judge(organisation: &Organisation) -> usize {
    let granted = granted(&organisation.authorization_details().unwrap());
    let mut judged = 0;
    let mut wrong = Vec::new();
    for (truth, description) in organisation.truth().principals.iter().zip(&organisation.profile().principals)
    {
        let grants = &granted[&truth.arn];
        let endpoint = description.origin.endpoint.as_deref();
        for NeedTruth { action, resources, regions, via, .. } in &truth.needs {
            for (resource, (region, via)) in resources.iter().flat_map(|resource| {
                regions.iter().flat_map(move |region| via.iter().map(move |via| (resource, (region, via))))
            }) {
                // A need of several regions is judged in the one that its resource names.
                if resource.split(':').nth(3).is_some_and(|named| !named.is_empty() && named != region) {
                    continue;
                }
                let context = context(region, endpoint, via, "lambda.amazonaws.com");
                if !grants.allows(action, resource, &context) {
                    wrong.push(format!(
                        "{} is not granted {action} on {resource} in {region} via `{via}`",
                        truth.arn
                    ));
                }
                judged += 1;
            }
        }
        for refused in &truth.refused {
            for resource in &refused.resources {
                let regions = ["eu-west-1", "us-east-1", "us-west-2"];
                let everywhere = regions.iter().all(|region| {
                    grants.allows(&refused.action, resource, &context(region, endpoint, "", ""))
                });
                if everywhere {
                    wrong.push(format!("{} is granted {} on {resource}", truth.arn, refused.action));
                }
                judged += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    judged
}

#[test]
fn the_sample_s_log_and_grants_fit() {
    let organisation = Organisation::generate(SAMPLE_SEED, &Profile::sample().unwrap()).unwrap();
    assert!(judge(&organisation) > 300);
}

#[test]
fn random_organisations_log_and_grants_fit() {
    for seed in 0..12 {
        let profile = Profile::random(seed, Size { roles: 12, days: 4, operations: 8 }).unwrap();
        let organisation = Organisation::generate(seed, &profile).unwrap();
        assert!(judge(&organisation) > 30, "{seed}");
        assert!(organisation.records().len() > 100, "{seed}");
    }
}
