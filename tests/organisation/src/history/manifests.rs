//! The cluster's side of a history: ServiceAccounts, roles and bindings, and the audit policy.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::member::Member;
use super::world::World;

/// The audit policy: all requests but those for events, in the level that holds no bodies.
pub(super) fn audit_policy() -> Value {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "resources": [{"group": "", "resources": ["events"]}]},
            {"level": "Metadata"},
        ],
    })
}

/// All manifests as one list.
pub(super) fn manifests(world: &World) -> Value {
    let members: Vec<_> = world.members.iter().filter(|member| member.subject.is_some()).collect();
    let namespaces: BTreeSet<_> = members.iter().map(|member| namespace(member)).collect();
    let mut items: Vec<_> = namespaces
        .into_iter()
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        .collect();
    for member in members {
        items.extend(objects(member));
    }
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

fn namespace(member: &Member) -> &str {
    member.description.path.trim_matches('/')
}

/// A ServiceAccount, its role and its binding, and the Deployment that runs as it.
fn objects(member: &Member) -> [Value; 4] {
    let (name, namespace) = (&member.description.name, namespace(member));
    let labels = json!({
        "app.kubernetes.io/part-of": member.module,
        "module": member.module,
    });
    let full = format!("{namespace}-{name}");
    // A role that is bound in one namespace allows nothing elsewhere.
    let (binding, place) = match member.policy.iter().all(|statement| statement.wide) {
        true => ("ClusterRoleBinding", json!({"name": full, "labels": labels})),
        false => ("RoleBinding", json!({"name": full, "namespace": namespace, "labels": labels})),
    };
    let rules: Vec<_> = member
        .policy
        .iter()
        .flat_map(|statement| &statement.actions)
        .filter_map(|action| rule(action))
        .collect();
    [
        json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": full, "labels": labels},
            "rules": rules,
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": binding,
            "metadata": place,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": full},
            "subjects": [{"kind": "ServiceAccount", "namespace": namespace, "name": name}],
        }),
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {
                        "serviceAccountName": name,
                        "containers": [{"name": "main", "image": format!("registry.example/{name}:latest")}],
                    },
                },
            },
        }),
    ]
}

/// The rule that a pattern of permissions stands for.
fn rule(pattern: &str) -> Option<Value> {
    let mut words = pattern.split(' ');
    let (verb, what) = (words.next()?, words.next()?);
    if what.starts_with('/') {
        return Some(json!({"nonResourceURLs": [if what == "/*" { "*" } else { what }], "verbs": [verb]}));
    }
    let (group, resource) = what.split_once('/')?;
    let group = if group == "core" { "" } else { group };
    Some(json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]}))
}
