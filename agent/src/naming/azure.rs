//! Azure: operations of Resource Manager, blob storage, and other services by method and path.

mod blob;

use remit_ledger::Provider;

use super::host::Host;
use super::{Named, UNKNOWN, path, web};
use crate::head::Head;

/// Hosts of Resource Manager, in each of Azure's clouds.
const MANAGERS: &[&str] =
    &["management.azure.com", "management.chinacloudapi.cn", "management.usgovcloudapi.net"];

/// Domains of storage, in each of Azure's clouds.
const STORAGE: &[&str] =
    &["core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net", "storage.azure.net"];

/// The service of Resource Manager itself, which other services are behind.
pub(super) const RESOURCES: &str = "microsoft.resources";

/// A type that is read by POST.
const ASKED: &str = "microsoft.resourcegraph/resources";

/// Other services, by the ends of their hosts.
const OTHERS: &[(&str, &str)] = &[
    ("vault.azure.net", "keyvault"),
    ("azconfig.io", "appconfiguration"),
    ("servicebus.windows.net", "servicebus"),
    ("documents.azure.com", "cosmosdb"),
    ("azurecr.io", "containerregistry"),
];

pub(super) fn name(head: &Head, host: &Host<'_>) -> Option<Named> {
    if MANAGERS.contains(&host.name) {
        return Some(manager(head).unwrap_or_else(|| Named::new(Provider::Azure, RESOURCES, UNKNOWN)));
    }
    if let Some(below) = STORAGE.iter().find_map(|domain| host.below(domain)) {
        return Some(match below.rsplit_once('.') {
            Some((account, "blob")) => blob::name(head, account.split('.').next().unwrap_or(account)),
            Some((_, service)) => other(head, service),
            None => other(head, "storage"),
        });
    }
    if matches!(host.name, "login.microsoftonline.com" | "graph.microsoft.com") {
        return Some(other(head, host.name.split('.').next().unwrap_or(host.name)));
    }
    let (_, service) = OTHERS.iter().find(|(domain, _)| host.below(domain).is_some())?;
    Some(other(head, service))
}

fn other(head: &Head, service: &str) -> Named {
    Named::new(Provider::Azure, service, web::operation(head))
}

/// An operation of Resource Manager, as its activity log and roles have it, in lower case, since clients write types in any:
/// `microsoft.compute/virtualmachines/read`. Names stand between the parts of a type; after the last `providers` is the type
/// that is meant.
fn manager(head: &Head) -> Option<Named> {
    let parts = path::parts(&head.path);
    let is_providers = |part: &String| part.eq_ignore_ascii_case("providers");
    let (namespace, rest) = match parts.iter().rposition(is_providers) {
        Some(place) if parts.get(place + 1).is_some() => {
            (parts.get(place + 1)?.as_str(), parts.get(place + 2..)?)
        }
        _ => (RESOURCES, parts.as_slice()),
    };
    let kinds: Vec<&str> = rest.iter().step_by(2).map(String::as_str).collect();
    let is_of_one = rest.len().is_multiple_of(2);
    if !std::iter::once(&namespace).chain(&kinds).all(|kind| is_type(kind)) || kinds.is_empty() {
        return None;
    }
    let namespace = namespace.to_ascii_lowercase();
    let kind = format!("{namespace}/{}", kinds.join("/").to_ascii_lowercase());
    let operation = match head.method.as_str() {
        "GET" | "HEAD" => format!("{kind}/read"),
        "POST" if kind == ASKED => format!("{kind}/read"),
        "PUT" | "PATCH" if is_of_one => format!("{kind}/write"),
        "DELETE" if is_of_one => format!("{kind}/delete"),
        "POST" if !is_of_one => format!("{kind}/action"),
        _ => return None,
    };
    Some(Named::new(Provider::Azure, namespace, operation).on(format!("/{}", parts.join("/"))))
}

fn is_type(text: &str) -> bool {
    (1..=80).contains(&text.len())
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}
