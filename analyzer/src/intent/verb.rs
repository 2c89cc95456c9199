//! What actions do, as the verbs of a sentence.

use remit_catalog::{AccessLevel, Action};

use super::place::{plural, words};
use crate::learn::{is_sensitive, split};

/// What an action does: a verb, and what comes between it and the thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Verb {
    /// In the third person.
    pub(super) verb: String,
    /// What comes before the thing's sort and name, such as `to`; empty where nothing does.
    pub(super) link: String,
}

/// Actions whose names do not say plainly what they do.
const KNOWN: [(&str, &str, &str); 45] = [
    ("s3:GetObject", "reads", ""),
    ("s3:GetObjectVersion", "reads", ""),
    ("s3:PutObject", "writes", ""),
    ("s3:DeleteObject", "deletes", ""),
    ("s3:ListBucket", "lists", ""),
    ("sns:Publish", "publishes", "to"),
    ("sqs:SendMessage", "sends", "to"),
    ("sqs:ReceiveMessage", "receives", "from"),
    ("sqs:DeleteMessage", "receives", "from"),
    ("sqs:ChangeMessageVisibility", "receives", "from"),
    ("kms:Decrypt", "decrypts", "with"),
    ("kms:Encrypt", "encrypts", "with"),
    ("kms:GenerateDataKey", "encrypts", "with"),
    ("kms:GenerateDataKeyWithoutPlaintext", "encrypts", "with"),
    ("secretsmanager:GetSecretValue", "reads", ""),
    ("ssm:GetParameter", "reads", ""),
    ("ssm:GetParameters", "reads", ""),
    ("ssm:GetParametersByPath", "reads", ""),
    ("sts:AssumeRole", "becomes", ""),
    ("sts:GetFederationToken", "makes", "federation tokens of"),
    ("iam:PassRole", "passes", ""),
    ("lambda:InvokeFunction", "invokes", ""),
    ("bedrock:InvokeModel", "asks", ""),
    ("bedrock:InvokeModelWithResponseStream", "asks", ""),
    ("dynamodb:GetItem", "reads", "items of"),
    ("dynamodb:BatchGetItem", "reads", "items of"),
    ("dynamodb:Query", "reads", "items of"),
    ("dynamodb:Scan", "reads", "items of"),
    ("dynamodb:PutItem", "writes", "items of"),
    ("dynamodb:UpdateItem", "writes", "items of"),
    ("dynamodb:BatchWriteItem", "writes", "items of"),
    ("dynamodb:DeleteItem", "deletes", "items of"),
    ("kinesis:GetRecords", "reads", "from"),
    ("kinesis:PutRecord", "writes", "to"),
    ("kinesis:PutRecords", "writes", "to"),
    ("logs:CreateLogStream", "writes", "to"),
    ("logs:PutLogEvents", "writes", "to"),
    ("ecr:BatchGetImage", "pulls", "images of"),
    ("ecr:GetDownloadUrlForLayer", "pulls", "images of"),
    ("ecr:PutImage", "pushes", "images of"),
    ("ecr:InitiateLayerUpload", "pushes", "images of"),
    ("ecr:UploadLayerPart", "pushes", "images of"),
    ("ecr:CompleteLayerUpload", "pushes", "images of"),
    ("events:PutEvents", "sends", "events to"),
    ("athena:StartQueryExecution", "queries", "through"),
];

/// Actions that say nothing of what somebody is there for: whoever calls at all comes by them.
const ASIDE: [&str; 3] = ["sts:GetCallerIdentity", "ecr:GetAuthorizationToken", "sts:TagSession"];

/// Actions that only look, though they are recorded as what reads data is.
const LOOKS: [&str; 2] = ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"];

impl Verb {
    /// What an action does to a thing of this sort; none where it only looks.
    pub(super) fn of(action: &Action, noun: &str) -> Option<Self> {
        let name = action.full_name();
        if let Some((_, verb, link)) = KNOWN.iter().find(|(known, _, _)| *known == name) {
            return Some(Self { verb: (*verb).to_owned(), link: (*link).to_owned() });
        }
        if looks(action) {
            return None;
        }
        let (verb, done_to) = split(action.name);
        let verb = verb.trim_start_matches("Batch");
        let verb = match verb {
            "Get" | "Describe" => "reads".to_owned(),
            "Put" => "sets".to_owned(),
            _ => third(&verb.to_ascii_lowercase()),
        };
        Some(Self { verb, link: link(&words(&done_to), noun) })
    }
}

/// Whether an action only looks at what is there.
pub(super) fn looks(action: &Action) -> bool {
    LOOKS.contains(&action.full_name().as_str())
        || (matches!(action.level, AccessLevel::List | AccessLevel::Read) && !is_sensitive(action))
}

/// Whether an action says nothing of what somebody is there for.
pub(super) fn is_aside(action: &Action) -> bool {
    ASIDE.contains(&action.full_name().as_str())
}

/// What an action that looks, looks at.
pub(super) fn looked_at(action: &Action) -> String {
    let (_, done_to) = split(action.name);
    let done_to = words(&done_to);
    let done_to = done_to.strip_prefix("all my ").unwrap_or(&done_to);
    // In which way it is done is not what it is done to.
    let ways = [" with ", " without ", " by "];
    let end = ways.iter().filter_map(|way| done_to.find(way)).min();
    let done_to = end.and_then(|end| done_to.get(..end)).unwrap_or(done_to);
    if done_to.is_empty() { action.service.to_owned() } else { plural(done_to) }
}

/// What comes between a verb and a thing, where what is done is done to a part of it.
fn link(done_to: &str, noun: &str) -> String {
    if done_to.is_empty() || noun.is_empty() || done_to.ends_with(noun) || noun.ends_with(done_to) {
        return String::new();
    }
    let part = done_to.strip_prefix(noun).map_or(done_to, str::trim_start);
    format!("{} of", plural(part))
}

/// A verb in the third person.
fn third(verb: &str) -> String {
    let ends = |ends: &[&str]| ends.iter().any(|end| verb.ends_with(end));
    match verb {
        "" => "calls".to_owned(),
        _ if ends(&["ay", "ey", "oy"]) => format!("{verb}s"),
        _ if verb.ends_with('y') => format!("{}ies", verb.trim_end_matches('y')),
        _ if ends(&["s", "x", "ch", "sh", "o"]) => format!("{verb}es"),
        _ => format!("{verb}s"),
    }
}

#[cfg(test)]
mod tests {
    use remit_catalog::Catalog;

    use super::*;

    fn verb(name: &str, noun: &str) -> Option<String> {
        let catalog = Catalog::embedded().unwrap();
        let action = catalog.find(name).and_then(|id| catalog.action(id)).unwrap();
        Verb::of(action, noun).map(|verb| format!("{} {}", verb.verb, verb.link).trim_end().to_owned())
    }

    #[test]
    fn actions_are_verbs() {
        assert_eq!(verb("s3:GetObject", "object").as_deref(), Some("reads"));
        assert_eq!(verb("sns:Publish", "topic").as_deref(), Some("publishes to"));
        assert_eq!(verb("ecs:UpdateService", "service").as_deref(), Some("updates"));
        assert_eq!(verb("states:StartExecution", "state machine").as_deref(), Some("starts executions of"));
        assert_eq!(verb("lambda:UpdateFunctionCode", "function").as_deref(), Some("updates code of"));
        assert_eq!(verb("ec2:DescribeInstances", ""), None);
        let ingress = verb("ec2:AuthorizeSecurityGroupIngress", "security group");
        assert_eq!(ingress.as_deref(), Some("authorizes ingress of"));
        let token = verb("sts:GetFederationToken", "federated user");
        assert_eq!(token.as_deref(), Some("makes federation tokens of"));
    }

    #[test]
    fn in_which_way_something_is_looked_at_is_not_what_is() {
        let catalog = Catalog::embedded().unwrap();
        let of = |name: &str| looked_at(catalog.find(name).and_then(|id| catalog.action(id)).unwrap());
        assert_eq!(of("bedrock:InvokeModelWithResponseStream"), of("bedrock:InvokeModel"));
        assert_eq!(of("ssm:GetParametersByPath"), "parameters");
    }

    #[test]
    fn every_known_action_exists() {
        let catalog = Catalog::embedded().unwrap();
        for (name, _, _) in KNOWN {
            assert!(catalog.find(name).is_some(), "{name}");
        }
    }
}
