//! The whole path on real logs and real policies.

use std::path::Path;

use remit_tests::data;
use remit_tests::program::{remit, run};
use serde_json::Value;

/// The principal with most calls in the real logs.
const PRINCIPAL: &str = "arn:aws:iam::123837392027:user/bert-jan";

fn info(place: &Path) -> Value {
    serde_json::from_str(&remit(place, &["ledger", "info", "--ledger", "ledger", "--format", "json"]))
        .unwrap()
}

fn sum(counts: &Value) -> u64 {
    counts.as_object().unwrap().values().filter_map(Value::as_u64).sum()
}

#[test]
fn every_real_event_is_accounted_for_and_none_twice() {
    let Some(logs) = data::require("aws/cloudtrail") else { return };
    let place = tempfile::tempdir().unwrap();
    let logs = logs.to_string_lossy();
    let ingest = ["ingest", "cloudtrail", &logs, "--ledger", "ledger"];
    remit(place.path(), &ingest);
    let first = info(place.path());
    assert_eq!(first["read"], 3_003);
    let accounted = first["recorded"].as_u64().unwrap() + sum(&first["skipped"]) + sum(&first["lost"]);
    assert_eq!(accounted, 3_003);
    assert_eq!(sum(&first["lost"]), 0, "{first}");
    assert_eq!(first["skipped"]["service_event"], 42);
    assert_eq!(first["skipped"]["console_sign_in"], 3);
    let usage = remit(place.path(), &["usage", "--ledger", "ledger", "--format", "json"]);
    let lines: Vec<Value> = serde_json::from_str(&usage).unwrap();
    let counted: u64 = lines.iter().filter_map(|line| line["count"].as_u64()).sum();
    assert_eq!(Some(counted), first["recorded"].as_u64());
    remit(place.path(), &ingest);
    let second = info(place.path());
    assert_eq!(second["recorded"], first["recorded"]);
    assert_eq!(second["rows"], first["rows"]);
}

#[test]
fn proposals_against_wide_policies_are_proven() {
    let Some(logs) = data::require("aws/cloudtrail") else { return };
    let Some(root) = data::root() else { return };
    let place = tempfile::tempdir().unwrap();
    remit(place.path(), &["ingest", "cloudtrail", &logs.to_string_lossy(), "--ledger", "ledger"]);
    let wanted =
        ["ReadOnlyAccess", "SecurityAudit", "AmazonEC2FullAccess", "AmazonS3FullAccess", "IAMFullAccess"];
    let managed = crate::real_policies::managed(&root).unwrap();
    let is_wanted = |(name, _): &(String, Value)| wanted.contains(&name.as_str());
    let mut documents: Vec<_> = managed.into_iter().filter(is_wanted).collect();
    assert_eq!(documents.len(), wanted.len());
    let wide = |statement: Value| serde_json::json!({"Version": "2012-10-17", "Statement": [statement]});
    documents.push((
        "AdministratorAccess".to_owned(),
        wide(serde_json::json!({"Effect": "Allow", "Action": "*", "Resource": "*"})),
    ));
    documents.push((
        "PowerUser".to_owned(),
        wide(serde_json::json!({
            "Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"
        })),
    ));
    for (name, document) in documents {
        let grants = format!("{name}.json");
        std::fs::write(place.path().join(&grants), document.to_string()).unwrap();
        let out = format!("out-{name}");
        let settings = ["--ledger", "ledger", "--principal", PRINCIPAL, "--min-window", "0d"];
        let propose = ["propose", "--grants", &grants, "--give-up", "unused-services", "--out", &out];
        let list = remit(place.path(), &[propose.as_slice(), &settings, &["--format", "json"]].concat());
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list[0]["state"], "proven", "{name}: {list}");
        assert!(list[0]["removed"].as_u64().unwrap() > 0, "{name}: {list}");
        remit(place.path(), &["verify", &out, "--ledger", "ledger"]);
    }
}

#[test]
fn a_real_account_without_logs_loses_nothing() {
    let Some(logs) = data::require("aws/cloudtrail") else { return };
    let Some(account) = data::require("aws/grants/account-authorization-details.json") else { return };
    let place = tempfile::tempdir().unwrap();
    remit(place.path(), &["ingest", "cloudtrail", &logs.to_string_lossy(), "--ledger", "ledger"]);
    let account = account.to_string_lossy();
    let arguments =
        ["propose", "--ledger", "ledger", "--grants", &account, "--out", "out", "--format", "json"];
    let list: Vec<Value> = serde_json::from_str(&run(place.path(), &arguments).out).unwrap();
    assert_eq!(list.len(), 122);
    for line in list {
        assert_eq!(line["removed"], 0, "{line}");
    }
}
