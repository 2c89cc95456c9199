//! Entries of Google Cloud's log, which are all that GKE tells of its API servers.
//!
//! They hold a request's permission and object in place of its address, and neither groups, user agents' tokens, stages nor the
//! answer's code: of a failure they have a status of gRPC.

use std::borrow::Cow;

use remit_catalog::kubernetes::{Reading, Target};
use serde::Deserialize;

use super::asked::of_address;
use crate::scan::Text;

/// The fields of an entry that are read, still in JSON.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry<'a> {
    pub(crate) payload: Option<&'a [u8]>,
    pub(crate) resource: Option<&'a [u8]>,
    pub(crate) operation: Option<&'a [u8]>,
    pub(crate) insert_id: Option<Text<'a>>,
    pub(crate) time: Option<Text<'a>>,
    /// Labels that are an event's annotations.
    pub(crate) decision: Option<Text<'a>>,
    pub(crate) reason: Option<Text<'a>>,
}

/// `protoPayload`, a `google.cloud.audit.AuditLog`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Payload<'a> {
    #[serde(borrow)]
    method_name: Cow<'a, str>,
    #[serde(borrow)]
    resource_name: Cow<'a, str>,
    #[serde(borrow)]
    authentication_info: Authentication<'a>,
    authorization_info: Vec<Authorization>,
    status: Option<Status>,
    #[serde(borrow)]
    request_metadata: Metadata<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Authentication<'a> {
    #[serde(borrow)]
    principal_email: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Authorization {
    granted: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    code: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow, rename = "callerIp", alias = "callerIP")]
    caller_ip: Cow<'a, str>,
}

/// `resource` of an entry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Monitored<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    labels: Labels<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Labels<'a> {
    #[serde(borrow)]
    cluster_name: Cow<'a, str>,
}

/// `operation` of an entry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Operation<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

impl<'a> Entry<'a> {
    pub(crate) fn payload(&self) -> Option<Payload<'a>> {
        serde_json::from_slice(self.payload?).ok()
    }

    /// What it was logged for; none for what is no cluster's own log: the calls that make and change clusters are of another service.
    pub(crate) fn cluster(&self) -> Option<Monitored<'a>> {
        let resource: Monitored<'_> = serde_json::from_slice(self.resource?).ok()?;
        (resource.kind == "k8s_cluster").then_some(resource)
    }

    /// The request's audit identifier, or else the entry's own.
    pub(crate) fn id(&self) -> Option<Cow<'a, str>> {
        let operation: Option<Operation<'a>> =
            self.operation.and_then(|operation| serde_json::from_slice(operation).ok());
        let id = operation.map(|operation| operation.id).filter(|id| !id.is_empty());
        id.or_else(|| self.insert_id.and_then(Text::decode)).filter(|id| !id.is_empty())
    }
}

impl Monitored<'_> {
    pub(crate) fn name(&self) -> &str {
        &self.labels.cluster_name
    }
}

impl Payload<'_> {
    pub(crate) fn principal(&self) -> &str {
        &self.authentication_info.principal_email
    }

    pub(crate) fn origin(&self) -> &str {
        &self.request_metadata.caller_ip
    }

    /// The verb: what `io.k8s.core.v1.pods.exec.create` ends in.
    pub(crate) fn verb(&self) -> &str {
        self.method_name.rsplit('.').next().unwrap_or_default()
    }

    /// What was asked for: `core/v1/namespaces/a/pods/p` is an address but for its beginning, and that what is created is named.
    pub(crate) fn asked(&self) -> Option<Reading> {
        let (group, rest) = self.resource_name.split_once('/')?;
        let address = match group {
            "core" => format!("/api/{rest}"),
            group => format!("/apis/{group}/{rest}"),
        };
        let mut reading = of_address(self.verb(), &address)?;
        let Target::Resource(asked) = &mut reading.request.target else { return None };
        if self.verb() == "create" && asked.subresource.is_empty() {
            asked.name.clear();
            if asked.resource == "namespaces" && asked.group.is_empty() {
                asked.namespace.clear();
            }
        }
        Some(reading)
    }

    /// Whether it was granted, where no label tells.
    pub(crate) fn decision(&self) -> Option<&'static str> {
        let granted = self.authorization_info.iter().map(|one| one.granted.unwrap_or(false));
        if self.authorization_info.iter().all(|one| one.granted.is_none()) {
            return None;
        }
        Some(if granted.into_iter().all(|granted| granted) { "allow" } else { "forbid" })
    }

    /// The answer's code that goes with the status, by `google.rpc.Code`; none of a call that did not fail.
    pub(crate) fn code(&self) -> Option<u16> {
        Some(match self.status.as_ref()?.code.filter(|code| *code != 0)? {
            3 | 9 | 11 => 400,
            5 => 404,
            6 | 10 => 409,
            7 => 403,
            8 => 429,
            16 => 401,
            _ => 500,
        })
    }
}

#[cfg(test)]
mod tests {
    use remit_catalog::kubernetes::Request;

    use super::*;

    #[test]
    fn an_entry_names_object_and_verb() {
        for (method, name, expected) in [
            ("io.k8s.core.v1.pods.create", "core/v1/namespaces/a/pods/p", "create pods namespaces/a/pods"),
            (
                "io.k8s.core.v1.pods.exec.create",
                "core/v1/namespaces/a/pods/p/exec",
                "create pods/exec namespaces/a/pods/p",
            ),
            ("io.k8s.core.v1.namespaces.create", "core/v1/namespaces/a", "create namespaces namespaces"),
            ("io.k8s.core.v1.secrets.list", "core/v1/secrets", "list secrets secrets"),
            (
                "io.k8s.authorization.rbac.v1.roles.patch",
                "rbac.authorization.k8s.io/v1/namespaces/a/roles/system:r",
                "patch roles namespaces/a/roles/system:r",
            ),
        ] {
            let payload =
                Payload { method_name: method.into(), resource_name: name.into(), ..Payload::default() };
            let words =
                payload.asked().map(|reading| reading.request).as_ref().and_then(Request::words).unwrap();
            assert_eq!(format!("{} {}", words.operation, words.resource), expected);
        }
    }
}
