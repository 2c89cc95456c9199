use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use remit_policy::rbac::{Call, State, User, needed, read_objects};
use remit_policy::{CallOutcome, Count, Days, Origin, Seen};
use serde_json::{Value, json};

use super::super::peers::Community;
use super::super::tests::of_one_kind;
use super::*;

/// A cluster in which each ServiceAccount is bound to these rules everywhere.
fn state(accounts: &[(&str, &Value)]) -> &'static State {
    let version = "rbac.authorization.k8s.io/v1";
    let mut items = Vec::new();
    for (account, rules) in accounts {
        let (namespace, name) = account.split_once('/').unwrap();
        let full = account.replace('/', "-");
        items.push(json!({
            "apiVersion": version, "kind": "ClusterRole", "metadata": {"name": full}, "rules": rules,
        }));
        items.push(json!({
            "apiVersion": version, "kind": "ClusterRoleBinding", "metadata": {"name": full},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": full},
            "subjects": [{"kind": "ServiceAccount", "namespace": namespace, "name": name}],
        }));
    }
    let origin = Origin { file: "test".to_owned(), line: 1 };
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let (objects, problems) = read_objects(&list, &origin);
    assert_eq!(problems, []);
    Box::leak(Box::new(State::new(objects)))
}

fn granted(state: &'static State, account: &str) -> Granted<'static> {
    let (namespace, name) = account.split_once('/').unwrap();
    Granted::of(state, &User::service_account(namespace, name))
}

/// `get apps deployments shop web`, with `-` for what there is none of, on these days.
fn call(text: &str, on: &[i64]) -> Call {
    let words: Vec<String> = text.split(' ').map(|word| word.replace('-', "")).collect();
    let [verb, group, resource, namespace, name] = words.try_into().unwrap();
    let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
    let (resource, subresource) = (resource.to_owned(), subresource.to_owned());
    let asked = ResourceRequest { group, resource, subresource, namespace, name };
    let mut days = Days::none(0);
    on.iter().for_each(|day| days.insert(*day));
    let seen = Seen {
        count: Count::from(on.len() as u64),
        first: Days::moment_of(on[0]),
        last: Days::moment_of(on[on.len() - 1]),
        sample: None,
        days,
    };
    Call {
        request: Request { verb, target: Target::Resource(asked) }.into(),
        groups: std::sync::Arc::default(),
        outcome: CallOutcome::Use,
        created: false,
        upgraded: false,
        impersonator: None,
        authorizer: None,
        seen,
    }
}

/// Every week, from far enough back on for names to be tried.
fn calls(texts: &[&str]) -> Vec<Call> {
    let weekly: Vec<i64> = (1..100).step_by(7).collect();
    texts.iter().map(|text| call(text, &weekly)).collect()
}

/// What stays of a subject beyond what its calls need, with the rule that keeps it.
fn kept(tier: Tier, rules: &Value, own: &[Call], others: &[&[&str]]) -> BTreeMap<String, &'static str> {
    let state = state(&[("shop/web", rules)]);
    let granted = granted(state, "shop/web");
    let usage = Usage::gather(own);
    let theirs: Vec<Usage> = others.iter().map(|texts| Usage::gather(&calls(texts))).collect();
    let known = Known::of(theirs.iter().chain([&usage]), [&granted].into_iter());
    let kinds = of_one_kind(theirs.len() + 1);
    let itself = Usage::default();
    let all = std::iter::once(&itself).chain(&theirs).map(|usage| used(&granted, usage));
    let community = Community::of(&kinds, all.collect());
    let peers = community.peers(0);
    let needed = &needed(&usage, granted.permissions.keys(), &BTreeSet::new());
    let doing = Doing {
        granted: &granted,
        usage: &usage,
        needed,
        generalise: tier.generalise(),
        today: 100,
        settling: None,
        drop_watched: None,
        history: 100,
    };
    let retained = retained(doing, &known, Some(&peers), tier);
    retained.into_iter().map(|(part, why)| (part.to_string(), why.code())).collect()
}

fn on(group: &str, resources: &[&str], verbs: &[&str]) -> Value {
    json!([{"apiGroups": [group], "resources": resources, "verbs": verbs}])
}

#[test]
fn rare_ways_are_watched_where_such_things_are_changed() {
    let rules = on("", &["configmaps"], &["*"]);
    let own = calls(&["update - configmaps shop lock", "get - configmaps shop lock"]);
    let kept = kept(Tier::Strict, &rules, &own, &[]);
    // What is made carries no name when it is made; the way to take it away is kept by what is checked with a change.
    assert_eq!(kept, BTreeMap::from([("create configmaps in shop".to_owned(), "recovery_path")]));
}

#[test]
fn what_is_done_to_the_same_kind_stays_where_it_is_done_from_balanced_on() {
    let rules = on("autoscaling", &["horizontalpodautoscalers"], &["*"]);
    let own = calls(&["update autoscaling horizontalpodautoscalers shop web"]);
    let of = |tier| kept(tier, &rules, &own, &[]);
    let name = "patch horizontalpodautoscalers.autoscaling web in shop";
    assert_eq!(of(Tier::Standard).get(name), None);
    assert_eq!(of(Tier::Balanced).get(name), Some(&"same_kind"));
    // Nothing takes all of them away at once, in any tier.
    assert!(of(Tier::Balanced).keys().all(|name| !name.contains("deletecollection")));
}

#[test]
fn peers_tell_of_permissions_but_not_of_what_leads_to_more() {
    let rules = on("*", &["*"], &["*"]);
    let own = calls(&["list - services shop -", "get - services shop web"]);
    let others: &[&[&str]] = &[&[
        "get - configmaps pay x",
        "create - pods pay -",
        "get - secrets pay key",
        "create rbac.authorization.k8s.io roles pay -",
        "list apps deployments pay -",
    ]];
    let kept = kept(Tier::Standard, &rules, &own, others);
    // In the namespace where the subject does what it does, not where its peers do.
    assert_eq!(kept.get("get configmaps in shop"), Some(&"peers"));
    assert_eq!(kept.get("list deployments.apps in shop"), Some(&"peers"));
    for grave in ["pods", "secrets", "roles"] {
        assert!(kept.keys().all(|name| !name.contains(&format!(" {grave}"))), "{kept:?}");
    }
}

#[test]
fn what_leads_to_no_more_than_what_is_used_may_be_learned_of_others() {
    let rules = on("*", &["*"], &["*"]);
    let own = calls(&["update apps deployments shop web"]);
    let kept = kept(Tier::Standard, &rules, &own, &[&["create apps statefulsets pay -"]]);
    assert_eq!(kept.get("create statefulsets.apps in shop"), Some(&"peers"));
}

#[test]
fn names_that_changed_on_dates_gone_by_stay_open_but_for_secrets() {
    let rules = on("", &["configmaps", "secrets"], &["get"]);
    let mut own = calls(&["get - configmaps shop one", "get - secrets shop one"]);
    own.push(call("get - configmaps shop two", &[60, 62]));
    own.push(call("get - secrets shop two", &[60, 62]));
    let open = BTreeMap::from([("get configmaps in shop".to_owned(), "changing_names")]);
    assert_eq!(kept(Tier::Strict, &rules, &own, &[]), open);
    // As they are granted: everywhere.
    let granted = BTreeMap::from([("get configmaps".to_owned(), "changing_names")]);
    let balanced = kept(Tier::Balanced, &rules, &own, &[]);
    let named = balanced.into_iter().filter(|(_, why)| *why == "changing_names");
    assert_eq!(named.collect::<BTreeMap<_, _>>(), granted);
    let same = calls(&["get - configmaps shop one"]);
    assert_eq!(kept(Tier::Strict, &rules, &same, &[]), BTreeMap::new());
}

#[test]
fn names_of_secrets_stay_open_where_new_ones_keep_coming_and_nowhere_else() {
    let rules = on("", &["secrets"], &["get"]);
    let mut own = calls(&["get - secrets shop one", "get - secrets pay one"]);
    for (name, day) in [("two", 40), ("three", 60), ("four", 80)] {
        own.push(call(&format!("get - secrets shop {name}"), &[day, day + 2]));
    }
    assert_eq!(kept(Tier::Strict, &rules, &own, &[]), BTreeMap::new());
    let open = BTreeMap::from([("get secrets in shop".to_owned(), "new_names")]);
    assert_eq!(kept(Tier::Standard, &rules, &own, &[]), open);
    assert_eq!(kept(Tier::Balanced, &rules, &own, &[]), open);
}

#[test]
fn who_asks_who_callers_are_comes_to_ask_what_they_may_do() {
    let rules = json!([{
        "apiGroups": ["authentication.k8s.io", "authorization.k8s.io"],
        "resources": ["tokenreviews", "subjectaccessreviews", "selfsubjectreviews"], "verbs": ["create"],
    }]);
    let own = calls(&["create authentication.k8s.io tokenreviews - -"]);
    let kept = kept(Tier::Strict, &rules, &own, &[]);
    let name = "create subjectaccessreviews.authorization.k8s.io".to_owned();
    assert_eq!(kept, BTreeMap::from([(name, "companion")]));
}

#[test]
fn what_the_server_has_in_no_namespace_is_kept_in_none() {
    let rules = on("storage.k8s.io", &["storageclasses", "csistoragecapacities"], &["get", "list"]);
    let own = calls(&["get storage.k8s.io csistoragecapacities shop one"]);
    let kept = kept(Tier::Balanced, &rules, &own, &[]);
    assert_eq!(kept.get("list storageclasses.storage.k8s.io"), Some(&"metadata"), "{kept:?}");
}

#[test]
fn tiers_are_nested_and_of_what_does_nothing_nothing_is_learned() {
    let rules = on("*", &["*"], &["*"]);
    let own = calls(&["update apps deployments/status shop web", "list - pods - -"]);
    let others: &[&[&str]] = &[&["list - services pay -"], &["get - configmaps pay x"], &[], &[]];
    let of = |tier| kept(tier, &rules, &own, others).into_keys().collect::<BTreeSet<_>>();
    let [strict, standard, balanced] = [Tier::Strict, Tier::Standard, Tier::Balanced].map(of);
    assert!(strict.is_subset(&standard) && standard.len() < balanced.len(), "{strict:?} {standard:?}");
    assert!(standard.iter().all(|name| balanced.contains(name)), "{standard:?} {balanced:?}");
    assert_eq!(kept(Tier::Balanced, &rules, &[], others), BTreeMap::new());
}

#[test]
fn the_same_name_in_another_namespace_is_of_the_same_kind() {
    let rules = on("", &["pods"], &["get"]);
    let other = on("", &["pods"], &["list"]);
    let accounts =
        [("shop/web-a", &rules), ("shop/web-b", &rules), ("pay/web-a", &rules), ("shop/web-c", &other)];
    let state = state(&accounts);
    let all: Vec<_> = accounts.iter().map(|(account, _)| granted(state, account)).collect();
    let kinds = Kinds::of_subjects(all.iter());
    assert_eq!(kinds.others(0), BTreeSet::from([1, 2]));
    assert_eq!(kinds.others(3), BTreeSet::new());
}
