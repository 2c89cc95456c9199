//! What principals are there for, who could be granted on demand, and identities that are split.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use remit_organisation::{Cluster, ClusterProfile};
use remit_policy::{PolicySet, Request, parse};
use remit_tests::case::files;
use remit_tests::program::{remit, run};
use serde_json::{Value, json};

use crate::demo::{DEMO, demo};

/// The account of the shared role.
const ACCOUNT: &str = "111122223333";

#[test]
fn the_demos_principals_are_told_in_one_sentence() {
    let place = demo();
    let intent = |name: &str| remit(place.path(), &[["intent", name].as_slice(), &DEMO].concat());
    let said = |name: &str| intent(name).lines().nth(1).unwrap().trim().to_owned();
    assert_eq!(
        said("etl-publish"),
        "writes objects under `s3://larkspur-lake-raw/published/orders/` and looks at topic attributes every day between 04:00 \
         and 05:00 UTC; assumed by role `etl-transform`"
    );
    assert!(
        said("weekly-report").contains("every Monday (13 times) between 06:00 and 07:00 UTC from function")
    );
    assert!(said("bastion-host").ends_with("from instance `i-0b5f1c2d3e4a59687`"));
    assert!(
        said("ci-deployer")
            .ends_with("assumed by pipeline `repo:larkspur-outfitters/shop:ref:refs/heads/main`")
    );
    assert_eq!(said("break-glass-admin"), "did nothing that the ledger shows");
    let told = intent("weekly-report");
    for part in [
        "what it uses",
        "called by",
        "stays with it",
        "nothing new since",
        "not known",
        "\"aws:CurrentTime\"",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let asked = [["intent", "etl-publish", "--format", "json", "--since", "400d"].as_slice(), &DEMO].concat();
    let intent: Value = serde_json::from_str(&remit(place.path(), &asked)).unwrap();
    assert_eq!(intent["rhythm"]["days"]["kind"], "daily", "{intent:#}");
    assert_eq!(intent["on_demand"]["window"], "between 04:00 and 05:00 UTC");
    assert!(intent["news"]["permissions"].as_array().unwrap().contains(&json!("s3:PutObject")), "{intent:#}");
}

#[test]
fn what_comes_at_regular_times_could_be_granted_on_demand() {
    let place = demo();
    let table = remit(place.path(), &[["intent", "--on-demand"].as_slice(), &DEMO].concat());
    let line = |name: &str| table.lines().find(|line| line.contains(name)).map(str::to_owned);
    let weekly = line(":role/weekly-report ").unwrap();
    assert!(
        weekly.contains("every Monday (13 times)") && weekly.contains("2026-11-02T06:00:00Z"),
        "{weekly}"
    );
    assert!(weekly.contains("`lambda.amazonaws.com`"), "{weekly}");
    for steady in [":role/orders-api", ":role/ci-deployer", ":user/maya.lindqvist", ":role/month-end-close"] {
        assert_eq!(line(steady), None);
    }
    let asked = [["intent", "--on-demand", "--format", "json"].as_slice(), &DEMO].concat();
    let lines: Vec<Value> = serde_json::from_str(&remit(place.path(), &asked)).unwrap();
    let weekly = lines.iter().find(|line| line["principal"].as_str().unwrap().ends_with("/weekly-report"));
    let until = &weekly.unwrap()["grant"]["Condition"]["DateLessThan"]["aws:CurrentTime"];
    assert_eq!(until, "2026-11-02T07:00:00Z", "{lines:#?}");
    let wrong = run(place.path(), &[["intent"].as_slice(), &DEMO].concat());
    assert_eq!(wrong.code, Some(64), "{wrong:#?}");
}

/// An event of a session of the shared role.
fn event(day: i64, session: &str, (source, name): (&str, &str), parameters: &Value) -> Value {
    // From 2026-07-01 on.
    let date = remit_ledger::day_name(20_635 + day);
    json!({
        "eventVersion": "1.11", "eventTime": format!("{date}T02:{:02}:00Z", day % 60), "eventSource": source,
        "eventName": name, "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.1", "userAgent": "test",
        "eventID": format!("{name}-{session}"), "readOnly": !name.starts_with("Put"), "eventType": "AwsApiCall",
        "managementEvent": true, "recipientAccountId": ACCOUNT, "eventCategory": "Management",
        "requestParameters": parameters,
        "userIdentity": {
            "type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{session}"), "accountId": ACCOUNT,
            "accessKeyId": "ASIAEXAMPLE000000000", "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/shared/{session}"),
            "sessionContext": { "sessionIssuer": { "type": "Role", "principalId": "AROAEXAMPLE",
                "arn": format!("arn:aws:iam::{ACCOUNT}:role/shared"), "accountId": ACCOUNT, "userName": "shared" } },
        },
    })
}

/// A role that a loader and a report share, each in sessions that are named anew each day.
fn shared() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let mut events = Vec::new();
    for day in 0..80 {
        let (bucket, loader) =
            (json!({ "bucketName": "intake" }), format!("loader-{:010}", 17_000_000 + day));
        events.push(event(day, &loader, ("s3.amazonaws.com", "GetBucketTagging"), &bucket));
        events.push(event(day, &loader, ("s3.amazonaws.com", "PutBucketTagging"), &bucket));
        let (bucket, report) = (json!({ "bucketName": "results" }), format!("report-2026-07-01-{day:06}"));
        events.push(event(day, &report, ("s3.amazonaws.com", "GetBucketTagging"), &bucket));
        events.push(event(day, &report, ("ec2.amazonaws.com", "DescribeInstances"), &json!({})));
    }
    fs::write(place.path().join("log.json"), json!({ "Records": events }).to_string()).unwrap();
    remit(place.path(), &["ingest", "cloudtrail", "log.json", "--ledger", "ledger"]);
    let actions =
        ["s3:GetBucketTagging", "s3:PutBucketTagging", "ec2:DescribeInstances", "ec2:TerminateInstances"];
    let policy = json!({ "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] });
    fs::write(place.path().join("shared.json"), policy.to_string()).unwrap();
    place
}

/// Whether the policies of a part allow something.
fn allows(part: &Path, action: &str, resource: &str) -> bool {
    let texts = files(&part.join("policies")).into_iter().map(|path| fs::read_to_string(path).unwrap());
    let documents: Vec<_> = texts.map(|text| parse(&text).unwrap()).collect();
    let documents: Vec<_> = documents.iter().collect();
    let context = remit_policy::Context::unknown();
    let decision =
        PolicySet::new(&documents, None).evaluate(&Request { action, resource, context: &context }).decision;
    decision == remit_policy::Decision::Allowed
}

#[test]
fn a_shared_role_is_split_into_what_each_needs() {
    let place = shared();
    let asked = ["split", "shared", "--ledger", "ledger", "--grants", "shared.json", "--out", "parts"];
    let table = remit(place.path(), &asked);
    assert!(table.contains("sessions `loader`") && table.contains("80 of 80"), "{table}");
    let parts = place.path().join("parts");
    let cases = [
        ("s3:GetBucketTagging", "arn:aws:s3:::intake", (true, false)),
        ("s3:PutBucketTagging", "arn:aws:s3:::intake", (true, false)),
        ("s3:GetBucketTagging", "arn:aws:s3:::results", (false, true)),
        ("ec2:DescribeInstances", "*", (false, true)),
        ("ec2:TerminateInstances", "*", (false, false)),
    ];
    for (action, resource, expected) in cases {
        let allowed = (
            allows(&parts.join("loader"), action, resource),
            allows(&parts.join("report"), action, resource),
        );
        assert_eq!(allowed, expected, "{action} on {resource}");
    }
    let split: Value = serde_json::from_str(&fs::read_to_string(parts.join("split.json")).unwrap()).unwrap();
    assert_eq!(
        (split["covered"]["permissions_on_resources"].as_u64(), split["parts"][0]["state"].as_str()),
        (Some(4), Some("proven"))
    );
    let summary = fs::read_to_string(parts.join("report/summary.md")).unwrap();
    assert!(
        summary.contains("loses 2 of 4 permissions") && summary.contains("--role-name shared-report"),
        "{summary}"
    );
    assert!(summary.contains("## What it loses") && summary.contains("`s3:PutBucketTagging`"), "{summary}");
    let report = split["parts"].as_array().unwrap().iter().find(|part| part["folder"] == "report").unwrap();
    assert_eq!(report["permissions"]["loses"]["ec2"][0], "ec2:TerminateInstances", "{split:#}");
    // Another run replaces the first with the same bytes, and a folder that is not a split's stays as it is.
    let read =
        || files(&parts).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect::<BTreeSet<_>>();
    let before = read();
    assert_eq!(remit(place.path(), &asked), table);
    assert_eq!(read(), before);
    let refused = run(place.path(), &[&asked[..7], &["."]].concat());
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    let told = remit(place.path(), &["intent", "shared", "--ledger", "ledger", "--grants", "shared.json"]);
    assert!(told.contains("sessions `report`: 160 calls"), "{told}");
}

#[test]
fn one_workload_is_not_split() {
    let place = demo();
    let ran = run(place.path(), &[["split", "etl-publish", "--out", "parts"].as_slice(), &DEMO].concat());
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(
        ran.talk.contains("only one workload was seen, sessions `publish`: nothing is written"),
        "{}",
        ran.talk
    );
    assert!(!place.path().join("parts").exists());
}

#[test]
fn sessions_are_those_of_the_workloads_that_hold_their_keys() {
    let place = crate::wire::place();
    let asked = ["split", "app", "--ledger", "ledger", "--grants", "app.json", "--out", "parts"];
    let table = remit(place.path(), &asked);
    // CloudTrail's 90 calls in a session, whose key the deployment was seen with, are the deployment's.
    assert!(
        table.contains("deployment `shop/orders`") && table.contains("deployment `shop/batch`"),
        "{table}"
    );
    assert_eq!(table.lines().count(), 3, "{table}");
}

#[test]
fn subjects_of_a_cluster_have_an_intent() {
    let place = tempfile::tempdir().unwrap();
    let cluster = Cluster::generate(5, &ClusterProfile::sample().unwrap()).unwrap();
    cluster.write(place.path()).unwrap();
    remit(place.path(), &["ingest", "kubernetes-audit", "audit", "--cluster", "prod", "--ledger", "ledger"]);
    let grants = ["--ledger", "ledger", "--grants", "manifests.json", "--audit-policy", "audit-policy.json"];
    let told = remit(place.path(), &[["intent", "data/etl"].as_slice(), &grants].concat());
    let said = told.lines().nth(1).unwrap();
    assert!(
        said.contains("gets and updates configmaps in `data`") && said.contains("every day between 01:00"),
        "{said}"
    );
    assert!(told.contains("kind: CronJob") && told.contains("45 0 * * *"), "{told}");
    let table = remit(place.path(), &[["intent", "--on-demand"].as_slice(), &grants].concat());
    assert!(
        table.contains("system:serviceaccount:data:etl") && !table.contains("shop:orders-api"),
        "{table}"
    );
    let asked = [["intent", "--on-demand", "--format", "json"].as_slice(), &grants].concat();
    let lines: Vec<Value> = serde_json::from_str(&remit(place.path(), &asked)).unwrap();
    let etl = lines.iter().find(|line| line["principal"] == "system:serviceaccount:data:etl").unwrap();
    assert!(etl["manifest"].as_str().unwrap().contains("kind: CronJob"), "{etl:#}");
    let refused = run(place.path(), &[["split", "data/etl", "--out", "parts"].as_slice(), &grants].concat());
    assert_eq!(refused.code, Some(64), "{refused:#?}");
}
