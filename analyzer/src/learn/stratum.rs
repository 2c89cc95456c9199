//! What sort of identity a principal is, as far as its trust policy and its sessions tell: likes are compared with likes.

use std::fmt;

use remit_policy::link::TrustPolicy;
use remit_policy::{Account, Principal, PrincipalKind};
use serde::Serialize;

/// A sort of identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stratum {
    /// Programs that run by themselves.
    Workload,
    /// Pipelines that build and deploy.
    Pipeline,
    /// People.
    Human,
    /// Agents that a language model drives.
    Agent,
}

impl Stratum {
    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Pipeline => "pipeline",
            Self::Human => "human",
            Self::Agent => "agent",
        }
    }
}

impl fmt::Display for Stratum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who issues tokens to pipelines.
pub(crate) const PIPELINES: [&str; 7] = [
    "token.actions.githubusercontent.com",
    "gitlab",
    "circleci",
    "buildkite",
    "bitbucket",
    "app.terraform.io",
    "vercel",
];

/// Services that are pipelines themselves.
const BUILDERS: [&str; 2] = ["codebuild.amazonaws.com", "codepipeline.amazonaws.com"];

/// Who hands roles to agents.
const AGENTS: [&str; 2] = ["bedrock.amazonaws.com", "bedrock-agentcore.amazonaws.com"];

/// What a role that people assume trusts.
const PEOPLE: [&str; 3] = [":saml-provider/", ":user/", "cognito-identity.amazonaws.com"];

/// The path of roles that IAM Identity Center makes.
const IDENTITY_CENTER: &str = "/aws-reserved/sso.amazonaws.com/";

/// The sort of a principal.
pub(crate) fn stratum_of(account: &Account, principal: &Principal) -> Stratum {
    if principal.arn.contains(IDENTITY_CENTER) {
        return Stratum::Human;
    }
    let trusted = account.trusts.get(&principal.arn).map(trusted).unwrap_or_default();
    let any = |names: &[&str]| trusted.iter().any(|text| names.iter().any(|name| text.contains(name)));
    match principal.kind {
        _ if any(&AGENTS) => Stratum::Agent,
        _ if any(&PIPELINES) || any(&BUILDERS) => Stratum::Pipeline,
        PrincipalKind::User => Stratum::Human,
        PrincipalKind::Role if any(&PEOPLE) => Stratum::Human,
        PrincipalKind::Role => Stratum::Workload,
    }
}

/// The sort of a cluster's user, as far as its name tells.
pub(crate) fn stratum_of_user(name: &str) -> Stratum {
    let lower = name.to_ascii_lowercase();
    match name {
        // Components of the cluster itself, and ServiceAccounts.
        _ if name.starts_with("system:") => Stratum::Workload,
        _ if PIPELINES.iter().any(|issuer| lower.contains(issuer)) => Stratum::Pipeline,
        _ => Stratum::Human,
    }
}

/// Whom a trust policy names, in lower case.
fn trusted(policy: &TrustPolicy) -> Vec<String> {
    policy.named().map(str::to_ascii_lowercase).collect()
}
