//! Services that are none of the known: host, method and path, names left out.

use remit_ledger::Provider;

use super::host::Host;
use super::{Named, path};
use crate::head::{Body, Head};

pub(super) fn name(head: &Head, host: &Host<'_>) -> Named {
    let mut operation = operation(head);
    if let Some(Body::Rpc { method, .. }) = &head.body {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:$".contains(&byte);
        if method.len() <= 64 && method.bytes().all(is_plain) {
            operation = format!("{operation} {method}");
        }
    }
    Named::new(Provider::Http, host.label(), operation)
}

/// Method and path. What calls by gRPC has the method in its path, whatever it is called.
pub(super) fn operation(head: &Head) -> String {
    let method = method(head);
    match grpc(head) {
        Some((service, operation)) => format!("{method} /{service}/{operation}"),
        None => format!("{method} {}", path::template(&head.path)),
    }
}

/// Methods are few, and a text that is none names nothing.
pub(super) fn method(head: &Head) -> &str {
    let is_method = |method: &str| {
        (1..=20).contains(&method.len()) && method.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    if is_method(&head.method) { &head.method } else { super::UNKNOWN }
}

/// Service and method of a call by gRPC: `/google.storage.v2.Storage/ReadObject`.
pub(super) fn grpc(head: &Head) -> Option<(&str, &str)> {
    if !head.is_grpc() {
        return None;
    }
    let (service, method) = head.path.strip_prefix('/')?.split_once('/')?;
    let is_name = |text: &str, others: &[u8]| {
        (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || others.contains(&byte))
    };
    (is_name(service, b".") && is_name(method, b"")).then_some((service, method))
}
