//! Naming: from the head of a request to provider, service, operation and resources.
//!
//! Names are those of the provider's own audit log, so that records of both add up. What cannot be named for certain is
//! [`UNKNOWN`]; what is nobody's API is named by host, method and path, names in the path left out.

mod aws;
mod azure;
mod gcp;
mod github;
mod host;
mod kubernetes;
mod metadata;
mod path;
mod rpc;
mod server;
mod vault;
mod web;

pub use server::server;

use remit_ledger::Provider;

use crate::head::Head;

/// The operation of a call that could not be named.
pub const UNKNOWN: &str = "unknown";

/// What a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Whose API it calls.
    pub provider: Provider,
    /// The service, such as `s3`, `apps` or a host.
    pub service: String,
    /// The operation, such as `GetObject`, `list deployments` or `GET /orders/{}`; [`UNKNOWN`] where it cannot be told.
    pub operation: String,
    /// The region it is signed for or sent to.
    pub region: Option<String>,
    /// What it touches, in the provider's notation, sorted. Empty where the request's head does not tell.
    pub resources: Vec<String>,
    /// Parameters that name resources, by name.
    pub parameters: Vec<(String, String)>,
}

/// What is known from elsewhere about where requests go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// The AWS account of the caller, in which names without an account are; empty where it is not known.
    pub account: &'a str,
    /// Hosts, with their ports where they have one, of Kubernetes API servers.
    pub api_servers: &'a [String],
    /// Hosts, with their ports where they have one, of Vault servers.
    pub vaults: &'a [String],
}

impl Named {
    /// A call of which only these are known.
    fn new(provider: Provider, service: impl Into<String>, operation: impl Into<String>) -> Self {
        Self {
            provider,
            service: service.into(),
            operation: operation.into(),
            region: None,
            resources: Vec::new(),
            parameters: Vec::new(),
        }
    }

    fn on(mut self, resource: impl Into<String>) -> Self {
        self.resources.push(resource.into());
        self
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parameters.push((name.to_owned(), value.into()));
        self
    }
}

/// Names a request.
pub fn name(head: &Head, surroundings: &Surroundings<'_>) -> Named {
    let host = host::Host::of(head.host.as_deref().unwrap_or_default());
    // A proxy is asked for a way to the host. What is called through it is a call of its own.
    if head.method == "CONNECT" && head.path.is_empty() {
        return Named::new(Provider::Http, host.label(), "CONNECT");
    }
    let named = metadata::name(head, &host)
        .or_else(|| gcp::name(head, &host))
        .or_else(|| azure::name(head, &host))
        .or_else(|| github::name(head, &host))
        .or_else(|| kubernetes::kubelet::name(head, &host))
        .or_else(|| kubernetes::name(head, &host, surroundings.api_servers))
        .or_else(|| aws::name(head, &host, surroundings.account));
    match named {
        // A tool of a gateway that AWS runs is told by the body, where the address tells nothing.
        Some(named) if named.operation == UNKNOWN => rpc::tool(head, &host).unwrap_or(named),
        Some(named) => named,
        None => vault::name(head, &host, surroundings.vaults)
            .or_else(|| rpc::tool(head, &host))
            .unwrap_or_else(|| web::name(head, &host)),
    }
}

#[cfg(test)]
mod tests;
