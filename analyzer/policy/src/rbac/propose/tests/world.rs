//! Small clusters and calls, and what comes of them in a few lines.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use serde_json::{Value, json};

use crate::rbac::*;
use crate::usage::{CallOutcome, Seen};
use crate::{EmittedFile, Origin, Window};

const GROUP: &str = "rbac.authorization.k8s.io";
pub(in crate::rbac) const DAY: i64 = 86_400_000_000;

pub(in crate::rbac) struct World {
    pub(in crate::rbac) state: State,
    pub(in crate::rbac) coverage: Coverage,
    pub(in crate::rbac) audit: Option<AuditPolicy>,
    pub(in crate::rbac) off: BTreeSet<Closure>,
}

impl World {
    pub(in crate::rbac) fn new(manifests: &[Value]) -> Self {
        let origin = Origin { file: "roles.yaml".to_owned(), line: 1 };
        let mut objects = Vec::new();
        for manifest in manifests {
            let (read, problems) = read_objects(manifest, &origin);
            assert_eq!(problems, [], "{manifest}");
            objects.extend(read);
        }
        let mut state = State::new(objects);
        state.aggregate();
        let coverage = Coverage {
            window: Window { start: 0, end: 90 * DAY },
            since: 0,
            minimum: 30 * DAY,
            has_gaps: false,
            lost: 0,
            unreadable: 0,
            shows_reviews: true,
            served: BTreeSet::new(),
        };
        Self { state, coverage, audit: Some(policy(&json!([{"level": "Metadata"}]))), off: BTreeSet::new() }
    }

    pub(in crate::rbac) fn judgement(&self, user: &str, calls: &[Call]) -> Judgement {
        let usage = Usage::gather(calls);
        let granted = Granted::of(&self.state, &usage.user(&name(user)));
        judge(&granted, &usage, &self.coverage, self.audit.as_ref(), &self.off)
    }

    pub(in crate::rbac) fn propose(&self, user: &str, calls: &[Call]) -> Result<Proposal<'_>, NoProposal> {
        let usage = Usage::gather(calls);
        let granted = Granted::of(&self.state, &usage.user(&name(user)));
        let judgement = judge(&granted, &usage, &self.coverage, self.audit.as_ref(), &self.off);
        propose(&self.state, &granted, &usage, &judgement, &self.coverage, &self.off)
    }

    /// The proposal, proven and emitted, and checked again as it was written.
    pub(in crate::rbac) fn files(&self, user: &str, calls: &[Call]) -> Vec<EmittedFile> {
        let reversed: Vec<Call> = calls.iter().rev().cloned().collect();
        let again = self.propose(user, &reversed).unwrap();
        let proposal = self.propose(user, calls).unwrap();
        let proven = match prove(proposal, &again) {
            Ok(proven) => proven,
            Err(violations) => panic!("{violations:?}\n{again:#?}"),
        };
        let files = emit(&proven, EvidenceContext::default()).unwrap();
        let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.clone());
        let evidence: Evidence = serde_json::from_str(&text("evidence.json").unwrap()).unwrap();
        let claim = Claim::of_evidence(&evidence, |path| text(path).ok_or(())).unwrap().unwrap();
        assert_eq!(check(&claim), Ok(proven.proof()));
        files
    }

    /// What is proposed, in a few lines.
    pub(in crate::rbac) fn told(&self, user: &str, calls: &[Call]) -> String {
        self.files(user, calls);
        let proposal = self.propose(user, calls).unwrap();
        let mut text = String::new();
        for (_, role) in &proposal.new {
            let _ = writeln!(text, "{}", role.name.of_role());
            role.rules.iter().for_each(|rule| tell(rule, &mut text));
        }
        for change in &proposal.changes {
            let edit = change.edit.as_str().replace('_', " ");
            let _ = writeln!(text, "{edit} {}", change.before.0.name.of_binding());
        }
        for role in &proposal.unbound {
            let _ = writeln!(text, "unbound {}", role.of_role());
        }
        let _ = writeln!(text, "replayed {}", proposal.replayed.len());
        text
    }
}

fn tell(rule: &Rule, text: &mut String) {
    let named = rule.groups.iter().flat_map(|group| {
        let of = move |resource: &String| match group.as_str() {
            "" => resource.clone(),
            group => format!("{group}/{resource}"),
        };
        rule.resources.iter().map(of)
    });
    let what: Vec<String> = named.chain(rule.urls.iter().cloned()).collect();
    let names = if rule.names.is_empty() { String::new() } else { format!(" [{}]", rule.names.join(",")) };
    let _ = writeln!(text, "  {} {}{names}", rule.verbs.join(","), what.join(","));
}

/// `NAMESPACE/NAME` is a ServiceAccount.
pub(in crate::rbac) fn name(user: &str) -> String {
    match user.split_once('/') {
        Some((namespace, name)) => User::service_account(namespace, name).name,
        None => user.to_owned(),
    }
}

pub(in crate::rbac) fn policy(rules: &Value) -> AuditPolicy {
    let manifest = json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules});
    AuditPolicy::read(&manifest).unwrap()
}

pub(in crate::rbac) fn role(namespace: Option<&str>, name: &str, rules: &Value) -> Value {
    let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
    json!({"apiVersion": format!("{GROUP}/v1"), "kind": kind, "metadata": {"name": name, "namespace": namespace}, "rules": rules})
}

/// Subjects are `NAMESPACE/NAME` of ServiceAccounts, `@NAME` of groups, and else of users.
pub(in crate::rbac) fn binding(namespace: Option<&str>, name: &str, role: &str, subjects: &[&str]) -> Value {
    let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
    let (role_kind, role) = role.split_once('/').unwrap();
    let subject = |subject: &&str| match (subject.strip_prefix('@'), subject.split_once('/')) {
        (Some(group), _) => json!({"kind": "Group", "name": group}),
        (None, Some((namespace, name))) => {
            json!({"kind": "ServiceAccount", "name": name, "namespace": namespace})
        }
        (None, None) => json!({"kind": "User", "name": subject}),
    };
    json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": {"apiGroup": GROUP, "kind": role_kind, "name": role},
        "subjects": subjects.iter().map(subject).collect::<Vec<_>>(),
    })
}

pub(in crate::rbac) fn request(
    verb: &str,
    group: &str,
    resource: &str,
    namespace: &str,
    name: &str,
) -> Request {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let [group, resource, subresource, namespace, name] =
        [group, resource, subresource, namespace, name].map(str::to_owned);
    let target = Target::Resource(ResourceRequest { group, resource, subresource, namespace, name });
    Request { verb: verb.to_owned(), target }
}

pub(in crate::rbac) fn asked(request: Request) -> Call {
    Call {
        request: request.into(),
        groups: std::sync::Arc::default(),
        outcome: CallOutcome::Use,
        created: false,
        upgraded: false,
        impersonator: None,
        authorizer: None,
        seen: Seen {
            count: 1.into(),
            first: DAY,
            last: DAY,
            sample: Some("a".to_owned()),
            days: crate::Days::default(),
        },
    }
}

pub(in crate::rbac) fn call(verb: &str, group: &str, resource: &str, namespace: &str, name: &str) -> Call {
    asked(request(verb, group, resource, namespace, name))
}

pub(in crate::rbac) fn path(verb: &str, path: &str) -> Call {
    asked(Request { verb: verb.to_owned(), target: Target::Url(path.to_owned()) })
}

impl Call {
    /// It is seen over a week.
    pub(in crate::rbac) fn lasting(mut self) -> Self {
        self.seen.last += 7 * DAY;
        self
    }

    pub(in crate::rbac) fn denied(mut self) -> Self {
        self.outcome = CallOutcome::Denied;
        self
    }

    pub(in crate::rbac) fn unknown(mut self) -> Self {
        self.outcome = CallOutcome::Unknown;
        self
    }
}
