//! Tests of what a refused request of a cluster has to do with what a pull request took away.

use std::collections::BTreeMap;

use remit_catalog::kubernetes::{NAMESPACE, Request};
use remit_policy::{Count, Days, Seen};

use super::*;

/// A refused call, by method and address.
fn call(method: &str, address: &str) -> Call {
    let words = Request::read(method, address, |_| None).unwrap().request.words().unwrap();
    let namespace = (NAMESPACE.to_owned(), words.namespace);
    Call {
        service: words.service,
        operation: words.operation,
        resources: vec![words.resource],
        parameters: std::sync::Arc::new(BTreeMap::from([namespace])),
        outcome: CallOutcome::Denied,
        via: None,
        account: None,
        region: None,
        seen: Seen { count: Count::from(1), first: 0, last: 0, sample: None, days: Days::default() },
    }
}

/// What of the removed permissions a refused call needed.
fn needed(method: &str, address: &str, removed: &[&str]) -> Vec<String> {
    let removed = removed.iter().map(|&one| one.to_owned()).collect();
    requests(&call(method, address), &removed).into_iter().collect()
}

#[test]
fn a_refused_request_is_met_by_each_permission_that_allowed_it() {
    let pod = "/api/v1/namespaces/shop/pods/web";
    let scale = "/apis/apps/v1/namespaces/shop/deployments/web/scale";
    for (method, address, removed) in [
        ("GET", pod, "get pods web in shop"),
        ("GET", pod, "get pods in shop"),
        ("GET", pod, "get pods web"),
        ("GET", pod, "get pods"),
        ("GET", pod, "* pods in shop"),
        ("GET", pod, "get * in shop"),
        ("GET", pod, "* *.*"),
        ("DELETE", "/api/v1/namespaces/shop/secrets", "deletecollection secrets in shop"),
        ("PUT", scale, "update deployments.apps/scale in shop"),
        ("PUT", scale, "update *.apps/scale in shop"),
        ("PUT", scale, "update *.*/scale"),
        ("PUT", scale, "* *.apps in shop"),
        ("GET", "/api/v1/nodes", "list nodes"),
    ] {
        assert_eq!(needed(method, address, &[removed, "get configmaps in shop"]), [removed], "{address}");
    }
}

#[test]
fn one_that_no_removed_permission_allowed_is_none() {
    let pod = "/api/v1/namespaces/shop/pods/web";
    let removed = [
        "list pods in shop",
        "get pods db in shop",
        "get pods in bank",
        "get pods.metrics.k8s.io in shop",
        "get pods/log in shop",
        "get */log in shop",
        "get secrets in shop",
        "get /api/v1/namespaces/shop/pods/web",
    ];
    assert_eq!(needed("GET", pod, &removed), [] as [&str; 0]);
    // Whoever may get one in a namespace may list none, and nothing beyond the namespace.
    assert_eq!(needed("GET", "/api/v1/pods", &["get pods", "list pods in shop"]), [] as [&str; 0]);
    // One that says no more than that anything may have gone is met by all.
    assert_eq!(needed("GET", pod, &["*"]), ["get pods web in shop"]);
}

#[test]
fn a_star_at_the_end_of_a_path_is_whatever_follows() {
    for (address, removed, is_met) in [
        ("/metrics", "get /metrics", true),
        ("/metrics/x", "get /metrics", false),
        ("/metrics/x", "get /metrics/*", true),
        ("/metrics/x/y", "get /metrics/*", true),
        ("/metrics", "get /metrics/*", false),
        ("/metrics", "get /metrics*", true),
        ("/metrics/x", "* /met*", true),
        ("/metrics/x", "post /metrics/*", false),
        ("/metrics/x", "get /*/x", false),
        ("/metrics/x", "get *", true),
        ("/metrics/x", "get pods", false),
    ] {
        let expected: &[&str] = if is_met { &[removed] } else { &[] };
        assert_eq!(needed("GET", address, &[removed]), expected, "{address} {removed}");
    }
}

#[test]
fn a_refused_request_is_of_the_groups_in_which_it_was_made() {
    let made_in = |groups: &str, user: &str, group: &str| {
        let mut call = call("GET", "/api/v1/namespaces/shop/pods/web");
        let parameters = [(NAMESPACE, "shop"), ("groups", groups)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        call.parameters = std::sync::Arc::new(BTreeMap::from(parameters));
        request_call(&call).unwrap().is_of_group(&User::named(user, []), group)
    };
    assert!(
        made_in("devs,ops", "ann", "ops") && made_in("*", "ann", "ops") && !made_in("devs", "ann", "ops")
    );
    let account = "system:serviceaccount:shop:web";
    assert!(made_in("", account, "system:serviceaccounts:shop") && !made_in("", account, "ops"));
    assert_eq!(User::group_of(&User::group("ops").name), Some("ops"));
}
