//! A generated cluster, from its audit log and manifests to proposals that are held against what its subjects truly need.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use remit_organisation::{Cluster, ClusterProfile};
use remit_policy::Origin;
use remit_policy::rbac::{Object, State, User, read_objects};
use remit_tests::case::files;
use remit_tests::data;
use remit_tests::program::{remit, run};
use serde_json::Value;

const GRANTS: [&str; 4] = ["--grants", "manifests.json", "--audit-policy", "audit-policy.json"];

pub(crate) fn cluster() -> (Cluster, tempfile::TempDir) {
    let cluster = Cluster::generate(5, &ClusterProfile::sample().unwrap()).unwrap();
    let place = tempfile::tempdir().unwrap();
    cluster.write(place.path()).unwrap();
    let named = ["--cluster", cluster.profile().name.as_str()];
    remit(
        place.path(),
        &[["ingest", "kubernetes-audit", "audit", "--ledger", "ledger"].as_slice(), &named].concat(),
    );
    (cluster, place)
}

pub(crate) fn analyse(place: &Path, verb: &[&str]) -> String {
    remit(place, &[verb, &["--ledger", "ledger"], &GRANTS].concat())
}

/// The objects as they are once the proposals of a folder are applied.
fn applied(place: &Path) -> State {
    let manifests: Value =
        serde_json::from_str(&fs::read_to_string(place.join("manifests.json")).unwrap()).unwrap();
    let origin = Origin { file: "manifests.json".to_owned(), line: 1 };
    let mut objects: BTreeMap<String, Object> = BTreeMap::new();
    let key = |object: &Object| match object {
        Object::Role(role) => role.name.of_role(),
        Object::Binding(binding) => binding.name.of_binding(),
    };
    let (old, problems) = read_objects(&manifests, &origin);
    assert_eq!(problems, []);
    objects.extend(old.into_iter().map(|object| (key(&object), object)));
    for path in files(&place.join("out")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !["apply.yaml", "edit.yaml", "remove.yaml"].contains(&name.as_str()) {
            continue;
        }
        for object in remit_policy::rbac::read_yaml(&fs::read_to_string(&path).unwrap(), &name).unwrap() {
            match (name.as_str(), object) {
                ("remove.yaml", object) => _ = objects.remove(&key(&object)).unwrap(),
                // Each proposal is made for itself: here all are applied, so each takes its own subject out.
                ("edit.yaml", Object::Binding(edited)) => {
                    if let Some(Object::Binding(now)) = objects.get_mut(&edited.name.of_binding()) {
                        now.subjects.retain(|subject| edited.subjects.contains(subject));
                    }
                }
                (_, object) => _ = objects.insert(key(&object), object),
            }
        }
    }
    State::new(objects.into_values())
}

/// A need as the truth writes it, with a name in place of what was made up.
fn request(need: &str) -> Request {
    let words: Vec<String> = need
        .split(' ')
        .map(|word| if word == "-" { String::new() } else { word.replace('*', "7kx2p") })
        .collect();
    assert!([2, 5].contains(&words.len()), "{need}");
    match words.as_slice() {
        [verb, path] => Request { verb: verb.clone(), target: Target::Url(path.clone()) },
        [verb, group, resource, namespace, name] => {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            let asked = ResourceRequest {
                group: group.clone(),
                resource: resource.to_owned(),
                subresource: subresource.to_owned(),
                namespace: namespace.clone(),
                name: name.clone(),
            };
            Request { verb: verb.clone(), target: Target::Resource(asked) }
        }
        _ => Request { verb: String::new(), target: Target::Url(String::new()) },
    }
}

#[test]
fn proposals_leave_subjects_what_they_need_and_nothing_that_they_were_refused() {
    let (cluster, place) = cluster();
    let listed = analyse(place.path(), &["propose", "--out", "out"]);
    assert!(!listed.contains("withheld"), "{listed}");
    let verified = remit(place.path(), &["verify", "out", "--ledger", "ledger"]);
    assert!(!verified.contains("failed"), "{verified}");
    let (state, mut needs) = (applied(place.path()), 0);
    for (name, truth) in &cluster.truth().subjects {
        let described = cluster.profile().subjects.iter().find(|subject| subject.user == *name).unwrap();
        let user = User::named(name, described.groups.iter().cloned());
        for need in &truth.needs {
            let request = request(need);
            assert!(!state.allowances(&user, &request).is_empty(), "{name} needs `{need}`");
            needs += 1;
        }
        // What nobody asked for is gone.
        let secrets = ResourceRequest {
            resource: "secrets".to_owned(),
            namespace: "elsewhere".to_owned(),
            ..ResourceRequest::default()
        };
        for verb in ["delete", "create", "deletecollection"] {
            let request = Request { verb: verb.to_owned(), target: Target::Resource(secrets.clone()) };
            assert!(state.allowances(&user, &request).is_empty(), "{name} may {verb} secrets");
        }
    }
    assert!(needs > 50, "{needs}");
    let curious = User::service_account("shop", "curious");
    assert!(state.allowances(&curious, &request("list - secrets shop -")).is_empty());
    // A name that the ledger does not keep apart is no name that a role may have.
    let texts = files(&place.path().join("out")).into_iter().map(|path| fs::read_to_string(path).unwrap());
    assert!(!texts.collect::<String>().contains("resourceNames:\n  - \"*\""));
}

#[test]
fn without_its_audit_policy_nothing_goes() {
    let (_, place) = cluster();
    let arguments = ["propose", "--ledger", "ledger", "--grants", "manifests.json", "--out", "out"];
    let listed = remit(place.path(), &arguments);
    assert!(!listed.contains("proven"), "{listed}");
    assert!(listed.contains("nothing to change"), "{listed}");
}

#[test]
fn verbs_speak_of_subjects_as_they_do_of_principals() {
    let (_, place) = cluster();
    let findings = analyse(place.path(), &["findings"]);
    assert!(findings.contains("idle_principal  system:serviceaccount:legacy:importer"), "{findings}");
    let admin = findings.lines().find(|line| line.contains("shop:deployer")).unwrap();
    assert!(
        admin.trim_start().starts_with("high"),
        "who may do everything and does little is no clean one: {admin}"
    );
    let why = analyse(place.path(), &["explain", "shop/orders-api", "get secrets", "shop/orders-db"]);
    assert!(why.contains("get secrets: used") && why.contains("proposed: allowed"), "{why}");
    let gone = analyse(place.path(), &["explain", "shop/orders-api", "get secrets", "elsewhere/orders-db"]);
    assert!(gone.contains("today: allowed") && gone.contains("proposed: denied"), "{gone}");
    let hidden = analyse(place.path(), &["explain", "shop/orders-api", "create events"]);
    assert!(
        hidden.contains("unobservable") && hidden.contains("the audit policy does not log it"),
        "{hidden}"
    );
    _ = analyse(place.path(), &["report", "--out", "report"]);
    let report = fs::read_to_string(place.path().join("report/report.md")).unwrap();
    assert!(
        report.contains("`shop/deployer`") && report.contains("audit policy `audit-policy.json`"),
        "{report}"
    );
}

#[test]
fn what_cannot_be_meant_is_said() {
    let (_, place) = cluster();
    for (arguments, expected) in [
        (["--cluster", "other"].as_slice(), "no cluster `other` in the ledger"),
        (&["--audit-policy", "ekz"], "cannot read `ekz`"),
        (&["--audit-policy", "manifests.json"], "`manifests.json` is no audit policy"),
        (&["--no-closure", "informers"], "give one of `informer`"),
    ] {
        let all = ["findings", "--ledger", "ledger", "--grants", "manifests.json"];
        let ended = run(place.path(), &[all.as_slice(), arguments].concat());
        assert!(ended.code.is_some_and(|code| code > 1), "{ended:?}");
        assert!(ended.talk.contains(expected) && ended.talk.contains("error: "), "{ended:?}");
    }
}

#[test]
fn each_proposal_says_what_becomes_of_every_permission() {
    let (_, place) = cluster();
    let kept = |tier: &str| -> BTreeMap<String, u64> {
        let asked = ["propose", "--out", tier, "--tier", tier, "--format", "json"];
        let lines: Vec<Value> = serde_json::from_str(&analyse(place.path(), &asked)).unwrap();
        assert!(lines.iter().all(|line| line["state"] != "withheld"), "{lines:#?}");
        let proven = lines.iter().filter(|line| line["state"] == "proven");
        assert!(proven.clone().any(|line| line["watched"].as_u64().unwrap() > 0), "{lines:#?}");
        let is_short = |line: &Value| {
            ["not enough history", "never seen"].map(Value::from).contains(&line["would_have_broken"])
        };
        assert!(proven.clone().all(is_short), "{lines:#?}");
        proven
            .map(|line| (line["principal"].as_str().unwrap().to_owned(), line["kept"].as_u64().unwrap()))
            .collect()
    };
    let [strict, standard, _] = ["strict", "standard", "balanced"].map(kept);
    assert!(strict.values().sum::<u64>() < standard.values().sum(), "{strict:?} {standard:?}");
    let read = |path: &str| fs::read_to_string(place.path().join(path)).unwrap();
    let index: Value = serde_json::from_str(&read("standard/index.json")).unwrap();
    let mut reasons = String::new();
    for proposal in index["proposals"].as_array().unwrap() {
        let folder = proposal["folder"].as_str().unwrap();
        let review: Value = serde_json::from_str(&read(&format!("standard/{folder}/review.json"))).unwrap();
        let groups = review["permissions"].as_array().unwrap();
        let number = |is_gone: bool| -> u64 {
            let groups = groups.iter().filter(|group| (group["disposition"] == "remove") == is_gone);
            groups.map(|group| group["permissions"].as_array().unwrap().len() as u64).sum()
        };
        // The review speaks of what the proposal does, permission by permission.
        assert_eq!(number(true), proposal["removed"].as_u64().unwrap(), "{folder}");
        assert_eq!(number(false), proposal["kept"].as_u64().unwrap(), "{folder}");
        let text = read(&format!("standard/{folder}/review.md"));
        assert!(text.contains("would have") || text.contains("was never seen"), "{text}");
        assert!(!text.contains("will not"), "{text}");
        reasons.push_str(&text);
    }
    for why in ["; it brings back what `", "clients list to begin with", "the audit policy does not log it"] {
        assert!(reasons.contains(why), "{why}: {reasons}");
    }
    for tier in ["strict", "standard", "balanced"] {
        let verified = remit(place.path(), &["verify", tier]);
        assert!(verified.contains("proven") && !verified.contains("failed"), "{verified}");
    }
}

#[test]
fn the_past_of_a_cluster_is_replayed() {
    let (_, place) = cluster();
    let asked = ["backtest", "--train", "30", "--horizon", "7,30", "--step", "10", "--format", "json"];
    let text = analyse(place.path(), &asked);
    assert_eq!(analyse(place.path(), &asked), text, "the same ledger gives the same bytes");
    let result: Value = serde_json::from_str(&text).unwrap();
    let lines = result["lines"].as_array().unwrap();
    assert!(lines.iter().all(|line| line["realm"] == "cluster"), "{text}");
    let strata: Vec<&str> = lines.iter().filter_map(|line| line["stratum"].as_str()).collect();
    assert!(!strata.is_empty() && strata.iter().all(|stratum| *stratum == "workload"), "{strata:?}");
    let number = |value: &Value| value.as_f64().unwrap();
    for horizon in [7, 30] {
        let of = |policy: &str| {
            let is_meant = |line: &&Value| {
                line["stratum"].is_null() && line["horizon"] == horizon && line["policy"] == policy
            };
            lines.iter().find(is_meant).unwrap()
        };
        let granted = of("as granted");
        assert_eq!((number(&granted["broken"]["hits"]), number(&granted["reduction"])), (0.0, 0.0));
        let [strict, standard, balanced] =
            ["strict", "standard", "balanced"].map(|tier| number(&of(tier)["reduction"]));
        assert!(
            strict >= standard && standard >= balanced && balanced > 0.2,
            "{strict} {standard} {balanced}"
        );
        let [strict, standard, balanced] =
            ["strict", "standard", "balanced"].map(|tier| number(&of(tier)["broken"]["hits"]));
        assert!(strict >= standard && standard >= balanced, "{strict} {standard} {balanced}");
    }
    let shown = analyse(place.path(), &["backtest", "--train", "30", "--horizon", "7", "--step", "10"]);
    assert!(shown.contains("Learned from 30 days of the cluster, held against the next 7: "), "{shown}");
}

/// Manifests of real projects and what a real server had, all of them read.
#[test]
fn real_manifests_are_judged_to_their_end() {
    let (Some(rbac), Some(oracle)) = (data::require("kubernetes/rbac"), data::require("kubernetes/oracle"))
    else {
        return;
    };
    let (_, place) = cluster();
    // What a server made after the log ended cannot be told to be unused.
    for (grants, result) in [(rbac, "proven"), (oracle.join("rbac_dump.json"), "nothing to change")] {
        let out = tempfile::tempdir_in(place.path()).unwrap();
        let (grants, out) = (grants.to_string_lossy(), out.path().join("out"));
        let out = out.to_string_lossy();
        let arguments = ["propose", "--ledger", "ledger", "--grants", &grants, "--out", &out];
        let listed = remit(place.path(), &[arguments.as_slice(), &GRANTS[2..]].concat());
        let subject = "system:serviceaccount:monitoring:prometheus-k8s";
        let line = listed.lines().find(|line| line.contains(subject)).unwrap();
        assert!(line.contains(result) && !listed.contains("withheld"), "{listed}");
        let verified = remit(place.path(), &["verify", &out]);
        assert!(!verified.contains("failed"), "{verified}");
    }
}
