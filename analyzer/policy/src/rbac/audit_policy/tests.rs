use proptest::prelude::*;
use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use serde_json::{Value, json};

use super::*;

fn policy(rules: &Value) -> AuditPolicy {
    AuditPolicy::read(&json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules})).unwrap()
}

/// `get core pods/log shop/web`, `list apps deployments`, `get /healthz`.
fn request(text: &str) -> Request {
    let mut words = text.split(' ');
    let verb = words.next().unwrap().to_owned();
    let second = words.next().unwrap();
    if second.starts_with('/') {
        return Request { verb, target: Target::Url(second.to_owned()) };
    }
    let group = if second == "core" { String::new() } else { second.to_owned() };
    let resource = words.next().unwrap();
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let (namespace, name) = words.next().unwrap_or("/").split_once('/').unwrap();
    let [resource, subresource, namespace, name] =
        [resource, subresource, namespace, name].map(str::to_owned);
    Request {
        verb,
        target: Target::Resource(ResourceRequest { group, resource, subresource, namespace, name }),
    }
}

/// What one leaves out no other brings back, and of entries no body is read.
#[test]
fn of_several_policies_what_all_show_is_shown() {
    let pods = policy(&json!([{"level": "None", "verbs": ["list"]}, {"level": "Request"}]));
    let both = pods.clone().and(AuditPolicy::profile("aks-admin").unwrap());
    let shows = |text: &str| both.shows(&web(), &request(text));
    assert_eq!(shows("update core pods shop/p"), Visibility::Shown);
    assert_eq!(shows("list core pods shop/"), Visibility::Hidden(Hidden::Unlogged));
    assert_eq!(shows("get core pods shop/p"), Visibility::Hidden(Hidden::Undelivered));
    assert_eq!(both.level(&web(), &request("get core pods shop/p")), Level::None);
    assert_eq!(both.level(&web(), &request("update core pods shop/p")), Level::Request);
    let entries = pods.and(AuditPolicy::profile("gke-data-access").unwrap());
    assert_eq!(entries.level(&web(), &request("update core pods shop/p")), Level::Metadata);
}

fn web() -> User {
    User::service_account("shop", "web")
}

/// Each rule stands alone and hides what it matches; what none matches is hidden too, so that a rule for all follows.
#[test]
fn a_rule_matches_as_the_server_has_it() {
    let cases = [
        (json!({}), "get core pods shop/p", true),
        (json!({}), "get /healthz", true),
        (json!({"users": ["system:serviceaccount:shop:web"]}), "get /healthz", true),
        (json!({"users": ["system:serviceaccount:shop:*"]}), "get /healthz", false),
        (json!({"userGroups": ["other", "system:serviceaccounts:shop"]}), "get core pods", true),
        (json!({"userGroups": ["system:nodes"]}), "get core pods", false),
        (json!({"verbs": ["list", "get"]}), "get core pods", true),
        (json!({"verbs": ["*"]}), "get core pods", false),
        (json!({"namespaces": ["shop"]}), "get core pods shop/p", true),
        (json!({"namespaces": [""]}), "get core pods shop/p", false),
        (json!({"namespaces": [""]}), "get core nodes /n", true),
        (json!({"namespaces": [""]}), "get /healthz", false),
        (json!({"resources": [{"group": ""}]}), "get core pods/log shop/p", true),
        (json!({"resources": [{}]}), "get core pods", true),
        (json!({"resources": [{"group": "*"}]}), "get core pods", false),
        (json!({"resources": [{"group": "apps", "resources": ["pods"]}]}), "get core pods", false),
        (json!({"resources": [{"group": "", "resources": ["pods"]}]}), "get core pods/log shop/p", false),
        (json!({"resources": [{"group": "", "resources": ["pods/log"]}]}), "get core pods/log shop/p", true),
        (json!({"resources": [{"group": "", "resources": ["pods/log"]}]}), "get core pods shop/p", false),
        (json!({"resources": [{"group": "", "resources": ["pods/*"]}]}), "get core pods shop/p", true),
        (json!({"resources": [{"group": "", "resources": ["pods/*"]}]}), "get core pods/exec shop/p", true),
        (json!({"resources": [{"group": "", "resources": ["pods/*"]}]}), "get core services shop/p", false),
        (
            json!({"resources": [{"group": "apps", "resources": ["*/scale"]}]}),
            "get apps deployments/scale a/b",
            true,
        ),
        (
            json!({"resources": [{"group": "apps", "resources": ["*/scale"]}]}),
            "get apps deployments a/b",
            false,
        ),
        (json!({"resources": [{"group": "", "resources": ["*"]}]}), "get core pods/exec shop/p", true),
        (
            json!({"resources": [{"group": "", "resources": ["pods"], "resourceNames": ["p"]}]}),
            "get core pods a/p",
            true,
        ),
        (
            json!({"resources": [{"group": "", "resources": ["pods"], "resourceNames": ["p"]}]}),
            "list core pods a/",
            false,
        ),
        (
            json!({"resources": [{"group": "", "resources": ["pods"], "resourceNames": [""]}]}),
            "list core pods a/",
            true,
        ),
        (
            json!({"resources": [{"group": "", "resources": ["*"], "resourceNames": ["p"]}]}),
            "get core pods a/q",
            false,
        ),
        (json!({"resources": [{"group": ""}]}), "get /api", false),
        (json!({"nonResourceURLs": ["/healthz"]}), "get /healthz", true),
        (json!({"nonResourceURLs": ["/healthz"]}), "get /healthz/ping", false),
        (json!({"nonResourceURLs": ["/healthz*"]}), "get /healthz/ping", true),
        (json!({"nonResourceURLs": ["*"]}), "get /anything", true),
        (json!({"nonResourceURLs": ["*"]}), "get core pods", false),
        (json!({"users": [], "verbs": null, "resources": []}), "get core pods", true),
    ];
    for (mut rule, asked, is_match) in cases {
        rule["level"] = json!("None");
        let policy = policy(&json!([rule, {"level": "Metadata"}]));
        let visibility = policy.shows(&web(), &request(asked));
        let expected = if is_match { Visibility::Hidden(Hidden::Unlogged) } else { Visibility::Shown };
        assert_eq!(visibility, expected, "{rule} {asked}");
    }
}

#[test]
fn the_first_rule_decides_and_without_one_nothing_is_logged() {
    let policy = policy(&json!([
        {"level": "Request", "verbs": ["get"], "resources": [{"group": "", "resources": ["secrets"]}]},
        {"level": "None", "resources": [{"group": "", "resources": ["secrets"]}]},
        {"level": "Metadata", "resources": [{"group": ""}]},
    ]));
    let shows = |asked: &str| policy.shows(&web(), &request(asked));
    assert_eq!(shows("get core secrets a/s"), Visibility::Shown);
    assert_eq!(policy.level(&web(), &request("get core secrets a/s")), Level::Request);
    assert_eq!(shows("list core secrets a/"), Visibility::Hidden(Hidden::Unlogged));
    assert_eq!(shows("list core pods a/"), Visibility::Shown);
    assert_eq!(shows("list apps deployments a/"), Visibility::Hidden(Hidden::Unlogged));
    assert_eq!(policy.level(&web(), &request("list apps deployments a/")), Level::None);
}

/// Of the stages of a rule and of the whole policy both are omitted.
#[test]
fn what_shows_a_request_is_a_stage_with_its_outcome() {
    let cases = [
        (json!(["RequestReceived"]), json!([]), "get core pods a/p", true),
        (json!(["RequestReceived"]), json!(["ResponseComplete"]), "get core pods a/p", false),
        (json!(["ResponseComplete"]), json!(["RequestReceived"]), "get core pods a/p", false),
        (json!(["ResponseComplete"]), json!([]), "watch core pods a/", true),
        (json!(["ResponseComplete"]), json!([]), "create core pods/exec a/p", true),
        (json!(["ResponseStarted"]), json!([]), "watch core pods a/", true),
        (json!(["ResponseStarted"]), json!(["ResponseComplete"]), "watch core pods a/", false),
        (json!(["ResponseStarted"]), json!(["ResponseComplete"]), "get core pods/log a/p", false),
        (json!(["Panic"]), json!([]), "get core pods a/p", true),
    ];
    for (all, own, asked, is_shown) in cases {
        let manifest = json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": all,
            "rules": [{"level": "Metadata", "omitStages": own}]});
        let policy = AuditPolicy::read(&manifest).unwrap();
        let expected = if is_shown { Visibility::Shown } else { Visibility::Hidden(Hidden::Unfinished) };
        assert_eq!(policy.shows(&web(), &request(asked)), expected, "{manifest} {asked}");
    }
}

#[test]
fn what_the_server_would_refuse_is_no_policy() {
    let read = |rules: Value| {
        AuditPolicy::read(&json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules}))
            .unwrap_err()
    };
    let cases = [
        (read(json!([])), "`rules` is missing or empty"),
        (read(json!([{}])), "`rules[0].level` is missing"),
        (read(json!([{"level": "All"}])), "there is no level `All`"),
        (read(json!([{"level": "None", "omitStages": ["Done"]}])), "there is no stage `Done`"),
        (
            read(json!([{"level": "None", "nonResourceURLs": ["/a"], "namespaces": ["b"]}])),
            "`rules[0]` has both resources and paths, which the API server refuses",
        ),
        (
            read(json!([{"level": "None", "resources": [{"group": "", "resourceNames": ["b"]}]}])),
            "`rules[0]` has names of no resource, which the API server refuses",
        ),
        (
            AuditPolicy::read(&json!({"apiVersion": "policy/v1", "kind": "Policy"})).unwrap_err(),
            "this is a `Policy` of `policy/v1` where a `Policy` of `audit.k8s.io` is needed",
        ),
        (AuditPolicy::read(&json!([])).unwrap_err(), "`` is a list where a map is needed"),
    ];
    for (message, expected) in cases {
        assert_eq!(message, expected);
    }
}

/// R7 and table A4: what each provider's log cannot show.
#[test]
fn profiles_hide_what_providers_do_not_log() {
    let cases = [
        ("create core events shop/", "eks gke gke-data-access aks aks-admin"),
        ("patch core events shop/e", "eks gke gke-data-access aks aks-admin"),
        ("create events.k8s.io events shop/", ""),
        ("get /healthz", "eks gke gke-data-access aks aks-admin"),
        ("get /version", "eks gke gke-data-access aks aks-admin"),
        ("get /metrics", "gke gke-data-access aks-admin"),
        ("get core pods shop/p", "gke aks-admin"),
        ("list apps deployments", "gke aks-admin"),
        ("watch core pods", "gke aks-admin"),
        ("update apps deployments/status shop/d", "gke"),
        ("patch example.com widgets/status shop/d", "gke"),
        ("update apps deployments shop/d", ""),
        ("create core pods shop/", ""),
        ("delete core pods shop/p", ""),
        ("deletecollection core pods shop/", ""),
        ("create core pods/exec shop/p", ""),
        ("create authorization.k8s.io subjectaccessreviews", "gke"),
    ];
    for (asked, hiding) in cases {
        let hides = |name: &&str| {
            AuditPolicy::profile(name).unwrap().shows(&web(), &request(asked)) != Visibility::Shown
        };
        let seen: Vec<_> = AuditPolicy::PROFILES.iter().copied().filter(hides).collect();
        assert_eq!(seen.join(" "), hiding, "{asked}");
    }
    let why = |name: &str, user: &User, asked: &str| {
        AuditPolicy::profile(name).unwrap().shows(user, &request(asked))
    };
    assert_eq!(why("aks-admin", &web(), "get core pods a/p"), Visibility::Hidden(Hidden::Undelivered));
    assert_eq!(why("eks", &web(), "list core events"), Visibility::Hidden(Hidden::Unlogged));
    let node =
        User { name: "system:node:a".to_owned(), groups: vec!["system:nodes".to_owned()], is_group: false };
    assert_eq!(why("eks", &node, "get core nodes /a"), Visibility::Hidden(Hidden::Unlogged));
    assert_eq!(why("eks", &web(), "get core nodes /a"), Visibility::Shown);
    let level = |asked: &str| AuditPolicy::profile("eks").unwrap().level(&web(), &request(asked));
    assert_eq!(level("create authorization.k8s.io subjectaccessreviews"), Level::RequestResponse);
    assert_eq!(level("create authentication.k8s.io tokenreviews"), Level::Metadata);
    assert_eq!(level("get core secrets a/s"), Level::Metadata);
    assert_eq!(level("get core pods a/s"), Level::Request);
    assert_eq!(level("create example.com widgets a/"), Level::Metadata);
    assert!(AuditPolicy::profile("minikube").is_none());
}

/// A second matcher, written to be read, of the manifest itself.
fn reference(rules: &[Value], user: &User, asked: &Request) -> Level {
    let texts = |rule: &Value, name: &str| -> Vec<String> {
        let list = rule.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        list.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let fits = |list: Vec<String>, item: &str| list.is_empty() || list.iter().any(|entry| entry == item);
    for rule in rules {
        let groups = texts(rule, "userGroups");
        if !fits(texts(rule, "users"), &user.name)
            || !fits(texts(rule, "verbs"), &asked.verb)
            || (!groups.is_empty() && !groups.iter().any(|group| user.groups.contains(group)))
        {
            continue;
        }
        let (namespaces, urls) = (texts(rule, "namespaces"), texts(rule, "nonResourceURLs"));
        let resources = rule.get("resources").and_then(Value::as_array).cloned().unwrap_or_default();
        let matches = match &asked.target {
            Target::Url(url) => {
                namespaces.is_empty()
                    && resources.is_empty()
                    && (urls.is_empty()
                        || urls.iter().any(|rule| match rule.strip_suffix('*') {
                            Some(start) => url.starts_with(start),
                            None => rule == url,
                        }))
            }
            Target::Resource(asked) => {
                let whole = match asked.subresource.as_str() {
                    "" => asked.resource.clone(),
                    subresource => format!("{}/{subresource}", asked.resource),
                };
                let below = format!("{}/*", asked.resource);
                let anywhere = format!("*/{}", asked.subresource);
                (urls.is_empty() || !namespaces.is_empty() || !resources.is_empty())
                    && fits(namespaces, &asked.namespace)
                    && (resources.is_empty()
                        || resources.iter().any(|one| {
                            let (names, kinds) = (texts(one, "resourceNames"), texts(one, "resources"));
                            let is_kind = |kind: &String| {
                                *kind == "*"
                                    || *kind == whole
                                    || *kind == below
                                    || (!asked.subresource.is_empty() && *kind == anywhere)
                            };
                            one["group"].as_str().unwrap() == asked.group
                                && (kinds.is_empty()
                                    || (fits(names, &asked.name) && kinds.iter().any(is_kind)))
                        }))
            }
        };
        if matches {
            return match rule["level"].as_str().unwrap() {
                "None" => Level::None,
                "Metadata" => Level::Metadata,
                "Request" => Level::Request,
                _ => Level::RequestResponse,
            };
        }
    }
    Level::None
}

fn texts(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![1 => Just(Vec::new()), 1 => prop::collection::vec(prop::sample::select(of), 1..3)]
}

fn rules() -> impl Strategy<Value = Value> {
    let resources = (
        prop::sample::select(&["", "apps", "*"][..]),
        texts(&["pods", "pods/log", "pods/*", "*/log", "*", "jobs"]),
        texts(&["x", ""]),
    )
        .prop_map(|(group, resources, names)| {
            let names = if resources.is_empty() { Vec::new() } else { names };
            json!({"group": group, "resources": resources, "resourceNames": names})
        });
    (
        prop::sample::select(&["None", "Metadata", "Request", "RequestResponse"][..]),
        (texts(&["ann", "bob"]), texts(&["ops", "dev"]), texts(&["get", "list", "*"])),
        texts(&["", "a", "b"]),
        prop_oneof![1 => Just(Vec::new()), 1 => prop::collection::vec(resources, 1..3)],
        texts(&["/a", "/a/*", "*"]),
    )
        .prop_map(|(level, (users, groups, verbs), namespaces, resources, urls)| {
            let urls = if resources.is_empty() && namespaces.is_empty() { urls } else { Vec::new() };
            json!({"level": level, "users": users, "userGroups": groups, "verbs": verbs, "namespaces": namespaces,
                "resources": resources, "nonResourceURLs": urls})
        })
}

fn asks() -> impl Strategy<Value = (User, Request)> {
    use prop::sample::select;
    let users =
        (select(&["ann", "bob", "eve"][..]), texts(&["ops", "dev", "all"])).prop_map(|(name, groups)| User {
            name: name.to_owned(),
            groups: groups.into_iter().map(str::to_owned).collect(),
            is_group: false,
        });
    let requests = prop_oneof![
        4 => (
            select(&["get", "list", "watch"][..]),
            select(&["core", "apps", "batch"][..]),
            select(&["pods", "pods/log", "pods/exec", "jobs", "jobs/log"][..]),
            select(&["/", "a/", "a/x", "b/x", "c/y"][..]),
        ).prop_map(|(verb, group, resource, place)| request(&format!("{verb} {group} {resource} {place}"))),
        1 => (select(&["get", "list"][..]), select(&["/a", "/a/b", "/c"][..]))
            .prop_map(|(verb, url)| request(&format!("{verb} {url}"))),
    ];
    (users, requests)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_reference_agrees(
        rules in prop::collection::vec(rules(), 1..6),
        asks in prop::collection::vec(asks(), 20),
    ) {
        let policy = policy(&Value::Array(rules.clone()));
        for (user, asked) in asks {
            let level = reference(&rules, &user, &asked);
            prop_assert_eq!(policy.level(&user, &asked), level, "{:?} {:?}", user, asked);
            prop_assert_eq!(policy.shows(&user, &asked) == Visibility::Shown, level > Level::None);
        }
    }
}

/// The property would say little if one level came out nearly always.
#[test]
fn generated_policies_have_every_level() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..1_000 {
        let rules = prop::collection::vec(rules(), 1..6).new_tree(&mut runner).unwrap().current();
        let (user, asked) = asks().new_tree(&mut runner).unwrap().current();
        *seen.entry(reference(&rules, &user, &asked)).or_insert(0) += 1;
    }
    assert!(seen.len() == 4 && seen.values().all(|&count| count > 40), "{seen:?}");
}
