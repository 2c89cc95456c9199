//! What is asked of the API server, as its authorizer sees it.

use std::borrow::Cow;

use remit_catalog::kubernetes::{CORE, Reading, Request, ResourceRequest, Target, is_version};
use serde::Deserialize;

/// What the ledger calls a request that cannot be named.
const UNKNOWN: &str = "unknown";

/// What was asked for, in the ledger's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub(crate) service: String,
    pub(crate) operation: String,
    /// Empty where it is not known.
    pub(crate) resource: String,
    pub(crate) namespace: String,
    /// Empty where it is not told.
    pub(crate) version: String,
}

/// `objectRef` of an event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ObjectRef<'a> {
    #[serde(borrow, rename = "apiGroup")]
    group: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "apiVersion")]
    version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    resource: Option<Cow<'a, str>>,
    #[serde(borrow)]
    subresource: Option<Cow<'a, str>>,
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

impl Asked {
    /// The words of a request; `unknown` where it has none.
    pub(crate) fn of(request: Option<&Request>, version: &str) -> Self {
        let Some(words) = request.and_then(Request::words) else {
            return Self { service: CORE.to_owned(), operation: UNKNOWN.to_owned(), ..Self::default() };
        };
        Self {
            service: words.service,
            operation: words.operation,
            resource: words.resource,
            namespace: words.namespace,
            version: if is_version(version) { version.to_owned() } else { String::new() },
        }
    }
}

/// Reads `requestURI` as the server does. The event's verb is the server's own reading of the method and the address, so it
/// stays where a deliverer has left something of the address out.
pub(crate) fn of_address(verb: &str, uri: &str) -> Option<Reading> {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let path = decoded(path);
    let selector = parameter(query, "fieldSelector");
    let read = Request::read(&method(verb), &path, |name| match name {
        "fieldSelector" => selector.as_deref().map(Some),
        _ => None,
    });
    let mut reading = read?;
    if matches!(reading.request.target, Target::Resource(_)) && is_verb(verb) {
        verb.clone_into(&mut reading.request.verb);
    }
    Some(reading)
}

/// Reads `objectRef`, which is the server's own reading but for the name of what is created: that is of the body.
pub(crate) fn of_object(verb: &str, object: &[u8]) -> Option<Reading> {
    let object: ObjectRef<'_> = serde_json::from_slice(object).ok()?;
    let own = |text: &Option<Cow<'_, str>>| text.as_deref().unwrap_or_default().to_owned();
    let version = own(&object.version);
    let (group, version) = match version.split_once('/') {
        Some((group, version)) => (group.to_owned(), version.to_owned()),
        None => (String::new(), version),
    };
    let mut asked = ResourceRequest {
        group: object.group.as_deref().map_or(group, str::to_owned),
        resource: own(&object.resource),
        subresource: own(&object.subresource),
        namespace: own(&object.namespace),
        name: own(&object.name),
    };
    let is_new = verb == "create" && asked.subresource.is_empty();
    if is_new || verb == "deletecollection" {
        asked.name.clear();
    }
    if asked.resource == "namespaces" && asked.group.is_empty() {
        // A namespace lies in itself.
        asked.namespace.clone_from(&asked.name);
    }
    let request = Request { verb: verb.to_owned(), target: Target::Resource(asked) };
    is_verb(verb).then_some(Reading { request, version })
}

/// A method whose requests have this verb.
fn method(verb: &str) -> Cow<'_, str> {
    Cow::Borrowed(match verb {
        "get" | "list" | "watch" | "proxy" => "GET",
        "create" => "POST",
        "update" => "PUT",
        "patch" => "PATCH",
        "delete" | "deletecollection" => "DELETE",
        other => return Cow::Owned(other.to_ascii_uppercase()),
    })
}

/// Whether it is a verb that requests for resources have.
fn is_verb(verb: &str) -> bool {
    const VERBS: [&str; 9] =
        ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
    VERBS.contains(&verb)
}

/// Whether a call of this verb changes nothing.
pub(crate) fn is_read(verb: &str) -> bool {
    matches!(verb, "get" | "list" | "watch" | "head" | "options")
}

/// The first query parameter of a name.
fn parameter<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    let (_, value) =
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(own, _)| *own == name)?;
    if value.contains('+') {
        return Some(Cow::Owned(decoded(&value.replace('+', " ")).into_owned()));
    }
    Some(decoded(value))
}

/// Percent-decoded; what is no UTF-8 then stays as it is.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap_or(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reading: Option<&Reading>) -> String {
        let asked = Asked::of(
            reading.map(|reading| &reading.request),
            reading.map_or("", |reading| reading.version.as_str()),
        );
        format!(
            "{} {} on {} in {} {}",
            asked.service, asked.operation, asked.resource, asked.namespace, asked.version
        )
    }

    #[test]
    fn an_address_and_its_verb_are_read_as_the_server_read_them() {
        for (verb, uri, expected) in [
            ("list", "/api/v1/namespaces/a/pods?limit=500", "core list pods on namespaces/a/pods in a v1"),
            ("watch", "/apis/apps/v1/deployments?watch=true", "apps watch deployments on deployments in  v1"),
            (
                "watch",
                "/api/v1/namespaces/a/secrets?fieldSelector=metadata.name%3Ds&watch=true",
                "core watch secrets on namespaces/a/secrets/s in a v1",
            ),
            (
                "create",
                "/api/v1/namespaces/a/pods/p/exec?command=x",
                "core create pods/exec on namespaces/a/pods/p in a v1",
            ),
            ("get", "/api/v1/namespaces/a", "core get namespaces on namespaces/a in a v1"),
            (
                "deletecollection",
                "/api/v1/namespaces/a/pods",
                "core deletecollection pods on namespaces/a/pods in a v1",
            ),
            (
                "get",
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
                "rbac.authorization.k8s.io get clusterroles on clusterroles/system:node in  v1",
            ),
            ("head", "/metrics", "nonResourceURLs head /metrics on /metrics in  "),
            ("get", "/healthz?verbose", "nonResourceURLs get /healthz on /healthz in  "),
            ("brew", "/api/v1/pods", "core unknown on  in  "),
        ] {
            assert_eq!(line(of_address(verb, uri).as_ref()), expected, "{verb} {uri}");
        }
    }

    #[test]
    fn an_object_is_the_same_but_for_the_name_of_what_is_created() {
        for (verb, object, expected) in [
            (
                "create",
                r#"{"resource":"pods","namespace":"a","name":"p","apiVersion":"v1"}"#,
                "core create pods on namespaces/a/pods in a v1",
            ),
            (
                "create",
                r#"{"resource":"pods","subresource":"exec","namespace":"a","name":"p","apiVersion":"v1"}"#,
                "core create pods/exec on namespaces/a/pods/p in a v1",
            ),
            (
                "get",
                r#"{"resource":"deployments","apiGroup":"apps","namespace":"a","name":"d","apiVersion":"v1"}"#,
                "apps get deployments on namespaces/a/deployments/d in a v1",
            ),
            (
                "create",
                r#"{"resource":"namespaces","name":"a","namespace":"a"}"#,
                "core create namespaces on namespaces in  ",
            ),
            (
                "delete",
                r#"{"resource":"namespaces","name":"a"}"#,
                "core delete namespaces on namespaces/a in a ",
            ),
            ("get", r#"{"resource":7}"#, "core unknown on  in  "),
            ("use", r#"{"resource":"pods"}"#, "core unknown on  in  "),
        ] {
            assert_eq!(line(of_object(verb, object.as_bytes()).as_ref()), expected, "{verb} {object}");
        }
    }
}
