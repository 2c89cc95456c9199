//! Metadata services of machines and containers, which hand out the credentials of their role.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use remit_ledger::Provider;

use super::host::Host;
use super::{Named, path, web};
use crate::head::Head;

/// The service that these calls are recorded under.
const SERVICE: &str = "instance-metadata";

/// The address that AWS, Google and Azure share.
const MACHINE: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

/// Addresses that only AWS has: of EC2, of ECS, and of EKS Pod Identity.
const AWS: [IpAddr; 4] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
];

/// Where the role of a machine of AWS is in the path.
const ROLES: &str = "iam/security-credentials";

pub(super) fn name(head: &Head, host: &Host<'_>) -> Option<Named> {
    let provider = provider(head, host)?;
    let parts = path::parts(&head.path);
    let method = web::method(head);
    if let [version, data, iam, credentials, role] = parts.as_slice()
        && provider == Provider::Aws
        && data == "meta-data"
        && format!("{iam}/{credentials}") == ROLES
    {
        let version = path::template(version);
        let operation = format!("{method} {version}/meta-data/{ROLES}/{{}}");
        return Some(Named::new(provider, SERVICE, operation).with("role", role.as_str()));
    }
    // The address of a container's metadata has its identifier after the version, which may be any word.
    let operation = match parts.as_slice() {
        [version, first, rest @ ..]
            if is_container(host) && ["v2", "v3", "v4"].contains(&version.as_str()) =>
        {
            let first = if version == "v2" && first == "credentials" { "credentials" } else { "{}" };
            format!("/{version}/{first}{}", path::template(&rest.join("/")).trim_end_matches('/'))
        }
        _ => path::template(&head.path),
    };
    Some(Named::new(provider, SERVICE, format!("{method} {operation}")))
}

fn is_container(host: &Host<'_>) -> bool {
    host.name == "169.254.170.2"
}

fn provider(head: &Head, host: &Host<'_>) -> Option<Provider> {
    if matches!(host.name, "metadata.google.internal" | "metadata" | "metadata.goog") {
        return head.path.starts_with("/computeMetadata/").then_some(Provider::Gcp);
    }
    let ip = host.ip()?;
    if AWS.contains(&ip) {
        return Some(Provider::Aws);
    }
    if ip != MACHINE {
        return None;
    }
    Some(match head.path.split('/').nth(1).unwrap_or_default() {
        "computeMetadata" => Provider::Gcp,
        "metadata" => Provider::Azure,
        "latest" => Provider::Aws,
        dated if dated.starts_with("20") => Provider::Aws,
        _ => Provider::Http,
    })
}
