use remit_policy::Call;

use super::*;
use crate::analysis::Analysis;
use crate::analysis::sample::{ROLE, analysis, call, record};
use crate::sightings::sample::sighting;
use crate::visible::DAY;

fn reads(bucket: &str) -> Call {
    let mut call = call("s3", "GetBucketTagging");
    call.resources = vec![format!("arn:aws:s3:::{bucket}")];
    call.seen.first = DAY;
    call.seen.last = DAY;
    call
}

/// A role of which two sessions tag-read a bucket each, and the parts of these.
fn split() -> (Analysis, Vec<Part>) {
    let records = [record("eu-west-1", 0, 90)];
    let grants = (&["s3:GetBucketTagging", "s3:PutBucketTagging"][..], "*");
    let whole = analysis(grants, vec![reads("a"), reads("b")], &records, &[]);
    let mut callers = Callers::default();
    for session in ["one", "two"] {
        callers.add(&sighting(session));
    }
    let part = |bucket: &str| PrincipalCalls { kind: "role".to_owned(), calls: vec![reads(bucket)] };
    let key = |session: &str| key_of(&CallerName::of(None, Some(session), None));
    let by_key = BTreeMap::from([(key("one"), part("a")), (key("two"), part("b"))]);
    let settings = crate::analysis::sample::settings(&[]);
    let input = Input {
        catalog: Catalog::embedded().unwrap(),
        account: &whole.account,
        calls: &BTreeMap::new(),
        records: &records,
        settings: &settings,
        whole: &whole.principals[0],
        callers: &callers,
    };
    let parts = parts(&input, &by_key);
    (whole, parts)
}

#[test]
fn each_part_keeps_what_it_alone_needs_and_all_cover_the_whole() {
    let (whole, parts) = split();
    assert_eq!(parts.iter().map(|part| part.stem.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    for (part, bucket) in parts.iter().zip(["a", "b"]) {
        assert_eq!((part.used(), part.loses(), part.leaves_to_others(&whole.principals[0])), (1, (1, 2), 0));
        let proven = part.analysed.outcome.changing().unwrap();
        let after: String = proven
            .proposal()
            .changes
            .iter()
            .flat_map(|change| &change.after)
            .map(|new| new.document.emit())
            .collect();
        assert!(
            after.contains(&format!("arn:aws:s3:::{bucket}\"")) && !after.contains("PutBucketTagging"),
            "{after}"
        );
    }
    let catalog = Catalog::embedded().unwrap();
    let covered = cover(catalog, &whole.account, &whole.principals[0], &parts).unwrap();
    assert_eq!(covered, Cover { pairs: 2, requests: 2 });
}

/// Whoever makes topics comes to take them away, so that this stays, and is said to.
#[test]
fn what_a_part_keeps_beyond_its_use_and_what_it_loses_is_named() {
    let granted = (&["sns:CreateTopic", "sns:DeleteTopic", "sqs:CreateQueue"][..], "*");
    let mut called = call("sns", "CreateTopic");
    (called.seen.first, called.seen.last) = (DAY, DAY);
    let whole = analysis(granted, vec![called], &[record("eu-west-1", 0, 90)], &[]);
    let part = Part {
        name: CallerName::of(None, Some("loader"), None),
        stem: "loader".to_owned(),
        calls: 1,
        days: Days::default(),
        analysed: whole.principals[0].clone(),
    };
    let listing = Listing::of(Catalog::embedded().unwrap(), &part);
    let json = serde_json::to_value(&listing).unwrap();
    assert_eq!(json["uses"]["sns:CreateTopic"], 1, "{json:#}");
    assert_eq!(json["keeps"][0]["rule"], "companion", "{json:#}");
    assert_eq!(json["keeps"][0]["permissions"][0], "sns:DeleteTopic", "{json:#}");
    assert_eq!(json["loses"]["sqs"][0], "sqs:CreateQueue", "{json:#}");
    let mut text = String::new();
    listing.rest(&mut text);
    assert!(text.contains("- `sns:DeleteTopic`: whoever uses `sns:CreateTopic` comes to need it"), "{text}");
    assert!(text.contains("- sqs: `sqs:CreateQueue`") && listing.keeps_what_is_not_needed(), "{text}");
}

#[test]
fn what_no_part_has_is_told() {
    let (whole, parts) = split();
    let catalog = Catalog::embedded().unwrap();
    let uncovered = cover(catalog, &whole.account, &whole.principals[0], &parts[..1]).unwrap_err();
    assert_eq!(uncovered.to_string(), "`s3:GetBucketTagging` on `arn:aws:s3:::b` is in no part");
    assert_eq!(whole.principals[0].principal.arn, ROLE);
}

#[test]
fn parts_have_names_that_are_safe_and_differ() {
    let mut taken = BTreeSet::new();
    let mut stem = |session: &str| free_stem(&mut taken, &CallerName::of(None, Some(session), None));
    assert_eq!([stem("deploy-1234"), stem("Deploy-5678"), stem("../../etc")], ["deploy", "Deploy-2", "etc"]);
}
