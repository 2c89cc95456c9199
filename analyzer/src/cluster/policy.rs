//! Where it is known what a cluster's audit log shows.

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
    if let Some(problem) = read.problems.first() {
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

/// How a log was delivered, of a class that tells it: `file`, `eks`, `gke`, `aks` or `aks-admin`.
pub(crate) fn delivery(class: &EventClass) -> Option<&str> {
    match class {
        EventClass::Data { resource_type, .. } => resource_type.strip_prefix(DELIVERY),
        EventClass::ManagementRead | EventClass::ManagementWrite => None,
    }
}

/// What a provider delivers, where all of a log came from one. Files and webhooks are of whoever set them up.
pub(crate) fn delivered<'a>(mut deliveries: impl Iterator<Item = &'a str>) -> Option<(String, AuditPolicy)> {
    match (deliveries.next(), deliveries.next()) {
        (Some(one), None) => AuditPolicy::profile(one).map(|policy| (one.to_owned(), policy)),
        _ => None,
    }
}
