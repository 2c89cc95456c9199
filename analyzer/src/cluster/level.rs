//! What a permission of a cluster lets its holder do, in the words that permissions of AWS have.

use remit_catalog::AccessLevel;

/// Verbs that give rights away or take those of others ("Privilege escalation prevention and bootstrapping" and "Role Based
/// Access Control Good Practices" in the Kubernetes documentation).
const RIGHTS: [&str; 7] = ["approve", "attest", "bind", "escalate", "impersonate", "sign", "*"];

/// Resources by whose writing rights are given: (group, resource).
const GRANTING: [(&str, &str); 9] = [
    ("", "serviceaccounts/token"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    ("certificates.k8s.io", "certificatesigningrequests/approval"),
    ("certificates.k8s.io", "signers"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "roles"),
];

/// What the holder of a permission can do with it.
pub(crate) fn level(verb: &str, group: &str, resource: &str) -> AccessLevel {
    // Whoever may reach the kubelet through the API server may run commands in every container of the node.
    let is_kubelet = group.is_empty() && resource == "nodes/proxy";
    if RIGHTS.contains(&verb) || verb.starts_with("impersonate:") || is_kubelet {
        return AccessLevel::PermissionsManagement;
    }
    match verb {
        "list" => AccessLevel::List,
        "get" | "watch" | "head" | "options" => AccessLevel::Read,
        _ if GRANTING.contains(&(group, resource)) => AccessLevel::PermissionsManagement,
        _ => AccessLevel::Write,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_rights_is_more_than_a_write() {
        let of = |verb, group, resource| level(verb, group, resource);
        assert_eq!(of("list", "", "secrets"), AccessLevel::List);
        assert_eq!(of("watch", "apps", "deployments"), AccessLevel::Read);
        assert_eq!(of("deletecollection", "apps", "deployments"), AccessLevel::Write);
        assert_eq!(of("patch", "rbac.authorization.k8s.io", "roles"), AccessLevel::PermissionsManagement);
        assert_eq!(of("get", "rbac.authorization.k8s.io", "roles"), AccessLevel::Read);
        assert_eq!(of("get", "", "nodes/proxy"), AccessLevel::PermissionsManagement);
        assert_eq!(of("*", "", "pods"), AccessLevel::PermissionsManagement);
    }
}
