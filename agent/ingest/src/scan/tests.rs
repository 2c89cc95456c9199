use super::*;

fn text(json: &str) -> Option<String> {
    let mut cursor = Cursor::new(json.as_bytes());
    cursor.text().ok()?.decode().map(std::borrow::Cow::into_owned)
}

#[test]
fn texts_are_decoded() {
    let cases = [
        (r#""plain""#, Some("plain")),
        (r#""a\"b\\c\/d""#, Some("a\"b\\c/d")),
        (r#""\u00e4\n""#, Some("ä\n")),
        (r#""unfinished"#, None),
        ("7", None),
    ];
    for (json, expected) in cases {
        assert_eq!(text(json).as_deref(), expected, "{json}");
    }
}
