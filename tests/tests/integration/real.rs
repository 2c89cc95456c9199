//! The whole path on real logs and real policies.

use std::path::Path;

use remit_tests::data;
use remit_tests::program::{remit, run};
use serde_json::{Value, json};

use crate::judged::{Judged, judge};

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

/// Roles and users that called.
fn principals(place: &Path) -> Vec<String> {
    let usage = remit(place, &["usage", "--ledger", "ledger", "--format", "json"]);
    let lines: Vec<Value> = serde_json::from_str(&usage).unwrap();
    let names = lines.iter().filter_map(|line| line["principal"].as_str());
    let editable = names.filter(|name| {
        let kind = name.splitn(6, ':').nth(5).unwrap_or_default();
        (kind.starts_with("role/") && !kind.starts_with("role/aws-service-role/"))
            || kind.starts_with("user/")
    });
    let editable: std::collections::BTreeSet<String> = editable.map(str::to_owned).collect();
    editable.into_iter().collect()
}

/// What is proposed for principals that have these policies: every proposal is proven and verified, and where there is
/// none a reason is given.
fn propose(place: &Path, grants: &str, out: &str) -> Vec<Value> {
    let settings = ["--ledger", "ledger", "--min-window", "0d", "--give-up", "unused-services"];
    let propose = ["propose", "--grants", grants, "--out", out, "--format", "json"];
    let list = remit(place, &[propose.as_slice(), &settings].concat());
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    if list.iter().any(|line| line["state"] == "proven") {
        remit(place, &["verify", out, "--ledger", "ledger"]);
    }
    for line in &list {
        let is_explained =
            line["state"] != "none" || line["detail"].as_str().is_some_and(|why| !why.is_empty());
        assert!(line["state"] != "withheld" && is_explained, "{line}");
    }
    list
}

/// Writes a principal's policies where `--grants` finds them.
fn grant(place: &Path, grants: &str, principal: &str, name: &str, document: &Value) {
    let folder = place.join(grants).join(principal.rsplit('/').next().unwrap_or_default());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.json")), document.to_string()).unwrap();
}

#[test]
fn proposals_against_the_widest_policies_are_proven() {
    let Some(logs) = data::require("aws/cloudtrail") else { return };
    let place = tempfile::tempdir().unwrap();
    remit(place.path(), &["ingest", "cloudtrail", &logs.to_string_lossy(), "--ledger", "ledger"]);
    let principals = principals(place.path());
    assert_eq!(principals.len(), 11, "{principals:?}");
    // The provider's policies of these names, which are not among the managed policies there.
    let administrator = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]);
    let power_user = json!([
        {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": [
                "account:GetAccountInformation", "account:GetGovCloudAccountInformation",
                "account:GetPrimaryEmail", "account:ListRegions", "iam:CreateServiceLinkedRole",
                "iam:DeleteServiceLinkedRole", "iam:ListRoles", "organizations:DescribeOrganization"
            ],
            "Resource": "*"
        }
    ]);
    for (name, statements) in [("AdministratorAccess", administrator), ("PowerUserAccess", power_user)] {
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        for principal in &principals {
            grant(place.path(), name, principal, name, &document);
        }
        let out = format!("out-{name}");
        let list = propose(place.path(), name, &out);
        for line in &list {
            assert_eq!(line["state"], "proven", "{name}: {line}");
            assert!(line["removed"].as_u64().unwrap() > 10_000, "{name}: {line}");
        }
        assert_eq!(list.len(), principals.len(), "{name}");
        let Some(judged) = judge(&place.path().join("ledger"), &place.path().join(out)) else { continue };
        assert!(judged.calls > 300 && judged.elements > 100, "{name}: {judged:?}");
    }
}

#[test]
fn every_managed_policy_of_even_rounds_is_narrowed_for_a_real_principal() {
    narrow_managed(0);
}

#[test]
fn every_managed_policy_of_odd_rounds_is_narrowed_for_a_real_principal() {
    narrow_managed(1);
}

/// Narrows one half of the managed policies, since two tests run at a time.
fn narrow_managed(half: usize) {
    let Some(logs) = data::require("aws/cloudtrail") else { return };
    if data::require("aws/grants").is_none() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    remit(place.path(), &["ingest", "cloudtrail", &logs.to_string_lossy(), "--ledger", "ledger"]);
    let principals = principals(place.path());
    let managed = crate::real_policies::managed(&data::root().unwrap()).unwrap();
    let (mut proven, mut judged) = (0, Vec::new());
    // As many policies as a principal may have attached.
    let rounds = managed.chunks(principals.len() * 10).enumerate();
    for (round, policies) in rounds.filter(|(round, _)| round % 2 == half) {
        let grants = format!("grants-{round}");
        let holders = principals.iter().cycle().skip(round);
        for ((name, document), principal) in std::iter::zip(policies, holders) {
            grant(place.path(), &grants, principal, name, document);
        }
        let out = format!("out-{round}");
        let list = propose(place.path(), &grants, &out);
        proven += list.iter().filter(|line| line.get("state").is_some_and(|state| state == "proven")).count();
        judged.extend(judge(&place.path().join("ledger"), &place.path().join(out)));
    }
    assert!(proven > 50, "{proven} proposals are proven");
    // Conditions that no single values meet hold some elements back from judgement, here where there are so many.
    let sum = |count: fn(&Judged) -> usize| judged.iter().map(count).sum::<usize>();
    let (calls, elements, unjudged) =
        (sum(|one| one.calls), sum(|one| one.elements), sum(|one| one.unjudged));
    let is_judged = calls > 500 && elements > 1_000 && unjudged * 5 < elements;
    // Where there is no referee, that has been said.
    assert!(judged.is_empty() || is_judged, "{judged:?}");
}

#[test]
fn every_operation_is_resolved_or_listed() {
    let Some(logs) = data::require("aws/cloudtrail") else { return };
    let place = tempfile::tempdir().unwrap();
    remit(place.path(), &["ingest", "cloudtrail", &logs.to_string_lossy(), "--ledger", "ledger"]);
    let wide =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    grant(place.path(), "grants", PRINCIPAL, "wide", &wide);
    let grants = ["--ledger", "ledger", "--grants", "grants", "--min-window", "0d"];
    remit(place.path(), &[["report", "--out", "report"].as_slice(), &grants].concat());
    let report = std::fs::read_to_string(place.path().join("report/report.md")).unwrap();
    let usage = remit(place.path(), &["usage", "--ledger", "ledger", "--format", "json"]);
    let catalog = remit_catalog::Catalog::embedded().unwrap();
    let (mut resolved, mut listed) = (0, 0);
    for line in serde_json::from_str::<Vec<Value>>(&usage).unwrap() {
        let (service, operation) = (line["service"].as_str().unwrap(), line["operation"].as_str().unwrap());
        if matches!(catalog.operation(service, operation), remit_catalog::Resolution::Unknown) {
            let is_listed = line["outcome"] == "denied" || report.contains(&format!("{service}:{operation}"));
            assert!(is_listed, "{service}:{operation} is neither resolved nor listed");
            listed += 1;
        } else {
            resolved += 1;
        }
    }
    assert!(resolved > 250 && listed < 20, "{resolved} resolved, {listed} listed");
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
