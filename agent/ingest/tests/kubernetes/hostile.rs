//! Damaged logs, and such as somebody has made up.

use proptest::prelude::*;
use serde_json::json;

use crate::event::{Event, lines};
use crate::place::Place;

const POD: &str = "/api/v1/namespaces/shop/pods/p";

#[test]
fn reading_goes_on_behind_damage_and_the_rest_is_lost_by_reason() {
    let place = Place::new();
    let event = |number| Event::new(number, "get", POD, 200).to_json();
    let broken = event(2).replacen('}', "", 1);
    let text = [event(1), broken, "not json".to_owned(), event(3), "\u{0}".to_owned(), event(4)].join("\n");
    place.write("audit.log", format!("{text}\n{}", event(5).split_at(200).0));
    let summary = place.ingest();
    assert_eq!(summary.counts.recorded, 3, "{summary:?}");
    assert!(summary.is_partial() && summary.counts.lost["truncated"] == 1, "{summary:?}");
}

#[test]
fn a_body_that_looks_like_an_event_is_none() {
    let place = Place::new();
    let forged = Event::new(9, "delete", "/api/v1/namespaces/kube-system/secrets/s", 200).0;
    let body = json!({"kind": "Thing", "spec": [forged.clone(), {"items": [forged]}]});
    let sound = Event::new(1, "create", "/apis/example.com/v1/namespaces/shop/things", 201)
        .with("requestObject", body);
    // Damaged, what is in it is not taken for events either.
    let damaged = sound.to_json().replace("auditID", "audit\u{1}ID");
    place.write(
        "audit.log",
        format!("{}\n{damaged}\n{}", sound.to_json(), Event::new(2, "get", POD, 200).to_json()),
    );
    let summary = place.ingest();
    assert_eq!(summary.counts.recorded, 2, "{summary:?}");
    assert!(place.rows().iter().all(|row| !row.operation.contains("secrets")), "{:?}", place.lines());
}

#[test]
fn what_is_deep_or_huge_costs_no_more_than_its_bytes() {
    let place = Place::new();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!("{{\"verb\":\"get\",\"requestObject\":{deep}}}");
    let name = "n".repeat(3000);
    let events = [
        Event::new(1, "get", &format!("/api/v1/namespaces/shop/pods/{name}"), 200),
        Event::new(2, "get", POD, 200).with("user", json!({"username": name})),
        Event::new(3, "get", POD, 200)
            .with("user", json!({"username": "u", "groups": (0..5000).map(|group| format!("g{group}")).collect::<Vec<_>>()})),
        Event::new(4, "get", POD, 200).with("auditID", json!("i".repeat(1000))),
    ];
    place.write("audit.log", format!("{}{body}\n{}\n", lines(&events), "[".repeat(1000)));
    let summary = place.ingest();
    assert_eq!(summary.counts.recorded, 3, "{summary:?}");
    let rows = place.rows();
    assert!(rows.iter().any(|row| row.operation == "unknown"));
    assert!(rows.iter().any(|row| row.parameters.get("groups").is_some_and(|groups| groups == "*")));
    assert!(rows.iter().all(|row| format!("{row:?}").len() < 6000));
}

#[test]
fn a_log_that_packs_itself_ends() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;
    let place = Place::new();
    let mut text = Event::new(1, "get", POD, 200).to_json();
    for _ in 0..5 {
        text = json!({"awslogs": {"data": BASE64.encode(&text)}}).to_string();
    }
    place.write("audit.log", text);
    assert_eq!(place.ingest().counts.skipped["not_an_event"], 1);
}

#[test]
fn secrets_never_enter_the_ledger() {
    let place = Place::new();
    let secret = "hunter2hunter2";
    let users = json!({
        "username": "ann",
        "groups": ["system:authenticated"],
        "extra": {"authentication.kubernetes.io/pod-name": ["p"], "token": [secret], "example.com/x": [secret]},
    });
    let body = json!({"data": {"password": secret}, "spec": {"user": "x", "token": secret}});
    let event = Event::new(
        1,
        "create",
        &format!("/api/v1/namespaces/shop/secrets?token={secret}&fieldManager={secret}"),
        201,
    )
    .with("user", users)
    .with("impersonatedUser", json!({"username": "bob", "extra": {"scopes": [secret]}}))
    .with("userAgent", json!(secret))
    .with("objectRef", json!({"resource": "secrets", "namespace": "shop", "name": secret}))
    .with("requestObject", body.clone())
    .with("responseObject", body)
    .with("sourceIPs", json!([secret, "10.0.0.1", secret]))
    .with("responseStatus", json!({"code": 201, "message": secret, "reason": secret}))
    .with(
        "annotations",
        json!({"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": secret, "x": secret}),
    );
    place.write("audit.log", lines(&[event]));
    assert_eq!(place.ingest().counts.recorded, 1);
    for row in place.rows() {
        assert!(!format!("{row:?}").contains("hunter2"), "{row:?}");
    }
    let mut files = Vec::new();
    let mut folders = vec![place.ledger()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    assert!(!files.is_empty());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", file.display());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_change_of_a_log_is_accounted_for(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let events: Vec<_> = (0..6).map(|number| Event::new(number, "get", POD, 200)).collect();
        let mut bytes = lines(&events).into_bytes();
        for (place, byte) in changes {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() * 2).min(bytes.len()));
        let place = Place::new();
        place.write("audit.log", &bytes);
        let summary = place.ingest();
        let counted: u64 = place.rows().iter().map(|row| row.count).sum();
        prop_assert_eq!(counted, summary.counts.recorded);
    }
}
