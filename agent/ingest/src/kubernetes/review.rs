//! Access reviews: somebody else's component asks whether a user may do something, and the event of its question, where bodies are
//! logged, is all that shows that the user's permission was used.

use remit_catalog::kubernetes::{Reading, Request, ResourceRequest, Target};
use remit_ledger::Outcome;
use serde::Deserialize;

use super::caller::Who;

/// A question that was asked on a user's behalf.
pub(crate) struct Review {
    pub(crate) who: Who,
    pub(crate) reading: Reading,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Question {
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    user: String,
    #[serde(alias = "group")]
    groups: Option<Vec<String>>,
    resource_attributes: Option<Attributes>,
    non_resource_attributes: Option<Path>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attributes {
    namespace: String,
    verb: String,
    group: String,
    version: String,
    resource: String,
    subresource: String,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Path {
    path: String,
    verb: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    allowed: Option<bool>,
}

impl Review {
    /// Reads a question and its answer, which may not have been logged; none where it is not of a user that is named.
    pub(crate) fn read(question: &[u8], answer: Option<&[u8]>, asker: &str) -> Option<Self> {
        let Question { spec } = serde_json::from_slice(question).ok()?;
        let mut who = Who::named(&spec.user, spec.groups.as_deref().unwrap_or_default())?;
        who.via = Some(asker.to_owned());
        let (request, version) = match (spec.resource_attributes, spec.non_resource_attributes) {
            (Some(asked), _) => {
                let Attributes { namespace, verb, group, version, resource, subresource, name } = asked;
                let asked = ResourceRequest { group, resource, subresource, namespace, name };
                (Request { verb, target: Target::Resource(asked) }, version)
            }
            (None, Some(Path { path, verb })) => (Request { verb, target: Target::Url(path) }, String::new()),
            (None, None) => return None,
        };
        let answer: Option<Answer> = answer.and_then(|answer| serde_json::from_slice(answer).ok());
        let outcome = match answer.and_then(|answer| answer.status.allowed) {
            Some(true) => Outcome::Allowed,
            Some(false) => Outcome::Denied,
            None => Outcome::Unknown,
        };
        Some(Self { who, reading: Reading { request, version }, outcome })
    }
}
