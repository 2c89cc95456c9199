//! Permissions that are checked without a request for them: during admission, behind another request, or when another
//! server asks.
//!
//! Where only certain requests of the subject itself lead to such a check, and every one of them would have been seen
//! and none was, the permission was not used.

use remit_catalog::kubernetes::{Request, Target};

use super::permission::{On, Permission};
use super::rule::ALL;

/// A kind of permission without a request of its own.
pub(super) struct Unasked {
    /// The verbs.
    verbs: &'static [&'static str],
    /// API groups with resources; as in rules.
    resources: &'static [(&'static str, &'static str)],
    /// When it is checked, in words.
    pub(super) when: &'static str,
    /// The requests of the subject that lead to the check.
    pub(super) after: After,
}

/// Which requests of a subject lead to a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It is not the subject that asks.
    Others,
    /// Any request.
    Requests,
    /// Any write.
    Writes,
    /// Writes of this group and these resources.
    WritesOf(&'static str, &'static [&'static str]),
}

pub(super) const RBAC: &str = "rbac.authorization.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const DISCOVERY: &str = "discovery.k8s.io";
const DEVICES: &str = "resource.k8s.io";

/// Sources: "Checks that leave no request of their own" are those of `plugin/pkg/admission` (gc, certificates, podsecurity,
/// noderestriction) and `pkg/registry` (rbac, admissionregistration, resource) in kubernetes/kubernetes, of OpenShift's
/// `securitycontextconstraints` and `restrictedendpoints`, of `staging/src/k8s.io/apiserver/pkg/endpoints/filters`
/// for impersonation, and of "Kubelet authentication/authorization" in its documentation.
pub(super) const ALL_UNASKED: &[Unasked] = &[
    Unasked {
        verbs: &["update"],
        resources: &[(ALL, "*/finalizers")],
        when: "objects are written whose owner references block the owner's deletion",
        after: After::Writes,
    },
    Unasked {
        verbs: &["escalate"],
        resources: &[(RBAC, "roles"), (RBAC, "clusterroles")],
        when: "a role is written that allows more than its writer may",
        after: After::WritesOf(RBAC, &["roles", "clusterroles"]),
    },
    Unasked {
        verbs: &["bind"],
        resources: &[(RBAC, "roles"), (RBAC, "clusterroles")],
        when: "a role is bound that allows more than its binder may",
        after: After::WritesOf(RBAC, &["rolebindings", "clusterrolebindings"]),
    },
    Unasked {
        verbs: &["approve", "sign"],
        resources: &[(CERTIFICATES, "signers")],
        when: "certificate requests are approved or signed",
        after: After::WritesOf(
            CERTIFICATES,
            &[
                "certificatesigningrequests",
                "certificatesigningrequests/approval",
                "certificatesigningrequests/status",
            ],
        ),
    },
    Unasked {
        verbs: &["attest"],
        resources: &[(CERTIFICATES, "signers")],
        when: "trust bundles of a signer are written",
        after: After::WritesOf(CERTIFICATES, &["clustertrustbundles"]),
    },
    Unasked {
        verbs: &["update", "patch"],
        resources: &[(DEVICES, "resourceclaims/binding")],
        when: "devices are allocated to a claim or reserved by it",
        after: After::WritesOf(DEVICES, &["resourceclaims/status"]),
    },
    Unasked {
        verbs: &["get"],
        resources: &[(ALL, ALL)],
        when: "an admission policy is written, or bound, whose parameters are objects of that kind",
        after: After::WritesOf(
            ADMISSION,
            &[
                "validatingadmissionpolicies",
                "validatingadmissionpolicybindings",
                "mutatingadmissionpolicies",
                "mutatingadmissionpolicybindings",
            ],
        ),
    },
    Unasked {
        verbs: &["create", "update"],
        resources: &[("", "endpoints/restricted")],
        when: "endpoints are written that lead into OpenShift's own networks",
        after: After::WritesOf("", &["endpoints"]),
    },
    Unasked {
        verbs: &["create", "update"],
        resources: &[(DISCOVERY, "endpointslices/restricted")],
        when: "endpoints are written that lead into OpenShift's own networks",
        after: After::WritesOf(DISCOVERY, &["endpointslices"]),
    },
    Unasked {
        verbs: &["use"],
        resources: &[
            ("policy", "podsecuritypolicies"),
            ("extensions", "podsecuritypolicies"),
            ("security.openshift.io", "securitycontextconstraints"),
        ],
        when: "pods of the subject are admitted, whoever makes them",
        after: After::Others,
    },
    Unasked {
        verbs: &["impersonate"],
        resources: &[("", "users"), ("", "groups"), ("", "serviceaccounts"), ("authentication.k8s.io", ALL)],
        when: "a request is made in another's name",
        after: After::Requests,
    },
];

/// Writes for which the writer has to hold all that is written, unless it may do more than that: the resource, the verb that
/// frees it of this, and the resources for which it needs that verb (`ConfirmNoEscalation` in `pkg/registry/rbac`). A binding may
/// be to either kind of role.
pub(super) const DELEGATING: [(&str, &str, &[&str]); 4] = [
    ("roles", "escalate", &["roles"]),
    ("clusterroles", "escalate", &["clusterroles"]),
    ("rolebindings", "bind", &["roles", "clusterroles"]),
    ("clusterrolebindings", "bind", &["clusterroles"]),
];

/// Permissions that the kubelet checks for those who ask it directly, by an access review.
pub(super) const KUBELET: &[&str] = &[
    "nodes/proxy",
    "nodes/metrics",
    "nodes/stats",
    "nodes/log",
    "nodes/spec",
    "nodes/checkpoint",
    "nodes/configz",
    "nodes/healthz",
    "nodes/pods",
];

impl Unasked {
    /// What of a permission is of this kind.
    pub(super) fn of<'a>(&'a self, permission: &'a Permission) -> impl Iterator<Item = Permission> + 'a {
        let is_meant = |verb: &&&str| permission.verb == ALL || permission.verb == **verb;
        let pairs = self
            .verbs
            .iter()
            .filter(is_meant)
            .flat_map(|verb| self.resources.iter().map(move |pair| (verb, pair)));
        pairs.filter_map(|(verb, (group, resource))| pattern(verb, group, resource).meet(permission))
    }
}

/// That verb on these resources, everywhere.
pub(super) fn pattern(verb: &str, group: &str, resource: &str) -> Permission {
    let on = On::Resource { group: group.to_owned(), resource: resource.to_owned(), name: None };
    Permission::new(None, on, verb)
}

/// Verbs of requests for resources.
pub const VERBS: [&str; 8] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Whether requests can have the verb. All others are somebody's own, and only checked where he asks.
pub(super) fn is_asked(permission: &Permission) -> bool {
    match &permission.on {
        On::Url(_) => true,
        On::Resource { .. } => {
            [ALL, "proxy"].contains(&permission.verb.as_str()) || VERBS.contains(&permission.verb.as_str())
        }
    }
}

/// Whether a request writes an object.
pub(super) fn is_write(request: &Request) -> bool {
    matches!(request.verb.as_str(), "create" | "update" | "patch")
        && matches!(request.target, Target::Resource(_))
}
