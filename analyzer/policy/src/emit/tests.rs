use proptest::prelude::*;

use crate::generated::{Features, documents};
use crate::{Document, from_value, parse};

#[test]
fn formats_as_the_provider_does() {
    let text = r#"{
    "Version": "2012-10-17",
    "Id": "policy",
    "Statement": [
        {
            "Sid": "One",
            "Effect": "Allow",
            "Principal": {
                "AWS": [
                    "111122223333"
                ],
                "Service": "ec2.amazonaws.com"
            },
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {
                    "aws:PrincipalTag/a": "b",
                    "aws:PrincipalTag/c": []
                },
                "NumericLessThan": {
                    "x:y": [
                        1,
                        2.5
                    ]
                }
            }
        },
        {
            "Effect": "Deny",
            "NotAction": [],
            "NotResource": [
                "arn:aws:s3:::\"\\\u0001é",
                "*"
            ]
        }
    ]
}
"#;
    assert_eq!(parse(text).unwrap().emit(), text);
}

#[test]
fn orders_elements() {
    let text = r#"{"Statement": {"Resource": "*", "Condition": {}, "Action": ["a:b"], "Effect": "Allow"}, "Version": "2012-10-17"}"#;
    let expected = r#"{
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": [
            "a:b"
        ],
        "Resource": "*"
    }
}
"#;
    assert_eq!(parse(text).unwrap().emit(), expected);
}

#[test]
fn size_leaves_out_white_space_outside_of_strings() {
    let text = r#"{"Statement":[{"Sid":"two words é","Effect":"Allow","Action":"a:b","Resource":"*"}]}"#;
    assert_eq!(parse(text).unwrap().size(), text.chars().count());
}

#[test]
fn joins_the_keys_of_an_operator() {
    let text = r#"{"Statement": {"Effect": "Allow", "Action": "a:b", "Resource": "*",
        "Condition": {"Bool": {"a:x": "true"}, "Null": {"a:y": "true"}}}}"#;
    let mut document = parse(text).unwrap();
    let mut third = document.statements[0].conditions[0].clone();
    third.key = "a:z".to_owned();
    document.statements[0].conditions.push(third);
    let read = parse(&document.emit()).unwrap();
    let keys: Vec<_> = read.statements[0].conditions.iter().map(|condition| condition.key.as_str()).collect();
    assert_eq!(keys, ["a:x", "a:z", "a:y"]);
}

fn without_lines(mut document: Document) -> Document {
    document.statements.iter_mut().for_each(|statement| statement.line = 0);
    document
}

proptest! {
    #[test]
    fn parsing_what_was_emitted_gives_it_back(document in documents(Features::ALL)) {
        let text = document.emit();
        prop_assert_eq!(&without_lines(parse(&text).unwrap()), &grouped(document));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let embedded = from_value(&value).unwrap();
        prop_assert_eq!(embedded.emit(), text);
        prop_assert_eq!(embedded.size(), serde_json::to_string(&value).unwrap().chars().count());
    }
}

/// Conditions of one operator stand together in a text.
fn grouped(mut document: Document) -> Document {
    for statement in &mut document.statements {
        let order: Vec<_> = statement.conditions.iter().map(|condition| condition.operator.clone()).collect();
        statement
            .conditions
            .sort_by_key(|condition| order.iter().position(|name| *name == condition.operator));
    }
    document
}
