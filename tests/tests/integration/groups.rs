//! What is granted and done by groups, in another's name, and by logs that were delivered in part: from an audit log and manifests to
//! what is told.

use std::fs;
use std::path::Path;

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
