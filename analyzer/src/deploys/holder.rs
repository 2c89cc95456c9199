//! Roles and users, as far as their deploys go: their names, their policies, and whether the log would show what they run.

use std::collections::BTreeMap;

use remit_policy::link::TrustPolicy;
use remit_policy::{Account, Principal};

use super::{Kind, Marker};

/// A role or user without its path, which calls that change it do not name: no two of an account share a name.
pub(super) fn holder(account: &str, kind: &str, name: &str) -> String {
    format!("{account}:{kind}/{name}")
}

/// The role or user of an ARN, without its path.
pub(super) fn holder_of(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':');
    let (service, account, path) = (parts.nth(2)?, parts.nth(1)?, parts.next()?);
    let kind = path.split('/').next()?;
    let name = path.rsplit('/').next()?;
    let is_holder = service == "iam" && matches!(kind, "role" | "user") && name != kind && name != "*";
    is_holder.then(|| holder(account, kind, name))
}

/// ARNs of the managed policies that a principal has itself.
pub(super) fn attached<'a>(account: &'a Account, principal: &'a Principal) -> impl Iterator<Item = &'a str> {
    let own = principal.attachments.iter().map(|attachment| attachment.policy).chain(principal.boundary);
    own.filter_map(|at| account.policies.get(at)?.arn.as_deref())
}

/// Whether the log shows every deploy of what may assume a role: functions are changed by calls, tasks are defined anew in all that
/// was seen, and workloads of a cluster are rolled out. Whoever else assumes it may have changed unseen.
pub(super) fn is_shown(trust: &TrustPolicy, markers: &BTreeMap<i64, Marker>) -> bool {
    let any = |kind| markers.values().any(|marker| marker.kind == kind);
    let mut named = trust.named().peekable();
    named.peek().is_some()
        && named.all(|who| match who {
            "lambda.amazonaws.com" => true,
            "ecs-tasks.amazonaws.com" => any(Kind::Task),
            "pods.eks.amazonaws.com" => any(Kind::Rollout),
            who if who.contains(":oidc-provider/oidc.eks.") => any(Kind::Rollout),
            _ => false,
        })
}
