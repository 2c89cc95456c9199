use serde_json::json;

use super::*;

fn one(text: &str) -> Value {
    let mut documents = documents(text);
    assert_eq!(documents.len(), 1, "{documents:?}");
    documents.pop().unwrap().unwrap().value
}

fn wrong(text: &str) -> (u32, String) {
    let error = documents(text).into_iter().find_map(Result::err).unwrap();
    (error.line, error.message)
}

#[test]
fn values_are_those_of_the_core_schema() {
    let text = "a: [1, -2, 1.5, 0x1f, 1e3, 99999999999999999999]\nb: [~, null, '', \"\", yes]\nempty:\nc: [true, FALSE, 'true', !!str true]\n\
                d: v1\ne: 1.2.3\nf: |\n  one\n  two\ng: {h: {i: 10m}}\n";
    assert_eq!(
        one(text),
        json!({
            "a": [1, -2, 1.5, 31, 1000.0, 1e20],
            "b": [null, null, "", "", "yes"], "empty": null,
            "c": [true, false, "true", "true"],
            "d": "v1", "e": "1.2.3", "f": "one\ntwo\n", "g": {"h": {"i": "10m"}},
        })
    );
}

#[test]
fn documents_and_items_have_their_lines() {
    let text = "# of a chart\n---\n# Source: a.yaml\nkind: A\n---\n---\nkind: List\nitems:\n- kind: B\n\n- kind: C\n  x: [1]\n";
    let documents: Vec<_> = documents(text).into_iter().map(Result::unwrap).collect();
    let lines: Vec<_> = documents.iter().map(|one| (one.line, one.items.clone())).collect();
    assert_eq!(lines, [(4, vec![]), (5, vec![]), (7, vec![9, 11])], "{documents:?}");
    assert_eq!(documents[1].value, Value::Null);
}

#[test]
fn aliases_and_merges_copy() {
    let text = "base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\none: *base\ntwo: {<<: *base, b: 5}\n\
                three:\n  <<: [*base, *other]\n  d: 6\n";
    let value = one(text);
    assert_eq!(value["one"], json!({"a": 1, "b": 2}));
    assert_eq!(value["two"], json!({"a": 1, "b": 5}));
    assert_eq!(value["three"], json!({"a": 1, "b": 2, "c": 4, "d": 6}));
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_read() {
    let text = "a: 1\n---\nb: {{ .Values.b }}\n---\nc: 1\nc: 2\n---\nd: 1\n";
    let documents = documents(text);
    let read: Vec<_> = documents.iter().flatten().map(|one| one.value.clone()).collect();
    assert_eq!(read, [json!({"a": 1}), json!({"d": 1})]);
    let lines: Vec<_> = documents.iter().filter_map(|one| one.as_ref().err()).map(|one| one.line).collect();
    assert_eq!(lines, [3, 6]);
    assert_eq!(wrong("c: 1\nc: 2\n"), (2, "`c` is given twice".to_owned()));
    assert_eq!(wrong("[a]: 1\n").1, "a key is a list or map");
    assert_eq!(wrong("a: &a [*a]\n").1, "an alias stands within what it stands for");
}

/// A few lines that would be gigabytes, and nesting that would end the stack.
#[test]
fn hostile_text_stays_small() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", ")));
    }
    assert_eq!(wrong(&bomb).1, "aliases stand for too much");
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(100));
    assert_eq!(wrong(&long).1, "aliases stand for too much");
    let deep = "[".repeat(100_000);
    assert_eq!(wrong(&deep).0, 1);
    let deep: String = (0..1_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    wrong(&deep);
}
