//! What is asked in a subject's name is its use, whoever asks, and whether or not the log tells.

use serde_json::{Value, json};

use super::world::*;
use crate::rbac::{AuditPolicy, Call, Closure, Permission};
use crate::{Reason, Verdict};

/// What is concluded of each permission of a subject.
fn verdicts(world: &World, user: &str, calls: &[Call]) -> Vec<String> {
    let judgement = world.judgement(user, calls);
    let told = |(permission, verdict): (&Permission, &Verdict)| match verdict {
        Verdict::Unobservable(reason) => format!("{permission}: {}", reason.code()),
        _ => format!("{permission}: {}", verdict.as_str()),
    };
    judgement.verdicts.iter().map(told).collect()
}

fn pods() -> Value {
    role(Some("shop"), "reader", &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]))
}

/// A cluster in which `ann`, a ServiceAccount and a node read pods, and `subject` may impersonate by a rule.
fn world(rule: &Value, subject: &str, hidden: &Value) -> World {
    let mut world = World::new(&[
        pods(),
        binding(Some("shop"), "readers", "Role/reader", &["ann", "shop/web", "system:node:n1"]),
        role(None, "acts", &json!([rule])),
        binding(None, "acts", "ClusterRole/acts", &[subject]),
    ]);
    let mut hides = json!({"level": "None"});
    hides.as_object_mut().unwrap().extend(hidden.as_object().unwrap().clone());
    world.audit = Some(policy(&json!([hides, {"level": "Metadata"}])));
    world
}

/// Whoever is hidden is never seen to impersonate.
#[test]
fn whoever_may_act_as_a_subject_hides_what_of_him_is_hidden() {
    let rule = |group: &str, resource: &str, verb: &str, names: &[&str]| json!({"apiGroups": [group], "resources": [resource], "verbs": [verb], "resourceNames": names});
    let users = || rule("", "users", "impersonate", &[]);
    let account = "system:serviceaccount:proxy:oidc";
    let constrained = "authentication.k8s.io";
    for (rule, subject, hidden, user, is_hidden) in [
        (users(), "proxy/oidc", json!({"users": [account]}), "ann", true),
        (users(), "proxy/oidc", json!({"users": ["other"]}), "ann", false),
        (users(), "proxy/oidc", json!({"userGroups": ["system:serviceaccounts:proxy"]}), "ann", true),
        // What lets somebody act as a user lets him not act as a ServiceAccount, and the other way round.
        (users(), "proxy/oidc", json!({"users": [account]}), "shop/web", false),
        (rule("", "serviceaccounts", "impersonate", &[]), "bob", json!({"users": ["bob"]}), "shop/web", true),
        (rule("", "serviceaccounts", "impersonate", &[]), "bob", json!({"users": ["bob"]}), "ann", false),
        (rule("", "users", "impersonate", &["eve"]), "bob", json!({"users": ["bob"]}), "ann", false),
        (rule("", "users", "impersonate", &["ann"]), "bob", json!({"users": ["bob"]}), "ann", true),
        (rule("", "groups", "impersonate", &[]), "bob", json!({"users": ["bob"]}), "ann", false),
        (rule("*", "*", "*", &[]), "bob", json!({"users": ["bob"]}), "shop/web", true),
        // By a group: one in it whom nobody names, one whom the policy names, and not one who cannot be in it.
        (users(), "@proxies", json!({"userGroups": ["proxies"]}), "ann", true),
        (users(), "@proxies", json!({"users": ["bob"]}), "ann", true),
        (users(), "@proxies", json!({"users": ["system:kube-scheduler"]}), "ann", false),
        (users(), "@proxies", json!({"users": [account]}), "ann", false),
        (users(), "@system:serviceaccounts:proxy", json!({"users": [account]}), "ann", true),
        (users(), "@system:masters", json!({"users": ["bob"]}), "ann", false),
        (users(), "@system:masters", json!({"userGroups": ["system:nodes"]}), "ann", false),
        // Of a policy that hides bob in a group, that may be any group of his.
        (users(), "bob", json!({"userGroups": ["staff"]}), "ann", true),
        (
            rule(constrained, "users", "impersonate:user-info", &[]),
            "bob",
            json!({"users": ["bob"]}),
            "ann",
            true,
        ),
        (
            rule(constrained, "nodes", "impersonate:associated-node", &[]),
            "bob",
            json!({"users": ["bob"]}),
            "system:node:n1",
            true,
        ),
    ] {
        let told = verdicts(&world(&rule, subject, &hidden), user, &[]);
        let expected = if is_hidden { "audit_policy_hides" } else { "unused" };
        assert_eq!(told, [format!("list pods in shop: {expected}")], "{rule} {subject} {hidden} {user}");
    }
}

/// Whether it is known that `ann` did not read pods.
fn pods_of_ann(world: &World) -> String {
    verdicts(world, "ann", &[]).into_iter().find(|told| told.starts_with("list pods")).unwrap()
}

/// Entries of GKE tell who asked, and not in whose name.
#[test]
fn on_gke_nothing_of_a_subject_goes_as_whom_somebody_may_act() {
    let rule = json!({"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]});
    for (subject, expected) in [
        ("proxy/oidc", "not_told"),
        ("@staff", "not_told"),
        ("@system:masters", "unused"),
        ("system:kube-scheduler", "unused"),
        ("ann", "unused"),
    ] {
        let mut world = world(&rule, subject, &json!({"users": ["nobody"]}));
        world.audit = AuditPolicy::profile("gke-data-access");
        assert_eq!(pods_of_ann(&world), format!("list pods in shop: {expected}"), "{subject}");
        let calls = [call("list", "", "pods", "shop", "")];
        assert_eq!(verdicts(&world, "shop/web", &calls), ["list pods in shop: used"]);
        // Who knows that nobody does so can say it.
        world.off.insert(Closure::Impersonation);
        assert_eq!(pods_of_ann(&world), "list pods in shop: unused");
    }
    // Rows of tables have no column for it, and the codes of answers.
    let mut tables = world(&rule, "proxy/oidc", &json!({"users": ["nobody"]}));
    tables.audit = AuditPolicy::profile("aks-table");
    assert_eq!(pods_of_ann(&tables), "list pods in shop: not_told");
    tables.audit = AuditPolicy::profile("aks");
    assert_eq!(pods_of_ann(&tables), "list pods in shop: unused");
    let world = world(&rule, "proxy/oidc", &json!({"users": ["nobody"]}));
    let both = world.audit.clone().unwrap().and(AuditPolicy::profile("gke-data-access").unwrap());
    let world = World { audit: Some(both), ..world };
    let judgement = world.judgement("ann", &[]);
    let Some(Verdict::Unobservable(reason @ Reason::NotTold(_))) = judgement.verdicts.values().next() else {
        panic!("{:?}", judgement.verdicts);
    };
    assert_eq!(
        reason.explain(),
        "the log, as it is delivered, does not tell in whose name a request is made, and \
         `system:serviceaccount:proxy:oidc` may ask in this one's"
    );
}
