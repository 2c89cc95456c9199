//! Calls of a cluster's subjects, as the policy core takes them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use remit_catalog::kubernetes::{NAMESPACE, Words};
use remit_policy::rbac::{Call, Usage};

use crate::rollup::{AUTHORIZER, IMPERSONATOR};

/// Parameters that say more of a request than its words.
const GROUPS: &str = "groups";
const CREATED: &str = "created";
const UPGRADED: &str = "upgraded";

/// The calls of one user in a cluster's own words, and how many others there are that cannot be told from their words.
pub(super) fn of_user(
    cluster: Option<&str>,
    made: &[remit_policy::Call],
    groups: &mut Groups,
) -> (Vec<Call>, u64) {
    let is_of_cluster =
        |call: &&remit_policy::Call| call.account.is_none() || call.account.as_deref() == cluster;
    let (mut named, mut unnamed) = (Vec::new(), 0);
    for call in made.iter().filter(is_of_cluster) {
        match in_words(call, groups) {
            Some(call) => named.push(call),
            None => unnamed += call.seen.count.distinct(),
        }
    }
    (named, unnamed)
}

/// What one user of a cluster was seen to need.
pub(crate) fn usage_of(cluster: Option<&str>, made: &[remit_policy::Call]) -> Usage {
    Usage::gather(&of_user(cluster, made, &mut Groups::default()).0)
}

/// Sets of groups by what the ledger calls them: hardly any call has one of its own.
#[derive(Debug, Default)]
pub(super) struct Groups(HashMap<String, Arc<BTreeSet<String>>>);

impl Groups {
    fn of(&mut self, text: &str) -> Arc<BTreeSet<String>> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let groups = text
            .split(',')
            // More than the ledger keeps apart are `*`: any of them may be among these.
            .filter(|group| !group.is_empty())
            .map(|group| group.replace("%2C", ",").replace("%25", "%"));
        let groups: Arc<BTreeSet<String>> = Arc::new(groups.collect());
        self.0.insert(text.to_owned(), Arc::clone(&groups));
        groups
    }
}

/// A call of a cluster in its own words; none where they do not tell the request.
pub(crate) fn request_call(call: &remit_policy::Call) -> Option<Call> {
    in_words(call, &mut Groups::default())
}

fn in_words(call: &remit_policy::Call, groups: &mut Groups) -> Option<Call> {
    let parameter = |name: &str| call.parameters.get(name).map(String::as_str);
    let words = Words {
        service: call.service.clone(),
        operation: call.operation.clone(),
        resource: call.resources.first().cloned().unwrap_or_default(),
        namespace: parameter(NAMESPACE).unwrap_or_default().to_owned(),
    };
    Some(Call {
        request: Arc::new(words.request()?),
        groups: groups.of(parameter(GROUPS).unwrap_or_default()),
        outcome: call.outcome,
        created: parameter(CREATED) == Some("true"),
        upgraded: parameter(UPGRADED) == Some("true"),
        impersonator: parameter(IMPERSONATOR).map(str::to_owned),
        authorizer: parameter(AUTHORIZER).map(str::to_owned),
        seen: call.seen.clone(),
    })
}
