//! Kubernetes: verb, group and resource, as the API server's own reading of addresses has them.
//!
//! The rules are those of "Request Verbs" and "Kubernetes API Concepts" in the Kubernetes documentation, and the words those of
//! the catalog, which the reader of audit logs has, too.

pub(super) mod kubelet;

use remit_catalog::kubernetes::{CORE, NAMESPACE, Reading, Request, VERSION, is_version};
use remit_ledger::Provider;

use super::host::Host;
use super::{Named, UNKNOWN, path};
use crate::head::Head;

/// Groups that are part of Kubernetes and have no domain.
const GROUPS: &[&str] = &["apps", "autoscaling", "batch", "extensions", "policy"];

/// Resources of the group without a name: what comes after `/api/v1/`.
const RESOURCES: &[&str] = &[
    "bindings",
    "componentstatuses",
    "configmaps",
    "endpoints",
    "events",
    "limitranges",
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "podtemplates",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "serviceaccounts",
    "services",
];

/// Names a request to an API server. Elsewhere only what no other service has: a group with its version, or at a local
/// address a resource of the core.
pub(super) fn name(head: &Head, host: &Host<'_>, api_servers: &[String]) -> Option<Named> {
    if head.scope.is_some() || head.amz_target.is_some() {
        return None;
    }
    // The server decodes an address before it takes it apart.
    let decoded = path::decoded(&head.path);
    let parts: Vec<&str> = decoded.trim_matches('/').split('/').collect();
    if !is_server(host, api_servers) && !is_evident(&parts, host, head.is_bearer) {
        return None;
    }
    Some(read(head, &decoded).unwrap_or_else(|| Named::new(Provider::Kubernetes, CORE, UNKNOWN)))
}

/// Whether the host is an API server's: one that is listed, or can be nothing else.
pub(super) fn is_server(host: &Host<'_>, api_servers: &[String]) -> bool {
    is_api_server(host) || host.is_listed(api_servers)
}

/// Whether the host can be nothing else.
fn is_api_server(host: &Host<'_>) -> bool {
    let is_service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"].contains(&host.name)
        || host.name.starts_with("kubernetes.default.svc.");
    // EKS, AKS and the port that kubeadm and OpenShift have.
    is_service
        || host.name.ends_with(".eks.amazonaws.com")
        || host.name.ends_with(".azmk8s.io")
        || host.port == Some(6443)
}

/// Whether an address is one of an API server wherever it is sent. Other services have paths such as `/api/v1/events` too,
/// so one without a namespace has to be sent to an address, and to a usual port or with a token.
fn is_evident(parts: &[&str], host: &Host<'_>, is_bearer: bool) -> bool {
    let is_usual = is_bearer || matches!(host.port, None | Some(443 | 8443));
    match parts {
        ["apis", group, version, _, ..] => {
            (GROUPS.contains(group) || group.contains('.')) && is_version(version)
        }
        ["api", "v1", "namespaces", _, resource, ..] => host.is_local() && RESOURCES.contains(resource),
        ["api", "v1", "watch" | "proxy", resource, ..] | ["api", "v1", resource, ..] => {
            host.ip().is_some() && is_usual && RESOURCES.contains(resource)
        }
        _ => false,
    }
}

/// What is asked for; none where the server would not understand it either, or the ledger has no words for it.
fn read(head: &Head, path: &str) -> Option<Named> {
    let parameter =
        |name: &str| head.query.iter().find(|query| query.name == name).map(|query| query.value.as_deref());
    let Reading { request, version } = Request::read(&head.method, path, parameter)?;
    let words = request.words()?;
    let mut named = Named::new(Provider::Kubernetes, words.service, words.operation).on(words.resource);
    if !words.namespace.is_empty() {
        named = named.with(NAMESPACE, words.namespace);
    }
    Some(if is_version(&version) { named.with(VERSION, version) } else { named })
}

#[cfg(test)]
mod tests;
