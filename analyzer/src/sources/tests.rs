//! Tests of what is kept of a proposal.

use std::fs;

use super::*;

const BEFORE: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["s3:Get*","s3:PutObject","ec2:RunInstances"],"Resource":"arn:aws:s3:::a/*"},
  {"Effect":"Deny","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}]}"#;

const AFTER: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::a/*"},
  {"Effect":"Deny","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}]}"#;

/// A repository with the policy, and the proposal's folder.
fn place() -> (tempfile::TempDir, Facts) {
    let place = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("repository/iam/app.json", BEFORE);
    write("proposal/before/app.json", BEFORE);
    write("proposal/after/app.json", AFTER);
    let removed = serde_json::json!({
        "verdict": "unused", "window": "2026-08-30T00:00:00Z/2026-11-28T00:00:00Z", "coverage": "management write events",
        "policies": ["app"], "permissions": ["s3:GetObjectAcl", "s3:PutObject", "ec2:RunInstances"],
    });
    let evidence = serde_json::json!({
        "schema": "remit.evidence/v1", "principal": "arn:aws:iam::111122223333:role/app", "kind": "role",
        "window": "2026-08-30T00:00:00Z/2026-11-28T00:00:00Z", "coverage": { "recorded": [], "lost": 0 }, "catalog": "c",
        "policies": [{ "name": "app", "edit": "put_inline", "before": "before/app.json",
            "after": [{ "name": "app", "inline": true, "file": "after/app.json" }] }],
        "boundary": null, "leaves_groups": [], "kept": [], "removed": [removed], "unknown_patterns": [],
        "proof": { "obligations": [], "protected": 1, "elements": 1 },
    });
    write("proposal/evidence.json", &evidence.to_string());
    let facts = Facts::read(&place.path().join("proposal")).unwrap();
    (place, facts)
}

fn changed(kept: &[&str]) -> Change {
    let (place, facts) = place();
    let kept = kept.iter().map(|&one| one.to_owned()).collect();
    Sources::new(Options::default(), Known::default())
        .change(&place.path().join("repository"), &facts, &kept)
        .unwrap()
}

fn text(change: &Change) -> String {
    let [file] = &change.files[..] else { panic!("{change:?}") };
    assert_eq!(file.path, "iam/app.json");
    String::from_utf8(file.bytes.clone()).unwrap()
}

/// A file that cannot be read and names the policy is where a person is sent, with what is to be there.
#[test]
fn a_source_that_cannot_be_read_is_suggested() {
    let (place, facts) = place();
    let repository = place.path().join("repository");
    fs::remove_file(repository.join("iam/app.json")).unwrap();
    let broken = "locals {\n  a = { one = 1, one = 2 }\n}\nresource \"aws_iam_role_policy\" \"x\" {\n  name = \"app\"\n}\n";
    fs::write(repository.join("iam/application.tf"), broken.replace("\"app\"", "\"application\"")).unwrap();
    let mut sources = Sources::new(Options::default(), Known::default());
    let none = sources.change(&repository, &facts, &BTreeSet::new()).unwrap();
    assert!(none.suggestions.is_empty() && none.absent.is_some(), "{none:?}");
    fs::write(repository.join("iam/main.tf"), broken).unwrap();
    let mut sources = Sources::new(Options::default(), Known::default());
    let change = sources.change(&repository, &facts, &BTreeSet::new()).unwrap();
    let [suggestion] = &change.suggestions[..] else { panic!("{change:?}") };
    assert_eq!((suggestion.path.as_str(), suggestion.line), ("iam/main.tf", 5));
    assert!(
        suggestion.why.starts_with("it may be in this file, which cannot be read: line 2: "),
        "{suggestion:?}"
    );
    assert!(suggestion.text.contains("s3:GetObject") && !suggestion.text.contains("ec2:RunInstances"));
    let problems = sources.problems();
    assert!(problems.iter().any(|problem| problem.starts_with("iam/main.tf:2: ")), "{problems:?}");
}

#[test]
fn what_the_proposal_takes_away_goes() {
    let change = changed(&[]);
    assert_eq!(
        text(&change),
        BEFORE.replace(r#""s3:Get*","s3:PutObject","ec2:RunInstances""#, r#""s3:GetObject""#)
    );
    assert!(change.unedited.is_empty() && change.suggestions.is_empty() && change.absent.is_none());
}

#[test]
fn what_somebody_keeps_stays_where_it_was() {
    let change = changed(&["s3:PutObject"]);
    assert_eq!(
        text(&change),
        BEFORE.replace(r#""s3:Get*","s3:PutObject","ec2:RunInstances""#, r#""s3:GetObject","s3:PutObject""#)
    );
}

#[test]
fn a_policy_that_is_elsewhere_is_told_of() {
    let (place, facts) = place();
    let change = Sources::new(Options::default(), Known::default())
        .change(&place.path().join("proposal/after"), &facts, &BTreeSet::new())
        .unwrap();
    assert!(change.files.is_empty() && change.suggestions.is_empty(), "{change:?}");
    assert_eq!(change.absent.as_deref(), Some("policy `app` of `app`: no source of it was found"));
    let error = Sources::new(Options::default(), Known::default())
        .change(&place.path().join("absent"), &facts, &BTreeSet::new())
        .unwrap_err();
    assert!(error.starts_with("cannot read repository"), "{error}");
}
