//! Which objects are written, and which are left alone.

use serde_json::{Value, json};

use super::world::*;
use crate::rbac::{NoProposal, read_objects};

fn reader() -> Value {
    role(
        None,
        "reader",
        &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]),
    )
}

#[test]
fn who_shares_a_binding_is_taken_out_and_others_keep_it() {
    let mut shared = binding(None, "all-read", "ClusterRole/reader", &["shop/web", "ann", "@ops"]);
    shared["metadata"]["labels"] = json!({"team": "shop"});
    shared["metadata"]["annotations"] =
        json!({"owner": "y", "kubectl.kubernetes.io/last-applied-configuration": "{}"});
    let world = World::new(&[reader(), shared]);
    let files = world.files("shop/web", &[call("get", "", "pods", "shop", "x-0")]);
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    assert_eq!(
        text("edit.yaml").unwrap(),
        "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: all-read
  labels:
    team: shop
  annotations:
    owner: \"y\"
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: reader
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: ann
- apiGroup: rbac.authorization.k8s.io
  kind: Group
  name: ops
"
    );
    assert_eq!(
        text("apply.yaml").unwrap(),
        "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: remit-shop-web-070178b6
  namespace: shop
  labels:
    app.kubernetes.io/managed-by: remit
rules:
- apiGroups:
  - \"\"
  resources:
  - pods
  verbs:
  - get
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: remit-shop-web-070178b6
  namespace: shop
  labels:
    app.kubernetes.io/managed-by: remit
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: remit-shop-web-070178b6
subjects:
- kind: ServiceAccount
  name: web
  namespace: shop
"
    );
    assert_eq!(text("remove.yaml"), None);
    assert_eq!(
        text("steps.md").unwrap(),
        "\
# `system:serviceaccount:shop:web`

## Add what stays

```sh
kubectl apply -f apply.yaml
```

## Take the rest away

```sh
for at in $(seq 0 -1 0); do
  kubectl patch clusterrolebinding/all-read --type=json -p '[{\"op\":\"test\",\"path\":\"/subjects/'$at'\",\"value\":{\"kind\":\"ServiceAccount\",\"name\":\"web\",\"namespace\":\"shop\"}},{\"op\":\"remove\",\"path\":\"/subjects/'$at'\"}]' && break
done
```

## The way back

```sh
kubectl set subject clusterrolebinding/all-read --serviceaccount=shop:web
kubectl delete -f apply.yaml
```

## Bindings that others keep

- `ClusterRoleBinding/all-read`

Of each binding that others keep, this subject alone is taken out, at the position it had or, where others were taken \
out before, at an earlier one; so folders of several subjects can be applied in any order. A position at which another \
subject stands is refused, and the next is tried; where all are, the list was changed otherwise: make the proposal \
again. `edit.yaml` is what comes out if nothing else has changed the bindings since this was made.
"
    );
}

/// Users may be called anything.
#[test]
fn names_in_steps_are_what_the_shell_makes_of_them() {
    let shared = binding(Some("shop"), "all read", "ClusterRole/reader", &["ann", "o'neil $x", "o'neil $x"]);
    let world = World::new(&[reader(), shared]);
    let files = world.files("o'neil $x", &[]);
    let steps = &files.iter().find(|file| file.path == "steps.md").unwrap().text;
    let take_out = |at| {
        format!(
            r#"for at in $(seq {at} -1 0); do
  kubectl patch 'rolebinding/all read' --namespace=shop --type=json -p '[{{"op":"test","path":"/subjects/'$at'","value":{{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"o'\''neil $x"}}}},{{"op":"remove","path":"/subjects/'$at'"}}]' && break
done
"#
        )
    };
    // Once for each time that it is there.
    assert!(steps.contains(&format!("```sh\n{}{}```", take_out(1), take_out(2))), "{steps}");
    let put_back = r"kubectl set subject 'rolebinding/all read' --namespace=shop --user='o'\''neil $x'";
    assert!(steps.contains(put_back), "{steps}");
}

/// Whoever is bound to the role that takes over its rules still needs it.
#[test]
fn a_role_that_others_take_over_is_never_said_to_be_unbound() {
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "delete"]}]);
    let told = |label: &str, more: &[Value]| {
        let mut part = role(None, "part", &rules);
        part["metadata"]["labels"] = json!({ label: "true" });
        let own = binding(Some("shop"), "b", "ClusterRole/part", &["shop/web"]);
        let world = World::new(&[&[part, own], more].concat());
        world.told("shop/web", &[call("get", "", "pods", "shop", "x")])
    };
    let mut whole = role(None, "whole", &json!([]));
    whole["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"to-whole": "true"}}]});
    assert!(told("to-other", &[whole.clone()]).contains("unbound ClusterRole/part"));
    assert!(!told("to-whole", &[whole]).contains("unbound"));
    assert!(!told("rbac.authorization.k8s.io/aggregate-to-view", &[]).contains("unbound"));
}

/// R10: bootstrap roles, what aggregation wrote, and bindings of the system are never edited.
#[test]
fn r10_what_the_server_makes_again_is_never_edited() {
    let mut edit = role(None, "edit", &json!([]));
    edit["metadata"]["labels"] = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
    edit["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"to-edit": "true"}}]});
    let mut part =
        role(None, "part", &json!([{"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get"]}]));
    part["metadata"]["labels"] = json!({"to-edit": "true"});
    let world = World::new(&[
        edit,
        part,
        binding(Some("shop"), "web-edits", "ClusterRole/edit", &["shop/web"]),
        binding(None, "system:odd", "ClusterRole/part", &["shop/web"]),
        binding(Some("shop"), "group", "ClusterRole/part", &["@system:serviceaccounts:shop"]),
    ]);
    // What bindings that stay grant is not repeated, and so nothing is left to grant.
    assert_eq!(
        world.told("shop/web", &[call("get", "", "pods", "shop", "x")]),
        "remove RoleBinding/shop/web-edits\nunbound ClusterRole/edit\nreplayed 1\n"
    );
    let proposal = world.propose("shop/web", &[]).unwrap();
    let fixed: Vec<_> = proposal.fixed.iter().map(|(binding, _)| binding.name.name.as_str()).collect();
    assert_eq!(fixed, ["system:odd", "group"]);
}

#[test]
fn who_roles_do_not_decide_for_is_left_alone() {
    let world = World::new(&[reader(), binding(None, "b", "ClusterRole/reader", &["ann", "@ops"])]);
    let mut get = call("get", "", "pods", "a", "x");
    get.groups = std::sync::Arc::new(["system:masters".to_owned()].into());
    assert_eq!(world.propose("ann", &[get]), Err(NoProposal::Masters("system:masters".to_owned())));
    assert_eq!(world.propose("ben", &[]), Err(NoProposal::Unbound));
}

/// A call that no rule allows was allowed by something else, which no role is to repeat.
#[test]
fn what_another_authorizer_allowed_is_told_and_left_out() {
    let world = World::new(&[reader(), binding(None, "b", "ClusterRole/reader", &["ann"])]);
    let mut delete = call("delete", "", "pods", "a", "x");
    delete.authorizer = Some("webhook".to_owned());
    let proposal = world.propose("ann", &[delete.clone(), call("get", "", "pods", "a", "x")]).unwrap();
    assert_eq!(proposal.replayed.len(), 1);
    let told: Vec<_> =
        proposal.elsewhere.iter().map(|one| (one.permission.to_string(), one.authorizers.clone())).collect();
    assert_eq!(told, [("delete pods x in a".to_owned(), ["webhook".to_owned()].into())]);
    assert!(!world.told("ann", &[delete]).contains("delete pods"));
}

#[test]
fn cluster_scope_is_narrowed_to_the_namespaces_used_and_the_rest_stays() {
    let rules = json!([
        {"apiGroups": [""], "resources": ["pods", "nodes", "namespaces", "configmaps"], "verbs": ["get", "list", "watch"]},
    ]);
    let world = World::new(&[role(None, "r", &rules), binding(None, "b", "ClusterRole/r", &["shop/web"])]);
    let calls = [
        call("get", "", "pods", "a", "x-0"),
        call("get", "", "pods", "b", "x-0"),
        call("get", "", "nodes", "", "n-0"),
        call("get", "", "namespaces", "c", "c").lasting(),
        call("watch", "", "configmaps", "", ""),
    ];
    assert_eq!(
        world.told("shop/web", &calls),
        "\
ClusterRole/remit-shop-web-070178b6
  list,watch configmaps
  get namespaces [c]
  get nodes
Role/a/remit-shop-web-070178b6
  get pods
Role/b/remit-shop-web-070178b6
  get pods
remove ClusterRoleBinding/b
unbound ClusterRole/r
replayed 5
"
    );
}

/// What is proposed once and applied is used as it is, and nothing more is proposed.
#[test]
fn what_was_proposed_and_applied_stays() {
    let manifests = [reader(), binding(None, "b", "ClusterRole/reader", &["shop/web"])];
    let calls = [call("get", "", "pods", "a", "x").lasting()];
    let files = World::new(&manifests).files("shop/web", &calls);
    let text = &files.iter().find(|file| file.path == "apply.yaml").unwrap().text;
    let applied: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    assert_eq!(read_objects(&applied[0], &crate::Origin { file: String::new(), line: 1 }).0.len(), 1);
    let mut after = vec![manifests[0].clone()];
    after.extend(applied);
    let world = World::new(&after);
    assert_eq!(world.told("shop/web", &calls), "keep RoleBinding/a/remit-shop-web-070178b6\nreplayed 1\n");
    // Less use makes another name, since a binding cannot be bound to another role.
    let told = world.told("shop/web", &[]);
    assert_eq!(
        told,
        "remove RoleBinding/a/remit-shop-web-070178b6\nunbound Role/a/remit-shop-web-070178b6\nreplayed 0\n"
    );
}

/// Of a role that aggregates others, files may hold none or few. What it grants is not known then, and must not seem unused.
#[test]
fn what_is_given_in_part_is_left_alone() {
    let mut edit = role(None, "edit", &json!(null));
    edit["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"to-edit": "true"}}]});
    let bound = binding(Some("shop"), "web-edits", "ClusterRole/edit", &["shop/web"]);
    let gone = binding(Some("shop"), "web-odd", "Role/gone", &["shop/web"]);
    let reads = binding(None, "web-reads", "ClusterRole/reader", &["shop/web"]);
    let world = World::new(&[edit.clone(), bound.clone(), gone, reader(), reads]);
    let proposal = world.propose("shop/web", &[]).unwrap();
    let unknown: Vec<_> = proposal.unknown.iter().map(|binding| binding.name.name.as_str()).collect();
    assert_eq!((unknown, proposal.changes.len()), (vec!["web-odd", "web-edits"], 1));

    let mut part = role(None, "part", &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]));
    part["metadata"]["labels"] = json!({"to-edit": "true"});
    let world = World::new(&[edit, part, bound]);
    let mut create = call("create", "", "pods", "shop", "");
    create.authorizer = Some("RoleBinding/shop/web-edits".to_owned());
    let told = world.propose("shop/web", &[create]).unwrap_err().to_string();
    assert_eq!(
        told,
        "left alone: `RoleBinding/shop/web-edits` allowed `create pods in shop`, which its role as it is given does not\n\
         hint: give all roles, as the cluster has them"
    );
    assert_eq!(world.state.subjects().into_iter().collect::<Vec<_>>(), [name("shop/web")]);
}

/// What a role allowed before it was changed does not show that it is given in part.
#[test]
fn a_role_that_was_narrowed_since_is_given_in_whole() {
    let told = |day: &str| {
        let mut narrowed = reader();
        narrowed["metadata"]["managedFields"] = json!([{"manager": "kubectl", "time": day}]);
        let world = World::new(&[narrowed, binding(None, "b", "ClusterRole/reader", &["shop/web"])]);
        let mut delete = call("delete", "", "pods", "shop", "x");
        delete.authorizer = Some("ClusterRoleBinding/b".to_owned());
        world.propose("shop/web", &[delete]).map(|proposal| proposal.elsewhere.len())
    };
    assert_eq!(told("1970-01-10T00:00:00Z"), Ok(1));
    assert!(matches!(told("1970-01-01T00:00:00Z"), Err(NoProposal::Outdated { .. })));
}

/// Taken out of a binding that names one of its groups, too, a subject would still be bound.
#[test]
fn a_binding_that_names_a_group_of_the_subject_too_stays() {
    let shared = binding(None, "b", "ClusterRole/reader", &["shop/web", "@system:serviceaccounts:shop"]);
    let world = World::new(&[reader(), shared]);
    let why = "a group of it as well, so that it would stay bound";
    let binding = "ClusterRoleBinding/b".to_owned();
    assert_eq!(world.propose("shop/web", &[]), Err(NoProposal::Bound { binding, why }));
}
