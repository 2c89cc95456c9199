use proptest::prelude::*;
use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use serde_json::{Value, json};

use super::*;
use crate::Origin;

fn origin() -> Origin {
    Origin { file: "roles.yaml".to_owned(), line: 1 }
}

fn objects(manifests: &[Value]) -> Vec<Object> {
    manifests
        .iter()
        .flat_map(|manifest| {
            let (objects, problems) = read_objects(manifest, &origin());
            assert_eq!(problems, [], "{manifest}");
            objects
        })
        .collect()
}

fn request(verb: &str, group: &str, resource: &str, namespace: &str, name: &str) -> Request {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let [group, resource, subresource, namespace, name] =
        [group, resource, subresource, namespace, name].map(str::to_owned);
    let target = Target::Resource(ResourceRequest { group, resource, subresource, namespace, name });
    Request { verb: verb.to_owned(), target }
}

fn url(verb: &str, url: &str) -> Request {
    Request { verb: verb.to_owned(), target: Target::Url(url.to_owned()) }
}

fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> Rule {
    let own = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
    Rule {
        verbs: own(verbs),
        groups: own(groups),
        resources: own(resources),
        names: own(names),
        urls: Vec::new(),
    }
}

#[test]
fn a_rule_matches_as_the_server_has_it() {
    let get = |resources: &[&str], names: &[&str]| rule(&["get"], &[""], resources, names);
    let cases = [
        (get(&["pods"], &[]), request("get", "", "pods", "a", "x"), true),
        (get(&["pods"], &[]), request("list", "", "pods", "a", ""), false),
        (get(&["pods"], &[]), request("get", "apps", "pods", "a", "x"), false),
        (get(&["pods"], &[]), request("get", "", "pods/log", "a", "x"), false),
        (get(&["pods/log"], &[]), request("get", "", "pods/log", "a", "x"), true),
        (get(&["pods/*"], &[]), request("get", "", "pods/log", "a", "x"), false),
        (get(&["*/log"], &[]), request("get", "", "pods/log", "a", "x"), true),
        (get(&["*/log"], &[]), request("get", "", "log", "a", "x"), false),
        (get(&["*"], &[]), request("get", "", "pods/log", "a", "x"), true),
        (get(&["pods"], &["x"]), request("get", "", "pods", "a", "x"), true),
        (get(&["pods"], &["x"]), request("get", "", "pods", "a", "y"), false),
        (get(&["pods"], &["x"]), request("get", "", "pods", "a", ""), false),
        (rule(&["*"], &["*"], &["*"], &[]), request("frob", "g", "r/s", "", ""), true),
        (rule(&["*"], &["*"], &["*"], &[]), url("get", "/healthz"), false),
    ];
    for (rule, request, is_match) in cases {
        assert_eq!(rule.matches(&request), is_match, "{rule:?} {request:?}");
    }
}

#[test]
fn a_path_ends_in_anything_after_a_star() {
    let rule =
        |text: &str| Rule { verbs: vec!["get".to_owned()], urls: vec![text.to_owned()], ..Rule::default() };
    let cases = [
        ("/healthz", "/healthz", true),
        ("/healthz", "/healthz/ping", false),
        ("/healthz/*", "/healthz/ping", true),
        ("/healthz/*", "/healthz", false),
        ("*", "/anything", true),
        ("/a*c", "/abc", false),
    ];
    for (text, path, is_match) in cases {
        assert_eq!(rule(text).matches(&url("get", path)), is_match, "{text} {path}");
    }
}

/// A binding lends a ClusterRole's rules within its own namespace only; a ServiceAccount without a namespace is that of the binding.
#[test]
fn a_binding_counts_where_it_is() {
    let objects = objects(&[json!({"kind": "List", "items": [
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"},
         "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]},
                   {"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
         "metadata": {"name": "b", "namespace": "shop"},
         "subjects": [{"kind": "ServiceAccount", "name": "web"}],
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "c"},
         "subjects": [{"kind": "ServiceAccount", "name": "web"}, {"kind": "Group", "name": "ops"}],
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "none-of-ours"}},
    ]})]);
    let state = State::new(objects);
    let web = User::service_account("shop", "web");
    let ops = User { name: "ann".to_owned(), groups: vec!["ops".to_owned()], is_group: false };
    let allows = |user: &User, request: &Request| !state.allowances(user, request).is_empty();
    assert!(allows(&web, &request("get", "", "pods", "shop", "p")));
    assert!(!allows(&web, &request("get", "", "pods", "bank", "p")));
    assert!(!allows(&web, &url("get", "/metrics")));
    assert!(!allows(&User::service_account("bank", "web"), &request("get", "", "pods", "shop", "p")));
    assert!(allows(&ops, &request("get", "", "pods", "bank", "p")));
    assert!(allows(&ops, &url("get", "/metrics")));
    let allowance = state.allowances(&web, &request("get", "", "pods", "shop", "p")).pop().unwrap();
    assert_eq!((allowance.binding.name.name.as_str(), allowance.role.name.name.as_str()), ("b", "reader"));
    assert_eq!(allowance.rule.resources, ["pods"]);
}

#[test]
fn an_aggregated_role_has_the_rules_of_those_that_it_selects() {
    let role = |name: &str, label: &str, verb: &str| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
               "metadata": {"name": name, "labels": {label: "true"}},
               "rules": [{"verbs": [verb], "apiGroups": [""], "resources": ["pods"]}]})
    };
    let aggregated = |name: &str, label: &str, own: &str| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
               "metadata": {"name": name, "labels": {own: "true"}}, "rules": null,
               "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {label: "true"}},
                   {"matchExpressions": [{"key": "extra", "operator": "In", "values": ["yes"]}]}]}})
    };
    let mut state = State::new(objects(&[
        aggregated("admin", "to-admin", "to-admin"),
        aggregated("edit", "to-edit", "to-admin"),
        role("one", "to-admin", "get"),
        role("two", "to-edit", "update"),
        role("three", "to-view", "watch"),
        role("twin", "to-admin", "get"),
    ]));
    state.aggregate();
    let rules = |name: &str| {
        let role = state.roles().find(|role| role.name.name == name).unwrap();
        role.rules.iter().flat_map(|rule| rule.verbs.clone()).collect::<Vec<_>>()
    };
    assert_eq!(rules("admin"), ["get", "update"]);
    assert_eq!(rules("edit"), ["update"]);
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_read() {
    let manifest = json!({"kind": "RoleList", "apiVersion": "rbac.authorization.k8s.io/v1", "items": [
        {"kind": "Role", "metadata": {"name": "bad", "namespace": "a"}, "rules": [{"verbs": ["get", 1]}]},
        {"kind": "Role", "metadata": {}, "rules": []},
        {"kind": "RoleBinding", "metadata": {"name": "odd"}, "roleRef": {"kind": "Pod", "name": "x"}},
        {"kind": "Role", "metadata": {"name": "good", "namespace": "a"}, "rules": []},
    ]});
    let (objects, problems) = read_objects(&manifest, &origin());
    assert_eq!(objects.len(), 1);
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "Role `bad` cannot be used: `rules[0].verbs` holds a number where texts are needed",
            "Role cannot be used: `metadata.name` is missing",
            "RoleBinding `odd` cannot be used: `roleRef.kind` is `Pod` where a Role or ClusterRole is needed",
        ]
    );
}

#[test]
fn what_is_wider_is_shown_by_a_request() {
    let all = rule(&["*"], &["*"], &["*"], &[]);
    let pods = rule(&["get", "list"], &[""], &["pods"], &[]);
    let one = rule(&["get"], &[""], &["pods"], &["x"]);
    let logs = rule(&["get"], &[""], &["pods/log"], &[]);
    let any_log = rule(&["get"], &[""], &["*/log"], &[]);
    let wider = |new: (Option<&str>, &Rule), old: &[(Option<&str>, &Rule)]| {
        let bound = |(namespace, rule)| Bound { namespace, rule };
        let old: Vec<_> = old.iter().map(|&(namespace, rule)| Bound { namespace, rule }).collect();
        excess(&[bound(new)], &old)
    };
    assert_eq!(wider((None, &pods), &[(None, &all)]), None);
    assert_eq!(wider((Some("a"), &one), &[(Some("a"), &pods)]), None);
    assert_eq!(wider((Some("a"), &logs), &[(None, &any_log)]), None);
    assert_eq!(wider((Some("a"), &one), &[(Some("b"), &pods)]), Some(request("get", "", "pods", "a", "x")));
    assert_eq!(wider((Some("a"), &pods), &[(Some("a"), &one)]), Some(request("get", "", "pods", "a", "")));
    assert_eq!(wider((None, &pods), &[(Some("a"), &pods)]), Some(request("get", "", "pods", "", "")));
    assert_eq!(wider((None, &any_log), &[(None, &logs)]), Some(request("get", "", "another0/log", "", "")));
    assert_eq!(wider((None, &all), &[(None, &pods)]), Some(request("get", "", "pods/another0", "", "")));
}

/// Texts of few letters, so that they meet.
fn texts(of: &'static [&'static str], size: std::ops::Range<usize>) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::sample::select(of).prop_map(str::to_owned), size)
}

fn rules() -> impl Strategy<Value = Rule> {
    (
        texts(&["get", "list", "create", "*"], 1..3),
        texts(&["", "apps", "*"], 1..3),
        texts(&["pods", "pods/log", "jobs", "*/log", "*", "pods/*"], 1..4),
        prop_oneof![3 => Just(Vec::new()), 1 => texts(&["x", "y", ""], 1..3)],
        prop_oneof![2 => Just(Vec::new()), 1 => texts(&["/a", "/a/*", "/a/b*", "*"], 1..3)],
    )
        .prop_map(|(verbs, groups, resources, names, urls)| Rule {
            verbs,
            groups,
            resources,
            names,
            urls,
        })
}

fn namespace() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(&["a", "b"][..]).prop_map(str::to_owned))
}

pub(super) fn roles() -> impl Strategy<Value = Object> {
    (namespace(), prop::sample::select(&["r", "s"][..]), prop::collection::vec(rules(), 1..4)).prop_map(
        |(namespace, name, rules)| {
            Object::Role(Role {
                name: ObjectName { namespace, name: name.to_owned() },
                labels: Default::default(),
                rules,
                aggregates: Vec::new(),
                since: None,
                origin: origin(),
            })
        },
    )
}

pub(super) fn bindings() -> impl Strategy<Value = Object> {
    let subject = prop_oneof![
        prop::sample::select(&["ann", "system:serviceaccount:a:web"][..])
            .prop_map(|name| Subject::User(name.to_owned())),
        prop::sample::select(&["ops", "system:serviceaccounts:a", "system:authenticated"][..])
            .prop_map(|name| Subject::Group(name.to_owned())),
        namespace().prop_map(|namespace| Subject::ServiceAccount { namespace, name: "web".to_owned() }),
    ];
    let role = (prop::bool::ANY, prop::sample::select(&["r", "s"][..])).prop_map(|(is_cluster, name)| {
        if is_cluster { RoleRef::ClusterRole(name.to_owned()) } else { RoleRef::Role(name.to_owned()) }
    });
    (namespace(), prop::sample::select(&["p", "q", "o"][..]), prop::collection::vec(subject, 1..4), role)
        .prop_map(|(namespace, name, subjects, role)| {
            let name = ObjectName { namespace, name: name.to_owned() };
            Object::Binding(Binding {
                name,
                labels: Default::default(),
                annotations: Default::default(),
                subjects,
                role,
                since: None,
                origin: origin(),
            })
        })
}

pub(super) fn clusters() -> impl Strategy<Value = Vec<Object>> {
    prop::collection::vec(prop_oneof![roles(), bindings()], 0..24)
}

pub(super) fn users() -> impl Strategy<Value = User> {
    let ann = User { name: "ann".to_owned(), groups: vec!["ops".to_owned()], is_group: false };
    prop::sample::select(vec![ann, User::service_account("a", "web"), User::service_account("b", "web")])
}

const VERBS: &[&str] = &["get", "list", "create", "other"];
const GROUPS: &[&str] = &["", "apps", "other"];
const RESOURCES: &[&str] = &["pods", "pods/log", "jobs", "jobs/log", "pods/*", "pods/other"];
const NAMESPACES: &[&str] = &["", "a", "b", "c"];
const NAMES: &[&str] = &["", "x", "y", "other"];
const URLS: &[&str] = &["/a", "/a/", "/a/c", "/a/b", "/a/bc", "/other"];

pub(super) fn requests() -> impl Strategy<Value = Request> {
    use prop::sample::select;
    prop_oneof![
        4 => (select(VERBS), select(GROUPS), select(RESOURCES), select(NAMESPACES), select(NAMES))
            .prop_map(|(verb, group, resource, namespace, name)| request(verb, group, resource, namespace, name)),
        1 => (select(VERBS), select(URLS)).prop_map(|(verb, path)| url(verb, path)),
    ]
}

/// Every request that can be made of the words above, one for all that no rule names included.
pub(super) fn all_requests() -> Vec<Request> {
    let mut all = Vec::new();
    for verb in VERBS {
        all.extend(URLS.iter().map(|path| url(verb, path)));
        for group in GROUPS {
            for resource in RESOURCES {
                for namespace in NAMESPACES {
                    all.extend(NAMES.iter().map(|name| request(verb, group, resource, namespace, name)));
                }
            }
        }
    }
    all
}

fn bound_rules(size: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(Option<String>, Rule)>> {
    prop::collection::vec((namespace(), rules()), size)
}

fn bound(rules: &[(Option<String>, Rule)]) -> Vec<Bound<'_>> {
    rules.iter().map(|(namespace, rule)| Bound { namespace: namespace.as_deref(), rule }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// 120,000 requests: 1,000 clusters, 120 requests each.
    #[test]
    fn the_reference_authorizer_agrees(
        objects in clusters(),
        asks in prop::collection::vec((users(), requests()), 120),
    ) {
        let mut distinct = std::collections::BTreeMap::new();
        for object in objects {
            let key = match &object {
                Object::Role(role) => (false, role.name.clone()),
                Object::Binding(binding) => (true, binding.name.clone()),
            };
            distinct.insert(key, object);
        }
        let objects: Vec<_> = distinct.into_values().collect();
        let state = State::new(objects.clone());
        for (user, request) in asks {
            let is_allowed = !state.allowances(&user, &request).is_empty();
            prop_assert_eq!(is_allowed, reference::allows(&objects, &user, &request), "{:?} {:?}", user, request);
        }
    }

    #[test]
    fn an_excess_is_one_and_without_it_nothing_is_wider(new in bound_rules(1..3), old in bound_rules(0..12)) {
        let (new, old) = (bound(&new), bound(&old));
        let allows = |rules: &[Bound<'_>], request: &Request| rules.iter().any(|rule| rule.matches(request));
        match excess(&new, &old) {
            Some(request) => prop_assert!(allows(&new, &request) && !allows(&old, &request), "{:?}", request),
            None => {
                for request in all_requests() {
                    prop_assert!(!allows(&new, &request) || allows(&old, &request), "{:?}", request);
                }
            }
        }
    }
}

/// Neither property would say anything if requests were hardly ever allowed, or rules never within others.
#[test]
fn generated_clusters_allow_and_refuse() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut allowed, mut within) = (0, 0);
    for _ in 0..2_000 {
        let objects = clusters().new_tree(&mut runner).unwrap().current();
        let (user, request) = (users(), requests()).new_tree(&mut runner).unwrap().current();
        allowed += usize::from(!State::new(objects).allowances(&user, &request).is_empty());
        let (new, old) = (bound_rules(1..3), bound_rules(0..12)).new_tree(&mut runner).unwrap().current();
        let (new, old) = (bound(&new), bound(&old));
        within += usize::from(excess(&new, &old).is_none());
    }
    assert!(allowed > 100 && within > 200, "{allowed} allowed, {within} within");
}

/// What is proven is as many documents as the subject has bindings, and has to be read again to be verified.
#[test]
fn a_file_of_any_number_of_documents_is_read() {
    let one = |at: usize| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": format!("role-{at}"), "namespace": "shop"},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
        })
    };
    let manifests: Vec<Value> = (0..1_100).map(one).collect();
    assert_eq!(read_yaml(&yaml(&manifests).unwrap(), "apply.yaml").map(|read| read.len()), Ok(1_100));
    let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert!(read_yaml(&nested, "apply.yaml").is_err());
}
