//! Proposals for subjects of a cluster, as files.

use remit_policy::rbac::{EvidenceContext, Proven, User, emit};
use remit_policy::{EmittedFile, folder_stem};

use super::Cluster;

/// What stands for the name of a cluster that no log tells.
const NAMELESS: &str = "cluster";

/// A subject's folder, relative to the proposals folder. No other subject has it: users may be called anything.
pub(crate) fn folder_of(cluster: &Cluster, user: &User) -> String {
    let place = folder_stem(cluster.name.as_deref().unwrap_or(NAMELESS));
    if let Some(group) = user.as_group() {
        return format!("{place}/group/{}", folder_stem(group));
    }
    match user.account() {
        Some((namespace, name)) => {
            format!("{place}/service-account/{}/{}", folder_stem(namespace), folder_stem(name))
        }
        None => format!("{place}/user/{}", folder_stem(&user.name)),
    }
}

/// The files of a subject's folder.
pub(crate) fn files_of(cluster: &Cluster, proven: &Proven<'_>) -> anyhow::Result<Vec<EmittedFile>> {
    let context =
        EvidenceContext { cluster: cluster.name.as_deref(), audit_policy: cluster.policy.as_deref() };
    Ok(emit(proven, context)?)
}
