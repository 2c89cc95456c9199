//! Tests of reading proposals' folders.

use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::change::Change;

fn folder(files: &[(&str, &Value)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in files {
        fs::write(folder.path().join(name), value.to_string()).unwrap();
    }
    folder
}

fn of_account() -> Value {
    let window = "2026-08-02T00:00:00Z/2026-10-31T00:00:00Z";
    json!({
        "schema": "remit.evidence/v1", "principal": "arn:aws:iam::111122223333:role/a/app", "kind": "role", "window": window,
        "coverage": { "recorded": ["management write events"], "lost": 2 }, "catalog": "c", "policies": [],
        "boundary": null, "leaves_groups": [], "unknown_patterns": [],
        "kept": [
            { "permission": "s3:GetObject", "verdict": "used", "count": 7, "first_seen": "2026-08-03T00:00:00Z",
              "last_seen": "2026-10-30T04:12:33Z", "sample_event_id": null, "resources_known": true,
              "narrowed_to": { "arn:aws:s3:::a": "as seen" } },
            { "permission": "s3:ListBucket", "verdict": "unobservable", "reason": { "code": "x", "text": "it is not logged" },
              "resources_known": false },
            { "permission": "s3:GetBucketAcl", "verdict": "unused", "reason": { "code": "kin", "text": "it only reads" },
              "resources_known": false },
        ],
        "removed": [{ "verdict": "unused", "window": window, "coverage": "management write events", "policies": ["p"],
            "permissions": ["s3:PutObject", "s3:DeleteObject"], "denied_calls": { "s3:PutObject": 3 } }],
        "proof": { "obligations": [], "protected": 12, "elements": 3 },
    })
}

fn lines(lines: &[Line]) -> Vec<(&str, Standing, &str)> {
    lines.iter().map(|line| (line.permission.as_str(), line.standing, line.why.as_str())).collect()
}

#[test]
fn a_principals_folder_is_read() {
    let review = json!({
        "schema": "remit.review/v1", "principal": "x", "tier": "standard", "stratum": "workload",
        "replay": { "broken": { "hits": 1, "of": 50, "share": 0.02, "low": 0.0, "high": 0.1 }, "horizon": 30, "cut_offs": 4, "step": 1 },
        "permissions": [
            { "disposition": "remove", "why": "no use in 90 days", "permissions": ["s3:PutObject"] },
            // One that was used, and one that stays unused until it is looked at again.
            { "disposition": "watch", "why": "7 calls, last on 2026-10-30", "permissions": ["s3:GetObject"] },
            { "disposition": "watch", "why": "it only reads", "permissions": ["s3:GetBucketAcl"] },
        ],
    });
    let folder = folder(&[("evidence.json", &of_account()), ("review.json", &review)]);
    let facts = Facts::read(folder.path()).unwrap();
    assert_eq!(
        (facts.name.as_str(), facts.kind.as_str(), facts.days(), facts.lost),
        ("app", "role", 90, Some(2))
    );
    assert_eq!((facts.proof.replayed, facts.proof.allowed, facts.proof.calls), (7, 7, 7));
    assert_eq!(
        facts.proof.form.as_deref(),
        Some("12 pairs of a permission and a resource, what cannot be told included")
    );
    assert_eq!(
        lines(&facts.removed),
        [
            (
                "s3:DeleteObject",
                Standing::Removed,
                "not used, and management write events would have shown it"
            ),
            ("s3:PutObject", Standing::Removed, "no use in 90 days"),
        ]
    );
    assert_eq!(
        lines(&facts.kept),
        [
            ("s3:GetObject", Standing::Used, "7 calls, last on 2026-10-30"),
            ("s3:ListBucket", Standing::Unobservable, "it is not logged"),
            ("s3:GetBucketAcl", Standing::Spared, "it only reads"),
        ]
    );
    assert_eq!((facts.removed[1].denied, facts.watched), (3, Some(1)));
    assert_eq!(facts.replay.map(|replay| (replay.broken.of, replay.horizon)), Some((50, 30)));
}

#[test]
fn a_subjects_folder_is_read() {
    let seen = json!({ "count": 5, "first_seen": "2026-08-03T00:00:00Z", "last_seen": "2026-10-30T04:12:33Z", "sample_event_id": null });
    let evidence = json!({
        "schema": "remit.evidence.kubernetes/v1", "principal": "system:serviceaccount:shop:cart", "groups": [], "cluster": "c",
        "window": "2026-08-02T00:00:00Z/2026-10-31T00:00:00Z", "audit_policy": "eks",
        "files": { "before": null, "stays": null, "apply": null, "edit": null, "remove": null },
        "bindings": [], "stays": [], "unbound_roles": [], "closures": { "informer": "an informer lists and watches" },
        "kept": [
            { "verb": "list", "group": "", "resource": "pods", "namespace": "shop", "verdict": "used", "seen": seen },
            { "verb": "watch", "group": "", "resource": "pods", "namespace": "shop", "verdict": "closure", "closures": ["informer"] },
            { "verb": "get", "group": "", "resource": "secrets", "namespace": "shop", "verdict": "unused",
              "reason": { "code": "undo", "text": "it brings back" } },
        ],
        "removed": [
            { "verb": "get", "group": "apps", "resource": "deployments", "name": "web", "namespace": "shop", "verdict": "unused",
              "narrowed": false, "bindings": [], "denied_calls": 2 },
            { "verb": "get", "url": "/metrics", "verdict": "unused", "narrowed": true, "bindings": [] },
        ],
        "replayed": [], "allowed_elsewhere": [],
        "proof": { "obligations": [], "replayed": 9, "allowed": 9, "protected": 4, "elements": 3 },
    });
    let bare = folder(&[("evidence.json", &evidence)]);
    let facts = Facts::read(bare.path()).unwrap();
    assert_eq!(
        (facts.name.as_str(), facts.kind.as_str(), facts.lost),
        ("shop/cart", "service account", None)
    );
    assert_eq!(
        lines(&facts.removed),
        [
            ("get deployments.apps web in shop", Standing::Removed, "not used"),
            ("get /metrics", Standing::Narrowed, "not used further than it stays"),
        ]
    );
    assert_eq!(
        lines(&facts.kept),
        [
            ("list pods in shop", Standing::Used, "5 calls, last on 2026-10-30"),
            ("watch pods in shop", Standing::Spared, "an informer lists and watches"),
            ("get secrets in shop", Standing::Spared, "it brings back"),
        ]
    );
    assert_eq!((facts.removed[0].group.as_str(), facts.proof.replayed), ("deployments.apps", 9));
    assert_eq!((facts.tier, facts.replay), (None, None));

    let review = json!({
        "schema": "remit.review/v1", "principal": "x", "tier": "standard", "stratum": "workload",
        "replay": { "broken": { "hits": 0, "of": 40, "share": 0.0, "low": 0.0, "high": 0.1 }, "horizon": 30, "cut_offs": 4, "step": 1 },
        "permissions": [{ "disposition": "remove", "why": "no use in 90 days", "permissions": ["get /metrics"] }],
    });
    let reviewed = folder(&[("evidence.json", &evidence), ("review.json", &review)]);
    let facts = Facts::read(reviewed.path()).unwrap();
    assert_eq!(
        (facts.tier.as_deref(), facts.replay.map(|replay| replay.broken.of)),
        (Some("standard"), Some(40))
    );
    assert_eq!(
        lines(&facts.removed),
        [
            ("get deployments.apps web in shop", Standing::Removed, "not used"),
            ("get /metrics", Standing::Narrowed, "no use in 90 days"),
        ]
    );
}

#[test]
fn another_week_is_the_same_evidence_and_another_permission_is_not() {
    let none = BTreeSet::new();
    let read = |value: &Value| Facts::read(folder(&[("evidence.json", value)]).path()).unwrap();
    let facts = read(&of_account());
    let mut later = of_account();
    later["window"] = json!("2026-08-09T00:00:00Z/2026-11-07T00:00:00Z");
    later["kept"][0]["count"] = json!(12);
    later["proof"]["protected"] = json!(13);
    let later = read(&later);
    let all = Change::default();
    assert_eq!(facts.evidence(&none, &all), later.evidence(&none, &all));
    let kept = BTreeSet::from(["s3:PutObject".to_owned()]);
    let part = Change { unedited: BTreeSet::from(["p".to_owned()]), ..Change::default() };
    let narrowed = |resource: &str| {
        let resources = BTreeSet::from([resource.to_owned()]);
        Change { narrowed: [("s3:GetObject".to_owned(), resources)].into(), ..Change::default() }
    };
    let digests = [
        facts.evidence(&none, &all),
        facts.evidence(&kept, &all),
        facts.evidence(&none, &part),
        facts.evidence(&none, &narrowed("a")),
        facts.evidence(&none, &narrowed("b")),
    ];
    assert_eq!(digests.iter().collect::<BTreeSet<_>>().len(), digests.len());
}

#[test]
fn what_is_no_proposal_is_told_with_its_file() {
    for (name, value) in
        [("other.json", json!({})), ("evidence.json", json!({})), ("evidence.json", json!([1]))]
    {
        let folder = folder(&[(name, &value)]);
        let error = Facts::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("evidence.json`: "), "{error}");
    }
}
