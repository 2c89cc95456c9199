//! Golden cases of proposals.

mod closures;
mod hidden;
mod impersonated;
mod left;
mod placement;
mod properties;
pub(in crate::rbac) mod world;

use serde_json::json;

use self::world::*;

#[test]
fn what_is_used_stays_and_the_rest_goes() {
    let world = World::new(&[
        role(
            None,
            "reader",
            &json!([
                {"apiGroups": [""], "resources": ["pods", "configmaps"], "verbs": ["get", "list", "watch", "delete"]},
                {"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale"], "verbs": ["*"]},
            ]),
        ),
        binding(None, "web-reads", "ClusterRole/reader", &["shop/web"]),
    ]);
    let calls = [
        call("get", "", "pods", "shop", "a-1"),
        call("list", "", "configmaps", "shop", ""),
        call("update", "apps", "deployments/scale", "shop", "front").lasting(),
    ];
    let told = world.told("shop/web", &calls);
    assert_eq!(
        told,
        "\
Role/shop/remit-shop-web-070178b6
  list,watch configmaps
  get pods
  update apps/deployments/scale [front]
remove ClusterRoleBinding/web-reads
unbound ClusterRole/reader
replayed 3
"
    );
}

/// R1: the authorizer ran before the handler, so 404 and 409 are use, and what was refused never is.
#[test]
fn r1_what_failed_after_it_was_authorised_is_use_and_what_was_refused_never_is() {
    let world = World::new(&[
        role(
            Some("shop"),
            "r",
            &json!([{"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get", "create"]}]),
        ),
        binding(Some("shop"), "b", "Role/r", &["shop/web"]),
    ]);
    let calls = [call("get", "", "pods", "shop", "gone"), call("get", "", "secrets", "shop", "s").denied()];
    let proposal = world.propose("shop/web", &calls).unwrap();
    let refused = proposal.removed.iter().find(|gone| gone.permission.to_string() == "get secrets in shop");
    assert_eq!(refused.unwrap().denied, 1);
    assert_eq!(
        world.told("shop/web", &calls),
        "Role/shop/remit-shop-web-070178b6\n  get pods\nremove RoleBinding/shop/b\nunbound Role/shop/r\nreplayed 1\n"
    );
}

/// Of a call whose result is not known, it cannot be told whether it was use.
#[test]
fn what_may_have_been_allowed_stays() {
    let world = World::new(&[
        role(
            Some("shop"),
            "r",
            &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]),
        ),
        binding(Some("shop"), "b", "Role/r", &["shop/web"]),
    ]);
    let calls = [call("get", "", "pods", "shop", "x").unknown()];
    let proposal = world.propose("shop/web", &calls).unwrap();
    let kept: Vec<_> = proposal
        .kept
        .iter()
        .map(|kept| (kept.permission.to_string(), kept.reason.as_ref().map(crate::Reason::code)))
        .collect();
    assert_eq!(kept, [("get pods in shop".to_owned(), Some("outcome_unknown"))]);
    assert_eq!(world.judgement("shop/web", &calls).counts().unobservable, 1);
}

/// R8: `update` of `finalizers` is checked when objects are written whose owner references block deletion. Both projects
/// took it out because nothing ever asked for it, and put it back after an outage
/// (stolostron/submariner-addon#1122 and #1124, kubernetes-sigs/cluster-api#10552 and #11098).
#[test]
fn r8_finalizers_of_submariner_and_cluster_api_stay() {
    let submariner = json!([
        {"apiGroups": ["submarineraddon.open-cluster-management.io"], "resources": ["submarinerconfigs"], "verbs": ["get", "list", "watch", "update", "patch"]},
        {"apiGroups": ["submarineraddon.open-cluster-management.io"], "resources": ["*/finalizers"], "verbs": ["update"]},
        {"apiGroups": ["addon.open-cluster-management.io"], "resources": ["managedclusteraddons/finalizers"], "verbs": ["update"]},
    ]);
    let capi = json!([
        {"apiGroups": ["cluster.x-k8s.io"], "resources": ["clusters", "machines"], "verbs": ["get", "list", "watch", "update", "patch"]},
        {"apiGroups": ["cluster.x-k8s.io"], "resources": ["clusters/finalizers", "machines/finalizers"], "verbs": ["update"]},
    ]);
    for (rules, group, resource) in [
        (submariner, "submarineraddon.open-cluster-management.io", "submarinerconfigs"),
        (capi, "cluster.x-k8s.io", "machines"),
    ] {
        let world = World::new(&[
            role(None, "manager", &rules),
            binding(None, "b", "ClusterRole/manager", &["ops/manager"]),
        ]);
        let calls = [call("watch", group, resource, "", ""), call("patch", group, resource, "a", "m")];
        let proposal = world.propose("ops/manager", &calls).unwrap();
        let removed: Vec<_> = proposal.removed.iter().map(|gone| gone.permission.to_string()).collect();
        assert!(!removed.iter().any(|gone| gone.contains("finalizers")), "{removed:?}");
        let kept = proposal.kept.iter().filter(|kept| kept.permission.to_string().contains("/finalizers"));
        assert!(kept.clone().count() == 2 || group.contains("submariner"), "{:?}", proposal.kept);
        assert!(kept.clone().all(|kept| kept.reason.as_ref().is_some_and(|why| why.code() == "no_request")));
        world.files("ops/manager", &calls);
    }
}

/// Paths are granted by bindings of the whole cluster only, and what only other servers are asked about stays as long as the
/// log does not tell what they asked.
#[test]
fn paths_stay_where_reviews_are_not_shown() {
    let mut world = World::new(&[
        role(None, "r", &json!([{"nonResourceURLs": ["/metrics", "/probe*"], "verbs": ["get"]}])),
        binding(None, "b", "ClusterRole/r", &["shop/web"]),
    ]);
    let calls = [path("get", "/probe/1")];
    let told = "ClusterRole/remit-shop-web-070178b6\n  get /probe/1\nremove ClusterRoleBinding/b\nunbound ClusterRole/r\nreplayed 1\n";
    assert_eq!(world.told("shop/web", &calls), told);
    world.coverage.shows_reviews = false;
    assert_eq!(world.told("shop/web", &calls), "keep ClusterRoleBinding/b\nreplayed 1\n");
}
