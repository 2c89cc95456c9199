//! The words of a request in the ledger, and the way back.

use super::{Request, ResourceRequest, Target};

/// What the ledger calls the API group without a name.
pub const CORE: &str = "core";

/// The service of paths that are no resource's, as RBAC calls them.
pub const NON_RESOURCE: &str = "nonResourceURLs";

/// The parameter that holds the namespace.
pub const NAMESPACE: &str = "namespace";

/// The parameter that holds the API version which was spoken.
pub const VERSION: &str = "version";

/// Paths and names that are longer, in bytes, are not told: a server takes names of at most 253.
const LIMIT: usize = 1024;

/// No verb is longer, in bytes.
const VERB_LIMIT: usize = 64;

/// How the ledger names a request: the audit log's reader, the webhook and the agent use the same words, so that what they
/// record adds up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Words {
    /// The API group, [`CORE`] or [`NON_RESOURCE`].
    pub service: String,
    /// `list deployments`, `create pods/exec`, `get /healthz`.
    pub operation: String,
    /// `namespaces/NS/RESOURCE/NAME` as far as the request has these, or the path.
    pub resource: String,
    /// The namespace whose own bindings count, empty where there is none: the parameter [`NAMESPACE`].
    pub namespace: String,
}

impl Request {
    /// The words of the request; none where they would be too long, or those of another request: `/apis/core/v1/pods` is
    /// not the core's.
    pub fn words(&self) -> Option<Words> {
        let is_verb = !self.verb.is_empty()
            && self.verb.len() <= VERB_LIMIT
            && self.verb.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_verb {
            return None;
        }
        let asked = match &self.target {
            Target::Resource(asked) => asked,
            Target::Url(path) => {
                return (path.len() <= LIMIT).then(|| Words {
                    service: NON_RESOURCE.to_owned(),
                    operation: format!("{} {path}", self.verb),
                    resource: path.clone(),
                    namespace: String::new(),
                });
            }
        };
        let ResourceRequest { group, resource, subresource, namespace, name } = asked;
        let is_long =
            [group, resource, subresource, namespace, name].iter().any(|text| text.len() > LIMIT / 4);
        let is_mistakable = [CORE, NON_RESOURCE].contains(&group.as_str()) || namespace.contains('/');
        if is_long || is_mistakable || resource.is_empty() || resource.contains('/') {
            return None;
        }
        let mut operation = format!("{} {resource}", self.verb);
        if !subresource.is_empty() {
            operation.extend(["/", subresource]);
        }
        let mut place = String::new();
        if !namespace.is_empty() && resource != "namespaces" {
            place.extend(["namespaces/", namespace, "/"]);
        }
        place.push_str(resource);
        if !name.is_empty() {
            place.extend(["/", name]);
        }
        let service = if group.is_empty() { CORE } else { group };
        Some(Words { service: service.to_owned(), operation, resource: place, namespace: namespace.clone() })
    }
}

impl Words {
    /// The request that has these words; none where they are no request's. A name of `*` is that of names which the ledger
    /// holds too many of to tell them apart.
    pub fn request(&self) -> Option<Request> {
        let (verb, asked) = self.operation.split_once(' ')?;
        let verb = verb.to_owned();
        if self.service == NON_RESOURCE {
            return (asked == self.resource).then(|| Request { verb, target: Target::Url(asked.to_owned()) });
        }
        let (resource, subresource) = asked.split_once('/').unwrap_or((asked, ""));
        let (namespace, place) = match self.resource.strip_prefix("namespaces/") {
            // A namespace is itself what is asked for.
            Some(rest) if resource != "namespaces" => rest.split_once('/')?,
            _ if resource == "namespaces" => (self.namespace.as_str(), self.resource.as_str()),
            _ => ("", self.resource.as_str()),
        };
        let name = match place.strip_prefix(resource)? {
            "" => "",
            rest => rest.strip_prefix('/')?,
        };
        if resource.is_empty() {
            return None;
        }
        let own = str::to_owned;
        let asked = ResourceRequest {
            group: if self.service == CORE { String::new() } else { self.service.clone() },
            resource: own(resource),
            subresource: own(subresource),
            namespace: own(namespace),
            name: own(name),
        };
        Some(Request { verb, target: Target::Resource(asked) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        "|namespaces|core|pods|[a-z*]{1,3}|[ -~]{0,4}"
    }

    fn request() -> impl Strategy<Value = Request> {
        let resource = (text(), text(), text(), text(), text()).prop_map(
            |(group, resource, subresource, namespace, name)| {
                Target::Resource(ResourceRequest { group, resource, subresource, namespace, name })
            },
        );
        let target = prop_oneof![9 => resource, 1 => "(/[ -~]{0,3}){0,4}".prop_map(Target::Url)];
        ("get|list|[ -~]{0,3}", target).prop_map(|(verb, target)| Request { verb, target })
    }

    proptest! {
        #[test]
        fn words_lead_back_to_their_request(request in request()) {
            if let Some(words) = request.words() {
                prop_assert_eq!(words.request(), Some(request));
            }
        }

        #[test]
        fn what_an_address_asks_for_is_told(
            address in "/(api/v1|apis/apps/v1)(/namespaces/[a-z]{1,3})?/[a-z]{1,9}(/[a-z.:]{1,9}(/[a-z]{1,9})?)?",
        ) {
            let read = Request::read("GET", &address, |_| None).unwrap().request;
            prop_assert_eq!(read.words().unwrap().request(), Some(read));
        }

        #[test]
        fn any_words_are_read(
            service in "core|nonResourceURLs|[a-z.]{0,3}",
            operation in "(get|) ?[ -~]{0,9}",
            resource in "(namespaces/)?[ -~]{0,9}",
            namespace in "[a-z*]{0,2}",
        ) {
            let _ = Words { service, operation, resource, namespace }.request();
        }
    }

    #[test]
    fn requests_that_others_would_be_taken_for_are_not_told() {
        for address in ["/apis/core/v1/pods", "/apis/nonResourceURLs/v1/pods"] {
            assert_eq!(Request::read("GET", address, |_| None).unwrap().request.words(), None, "{address}");
        }
        for (length, is_told) in [(LIMIT - 1, true), (LIMIT, false)] {
            let long = format!("/{}", "a".repeat(length));
            assert_eq!(Request::read("GET", &long, |_| None).unwrap().request.words().is_some(), is_told);
        }
    }
}
