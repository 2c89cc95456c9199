use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::{Effect, Matcher};

/// The error of a text, as a user sees it.
fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// The error of a document with one statement that has these elements, on line 1.
fn statement_error(elements: &str) -> String {
    error(&format!(r#"{{"Statement": {{{elements}}}}}"#))
}

#[test]
fn reads_every_element() {
    let document = parse(
        r#"
{
  "Version": "2012-10-17", "Id": "x",
  "Statement": [
    {"Sid": "A", "Effect": "Allow", "Action": "s3:*", "NotResource": ["a", "b"],
     "Condition": {"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", 1, true]}, "Null": {"b": false}}},

    {"Effect": "Deny", "NotPrincipal": "*", "NotAction": ["*"]}
  ]
}"#,
    )
    .unwrap();
    assert_eq!(document.version.as_deref(), Some("2012-10-17"));
    assert_eq!(document.id.as_deref(), Some("x"));
    assert!(!document.single_statement);
    let [first, second] = document.statements.as_slice() else { panic!() };
    assert_eq!((first.line, second.line), (5, 8));
    assert_eq!(first.actions, Matcher { negated: false, patterns: vec!["s3:*".to_owned()], bare: true });
    let not_resource = Matcher { negated: true, patterns: vec!["a".to_owned(), "b".to_owned()], bare: false };
    assert_eq!(first.resources, Some(not_resource));
    assert_eq!(first.conditions[0].operator, "ForAnyValue:StringLikeIfExists");
    assert_eq!(first.conditions[0].values, [Value::from("a"), Value::from(1), Value::from(true)]);
    assert!(first.conditions[1].bare && !first.conditions[0].bare);
    assert_eq!(second.effect, Effect::Deny);
    assert!(second.principal.as_ref().is_some_and(|principal| principal.negated) && second.actions.negated);
}

#[test]
fn json_errors_have_a_place() {
    assert_eq!(error(""), "1:1: the document ends too early");
    assert_eq!(error("{\"Statement\": []"), "1:17: the document ends too early");
    assert_eq!(error("{\n  \"Statement\" []}"), "2:15: expected `:`, found `[`");
    assert_eq!(error("{Statement: []}"), "1:2: expected a key in double quotes, found `S`");
    assert_eq!(error("{\"Statement\": [],}"), "1:18: expected a key in double quotes, found `}`");
    assert_eq!(error("{\"Statement\": [1 2]}"), "1:18: expected `,` or `]`, found `2`");
    assert_eq!(error("{\"Statement\": []} x"), "1:19: expected the end of the document, found `x`");
    assert_eq!(error("{\"Id\": \"a\nb\"}"), "1:10: `\\n` must be escaped in a string");
    assert_eq!(error("{\"Id\": \"\\ud800\"}"), "1:9: invalid escape in a string");
    assert_eq!(error("{\"Id\": \"abc"), "1:8: a string is not closed");
    assert_eq!(error("{\"Id\": 1-2}"), "1:8: `1-2` is not a number");
    assert_eq!(error("{\"Id\": nul}"), "1:8: expected a value");
}

#[test]
fn repeated_keys_are_refused() {
    assert_eq!(
        error("{\"Statement\": [],\n \"Statement\": []}"),
        "2:2: key `Statement` is written twice\nhint: join the two into one; it is not defined which of them counts"
    );
}

#[test]
fn unknown_elements_are_refused_with_a_hint() {
    assert_eq!(
        error(r#"{"Statements": []}"#),
        "1:2: a policy document has no element `Statements`\nhint: write `Statement`"
    );
    assert_eq!(
        statement_error(r#""effect": "Allow""#),
        "1:16: a statement has no element `effect`\nhint: write `Effect`"
    );
    assert!(statement_error(r#""Where": 1"#).contains("hint: its elements are `Sid`, `Effect`"));
}

#[test]
fn statements_must_be_whole() {
    assert_eq!(error("{}"), "1:1: the document has no `Statement`");
    assert_eq!(error("[]"), "1:1: a policy document is an object, not a list");
    assert_eq!(error(r#"{"Statement": "x"}"#), "1:15: a statement is an object, not a string");
    assert_eq!(statement_error(""), "1:15: the statement has no `Effect`");
    assert_eq!(statement_error(r#""Effect": "Allow""#), "1:15: the statement has no `Action` or `NotAction`");
    let no_resource = statement_error(r#""Effect": "Allow", "Action": "*""#);
    assert!(no_resource.starts_with("1:15: the statement has no `Resource` or `NotResource`\nhint: "));
    let both = statement_error(r#""Effect": "Allow", "Action": "*", "NotAction": "*""#);
    assert!(both.ends_with("a statement cannot have both `Action` and `NotAction`"));
}

#[test]
fn values_must_have_their_types() {
    let wrong = |elements: &str, message: &str| {
        let found = statement_error(elements);
        assert!(found.contains(message), "{found}");
    };
    wrong(
        r#""Effect": "allow""#,
        "unknown effect `allow`\nhint: the effect is `Allow` or `Deny`, written so",
    );
    wrong(r#""Effect": true"#, "`Effect` needs a string, not a boolean");
    wrong(r#""Action": {}"#, "`Action` needs a string, not an object");
    wrong(r#""Action": ["a", null]"#, "`Action` needs a string, not null");
    wrong(r#""NotResource": [["a"]]"#, "`NotResource` needs a string, not a list");
    wrong(r#""Principal": ["*"]"#, "a principal is a string or an object, not a list");
    wrong(r#""Principal": {"AWS": [1]}"#, "principal type `AWS` needs a string or a list of strings");
    wrong(r#""Condition": {"Bool": "x"}"#, "condition operator `Bool` is an object, not a string");
    wrong(
        r#""Condition": {"Bool": {"k": [null]}}"#,
        "condition key `k` needs strings, numbers or booleans, not null",
    );
    let version = error(r#"{"Version": "2024-01-01", "Statement": []}"#);
    assert!(version.starts_with("1:13: unknown policy version `2024-01-01`\nhint: "));
}

#[test]
fn hostile_texts_are_bounded() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(error(&deep), "1:34: the document is nested too deep");
    let mut value = Value::Null;
    for _ in 0..100 {
        value = Value::Array(vec![value]);
    }
    assert_eq!(from_value(&value).unwrap_err().to_string(), "the document is nested too deep");
    let keys: Vec<_> = (0..=1_000).map(|number| format!("\"{number}\": 1")).collect();
    let wide = format!("{{{}}}", keys.join(","));
    assert!(error(&wide).ends_with("an object has more than 1000 keys"));
    let wide: Value = serde_json::from_str(&wide).unwrap();
    assert_eq!(from_value(&wide).unwrap_err().to_string(), "an object has more than 1000 keys");
    let long = " ".repeat(MAX_LENGTH + 1);
    assert!(error(&long).starts_with("the document has 4194305 bytes"));
}

proptest! {
    /// Whatever the text, there is an answer; and an error of a text has a place.
    #[test]
    fn no_text_is_too_strange(
        pieces in prop::collection::vec(select(&[
            "{", "}", "[", "]", ":", ",", "\"Statement\"", "\"Effect\"", "\"Allow\"", "\"Action\"", "\"*\"", "\"\\u12", "\"\\ud83d\\ude00\"",
            "\"Condition\"", "\"Principal\"", "\"Resource\"", "1", "-", "1e999", "true", "null", "\n", " ", "é", "\u{feff}", "\0",
        ][..]), 0..40),
        other in any::<String>(),
    ) {
        for text in [pieces.concat(), other] {
            if let Err(error) = parse(&text) {
                prop_assert!(error.line > 0 && error.column > 0);
            }
        }
    }
}

#[test]
fn embedded_documents_have_no_lines() {
    let value = serde_json::json!({"Statement": {"Effect": "Allow", "Action": "a:b", "Resource": "*"}});
    let document = from_value(&value).unwrap();
    assert!(document.single_statement);
    assert_eq!(document.statements[0].line, 0);
    let error = from_value(&serde_json::json!({"Statement": 1})).unwrap_err();
    assert_eq!(error.to_string(), "a statement is an object, not a number");
}

#[test]
fn strings_are_decoded() {
    let document = parse(r#"{"Id": "\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00", "Statement": []}"#).unwrap();
    assert_eq!(document.id.as_deref(), Some("\"\\/\u{8}\u{c}\n\r\té😀"));
}
