//! From a pod to what its cloud identity does: a cluster's manifests, an account's trust policies and CloudTrail together.

use std::fs;
use std::path::Path;

use remit_ledger::{Outcome, Provider, UNKNOWN, UsageRecord};
use remit_tests::program;
use serde_json::{Value, json};

use crate::wire::{call, watch};

const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/A1";
const ACCOUNT: &str = "111122223333";

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// One event at noon of a day of November or December.
fn event(day: u32, of: &Value) -> Value {
    let (month, date) = if day <= 30 { (11, day) } else { (12, day - 30) };
    let id = format!("{:08x}-0000-4000-8000-{:012x}", day, of.to_string().len());
    let mut event = json!({
        "eventVersion": "1.11", "eventTime": format!("2026-{month:02}-{date:02}T12:00:00Z"), "awsRegion": "us-east-1",
        "eventID": id, "eventType": "AwsApiCall", "recipientAccountId": ACCOUNT, "managementEvent": true,
        "eventCategory": "Management", "readOnly": true, "sourceIPAddress": "10.0.0.1",
    });
    event.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
    event
}

fn session(name: &str, session: &str) -> Value {
    json!({"type": "AssumedRole", "accountId": ACCOUNT, "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role(name), "accountId": ACCOUNT}}})
}

/// Forty days in which somebody always reads, a token is exchanged once, and a pod calls.
fn log() -> String {
    let mut events: Vec<_> = (1..=40)
        .map(|day| {
            event(
                day,
                &json!({"eventSource": "iam.amazonaws.com", "eventName": "ListRoles",
                "userIdentity": session("auditor", "daily")}),
            )
        })
        .collect();
    let subject = "system:serviceaccount:shop:web";
    events.push(event(20, &json!({"eventSource": "sts.amazonaws.com", "eventName": "AssumeRoleWithWebIdentity",
        "userIdentity": {"type": "WebIdentityUser", "userName": subject, "identityProvider":
            format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"),
            "principalId": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}:sts.amazonaws.com:{subject}")},
        "requestParameters": {"roleArn": role("web"), "roleSessionName": "web-1"},
        "resources": [{"ARN": role("web"), "accountId": ACCOUNT, "type": "AWS::IAM::Role"}]})));
    events.push(event(
        21,
        &json!({"eventSource": "sqs.amazonaws.com", "eventName": "ListQueues",
        "userIdentity": session("web", "web-1")}),
    ));
    events.push(event(
        22,
        &json!({"eventSource": "sqs.amazonaws.com", "eventName": "ListQueues",
        "userIdentity": session("jobs", "eks-prod-nightly-5b7c9-1a2b3c4d-0000-4000-8000-000000000000")}),
    ));
    events.iter().map(|event| format!("{event}\n")).collect()
}

fn trust(subject: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}")},
        "Condition": {"StringLike": {(format!("{ISSUER}:sub")): subject}}}]})
}

fn account() -> Value {
    let pods = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal":
        {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}]});
    let allow = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:ListQueues",
        "sqs:DeleteQueue"], "Resource": "*"}]});
    let one = |name: &str, trust: Value| {
        json!({"Arn": role(name), "RoleName": name, "Path": "/", "CreateDate": "2020-01-01T00:00:00Z",
            "AssumeRolePolicyDocument": trust, "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": allow}]})
    };
    json!({"RoleDetailList": [
        one("web", trust("system:serviceaccount:shop:web")),
        one("idle", trust("system:serviceaccount:shop:idle")),
        one("open", trust("system:serviceaccount:shop:*")),
        one("jobs", pods),
    ]})
}

const MANIFESTS: &str = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ServiceAccount
  metadata:
    name: web
    namespace: shop
    creationTimestamp: \"2024-01-01T00:00:00Z\"
    annotations: {eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/web\"}
- apiVersion: v1
  kind: ServiceAccount
  metadata:
    name: idle
    namespace: shop
    annotations: {eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/idle\"}
- apiVersion: v1
  kind: ServiceAccount
  metadata:
    name: wrong
    namespace: shop
    annotations: {eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/web\"}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: shop}
  spec: {template: {spec: {serviceAccountName: web}}}
";

fn prepare(place: &Path) {
    fs::write(place.join("log.json"), log()).unwrap();
    fs::create_dir(place.join("grants")).unwrap();
    let association = json!({"association": {"clusterName": "prod", "namespace": "shop", "serviceAccount": "nightly",
        "roleArn": role("jobs"), "associationId": "a-1", "createdAt": "2024-01-01T00:00:00Z"}});
    fs::write(place.join("grants/account.json"), account().to_string()).unwrap();
    fs::write(place.join("grants/cluster.yaml"), MANIFESTS).unwrap();
    fs::write(place.join("grants/association.json"), association.to_string()).unwrap();
    fs::write(place.join("grants/values.yaml"), "replicas: 2\n").unwrap();
    program::remit(place, &["ingest", "cloudtrail", "log.json", "--ledger", "ledger"]);
}

#[test]
fn one_line_goes_from_a_pod_to_what_its_role_does() {
    let place = tempfile::tempdir().unwrap();
    prepare(place.path());
    program::remit(place.path(), &["report", "--ledger", "ledger", "--grants", "grants", "--out", "report"]);
    let page = fs::read_to_string(place.path().join("report.md"))
        .or_else(|_| fs::read_to_string(place.path().join("report/report.md")));
    let page = page.unwrap();
    let section = page.split("## Cloud identities").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.contains("shop/")).collect();
    let row = |name: &str| *rows.iter().find(|line| line.contains(&format!("`shop/{name}`"))).unwrap();
    assert_eq!(rows.len(), 4, "{section}");
    let expected = "| `Deployment/web` | `shop/web` | `arn:aws:iam::111122223333:role/web` | irsa | given | used | 2026-11-20 12:00";
    assert!(row("web").starts_with(expected), "{}", row("web"));
    assert!(row("web").ends_with("| 2 | `sqs:ListQueues` |"), "{}", row("web"));
    assert!(row("nightly").contains("| eks-pod-identity | given | used |"), "{}", row("nightly"));
    assert!(row("idle").contains("| irsa | given | unused |"), "{}", row("idle"));
    assert!(row("wrong").contains("| irsa | refused | unused |"), "{}", row("wrong"));
}

#[test]
fn links_that_are_not_used_lead_nowhere_or_are_open_are_findings() {
    let place = tempfile::tempdir().unwrap();
    prepare(place.path());
    let text = program::remit(
        place.path(),
        &["findings", "--ledger", "ledger", "--grants", "grants", "--format", "json"],
    );
    let findings: Value = serde_json::from_str(&text).unwrap();
    let told: Vec<String> = findings
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| {
            let kind = finding["kind"].as_str().unwrap();
            ["unused_link", "broken_link", "open_trust"].contains(&kind)
        })
        .map(|finding| {
            let text = |name: &str| finding[name].as_str().unwrap();
            format!("{} {} {}: {}", text("severity"), text("kind"), text("principal"), text("detail"))
        })
        .collect();
    let expected = [
        format!(
            "medium unused_link {}: the service account `shop/idle` can become it (irsa), and did not",
            role("idle")
        ),
        format!(
            "medium open_trust {}: every service account that `system:serviceaccount:shop:*` matches can become it",
            role("open")
        ),
        format!(
            "low broken_link {}: it does not trust the service account `shop/wrong`, which is meant to become it",
            role("web")
        ),
    ];
    assert_eq!(told, expected);
}

const OTHER_CLOUDS: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: shop
  annotations: {iam.gke.io/gcp-service-account: web@acme.iam.gserviceaccount.com}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: till
  namespace: bank
  annotations: {azure.workload.identity/client-id: 11112222-3333-4444-5555-666677778888}
";

/// What a pod of a namespace was seen to call as whom.
fn pod_call(
    subject: &str,
    provider: Provider,
    (service, operation): (&str, &str),
    (principal, kind): (&str, &str),
) -> UsageRecord {
    UsageRecord {
        provider,
        region: None,
        principal: principal.to_owned(),
        principal_kind: kind.to_owned(),
        service: service.to_owned(),
        operation: operation.to_owned(),
        credential: None,
        source_identity: Some(format!("system:serviceaccount:{subject}")),
        ..call("web", "", ("", ""), Outcome::Allowed)
    }
}

/// Without a log of the clouds, node agents tell of pods that called them: as whom where a token or a request for one says so.
#[test]
fn calls_of_pods_tell_which_identities_of_other_clouds_were_used() {
    const CLIENT: &str = "11112222-3333-4444-5555-666677778888";
    let place = tempfile::tempdir().unwrap();
    let accounts = [
        ("shop/web", "iam.gke.io/gcp-service-account", "web@acme.iam.gserviceaccount.com"),
        ("shop/asks", "iam.gke.io/gcp-service-account", "asks@acme.iam.gserviceaccount.com"),
        ("shop/key", "iam.gke.io/gcp-service-account", "key@acme.iam.gserviceaccount.com"),
        ("shop/far", "iam.gke.io/gcp-service-account", "far@acme.iam.gserviceaccount.com"),
        ("bank/till", "azure.workload.identity/client-id", CLIENT),
        ("bank/opaque", "azure.workload.identity/client-id", "22222222-3333-4444-5555-666677778888"),
        ("bank/idle", "azure.workload.identity/client-id", CLIENT),
    ];
    let manifests = accounts.map(|(account, annotation, identity)| {
        let (namespace, name) = account.split_once('/').unwrap();
        let annotations = json!({ annotation: identity });
        json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": namespace, "annotations": annotations}})
    });
    let list = json!({"apiVersion": "v1", "kind": "List", "items": manifests});
    fs::write(place.path().join("accounts.json"), list.to_string()).unwrap();
    let unknown = (UNKNOWN, UNKNOWN);
    let (azure, gcp) = (Provider::Azure, Provider::Gcp);
    let mut asked = pod_call("shop:asks", gcp, ("iamcredentials", "GenerateAccessToken"), unknown);
    asked.resources = vec!["projects/-/serviceAccounts/asks@acme.iam.gserviceaccount.com".to_owned()];
    let own = ("key@acme.iam.gserviceaccount.com", "service_account");
    let mut by_key = pod_call("shop:key", gcp, ("iamcredentials", "GenerateIdToken"), own);
    by_key.resources = vec![format!("projects/-/serviceAccounts/{}", own.0)];
    let mut far = pod_call("shop:far", gcp, ("storage", "storage.objects.get"), unknown);
    far.workload.as_mut().unwrap().cluster = Some("staging".to_owned());
    let mut refused = pod_call("bank:idle", azure, ("storage", "GetBlob"), (CLIENT, "service_principal"));
    refused.outcome = Outcome::Denied;
    let ledger = place.path().join("ledger");
    watch(
        &ledger,
        azure,
        &mut [
            pod_call("bank:till", azure, ("storage", "GetBlob"), (CLIENT, "service_principal")),
            pod_call("bank:till", azure, ("keyvault", "GET /secrets/{}"), (CLIENT, "service_principal")),
            pod_call("bank:opaque", azure, ("storage", "PutBlob"), unknown),
            refused,
        ],
    );
    let web = pod_call("shop:web", gcp, ("storage", "storage.objects.get"), unknown);
    let key = pod_call("shop:key", gcp, ("storage", "storage.objects.get"), own);
    watch(&ledger, gcp, &mut [web, asked, key, by_key, far]);
    program::remit(
        place.path(),
        &["report", "--ledger", "ledger", "--grants", "accounts.json", "--out", "out", "--cluster", "prod"],
    );
    let report = fs::read_to_string(place.path().join("out/report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let told: Vec<String> = report["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| {
            let text = |name: &str| link[name].as_str().unwrap_or("-").to_owned();
            let used: Vec<&str> =
                link["used"].as_array().unwrap().iter().map(|used| used.as_str().unwrap()).collect();
            let (account, verdict, reason) = (text("service_account"), text("verdict"), text("reason"));
            format!("{account} {verdict} {} {} {reason}", link["calls"], used.join(","))
        })
        .collect();
    let not_told = "its pods called that cloud, and the calls do not tell whether as this identity or with a key of their own";
    let not_seen = "no log of that cloud is read, and no node agent saw a call of its pods that may be as it";
    let expected = [
        format!("bank/idle unobservable 0  {not_seen}"),
        format!("bank/opaque unobservable 10  {not_told}"),
        "bank/till used 20 keyvault:GET /secrets/{},storage:GetBlob -".to_owned(),
        "shop/asks used 10 iamcredentials:GenerateAccessToken -".to_owned(),
        format!("shop/far unobservable 0  {not_seen}"),
        format!("shop/key unobservable 0  {not_seen}"),
        format!("shop/web unobservable 10  {not_told}"),
    ];
    assert_eq!(told, expected);
}

/// What `gcloud` and `az` print, in a folder with the cluster's manifests.
#[test]
fn identities_of_other_clouds_say_who_may_become_theirs() {
    let place = tempfile::tempdir().unwrap();
    prepare(place.path());
    let grants = place.path().join("clouds");
    fs::create_dir(&grants).unwrap();
    let write = |name: &str, text: &str| fs::write(grants.join(name), text).unwrap();
    write("accounts.yaml", OTHER_CLOUDS);
    let pool = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme.svc.id.goog";
    let policy = json!({"etag": "BwX", "version": 1, "bindings": [{"role": "roles/iam.workloadIdentityUser", "members":
        ["serviceAccount:acme.svc.id.goog[shop/web]", format!("{pool}/namespace/jobs")]}]});
    write("web@acme.iam.gserviceaccount.com.json", &policy.to_string());
    let identity =
        "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/till";
    let client = "11112222-3333-4444-5555-666677778888";
    write("identities.json", &json!([{"clientId": client, "id": identity, "name": "till"}]).to_string());
    let credential = json!([{"id": format!("{identity}/federatedIdentityCredentials/c"), "issuer": "https://oidc.prod-aks.azure.com/t/i/",
        "subject": "system:serviceaccount:bank:gone", "audiences": ["api://AzureADTokenExchange"]}]);
    write("credentials.json", &credential.to_string());
    program::remit(place.path(), &["report", "--ledger", "ledger", "--grants", "clouds", "--out", "out"]);
    let page = fs::read_to_string(place.path().join("out/report.md")).unwrap();
    let section = page.split("## Cloud identities").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = ["shop/web", "bank/till", "bank/gone"]
        .map(|name| section.lines().find(|line| line.contains(&format!("`{name}`"))).unwrap());
    assert!(rows[0].contains("| gke-workload-identity | given | unobservable"), "{}", rows[0]);
    assert!(rows[1].contains("| azure-workload-identity | refused | unobservable"), "{}", rows[1]);
    assert!(rows[2].contains("| azure-workload-identity | given | unobservable"), "{}", rows[2]);
    let text = program::remit(place.path(), &["findings", "--ledger", "ledger", "--grants", "clouds"]);
    for said in [
        "it does not trust the service account `bank/till`, which is meant to become it",
        "every service account that `system:serviceaccount:jobs:*` matches can become it",
    ] {
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(said), "{text}");
    }
    // What does not say whom it is of is told, and the rest goes on.
    fs::rename(grants.join("web@acme.iam.gserviceaccount.com.json"), grants.join("policy.json")).unwrap();
    let arguments = ["findings", "--ledger", "ledger", "--grants", "clouds", "--format", "json"];
    let ended = program::run(place.path(), &arguments);
    assert!(ended.talk.contains("a policy does not say which service account it is of"), "{ended:#?}");
    assert!(ended.out.contains("broken_link"), "{ended:#?}");
    assert_eq!(ended.code, Some(2));
}
