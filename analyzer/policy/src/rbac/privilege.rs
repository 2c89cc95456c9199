//! Who can come to more than roles give, by which path, and whether it was used.
//!
//! The paths are those of "Role Based Access Control Good Practices" in the Kubernetes documentation, and what the same means
//! leads to one step further.

use super::call::Usage;
use super::granted::{Granted, permissions_of};
use super::impersonators::AUTHENTICATION;
use super::permission::{On, Permission, is_child, is_text, without_subresource};
use super::proposal::Proposal;
use super::rule::ALL;
use crate::usage::Seen;

/// A way to come to more than roles give.
#[derive(Debug, PartialEq, Eq)]
pub struct Path {
    /// A stable short name.
    pub name: &'static str,
    /// How much it leads to, from 1 to 10: 10 is the whole cluster at once, 8 whatever is in a namespace, with other subjects'
    /// credentials, 5 what depends on what is found there.
    pub weight: u8,
    /// What it leads to, in words.
    pub leads_to: &'static str,
    /// Verbs, of which one suffices.
    verbs: &'static [&'static str],
    /// API group and resource, of which one suffices.
    resources: &'static [(&'static str, &'static str)],
    /// Namespace and name of the only object that counts; none where any does.
    object: Option<(&'static str, &'static str)>,
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const WRITES: &[&str] = &["create", "update", "patch"];

/// Resources that are in no namespace, so that only bindings of the whole cluster count for them.
const OF_THE_CLUSTER: &[&str] = &[
    "certificatesigningrequests/approval",
    "clusterroles",
    "groups",
    "mutatingwebhookconfigurations",
    "nodes",
    "nodes/proxy",
    "nodes/status",
    "persistentvolumes",
    "uids",
    "userextras",
    "users",
    "validatingwebhookconfigurations",
];

/// The paths, the most dangerous first.
pub const PATHS: &[Path] = &[
    Path {
        name: "escalate",
        weight: 10,
        leads_to: "writes roles that allow anything",
        verbs: &["escalate"],
        resources: &[(RBAC, "roles"), (RBAC, "clusterroles")],
        object: None,
    },
    Path {
        name: "bind",
        weight: 10,
        leads_to: "binds itself to any role",
        verbs: &["bind"],
        resources: &[(RBAC, "roles"), (RBAC, "clusterroles")],
        object: None,
    },
    Path {
        name: "impersonate",
        weight: 10,
        leads_to: "asks in the name of any user, group or ServiceAccount",
        verbs: &["impersonate"],
        resources: &[("", "users"), ("", "groups"), ("", "serviceaccounts")],
        object: None,
    },
    Path {
        name: "aws-auth",
        weight: 10,
        leads_to: "on EKS, makes any IAM identity any user, in any group",
        verbs: &["update", "patch"],
        resources: &[("", "configmaps")],
        object: Some(("kube-system", "aws-auth")),
    },
    Path {
        name: "nodes-proxy",
        weight: 10,
        leads_to: "runs commands in any pod of a node, by its kubelet, unseen by audit and admission",
        // What the kubelet asks about by methods of HTTP (`pkg/kubelet/server/auth.go`).
        verbs: &["get", "create", "update", "patch", "delete"],
        resources: &[("", "nodes/proxy")],
        object: None,
    },
    Path {
        name: "approve-certificates",
        weight: 10,
        leads_to: "has client certificates of any user signed",
        verbs: &["update", "patch"],
        resources: &[("certificates.k8s.io", "certificatesigningrequests/approval")],
        object: None,
    },
    Path {
        name: "webhooks",
        weight: 9,
        leads_to: "reads and changes whatever is written to the cluster",
        verbs: WRITES,
        resources: &[
            (ADMISSION, "mutatingwebhookconfigurations"),
            (ADMISSION, "validatingwebhookconfigurations"),
        ],
        object: None,
    },
    Path {
        name: "persistent-volumes",
        weight: 9,
        leads_to: "mounts files of a node",
        verbs: &["create"],
        resources: &[("", "persistentvolumes")],
        object: None,
    },
    Path {
        name: "constrained-impersonation",
        weight: 8,
        leads_to: "asks in others' names for what `impersonate-on:` verbs let it",
        verbs: &[
            "impersonate:user-info",
            "impersonate:serviceaccount",
            "impersonate:arbitrary-node",
            "impersonate:associated-node",
        ],
        resources: &[
            (AUTHENTICATION, "users"),
            (AUTHENTICATION, "groups"),
            (AUTHENTICATION, "serviceaccounts"),
            (AUTHENTICATION, "nodes"),
        ],
        object: None,
    },
    Path {
        name: "token-requests",
        weight: 8,
        leads_to: "has tokens of other ServiceAccounts",
        verbs: &["create"],
        resources: &[("", "serviceaccounts/token")],
        object: None,
    },
    Path {
        name: "read-secrets",
        weight: 8,
        leads_to: "reads credentials of others",
        verbs: &["get", "list", "watch"],
        resources: &[("", "secrets")],
        object: None,
    },
    Path {
        name: "token-secrets",
        weight: 8,
        leads_to: "has tokens of other ServiceAccounts made, to be read as Secrets",
        verbs: &["create"],
        resources: &[("", "secrets")],
        object: None,
    },
    Path {
        name: "run-commands",
        weight: 8,
        leads_to: "acts as the ServiceAccounts of running pods",
        verbs: &["get", "create"],
        resources: &[("", "pods/exec"), ("", "pods/attach")],
        object: None,
    },
    Path {
        name: "debug-containers",
        weight: 8,
        leads_to: "acts as the ServiceAccounts of running pods",
        verbs: &["update", "patch"],
        resources: &[("", "pods/ephemeralcontainers")],
        object: None,
    },
    Path {
        name: "workloads",
        weight: 8,
        leads_to: "acts as any ServiceAccount of the namespace, with its Secrets",
        verbs: WRITES,
        resources: &[
            ("", "pods"),
            ("", "replicationcontrollers"),
            ("apps", "daemonsets"),
            ("apps", "deployments"),
            ("apps", "replicasets"),
            ("apps", "statefulsets"),
            ("batch", "cronjobs"),
            ("batch", "jobs"),
        ],
        object: None,
    },
    Path {
        name: "namespaces",
        weight: 6,
        leads_to: "takes the security standard off a namespace by its labels",
        verbs: &["update", "patch"],
        resources: &[("", "namespaces")],
        object: None,
    },
    Path {
        name: "status",
        weight: 6,
        leads_to: "misleads controllers and moves pods to another node",
        verbs: &["update", "patch"],
        resources: &[("", "pods/status"), ("", "nodes/status")],
        object: None,
    },
    Path {
        name: "impersonate-extras",
        weight: 5,
        leads_to: "gives what it asks in others' names their uids and extra fields",
        verbs: &["impersonate", "impersonate:user-info"],
        resources: &[(AUTHENTICATION, "uids"), (AUTHENTICATION, "userextras")],
        object: None,
    },
    Path {
        name: "move-pods",
        weight: 5,
        leads_to: "evicts pods, so that they start elsewhere",
        verbs: &["create", "delete", "deletecollection"],
        resources: &[("", "pods/eviction"), ("", "pods")],
        object: None,
    },
];

/// A path that a subject has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privilege {
    /// The path.
    pub path: &'static Path,
    /// The permissions that open it, and the binding of each, in order.
    pub by: Vec<(Permission, super::ObjectName)>,
    /// Whether one of them holds in all namespaces.
    pub is_cluster_wide: bool,
    /// Calls that took it, as far as the log tells.
    pub used: Option<Seen>,
}

/// The paths that a subject has, by its own bindings and those of its groups.
pub fn privileges(granted: &Granted<'_>, usage: &Usage) -> Vec<Privilege> {
    let bound = granted.own.iter().chain(&granted.fixed);
    let all: Vec<_> = bound
        .flat_map(|bound| permissions_of(*bound).map(|permission| (permission, &bound.0.name)))
        .collect();
    let mut found = Vec::new();
    for path in PATHS {
        let opening = all.iter().filter(|(permission, _)| path.is_opened_by(permission));
        let mut by: Vec<_> =
            opening.map(|(permission, name)| (permission.clone(), (*name).clone())).collect();
        by.sort_unstable();
        by.dedup();
        if by.is_empty() {
            continue;
        }
        let taking = usage.uses.iter().filter(|(request, _)| {
            path.is_opened_by(&Permission::of_request(request))
                && by.iter().any(|(permission, _)| permission.matches(request))
        });
        let used = Seen::of_all(taking.map(|(_, use_)| &use_.seen));
        let is_cluster_wide = by.iter().any(|(permission, _)| permission.namespace.is_none());
        found.push(Privilege { path, by, is_cluster_wide, used });
    }
    found
}

/// The paths that a subject still has once a proposal is applied, by what it keeps and what is not its own.
pub fn paths_left(proposal: &Proposal<'_>) -> Vec<&'static Path> {
    let fixed = proposal.fixed.iter().flat_map(|bound| permissions_of(*bound));
    let kept = proposal.kept.iter().map(|kept| kept.permission.clone());
    let left: Vec<Permission> = kept.chain(fixed).collect();
    PATHS.iter().filter(|path| left.iter().any(|permission| path.is_opened_by(permission))).collect()
}

impl Path {
    /// Whether only one object leads to it.
    pub fn is_of_one_object(&self) -> bool {
        self.object.is_some()
    }

    /// Whether a permission opens it.
    pub fn is_opened_by(&self, permission: &Permission) -> bool {
        let On::Resource { group, resource, .. } = &permission.on else { return false };
        // Bindings of a namespace may be to roles of the cluster, and `bind` is checked in the namespace then.
        let is_here = |own: &str| {
            permission.namespace.is_none() || self.name == "bind" || !OF_THE_CLUSTER.contains(&own)
        };
        // Extra fields are each a subresource, which rules name one by one.
        let is_field = |own: &str| own == "userextras" && without_subresource(resource) == own;
        let is_resource = |own: &str| is_text(resource, own) || is_child(resource, own) || is_field(own);
        let is_object = self.object.is_none_or(|(namespace, name)| {
            permission.namespace.as_deref().is_none_or(|own| own == namespace)
                && permission.name().is_none_or(|own| own == name)
        });
        is_object
            && (permission.verb == ALL || self.verbs.contains(&permission.verb.as_str()))
            && self
                .resources
                .iter()
                .any(|(own, resource)| is_here(resource) && is_text(group, own) && is_resource(resource))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rbac::User;
    use crate::rbac::propose::tests::world::*;

    #[test]
    fn paths_are_found_in_wildcards_and_words_with_their_use() {
        let world = World::new(&[
            role(None, "all", &json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])),
            role(
                None,
                "some",
                &json!([{"apiGroups": [""], "resources": ["secrets", "*/proxy"], "verbs": ["get"]}]),
            ),
            binding(None, "all", "ClusterRole/all", &["ops/admin"]),
            binding(Some("shop"), "some", "ClusterRole/some", &["shop/web"]),
        ]);
        let paths = |user: &str, calls: &[crate::rbac::Call]| {
            let usage = Usage::gather(calls);
            let granted = Granted::of(&world.state, &usage.user(&name(user)));
            let found = privileges(&granted, &usage);
            found
                .iter()
                .map(|one| (one.path.name, one.is_cluster_wide, one.used.is_some()))
                .collect::<Vec<_>>()
        };
        assert_eq!(paths("ops/admin", &[]).len(), PATHS.len());
        let calls = [call("get", "", "secrets", "shop", "s"), call("get", "", "pods", "shop", "x")];
        assert_eq!(paths("shop/web", &calls), [("read-secrets", false, true)]);
        assert_eq!(paths("shop/other", &[]), []);
        let left = |user: &str, calls: &[crate::rbac::Call]| {
            let proposal = world.propose(user, calls).unwrap();
            paths_left(&proposal).into_iter().map(|path| path.name).collect::<Vec<_>>()
        };
        assert_eq!(left("ops/admin", &[call("create", "batch", "jobs", "a", "")]), ["workloads"]);
        assert_eq!(left("shop/web", &calls), ["read-secrets"]);
        assert_eq!(left("shop/web", &[]), [""; 0]);
    }

    #[test]
    fn what_leads_to_more_by_one_object_or_verb_is_found() {
        let rule = |group: &str, resource: &str, verb: &str, names: &[&str]| json!([{"apiGroups": [group], "resources": [resource], "verbs": [verb], "resourceNames": names}]);
        let found = |namespace: Option<&str>, rules: &serde_json::Value| {
            let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
            let world = World::new(&[
                role(namespace, "r", rules),
                binding(namespace, "b", &format!("{kind}/r"), &["ops/one"]),
            ]);
            let granted = Granted::of(&world.state, &User::named(&name("ops/one"), []));
            privileges(&granted, &Usage::default()).iter().map(|one| one.path.name).collect::<Vec<_>>()
        };
        let none = [""; 0];
        assert_eq!(found(Some("kube-system"), &rule("", "configmaps", "patch", &["aws-auth"])), ["aws-auth"]);
        assert_eq!(found(None, &rule("", "configmaps", "update", &[])), ["aws-auth"]);
        assert_eq!(found(Some("kube-system"), &rule("", "configmaps", "patch", &["other"])), none);
        assert_eq!(found(Some("shop"), &rule("", "configmaps", "patch", &[])), none);
        assert_eq!(found(None, &rule("", "nodes/proxy", "patch", &[])), ["nodes-proxy"]);
        let impersonated = |resource, verb| found(None, &rule("authentication.k8s.io", resource, verb, &[]));
        assert_eq!(impersonated("uids", "impersonate"), ["impersonate-extras"]);
        assert_eq!(impersonated("userextras/scopes", "impersonate"), ["impersonate-extras"]);
        assert_eq!(impersonated("users", "impersonate:user-info"), ["constrained-impersonation"]);
        assert_eq!(impersonated("users", "get"), none);
    }

    /// Nobody is named by such bindings, and whoever is in the group may come to it.
    #[test]
    fn a_group_has_paths_by_what_binds_it_but_for_what_the_server_binds() {
        let world = World::new(&[
            role(None, "all", &json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])),
            binding(None, "devs", "ClusterRole/all", &["@devs"]),
            binding(None, "system:masters", "ClusterRole/all", &["@system:masters"]),
        ]);
        let found = |group: &str| {
            let granted = Granted::of(&world.state, &User::group(group));
            (granted.own.len(), privileges(&granted, &Usage::default()).len())
        };
        assert_eq!(world.state.groups().into_iter().collect::<Vec<_>>(), ["devs", "system:masters"]);
        assert_eq!((found("devs"), found("ops")), ((1, PATHS.len()), (0, 0)));
        assert_eq!(found("system:masters").0, 0);
    }
}
