use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::History;
use super::policy::matches;
use crate::testing::{contents, unpacked};

fn history(drift: u32) -> History {
    History { seed: 7, days: 100, identities: 24, drift, shuffle_siblings: false }
}

fn written(history: &History) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    history.write(folder.path()).unwrap();
    folder
}

fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

/// Records of the trail.
fn records(folder: &Path) -> Vec<Value> {
    contents(folder)
        .into_iter()
        .filter(|(name, _)| name.starts_with("cloudtrail/"))
        .flat_map(|(_, packed)| {
            let file: Value = serde_json::from_str(&unpacked(&packed)).unwrap();
            file["Records"].as_array().unwrap().clone()
        })
        .collect()
}

fn days(ranges: &Value) -> BTreeSet<u64> {
    let ranges = ranges.as_array().unwrap();
    ranges.iter().flat_map(|range| range[0].as_u64().unwrap()..=range[1].as_u64().unwrap()).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn needs(truth: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let identities = truth["identities"].as_array().unwrap().iter();
    identities
        .flat_map(|identity| identity["needs"].as_array().unwrap().iter().map(move |need| (identity, need)))
}

/// Statements of all roles and users, by ARN.
fn statements(account: &Value) -> BTreeMap<String, Vec<Value>> {
    let mut all = BTreeMap::new();
    for (list, inline) in [("RoleDetailList", "RolePolicyList"), ("UserDetailList", "UserPolicyList")] {
        for principal in account[list].as_array().unwrap() {
            let mut documents: Vec<_> = principal[inline]
                .as_array()
                .into_iter()
                .flatten()
                .map(|policy| policy["PolicyDocument"].clone())
                .collect();
            for attached in principal["AttachedManagedPolicies"].as_array().unwrap() {
                let policies = account["Policies"].as_array().unwrap();
                let policy = policies.iter().find(|policy| policy["Arn"] == attached["PolicyArn"]).unwrap();
                documents.push(policy["PolicyVersionList"][0]["Document"].clone());
            }
            let statements = documents.iter().flat_map(|document| document["Statement"].as_array().unwrap());
            all.insert(principal["Arn"].as_str().unwrap().to_owned(), statements.cloned().collect());
        }
    }
    all
}

fn allows(statements: &[Value], action: &str, resource: &str) -> bool {
    statements.iter().any(|statement| {
        let names = |key: &str| texts(&statement[key]).iter().any(|pattern| matches(pattern, action));
        let action = if statement["Action"].is_null() { !names("NotAction") } else { names("Action") };
        action && texts(&statement["Resource"]).iter().any(|pattern| matches(pattern, resource))
    })
}

#[test]
fn equal_seeds_make_equal_bytes_and_others_do_not() {
    let (first, second) = (written(&history(1)), written(&history(1)));
    assert!(contents(first.path()) == contents(second.path()));
    let other = written(&History { seed: 8, ..history(1) });
    assert!(contents(first.path()) != contents(other.path()));
}

#[test]
fn without_drift_nothing_steady_is_new_after_the_first_weeks() {
    let folder = written(&History { days: 200, ..history(0) });
    let truth = json(folder.path(), "truth.json");
    let mut first: BTreeMap<(&str, &str), (u64, &str)> = BTreeMap::new();
    let mut began: BTreeMap<&str, u64> = BTreeMap::new();
    for (identity, need) in needs(&truth) {
        assert_eq!(need["by_drift"], false);
        let arn = identity["arn"].as_str().unwrap();
        let day = *days(&need["days"]).first().unwrap();
        let found = (day, need["cause"].as_str().unwrap());
        let known = first.entry((arn, need["permission"].as_str().unwrap())).or_insert(found);
        *known = found.min(*known);
        let start = began.entry(arn).or_insert(day);
        *start = day.min(*start);
    }
    for ((arn, permission), (day, cause)) in first {
        let regular = matches!(cause, "steady" | "office" | "mix");
        // Six weeks: people begin with holidays, and what is steady may come but every other day.
        assert!(!regular || day <= began[arn] + 42, "{arn} {permission} on day {day}");
    }
}

#[test]
fn what_is_needed_is_granted_and_what_is_refused_is_not() {
    for drift in [0, 3] {
        let folder = written(&history(drift));
        let truth = json(folder.path(), "truth.json");
        let grants = statements(&json(folder.path(), "account.json"));
        for (identity, need) in needs(&truth) {
            let Some(statements) = grants.get(identity["arn"].as_str().unwrap()) else { continue };
            let (action, resource) =
                (need["permission"].as_str().unwrap(), need["resource"].as_str().unwrap());
            assert!(allows(statements, action, resource), "{identity} {action} {resource}");
        }
        for refused in truth["denied"].as_array().unwrap() {
            let Some(statements) = grants.get(refused["arn"].as_str().unwrap()) else { continue };
            let action = refused["permission"].as_str().unwrap();
            assert!(!allows(statements, action, refused["resource"].as_str().unwrap()), "{refused}");
        }
    }
}

#[test]
fn what_the_cluster_needs_is_granted() {
    let folder = written(&history(3));
    let truth = json(folder.path(), "truth.json");
    let manifests = json(folder.path(), "manifests/rbac.json");
    let items = manifests["items"].as_array().unwrap();
    let mut checked = 0;
    for (identity, need) in needs(&truth) {
        let Some(user) = identity["arn"].as_str().unwrap().strip_prefix("system:serviceaccount:") else {
            continue;
        };
        let role = user.replace(':', "-");
        let found =
            |item: &&Value| item["kind"] == "ClusterRole" && item["metadata"]["name"] == role.as_str();
        let rules = items.iter().find(found).unwrap()["rules"].as_array().unwrap();
        let words: Vec<_> = need["permission"].as_str().unwrap().split(' ').collect();
        let has = |rule: &Value, key: &str, text: &str| {
            texts(&rule[key]).iter().any(|one| *one == "*" || *one == text)
        };
        let granted = rules.iter().any(|rule| {
            has(rule, "verbs", words[0])
                && match words[1].strip_prefix('/') {
                    Some(_) => has(rule, "nonResourceURLs", words[1]),
                    None => {
                        let (group, resource) = words[1].split_once('/').unwrap();
                        let group = if group == "core" { "" } else { group };
                        has(rule, "apiGroups", group) && has(rule, "resources", resource)
                    }
                }
        });
        assert!(granted, "{user} {words:?}");
        checked += 1;
    }
    assert!(checked > 30);
}

#[test]
fn gaps_are_missing_in_the_log_but_not_in_the_truth() {
    let folder = written(&history(1));
    let truth = json(folder.path(), "truth.json");
    let gaps: Vec<_> =
        truth["gaps"].as_array().unwrap().iter().filter(|gap| gap["log"] == "cloudtrail").collect();
    assert!(!gaps.is_empty());
    let records = records(folder.path());
    assert!(records.len() > 3000);
    for record in &records {
        let time = record["eventTime"].as_str().unwrap();
        for gap in &gaps {
            assert!(time < gap["from"].as_str().unwrap() || time >= gap["to"].as_str().unwrap());
        }
    }
    let hidden = needs(&truth).filter(|(_, need)| need["observed"].is_array()).count();
    assert!(hidden > 0);
    for (_, need) in needs(&truth).filter(|(_, need)| need["observed"].is_array()) {
        assert!(days(&need["observed"]).is_subset(&days(&need["days"])));
    }
}

#[test]
fn what_strangers_do_is_no_need() {
    for seed in 1..4 {
        let folder = written(&History { seed, days: 50, identities: 14, ..history(1) });
        let truth = json(folder.path(), "truth.json");
        let planted = ["user/backdoor", "vault/master", "-payroll/", "ami-0stolen0", "opus-stolen"];
        let is_planted = |resource: &str| planted.iter().any(|mark| resource.contains(mark));
        assert!(needs(&truth).all(|(_, need)| !is_planted(need["resource"].as_str().unwrap())));
        let strangers = truth["intruder"].as_array().unwrap();
        let logged = strangers.iter().filter(|one| one["observed"] == true).count();
        let seen = records(folder.path())
            .iter()
            .filter(|record| record["sourceIPAddress"].as_str().unwrap().starts_with("192.0.2."))
            .count();
        assert_eq!(logged > 0, seen > 0);
    }
}

#[test]
fn identifiers_of_events_are_unique_but_for_second_deliveries() {
    let folder = written(&history(1));
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for record in records(folder.path()) {
        let id = record["eventID"].as_str().unwrap().to_owned();
        let text = record.to_string();
        assert_eq!(*seen.entry(id).or_insert_with(|| text.clone()), text);
    }
}

#[test]
fn every_calls_days_are_those_of_its_log() {
    let folder = written(&history(1));
    let truth = json(folder.path(), "truth.json");
    let first = truth["first_day"].as_str().unwrap().to_owned();
    let start = crate::moment::parse(&first).unwrap();
    let mut logged: BTreeSet<(String, u64)> = BTreeSet::new();
    for record in records(folder.path()) {
        let strange = record["sourceIPAddress"].as_str().unwrap().starts_with("192.0.2.");
        if record["eventName"] == "GetSecretValue" && record["errorCode"].is_null() && !strange {
            let issuer = &record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"];
            let arn = issuer.as_str().or(record["userIdentity"]["arn"].as_str()).unwrap();
            let time = crate::moment::parse(record["eventTime"].as_str().unwrap()).unwrap();
            logged.insert((arn.to_owned(), u64::try_from((time - start) / crate::moment::DAY).unwrap()));
        }
    }
    let mut needed: BTreeSet<(String, u64)> = BTreeSet::new();
    for (identity, need) in needs(&truth) {
        if need["permission"] == "secretsmanager:GetSecretValue" {
            let observed = if need["observed"].is_null() { &need["days"] } else { &need["observed"] };
            let arn = identity["arn"].as_str().unwrap();
            needed.extend(days(observed).into_iter().map(|day| (arn.to_owned(), day)));
        }
    }
    assert!(needed.len() > 10);
    assert_eq!(logged, needed);
}

#[test]
fn the_same_organisation_comes_out_whatever_the_drift() {
    let who = |drift| {
        let truth = json(written(&History { days: 20, ..history(drift) }).path(), "truth.json");
        let identities = truth["identities"].as_array().unwrap().iter();
        let all: Vec<_> = identities
            .map(|one| (one["arn"].clone(), one["module"].clone(), one["created_day"].clone()))
            .collect();
        (all, truth["deploys"].clone(), truth["gaps"].clone())
    };
    assert_eq!(who(0), who(3));
}

#[test]
fn small_histories_are_written_too() {
    for (days, identities) in [(0, 0), (1, 1), (3, 4), (10, 2)] {
        written(&History { days, identities, ..history(3) });
    }
}

#[test]
fn shuffled_siblings_keep_the_set_of_names_and_tags() {
    let plain = json(written(&history(1)).path(), "truth.json");
    let shuffled = json(written(&History { shuffle_siblings: true, ..history(1) }).path(), "truth.json");
    let all = |truth: &Value| -> BTreeSet<String> {
        let identities = truth["identities"].as_array().unwrap().iter();
        identities.map(|identity| identity["arn"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(all(&plain), all(&shuffled));
    let moved = |truth: &Value| {
        let identities = truth["identities"].as_array().unwrap().iter();
        identities.filter(|identity| identity["module"] != identity["made_from"]).count()
    };
    assert_eq!(moved(&plain), 0);
    assert!(moved(&shuffled) > 5);
}
