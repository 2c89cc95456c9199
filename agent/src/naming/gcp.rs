//! Google Cloud: storage by its three interfaces, credentials, and other services by method and path.

mod storage;

use remit_ledger::Provider;

use super::host::Host;
use super::{Named, UNKNOWN, path, web};
use crate::head::Head;

/// The domain of Google's interfaces.
pub(super) const DOMAIN: &str = "googleapis.com";

/// Parts of paths that have no name behind them.
const SINGLE: &[&str] = &["global", "aggregated"];

/// The operations of the service that hands out credentials, as the audit log names them.
const CREDENTIALS: &[(&str, &str)] = &[
    ("generateAccessToken", "GenerateAccessToken"),
    ("generateIdToken", "GenerateIdToken"),
    ("signBlob", "SignBlob"),
    ("signJwt", "SignJwt"),
];

pub(super) fn name(head: &Head, host: &Host<'_>) -> Option<Named> {
    let below = global(host.below(DOMAIN)?);
    if let Some(bucket) = below.strip_suffix(".storage").or_else(|| (below == "storage").then_some("")) {
        return Some(storage::name(head, bucket));
    }
    let label = below.rsplit('.').next().unwrap_or(below);
    let service = service(label);
    if service == "www" {
        return Some(www(head));
    }
    if let Some((interface, method)) = web::grpc(head) {
        return Some(Named::new(Provider::Gcp, service, format!("{interface}.{method}")));
    }
    if service == "iamcredentials"
        && let Some(named) = credentials(head)
    {
        return Some(named);
    }
    Some(generic(head, service))
}

/// The same host without what says that a client shows a certificate, or in which region it is asked:
/// `storage.mtls.googleapis.com`, `storage.europe-west3.rep.googleapis.com`.
fn global(below: &str) -> &str {
    let below = below.strip_suffix(".mtls").unwrap_or(below);
    let regional = below.strip_suffix(".rep").and_then(|place| place.rsplit_once('.'));
    regional.map_or(below, |(service, _)| service)
}

/// Older addresses have the service in the path: `www.googleapis.com/storage/v1/b`.
fn www(head: &Head) -> Named {
    let parts = path::parts(&head.path);
    let service = match parts.first().map(String::as_str) {
        Some("upload" | "download" | "batch") => parts.get(1),
        first => first.and(parts.first()),
    };
    match service.map(String::as_str) {
        Some("storage") => storage::name(head, ""),
        Some(service) if is_word(service) => generic(head, service),
        _ => Named::new(Provider::Gcp, "www", UNKNOWN),
    }
}

/// The service of a host's label: `europe-west1-aiplatform` is that of a region.
fn service(label: &str) -> &str {
    let is_number = |part: &str| part.chars().last().is_some_and(|last| last.is_ascii_digit());
    let mut parts = label.splitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(area), Some(service)) if is_number(area) => service,
        _ => label,
    }
}

fn credentials(head: &Head) -> Option<Named> {
    let (place, verb) = head.path.rsplit_once(':')?;
    let (_, operation) = CREDENTIALS.iter().find(|(known, _)| *known == verb)?;
    let parts = path::parts(place);
    let [_, projects, project, accounts, account] = parts.as_slice() else { return None };
    (head.method == "POST" && projects == "projects" && accounts == "serviceAccounts").then(|| {
        Named::new(Provider::Gcp, "iamcredentials", *operation)
            .on(format!("projects/{project}/serviceAccounts/{account}"))
    })
}

/// A path as Google's guide to interfaces (AIP-122) has them: collections and names in turn, perhaps a verb at the end.
/// Which method that is only the service's own description tells, so the names are left out and the rest stays.
fn generic(head: &Head, service: &str) -> Named {
    let (place, verb) = match head.path.rsplit_once(':') {
        Some((place, verb)) if is_word(verb) => (place, Some(verb)),
        _ => (head.path.as_str(), None),
    };
    let parts = path::parts(place);
    let start = parts.iter().position(|part| is_version(part)).map_or(0, |place| place + 1);
    let mut operation = format!("{} ", web::method(head));
    let mut is_name = false;
    for (place, part) in parts.iter().take(24).enumerate() {
        operation.push('/');
        if place >= start && is_name {
            operation.push_str("{}");
            is_name = false;
        } else {
            operation.push_str(if is_word(part) { part } else { "{}" });
            is_name = place >= start && !SINGLE.contains(&part.as_str());
        }
    }
    if parts.is_empty() {
        operation.push('/');
    }
    if let Some(verb) = verb {
        operation.push(':');
        operation.push_str(verb);
    }
    let named = Named::new(Provider::Gcp, service, operation);
    let resource = parts.get(start..).unwrap_or_default().join("/");
    if parts.get(start).is_some_and(|first| first == "projects") { named.on(resource) } else { named }
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
        && part.len() <= 12
}

/// Whether it can be the name of a collection, service or verb.
fn is_word(text: &str) -> bool {
    (1..=48).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && text.bytes().filter(u8::is_ascii_digit).count() <= 3
}
