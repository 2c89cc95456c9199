//! Where it is known what a cluster's audit log shows.

use std::collections::BTreeSet;
use std::path::Path;

use remit_ledger::EventClass;
use remit_policy::rbac::AuditPolicy;

use crate::manifests;
use crate::output::counted;
use crate::proposals::read_file;

/// Begins the class of events by which a record tells how the log was delivered.
const DELIVERY: &str = "kubernetes:delivery:";

/// The audit policy of a provider, or of a file.
pub(crate) fn audit_policy(name: &str) -> anyhow::Result<AuditPolicy> {
    if let Some(policy) = AuditPolicy::profile(name) {
        return Ok(policy);
    }
    let providers = AuditPolicy::PROFILES.map(|name| format!("`{name}`")).join(", ");
    let hint = format!("hint: give the API server's `--audit-policy-file`, or one of {providers}");
    let text = read_file(Path::new(name)).map_err(|error| anyhow::anyhow!("{error:#}\n{hint}"))?;
    let read = manifests::read(name, &text);
    if let Some(problem) = read.rest.problems.first() {
        anyhow::bail!("{name}:{}: {}", problem.line, problem.message);
    }
    let [manifest] = read.manifests.as_slice() else {
        anyhow::bail!(
            "`{name}` is no audit policy: it holds {}\n{hint}",
            counted(read.manifests.len() as u64, "object", "objects")
        );
    };
    let at = manifest.origin.line;
    AuditPolicy::read(&manifest.value).map_err(|error| anyhow::anyhow!("{name}:{at}: {error}\n{hint}"))
}

/// How a log was delivered, of a class that tells it: `file`, `eks`, `gke`, `aks`, `aks-admin`, `aks-table` or
/// `aks-admin-table`.
pub(crate) fn delivery(class: &EventClass) -> Option<&str> {
    match class {
        EventClass::Data { resource_type, .. } => resource_type.strip_prefix(DELIVERY),
        EventClass::ManagementRead | EventClass::ManagementWrite => None,
    }
}

/// What a log shows, and what tells it: what the named policy has the server log, as far as each form in which the log came
/// hands that on. Without a name it is what the only form tells.
pub(crate) fn shown(
    named: Option<&str>,
    deliveries: &BTreeSet<String>,
) -> anyhow::Result<Option<(String, AuditPolicy)>> {
    let deliveries = deliveries.iter().map(String::as_str);
    match named {
        Some(named) => Ok(Some(handed_on(named, audit_policy(named)?, deliveries))),
        None => Ok(delivered(deliveries)),
    }
}

/// What of a named policy all of these forms hand on.
pub(crate) fn handed_on<'a>(
    named: &str,
    mut policy: AuditPolicy,
    deliveries: impl Iterator<Item = &'a str>,
) -> (String, AuditPolicy) {
    let mut name = named.to_owned();
    // Whether Data Access logs are on is what only the user knows.
    let is_named = |delivery: &str| named == delivery || (named == "gke-data-access" && delivery == "gke");
    for delivery in deliveries.filter(|delivery| !is_named(delivery)) {
        if let Some(other) = AuditPolicy::profile(delivery) {
            name = format!("{name} and {delivery}");
            policy = policy.and(other);
        }
    }
    (name, policy)
}

/// What a provider delivers, where all of a log came from one. Files and webhooks are of whoever set them up.
pub(crate) fn delivered<'a>(mut deliveries: impl Iterator<Item = &'a str>) -> Option<(String, AuditPolicy)> {
    match (deliveries.next(), deliveries.next()) {
        (Some(one), None) => AuditPolicy::profile(one).map(|policy| (one.to_owned(), policy)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
    use remit_policy::rbac::{User, Visibility};

    use super::*;

    /// The ledger knows how the log came, and what was left out on the way no policy of the server brings back.
    #[test]
    fn a_named_policy_shows_no_more_than_was_delivered() {
        let user = User::service_account("shop", "web");
        let asked = |verb: &str| {
            let pods = ResourceRequest { resource: "pods".to_owned(), ..ResourceRequest::default() };
            Request { verb: verb.to_owned(), target: Target::Resource(pods) }
        };
        let told = |named: Option<&str>, deliveries: &[&str]| {
            let deliveries = deliveries.iter().map(|&one| one.to_owned()).collect();
            shown(named, &deliveries).unwrap().map(|(name, policy)| {
                let is_shown = |verb| policy.shows(&user, &asked(verb)) == Visibility::Shown;
                (name, is_shown("get"), is_shown("update"))
            })
        };
        let is = |name: &str, reads: bool| Some((name.to_owned(), reads, true));
        assert_eq!(told(Some("aks"), &["aks"]), is("aks", true));
        assert_eq!(told(Some("aks"), &["aks-admin"]), is("aks and aks-admin", false));
        assert_eq!(told(Some("eks"), &["file"]), is("eks", true));
        assert_eq!(told(Some("eks"), &["file", "gke"]), is("eks and gke", false));
        assert_eq!(told(Some("gke-data-access"), &["gke"]), is("gke-data-access", true));
        assert_eq!(told(None, &["aks-admin"]), is("aks-admin", false));
        assert_eq!(told(None, &["file"]), None);
    }
}
