use remit_catalog::Catalog;
use remit_policy::parse;
use serde_json::{Value, json};

use super::*;

const WINDOW: &str = "2026-09-01T06:00:00Z/2026-10-30T07:00:00Z";

fn evidence(kept: &Value, removed: &Value) -> Evidence {
    let catalog = Catalog::embedded().unwrap().version();
    let written = json!({
        "schema": "remit.evidence/v1", "principal": "arn:aws:iam::111122223333:role/app", "kind": "role",
        "window": WINDOW, "coverage": {"recorded": [], "lost": 0}, "catalog": catalog,
        "policies": [{
            "name": "queue", "edit": "put_inline", "before": "before/queue.json",
            "after": [{"name": "queue", "inline": true, "file": "after/queue.json"}]
        }],
        "boundary": null, "leaves_groups": [], "kept": kept, "removed": removed, "unknown_patterns": [],
        "proof": {"obligations": [], "protected": 1, "elements": 1}
    });
    serde_json::from_value(written).unwrap()
}

fn kept(first: &str, last: &str) -> Value {
    json!([{
        "permission": "sqs:SendMessage", "verdict": "used", "count": 21, "first_seen": first, "last_seen": last,
        "sample_event_id": null, "resources_known": false
    }])
}

fn removed(window: &str, permissions: &[&str]) -> Value {
    json!([{
        "verdict": "unused", "window": window, "coverage": "", "policies": ["queue"], "permissions": permissions
    }])
}

fn sound() -> Evidence {
    let kept = kept("2026-09-02T00:00:00Z", "2026-10-29T00:00:00Z");
    evidence(&kept, &removed(WINDOW, &["sqs:CreateQueue", "sqs:DeleteQueue"]))
}

/// What the evidence says that documents with these actions do not.
fn unlike(evidence: &Evidence, after: &[&str]) -> Vec<String> {
    let before = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SendMessage"];
    let mut expander = Expander::new(Catalog::embedded().unwrap());
    let read = |file: &str| -> anyhow::Result<Document> {
        let actions = if file.starts_with("before") { before.as_slice() } else { after };
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
        Ok(parse(&json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())?)
    };
    let claim = Claim::of_evidence(evidence, expander.catalog(), read).unwrap();
    Said::of_account(evidence).unlike_documents(&mut expander, evidence, &claim)
}

#[test]
fn evidence_tells_of_all_that_is_granted_and_of_nothing_else() {
    let send = ["sqs:SendMessage"];
    assert_eq!(unlike(&sound(), &send), [""; 0]);
    let mut without = sound();
    without.removed.clear();
    let told = unlike(&without, &send);
    assert_eq!(told, ["the evidence does not tell of what is granted: `sqs:CreateQueue` and 1 other"]);
    let mut more = sound();
    more.removed[0].permissions.insert("sqs:PurgeQueue".to_owned());
    assert_eq!(unlike(&more, &send), ["the evidence tells of what is not granted: `sqs:PurgeQueue`"]);
    let told = unlike(&sound(), &["sqs:SendMessage", "sqs:DeleteQueue"]);
    assert_eq!(told, ["the evidence says that something goes that is granted after: `sqs:DeleteQueue`"]);
    more.removed[0].permissions.insert("sqs:SendMessage".to_owned());
    assert!(
        unlike(&more, &send)
            .contains(&"the evidence says that the same goes and stays: `sqs:SendMessage`".to_owned())
    );
    // Another catalog knows other actions.
    without.catalog = "another".to_owned();
    assert_eq!(unlike(&without, &send), [""; 0]);
}

#[test]
fn evidence_speaks_of_one_window() {
    let moment = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let times = |evidence: &Evidence| {
        let (start, end) = evidence.window.split_once('/').unwrap();
        times_of_account(evidence, Window { start: moment(start), end: moment(end) })
    };
    assert_eq!(times(&sound()), [""; 0]);
    let mut moved = sound();
    moved.window = "2016-09-01T06:00:00Z/2016-10-30T07:00:00Z".to_owned();
    assert_eq!(times(&moved), [format!("the evidence tells of other windows than `{}`", moved.window)]);
    let before = "2026-08-01T00:00:00Z";
    // What was seen on the wire may be later than the window, and what counts together begins before it.
    for (first, last, is_wrong) in [
        (before, before, true),
        (before, "2026-09-02T00:00:00Z", false),
        ("2026-11-02T00:00:00Z", "2026-11-02T00:00:00Z", false),
        ("2026-10-02T00:00:00Z", "2026-10-01T00:00:00Z", true),
        ("soon", "2026-10-01T00:00:00Z", true),
    ] {
        let told = times(&evidence(&kept(first, last), &json!([])));
        assert_eq!(!told.is_empty(), is_wrong, "{first} {last}: {told:?}");
    }
}

#[test]
fn a_review_is_about_what_the_evidence_is_about() {
    let place = tempfile::tempdir().unwrap();
    let (evidence, mut expected) = (sound(), Expected::new());
    let said = Said::of_account(&evidence);
    let service_of = |_: &str| "sqs".to_owned();
    let mut unlike = |review: Option<Value>| {
        if let Some(review) = review {
            std::fs::write(place.path().join("review.json"), review.to_string()).unwrap();
        }
        said.unlike_review(place.path(), &service_of, &mut expected).unwrap()
    };
    // That it is missing is told with other files.
    assert_eq!(unlike(None), [""; 0]);
    let review = |principal: &str, gone: &[&str]| {
        json!({
            "schema": "remit.review/v1", "principal": principal, "tier": "standard", "says": "Nothing came of it.",
            "permissions": [
                {"disposition": "remove", "why": "no use", "permissions": gone},
                {"disposition": "keep", "why": "21 calls", "permissions": ["sqs:SendMessage"]},
            ],
        })
    };
    let all = ["sqs:CreateQueue", "sqs:DeleteQueue"];
    assert_eq!(unlike(Some(review(&evidence.principal, &all))), [""; 0]);
    let told = unlike(Some(review(&evidence.principal, &all[..1])));
    assert_eq!(told, ["`review.json` and the evidence do not both say that `sqs:DeleteQueue` goes"]);
    assert_eq!(unlike(Some(review("another", &all))), ["`review.json` is about `another`"]);
    let text = expected["review.md"].as_deref().unwrap();
    assert!(
        text.contains("Nothing came of it.") && text.contains("- sqs: `CreateQueue`, `DeleteQueue`"),
        "{text}"
    );
}
