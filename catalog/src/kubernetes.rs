//! Requests to an API server of Kubernetes, as its authorizer sees them.
//!
//! The rules are those of the server's own reading of addresses (`RequestInfoFactory` in kubernetes/apiserver) and of
//! "Request Verbs" in the Kubernetes documentation.

mod words;

pub use words::{CORE, NAMESPACE, NON_RESOURCE, VERSION, Words};

/// A request as the authorizer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Request {
    /// The verb: `get`, `list`, `create`, ..., or an HTTP method in lower case where no resource is asked for.
    pub verb: String,
    /// What is asked for.
    pub target: Target,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A resource.
    Resource(ResourceRequest),
    /// A path that is no resource's, such as `/healthz`.
    Url(String),
}

/// A resource that is asked for. Texts are empty where the request has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceRequest {
    /// The API group; empty for the core.
    pub group: String,
    /// The resource, such as `pods`.
    pub resource: String,
    /// The subresource, such as `log`.
    pub subresource: String,
    /// The namespace; empty for what is in none and for all of them at once.
    pub namespace: String,
    /// The name; empty for a collection and for what is to be created.
    pub name: String,
}

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The request.
    pub request: Request,
    /// The API version that is spoken, of which the authorizer takes no notice; empty where no resource is asked for.
    pub version: String,
}

/// A query parameter: its value, or none where the address has it and its value is not known.
pub type Parameter<'q> = Option<&'q str>;

impl Request {
    /// The namespace whose own bindings count, if any.
    pub fn namespace(&self) -> Option<&str> {
        match &self.target {
            Target::Resource(resource) if !resource.namespace.is_empty() => Some(&resource.namespace),
            Target::Resource(_) | Target::Url(_) => None,
        }
    }

    /// Reads a request: its method in capitals, its path without percent-encoding, and the first query parameter of a
    /// name. None where the server would not understand it.
    pub fn read<'q>(
        method: &str,
        path: &str,
        parameter: impl Fn(&str) -> Option<Parameter<'q>>,
    ) -> Option<Reading> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
            _ => {
                let (verb, target) = (method.to_ascii_lowercase(), Target::Url(path.to_owned()));
                return Some(Reading { request: Self { verb, target }, version: String::new() });
            }
        };
        let (mut verb, rest) = match rest {
            [special @ ("watch" | "proxy"), rest @ ..] => (*special, rest),
            _ => (verb(method)?, rest),
        };
        // A namespace is both in itself and what is asked for, so that a role within it can grant it.
        let (namespace, parts) = match rest {
            ["namespaces", namespace, kind, ..] if !matches!(*kind, "status" | "finalize") => {
                (*namespace, rest.get(2..)?)
            }
            ["namespaces", namespace, ..] => (*namespace, rest),
            _ => ("", rest),
        };
        let (resource, mut name) = (*parts.first()?, parts.get(1).copied().unwrap_or_default());
        // What follows a proxied name is the other's address.
        let subresource = parts.get(2).filter(|_| verb != "proxy").copied().unwrap_or_default();
        if name.is_empty() && verb == "get" {
            verb = match parameter("watch") {
                None => "list",
                // Of a value that is not known, it is at least known that few write the two that mean no.
                Some(watch) => {
                    if watch.is_some_and(is_false) {
                        "list"
                    } else {
                        "watch"
                    }
                }
            };
            name = parameter("fieldSelector").flatten().and_then(selected_name).unwrap_or_default();
        } else if name.is_empty() && verb == "delete" {
            verb = "deletecollection";
        }
        let is_named = |text: &str| text.is_empty() || is_word(text);
        if resource.is_empty() || ![group, resource, subresource].into_iter().all(is_named) {
            return None;
        }
        let own = str::to_owned;
        let asked = ResourceRequest {
            group: own(group),
            resource: own(resource),
            subresource: own(subresource),
            namespace: own(namespace),
            name: own(name),
        };
        let request = Self { verb: own(verb), target: Target::Resource(asked) };
        Some(Reading { request, version: own(version) })
    }
}

/// Whether a text is an API version, such as `v1` or `v2beta1`.
pub fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else { return false };
    let rest = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let is_numbered = text.len() > rest.len() + 1;
    let suffix = rest.strip_prefix("alpha").or_else(|| rest.strip_prefix("beta"));
    is_numbered
        && (rest.is_empty()
            || suffix
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())))
}

/// The verb of a method where an address alone does not say another; none of a method that API servers do not know.
pub fn verb(method: &str) -> Option<&'static str> {
    Some(match method {
        "POST" => "create",
        "GET" | "HEAD" => "get",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => return None,
    })
}

fn is_false(value: &str) -> bool {
    value == "0" || value.eq_ignore_ascii_case("false")
}

/// The name that a field selector asks for, if any: a list of the one object of that name is authorised by it.
pub fn selected_name(selector: &str) -> Option<&str> {
    // One term that says nothing makes the whole selector void.
    if selector.split(',').any(|term| !term.is_empty() && !term.contains('=')) {
        return None;
    }
    let name = selector.split(',').find_map(|term| term.strip_prefix("metadata.name="))?;
    let name = name.strip_prefix('=').unwrap_or(name);
    let is_segment = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '%']);
    is_segment.then_some(name)
}

/// Whether it can name a resource or group.
fn is_word(text: &str) -> bool {
    text.len() <= 253 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

#[cfg(test)]
mod tests;
