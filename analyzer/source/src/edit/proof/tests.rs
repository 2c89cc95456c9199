//! Texts that an edit must not leave: each is refused, whoever wrote it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use remit_policy::parse;

use super::*;
use crate::edit::policy::Wide;

/// The role of the application may read and write orders, and nobody may delete any.
const BEFORE: &str = r#"{
  "PolicyName": "orders",
  "RoleName": "app",
  "PolicyDocument": {
    "Version": "2012-10-17",
    "Statement": [
      {
        "Sid": "Orders",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
        "Resource": "arn:aws:s3:::orders/*",
        "Condition": {"Bool": {"aws:SecureTransport": "true"}}
      },
      {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
    ]
  }
}
"#;

/// What somebody else may.
const OTHER: &str = r#"{"PolicyName":"logs","PolicyDocument":{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["logs:PutLogEvents","logs:CreateLogStream"],"Resource":"*"}]}}
"#;

fn document(text: &str) -> Document {
    let (_, document) = text.split_once("\"PolicyDocument\":").unwrap();
    parse(document.trim_end().strip_suffix('}').unwrap()).unwrap()
}

/// What an edit says of itself: all statements are what is left of those that were there, and none stays wider.
fn edit() -> Edit {
    Edit { origins: vec![0, 1], ..Edit::default() }
}

/// Whether it is proven that texts are what is proposed, which leaves the role what `wanted` says.
fn proven(after: &str, other: &str, wanted: &str, edit: &Edit, options: Options) -> Result<(), String> {
    let of = |own: &str, other: &str| {
        let files = [("app.json", own), ("logs.json", other)];
        Repository::of(files.map(|(path, text)| (PathBuf::from(path), text.to_owned())))
    };
    let (old, new) = (of(BEFORE, OTHER), of(after, other));
    let place = old.places.iter().position(|place| old.path(place.file) == "app.json").unwrap();
    let change = PolicyChange {
        name: "orders".to_owned(),
        arn: None,
        holder: Some("app".to_owned()),
        edit: remit_policy::Edit::PutInline,
        before: document(BEFORE),
        after: vec![("orders".to_owned(), document(wanted))],
    };
    policy(&old, &new, place, &change, edit, options).map_err(|why| why.to_string())
}

fn without(action: &str) -> String {
    let text = BEFORE.replace(&format!("\"{action}\", "), "");
    assert_ne!(text, BEFORE);
    text
}

/// An edit that takes away writing, which is what is proposed.
#[track_caller]
fn refused(after: &str, other: &str, why: &str) {
    let told = proven(after, other, &without("s3:PutObject"), &edit(), Options::default()).unwrap_err();
    assert!(told.starts_with("the edit could not be proven: ") && told.contains(why), "{told}\n{after}");
}

#[test]
fn what_is_proposed_is_proven() {
    let right = without("s3:PutObject");
    assert_eq!(proven(&right, OTHER, &right, &edit(), Options::default()), Ok(()));
    assert_eq!(proven(&right, OTHER, &right, &edit(), Options { resources: true }), Ok(()));
}

#[test]
fn actions_that_are_to_go_are_gone_and_no_others() {
    let right = without("s3:PutObject");
    refused(BEFORE, OTHER, "it would allow more actions than proposed");
    // One more than today, beside the one that went or in its place.
    for more in ["s3:DeleteBucket", "s3:*", "*", "s3:GetObject*", "s3:Put*"] {
        refused(
            &right.replace("s3:GetObject\"", &format!("s3:GetObject\", \"{more}\"")),
            OTHER,
            "it would allow more",
        );
    }
    refused(&right.replace("\"s3:GetObject\", ", ""), OTHER, "it would lack something");
    refused(&right.replace("s3:GetObject", "s3:GetObjectAcl"), OTHER, "it would");
    refused(&right.replace("\"Action\": [", "\"NotAction\": ["), OTHER, "a statement is another");
}

#[test]
fn nothing_else_of_the_policy_is_another() {
    let right = without("s3:PutObject");
    refused(&right.replace("arn:aws:s3:::orders/*", "*"), OTHER, "it would allow more than today");
    refused(
        &right.replace("arn:aws:s3:::orders/*", "arn:aws:s3:::orders/a"),
        OTHER,
        "it would lack something",
    );
    refused(&right.replace("\"true\"", "\"false\""), OTHER, "a statement is another");
    refused(
        &right.replace(",\n        \"Condition\": {\"Bool\": {\"aws:SecureTransport\": \"true\"}}", ""),
        OTHER,
        "a statement is another",
    );
    refused(&right.replace("\"Allow\"", "\"Deny\""), OTHER, "a statement is another");
    refused(&right.replace("Orders", "Others"), OTHER, "a statement is another");
    // The denial is lost, is for less, or allows.
    let (allowed, _) = right.split_once(",\n      {\"Effect\": \"Deny\"").unwrap();
    refused(&format!("{allowed}\n    ]\n  }}\n}}\n"), OTHER, "a statement is another");
    refused(&right.replace("s3:DeleteObject", "s3:DeleteObjectVersion"), OTHER, "a statement is another");
    let (allowed, denied) = right.split_at(right.find("Deny").unwrap());
    let less = format!("{allowed}{}", denied.replace("\"*\"", "\"arn:aws:s3:::orders/*\""));
    refused(&less, OTHER, "a statement is another");
    // So it is where the edit itself forgot it.
    let lost = Edit { origins: vec![0], ..edit() };
    let (allowed, _) = right.split_once(",\n      {\"Effect\": \"Deny\"").unwrap();
    let after = format!("{allowed}\n    ]\n  }}\n}}\n");
    assert!(proven(&after, OTHER, &right, &lost, Options::default()).is_err());
    refused(&right.replace("\"Deny\"", "\"Allow\""), OTHER, "a statement is another");
    // A statement came.
    let more = right.replace(
        "\"Statement\": [",
        "\"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\"},",
    );
    refused(&more, OTHER, "a statement is another");
}

#[test]
fn other_policies_are_what_they_were() {
    let right = without("s3:PutObject");
    for other in [
        OTHER.replace("logs:PutLogEvents", "logs:*"),
        OTHER.replace(",\"logs:CreateLogStream\"", ""),
        OTHER.replace("\"Resource\":\"*\"", "\"Resource\":\"arn:aws:logs:*:*:*\""),
        OTHER.replace("\"Effect\":\"Allow\"", "\"Effect\":\"Deny\""),
    ] {
        assert_ne!(other, OTHER);
        refused(&right, &other, "other policies changed");
    }
    refused(&right, "{}", "other policies came or went");
    refused("{}", OTHER, "other policies came or went");
}

#[test]
fn resources_are_those_proposed_where_they_are_narrowed() {
    let right = without("s3:PutObject").replace("arn:aws:s3:::orders/*", "arn:aws:s3:::orders/new/*");
    let narrowing = Options { resources: true };
    assert_eq!(proven(&right, OTHER, &right, &edit(), narrowing), Ok(()));
    let wide = without("s3:PutObject");
    let told = proven(&wide, OTHER, &right, &edit(), narrowing).unwrap_err();
    assert!(told.starts_with("the edit could not be proven: it would allow more than proposed"), "{told}");
    // What an edit says it leaves wide may be, and of other statements nothing.
    let left = |statement| Edit {
        wide: vec![Wide { statement, why: String::new(), wanted: Vec::new() }],
        narrowed: BTreeMap::from([("s3:GetObject".to_owned(), BTreeSet::new())]),
        ..edit()
    };
    assert_eq!(proven(&wide, OTHER, &right, &left(0), narrowing), Ok(()));
    assert!(proven(&wide, OTHER, &right, &left(1), narrowing).is_err());
    assert!(proven(BEFORE, OTHER, &right, &left(0), narrowing).is_err());
    for wrong in ["arn:aws:s3:::orders/old/*", "arn:aws:s3:::orders/new/a", "arn:aws:s3:::orders/ne*", "*"] {
        let wrong = right.replace("arn:aws:s3:::orders/new/*", wrong);
        let told = proven(&wrong, OTHER, &right, &edit(), narrowing).unwrap_err();
        assert!(told.starts_with("the edit could not be proven: it would "), "{told}");
    }
}
