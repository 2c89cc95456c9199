//! Rules of aggregated ClusterRoles, as the controller manager writes them
//! (`pkg/controller/clusterroleaggregation` in kubernetes/kubernetes).

use std::collections::{BTreeMap, HashSet};

use super::object::Role;
use super::rule::Rule;
use super::state::State;

/// The rules of the roles that an aggregated role selects, in the order of their names, each rule once.
///
/// Where it selects roles that are aggregated themselves, the controller takes the rules that they have at the time; in
/// the end that is as if they had been computed first.
pub(super) fn aggregated(state: &State, role: &Role) -> Vec<Rule> {
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
    let mut seen = HashSet::new();
    let sources = selected.values().filter(|role| role.aggregates.is_empty());
    sources.flat_map(|role| &role.rules).filter(|rule| seen.insert(*rule)).cloned().collect()
}
