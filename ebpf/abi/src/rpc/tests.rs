extern crate std;
use std::string::{String, ToString};

use super::*;

/// The method and the tool of a text, as the kernel's programs find them.
fn names(text: &str) -> Option<(String, Option<String>)> {
    let (mut marks, mut counts) = ([0; 8], [0; 8]);
    let (mut state, mut depth) = (START, 0);
    for (index, byte) in text.bytes().take(TEXT).enumerate() {
        let step = TABLE[usize::from(state) * CLASSES + usize::from(CLASS[usize::from(byte)])];
        let found = usize::from(found(step));
        (marks[found], counts[found]) = (index, counts[found] + 1);
        (state, depth) = next(step, depth);
        assert!(usize::from(state) < STATES && depth < 1000);
    }
    let name = |from: u8, to: u8| {
        let (from, to) = (usize::from(from), usize::from(to));
        (counts[from] == 1 && counts[to] == 1)
            .then(|| text.get(marks[from] + 1..marks[to]).unwrap().to_string())
    };
    let is_foreign = counts[usize::from(find::FOREIGN)] > 0;
    let method = name(find::METHOD, find::METHOD_END).filter(|_| !is_foreign)?;
    Some((method, name(find::TOOL, find::TOOL_END)))
}

fn found_in(text: &str, method: &str, tool: Option<&str>) {
    assert_eq!(names(text), Some((method.to_string(), tool.map(str::to_string))), "{text}");
}

#[test]
fn a_call_names_its_tool() {
    found_in(
        r#" {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{}}}"#,
        "tools/call",
        Some("read_file"),
    );
    found_in(
        r#"{"method" : "tools/call", "params": {"_meta":{"name":"no","a":[{"]":1}]}, "a":-1.5e3, "name":"x-y"}}"#,
        "tools/call",
        Some("x-y"),
    );
    found_in(
        r#"{"params":{"arguments":{"name":"hunter2","method":"b"},"name":"t"},"id":null,"method":"eth_call"}"#,
        "eth_call",
        Some("t"),
    );
    found_in(r#"{"id":"\"method\":\"b","params":["name","c"],"method":"a:b.c$d"}"#, "a:b.c$d", None);
    found_in(r#"{"params":{},"methods":"a","metho":"b","\"":"c","method":"a"}"#, "a", None);
}

#[test]
fn what_is_no_name_is_not_there() {
    found_in(r#"{"method":"a","params":{"name":"two words"}}"#, "a", None);
    found_in(r#"{"method":"a","params":{"name":"b\"c"}}"#, "a", None);
    found_in(r#"{"method":"a","params":{"name":"b","name":"c"}}"#, "a", None);
    found_in(r#"{"method":"a","params":{"name":["b"]}}"#, "a", None);
    for text in [
        r#"{"jsonrpc":"1.0","method":"a"}"#,
        r#"{"method":"a b"}"#,
        r#"{"method":"a\u0062"}"#,
        r#"{"method":1}"#,
        r#"{"method":"a","method":"b"}"#,
        r#"{"a":{"method":"b"}}"#,
        r#"[{"method":"a"}]"#,
        r#"{"a":1]"method":"b"}"#,
        r#"{"a":1}{"method":"b"}"#,
        "",
    ] {
        assert_eq!(names(text), None, "{text}");
    }
}

#[test]
fn what_is_cut_off_is_not_there() {
    let text =
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"arguments":{"a":"}"},"name":"read_file"}}"#;
    for end in 0..text.len() {
        if let Some((method, tool)) = names(text.get(..end).unwrap()) {
            assert_eq!(method, "tools/call");
            assert!(tool.is_none_or(|tool| tool == "read_file"));
        }
    }
}
