//! What became of a request, and what allowed it.

use remit_ledger::Outcome;

/// The outcome by the authorizer's decision and the answer's code. An answer of 404 or 409 shows that the call was allowed, and
/// one of 403 may be an admission's. Without a decision, 401, 403 and 429 come from before the authorizer or from a
/// refused impersonation, and what failed within the server may be either.
pub(crate) fn outcome(decision: Option<&str>, code: Option<u16>) -> Outcome {
    match (decision, code) {
        (Some("forbid"), _) | (None, Some(401 | 403 | 429)) => Outcome::Denied,
        (Some("allow"), None) => Outcome::Allowed,
        (Some("allow"), Some(code)) | (None, Some(code @ ..500)) if code < 400 => Outcome::Allowed,
        (Some("allow"), Some(_)) | (None, Some(..500)) => Outcome::Failed,
        (Some(_) | None, _) => Outcome::Unknown,
    }
}

/// Names of bindings are shorter, in bytes.
const NAME_LIMIT: usize = 512;

/// What allowed a request, as `authorization.k8s.io/reason` tells: the first binding that did, or another authorizer than that
/// of roles. None where it tells nothing.
pub(crate) fn authorizer(reason: &str) -> Option<String> {
    if let Some(rest) = reason.strip_prefix("RBAC: allowed by ") {
        let (kind, rest) = rest.split_once(' ')?;
        let name = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next()?,
            None => rest.split(' ').next()?,
        };
        if name.is_empty() || name.len() > NAME_LIMIT {
            return None;
        }
        return match kind {
            "ClusterRoleBinding" => Some(format!("ClusterRoleBinding/{name}")),
            // The server writes the name first.
            "RoleBinding" => {
                let (name, namespace) = name.rsplit_once('/')?;
                Some(format!("RoleBinding/{namespace}/{name}"))
            }
            _ => None,
        };
    }
    let mode = match reason {
        "" => return None,
        reason if reason.contains("EKS Access Policy") => "eks_access_policy",
        reason if reason.contains("IAM permission") => "iam",
        reason if reason.contains("Azure") => "azure_rbac",
        reason if reason.contains("node") => "node",
        _ => "other",
    };
    Some(mode.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_allowed_was_used_whatever_came_of_it() {
        let (allow, forbid) = (Some("allow"), Some("forbid"));
        for (decision, code, expected) in [
            (allow, Some(200), Outcome::Allowed),
            (allow, Some(101), Outcome::Allowed),
            (allow, None, Outcome::Allowed),
            (allow, Some(404), Outcome::Failed),
            (allow, Some(409), Outcome::Failed),
            (allow, Some(422), Outcome::Failed),
            (allow, Some(403), Outcome::Failed),
            (allow, Some(500), Outcome::Failed),
            (forbid, Some(403), Outcome::Denied),
            (forbid, None, Outcome::Denied),
            (forbid, Some(200), Outcome::Denied),
            (None, Some(401), Outcome::Denied),
            (None, Some(403), Outcome::Denied),
            (None, Some(429), Outcome::Denied),
            (None, Some(200), Outcome::Allowed),
            (None, Some(404), Outcome::Failed),
            (None, Some(500), Outcome::Unknown),
            (None, None, Outcome::Unknown),
            (Some("else"), Some(200), Outcome::Unknown),
        ] {
            assert_eq!(outcome(decision, code), expected, "{decision:?} {code:?}");
        }
    }

    #[test]
    fn a_reason_names_a_binding_or_another_authorizer() {
        for (reason, expected) in [
            (
                r#"RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to ServiceAccount "n/ns""#,
                Some("ClusterRoleBinding/b"),
            ),
            (r#"RBAC: allowed by RoleBinding "b/ns" of Role "r" to User "u""#, Some("RoleBinding/ns/b")),
            (
                "RBAC: allowed by ClusterRoleBinding system:basic of ClusterRole",
                Some("ClusterRoleBinding/system:basic"),
            ),
            ("RBAC: allowed by magic", None),
            ("", None),
            ("EKS Access Policy: allowed by ClusterRoleBinding \"x\"", Some("eks_access_policy")),
            ("access granted by IAM permissions.", Some("iam")),
            ("my webhook says so", Some("other")),
        ] {
            assert_eq!(authorizer(reason).as_deref(), expected, "{reason}");
        }
    }
}
