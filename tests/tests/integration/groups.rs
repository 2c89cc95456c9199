//! What is granted and done by groups, in another's name, and by logs that were delivered in part: from an audit log and manifests to
//! what is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::Rng as _;
use proptest::test_runner::{TestRng, TestRunner};
use remit_catalog::kubernetes::Request;
use remit_policy::Origin;
use remit_policy::rbac::{Binding, Claim, Evidence, Object, ObjectName, Role, State, User, read_objects};
use remit_tests::program::{remit, run};
use serde_json::{Value, json};

/// A policy that logs everything.
const POLICY: &str =
    r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}"#;

/// What a user asked for, every six hours for 60 days, beginning with the hour.
fn asked(hour: i64, user: &str, group: &str, verb: &str, address: &str) -> Vec<Value> {
    let at = |step: i64| jiff::Timestamp::from_second(1_785_542_400 + (hour + 6 * step) * 3600).unwrap();
    let one = |step: i64| {
        json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "stage": "ResponseComplete",
            "auditID": format!("{user}-{hour}-{step}"), "verb": verb, "requestURI": address,
            "user": {"username": user, "groups": [group, "system:authenticated"]},
            "responseStatus": {"code": 200}, "requestReceivedTimestamp": at(step).to_string(),
            "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
        })
    };
    (0..240).map(one).collect()
}

fn role(kind: &str, name: &str, rules: &Value) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
        "metadata": {"name": name, "namespace": "shop"}, "rules": rules})
}

fn binding(kind: &str, name: &str, subjects: &Value) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{kind}Binding"),
        "metadata": {"name": name, "namespace": "shop"}, "subjects": subjects,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}})
}

fn rule(group: &str, resource: &str, verbs: &[&str]) -> Value {
    json!([{"apiGroups": [group], "resources": [resource], "verbs": verbs}])
}

/// Writes and reads a log, and writes manifests and the policy.
fn place(log: &[Value], manifests: &[Value]) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let text: String = log.iter().map(|event| format!("{event}\n")).collect();
    fs::write(place.path().join("audit.log"), text).unwrap();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": manifests});
    fs::write(place.path().join("grants.json"), list.to_string()).unwrap();
    fs::write(place.path().join("policy.json"), POLICY).unwrap();
    remit(place.path(), &["ingest", "kubernetes-audit", "audit.log", "--ledger", "ledger", "--cluster", "c"]);
    place
}

fn told(place: &Path, verb: &[&str], policy: &str) -> String {
    let of_cluster = ["--ledger", "ledger", "--grants", "grants.json", "--audit-policy", policy];
    run(place, &[verb, &of_cluster].concat()).out
}

/// Nobody is named by a group's binding, and whoever is in it may do everything.
#[test]
fn whoever_may_do_everything_by_a_group_is_told() {
    let log = asked(0, "bob", "devs", "update", "/api/v1/namespaces/kube-system/secrets/x");
    let log = [log, asked(1, "eve", "staff", "get", "/api/v1/namespaces/shop/secrets/x")].concat();
    let everything = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let place = place(
        &log,
        &[
            role("ClusterRole", "all", &everything),
            binding("ClusterRole", "all", &json!([{"kind": "Group", "name": "devs"}])),
        ],
    );
    let findings = told(place.path(), &["findings"], "policy.json");
    let of_group = findings.lines().filter(|line| line.contains("group devs"));
    assert!(of_group.clone().any(|line| line.contains("escalate in all namespaces")), "{findings}");
    assert!(of_group.clone().count() > 15, "{findings}");
    assert!(!findings.lines().any(|line| line.contains("  eve ")), "{findings}");
    told(place.path(), &["report", "--out", "out"], "policy.json");
    let page = fs::read_to_string(place.path().join("out/report.md")).unwrap();
    let (_, section) = page.split_once("\n## Principals without grants of their own").unwrap();
    assert!(section.contains("no grant in the input names them"), "{section}");
    let row = |name: &str| section.lines().find(|line| line.starts_with(&format!("| `{name}`"))).unwrap();
    assert!(row("bob").ends_with("| `devs` |"), "{section}");
    assert!(!row("eve").contains("staff"), "{section}");
}

/// A policy that does not log who acts as another never shows what is done in the other's name, and no reads are in a log that was
/// delivered without, whatever policy is named.
#[test]
fn what_is_hidden_of_who_acts_as_another_or_was_left_out_stays() {
    let log = asked(0, "hb", "staff", "update", "/api/v1/namespaces/shop/configmaps/hb");
    let manifests = [
        role("Role", "edit", &rule("apps", "deployments", &["get", "update"])),
        binding("Role", "edit", &json!([{"kind": "User", "name": "alice"}])),
        role("ClusterRole", "acts", &rule("", "users", &["impersonate"])),
        binding(
            "ClusterRole",
            "acts",
            &json!([{"kind": "ServiceAccount", "name": "oidc", "namespace": "proxy"}]),
        ),
    ];
    let own = place(&log, &manifests);
    let alice = |place: &Path, policy: &str| {
        let told = told(place, &["propose", "--out", "out"], policy);
        told.lines().find(|line| line.contains("alice")).unwrap().to_owned()
    };
    assert!(alice(own.path(), "policy.json").contains("proven"));
    let quiet = POLICY.replace(
        r#"[{"level""#,
        r#"[{"level": "None", "users": ["system:serviceaccount:proxy:oidc"]}, {"level""#,
    );
    fs::write(own.path().join("quiet.json"), quiet).unwrap();
    assert!(alice(own.path(), "quiet.json").contains("nothing to change"));
    let record =
        |event: &Value| json!({"category": "kube-audit-admin", "properties": {"log": event.to_string()}});
    let delivered = place(&log.iter().map(record).collect::<Vec<_>>(), &manifests[..2]);
    // The update goes, and the read is not known to be unused.
    alice(delivered.path(), "aks");
    let apply = fs::read_to_string(delivered.path().join("out/c/user/alice/apply.yaml")).unwrap();
    assert!(apply.contains("- get") && !apply.contains("- update"), "{apply}");
    let evidence = fs::read_to_string(delivered.path().join("out/c/user/alice/evidence.json")).unwrap();
    assert!(evidence.contains(r#""audit_policy": "aks and aks-admin""#), "{evidence}");
}

/// The part of a proposal's folder that a new role says.
fn applied(place: &Path, folder: &str) -> String {
    fs::read_to_string(place.join("out/c").join(folder).join("apply.yaml")).unwrap_or_default()
}

/// What others do says nothing of a group, and what the log does not tell of who is in it stays.
#[test]
fn a_group_keeps_what_whoever_is_in_it_does() {
    let log = [
        asked(0, "bob", "devs", "get", "/api/v1/namespaces/shop/pods/x"),
        asked(1, "ann", "devs", "list", "/apis/apps/v1/namespaces/shop/deployments"),
        asked(2, "eve", "staff", "delete", "/api/v1/namespaces/shop/secrets/x"),
        asked(3, "system:serviceaccount:shop:web", "none", "get", "/api/v1/namespaces/shop/configmaps/c"),
    ];
    let verbs = ["get", "list", "watch", "create", "delete"];
    let rules = json!([{"apiGroups": ["", "apps"], "resources": ["pods", "secrets", "deployments", "configmaps"], "verbs": verbs}]);
    let accounts = "system:serviceaccounts:shop";
    let groups = json!([{"kind": "Group", "name": "devs"}, {"kind": "Group", "name": accounts}]);
    let place =
        place(&log.concat(), &[role("ClusterRole", "edit", &rules), binding("ClusterRole", "edit", &groups)]);
    let propose = |policy: &str| told(place.path(), &["propose", "--out", "out"], policy);
    let verbs_of = |folder: &str, resource: &str| {
        let text = applied(place.path(), folder);
        let rules = text.split("- apiGroups:").filter(|rule| rule.contains(&format!("- {resource}\n")));
        let verbs =
            rules.flat_map(|rule| verbs.into_iter().filter(|verb| rule.contains(&format!("- {verb}\n"))));
        verbs.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let told = propose("policy.json");
    assert!(["group devs", accounts].iter().all(|name| told.contains(name)), "{told}");
    let of_devs =
        ["pods", "deployments", "secrets", "configmaps"].map(|resource| verbs_of("group/devs", resource));
    assert_eq!(of_devs, [vec!["get"], vec!["list", "watch"], vec![], vec![]]);
    let folder =
        fs::read_dir(place.path().join("out/c/group")).unwrap().map(|entry| entry.unwrap().file_name());
    let folder = folder.map(|name| name.into_string().unwrap()).find(|name| name != "devs").unwrap();
    let of_accounts = format!("group/{folder}");
    assert_eq!(verbs_of(&of_accounts, "configmaps"), ["get"]);
    assert_eq!(verbs_of(&of_accounts, "secrets"), [""; 0]);
    let verified = run(place.path(), &["verify", "out", "--ledger", "ledger"]);
    assert_eq!((verified.code, verified.out.matches(" proven ").count()), (Some(0), 2), "{}", verified.out);
    // It is what anybody who is in it did that has to stay.
    let evidence = place.path().join("out/c/group/devs/apply.yaml");
    fs::write(&evidence, fs::read_to_string(&evidence).unwrap().replace("- pods", "- secrets")).unwrap();
    assert_eq!(run(place.path(), &["verify", "out", "--ledger", "ledger"]).code, Some(2));

    // Somebody whose deletions nobody sees may be in a group of people, and is no ServiceAccount.
    let quiet = POLICY.replace(
        r#"[{"level""#,
        r#"[{"level": "None", "users": ["mallory"], "verbs": ["delete"]}, {"level""#,
    );
    fs::write(place.path().join("quiet.json"), quiet).unwrap();
    propose("quiet.json");
    assert_eq!(verbs_of("group/devs", "secrets"), ["delete"]);
    assert_eq!(verbs_of(&of_accounts, "secrets"), [""; 0]);
    // This log does not tell who is in a group but by the names of ServiceAccounts.
    let told = propose("gke-data-access");
    let line = |name: &str| told.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(line("group devs").contains("nothing to change"), "{told}");
    assert!(line(accounts).contains("proven"), "{told}");
}

/// Bindings and roles once all proposals of a folder are in force.
fn in_force(objects: Vec<Object>, claims: &[Claim]) -> State {
    let (mut roles, mut bindings): (Vec<Role>, BTreeMap<ObjectName, Binding>) = Default::default();
    for object in objects {
        match object {
            Object::Role(role) => roles.push(role),
            Object::Binding(binding) => {
                bindings.insert(binding.name.clone(), binding);
            }
        }
    }
    for claim in claims {
        claim.gone.iter().for_each(|gone| drop(bindings.remove(&gone.name)));
        for edited in &claim.edited {
            // Each takes out its own subject.
            let binding = bindings.get_mut(&edited.name).unwrap();
            binding.subjects.retain(|subject| edited.subjects.contains(subject));
        }
        for (binding, role) in claim.new.clone() {
            roles.push(role);
            bindings.insert(binding.name.clone(), binding);
        }
    }
    let roles = roles.into_iter().map(Object::Role);
    State::new(roles.chain(bindings.into_values().map(Object::Binding)))
}

/// Whether something is so that is so in that many of ten cases.
fn is_so(dice: &mut TestRng, cases: u32) -> bool {
    dice.next_u32() % 10 < cases
}

/// Accounts that are bound by their names, by their groups and by both, of whom each does some of what it may.
#[test]
fn what_members_do_stays_allowed_once_proposals_for_them_and_their_groups_are_in_force() {
    let mut runner = TestRunner::deterministic();
    let dice = runner.rng();
    let resources = ["pods", "services", "secrets", "configmaps"];
    let verbs = ["get", "list", "delete", "update"];
    let (mut narrowed, mut relying, mut asked_again) = (0, 0, 0);
    for world in 0..6 {
        let subjects =
            ["a", "b", "c"].map(|name| json!({"kind": "ServiceAccount", "name": name, "namespace": "shop"}));
        let groups = ["system:serviceaccounts", "system:serviceaccounts:shop", "devs"]
            .map(|name| json!({"kind": "Group", "name": name}));
        let users = ["u", "v"].map(|name| json!({"kind": "User", "name": name}));
        let named = [subjects.as_slice(), &groups, &users].concat();
        let mut manifests = Vec::new();
        for at in 0..5 {
            let some = |dice: &mut TestRng, of: &[&'static str]| -> Vec<&'static str> {
                let some: Vec<_> = of.iter().copied().filter(|_| is_so(dice, 5)).collect();
                if some.is_empty() { of.to_vec() } else { some }
            };
            let rules = json!([{"apiGroups": [""], "resources": some(dice, &resources), "verbs": some(dice, &verbs)}]);
            manifests.push(role("ClusterRole", &format!("r{at}"), &rules));
            let bound: Vec<&Value> = named.iter().filter(|_| is_so(dice, 3)).collect();
            manifests.push(binding("ClusterRole", &format!("r{at}"), &json!(bound)));
        }
        let read =
            |manifest: &Value| read_objects(manifest, &Origin { file: "grants.json".to_owned(), line: 1 }).0;
        let objects: Vec<Object> = manifests.iter().flat_map(read).collect();
        let state = State::new(objects.clone());
        let members = ["a", "b", "c"].map(|name| User::service_account("shop", name));
        let people = ["u", "v"].map(|name| User::named(name, ["devs".to_owned()]));
        let (mut log, mut done) = (Vec::new(), Vec::new());
        for user in members.iter().chain(&people) {
            for resource in resources {
                for verb in verbs {
                    let name = if verb == "list" { "" } else { "/x" };
                    let address = format!("/api/v1/namespaces/shop/{resource}{name}");
                    let method =
                        ["GET", "GET", "DELETE", "PUT"][verbs.iter().position(|own| *own == verb).unwrap()];
                    let request: Request = Request::read(method, &address, |_| None).unwrap().request;
                    if !state.allowances(user, &request).is_empty() && is_so(dice, 4) {
                        log.extend(asked(
                            // Requests of one user at one moment would have one identifier.
                            done.len() as i64,
                            &user.name,
                            user.groups.last().unwrap(),
                            verb,
                            &address,
                        ));
                        done.push((user, request));
                    }
                }
            }
        }
        let place = place(&log, &manifests);
        told(place.path(), &["propose", "--out", "out"], "policy.json");
        let index = fs::read_to_string(place.path().join("out/index.json")).unwrap();
        let index: Value = serde_json::from_str(&index).unwrap();
        let claims = index["proposals"].as_array().unwrap().iter().map(|entry| {
            let folder = place.path().join("out").join(entry["folder"].as_str().unwrap());
            let evidence: Evidence =
                serde_json::from_str(&fs::read_to_string(folder.join("evidence.json")).unwrap()).unwrap();
            narrowed += usize::from(evidence.is_group);
            relying += usize::from(
                !evidence.is_group && evidence.stays.iter().any(|stay| !stay.binding.contains("system:")),
            );
            Claim::of_evidence(&evidence, |file| fs::read_to_string(folder.join(file))).unwrap().unwrap()
        });
        let claims: Vec<Claim> = claims.collect();
        let after = in_force(objects, &claims);
        asked_again += done.len();
        for (user, request) in &done {
            assert!(!after.allowances(user, request).is_empty(), "{world}: {user:?} {request:?}");
        }
        // Neither does anybody lose what a proposal says that it keeps.
        for claim in claims.iter().filter(|claim| !claim.user.is_group) {
            for permission in &claim.protected {
                let bound = after.bound(&claim.user);
                let said = bound.iter().flat_map(|(binding, role)| {
                    let namespace = binding.name.namespace.as_deref();
                    role.rules
                        .iter()
                        .flat_map(move |rule| remit_policy::rbac::Permission::of_rule(namespace, rule))
                });
                assert!(
                    said.into_iter().any(|own| own.covers(permission)),
                    "{world}: {} {permission}",
                    claim.user.name
                );
            }
        }
    }
    assert!(narrowed > 5 && relying > 3 && asked_again > 60, "{narrowed} {relying} {asked_again}");
}

/// Three of four that are alike read what the fourth does not: it keeps that by a role of its own, since a binding of its group, of
/// which nobody used it, is narrowed by itself, now or later.
#[test]
fn what_stays_of_a_member_is_its_own_whatever_becomes_of_its_group() {
    let rules = json!([
        {"apiGroups": [""], "resources": ["configmaps", "pods"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]},
    ]);
    let (mut log, mut manifests) = (Vec::new(), vec![role("ClusterRole", "web", &rules)]);
    let mut bound = |namespace: &str, name: &str, subject: Value| {
        let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "web"});
        manifests.push(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": namespace}, "subjects": [subject], "roleRef": role}));
    };
    for (hour, namespace) in ["a", "b", "c", "d"].into_iter().enumerate() {
        bound(namespace, "web", json!({"kind": "ServiceAccount", "name": "web", "namespace": namespace}));
        let user = format!("system:serviceaccount:{namespace}:web");
        let resources = if namespace == "d" { &["pods"][..] } else { &["pods", "configmaps"] };
        for (at, resource) in resources.iter().enumerate() {
            let address = format!("/api/v1/namespaces/{namespace}/{resource}/x");
            log.extend(asked(hour as i64 + 10 * at as i64, &user, "none", "get", &address));
        }
    }
    bound("d", "all", json!({"kind": "Group", "name": "system:serviceaccounts:d"}));
    let place = place(&log, &manifests);
    told(place.path(), &["propose", "--out", "out"], "policy.json");
    let kept = |folder: &str| -> Vec<(String, Option<String>)> {
        let folder = fs::read_dir(place.path().join("out/c").join(folder)).unwrap().next().unwrap().unwrap();
        let evidence = fs::read_to_string(folder.path().join("evidence.json")).unwrap();
        let evidence: Evidence = serde_json::from_str(&evidence).unwrap();
        let kept = evidence.kept.into_iter();
        let kept = kept
            .map(|kept| (kept.permission.permission().to_string(), kept.reason.map(|reason| reason.code)));
        kept.collect()
    };
    let named =
        |kept: Vec<(String, Option<String>)>| kept.into_iter().find(|(name, _)| name.contains("configmaps"));
    let by_peers = ("get configmaps in d".to_owned(), Some("peers".to_owned()));
    assert_eq!(named(kept("service-account/d")), Some(by_peers));
    assert_eq!(named(kept("group")), None);
    assert_eq!(run(place.path(), &["verify", "out", "--ledger", "ledger"]).code, Some(0));
}

/// The permissions of a binding that stay, where it has a group, or somebody.
fn stays(place: &Path, name: &str, policy: &str) -> String {
    let told = told(place, &["propose", "--out", "out"], policy);
    let line = told.lines().find(|line| line.contains(name));
    assert!(line.is_some(), "no {name} in {told}");
    line.unwrap().to_owned()
}

/// A patch that nobody sees may create, whoever makes it by whatever binding, and somebody whom the policy does not log may be in any
/// group that comes with credentials, whatever it is called.
#[test]
fn what_somebody_in_a_group_may_have_done_unseen_stays() {
    let log = asked(0, "bob", "devs", "get", "/api/v1/namespaces/shop/pods/x");
    let user = json!([{"kind": "User", "name": "bob"}]);
    let quiet =
        |rule: &str| POLICY.replace(r#"[{"level""#, &format!(r#"[{{"level": "None", {rule}}}, {{"level""#));
    let group = |name: &str| json!([{"kind": "Group", "name": name}]);
    for (name, rules, of_bob, policy) in [
        (
            "devs",
            rule("", "configmaps", &["create"]),
            rule("", "configmaps", &["patch"]),
            r#""verbs": ["patch"]"#,
        ),
        (
            "system:monitoring",
            rule("", "pods", &["list"]),
            json!([]),
            r#""users": ["prom"], "verbs": ["list"]"#,
        ),
    ] {
        let manifests = [
            role("ClusterRole", "of-group", &rules),
            binding("ClusterRole", "of-group", &group(name)),
            role("ClusterRole", "of-bob", &of_bob),
            binding("ClusterRole", "of-bob", &user),
        ];
        let place = place(&log, &manifests);
        fs::write(place.path().join("quiet.json"), quiet(policy)).unwrap();
        let name = format!("group {name}");
        assert!(stays(place.path(), &name, "policy.json").contains("proven"), "{name}");
        assert!(stays(place.path(), &name, "quiet.json").contains("nothing to change"), "{name}");
    }
}

/// Its proposal could not be told from the user's; what it is granted is told all the same.
#[test]
fn a_group_that_is_called_like_a_user_is_left_alone() {
    let log = asked(0, "group devs", "staff", "get", "/api/v1/namespaces/shop/pods/x");
    let rules = rule("", "secrets", &["get"]);
    let groups = json!([{"kind": "Group", "name": "devs"}, {"kind": "Group", "name": "ops"}]);
    let place = place(&log, &[role("ClusterRole", "r", &rules), binding("ClusterRole", "r", &groups)]);
    assert!(stays(place.path(), "group devs", "policy.json").contains("a user is called `group devs`, too"));
    assert!(stays(place.path(), "group ops", "policy.json").contains("proven"));
    assert!(told(place.path(), &["findings"], "policy.json").contains("group devs"));
    // An account of a namespace that is called as a group's has no other name for that.
    let explained = told(place.path(), &["explain", "group ops"], "policy.json");
    assert!(explained.contains("ClusterRoleBinding/r"), "{explained}");
    let masters =
        run(place.path(), &["explain", "group nobody", "--ledger", "ledger", "--grants", "grants.json"]);
    assert!(masters.talk.contains("no principal `group nobody`"), "{masters:?}");
}
