//! Rules by which more stays than was seen: what each keeps, that it can be switched off, and that none goes beyond what is
//! granted.

use serde_json::json;

use super::world::*;
use crate::rbac::Closure;

/// One subject with everything in the whole cluster, or just some of it.
fn world(rules: &serde_json::Value) -> World {
    World::new(&[role(None, "r", rules), binding(None, "b", "ClusterRole/r", &["shop/web"])])
}

/// Security policies of pods aside, which every wildcard grants the use of.
fn everything() -> World {
    let mut world = world(&json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]));
    world.off.insert(Closure::PodSecurity);
    world
}

/// The rules of the new roles.
fn rules(told: &str) -> Vec<&str> {
    told.lines().filter(|line| line.starts_with("  ")).map(str::trim).collect()
}

#[test]
fn who_lists_keeps_watch() {
    let mut world = everything();
    let calls = [call("list", "", "pods", "a", "")];
    assert_eq!(rules(&world.told("shop/web", &calls)), ["list,watch pods"]);
    let kept = world.propose("shop/web", &calls).unwrap().kept;
    let watch = kept.iter().find(|kept| kept.permission.verb == "watch").unwrap();
    assert_eq!(
        (watch.closures.contains(&Closure::Informer), &watch.seen, &watch.reason),
        (true, &None, &None)
    );
    world.off.insert(Closure::Informer);
    assert_eq!(rules(&world.told("shop/web", &calls)), ["list pods"]);
}

#[test]
fn no_rule_goes_beyond_what_is_granted() {
    let world =
        world(&json!([{"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["list", "create"]}]));
    let calls = [call("list", "", "pods", "a", ""), call("create", "", "events", "a", "")];
    assert_eq!(rules(&world.told("shop/web", &calls)), ["create events", "list pods"]);
}

#[test]
fn who_holds_a_lock_keeps_what_taking_it_over_needs() {
    let mut world = everything();
    world.off.insert(Closure::OwnerReferences);
    let lease = |verb: &str| call(verb, "coordination.k8s.io", "leases", "a", "lock").lasting();
    let calls = [lease("update")];
    assert_eq!(
        rules(&world.told("shop/web", &calls)),
        [
            "create events",
            "create coordination.k8s.io/leases",
            "get,patch,update coordination.k8s.io/leases [lock]",
            "create events.k8s.io/events",
        ]
    );
    world.off.insert(Closure::LeaderElection);
    assert_eq!(rules(&world.told("shop/web", &calls)), ["update coordination.k8s.io/leases [lock]"]);
}

#[test]
fn a_configmap_is_a_lock_where_it_is_renewed() {
    let mut world = everything();
    world.off.insert(Closure::OwnerReferences);
    let mut update = call("update", "", "configmaps", "a", "lock").lasting();
    assert_eq!(rules(&world.told("shop/web", &[update.clone()])), ["update configmaps [lock]"]);
    update.seen.count = 10_000.into();
    let told = world.told("shop/web", &[update]);
    assert!(rules(&told).contains(&"get,patch,update configmaps [lock]"), "{told}");
}

#[test]
fn events_are_written_in_either_group() {
    let mut world = everything();
    let calls = [call("create", "", "events", "a", "")];
    world.off.insert(Closure::OwnerReferences);
    assert_eq!(
        rules(&world.told("shop/web", &calls)),
        ["create,patch events", "create,patch events.k8s.io/events"]
    );
    world.off.insert(Closure::Events);
    assert_eq!(rules(&world.told("shop/web", &calls)), ["create events"]);
}

#[test]
fn what_a_subject_makes_it_may_call_otherwise() {
    let mut world = everything();
    world.off.insert(Closure::OwnerReferences);
    let calls = [call("create", "", "secrets", "a", ""), call("get", "", "secrets", "a", "s").lasting()];
    assert_eq!(rules(&world.told("shop/web", &calls)), ["create,get secrets"]);
    world.off.insert(Closure::CreatedNames);
    assert_eq!(rules(&world.told("shop/web", &calls)), ["create secrets", "get secrets [s]"]);
}

#[test]
fn what_is_looked_for_everywhere_may_be_anywhere() {
    let mut world = everything();
    let calls = [call("watch", "", "pods", "", ""), call("get", "", "pods/log", "a", "x")];
    let told = world.told("shop/web", &calls);
    assert!(told.starts_with("ClusterRole/"), "{told}");
    assert_eq!(rules(&told), ["list,watch pods", "get pods/log"]);
    world.off.insert(Closure::AllNamespaces);
    let told = world.told("shop/web", &calls);
    assert_eq!(rules(&told), ["list,watch pods", "get pods/log"]);
    assert!(told.contains("\nRole/a/"), "{told}");
}

/// A name that is the same everywhere stays the only one.
#[test]
fn what_may_be_anywhere_may_have_one_name() {
    let mut world = everything();
    let listed = call("list", "", "secrets", "", "").lasting();
    let calls = [listed, call("get", "", "secrets", "a", "tls").lasting()];
    let told = world.told("shop/web", &calls);
    assert!(told.starts_with("ClusterRole/") && !told.contains("\nRole/"), "{told}");
    assert_eq!(rules(&told), ["list,watch secrets", "get secrets [tls]"]);
    let tenants: Vec<String> = ('a'..='q').map(|letter| format!("team-{letter}{letter}")).collect();
    let of_tenants = |name: &dyn Fn(usize) -> String| -> Vec<_> {
        let calls = tenants.iter().enumerate();
        calls.map(|(at, tenant)| call("get", "", "secrets", tenant, &name(at)).lasting()).collect()
    };
    let pull = of_tenants(&|_| "pull".to_owned());
    assert_eq!(rules(&world.told("shop/web", &pull)), ["get secrets [pull]"]);
    let own = of_tenants(&|at| format!("key-of-{}", "x".repeat(at + 1)));
    assert_eq!(rules(&world.told("shop/web", &own)), ["get secrets"]);
    world.off.insert(Closure::AllNamespaces);
    assert_eq!(world.told("shop/web", &pull).matches("Role/team-").count(), 17);
}

/// More than a list that somebody wrote are all of them; unless that is switched off.
#[test]
fn what_is_done_in_many_namespaces_may_be_done_in_any() {
    let mut world = everything();
    let namespaces: Vec<String> = ('a'..='q').map(|letter| format!("team-{letter}{letter}")).collect();
    let calls: Vec<_> = namespaces.iter().map(|name| call("get", "", "pods/log", name, "x")).collect();
    let told = world.told("shop/web", &calls);
    assert_eq!((rules(&told).len(), told.starts_with("ClusterRole/")), (1, true), "{told}");
    world.off.insert(Closure::AllNamespaces);
    let told = world.told("shop/web", &calls);
    assert_eq!((rules(&told).len(), told.matches("Role/team-").count()), (17, 17), "{told}");
}

#[test]
fn commands_in_pods_are_run_in_two_ways() {
    let mut world = everything();
    world.off.insert(Closure::OwnerReferences);
    for verb in ["get", "create"] {
        let calls = [call(verb, "", "pods/exec", "a", "x-0")];
        assert_eq!(rules(&world.told("shop/web", &calls)), ["create,get pods/exec"]);
    }
    world.off.insert(Closure::WebsocketExec);
    assert_eq!(
        rules(&world.told("shop/web", &[call("get", "", "pods/exec", "a", "x-0")])),
        ["get pods/exec"]
    );
}

/// R6: `create` is checked behind an apply that creates, and behind a websocket.
#[test]
fn r6_create_is_needed_behind_an_apply_that_creates_and_behind_a_websocket() {
    let mut world = everything();
    world.off.extend([Closure::WebsocketExec, Closure::OwnerReferences]);
    let mut apply = call("patch", "apps", "deployments", "a", "front").lasting();
    apply.created = true;
    let mut exec = call("get", "", "pods/exec", "a", "x-0");
    exec.upgraded = true;
    let told = world.told("shop/web", &[apply, exec]);
    // What it made may be called otherwise the next time, and no name stands with `create` of a collection.
    assert_eq!(rules(&told), ["create,get pods/exec", "create,patch apps/deployments"]);
}

/// R5: names never stand where requests have none.
#[test]
fn r5_no_names_stand_with_create_and_deletecollection() {
    let mut world = everything();
    world.off.extend(Closure::ALL);
    let mut calls = Vec::new();
    for verb in ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"] {
        let name = if ["get", "update", "patch", "delete"].contains(&verb) { "c" } else { "" };
        calls.push(call(verb, "", "configmaps", "a", name).lasting());
    }
    calls.push(call("create", "", "serviceaccounts/token", "a", "s").lasting());
    calls.push(call("watch", "", "secrets", "a", "one").lasting());
    assert_eq!(
        rules(&world.told("shop/web", &calls)),
        [
            "create,deletecollection,list,watch configmaps",
            "delete,get,patch,update configmaps [c]",
            "watch secrets [one]",
            "create serviceaccounts/token [s]",
        ]
    );
}

#[test]
fn names_are_granted_where_they_are_the_same_tomorrow() {
    let world = everything();
    let get = |name: &str| call("get", "", "configmaps", "a", name);
    let stable = [get("one").lasting(), get("two").lasting()];
    assert_eq!(rules(&world.told("shop/web", &stable)), ["get configmaps [one,two]"]);
    for calls in [
        vec![get("one").lasting(), get("two")],
        vec![get("web-7d4b9c6f8d-x2x4z").lasting()],
        (0..9).map(|at| get(&format!("c{}", char::from(b'a' + at))).lasting()).collect(),
    ] {
        assert_eq!(rules(&world.told("shop/web", &calls)), ["get configmaps"]);
    }
}
