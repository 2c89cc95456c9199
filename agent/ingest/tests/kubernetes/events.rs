//! What single events come to.

use serde_json::json;

use crate::event::{ACCOUNT, Event, lines};
use crate::place::Place;

/// The rows that these events come to, without the binding that allowed them.
fn rows(events: &[Event]) -> Vec<String> {
    let place = Place::new();
    place.write("audit.log", lines(events));
    let summary = place.ingest();
    assert!(summary.diagnostics.is_empty(), "{:?}", summary.diagnostics);
    place.lines().iter().map(|line| line.replace(" authorizer=RoleBinding/shop/api", "")).collect()
}

const POD: &str = "/api/v1/namespaces/shop/pods/p";

#[test]
fn a_row_tells_who_did_what_where_and_what_allowed_it() {
    let place = Place::new();
    place.write(
        "audit.log",
        lines(&[Event::new(7, "get", "/api/v1/namespaces/shop/pods/p?pretty=secret", 200)]),
    );
    place.ingest();
    let row = &place.rows()[0];
    assert_eq!(format!("{row:?}"), format!("{:?}", expected()));
    let coverage = place.coverage();
    assert_eq!(coverage.len(), 1);
    assert_eq!(
        (coverage[0].start, coverage[0].end),
        (row.window_start, row.window_start + remit_ledger::HOUR)
    );
    let classes = [
        remit_ledger::EventClass::ManagementRead,
        remit_ledger::EventClass::Data {
            resource_type: "kubernetes:delivery:file".to_owned(),
            resource_prefixes: Vec::new(),
            reads: true,
            writes: true,
        },
    ];
    assert_eq!(coverage[0].classes, classes);
}

fn expected() -> remit_ledger::UsageRecord {
    let text = |text: &str| Some(text.to_owned());
    let time = 1_795_428_007_000_007;
    remit_ledger::UsageRecord {
        window_start: 1_795_428_000_000_000,
        first_seen: time,
        last_seen: time,
        count: 1,
        provider: remit_ledger::Provider::Kubernetes,
        account: None,
        region: None,
        principal: ACCOUNT.to_owned(),
        principal_kind: "service_account".to_owned(),
        session: None,
        credential: text("JTI=c1"),
        workload: Some(remit_ledger::Workload {
            namespace: text("shop"),
            owner_kind: text("Pod"),
            owner_name: text("api-*"),
            ..remit_ledger::Workload::default()
        }),
        service: "core".to_owned(),
        operation: "get pods".to_owned(),
        resources: vec!["namespaces/shop/pods/p".to_owned()],
        parameters: [("namespace", "shop"), ("version", "v1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        permissions: Vec::new(),
        outcome: remit_ledger::Outcome::Allowed,
        error_code: None,
        via: None,
        authorizer: text("RoleBinding/shop/api"),
        issued: Vec::new(),
        source_identity: None,
        network_origin: text("10.0.3.11"),
        evidence: "kubernetes_audit".to_owned(),
        sample_id: text("00000000-0000-4000-8000-000000000007"),
    }
}

#[test]
fn r1_a_call_that_was_allowed_is_use_whatever_the_answer_and_a_forbidden_one_never_is() {
    let events = [
        Event::new(1, "get", POD, 404),
        Event::new(2, "create", "/api/v1/namespaces/shop/pods", 409),
        Event::new(3, "update", POD, 422),
        Event::new(4, "delete", POD, 403),
        Event::new(5, "patch", POD, 403).forbidden(),
    ];
    assert_eq!(
        rows(&events),
        [
            format!("1 failed {ACCOUNT} core create pods on namespaces/shop/pods error=409"),
            format!("1 failed {ACCOUNT} core delete pods on namespaces/shop/pods/p error=403"),
            format!("1 failed {ACCOUNT} core get pods on namespaces/shop/pods/p error=404"),
            format!("1 denied {ACCOUNT} core patch pods on namespaces/shop/pods/p error=403"),
            format!("1 failed {ACCOUNT} core update pods on namespaces/shop/pods/p error=422"),
        ]
    );
}

#[test]
fn r2_stages_of_one_request_are_one_use_and_an_open_watch_is_one() {
    let watch = |number| Event::new(number, "watch", "/api/v1/namespaces/shop/pods?watch=true&x=1", 200);
    let place = Place::new();
    let events = [
        watch(1).stage("RequestReceived").without("annotations").without("responseStatus"),
        watch(1).stage("ResponseStarted"),
        watch(1).stage("ResponseComplete"),
        watch(2).stage("ResponseStarted"),
        Event::new(3, "get", POD, 500).stage("Panic"),
    ];
    place.write("audit.log", lines(&events));
    let summary = place.ingest();
    assert_eq!((summary.counts.read, summary.counts.recorded), (5, 3));
    assert_eq!(summary.counts.skipped["request_received"], 1);
    assert_eq!(summary.counts.skipped["duplicate"], 1);
    let counts: Vec<_> = place.rows().iter().map(|row| (row.operation.clone(), row.count)).collect();
    assert_eq!(counts, [("get pods".to_owned(), 1), ("watch pods".to_owned(), 2)]);
}

#[test]
fn without_a_decision_the_code_tells_what_it_can() {
    let events: Vec<_> = [(1, 200), (2, 401), (3, 403), (4, 429), (5, 404), (6, 500)]
        .map(|(number, code)| Event::new(number, "get", POD, code).without("annotations"))
        .into();
    let pod = "core get pods on namespaces/shop/pods/p";
    let mut expected = [
        format!("1 allowed {ACCOUNT} {pod}"),
        format!("1 denied {ACCOUNT} {pod} error=401"),
        format!("1 denied {ACCOUNT} {pod} error=403"),
        format!("1 denied {ACCOUNT} {pod} error=429"),
        format!("1 failed {ACCOUNT} {pod} error=404"),
        format!("1 unknown {ACCOUNT} {pod} error=500"),
    ];
    let mut rows = rows(&events);
    rows.sort();
    expected.sort();
    assert_eq!(rows, expected);
}

#[test]
fn r6_what_was_created_or_upgraded_by_another_verb_is_marked() {
    let events = [
        Event::new(1, "patch", "/apis/apps/v1/namespaces/shop/deployments/d?fieldManager=x", 201),
        Event::new(2, "patch", "/apis/apps/v1/namespaces/shop/deployments/d?fieldManager=x", 200),
        Event::new(3, "update", "/apis/coordination.k8s.io/v1/namespaces/shop/leases/l", 201),
        Event::new(4, "get", "/api/v1/namespaces/shop/pods/p/exec?command=sh", 101).stage("ResponseStarted"),
        Event::new(5, "create", "/api/v1/namespaces/shop/pods/p/exec?command=sh", 101),
        Event::new(6, "create", "/api/v1/namespaces/shop/pods", 201),
    ];
    assert_eq!(
        rows(&events),
        [
            format!("1 allowed {ACCOUNT} apps patch deployments on namespaces/shop/deployments/d"),
            format!(
                "1 allowed {ACCOUNT} apps patch deployments on namespaces/shop/deployments/d created=true"
            ),
            format!(
                "1 allowed {ACCOUNT} coordination.k8s.io update leases on namespaces/shop/leases/l created=true"
            ),
            format!("1 allowed {ACCOUNT} core create pods on namespaces/shop/pods"),
            format!("1 allowed {ACCOUNT} core create pods/exec on namespaces/shop/pods/p upgraded=true"),
            format!("1 allowed {ACCOUNT} core get pods/exec on namespaces/shop/pods/p upgraded=true"),
        ]
    );
}

#[test]
fn r12_an_impersonated_call_is_the_others_and_impersonating_the_callers() {
    let other = json!({"username": "bob", "groups": ["admins", "system:authenticated"], "extra": {"scopes": ["a secret"]}});
    let admin = json!({"username": "ann", "groups": ["ops", "system:authenticated"]});
    let refused = json!({
        "metadata": {}, "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "users \"eve\" is forbidden: User \"ann\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope",
        "details": {"name": "eve", "kind": "users"},
    });
    let call = |number| Event::new(number, "get", POD, 200).with("user", admin.clone());
    let events = [
        call(1).with("impersonatedUser", other.clone()),
        call(2).with("impersonatedUser", other).forbidden(),
        call(3).with("responseStatus", refused).without("annotations"),
    ];
    assert_eq!(
        rows(&events),
        [
            "2 allowed ann authentication.k8s.io impersonate userextras/scopes on userextras/* groups=ops",
            "2 allowed ann core impersonate groups on groups/admins groups=ops",
            "2 allowed ann core impersonate users on users/bob groups=ops",
            "1 denied ann core impersonate users on users/eve groups=ops error=403",
            "1 allowed bob core get pods on namespaces/shop/pods/p groups=admins by=ann",
            "1 denied bob core get pods on namespaces/shop/pods/p groups=admins error=403 by=ann",
        ]
    );
}

#[test]
fn a_constrained_impersonation_takes_two_permissions_of_the_caller() {
    let call = Event::new(1, "get", POD, 200)
        .with("user", json!({"username": "ann"}))
        .with("impersonatedUser", json!({"username": "bob", "groups": ["system:authenticated"]}))
        .with("authenticationMetadata", json!({"impersonationConstraint": "impersonate:user-info"}));
    assert_eq!(
        rows(&[call]),
        [
            "1 allowed ann authentication.k8s.io impersonate:user-info users on users/bob",
            "1 allowed ann core impersonate-on:user-info:get pods on namespaces/shop/pods/p",
            "1 allowed bob core get pods on namespaces/shop/pods/p by=ann",
        ]
    );
}

#[test]
fn a_review_with_its_body_is_use_by_whom_it_asks_about() {
    let uri = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let question = |path: serde_json::Value| json!({"kind": "SubjectAccessReview", "spec": path});
    let resource = question(json!({
        "user": "system:serviceaccount:shop:web", "groups": ["system:authenticated", "g"],
        "resourceAttributes": {"namespace": "shop", "verb": "get", "group": "apps", "resource": "deployments", "name": "d"},
    }));
    let path =
        question(json!({"user": "carl", "nonResourceAttributes": {"path": "/metrics", "verb": "get"}}));
    let answer = |allowed| json!({"status": {"allowed": allowed}});
    let events = [
        Event::new(1, "create", uri, 201)
            .with("requestObject", resource.clone())
            .with("responseObject", answer(true)),
        Event::new(2, "create", uri, 201)
            .with("requestObject", path.clone())
            .with("responseObject", answer(false)),
        Event::new(3, "create", uri, 201).with("requestObject", path),
        Event::new(4, "create", uri, 201),
        Event::new(5, "create", uri, 403).with("requestObject", resource).forbidden(),
    ];
    let review = "authorization.k8s.io create subjectaccessreviews on subjectaccessreviews";
    assert_eq!(
        rows(&events),
        [
            format!("1 denied carl nonResourceURLs get /metrics on /metrics via={ACCOUNT}"),
            format!("1 unknown carl nonResourceURLs get /metrics on /metrics via={ACCOUNT}"),
            format!("4 allowed {ACCOUNT} {review}"),
            format!("1 denied {ACCOUNT} {review} error=403"),
            format!(
                "1 allowed system:serviceaccount:shop:web apps get deployments on namespaces/shop/deployments/d groups=g via={ACCOUNT}"
            ),
        ]
    );
}

#[test]
fn what_cannot_be_named_is_unknown_and_what_tells_nothing_is_lost() {
    let place = Place::new();
    let events = [
        Event::new(1, "brew", "/api/v1/pods", 405),
        Event::new(2, "get", POD, 200).without("verb"),
        Event::new(3, "get", POD, 200).without("user"),
        Event::new(4, "get", POD, 200).without("requestReceivedTimestamp").without("stageTimestamp"),
        Event::new(5, "get", POD, 200).without("requestURI"),
        Event::new(6, "get", POD, 200).with("user", json!({"username": ["a"]})),
        Event::new(7, "delete", POD, 200).without("requestURI").with(
            "objectRef",
            json!({"resource": "pods", "namespace": "shop", "name": "p", "apiVersion": "v1"}),
        ),
    ];
    place.write("audit.log", lines(&events));
    let summary = place.ingest();
    assert_eq!((summary.counts.recorded, summary.counts.lost["incomplete"]), (2, 5), "{summary:?}");
    assert_eq!(
        place.lines(),
        [
            format!(
                "1 allowed {ACCOUNT} core delete pods on namespaces/shop/pods/p authorizer=RoleBinding/shop/api"
            ),
            format!("1 failed {ACCOUNT} core unknown on  error=405 authorizer=RoleBinding/shop/api"),
        ]
    );
}
