//! Kubernetes: verb, group and resource, as the API server's own reading of addresses has them.
//!
//! The rules are those of "Request Verbs" and "Kubernetes API Concepts" in the Kubernetes documentation. The service is the
//! API group, `core` for the one without a name, and the operation verb and resource with its subresource:
//! `list deployments`, `create pods/exec`.

use remit_ledger::Provider;

use super::host::Host;
use super::{Named, UNKNOWN, path};
use crate::head::{Head, Query};

/// What the group without a name is called.
const CORE: &str = "core";

/// The service of addresses that are no resource's, as RBAC calls them.
const NON_RESOURCE: &str = "nonResourceURLs";

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
    let is_server = is_api_server(host) || host.is_listed(api_servers);
    if !is_server && !is_evident(&parts, host, head.is_bearer) {
        return None;
    }
    Some(read(head, &parts).unwrap_or_else(|| Named::new(Provider::Kubernetes, CORE, UNKNOWN)))
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

/// `v1`, `v2beta1`.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else { return false };
    let rest = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let is_numbered = text.len() > rest.len() + 1;
    let suffix = rest.strip_prefix("alpha").or_else(|| rest.strip_prefix("beta"));
    is_numbered
        && (rest.is_empty()
            || suffix
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())))
}

/// What is asked for; none where the server would not understand it either.
fn read(head: &Head, parts: &[&str]) -> Option<Named> {
    let (group, version, rest) = match parts {
        ["api", version, rest @ ..] if !rest.is_empty() => (CORE, *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return Some(non_resource(head, parts)),
    };
    let (mut verb, rest) = match rest {
        [special @ ("watch" | "proxy"), rest @ ..] => (*special, rest),
        _ => (verb(&head.method)?, rest),
    };
    let (namespace, parts) = match rest {
        ["namespaces", namespace, kind, ..] if !matches!(*kind, "status" | "finalize") => {
            (Some(*namespace), rest.get(2..)?)
        }
        ["namespaces", namespace, ..] => (Some(*namespace), rest),
        _ => (None, rest),
    };
    let (resource, mut name) =
        (*parts.first()?, parts.get(1).filter(|name| !name.is_empty()).map(|name| (*name).to_owned()));
    // What follows a proxied name is the other's address.
    let subresource = parts.get(2).filter(|_| verb != "proxy");
    if name.is_none() && verb == "get" {
        verb = match parameter(&head.query, "watch") {
            None => "list",
            // Of a value that is left out it is known that it is none of the two that mean no.
            Some(watch) => {
                if watch.value.as_deref().is_some_and(is_false) {
                    "list"
                } else {
                    "watch"
                }
            }
        };
        let selected = parameter(&head.query, "fieldSelector").and_then(|query| query.value.as_deref());
        name = selected.and_then(selected_name).map(str::to_owned);
    } else if name.is_none() && verb == "delete" {
        verb = "deletecollection";
    }
    if !is_resource(resource) || !is_resource(group) || subresource.is_some_and(|part| !is_resource(part)) {
        return None;
    }
    let operation = match subresource {
        Some(subresource) => format!("{verb} {resource}/{subresource}"),
        None => format!("{verb} {resource}"),
    };
    let mut place = String::new();
    if let Some(namespace) = namespace.filter(|_| resource != "namespaces") {
        place = format!("namespaces/{namespace}/");
    }
    place.push_str(resource);
    if let Some(name) = &name {
        place.push('/');
        place.push_str(name);
    }
    let named = Named::new(Provider::Kubernetes, group, operation).on(place);
    let named = if let Some(namespace) = namespace { named.with("namespace", namespace) } else { named };
    Some(if is_version(version) { named.with("version", version) } else { named })
}

fn non_resource(head: &Head, parts: &[&str]) -> Named {
    let verb = super::web::method(head).to_ascii_lowercase();
    let address = path::template(&format!("/{}", parts.join("/")));
    Named::new(Provider::Kubernetes, NON_RESOURCE, format!("{verb} {address}")).on(address)
}

fn verb(method: &str) -> Option<&'static str> {
    Some(match method {
        "POST" => "create",
        "GET" | "HEAD" => "get",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => return None,
    })
}

/// The first of a name, as the server takes it.
fn parameter<'q>(query: &'q [Query], name: &str) -> Option<&'q Query> {
    query.iter().find(|query| query.name == name)
}

fn is_false(value: &str) -> bool {
    value == "0" || value.eq_ignore_ascii_case("false")
}

/// A list of the one of that name is authorised by it.
fn selected_name(selector: &str) -> Option<&str> {
    let name = selector.split(',').find_map(|term| term.strip_prefix("metadata.name="))?;
    let name = name.strip_prefix('=').unwrap_or(name);
    let is_segment = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '%']);
    is_segment.then_some(name)
}

/// Whether it can name a resource or group.
fn is_resource(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

#[cfg(test)]
mod tests;
