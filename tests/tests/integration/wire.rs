//! What a node agent saw on the wire beside what CloudTrail recorded, in one ledger.

use std::collections::BTreeMap;
use std::path::Path;

use remit_ledger::{
    CoverageRecord, DAY, Extent, HOUR, KUBERNETES_AUDIT, LedgerWriter, Outcome, Provider, Publication, SNI,
    SourcePlace, SourcePosition, UNKNOWN, UsageRecord, WIRE, Workload, WriterOptions, day_of,
};
use remit_tests::program::{remit, run};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/team/app";
/// 2026-09-01.
const START: i64 = 20_697 * DAY;
const DAYS: i64 = 45;

/// The key of a session that CloudTrail recorded calls of, and that of one whose making alone it recorded.
const OWN: &str = "ASIAOWN0000000000000";
const MADE: &str = "ASIAMADE000000000000";

fn time(day: i64) -> String {
    let day = remit_ledger::day_name(day_of(START) + day);
    format!("{day}T10:00:00Z")
}

/// A management event of a day.
fn event(day: i64, (source, name, read_only): (&str, &str, bool), identity: &Value) -> Value {
    json!({
        "eventVersion": "1.11", "eventTime": time(day), "eventSource": source, "eventName": name,
        "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.1", "userAgent": "test",
        "eventID": format!("{name}-{day:03}"), "readOnly": read_only, "eventType": "AwsApiCall",
        "managementEvent": true, "recipientAccountId": "111122223333", "eventCategory": "Management",
        "userIdentity": identity,
    })
}

/// What CloudTrail recorded: the role reads and writes every day, and is assumed on the first.
fn log() -> Value {
    let role = json!({
        "type": "AssumedRole", "principalId": "AROAEXAMPLE:s", "accountId": "111122223333", "accessKeyId": OWN,
        "arn": "arn:aws:sts::111122223333:assumed-role/app/s",
        "sessionContext": { "sessionIssuer": { "type": "Role", "principalId": "AROAEXAMPLE", "arn": ROLE,
            "accountId": "111122223333", "userName": "app" } },
    });
    let user = json!({
        "type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": "111122223333",
        "accessKeyId": "AKIAUSER000000000000", "arn": "arn:aws:iam::111122223333:user/ops", "userName": "ops",
    });
    let mut events = Vec::new();
    for day in 0..DAYS {
        events.push(event(day, ("ec2.amazonaws.com", "DescribeInstances", true), &role));
        events.push(event(day, ("sqs.amazonaws.com", "CreateQueue", false), &role));
    }
    let mut made = event(0, ("sts.amazonaws.com", "AssumeRole", true), &user);
    let rest = [
        ("requestParameters", json!({ "roleArn": ROLE, "roleSessionName": "s" })),
        ("responseElements", json!({ "credentials": { "accessKeyId": MADE } })),
        ("resources", json!([{ "ARN": ROLE, "accountId": "111122223333", "type": "AWS::IAM::Role" }])),
    ];
    made.as_object_mut().unwrap().extend(rest.map(|(name, value)| (name.to_owned(), value)));
    events.push(made);
    json!({ "Records": events })
}

/// A call that the agent saw a deployment make, ten times in an hour of the last day.
pub(crate) fn call(
    owner: &str,
    credential: &str,
    (service, operation): (&str, &str),
    outcome: Outcome,
) -> UsageRecord {
    let start = START + (DAYS - 1) * DAY + 10 * HOUR;
    UsageRecord {
        window_start: start,
        first_seen: start,
        last_seen: start + HOUR - 1,
        count: 10,
        provider: Provider::Aws,
        account: None,
        region: Some("eu-west-1".to_owned()),
        principal: UNKNOWN.to_owned(),
        principal_kind: UNKNOWN.to_owned(),
        session: None,
        credential: Some(credential.to_owned()),
        workload: Some(Workload {
            namespace: Some("shop".to_owned()),
            owner_kind: Some("Deployment".to_owned()),
            owner_name: Some(owner.to_owned()),
            ..Default::default()
        }),
        service: service.to_owned(),
        operation: operation.to_owned(),
        resources: Vec::new(),
        parameters: BTreeMap::new(),
        permissions: Vec::new(),
        outcome,
        error_code: None,
        via: None,
        authorizer: None,
        issued: Vec::new(),
        source_identity: None,
        network_origin: None,
        evidence: WIRE.to_owned(),
        sample_id: Some(format!("request-{operation}")),
    }
}

/// Writes calls of a provider as their source does, with a loss of which nobody knows the account.
pub(crate) fn watch(ledger: &Path, provider: Provider, calls: &mut [UsageRecord]) {
    calls.sort_by(|a, b| (&a.service, &a.operation).cmp(&(&b.service, &b.operation)));
    let (mut writer, _) = LedgerWriter::open(ledger, WriterOptions::default()).unwrap();
    let flush = writer.begin(provider);
    let mut file = flush.stage(day_of(START + (DAYS - 1) * DAY)).unwrap();
    for call in &*calls {
        call.with_row(|row| file.push(row)).unwrap();
    }
    let span = (START, START + DAYS * DAY);
    let evidence = &calls.first().unwrap().evidence;
    let mut publication = Publication::default();
    publication.coverage.push(CoverageRecord {
        provider,
        account: None,
        region: None,
        evidence: evidence.clone(),
        workload: None,
        start: span.0,
        end: span.1,
        classes: Vec::new(),
        excluded_services: Vec::new(),
        events: calls.iter().map(|call| call.count).sum(),
        lost: 0,
    });
    publication.sources.push(SourcePosition {
        name: "-".to_owned(),
        extent: Extent::Whole { content: format!("lost-{}", provider.as_str()) },
        read: 3,
        lost: 3,
        place: Some(SourcePlace {
            evidence: evidence.clone(),
            account: None,
            region: None,
            span: Some(span),
        }),
        ..SourcePosition::default()
    });
    flush.commit(vec![file], publication).unwrap();
}

/// A ledger of both, and the role's grants.
pub(crate) fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("log.json"), log().to_string()).unwrap();
    remit(place.path(), &["ingest", "cloudtrail", "log.json", "--ledger", "ledger"]);
    let ledger = place.path().join("ledger");
    let mut unread = call("java", "", ("dynamodb", UNKNOWN), Outcome::Unknown);
    (unread.evidence, unread.credential) = (SNI.to_owned(), None);
    unread.workload = Some(Workload { image: Some("java:21".to_owned()), ..Workload::default() });
    let denied = call("orders", OWN, ("sqs", "DeleteQueue"), Outcome::Denied);
    watch(
        &ledger,
        Provider::Aws,
        &mut [
            call("orders", OWN, ("ec2", "DescribeInstances"), Outcome::Allowed),
            call("orders", OWN, ("s3", "GetObject"), Outcome::Allowed),
            call("batch", MADE, ("ec2", "DeleteVolume"), Outcome::Unknown),
            call("stranger", "ASIASTRANGER00000000", ("sqs", "PurgeQueue"), Outcome::Allowed),
            denied,
            unread,
        ],
    );
    // Whatever another provider's rows say, they are no use of a role's.
    let mut other = call("orders", OWN, ("sqs", "UntagQueue"), Outcome::Allowed);
    (other.provider, other.principal, other.principal_kind) =
        (Provider::Kubernetes, ROLE.to_owned(), "role".to_owned());
    watch(&ledger, Provider::Kubernetes, &mut [other]);
    let actions = [
        "ec2:DescribeInstances",
        "ec2:DeleteVolume",
        "ec2:DeleteSnapshot",
        "s3:GetObject",
        "s3:PutObject",
        "sqs:CreateQueue",
        "sqs:DeleteQueue",
        "sqs:PurgeQueue",
        "sqs:UntagQueue",
    ];
    let policy = json!({ "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] });
    std::fs::write(place.path().join("app.json"), policy.to_string()).unwrap();
    place
}

#[test]
fn calls_on_the_wire_are_use_of_whoever_holds_the_key() {
    let place = place();
    for (action, verdict, words) in [
        (
            "s3:GetObject",
            "used",
            &[
                "10 calls on the wire of s3:GetObject",
                "for example request request-GetObject",
                "resources are not narrowed, since data events",
            ][..],
        ),
        ("s3:PutObject", "unobservable", &["data events of `AWS::S3::Object` were not recorded"]),
        // Both saw it, and nobody can tell which calls are the same.
        (
            "ec2:DescribeInstances",
            "used",
            &[
                "45 calls in logs, 10 on the wire of ec2:DescribeInstances",
                "for example event DescribeInstances-000",
            ],
        ),
        (
            "ec2:DeleteVolume",
            "unobservable",
            &["not known whether a recorded call of `ec2:DeleteVolume` was allowed"],
        ),
        // A loss on the wire hides nothing that CloudTrail would have shown.
        ("ec2:DeleteSnapshot", "unused", &["every call would have been recorded"]),
        ("sqs:DeleteQueue", "unused", &["10 calls were denied, which is not use"]),
        ("sqs:PurgeQueue", "unused", &["and none was"]),
        ("sqs:UntagQueue", "unused", &["and none was"]),
    ] {
        let asked = ["explain", "app", action, "--ledger", "ledger", "--grants", "app.json"];
        let text = remit(place.path(), &asked);
        assert!(text.starts_with(&format!("{action}: {verdict}\n")), "{text}");
        assert!(words.iter().all(|words| text.contains(words)), "{text}");
    }
}

#[test]
fn proposals_keep_what_the_wire_saw() {
    let place = place();
    let grants = ["--ledger", "ledger", "--grants", "app.json"];
    remit(place.path(), &[&["propose", "--out", "out"][..], &grants].concat());
    let text = std::fs::read_to_string(place.path().join("out/111122223333/role/app/evidence.json")).unwrap();
    let evidence: Value = serde_json::from_str(&text).unwrap();
    let kept: BTreeMap<&str, &Value> = evidence["kept"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| (kept["permission"].as_str().unwrap(), kept))
        .collect();
    let names: Vec<_> = kept.keys().copied().collect();
    let expected = [
        "ec2:DeleteVolume",
        "ec2:DescribeInstances",
        "s3:GetObject",
        "s3:PutObject",
        "sqs:CreateQueue",
        "sqs:DeleteQueue",
        "sqs:PurgeQueue",
        "sqs:UntagQueue",
    ];
    assert_eq!(names, expected);
    // What takes away what was made is not used, and stays.
    let reasons =
        ["sqs:DeleteQueue", "sqs:PurgeQueue", "sqs:UntagQueue"].map(|name| &kept[name]["reason"]["code"]);
    assert_eq!(reasons, ["companion", "destroy_path", "same_kind"]);
    assert_eq!(kept["ec2:DeleteVolume"]["reason"]["code"], "outcome_unknown");
    let counts = |name: &str| (kept[name]["count"].as_u64(), kept[name]["on_wire"].as_u64());
    assert_eq!(counts("s3:GetObject"), (Some(10), Some(10)));
    assert_eq!(counts("ec2:DescribeInstances"), (Some(45), Some(10)));
    assert_eq!(counts("sqs:CreateQueue"), (Some(45), None));
    let verified = remit(place.path(), &["verify", "out", "--ledger", "ledger"]);
    assert!(verified.contains("proven"), "{verified}");
    // The ledger is asked for calls on the wire, too: a policy without one is not sufficient.
    let after = place.path().join("out/111122223333/role/app/after");
    let file = std::fs::read_dir(&after).unwrap().next().unwrap().unwrap().path();
    let without = std::fs::read_to_string(&file).unwrap().replace("s3:GetObject", "s3:PutObject");
    std::fs::write(&file, without).unwrap();
    let failed = run(place.path(), &["verify", "out", "--ledger", "ledger"]);
    assert!(failed.code == Some(2) && failed.out.contains("s3:GetObject"), "{failed:#?}");
}

#[test]
fn usage_shows_the_wire_beside_the_log() {
    let place = place();
    let usage = |arguments: &[&str]| -> Vec<Value> {
        let usage = ["usage", "--ledger", "ledger", "--format", "json"];
        serde_json::from_str(&remit(place.path(), &[&usage[..], arguments].concat())).unwrap()
    };
    let line = |line: &Value| {
        let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        let who = format!("{} {} {}", text("principal"), text("workload"), text("evidence"));
        format!("{who} {}:{} {} {}", text("service"), text("operation"), text("outcome"), line["count"])
    };
    let aws: Vec<String> = usage(&["--provider", "aws"]).iter().map(line).collect();
    let (ops, orders) = ("arn:aws:iam::111122223333:user/ops", "shop/Deployment/orders wire");
    assert_eq!(
        aws,
        [
            format!("{ROLE} - cloudtrail ec2:DescribeInstances used 45"),
            format!("{ROLE} - cloudtrail sqs:CreateQueue used 45"),
            format!("{ROLE} shop/Deployment/batch wire ec2:DeleteVolume unknown 10"),
            format!("{ROLE} {orders} ec2:DescribeInstances used 10"),
            format!("{ROLE} {orders} s3:GetObject used 10"),
            format!("{ROLE} {orders} sqs:DeleteQueue denied 10"),
            format!("{ops} - cloudtrail sts:AssumeRole used 1"),
            "unknown java:21 sni dynamodb:unknown unknown 10".to_owned(),
            "unknown shop/Deployment/stranger wire sqs:PurgeQueue used 10".to_owned(),
        ]
    );
    let all = usage(&[]);
    assert_eq!(all.len(), aws.len() + 1);
    assert!(all.iter().any(|line| line["provider"] == "kubernetes" && line["operation"] == "UntagQueue"));
    let unknown: Vec<String> = usage(&["--principal", "unknown"]).iter().map(line).collect();
    assert_eq!(unknown, aws[7..]);
    let wrong = run(place.path(), &["usage", "--ledger", "ledger", "--provider", "amazon"]);
    assert!(wrong.code == Some(64) && wrong.talk.contains("`aws`"), "{wrong:#?}");
}

#[test]
fn a_report_names_workloads_with_the_principals_they_use() {
    let place = place();
    remit(place.path(), &["report", "--ledger", "ledger", "--grants", "app.json", "--out", "."]);
    let page = std::fs::read_to_string(place.path().join("report.md")).unwrap();
    let (_, section) = page.split_once("\n## Workloads").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    for row in [
        "| `shop/Deployment/batch` | `arn:aws:iam::111122223333:role/team/app` |",
        "| `shop/Deployment/orders` | `arn:aws:iam::111122223333:role/team/app` |",
        "| `shop/Deployment/stranger` | not known | aws | `sqs` | 10 | 0 | 0 | 0 |",
        "| `java:21` | not known | aws | `dynamodb` | 0 | 0 | 0 | 10 |",
    ] {
        assert!(section.contains(row), "{row}\n{section}");
    }
    assert!(page.contains("| `s3:GetObject` | 10 (10 on the wire) |"), "{page}");
    assert!(page.contains("| `ec2:DescribeInstances` | 45 (10 on the wire) |"), "{page}");
    let (_, without) = page.split_once("\n## Principals without grants").unwrap();
    assert!(!without.contains("unknown"), "{without}");
}

#[test]
fn an_audit_log_of_a_cluster_tells_workloads_without_an_agent() {
    let place = tempfile::tempdir().unwrap();
    let mut logged = call("orders", "", ("core", "list pods"), Outcome::Allowed);
    (logged.provider, logged.credential) = (Provider::Kubernetes, None);
    logged.evidence = KUBERNETES_AUDIT.to_owned();
    watch(&place.path().join("ledger"), Provider::Kubernetes, &mut [logged]);
    let usage = remit(place.path(), &["usage", "--ledger", "ledger", "--format", "json"]);
    let usage: Value = serde_json::from_str(&usage).unwrap();
    assert_eq!(usage[0]["workload"], "shop/Deployment/orders", "{usage}");
}

/// By the token where there is one, and where a row is of one call by the identifier that both have of it.
#[test]
fn calls_on_the_wire_are_those_of_an_audit_log_of_a_cluster() {
    let place = tempfile::tempdir().unwrap();
    let ledger = place.path().join("ledger");
    let account = "system:serviceaccount:shop:orders";
    let row = |evidence: &str, credential: Option<&str>, operation: &str, (count, sample): (u64, &str)| {
        UsageRecord {
            provider: Provider::Kubernetes,
            region: None,
            evidence: evidence.to_owned(),
            credential: credential.map(str::to_owned),
            count,
            sample_id: Some(sample.to_owned()),
            ..call("orders", "", ("core", operation), Outcome::Allowed)
        }
    };
    let made = |name: &str, kind: &str, row: UsageRecord| UsageRecord {
        account: Some("main".to_owned()),
        principal: name.to_owned(),
        principal_kind: kind.to_owned(),
        workload: None,
        ..row
    };
    let logged = |credential, operation, calls| {
        made(account, "service_account", row(KUBERNETES_AUDIT, credential, operation, calls))
    };
    // The token's owner asked to be another, and somebody asked whether a third may do something.
    let mut another = made("alice", "user", row(KUBERNETES_AUDIT, Some("JTI=1"), "get nodes", (1, "b")));
    another.source_identity = Some(account.to_owned());
    let mut asked = made("bob", "user", row(KUBERNETES_AUDIT, Some("JTI=1"), "list pods", (1, "c")));
    asked.via = Some(account.to_owned());
    watch(
        &ledger,
        Provider::Kubernetes,
        &mut [
            logged(Some("JTI=1"), "list pods", (10, "a")),
            another,
            asked,
            logged(None, "create pods/exec", (1, "d")),
            logged(None, "get secrets", (3, "e")),
        ],
    );
    watch(
        &ledger,
        Provider::Kubernetes,
        &mut [
            row(WIRE, Some("JTI=1"), "list pods", (9, "a2")),
            row(WIRE, Some("JTI=2"), "watch pods", (1, "a")),
            row(WIRE, None, "get nodes", (1, "b")),
            row(WIRE, None, "create pods/exec", (1, "d")),
            row(WIRE, None, "delete pods", (1, "d")),
            row(WIRE, None, "get secrets", (3, "e")),
        ],
    );
    let usage = remit(place.path(), &["usage", "--ledger", "ledger", "--format", "json"]);
    let usage: Vec<Value> = serde_json::from_str(&usage).unwrap();
    let on_wire = usage.iter().filter(|line| line["evidence"] == "wire").map(|line| {
        let text = |name: &str| line[name].as_str().unwrap();
        format!("{} {} {}", text("principal"), text("operation"), line["count"])
    });
    let mut on_wire: Vec<String> = on_wire.collect();
    on_wire.sort();
    let expected = [
        "alice get nodes 1",
        "system:serviceaccount:shop:orders create pods/exec 1",
        "system:serviceaccount:shop:orders list pods 9",
        "unknown delete pods 1",
        "unknown get secrets 3",
        "unknown watch pods 1",
    ];
    assert_eq!(on_wire, expected);
    // Each is beside what the log says, and not one more of it.
    let listed = usage.iter().filter(|line| line["principal"] == account && line["operation"] == "list pods");
    let counts: Vec<&Value> = listed.map(|line| &line["count"]).collect();
    assert_eq!(counts, [&json!(10), &json!(9)], "{usage:?}");
}
