//! Trust policies of roles: whether they let a service account become the role.

use std::collections::BTreeSet;

use super::{Link, Mechanism, ServiceAccount, USER};
use crate::condition::{Test, Truth};
use crate::evaluate::ContextValue;
use crate::{Context, Document, Effect, Glob, Origin, Statement};

/// The trust policy of a role.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustPolicy {
    /// The document.
    pub document: Document,
    /// Where it was read.
    pub origin: Origin,
}

/// What the cloud says of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trust {
    /// The identity trusts the service account.
    Given,
    /// It does not, so that the link leads nowhere.
    Refused,
    /// That depends on what is not known here.
    Undetermined,
    /// The cloud's side is not in the input.
    Unknown,
}

impl Trust {
    /// A stable name, for tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Undetermined => "undetermined",
            Self::Unknown => "unknown",
        }
    }
}

/// The audience of a token that the webhook of EKS injects, unless an annotation names another.
const AUDIENCE: &str = "sts.amazonaws.com";

/// Who assumes roles for Pod Identity.
const POD_IDENTITY: &str = "pods.eks.amazonaws.com";

/// What the issuer of a cluster of EKS begins with.
const EKS: &str = "oidc.eks.";

/// What precedes the issuer in the ARN of a provider of tokens.
const PROVIDER: &str = ":oidc-provider/";

impl TrustPolicy {
    /// Whom its allow statements name, as they are written.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        let allows = self.document.statements.iter().filter(|statement| statement.effect == Effect::Allow);
        let principals = allows.filter_map(|statement| statement.principal.as_ref());
        let values = principals.filter(|principal| !principal.negated).flat_map(|principal| {
            let kinds = principal.value.as_object().into_iter().flat_map(serde_json::Map::values);
            kinds.chain(Some(&principal.value))
        });
        let lists = values.flat_map(|value| value.as_array().into_iter().flatten().chain(Some(value)));
        lists.filter_map(serde_json::Value::as_str)
    }

    /// Whether the role trusts the service account of a link.
    pub(super) fn trusts(&self, link: &Link) -> Trust {
        let actions: &[&str] = match link.mechanism {
            Mechanism::Irsa => &["sts:AssumeRoleWithWebIdentity"],
            // Sessions are tagged, which is an action of its own.
            Mechanism::PodIdentity => &["sts:AssumeRole", "sts:TagSession"],
            Mechanism::Gke | Mechanism::Azure => return Trust::Unknown,
        };
        let mut all = Truth::True;
        for action in actions {
            let (mut allowed, mut denied) = (Truth::False, Truth::False);
            for statement in &self.document.statements {
                let applies = self.applies(statement, action, link);
                match statement.effect {
                    Effect::Allow => allowed = allowed.or(applies),
                    Effect::Deny => denied = denied.or(applies),
                }
            }
            all = all.and(allowed).and(denied.not());
        }
        match all {
            Truth::True => Trust::Given,
            Truth::False => Trust::Refused,
            Truth::Unknown => Trust::Undetermined,
        }
    }

    /// Whether a statement applies to an action of a link. Where several issuers are trusted it is not known which of them is
    /// the cluster's, and one that trusts the service account suffices.
    fn applies(&self, statement: &Statement, action: &str, link: &Link) -> Truth {
        if !has_action(statement, action) {
            return Truth::False;
        }
        let contexts: Vec<Context> = match link.mechanism {
            Mechanism::Irsa => {
                issuers(statement).iter().map(|issuer| of_token(issuer, &link.service_account)).collect()
            }
            _ => of_association(statement, link).into_iter().collect(),
        };
        // Whom a denial of everybody, or of all but some, means is not looked into.
        if contexts.is_empty() && statement.effect == Effect::Deny && is_of_many(statement) {
            return Truth::Unknown;
        }
        let variables = self.document.has_variables();
        let one = |context: &Context| {
            let tests = statement.conditions.iter().map(|condition| Test::new(condition, variables));
            Truth::all(tests.map(|test| test.holds(context)))
        };
        Truth::any(contexts.iter().map(one))
    }

    /// The service accounts that conditions name.
    pub(super) fn subjects(&self) -> BTreeSet<ServiceAccount> {
        let allowing = self.document.statements.iter().filter(|statement| statement.effect == Effect::Allow);
        allowing.flat_map(named).filter_map(|(subject, _)| ServiceAccount::of_user(subject)).collect()
    }

    /// The patterns of service accounts that conditions name, and `system:serviceaccount:*` where any of a cluster of EKS is
    /// trusted. Subjects of other issuers are often no service accounts.
    pub(super) fn open_subjects(&self) -> BTreeSet<String> {
        let mut subjects = BTreeSet::new();
        let is_exchange = |statement: &&Statement| {
            statement.effect == Effect::Allow && has_action(statement, "sts:AssumeRoleWithWebIdentity")
        };
        for statement in self.document.statements.iter().filter(is_exchange) {
            let is_cluster = issuers(statement).iter().any(|issuer| issuer.starts_with(EKS));
            let mut is_bound = false;
            for (subject, is_pattern) in named(statement) {
                is_bound = true;
                let start = subject.split(['*', '?']).next().unwrap_or_default();
                let is_open = is_pattern && start.len() < subject.len();
                if is_open && (subject.starts_with(USER) || (is_cluster && USER.starts_with(start))) {
                    subjects.insert(subject.to_owned());
                }
            }
            if is_cluster && !is_bound {
                subjects.insert(format!("{USER}*"));
            }
        }
        subjects
    }
}

/// Values of conditions on the subject of a token, each with whether it is a pattern: `StringEquals` takes a star for a star.
fn named(statement: &Statement) -> impl Iterator<Item = (&str, bool)> {
    let of_subject = statement.conditions.iter().filter(|condition| is_of_subject(condition));
    of_subject.flat_map(|condition| {
        let is_pattern = condition.operator.to_ascii_lowercase().contains("like");
        condition.values.iter().filter_map(move |value| Some((value.as_str()?, is_pattern)))
    })
}

/// Whether a condition asks for the subject of a token, and not for another one.
fn is_of_subject(condition: &crate::Condition) -> bool {
    condition.key.to_ascii_lowercase().ends_with(":sub") && !condition.operator.contains("Not")
}

fn has_action(statement: &Statement, action: &str) -> bool {
    let matches = |pattern: &String| Glob::action(pattern).matches(action);
    statement.actions.patterns.iter().any(matches) != statement.actions.negated
}

/// The principals of a type that a statement names; those of `NotPrincipal` are nobody's.
fn principals<'a>(statement: &'a Statement, kind: &str) -> Vec<&'a str> {
    let Some(principal) = statement.principal.as_ref().filter(|principal| !principal.negated) else {
        return Vec::new();
    };
    match principal.value.get(kind) {
        Some(serde_json::Value::String(one)) => vec![one],
        Some(serde_json::Value::Array(several)) => several.iter().filter_map(|one| one.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Whether a statement means everybody, or everybody but some.
fn is_of_many(statement: &Statement) -> bool {
    statement.principal.as_ref().is_none_or(|principal| {
        let is_all = |value: &serde_json::Value| value.as_str() == Some("*");
        let has_all = |value: &serde_json::Value| {
            is_all(value) || value.as_array().is_some_and(|all| all.iter().any(is_all))
        };
        principal.negated
            || is_all(&principal.value)
            || principal.value.as_object().is_some_and(|kinds| kinds.values().any(has_all))
    })
}

/// The issuers of tokens that a statement names: hosts with paths.
fn issuers(statement: &Statement) -> Vec<&str> {
    let federated = principals(statement, "Federated");
    federated.into_iter().filter_map(|arn| Some(arn.split_once(PROVIDER)?.1)).collect()
}

/// What is known of an exchange of a service account's token.
fn of_token(issuer: &str, account: &ServiceAccount) -> Context {
    Context::unknown()
        .with(&format!("{issuer}:sub"), &account.user())
        .with(&format!("{issuer}:aud"), AUDIENCE)
}

/// What is known of a role assumed for an association: the tags of the session ("Grant Pods access to AWS resources based on
/// tags" in the Amazon EKS User Guide).
fn of_association(statement: &Statement, link: &Link) -> Option<Context> {
    principals(statement, "Service").contains(&POD_IDENTITY).then(|| {
        let tag = |name: &str| format!("aws:RequestTag/{name}");
        let mut context = Context::unknown()
            .with(&tag("kubernetes-namespace"), &link.service_account.namespace)
            .with(&tag("kubernetes-service-account"), &link.service_account.name);
        if let Some(cluster) = &link.cluster {
            context.set(&tag("eks-cluster-name"), ContextValue::Known(vec![cluster.clone()]));
        }
        context
    })
}
