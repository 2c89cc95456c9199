//! Tools that are called by the Model Context Protocol over HTTP, whose requests are JSON-RPC.

use remit_ledger::Provider;

use super::Named;
use super::host::Host;
use crate::head::{Body, Head};

/// What methods of the protocol begin with (Model Context Protocol, specification of 2025-06-18).
const FAMILIES: &[&str] = &[
    "completion/",
    "elicitation/",
    "logging/",
    "notifications/",
    "prompts/",
    "resources/",
    "roots/",
    "sampling/",
    "tools/",
];

/// A call of the protocol, named by its method; a tool by its own name too, as what is called.
pub(super) fn tool(head: &Head, host: &Host<'_>) -> Option<Named> {
    let Some(Body::Rpc { method, tool }) = &head.body else { return None };
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_".contains(&byte));
    let is_of_family = FAMILIES.iter().any(|family| method.starts_with(family));
    if head.method != "POST" || method.len() > 64 || !is_of_family || !is_word(method) {
        return None;
    }
    let named = Named::new(Provider::Mcp, host.label(), method.as_str());
    Some(match tool {
        Some(tool) if tool.len() <= 128 && !tool.chars().any(char::is_control) => named.on(tool.as_str()),
        _ => named,
    })
}
