//! What a log cannot show stays.

use serde_json::json;

use super::world::*;
use crate::rbac::{AuditPolicy, Closure, Permission};
use crate::{Reason, Verdict};

fn world(rules: &serde_json::Value) -> World {
    World::new(&[role(None, "r", rules), binding(None, "b", "ClusterRole/r", &["shop/web"])])
}

fn verdicts(world: &World, calls: &[crate::rbac::Call]) -> Vec<String> {
    let judgement = world.judgement("shop/web", calls);
    let told = |(permission, verdict): (&Permission, &Verdict)| match verdict {
        Verdict::Unobservable(reason) => format!("{permission}: {}", reason.code()),
        _ => format!("{permission}: {}", verdict.as_str()),
    };
    judgement.verdicts.iter().map(told).collect()
}

/// R7: Google's and Amazon's clusters do not log events, and one form of Azure's log leaves reads out.
#[test]
fn r7_what_a_provider_does_not_log_is_never_removed() {
    let mut world = world(
        &json!([{"apiGroups": [""], "resources": ["events", "pods"], "verbs": ["create", "get", "list"]}]),
    );
    for (profile, reads) in [("eks", "unused"), ("gke", "audit_policy_hides")] {
        world.audit = AuditPolicy::profile(profile);
        assert_eq!(
            verdicts(&world, &[]),
            [
                "create events: audit_policy_hides".to_owned(),
                "get events: audit_policy_hides".to_owned(),
                "list events: audit_policy_hides".to_owned(),
                "create pods: unused".to_owned(),
                format!("get pods: {reads}"),
                format!("list pods: {reads}"),
            ]
        );
    }
    world.audit = AuditPolicy::profile("aks-admin");
    let told = verdicts(&world, &[]);
    let shown: Vec<_> = told.iter().filter(|told| !told.ends_with("audit_policy_hides")).collect();
    assert_eq!(shown, ["create pods: unused"]);
    world.files("shop/web", &[]);
}

/// Of a wildcard, what is hidden stays, as narrow as a rule can say it.
#[test]
fn of_a_wildcard_what_is_hidden_stays() {
    let mut world = world(&json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]));
    world.audit = Some(policy(&json!([
        {"level": "None", "resources": [{"group": "", "resources": ["events"]}]},
        {"level": "None", "namespaces": ["noisy"], "verbs": ["get"], "resources": [{"group": "apps", "resources": ["*/status"]}]},
        {"level": "Metadata"},
    ])));
    world.off.insert(Closure::Impersonation);
    world.off.insert(Closure::PodSecurity);
    let told = world.told("shop/web", &[call("get", "", "pods", "a", "x")]);
    assert_eq!(
        told,
        "\
ClusterRole/remit-shop-web-070178b6
  create,delete,deletecollection,get,list,patch,update,watch events
  update */*/finalizers
Role/a/remit-shop-web-070178b6
  get pods
Role/noisy/remit-shop-web-070178b6
  get apps/*/status
remove ClusterRoleBinding/b
unbound ClusterRole/r
replayed 1
"
    );
}

/// Writes of roles are checked for `escalate`, and nothing else is, so that it is unused where there were none.
#[test]
fn what_only_follows_upon_a_write_is_unused_without_one() {
    let group = "rbac.authorization.k8s.io";
    let mut world = world(&json!([
        {"apiGroups": [group], "resources": ["roles", "rolebindings"], "verbs": ["update", "bind", "escalate"]},
    ]));
    world.off.insert(Closure::Delegation);
    let told = |calls: &[crate::rbac::Call]| {
        verdicts(&world, calls).into_iter().filter(|told| !told.starts_with("update")).collect::<Vec<_>>()
    };
    let expected = |escalate: &str, bind: &str| {
        let other = |verb: &str| format!("{verb} rolebindings.{group}: no_request");
        vec![
            other("bind"),
            other("escalate"),
            format!("bind roles.{group}: {bind}"),
            format!("escalate roles.{group}: {escalate}"),
        ]
    };
    assert_eq!(told(&[]), expected("unused", "unused"));
    assert_eq!(told(&[call("update", group, "roles", "a", "r")]), expected("no_request", "unused"));
    assert_eq!(told(&[call("patch", group, "rolebindings", "a", "r")]), expected("unused", "no_request"));
}

/// kubernetes/kubernetes refuses roles and bindings that allow more than their writer holds, so that it may hold what it only
/// hands on. Not who may `escalate` or `bind`, and a role of one namespace allows nothing beyond it.
#[test]
fn who_writes_roles_keeps_what_it_may_hand_on() {
    let group = "rbac.authorization.k8s.io";
    let verdict = |more: &serde_json::Value, namespace: Option<&str>, verb: &str, resource: &str| {
        let rules = json!([
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
            {"apiGroups": [group], "resources": ["*"], "verbs": ["create", "update"]},
            more,
        ]);
        let world = world(&rules);
        let calls = [call(verb, group, resource, namespace.unwrap_or_default(), "")];
        let told = verdicts(&world, &calls).into_iter().find(|told| told.starts_with("list pods"));
        (told.unwrap(), world.told("shop/web", &calls))
    };
    let nothing = json!({"apiGroups": ["none"], "resources": ["none"], "verbs": ["get"]});
    for resource in ["roles", "rolebindings"] {
        let (told, proposed) = verdict(&nothing, Some("team"), "create", resource);
        assert_eq!(told, "list pods: no_request");
        let (_, of_team) = proposed.split_once("Role/team/").unwrap();
        assert!(of_team.contains("\n  list pods\n"), "{proposed}");
    }
    for resource in ["clusterroles", "clusterrolebindings"] {
        let (told, proposed) = verdict(&nothing, None, "create", resource);
        assert_eq!(told, "list pods: no_request");
        assert_eq!(proposed, "keep ClusterRoleBinding/b\nreplayed 1\n");
    }
    // Who looks for roles everywhere may write one in any namespace tomorrow.
    let world_of = world(&json!([
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": [group], "resources": ["roles"], "verbs": ["create", "list"]},
    ]));
    let calls = [call("create", group, "roles", "team", ""), call("list", group, "roles", "", "")];
    assert_eq!(world_of.told("shop/web", &calls), "keep ClusterRoleBinding/b\nreplayed 2\n");
    let may = |verb: &str, roles: &[&str]| json!({"apiGroups": [group], "resources": roles, "verbs": [verb]});
    let told = |more: &serde_json::Value, resource: &str| verdict(more, Some("team"), "create", resource).0;
    assert_eq!(told(&may("escalate", &["roles"]), "roles"), "list pods: unused");
    assert_eq!(told(&may("bind", &["clusterroles"]), "rolebindings"), "list pods: no_request");
    assert_eq!(told(&may("bind", &["roles", "clusterroles"]), "rolebindings"), "list pods: unused");
    assert_eq!(verdict(&nothing, Some("team"), "delete", "roles").0, "list pods: unused");
}

/// kubernetes/kubernetes adds `system:authenticated`, and a ServiceAccount's own groups, only where nobody asked for them.
#[test]
fn groups_that_the_server_may_have_added_can_still_be_acted_as() {
    let mut world = world(&json!([
        {"apiGroups": [""], "resources": ["users", "groups", "serviceaccounts"], "verbs": ["impersonate"]},
    ]));
    let calls = [
        call("impersonate", "", "serviceaccounts", "shop", "web").lasting(),
        call("impersonate", "", "groups", "", "devs").lasting(),
    ];
    let told = world.told("shop/web", &calls);
    let groups =
        "impersonate groups [devs,system:authenticated,system:serviceaccounts,system:serviceaccounts:shop]";
    assert!(told.contains(groups), "{told}");
    world.off.insert(Closure::Impersonation);
    assert!(world.told("shop/web", &calls).contains("impersonate groups [devs]\n"));
}

#[test]
fn what_other_writes_are_checked_for_stays() {
    let admission = "admissionregistration.k8s.io";
    for (granted, write, expected) in [
        (
            ("resource.k8s.io", "resourceclaims/binding", "patch"),
            call("patch", "resource.k8s.io", "resourceclaims/status", "a", "c"),
            "patch resourceclaims.resource.k8s.io/binding",
        ),
        (
            ("rules.example.com", "replicalimits", "get"),
            call("update", admission, "validatingadmissionpolicies", "", "p"),
            "get replicalimits.rules.example.com",
        ),
        (
            ("", "endpoints/restricted", "create"),
            call("create", "", "endpoints", "a", ""),
            "create endpoints/restricted",
        ),
    ] {
        let (group, resource, verb) = granted;
        let mut world = world(&json!([
            {"apiGroups": [group], "resources": [resource], "verbs": [verb]},
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["update"]},
        ]));
        world.coverage.served.insert((group.to_owned(), resource.to_owned()));
        let told = |calls: &[crate::rbac::Call]| {
            verdicts(&world, calls).into_iter().find(|told| told.starts_with(expected)).unwrap()
        };
        assert_eq!(told(&[]), format!("{expected}: unused"));
        assert_eq!(told(&[write]), format!("{expected}: no_request"));
    }
}

#[test]
fn nothing_is_unused_without_a_policy_or_with_losses_or_gaps_or_too_soon() {
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let code = |change: fn(&mut World)| {
        let mut world = world(&rules);
        change(&mut world);
        let told = verdicts(&world, &[]);
        assert_eq!(world.told("shop/web", &[]), "keep ClusterRoleBinding/b\nreplayed 0\n");
        told.concat().replace("get pods: ", "")
    };
    assert_eq!(code(|world| world.audit = None), "audit_policy_unknown");
    assert_eq!(code(|world| world.coverage.lost = 1), "events_lost");
    assert_eq!(code(|world| world.coverage.unreadable = 1), "ledger_damaged");
    assert_eq!(code(|world| world.coverage.has_gaps = true), "gaps");
    assert_eq!(code(|world| world.coverage.window.end = DAY), "window_too_short");
}

#[test]
fn a_grant_that_is_younger_than_the_window_stays() {
    let mut manifests = [
        role(None, "r", &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])),
        binding(None, "b", "ClusterRole/r", &["shop/web"]),
    ];
    manifests[1]["metadata"]["creationTimestamp"] = json!("1970-02-01T00:00:00Z");
    assert_eq!(verdicts(&World::new(&manifests), &[]), ["get pods: grant_younger"]);
    manifests[1]["metadata"]["creationTimestamp"] = json!("1969-02-01T00:00:00Z");
    assert_eq!(verdicts(&World::new(&manifests), &[]), ["get pods: unused"]);
    manifests[0]["metadata"]["managedFields"] =
        json!([{"manager": "kubectl", "time": "1970-01-02T00:00:00Z"}]);
    assert_eq!(verdicts(&World::new(&manifests), &[]), ["get pods: grant_younger"]);
}

/// The kubelet and servers beside the API server ask what their clients may do. Without the bodies of these reviews, what
/// they may have asked stays: paths, the kubelet's own resources, and what no server of the API serves.
#[test]
fn what_others_may_have_asked_about_stays_without_the_bodies_of_reviews() {
    let mut world = world(&json!([
        {"apiGroups": [""], "resources": ["nodes/proxy", "pods"], "verbs": ["get"]},
        {"apiGroups": ["metrics.example.com"], "resources": ["things"], "verbs": ["get"]},
        {"apiGroups": ["served.example.com"], "resources": ["things"], "verbs": ["get"]},
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]));
    world.coverage.served.insert(("served.example.com".to_owned(), "things".to_owned()));
    let told = |reason: &str| {
        [
            format!("get nodes/proxy: {reason}"),
            "get pods: unused".to_owned(),
            format!("get things.metrics.example.com: {reason}"),
            "get things.served.example.com: unused".to_owned(),
            format!("get /metrics: {reason}"),
        ]
    };
    assert_eq!(verdicts(&world, &[]), told("unused"));
    world.coverage.shows_reviews = false;
    assert_eq!(verdicts(&world, &[]), told(Reason::Reviewed.code()));
}

/// R12: who is impersonated is credited with the call, and who impersonates with `impersonate`, which the log tells as a
/// call of its own.
#[test]
fn r12_impersonated_use_counts_for_both() {
    let world = World::new(&[
        role(None, "reader", &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}])),
        role(
            None,
            "proxy",
            &json!([{"apiGroups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"]}]),
        ),
        binding(None, "ann-reads", "ClusterRole/reader", &["ann"]),
        binding(None, "proxy-is-others", "ClusterRole/proxy", &["ops/proxy"]),
    ]);
    let mut list = call("list", "", "pods", "a", "");
    list.impersonator = Some(name("ops/proxy"));
    let told = world.told("ann", &[list]);
    assert!(told.starts_with("Role/a/remit-ann-"), "{told}");
    assert!(told.contains("  list pods\n") && told.ends_with("replayed 1\n"), "{told}");
    let told = world.told("ops/proxy", &[call("impersonate", "", "users", "", "ann").lasting()]);
    assert!(told.contains("\n  impersonate users [ann]\n") && told.ends_with("replayed 1\n"), "{told}");
}

/// A policy looks at who was authenticated, so that what hides the calls of an impersonator hides those of the impersonated.
#[test]
fn what_hides_an_impersonator_hides_whom_it_impersonates() {
    let mut world = world(&json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]));
    world.audit = Some(policy(
        &json!([{"level": "None", "users": ["quiet"], "verbs": ["list"]}, {"level": "Metadata"}]),
    ));
    let mut calls = vec![call("get", "", "pods", "a", "x")];
    assert_eq!(verdicts(&world, &calls), ["get pods: used", "list pods: unused"]);
    calls[0].impersonator = Some("quiet".to_owned());
    assert_eq!(verdicts(&world, &calls), ["get pods: used", "list pods: audit_policy_hides"]);
}

/// Who may impersonate by a group may be in another, too, and a rule may ask for both a name and a group.
#[test]
fn what_hides_a_member_of_two_groups_hides_whom_he_may_impersonate() {
    let hidden = |rule: &serde_json::Value| {
        let mut world = World::new(&[
            role(None, "r", &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}])),
            binding(None, "b", "ClusterRole/r", &["shop/web"]),
            role(
                None,
                "acts",
                &json!([{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]}]),
            ),
            binding(None, "acts", "ClusterRole/acts", &["@oncall"]),
        ]);
        world.audit = Some(policy(&json!([rule, {"level": "Metadata"}])));
        let told = verdicts(&world, &[call("get", "", "pods", "a", "x")]);
        told.contains(&"list pods: audit_policy_hides".to_owned())
    };
    assert!(hidden(&json!({"level": "None", "users": ["bob"], "userGroups": ["dev"], "verbs": ["list"]})));
    assert!(hidden(&json!({"level": "None", "users": ["bob"], "verbs": ["list"]})));
    assert!(hidden(&json!({"level": "None", "userGroups": ["dev"], "verbs": ["list"]})));
    assert!(!hidden(
        &json!({"level": "None", "users": ["bob"], "userGroups": ["system:nodes"], "verbs": ["list"]})
    ));
}
