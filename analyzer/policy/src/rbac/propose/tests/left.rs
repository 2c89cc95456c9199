//! What is left alone, or stays, since more was done than the log tells.

use serde_json::json;

use super::world::*;
use crate::Reason;
use crate::rbac::{AuditPolicy, Closure, NoProposal};

/// The reason for which a permission stays.
fn code(world: &World, permission: &str, calls: &[crate::rbac::Call]) -> Option<&'static str> {
    let judgement = world.judgement("shop/web", calls);
    let (permission, _) = judgement.verdicts.iter().find(|(one, _)| one.to_string() == permission).unwrap();
    judgement.parts.get(permission)?.first().map(|(_, reason)| reason.code())
}

/// The answer's code tells whether a patch created, and an entry of GKE has none; a patch that is not logged tells nothing.
#[test]
fn what_a_patch_may_have_created_stays() {
    let rules = json!([
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["create", "patch"]},
        {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create", "get"]},
    ]);
    let mut world =
        World::new(&[role(Some("shop"), "r", &rules), binding(Some("shop"), "b", "Role/r", &["shop/web"])]);
    world.off.insert(Closure::WebsocketExec);
    let (create, exec) = ("create deployments.apps in shop", "create pods/exec in shop");
    let calls =
        [call("patch", "apps", "deployments", "shop", "front"), call("get", "", "pods/exec", "shop", "x")];
    assert_eq!(code(&world, create, &calls), None);
    world.audit = AuditPolicy::profile("gke-data-access");
    assert_eq!(
        (code(&world, create, &calls), code(&world, exec, &calls)),
        (Some("not_told"), Some("not_told"))
    );
    assert_eq!((code(&world, create, &[]), code(&world, exec, &[])), (None, None));
    let proposal = world.propose("shop/web", &calls).unwrap();
    let kept = proposal.kept.iter().find(|kept| kept.permission.to_string() == create).unwrap();
    assert!(matches!(kept.reason, Some(Reason::NotTold(_))), "{kept:?}");
    world.files("shop/web", &calls);
    world.audit = Some(policy(&json!([{"level": "None", "verbs": ["patch"]}, {"level": "Metadata"}])));
    assert_eq!(code(&world, create, &[]), Some("audit_policy_hides"));
    assert_eq!(
        code(&world, create, &[call("patch", "apps", "deployments", "shop", "x").unknown()]),
        Some("audit_policy_hides")
    );
}

/// What is granted by a group is used as well, and what its writes lead to is the subject's own.
#[test]
fn finalizers_stay_where_a_write_is_hidden_that_a_group_grants() {
    let deployments =
        json!([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "update"]}]);
    let finalizers =
        json!([{"apiGroups": ["apps"], "resources": ["deployments/finalizers"], "verbs": ["update"]}]);
    let mut world = World::new(&[
        role(Some("shop"), "w", &deployments),
        binding(Some("shop"), "group", "Role/w", &["@system:serviceaccounts:shop"]),
        role(Some("shop"), "f", &finalizers),
        binding(Some("shop"), "own", "Role/f", &["shop/web"]),
    ]);
    let permission = "update deployments.apps/finalizers in shop";
    assert_eq!(code(&world, permission, &[]), None);
    world.audit = Some(policy(&json!([
        {"level": "None", "verbs": ["update"], "resources": [{"group": "apps", "resources": ["deployments"]}]},
        {"level": "Metadata"},
    ])));
    assert_eq!(code(&world, permission, &[]), Some("no_request"));
}

#[test]
fn what_names_a_subject_and_stays_is_told() {
    let pods = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let told = |name: &str, role_name: &str, subjects: &[&str]| {
        let world =
            World::new(&[role(Some("shop"), "r", &pods), binding(Some("shop"), name, role_name, subjects)]);
        world.propose("shop/web", &[]).unwrap_err()
    };
    let group = "@system:serviceaccounts:shop";
    assert_eq!(told("b", "Role/r", &[group]), NoProposal::Unbound);
    for (error, why) in [
        (
            told("b", "Role/r", &["shop/web", group]),
            "`RoleBinding/shop/b` names it, and a group of it as well",
        ),
        (
            told("system:b", "Role/r", &["shop/web"]),
            "`RoleBinding/shop/system:b` names it, and the server makes that again",
        ),
        (
            told("b", "Role/none", &["shop/web"]),
            "`RoleBinding/shop/b` names it, and it is not known what that grants",
        ),
    ] {
        assert!(error.to_string().starts_with(&format!("left alone: {why}")), "{error}");
    }
}

/// What a role that is taken over brought, the other grants since then.
#[test]
fn an_aggregated_role_is_as_young_as_the_youngest_that_it_takes_over() {
    let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]);
    for written in [json!(null), rules.clone()] {
        let mut all = role(None, "all", &written);
        all["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"to": "all"}}]});
        all["metadata"]["creationTimestamp"] = json!("1969-01-01T00:00:00Z");
        let mut source = role(None, "source", &rules);
        source["metadata"]["labels"] = json!({"to": "all"});
        source["metadata"]["creationTimestamp"] = json!("1970-02-01T00:00:00Z");
        let mut bound = binding(Some("shop"), "b", "ClusterRole/all", &["shop/web"]);
        bound["metadata"]["creationTimestamp"] = json!("1969-01-01T00:00:00Z");
        let world = World::new(&[all.clone(), source.clone(), bound.clone()]);
        assert_eq!(code(&world, "get secrets in shop", &[]), Some("grant_younger"), "{written}");
        source["metadata"]["creationTimestamp"] = json!("1969-02-01T00:00:00Z");
        let world = World::new(&[all, source, bound]);
        assert_eq!(code(&world, "get secrets in shop", &[]), None, "{written}");
    }
}

/// The server adds no namespace to a ServiceAccount of the binding's own, so that a test with one would never hold.
#[test]
fn a_subject_without_a_namespace_is_taken_out_as_it_stands() {
    let mut bound = binding(Some("shop"), "b", "Role/r", &["shop/web", "ann"]);
    bound["subjects"][0] = json!({"kind": "ServiceAccount", "name": "web"});
    let world = World::new(&[
        role(Some("shop"), "r", &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])),
        bound,
    ]);
    let files = world.files("shop/web", &[]);
    let steps = &files.iter().find(|file| file.path == "steps.md").unwrap().text;
    assert!(steps.contains(r#""value":{"kind":"ServiceAccount","name":"web"}}"#), "{steps}");
    assert!(
        steps.contains("kubectl set subject rolebinding/b --namespace=shop --serviceaccount=shop:web"),
        "{steps}"
    );
}
