//! What is known to be in a cluster, so that wildcards can be taken apart.

use std::collections::BTreeMap;

use remit_catalog::kubernetes::{Request, Target};
use remit_policy::rbac::{Granted, On, Permission, Usage, VERBS, without_subresource};

/// Verbs on subresources that are asked for something.
const OF_ONE: [&str; 5] = ["create", "delete", "get", "patch", "update"];

/// Subresources that are parts of what there is, and verbs on them.
const PARTS: [&str; 6] = ["approval", "ephemeralcontainers", "finalizers", "resize", "scale", "status"];
const OF_PARTS: [&str; 3] = ["get", "patch", "update"];

/// Groups of which nothing is kept, so that it can only be asked.
const QUESTIONS: [&str; 2] = ["authentication.k8s.io", "authorization.k8s.io"];
const OF_QUESTIONS: [&str; 1] = ["create"];

/// What a rule has for all.
const ALL: &str = "*";

/// Resources of the server itself that are in no namespace, by API group (Kubernetes API reference 1.34: those without a path under
/// `/namespaces/{namespace}/`). Of all others it is learned from what is asked for.
const OF_THE_CLUSTER: [(&str, &[&str]); 16] = [
    ("", &["componentstatuses", "namespaces", "nodes", "persistentvolumes"]),
    (
        "admissionregistration.k8s.io",
        &[
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "validatingwebhookconfigurations",
        ],
    ),
    ("apiextensions.k8s.io", &["customresourcedefinitions"]),
    ("apiregistration.k8s.io", &["apiservices"]),
    ("authentication.k8s.io", &["selfsubjectreviews", "tokenreviews"]),
    (
        "authorization.k8s.io",
        &["selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews"],
    ),
    ("certificates.k8s.io", &["certificatesigningrequests", "clustertrustbundles"]),
    ("flowcontrol.apiserver.k8s.io", &["flowschemas", "prioritylevelconfigurations"]),
    ("internal.apiserver.k8s.io", &["storageversions"]),
    ("networking.k8s.io", &["ingressclasses", "ipaddresses", "servicecidrs"]),
    ("node.k8s.io", &["runtimeclasses"]),
    ("rbac.authorization.k8s.io", &["clusterrolebindings", "clusterroles"]),
    ("resource.k8s.io", &["deviceclasses", "devicetaintrules", "resourceslices"]),
    ("scheduling.k8s.io", &["priorityclasses"]),
    (
        "storage.k8s.io",
        &["csidrivers", "csinodes", "storageclasses", "volumeattachments", "volumeattributesclasses"],
    ),
    ("storagemigration.k8s.io", &["storageversionmigrations"]),
];

/// Resources that are known to be in a cluster, by API group and name with subresource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// With whether somebody asked for such in a namespace; not known where nobody asked.
    resources: BTreeMap<(String, String), Option<bool>>,
}

impl Known {
    /// What was asked for, and what roles name.
    pub(crate) fn of<'u, 'g>(
        usage: impl Iterator<Item = &'u Usage>,
        granted: impl Iterator<Item = &'g Granted<'static>>,
    ) -> Self {
        let mut known = Self::default();
        for permission in granted.flat_map(|granted| granted.permissions.keys()) {
            if let Some((group, resource)) = permission.resource().filter(|_| !is_wild(permission)) {
                known.resources.entry((group.to_owned(), resource.to_owned())).or_default();
            }
        }
        for request in usage.flat_map(|usage| usage.uses.keys()) {
            known.add(request);
        }
        known
    }

    fn add(&mut self, request: &Request) {
        let (Target::Resource(asked), On::Resource { group, resource, .. }) =
            (&request.target, Permission::of_request(request).into_detail().on)
        else {
            return;
        };
        // Of a collection that is only looked at it cannot be told: it may be that of all namespaces.
        if asked.namespace.is_empty() && asked.name.is_empty() && request.verb != "create" {
            self.resources.entry((group, resource)).or_default();
            return;
        }
        // A namespace is said to be in itself.
        let is_placed = !asked.namespace.is_empty() && asked.resource != "namespaces";
        let known = self.resources.entry((group, resource)).or_default();
        *known = Some(known.unwrap_or(false) || is_placed);
    }

    /// Whether a resource is certainly in no namespace.
    pub(super) fn is_of_the_cluster(&self, permission: &Permission) -> bool {
        permission.resource().is_some_and(|(group, resource)| {
            let is_built_in = |(of, resources): &(&str, &[&str])| {
                *of == group && resources.contains(&without_subresource(resource))
            };
            let asked = || self.resources.get(&(group.to_owned(), resource.to_owned()));
            OF_THE_CLUSTER.iter().any(is_built_in) || asked().is_some_and(|known| *known == Some(false))
        })
    }

    /// The verbs on single resources that a permission is for, where it is granted.
    pub(crate) fn parts(&self, granted: &Permission) -> Vec<Permission> {
        if granted.is_inert() {
            return Vec::new();
        }
        let Some((group, resource)) = granted.resource() else {
            return if granted.is_wild() { Vec::new() } else { vec![granted.clone()] };
        };
        let all = self.resources.keys().map(|(group, resource)| (group.as_str(), resource.as_str()));
        let resources: Vec<(&str, &str)> =
            if is_wild(granted) { all.collect() } else { vec![(group, resource)] };
        let mut parts = Vec::new();
        for (group, resource) in resources {
            let verbs: &[&str] = match resource.split_once('/') {
                _ if QUESTIONS.contains(&group) => &OF_QUESTIONS,
                None => &VERBS,
                Some((_, part)) if PARTS.contains(&part) => &OF_PARTS,
                Some(_) => &OF_ONE,
            };
            let own = [granted.verb.as_str()];
            for verb in if granted.verb == ALL { verbs } else { &own } {
                let on = On::Resource { group: group.to_owned(), resource: resource.to_owned(), name: None };
                let one = Permission::new(None, on, *verb);
                parts.extend(one.meet(granted));
            }
        }
        parts
    }
}

/// Whether a permission is for more than one resource.
fn is_wild(permission: &Permission) -> bool {
    permission.resource().is_some_and(|(group, resource)| group == ALL || resource.starts_with(ALL))
}
