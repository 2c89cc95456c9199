//! Rules of aggregated ClusterRoles, as the controller manager writes them
//! (`pkg/controller/clusterroleaggregation` in kubernetes/kubernetes).

use std::collections::{BTreeMap, HashSet};

use super::object::Role;
use super::rule::Rule;
use super::state::State;

/// The roles whose rules an aggregated role takes over, in the order of their names.
///
/// Where it selects roles that are aggregated themselves, the controller takes the rules that they have at the time; in
/// the end that is as if they had been computed first.
pub(super) fn sources<'a>(state: &'a State, role: &'a Role) -> Vec<&'a Role> {
    let mut selected = BTreeMap::from([(&role.name, role)]);
    let mut due = vec![role];
    while let Some(role) = due.pop() {
        let others = state.roles().filter(|other| other.name.namespace.is_none());
        for other in others.filter(|other| role.aggregates.iter().any(|one| one.selects(&other.labels))) {
            if selected.insert(&other.name, other).is_none() && !other.aggregates.is_empty() {
                due.push(other);
            }
        }
    }
    selected.into_values().filter(|role| role.aggregates.is_empty()).collect()
}

/// The rules of these roles, each rule once.
pub(super) fn aggregated(sources: &[&Role]) -> Vec<Rule> {
    let mut seen = HashSet::new();
    sources.iter().flat_map(|role| &role.rules).filter(|rule| seen.insert(*rule)).cloned().collect()
}
