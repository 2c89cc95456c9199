//! What identities are granted: what they need, and far more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::call::{Call, Target, cluster_need};
use super::member::Member;
use super::prior::{self, between};
use crate::error::Error;
use crate::mint::Mint;
use crate::scope::verb;
use crate::template::Templates;

/// One statement, before its resources are known.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// Actions or patterns of them.
    pub(super) actions: Vec<String>,
    /// Whether it allows all but these.
    pub(super) inverted: bool,
    /// Whether it names no resource; it names those of the needs otherwise, widened. In a cluster, whether it is bound in all
    /// namespaces.
    pub(super) wide: bool,
    /// Name of the managed policy that it stands for.
    pub(super) managed: Option<&'static str>,
}

/// Managed policies of the provider, in short.
const ADMINISTRATOR: &str = "AdministratorAccess";
const POWER_USER: &str = "PowerUserAccess";
const READ_ONLY: &str = "ReadOnlyAccess";

/// Services that hand-written policies grant beside those that are needed.
const SERVICES: &[&str] = &[
    "s3",
    "dynamodb",
    "sqs",
    "sns",
    "logs",
    "cloudwatch",
    "ec2",
    "lambda",
    "kinesis",
    "elasticache",
    "events",
    "states",
    "ecs",
    "ecr",
    "rds",
    "ssm",
    "kms",
    "secretsmanager",
    "glue",
    "athena",
    "firehose",
    "apigateway",
    "cloudformation",
    "autoscaling",
    "elasticloadbalancing",
    "route53",
    "acm",
    "batch",
    "sagemaker",
];

/// Services that the managed policy for reading reads.
const READ_SERVICES: &[&str] = &[
    "acm",
    "athena",
    "autoscaling",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "config",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "eks",
    "elasticloadbalancing",
    "events",
    "glue",
    "guardduty",
    "health",
    "iam",
    "lambda",
    "logs",
    "organizations",
    "rds",
    "route53",
    "s3",
    "securityhub",
    "ses",
    "sns",
    "sqs",
    "states",
    "tag",
    "xray",
];

/// Actions that people list beside those that templates know.
const LISTED: &[&str] = &[
    "s3:PutObjectAcl",
    "s3:GetObjectVersion",
    "s3:DeleteObjectVersion",
    "s3:AbortMultipartUpload",
    "s3:ListBucketVersions",
    "s3:PutBucketAcl",
    "s3:RestoreObject",
    "s3:DeleteBucketPolicy",
    "dynamodb:Scan",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLUpdate",
    "dynamodb:UpdateContinuousBackups",
    "sqs:ChangeMessageVisibility",
    "sqs:AddPermission",
    "sqs:TagQueue",
    "sns:SetTopicAttributes",
    "sns:Unsubscribe",
    "sns:AddPermission",
    "lambda:RemovePermission",
    "lambda:CreateEventSourceMapping",
    "lambda:PutFunctionConcurrency",
    "logs:DeleteLogStream",
    "logs:PutSubscriptionFilter",
    "kms:ReEncryptFrom",
    "kms:ScheduleKeyDeletion",
    "kms:PutKeyPolicy",
    "kms:DisableKey",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:UpdateSecret",
    "ssm:DeleteParameter",
    "ssm:SendCommand",
    "ec2:AttachVolume",
    "ec2:CreateVolume",
    "ec2:ModifySecurityGroupRules",
    "ecs:ExecuteCommand",
    "ecs:CreateCluster",
    "ecr:SetRepositoryPolicy",
    "ecr:DeleteRepository",
    "rds:CreateDBInstance",
    "rds:DeleteDBCluster",
    "iam:PassRole",
    "iam:CreatePolicy",
    "iam:AttachUserPolicy",
    "states:StopExecution",
    "states:CreateStateMachine",
    "glue:CreateTable",
    "glue:DeleteTable",
    "athena:StopQueryExecution",
    "events:PutPermission",
    "route53:DeleteHostedZone",
    "cloudformation:CreateStack",
    "cloudwatch:PutDashboard",
    "autoscaling:DeleteAutoScalingGroup",
];

impl Statement {
    fn listed(actions: Vec<String>, wide: bool) -> Self {
        Self { actions, inverted: false, wide, managed: None }
    }

    fn managed(name: &'static str, actions: Vec<String>, inverted: bool) -> Self {
        Self { actions, inverted, wide: true, managed: Some(name) }
    }

    /// Whether it allows an action, on some resource at least.
    pub(super) fn allows(&self, action: &str) -> bool {
        self.inverted != self.actions.iter().any(|pattern| matches(pattern, action))
    }
}

/// Whether statements allow an action on some resource, or on every one.
pub(super) fn allows(policy: &[Statement], action: &str, everywhere: bool) -> bool {
    policy.iter().any(|statement| (statement.wide || !everywhere) && statement.allows(action))
}

/// Whether statements refuse a call on whatever resource: they do not allow what is checked first.
pub(super) fn refuses(policy: &[Statement], call: &Call) -> bool {
    match &call.target {
        Target::Cloud { template, .. } => {
            template.needs.first().is_some_and(|need| !allows(policy, &need.action, false))
        }
        Target::Cluster { call, .. } => !allows(policy, &cluster_need(call).0, false),
    }
}

/// Whether text matches a pattern in which `*` stands for any text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    rest.char_indices()
        .map(|(at, _)| at)
        .chain([rest.len()])
        .any(|at| rest.get(at..).is_some_and(|rest| matches(tail, rest)))
}

/// The actions of the managed policy for reading.
fn read_only() -> Vec<String> {
    let verbs = ["Describe*", "Get*", "List*"];
    READ_SERVICES
        .iter()
        .flat_map(|service| verbs.iter().map(move |verb| format!("{service}:{verb}")))
        .collect()
}

/// Draws the grants of a role or user.
///
/// # Errors
/// A template that cannot be read.
pub(super) fn of_cloud(member: &Member, mint: &mut Mint) -> Result<Vec<Statement>, Error> {
    let mut needed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in member.calls() {
        if let Target::Cloud { template, .. } = &call.target {
            for need in &template.needs {
                let service = need.action.split(':').next().unwrap_or_default().to_owned();
                needed.entry(service).or_default().insert(need.action.clone());
            }
        }
    }
    let wide = between(prior::WIDE, mint);
    let (mut statements, style) = match (member.stratum.as_str(), mint.below(100)) {
        ("human", 0..25) | ("ci", 0..20) => {
            return Ok(vec![Statement::managed(ADMINISTRATOR, vec!["*".to_owned()], false)]);
        }
        ("human", 25..50) | ("ci", 20..40) | ("agent", 0..15) | ("workload", 0..6) => {
            let denied = ["iam:*", "organizations:*", "account:*"].map(str::to_owned).to_vec();
            (vec![Statement::managed(POWER_USER, denied, true)], 99)
        }
        ("human" | "agent", 50..70) | ("workload", 6..14) => {
            (vec![Statement::managed(READ_ONLY, read_only(), false)], mint.below(100))
        }
        _ => (Vec::new(), mint.below(100)),
    };
    for (service, actions) in &needed {
        if allows_all(&statements, actions) {
            continue;
        }
        let granted = match style {
            0..50 => vec![format!("{service}:*")],
            50..68 => verbs(service, actions, mint),
            _ => listed(service, actions, mint)?,
        };
        statements.push(Statement::listed(granted, mint.chance(wide)));
    }
    // What nobody asked for: other services, all of each.
    for _ in 0..mint.between(2, 6) {
        let Some(service) = mint.pick(SERVICES) else { continue };
        if !needed.contains_key(*service) {
            statements.push(Statement::listed(vec![format!("{service}:*")], true));
        }
    }
    Ok(statements)
}

fn allows_all(statements: &[Statement], actions: &BTreeSet<String>) -> bool {
    actions.iter().all(|action| allows(statements, action, true))
}

/// Every verb that is needed, wholly, and one or two that are not.
fn verbs(service: &str, actions: &BTreeSet<String>, mint: &mut Mint) -> Vec<String> {
    let mut verbs: BTreeSet<_> = actions.iter().map(|action| format!("{}*", verb(action))).collect();
    for other in ["Get*", "List*", "Describe*", "Put*", "Create*", "Delete*", "Update*"] {
        if mint.chance(0.5) {
            verbs.insert(format!("{service}:{other}"));
        }
    }
    verbs.into_iter().collect()
}

/// What is needed by name, and most of what else people know of the service.
fn listed(service: &str, actions: &BTreeSet<String>, mint: &mut Mint) -> Result<Vec<String>, Error> {
    let mut all = actions.clone();
    let share = between((0.5, 1.0), mint);
    let prefix = format!("{service}:");
    for (_, template) in Templates::of_histories()?.iter() {
        for need in template.needs.iter().filter(|need| need.action.starts_with(&prefix)) {
            if mint.chance(share) {
                all.insert(need.action.clone());
            }
        }
    }
    for action in LISTED.iter().filter(|action| action.starts_with(&prefix)) {
        if mint.chance(share) {
            all.insert((*action).to_owned());
        }
    }
    Ok(all.into_iter().collect())
}

/// Verbs that charts list.
const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Draws the grants of a ServiceAccount. Its actions are permissions as the truth names them, with `*` in places. They are wide
/// where they are bound in all namespaces, and not in its own alone.
pub(super) fn of_cluster(member: &Member, mint: &mut Mint) -> Vec<Statement> {
    let needed: BTreeSet<String> = member
        .calls()
        .filter_map(|call| match &call.target {
            Target::Cluster { call, .. } => Some(cluster_need(call).0),
            Target::Cloud { .. } => None,
        })
        .collect();
    let style = mint.below(100);
    if style < 20 {
        return vec![Statement::listed(vec!["* */*".to_owned(), "* /*".to_owned()], true)];
    }
    let mut actions = BTreeSet::new();
    for permission in &needed {
        let Some(what) = permission.split(' ').nth(1) else { continue };
        if what.starts_with('/') {
            actions.insert(permission.clone());
            continue;
        }
        let (group, resource) = what.split_once('/').unwrap_or(("core", what));
        match style {
            20..45 => _ = actions.insert(format!("* {group}/* in *")),
            45..65 => _ = actions.insert(format!("* {group}/{resource} in *")),
            _ => {
                let (verb, _) = permission.split_once(' ').unwrap_or_default();
                let others = VERBS.iter().filter(|_| mint.chance(0.4));
                let verbs = others.copied().chain([verb]);
                actions.extend(verbs.map(|verb| format!("{verb} {group}/{resource} in *")));
            }
        }
    }
    for other in ["* core/configmaps", "* core/secrets", "* core/pods", "* apps/*", "* batch/*"] {
        if mint.chance(0.5) {
            actions.insert(format!("{other} in *"));
        }
    }
    let home = format!(" in {}", member.description.path.trim_matches('/'));
    let is_at_home = needed.iter().all(|permission| permission.ends_with(&home)) && mint.chance(0.6);
    vec![Statement::listed(actions.into_iter().collect(), !is_at_home)]
}

/// A statement of a policy document, with its resources.
pub(super) fn document(statement: &Statement, resources: &[String]) -> Value {
    let actions = if statement.inverted { "NotAction" } else { "Action" };
    let mut text = json!({"Effect": "Allow", actions: statement.actions});
    if let Some(fields) = text.as_object_mut() {
        let everywhere = statement.wide || resources.is_empty();
        fields.insert("Resource".into(), if everywhere { json!("*") } else { json!(resources) });
    }
    text
}

/// Resources as people write them: cut behind the first slash, and behind the last colon where they would be too many.
pub(super) fn widened(resources: &BTreeSet<String>) -> Vec<String> {
    if resources.contains("*") {
        return vec!["*".to_owned()];
    }
    let cut = |text: &String| match text.find('/') {
        Some(slash) => format!("{}*", text.get(..=slash).unwrap_or_default()),
        None => format!("{text}*"),
    };
    let mut cuts: BTreeSet<_> = resources.iter().map(cut).collect();
    if cuts.len() > 12 {
        let service = |text: &String| text.split(':').take(3).collect::<Vec<_>>().join(":");
        cuts = resources.iter().map(|text| format!("{}:*", service(text))).collect();
    }
    cuts.into_iter().collect()
}
