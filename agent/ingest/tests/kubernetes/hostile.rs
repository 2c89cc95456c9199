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
fn who_acts_in_many_groups_makes_few_rows_and_loses_none() {
    let place = Place::new();
    let groups: Vec<String> = (0..5000).map(|group| format!("g{group}")).collect();
    let extra: serde_json::Map<_, _> = (0..5000).map(|key| (format!("k{key}"), json!(["v"]))).collect();
    let events = [
        Event::new(1, "get", POD, 200).with("impersonatedUser", json!({"username": "bob", "groups": groups})),
        Event::new(2, "get", POD, 200).with("impersonatedUser", json!({"username": "bob", "extra": extra})),
    ];
    place.write("audit.log", lines(&events));
    let summary = place.ingest();
    // No row could stand for all that the other showed.
    assert_eq!(
        (summary.counts.recorded, summary.counts.lost["impersonates_too_much"]),
        (1, 1),
        "{summary:?}"
    );
    let told: Vec<String> =
        place.rows().iter().map(|row| format!("{} {:?}", row.operation, row.resources)).collect();
    let expected = [
        r#"impersonate groups ["groups/*"]"#,
        r#"impersonate users ["users/bob"]"#,
        r#"get pods ["namespaces/shop/pods/p"]"#,
    ];
    assert!(told.len() == 3 && expected.iter().all(|one| told.iter().any(|told| told == one)), "{told:?}");
}

const HOUR: i64 = 3_600_000_000;

/// Whose and from when to when what was lost may be, with the middle of the events' hour as the origin, in hours; `now` is later.
fn lost(place: &Place, cluster: Option<&str>) -> Vec<(Option<String>, i64, i64)> {
    _ = place.ingest_of(cluster);
    let middle = "2026-11-23T10:30:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let hours = |time: i64| (time - middle) / HOUR;
    let lost = place.coverage().into_iter().filter(|record| record.lost > 0);
    lost.map(|record| (record.account, hours(record.start), hours(record.end))).collect()
}

#[test]
fn what_is_lost_between_events_was_made_about_their_time() {
    let event = |number| Event::new(number, "get", POD, 200);
    let within = [event(1).to_json(), "not json".to_owned(), event(2).to_json()].join("\n");
    for (cluster, account) in [(Some("blue"), Some("blue".to_owned())), (None, None)] {
        let place = Place::new();
        place.write("audit.log", &within);
        assert_eq!(lost(&place, cluster), [(account.clone(), -24, 24)]);
        // Copied elsewhere it is the same loss; read whole it is none.
        place.write("copy.log", &within);
        assert_eq!(lost(&place, cluster), [(account, -24, 24)]);
        for name in ["audit.log", "copy.log"] {
            place.write(name, lines(&[event(1), event(3), event(2)]));
        }
        assert_eq!(lost(&place, cluster), []);
    }
    // Before all others and after them it may be of any time; and so may what follows where reading broke off.
    for text in [format!("not json\n{within}"), format!("{within}\nnot json"), "not json".to_owned()] {
        let place = Place::new();
        place.write("audit.log", text);
        let [(cluster, start, end)] = &lost(&place, Some("blue"))[..] else { panic!() };
        assert_eq!(cluster.as_deref(), Some("blue"));
        assert!(*start < -100_000 && *end > 24, "{start} {end}");
    }
}

#[test]
fn what_is_lost_is_of_the_cluster_that_its_wrapper_tells() {
    let message = |event: Event| json!({"id": "1", "timestamp": 1, "message": event.to_json()});
    let sent = |cluster: &str, events: Vec<Event>| {
        let events: Vec<_> = events.into_iter().map(message).collect();
        let group = format!("/aws/eks/{cluster}/cluster");
        json!({"messageType": "DATA_MESSAGE", "logGroup": group, "logStream": "kube-apiserver-audit-1", "logEvents": events}).to_string()
    };
    let event = |number| Event::new(number, "get", POD, 200);
    let nobodys = |number| event(number).without("user");
    let place = Place::new();
    place.write("a.json", sent("blue", vec![event(1), nobodys(2), nobodys(3), event(4)]));
    assert_eq!(lost(&place, None), [(Some("blue".to_owned()), -24, 24)]);
    // Of several, or where the wrapper itself is damaged, they may be any cluster's.
    for other in
        [sent("green", vec![nobodys(5), event(6)]), format!("not json\n{}", sent("blue", vec![event(6)]))]
    {
        let place = Place::new();
        place.write("a.json", format!("{}\n{other}", sent("blue", vec![event(1), nobodys(2), event(4)])));
        assert_eq!(lost(&place, None), [(None, -24, 24)]);
        // Who names the cluster knows.
        let named = Place::new();
        named.write("a.json", format!("{}\n{other}", sent("blue", vec![event(1), nobodys(2), event(4)])));
        assert_eq!(lost(&named, Some("red")), [(Some("red".to_owned()), -24, 24)]);
    }
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
