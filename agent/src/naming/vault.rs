//! Vault and OpenBao: the capability that their policies grant, and the path that they grant it on.

use remit_ledger::Provider;

use super::host::Host;
use super::{Named, UNKNOWN, path};
use crate::head::Head;

/// The port that both listen at, unless told otherwise.
const PORT: u16 = 8200;

/// Names of a first label, for servers that are reached by a gateway.
const LABELS: &[&str] = &["vault", "openbao"];

/// Values of a parameter that servers take for true.
const TRUE: &[&str] = &["1", "t", "T", "true", "True", "TRUE"];

/// Parts behind which tokens, their accessors and leases stand, which have slashes in them.
const SENSITIVE: &[&str] = &[
    "lookup",
    "lookup-accessor",
    "renew",
    "renew-accessor",
    "revoke",
    "revoke-accessor",
    "revoke-orphan",
    "unwrap",
];

/// Whether the host is a server's: one that is listed, that has the port or that is called so.
pub(super) fn is_server(host: &Host<'_>, vaults: &[String]) -> bool {
    let first = host.name.split('.').next().unwrap_or(host.name);
    host.is_listed(vaults) || host.port == Some(PORT) || LABELS.contains(&first)
}

/// Names a request to a server. Elsewhere a path that begins with `/v1/` is anybody's.
pub(super) fn name(head: &Head, host: &Host<'_>, vaults: &[String]) -> Option<Named> {
    let place = head.path.strip_prefix("/v1/")?;
    if !is_server(host, vaults) {
        return None;
    }
    let parts = path::parts(place);
    let Some(mount) = parts.first().filter(|mount| is_plain(mount)) else {
        return Some(Named::new(Provider::Vault, UNKNOWN, UNKNOWN));
    };
    let is_list = head.query.iter().any(|query| {
        query.name == "list" && query.value.as_deref().is_some_and(|value| TRUE.contains(&value))
    });
    let operation = match head.method.as_str() {
        "LIST" => "list",
        // OpenBao's, of all that is below.
        "SCAN" => "scan",
        "GET" if is_list => "list",
        "GET" | "HEAD" => "read",
        // Whether it creates or updates depends on what is there.
        "POST" | "PUT" => "write",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => UNKNOWN,
    };
    Some(Named::new(Provider::Vault, mount.as_str(), operation).on(resource(&parts)))
}

/// A path without tokens and leases, which some addresses have in them.
fn resource(parts: &[String]) -> String {
    let is_token = |part: &str| {
        part.len() > 20
            && ["hvs.", "hvb.", "hvr.", "s.", "b.", "r."].iter().any(|start| part.starts_with(start))
    };
    let mut shown = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        shown.push(if is_token(part) { "{}" } else { part.as_str() });
        if SENSITIVE.contains(&part.as_str()) && place + 1 < parts.len() {
            shown.push("{}");
            break;
        }
    }
    shown.join("/")
}

fn is_plain(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
