//! Which calls change what runs as whom, and what of it.

use std::collections::BTreeMap;

use super::Kind;
use super::holder::{holder, holder_of};

/// What a change is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A role or user, as [`holder_of`] names it.
    Holder(String),
    /// A function, by its account and name: functions of one name in several regions are taken for one, as their sessions do not
    /// tell them apart.
    Function { account: String, name: String },
    /// A managed policy, by its ARN.
    Policy(String),
    /// A workload of a cluster, by the cluster, the namespace, the resource such as `deployments`, and its name.
    Workload { cluster: String, namespace: String, resource: &'static str, name: String },
    /// A place in a workload whose image is seen on the wire.
    Place(String),
}

/// A call that changes something.
pub(super) struct Change<'a> {
    pub(super) service: &'a str,
    pub(super) operation: &'a str,
    pub(super) account: &'a str,
    pub(super) resources: &'a [String],
    pub(super) parameters: &'a BTreeMap<String, String>,
}

/// Where a call says what it changes.
#[derive(Clone, Copy)]
enum By {
    /// Its resource is a function, which runs as the role that it may pass.
    Function,
    /// The parameter of this name is the role as which it runs.
    Role(&'static str),
    /// Its resource is a role or user.
    Holder,
    /// Its resource is a managed policy.
    Policy,
}

/// An operation that changes what runs.
pub(super) struct Rule {
    pub(super) service: &'static str,
    /// Its name without the version that `lambda` ends it with.
    pub(super) operation: &'static str,
    pub(super) kind: Kind,
    by: By,
}

const fn rule(service: &'static str, operation: &'static str, kind: Kind, by: By) -> Rule {
    Rule { service, operation, kind, by }
}

/// Operations that set up code or its role, by the API references of their services. What starts a run and only passes a role for it
/// is none of them, and neither is what services do with a role of their own.
pub(super) const RULES: [Rule; 39] = [
    rule("lambda", "CreateFunction", Kind::Function, By::Function),
    rule("lambda", "UpdateFunctionCode", Kind::Function, By::Function),
    rule("lambda", "UpdateFunctionConfiguration", Kind::Function, By::Function),
    rule("lambda", "PublishVersion", Kind::Function, By::Function),
    rule("lambda", "CreateAlias", Kind::Function, By::Function),
    rule("lambda", "UpdateAlias", Kind::Function, By::Function),
    rule("ecs", "RegisterTaskDefinition", Kind::Task, By::Role("taskRoleArn")),
    rule("batch", "RegisterJobDefinition", Kind::Task, By::Role("jobRoleArn")),
    rule("glue", "CreateJob", Kind::Task, By::Role("role")),
    rule("glue", "UpdateJob", Kind::Task, By::Role("role")),
    rule("states", "CreateStateMachine", Kind::Task, By::Role("roleArn")),
    rule("states", "UpdateStateMachine", Kind::Task, By::Role("roleArn")),
    rule("codebuild", "CreateProject", Kind::Task, By::Role("serviceRole")),
    rule("codebuild", "UpdateProject", Kind::Task, By::Role("serviceRole")),
    rule("apprunner", "CreateService", Kind::Task, By::Role("instanceRoleArn")),
    rule("apprunner", "UpdateService", Kind::Task, By::Role("instanceRoleArn")),
    rule("sagemaker", "CreateModel", Kind::Task, By::Role("executionRoleArn")),
    rule("bedrock", "CreateAgent", Kind::Task, By::Role("agentResourceRoleArn")),
    rule("bedrock", "UpdateAgent", Kind::Task, By::Role("agentResourceRoleArn")),
    rule("iam", "PutRolePolicy", Kind::Grants, By::Holder),
    rule("iam", "DeleteRolePolicy", Kind::Grants, By::Holder),
    rule("iam", "AttachRolePolicy", Kind::Grants, By::Holder),
    rule("iam", "DetachRolePolicy", Kind::Grants, By::Holder),
    rule("iam", "PutRolePermissionsBoundary", Kind::Grants, By::Holder),
    rule("iam", "DeleteRolePermissionsBoundary", Kind::Grants, By::Holder),
    rule("iam", "UpdateAssumeRolePolicy", Kind::Grants, By::Holder),
    rule("iam", "UpdateRole", Kind::Grants, By::Holder),
    rule("iam", "TagRole", Kind::Grants, By::Holder),
    rule("iam", "UntagRole", Kind::Grants, By::Holder),
    rule("iam", "PutUserPolicy", Kind::Grants, By::Holder),
    rule("iam", "DeleteUserPolicy", Kind::Grants, By::Holder),
    rule("iam", "AttachUserPolicy", Kind::Grants, By::Holder),
    rule("iam", "DetachUserPolicy", Kind::Grants, By::Holder),
    rule("iam", "PutUserPermissionsBoundary", Kind::Grants, By::Holder),
    rule("iam", "DeleteUserPermissionsBoundary", Kind::Grants, By::Holder),
    rule("iam", "TagUser", Kind::Grants, By::Holder),
    rule("iam", "UntagUser", Kind::Grants, By::Holder),
    rule("iam", "CreatePolicyVersion", Kind::Grants, By::Policy),
    rule("iam", "SetDefaultPolicyVersion", Kind::Grants, By::Policy),
];

/// What a call changes, and as whom it runs where the call tells.
pub(super) struct Changed {
    pub(super) kind: Kind,
    pub(super) target: Target,
    /// The operation, without its version, and what it is called on.
    pub(super) what: String,
    /// The role as which a function runs, as [`holder_of`] names it.
    pub(super) runs_as: Option<String>,
}

impl Change<'_> {
    /// What it changes; nothing where it is none of these operations or does not tell.
    pub(super) fn changed(&self) -> Vec<Changed> {
        let rule =
            RULES.iter().find(|rule| rule.service == self.service && is(self.operation, rule.operation));
        let Some(rule) = rule else { return Vec::new() };
        let operation = format!("`{}:{}`", rule.service, rule.operation);
        let changed = |target, of: &str, runs_as| Changed {
            kind: rule.kind,
            target,
            what: if of.is_empty() { operation.clone() } else { format!("{operation} of `{of}`") },
            runs_as,
        };
        match rule.by {
            By::Function => {
                let role = self.role("role");
                let one = |(account, name): (String, String)| {
                    changed(Target::Function { account, name: name.clone() }, &name, role.clone())
                };
                let functions = self.resources.iter().filter_map(|arn| function_of(arn));
                functions.map(one).collect()
            }
            By::Role(parameter) => {
                let role = self.role(parameter);
                role.map(|role| changed(Target::Holder(role), self.defined(), None)).into_iter().collect()
            }
            By::Holder => {
                let holders = self.resources.iter().filter_map(|arn| holder_of(arn));
                holders.map(|name| changed(Target::Holder(name), "", None)).collect()
            }
            By::Policy => {
                let policies = self.resources.iter().filter(|arn| arn.contains(":policy/"));
                policies
                    .map(|arn| {
                        changed(Target::Policy(arn.clone()), arn.rsplit('/').next().unwrap_or_default(), None)
                    })
                    .collect()
            }
        }
    }

    /// The role that a parameter names, by its ARN or, as some services take it, by its name.
    fn role(&self, parameter: &str) -> Option<String> {
        let leaf = |path: &str| path.rsplit('.').next().unwrap_or(path).trim_end_matches("[]").to_owned();
        let mut named = self.parameters.iter().filter(|(path, _)| leaf(path).eq_ignore_ascii_case(parameter));
        let (_, value) = named.next()?;
        if value.starts_with("arn:") {
            return holder_of(value);
        }
        (!value.is_empty() && !self.account.is_empty()).then(|| holder(self.account, "role", value))
    }

    /// The name of what is defined, such as a family of task definitions.
    fn defined(&self) -> &str {
        let arn =
            self.resources.iter().find(|arn| arn.starts_with("arn:")).map(String::as_str).unwrap_or_default();
        match arn.rsplit_once('/') {
            Some((_, name)) => name.split(':').next().unwrap_or_default(),
            None => arn.rsplit(':').next().unwrap_or_default(),
        }
    }
}

/// Whether an operation is this one, in whichever version: `UpdateFunctionCode20150331v2`.
fn is(operation: &str, name: &str) -> bool {
    let version = operation.strip_prefix(name);
    version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'v'))
}

/// Account and name of a function, by its ARN with or without a qualifier.
fn function_of(arn: &str) -> Option<(String, String)> {
    let mut parts = arn.split(':');
    let (service, account) = (parts.nth(2)?, parts.nth(1)?);
    let (kind, name) = (parts.next()?, parts.next()?);
    (service == "lambda" && kind == "function" && !name.is_empty())
        .then(|| (account.to_owned(), name.to_owned()))
}

/// Resources of a cluster whose change rolls out what runs under them.
const ROLLED: [(&str, &str); 5] = [
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("batch", "cronjobs"),
    ("argoproj.io", "rollouts"),
];

/// The groups that have such resources.
pub(super) fn rolled_groups() -> impl Iterator<Item = &'static str> {
    ROLLED.iter().map(|(group, _)| *group)
}

/// The resource whose pods have an owner of a kind, as agents name it; none for kinds that own no template.
pub(super) fn resource_of(kind: &str) -> Option<&'static str> {
    let owners = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Rollout"];
    let at = owners.iter().position(|owner| *owner == kind)?;
    ROLLED.get(at).map(|(_, resource)| *resource)
}

/// What may own a pod of which the log tells the name, without what is generated of it: `api-*` is of whatever has that name and
/// names its pods so, and `db-0` of a StatefulSet.
pub(super) fn owners_of(pod: &str) -> Vec<(&'static str, String)> {
    if let Some(name) = pod.strip_suffix("-*") {
        let generated = ROLLED.iter().filter(|(_, resource)| *resource != "statefulsets");
        return generated.map(|(_, resource)| (*resource, name.to_owned())).collect();
    }
    let ordinal = pod.rsplit_once('-').filter(|(name, number)| {
        !name.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    ordinal.map(|(name, _)| ("statefulsets", name.to_owned())).into_iter().collect()
}

/// The workload that a request to an API server rolls out.
pub(super) fn rollout(group: &str, operation: &str, cluster: &str, resource: &str) -> Option<Changed> {
    let (verb, asked) = operation.split_once(' ')?;
    let (_, of) = ROLLED.iter().find(|(of, resource)| *of == group && *resource == asked)?;
    if !matches!(verb, "create" | "patch" | "update") {
        return None;
    }
    let mut parts = resource.strip_prefix("namespaces/")?.split('/');
    let (namespace, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
    (kind == *of && parts.next().is_none()).then(|| Changed {
        kind: Kind::Rollout,
        target: Target::Workload {
            cluster: cluster.to_owned(),
            namespace: namespace.to_owned(),
            resource: of,
            name: name.to_owned(),
        },
        what: format!("`{verb} {of}` of `{namespace}/{name}`"),
        runs_as: None,
    })
}
