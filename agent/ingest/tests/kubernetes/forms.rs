//! The same calls in every form of delivery.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use remit_ingest::Limits;
use remit_ingest::kubernetes::Intake;
use remit_ledger::{UsageRecord, WriterOptions};
use serde_json::{Value, json};

use crate::event::{ACCOUNT, Event, lines};
use crate::place::{Place, line};

/// Calls that need more than they ask for: a patch that created, a connection that was handed over, one in another's name, and
/// one about another.
fn further() -> [Event; 4] {
    let question = json!({"spec": {
        "user": "system:serviceaccount:shop:cache",
        "resourceAttributes": {"verb": "get", "resource": "nodes", "subresource": "metrics"},
    }});
    [
        Event::new(50, "patch", "/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=flux", 201),
        Event::new(51, "get", "/api/v1/namespaces/shop/pods/web-1/exec?command=sh", 101),
        Event::new(52, "get", "/api/v1/namespaces/shop/configmaps/c", 200)
            .with("impersonatedUser", json!({"username": "ann", "groups": ["system:authenticated"]})),
        Event::new(53, "create", "/apis/authorization.k8s.io/v1/subjectaccessreviews", 201)
            .with("requestObject", question)
            .with("responseObject", json!({"status": {"allowed": true}})),
    ]
}

/// Calls of several users, verbs and outcomes.
fn calls() -> Vec<Event> {
    let pod = |name: u32| format!("/api/v1/namespaces/shop/pods/web-{name}");
    let one = |number: u32| match number % 10 {
        0 => Event::new(number, "get", &pod(number / 10), 200),
        1 => Event::new(number, "list", "/apis/apps/v1/deployments?limit=500&resourceVersion=0", 200),
        2 => Event::new(number, "create", "/api/v1/namespaces/shop/configmaps", 201).with(
            "objectRef",
            json!({"resource": "configmaps", "namespace": "shop", "name": "c", "apiVersion": "v1"}),
        ),
        3 => Event::new(number, "delete", &pod(number / 10), 404),
        4 => Event::new(number, "update", "/apis/coordination.k8s.io/v1/namespaces/shop/leases/l", 409),
        5 => Event::new(number, "get", "/api/v1/namespaces/shop/secrets/s", 403).forbidden(),
        6 => Event::new(number, "watch", "/api/v1/namespaces/shop/pods?watch=true", 200)
            .stage("ResponseStarted"),
        7 => Event::new(number, "patch", "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Ax", 200),
        8 => Event::new(number, "create", "/api/v1/namespaces/shop/pods/web-1/eviction", 201),
        _ => Event::new(number, "deletecollection", "/api/v1/namespaces/shop/pods", 200),
    };
    (0..50).map(one).chain(further()).collect()
}

/// What a form of delivery never tells of a request.
#[derive(Clone, Copy, Default)]
struct Holes {
    /// Pods and tokens.
    callers: bool,
    /// In whose name it was made.
    names: bool,
    /// What was created, and what was handed over.
    codes: bool,
    /// What was asked about.
    bodies: bool,
}

/// What a form with these holes tells, of what the server's own log does.
fn told_with(rows: &[UsageRecord], holes: Holes) -> Vec<String> {
    let kept = rows.iter().filter(|row| {
        let is_impersonation = row.operation.starts_with("impersonate ");
        !(holes.names && is_impersonation || holes.bodies && row.via.is_some())
    });
    let cut = kept.cloned().map(|mut row| {
        if holes.callers {
            (row.workload, row.credential) = (None, None);
        }
        if let Some(who) = row.source_identity.take_if(|_| holes.names) {
            row.principal = who;
        }
        if holes.codes {
            row.parameters.retain(|name, _| !["created", "upgraded"].contains(&name.as_str()));
        }
        row
    });
    let mut told = told(&cut.collect::<Vec<_>>());
    told.sort();
    told
}

/// The uses that a log of this name and content comes to, after a second run has added nothing.
fn uses(name: &str, bytes: impl AsRef<[u8]>) -> Vec<UsageRecord> {
    let place = Place::new();
    place.write(name, bytes);
    let summary = place.ingest();
    assert_eq!(summary.counts.recorded, 54, "{name}: {summary:?}");
    let rows = place.rows();
    place.ingest();
    assert_eq!(place.rows(), rows, "{name}");
    rows
}

fn told(rows: &[UsageRecord]) -> Vec<String> {
    rows.iter().map(|row| format!("{} {:?} {:?}", line(row), row.workload, row.credential)).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A subscription's delivery of CloudWatch Logs.
fn subscription(events: &[Event], stream: &str) -> Value {
    let events: Vec<_> = events
        .iter()
        .enumerate()
        .map(|(number, event)| json!({"id": number.to_string(), "timestamp": 1, "message": event.to_json()}))
        .collect();
    json!({
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": "/aws/eks/blue/cluster",
        "logStream": stream,
        "subscriptionFilters": ["audit"],
        "logEvents": events,
    })
}

#[test]
fn files_lists_and_what_is_around_them_give_the_same_uses() {
    let calls = calls();
    let text = lines(&calls);
    let expected = told(&uses("audit.log", &text));
    let objects: Vec<_> = calls.iter().map(|event| event.0.clone()).collect();
    let list =
        json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": objects});
    let pretty: String = objects.iter().map(|event| serde_json::to_string_pretty(event).unwrap()).collect();
    let exported: String =
        calls.iter().map(|event| format!("2026-11-23T10:00:00.000Z {}\n", event.to_json())).collect();
    let sorted = json!({"apiVersion": "audit.k8s.io/v1", "items": objects, "kind": "EventList"});
    for (name, bytes) in [
        ("list.json", list.to_string().into_bytes()),
        ("sorted.json", sorted.to_string().into_bytes()),
        ("lists.json", format!("{list}\n{list}").into_bytes()),
        ("pretty.json", pretty.into_bytes()),
        ("array.json", Value::Array(objects).to_string().into_bytes()),
        ("audit-2026-11-23T10-00-00.000.log.gz", gzip(text.as_bytes())),
        ("parts.gz", [gzip(&text.as_bytes()[..5000]), gzip(&text.as_bytes()[5000..])].concat()),
        ("audit.log.zst", zstd::encode_all(text.as_bytes(), 3).unwrap()),
        ("exported", exported.into_bytes()),
        ("v1beta1.log", text.replace("audit.k8s.io/v1", "audit.k8s.io/v1beta1").into_bytes()),
    ] {
        assert_eq!(told(&uses(name, bytes)), expected, "{name}");
    }
    let place = Place::new();
    let mut webhook =
        Intake::open(&place.ledger(), WriterOptions::default(), Limits::default(), None).unwrap();
    assert_eq!(webhook.count(list.to_string().as_bytes()).unwrap().recorded, 54);
    webhook.publish().unwrap();
    assert_eq!(told(&place.rows()), expected, "handed over by a webhook");
}

/// What is expected of a cluster whose name is told.
fn of_cluster(rows: &[UsageRecord]) -> Vec<UsageRecord> {
    let named = rows.iter().cloned().map(|mut row| {
        row.workload.iter_mut().for_each(|workload| workload.cluster = Some("blue".to_owned()));
        row
    });
    named.collect()
}

/// The further calls show what each form has holes of: were none of it told, the comparisons would say nothing.
#[test]
fn the_servers_own_log_tells_what_was_created_and_in_whose_name() {
    let told = told(&uses("audit.log", lines(&calls())));
    let has = |parts: &[&str]| told.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(has(&["patch deployments", "created=true"]), "{told:#?}");
    assert!(has(&["get pods/exec", "upgraded=true"]), "{told:#?}");
    assert!(has(&[" ann core get configmaps", &format!("by={ACCOUNT}")]), "{told:#?}");
    assert!(has(&[ACCOUNT, "impersonate users"]), "{told:#?}");
    assert!(has(&["shop:cache core get nodes/metrics", &format!("via={ACCOUNT}")]), "{told:#?}");
}

#[test]
fn eks_gives_the_same_uses() {
    let calls = calls();
    let expected = told(&of_cluster(&uses("audit.log", lines(&calls))));
    let delivery = subscription(&calls, "kube-apiserver-audit-0123").to_string();
    let packed = BASE64.encode(gzip(delivery.as_bytes()));
    let kinesis = json!({"Records": [{"kinesis": {"data": packed}, "eventSource": "aws:kinesis"}]});
    let exported: String = calls
        .iter()
        .map(|event| {
            let row =
                json!({"@timestamp": "x", "@log": "1:/aws/eks/blue/cluster", "@message": event.to_json()});
            format!("{row}\n")
        })
        .collect();
    for (name, bytes) in [
        ("delivery.json", delivery.clone().into_bytes()),
        ("firehose.gz", gzip(delivery.as_bytes())),
        ("lambda.json", json!({"awslogs": {"data": packed}}).to_string().into_bytes()),
        ("kinesis.json", kinesis.to_string().into_bytes()),
        ("insights.jsonl", exported.into_bytes()),
    ] {
        let rows = uses(name, bytes);
        assert!(rows.iter().all(|row| row.account.as_deref() == Some("blue")), "{name}");
        assert_eq!(told(&rows), expected, "{name}");
    }
    let filtered: Vec<_> = calls
        .iter()
        .map(|event| json!({"logStreamName": "kube-apiserver-audit-0123", "message": event.to_json()}))
        .collect();
    let rows = uses("filtered.json", json!({"events": filtered, "searchedLogStreams": []}).to_string());
    assert_eq!(told(&rows), told(&uses("audit.log", lines(&calls))));
}

#[test]
fn other_streams_and_categories_are_skipped_and_said() {
    let place = Place::new();
    place.write("other.json", subscription(&calls(), "kube-controller-manager-0123").to_string());
    let record =
        |category: &str, log: &str| json!({"category": category, "properties": {"log": log}}).to_string();
    let records = [
        record("kube-apiserver", "I1123 10:00:00.000000 1 trace.go:236] a line"),
        record("guard", "{\"kind\":\"Event\"}"),
        record("kube-audit", "no event"),
        json!({"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL CONTROL MESSAGE"}]})
            .to_string(),
        json!({"apiVersion": "v1", "kind": "Event", "verb": "x", "reason": "Pulled"}).to_string(),
        json!({"kind": "Pod"}).to_string(),
    ];
    place.write("records.json", records.join("\n"));
    let summary = place.ingest();
    assert!(!summary.is_partial(), "{summary:?}");
    let expected = [("control_message", 1), ("not_an_event", 3), ("other_category", 2), ("other_stream", 54)];
    assert_eq!(summary.counts.skipped, expected.map(|(reason, count)| (reason.to_owned(), count)).into());
    assert_eq!(summary.counts.recorded, 0);
}

#[test]
fn aks_gives_the_same_uses() {
    let calls = calls();
    let expected = of_cluster(&uses("audit.log", lines(&calls)));
    // The token and the pod are those of who asked, and stand with who was asked for only where that is told.
    let of_tables = Holes { names: true, callers: true, ..Holes::default() };
    let id = "/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/BLUE";
    let record = |event: &Event, log: Value| {
        let _ = event;
        json!({"time": "x", "category": "kube-audit", "resourceId": id, "properties": {"log": log, "pod": "kube-apiserver-1"}})
    };
    let texts: Vec<_> = calls.iter().map(|event| record(event, json!(event.to_json()))).collect();
    let objects: Vec<_> = calls.iter().map(|event| record(event, event.0.clone())).collect();
    let table: Vec<_> = calls.iter().map(|event| row(event, id)).collect();
    // As the command line prints what is no text in a row.
    let printed: Vec<_> = table
        .iter()
        .cloned()
        .map(|mut row| {
            for column in [
                "User",
                "SourceIps",
                "ObjectRef",
                "ResponseStatus",
                "Annotations",
                "RequestObject",
                "ResponseObject",
            ] {
                if let Some(value) = row.get_mut(column) {
                    *value = json!(value.to_string());
                }
            }
            row
        })
        .collect();
    let by_line = |values: &[Value]| values.iter().map(|value| format!("{value}\n")).collect::<String>();
    let diagnostics: Vec<_> = calls
        .iter()
        .map(|event| json!({"Category": "kube-audit-admin", "ResourceId": id, "log_s": event.to_json()}))
        .collect();
    for (name, bytes, holes) in [
        ("hub.json", json!({"records": texts}).to_string(), Holes::default()),
        ("PT1H.json", by_line(&texts), Holes::default()),
        ("objects.json", by_line(&objects), Holes::default()),
        ("AKSAudit.json", by_line(&table), of_tables),
        ("query.json", json!(printed).to_string(), of_tables),
        ("AzureDiagnostics.json", by_line(&diagnostics), Holes::default()),
    ] {
        let rows = uses(name, bytes);
        assert!(rows.iter().all(|row| row.account.as_deref() == Some("blue")), "{name}");
        let own = Holes { callers: holes.callers, ..Holes::default() };
        assert_eq!(told_with(&rows, own), told_with(&expected, holes), "{name}");
    }
}

#[test]
fn a_column_whose_text_is_no_object_loses_its_row_and_no_other() {
    let calls = calls();
    let mut rows: Vec<_> = calls.iter().take(3).map(|event| row(event, "x")).collect();
    for (row, text) in rows.iter_mut().zip([r#"{"username":"ann""#, r#"{"username":"ann"},"Verb":"delete""#])
    {
        row["User"] = json!(text);
    }
    let place = Place::new();
    place.write("rows.json", json!(rows).to_string());
    let counts = place.ingest().counts;
    assert_eq!((counts.recorded, counts.lost_total()), (1, 2), "{counts:?}");
}

/// A row of the table `AKSAudit`.
fn row(event: &Event, id: &str) -> Value {
    let names = [
        ("auditID", "AuditId"),
        ("stage", "Stage"),
        ("requestURI", "RequestUri"),
        ("verb", "Verb"),
        ("user", "User"),
        ("sourceIPs", "SourceIps"),
        ("objectRef", "ObjectRef"),
        ("responseStatus", "ResponseStatus"),
        ("requestReceivedTimestamp", "RequestReceivedTime"),
        ("stageTimestamp", "StageReceivedTime"),
        ("annotations", "Annotations"),
        ("requestObject", "RequestObject"),
        ("responseObject", "ResponseObject"),
    ];
    let mut row = json!({"TimeGenerated": "2026-11-23T11:00:00Z", "Type": "AKSAudit", "_ResourceId": id});
    for (name, column) in names {
        if let Some(value) = event.0.get(name) {
            row[column] = value.clone();
        }
    }
    row
}

/// An entry of Google Cloud's log.
fn entry(event: &Event) -> Value {
    let (path, _) = event.0["requestURI"]
        .as_str()
        .unwrap()
        .split_once('?')
        .unwrap_or((event.0["requestURI"].as_str().unwrap(), ""));
    let path = path.replace("%3A", ":");
    let name = match path.strip_prefix("/api/") {
        Some(rest) => format!("core/{rest}"),
        None => path.strip_prefix("/apis/").unwrap().to_owned(),
    };
    let verb = event.0["verb"].as_str().unwrap();
    // What is created is named there.
    let name = if verb == "create" && name.ends_with("configmaps") { format!("{name}/c") } else { name };
    let status = match event.0["responseStatus"]["code"].as_u64().unwrap() {
        403 => json!({"code": 7, "message": "PERMISSION_DENIED"}),
        404 => json!({"code": 5}),
        409 => json!({"code": 10}),
        _ => json!({}),
    };
    json!({
        "insertId": "i",
        "logName": "projects/p/logs/cloudaudit.googleapis.com%2Fdata_access",
        "operation": {"first": true, "id": event.0["auditID"], "last": true, "producer": "k8s.io"},
        "labels": event.0["annotations"],
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {"principalEmail": event.0["user"]["username"]},
            "authorizationInfo": [{"granted": true, "permission": "x"}],
            "methodName": format!("io.k8s.some.v1.things.{verb}"),
            "requestMetadata": {"callerIp": "10.0.3.11"},
            "resourceName": name,
            "serviceName": "k8s.io",
            "status": status,
        },
        "resource": {"type": "k8s_cluster", "labels": {"cluster_name": "blue", "location": "here", "project_id": "p"}},
        "timestamp": event.0["requestReceivedTimestamp"],
    })
}

#[test]
fn gke_gives_the_same_uses_but_for_what_its_entries_never_tell() {
    let calls = calls();
    let holes = Holes { callers: true, names: true, codes: true, bodies: true };
    let expected = told_with(&uses("audit.log", lines(&calls)), holes);
    let entries: Vec<_> = calls.iter().map(entry).collect();
    let by_line: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
    for (name, bytes) in [("sink.json", by_line), ("read.json", Value::Array(entries).to_string())] {
        let rows = uses(name, bytes);
        assert!(rows.iter().all(|row| row.account.as_deref() == Some("blue")), "{name}");
        assert_eq!(told_with(&rows, Holes::default()), expected, "{name}");
    }
    let place = Place::new();
    place.write(
        "other.json",
        json!({"protoPayload": {"methodName": "x"}, "resource": {"type": "gke_cluster"}}).to_string(),
    );
    assert_eq!(place.ingest().counts.skipped["other_service"], 1);
}

#[test]
fn coverage_tells_the_form_of_delivery() {
    let classes = |name: &str, text: String| {
        let place = Place::new();
        place.write(name, text);
        place.ingest();
        let record = place.coverage().pop().unwrap();
        let data = record.classes.iter().find_map(|class| match class {
            remit_ledger::EventClass::Data { resource_type, .. } => Some(resource_type.clone()),
            _ => None,
        });
        data.unwrap()
    };
    let call = &calls()[0];
    let admin = json!({"category": "kube-audit-admin", "properties": {"log": call.to_json()}}).to_string();
    assert_eq!(classes("a", lines(&calls())), "kubernetes:delivery:file");
    assert_eq!(classes("b", subscription(&calls(), "s").to_string()), "kubernetes:delivery:eks");
    assert_eq!(classes("c", entry(call).to_string()), "kubernetes:delivery:gke");
    assert_eq!(classes("d", admin.replace("-admin", "")), "kubernetes:delivery:aks");
    assert_eq!(classes("e", admin), "kubernetes:delivery:aks-admin");
    let rows = row(call, "x").to_string();
    assert_eq!(classes("f", rows.clone()), "kubernetes:delivery:aks-table");
    assert_eq!(
        classes("g", rows.replace("AKSAudit", "AKSAuditAdmin")),
        "kubernetes:delivery:aks-admin-table"
    );
}
