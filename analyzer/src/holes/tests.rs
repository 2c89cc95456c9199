use remit_ledger::{CLOUDTRAIL, EventClass, KUBERNETES_AUDIT, Provider, SNI, WIRE, Workload};
use remit_policy::rbac::AuditPolicy;
use serde_json::json;

use super::*;

const HOUR: i64 = 3_600_000_000;

fn of_aws(start_day: i64, end_day: i64, classes: &[EventClass]) -> CoverageRecord {
    CoverageRecord {
        provider: Provider::Aws,
        account: Some("111122223333".to_owned()),
        region: Some("us-east-1".to_owned()),
        evidence: CLOUDTRAIL.to_owned(),
        workload: None,
        start: start_day * DAY,
        end: end_day * DAY,
        classes: classes.to_vec(),
        excluded_services: Vec::new(),
        events: 10,
        lost: 0,
    }
}

fn of_cluster(start_day: i64, end_day: i64, delivery: &str) -> CoverageRecord {
    let delivery = EventClass::Data {
        resource_type: format!("kubernetes:delivery:{delivery}"),
        resource_prefixes: Vec::new(),
        reads: true,
        writes: true,
    };
    CoverageRecord {
        provider: Provider::Kubernetes,
        account: Some("prod".to_owned()),
        region: None,
        evidence: KUBERNETES_AUDIT.to_owned(),
        ..of_aws(start_day, end_day, &[EventClass::ManagementRead, EventClass::ManagementWrite, delivery])
    }
}

fn called(evidence: &str, account: &str, service: &str, operation: &str) -> Called {
    Called {
        provider: if account == "prod" { "kubernetes" } else { "aws" }.to_owned(),
        evidence: evidence.to_owned(),
        account: Some(account.to_owned()),
        service: service.to_owned(),
        operation: operation.to_owned(),
        is_via: false,
    }
}

/// Holes as `remit doctor` writes them, without what closes them.
fn told(
    records: &[CoverageRecord],
    calls: &[Called],
    skipped: u64,
    policy: Option<(&str, &AuditPolicy)>,
) -> Vec<String> {
    let found = found(records, calls, skipped, policy);
    assert!(found.iter().all(|hole| !hole.close.is_empty() && !hole.detail.is_empty()), "{found:?}");
    found.iter().map(|hole| format!("{} {} {}: {}", hole.of, hole.place, hole.code, hole.detail)).collect()
}

/// Sources that lost events, one of them of another account.
const LOSSY: [LossySource<'_>; 3] = [
    LossySource { provider: Provider::Aws, account: None, name: "/logs/a b.json" },
    LossySource { provider: Provider::Aws, account: Some("111122223333"), name: "s3://trail/c.json" },
    LossySource { provider: Provider::Aws, account: Some("444455556666"), name: "/logs/d.json" },
];

fn found(
    records: &[CoverageRecord],
    calls: &[Called],
    skipped: u64,
    policy: Option<(&str, &AuditPolicy)>,
) -> Vec<Hole> {
    let mut info = LedgerInfo::default();
    info.counts.skipped.insert("request_received".to_owned(), skipped);
    found_in(90 * DAY, records, calls, &info, policy)
}

fn found_in(
    longest: i64,
    records: &[CoverageRecord],
    calls: &[Called],
    info: &LedgerInfo,
    policy: Option<(&str, &AuditPolicy)>,
) -> Vec<Hole> {
    holes(&Sight {
        location: "ledger",
        catalog: Catalog::embedded().unwrap(),
        records,
        called: &calls.iter().cloned().collect(),
        info,
        lossy: &LOSSY.into_iter().collect(),
        unreadable: &[],
        settings: WindowSettings { longest, history: 400 * DAY, minimum: 30 * DAY, longest_gap: 48 * HOUR },
        said: &Said::default(),
        policy,
    })
}

fn management() -> [EventClass; 2] {
    [EventClass::ManagementRead, EventClass::ManagementWrite]
}

#[test]
fn a_ledger_that_shows_all_has_no_holes() {
    let records = [of_aws(0, 90, &management())];
    let calls = [called(CLOUDTRAIL, "111122223333", "iam", "ListRoles")];
    assert_eq!(told(&records, &calls, 0, None), [""; 0]);
    let all = AuditPolicy::read(&json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy",
        "rules": [{"level": "Request"}]}))
    .unwrap();
    assert_eq!(told(&[of_cluster(0, 90, "file")], &[], 10, Some(("policy.yaml", &all))), [""; 0]);
}

/// Nothing to look at must not pass for nothing that is missing.
#[test]
fn a_ledger_by_which_nothing_can_be_judged_has_a_hole() {
    let empty = "ledger ledger empty: it has no records, so that nothing can be judged";
    assert_eq!(told(&[], &[], 0, None), [empty]);
    let records = [of_aws(0, 90, &management())];
    let short = found_in(HOUR, &records, &[], &LedgerInfo::default(), None);
    assert!(short.iter().any(|hole| (hole.of, hole.code) == ("ledger", "window_too_short")), "{short:?}");
}

#[test]
fn an_account_has_holes() {
    let mut records = [of_aws(0, 10, &management()), of_aws(20, 40, &[EventClass::ManagementWrite])];
    records[1].excluded_services = vec!["kms".to_owned()];
    records[1].lost = 3;
    let mut quiet = of_aws(20, 21, &[EventClass::ManagementWrite]);
    quiet.region = Some("eu-west-1".to_owned());
    let calls = [called(CLOUDTRAIL, "111122223333", "sqs", "ListQueues")];
    assert_eq!(
        told(&[records.to_vec(), vec![quiet]].concat(), &calls, 0, None),
        [
            "aws 111122223333 data_events_off: data events of `AWS::SQS::Queue` were not recorded, and its service was called",
            "aws 111122223333 events_lost: 3 events were lost when damaged files were read",
            "aws 111122223333 gap: no event between 1970-01-11T00:00:00Z and 1970-01-21T00:00:00Z: nothing before the gap counts",
            "aws 111122223333 reads_off: management events that read were not recorded during the whole window",
            "aws 111122223333 region_gaps: 1 region without any event for long, such as `eu-west-1` between \
             1970-01-22T00:00:00Z and 1970-02-10T00:00:00Z: quiet, or their logs are missing",
            "aws 111122223333 service_excluded: the trail's settings leave out `kms`",
            "aws 111122223333 window_too_short: the log covers 20 days, and not seen counts as not used from 30 days on",
        ]
    );
    let closes = found(&records, &calls, 0, None);
    let close = closes.iter().find(|hole| hole.code == "events_lost").map(|hole| hole.close.as_str());
    assert_eq!(close, Some("remit ingest cloudtrail '/logs/a b.json' s3://trail/c.json --ledger ledger"));
    let writes = told(&[of_aws(0, 90, &[EventClass::ManagementRead])], &[], 0, None);
    assert_eq!(
        writes,
        [
            "aws 111122223333 writes_off: management events that write were not recorded during the whole window"
        ]
    );
}

/// The trail of one region shows nothing of what is logged in another.
#[test]
fn the_home_of_services_without_regions_is_missed() {
    let mut elsewhere = of_aws(0, 90, &management());
    elsewhere.region = Some("eu-west-1".to_owned());
    let told = told(&[elsewhere], &[], 0, None);
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert!(
        told.contains("home_region_off: no event of `us-east-1` was recorded, or only late ones"),
        "{told}"
    );
}

/// A trail takes all of its selectors in one command, so that no command may leave out what another adds.
#[test]
fn every_selector_is_in_each_command() {
    let records = [of_aws(0, 90, &[EventClass::ManagementWrite])];
    let calls = [("sqs", "ListQueues"), ("dynamodb", "ListTables")]
        .map(|(service, operation)| called(CLOUDTRAIL, "111122223333", service, operation));
    let found = found(&records, &calls, 0, None);
    let commands: Vec<_> = found.iter().filter(|hole| hole.close.contains("put-event-selectors")).collect();
    assert_eq!(commands.iter().map(|hole| hole.code).collect::<Vec<_>>(), ["data_events_off", "reads_off"]);
    for hole in commands {
        for part in ["[\"Management\"]", "AWS::SQS::Queue", "AWS::DynamoDB::Table"] {
            assert!(hole.close.contains(part), "{part}: {}", hole.close);
        }
    }
}

/// R7: what the provider hides is named, and so is what would show it.
#[test]
fn a_cluster_has_the_holes_of_its_provider() {
    let hides = |delivery: &str| {
        let told = told(&[of_cluster(0, 90, delivery)], &[], 0, None);
        told.iter()
            .map(|line| {
                line.trim_start_matches("kubernetes prod hidden_by_policy: the log does not show ").to_owned()
            })
            .map(|line| line.split(':').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(hides("eks"), ["/healthz", "/version", "events of the core group"]);
    assert_eq!(
        hides("aks-admin"),
        [
            "/healthz",
            "/metrics",
            "/version",
            "events of the core group",
            "get",
            "list",
            "reads of secrets and config maps",
            "watch"
        ]
    );
    assert!(hides("gke").contains(&"access reviews".to_owned()));
    let unknown = "kubernetes prod no_audit_policy: no audit policy is known, so that nothing that was not seen counts as not used";
    assert_eq!(told(&[of_cluster(0, 90, "file")], &[], 0, None), [unknown]);
    let both = [of_cluster(0, 60, "eks"), of_cluster(60, 90, "file")];
    assert_eq!(told(&both, &[], 0, None), [unknown]);
}

#[test]
fn a_cluster_has_holes_of_its_own() {
    let policy = AuditPolicy::read(&json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [
        {"level": "None", "resources": [{"group": "coordination.k8s.io"}]},
        {"level": "Metadata", "omitStages": ["ResponseComplete"], "resources": [{"group": "authentication.k8s.io"}]},
        {"level": "None", "verbs": ["get"], "resources": [{"group": "apps"}]},
        {"level": "Metadata"},
    ]}))
    .unwrap();
    let mut log = of_cluster(0, 20, "file");
    log.lost = 1;
    let review = called(KUBERNETES_AUDIT, "prod", "authorization.k8s.io", "create subjectaccessreviews");
    assert_eq!(
        told(&[log], &[review], 25, Some(("policy.yaml", &policy))),
        [
            "kubernetes every cluster request_received_only: of at least 15 requests the log tells no more than that they came",
            "kubernetes prod events_lost: 1 event was lost when logs were read",
            "kubernetes prod hidden_by_policy: the log does not show leases: the audit policy does not log it (`policy.yaml`)",
            "kubernetes prod hidden_by_policy: the log does not show some get: the audit policy does not log it (`policy.yaml`)",
            "kubernetes prod hidden_by_policy: the log does not show token reviews: the audit policy omits the stages that tell \
             what came of it (`policy.yaml`)",
            "kubernetes prod reviews_without_bodies: access reviews were made, and the log does not have what they asked: what \
             others let clients do by them is not known",
            "kubernetes prod window_too_short: the log covers 20 days, and not seen counts as not used from 30 days on",
        ]
    );
}

#[test]
fn what_an_agent_could_not_read_is_a_hole_and_the_wire_is_no_log() {
    let workload = |name: &str| Workload {
        cluster: Some("prod".to_owned()),
        namespace: Some("shop".to_owned()),
        owner_kind: Some("Deployment".to_owned()),
        owner_name: Some(name.to_owned()),
        ..Workload::default()
    };
    let wire = |name: Option<&str>, evidence: &str, lost| CoverageRecord {
        workload: name.map(workload),
        evidence: evidence.to_owned(),
        lost,
        ..of_aws(0, 90, &[])
    };
    let records = [
        wire(Some("java"), SNI, 4),
        wire(Some("java"), SNI, 6),
        wire(Some("go"), WIRE, 0),
        wire(None, WIRE, 2),
    ];
    let calls = [called(WIRE, "prod", "core", "list pods"), called(WIRE, "1", "s3", "GetObject")];
    assert_eq!(
        told(&records, &calls, 0, None),
        [
            "aws every account no_log: calls were seen on the wire, and no log tells whether there were others",
            "kubernetes every cluster no_log: calls were seen on the wire, and no audit log tells whether there were others",
            "wire every node events_lost: agents lost 2 calls or connections",
            "wire prod/shop/Deployment/java unread_connections: 10 of 20 connections could not be read: it is known where they \
             went, and not what was called",
        ]
    );
}

#[test]
fn an_unreadable_file_is_a_hole() {
    let unreadable = ["`usage/v1/x.parquet` cannot be read: cut off\nhint: restore it".to_owned()];
    let found = holes(&Sight {
        location: "ledger",
        catalog: Catalog::embedded().unwrap(),
        records: &[],
        called: &BTreeSet::new(),
        info: &LedgerInfo::default(),
        lossy: &BTreeSet::new(),
        unreadable: &unreadable,
        settings: WindowSettings {
            longest: 90 * DAY,
            history: 400 * DAY,
            minimum: 30 * DAY,
            longest_gap: 48 * HOUR,
        },
        said: &Said::default(),
        policy: None,
    });
    let [hole] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (hole.code, hole.detail.as_str()),
        ("unreadable", "`usage/v1/x.parquet` cannot be read: cut off")
    );
}

/// A webhook has no files that could be given again.
#[test]
fn what_closes_a_loss_works_for_a_webhook_too() {
    let lost = CoverageRecord { lost: 1, ..of_cluster(0, 90, "file") };
    let found = found(&[lost], &[], 0, None);
    let close = found.iter().find(|hole| hole.code == "events_lost").map(|hole| hole.close.as_str()).unwrap();
    assert!(
        close.contains("THOSE-FILES --ledger ledger") && close.contains("`--window` that begins after"),
        "{close}"
    );
}

/// What was left out on the way, no policy of the server brings back.
#[test]
fn a_named_policy_shows_no_more_than_was_delivered() {
    let aks = AuditPolicy::profile("aks").unwrap();
    let alone = told(&[of_cluster(0, 90, "aks")], &[], 0, Some(("aks", &aks)));
    let reads = |told: &[String]| told.iter().any(|hole| hole.contains("does not show list:"));
    assert!(!reads(&alone), "{alone:?}");
    for delivery in ["aks-admin", "aks-admin-table"] {
        let told = told(&[of_cluster(0, 90, delivery)], &[], 0, Some(("aks", &aks)));
        assert!(
            reads(&told) && told.iter().any(|hole| hole.contains(&format!("`aks and {delivery}`"))),
            "{told:?}"
        );
    }
}
