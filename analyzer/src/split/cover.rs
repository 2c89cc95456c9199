//! Whether the parts of an identity cover what it was seen to use.

use remit_catalog::Catalog;
use remit_policy::{Account, Context, Decision, Document, PolicySet, Request};

use super::Part;
use crate::analysis::Analysed;
use crate::report::build::name_of;

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cover {
    /// Pairs of a permission and a resource that the identity used, each of which is some part's.
    pub(crate) pairs: usize,
    /// Requests that are allowed today and that a part's policies were asked about.
    pub(crate) requests: usize,
}

/// Something that the identity used and no part covers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{action}` on `{resource}` is in no part")]
pub(crate) struct Uncovered {
    /// The permission.
    pub(crate) action: String,
    /// The resource.
    pub(crate) resource: String,
}

/// Checks that everything that the identity used is some part's, and that this part's policies allow what today's do.
pub(crate) fn cover(
    catalog: &Catalog,
    account: &Account,
    whole: &Analysed,
    parts: &[Part],
) -> Result<Cover, Uncovered> {
    let boundary = whole.principal.boundary.and_then(|at| account.policies.get(at));
    let boundary = boundary.map(|policy| &policy.document);
    let attached = whole.principal.attachments.iter().filter_map(|one| account.policies.get(one.policy));
    let documents: Vec<&Document> = attached.map(|policy| &policy.document).collect();
    let today = PolicySet::new(&documents, boundary);
    let sets: Vec<PolicySet> = parts
        .iter()
        .map(|part| match part.analysed.outcome.proven() {
            Some(proven) => {
                let after = proven.proposal().changes.iter().flat_map(|change| &change.after);
                let after: Vec<_> = after.map(|new| &new.document).collect();
                PolicySet::new(&after, boundary)
            }
            // Of what is not proven nothing is written, and the part stays with today's policies.
            None => PolicySet::new(&documents, boundary),
        })
        .collect();
    let mut cover = Cover::default();
    for (id, use_) in whole.usage.used() {
        let action = name_of(catalog, id);
        let uses = |part: &Part, resource: Option<&str>| {
            part.analysed.usage.actions.get(&id).is_some_and(|own| {
                own.seen.is_some() && resource.is_none_or(|resource| own.resources.contains_key(resource))
            })
        };
        let resources = use_.resources.keys().map(|resource| Some(resource.as_str()));
        let whole_scope =
            (use_.any_resource || use_.resource_unknown || use_.resources.is_empty()).then_some(None);
        for resource in resources.chain(whole_scope) {
            let uncovered =
                || Uncovered { action: action.clone(), resource: resource.unwrap_or("*").to_owned() };
            let using: Vec<&PolicySet> = parts
                .iter()
                .zip(&sets)
                .filter(|(part, _)| uses(part, resource))
                .map(|(_, set)| set)
                .collect();
            if using.is_empty() {
                return Err(uncovered());
            }
            cover.pairs += 1;
            // Collapsed names stand for many requests; each part's own proof speaks of these.
            let Some(resource) = resource.filter(|resource| !resource.contains(['*', '?'])) else { continue };
            let context = Context::unknown();
            let request = Request { action: &action, resource, context: &context };
            let decide = |set: &PolicySet| set.evaluate(&request).decision;
            let is_covered = match decide(&today) {
                Decision::Allowed => using.iter().any(|set| decide(set) == Decision::Allowed),
                Decision::Undetermined => {
                    using.iter().any(|set| matches!(decide(set), Decision::Allowed | Decision::Undetermined))
                }
                Decision::DeniedExplicitly | Decision::DeniedImplicitly => continue,
            };
            if !is_covered {
                return Err(uncovered());
            }
            cover.requests += 1;
        }
    }
    Ok(cover)
}
