//! Where a subject of a cluster does what it does: what is kept by a rule is kept there and not everywhere.

use std::collections::{BTreeMap, BTreeSet};

use remit_policy::rbac::{Needed, On, Permission, without_subresource};

use super::known::Known;

/// Verbs whose requests carry the name of an object.
const NAMED: [&str; 4] = ["delete", "get", "patch", "update"];

/// A namespace; none is all of them.
type Namespace = Option<String>;

/// A namespace and a name; none is all of them.
type Place = (Namespace, Option<String>);

/// Where a subject does what it does.
pub(super) struct Places<'k> {
    known: &'k Known,
    /// By API group and resource without subresource: namespaces with names.
    by_resource: BTreeMap<(String, String), BTreeSet<Place>>,
    by_group: BTreeMap<String, BTreeSet<Namespace>>,
    all: BTreeSet<Namespace>,
}

impl<'k> Places<'k> {
    /// Where requests need something.
    pub(super) fn of(needed: &Needed, known: &'k Known) -> Self {
        let (by_resource, by_group, all) = Default::default();
        let mut places = Self { known, by_resource, by_group, all };
        for permission in needed.keys() {
            let On::Resource { group, resource, name } = &permission.on else { continue };
            let of = places
                .by_resource
                .entry((group.clone(), without_subresource(resource).to_owned()))
                .or_default();
            of.insert((permission.namespace.clone(), name.clone()));
            if !known.is_of_the_cluster(permission) {
                places.by_group.entry(group.clone()).or_default().insert(permission.namespace.clone());
                places.all.insert(permission.namespace.clone());
            }
        }
        places
    }

    /// Where a permission is kept: where the subject deals with the same resource, else with others of the group, else with
    /// anything. Names stay as narrow as they are.
    pub(super) fn of_permission(&self, permission: &Permission) -> Vec<Permission> {
        let On::Resource { group, resource, .. } = &permission.on else { return vec![permission.clone()] };
        let at = |namespace: &Namespace, name: Option<String>| {
            let on = On::Resource { group: group.clone(), resource: resource.clone(), name };
            Permission::new(namespace.clone(), on, &permission.verb)
        };
        if let Some(places) = self.by_resource.get(&(group.clone(), without_subresource(resource).to_owned()))
        {
            let has_name = NAMED.contains(&permission.verb.as_str());
            let is_narrower = |namespace: &Namespace, name: &Option<String>| {
                let everywhere = places.contains(&(None, None)) && (namespace.is_some() || name.is_some());
                everywhere || (name.is_some() && (!has_name || places.contains(&(namespace.clone(), None))))
            };
            let wide = places.iter().filter(|(namespace, name)| !is_narrower(namespace, name));
            let mut kept: Vec<Permission> =
                wide.map(|(namespace, name)| at(namespace, name.clone())).collect();
            if !has_name {
                let namespaces: BTreeSet<&Namespace> =
                    places.iter().map(|(namespace, _)| namespace).collect();
                kept.extend(namespaces.into_iter().map(|namespace| at(namespace, None)));
                kept.sort();
                kept.dedup();
            }
            return kept;
        }
        if self.known.is_of_the_cluster(permission) {
            return vec![at(&None, None)];
        }
        let namespaces = self.by_group.get(group).unwrap_or(&self.all);
        // Who deals with nothing in a namespace says nothing of namespaces.
        if namespaces.is_empty() || namespaces.contains(&None) {
            return vec![at(&None, None)];
        }
        namespaces.iter().map(|namespace| at(namespace, None)).collect()
    }
}
