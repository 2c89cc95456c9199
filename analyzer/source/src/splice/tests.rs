use super::*;
use crate::json::{self, Dialect};

/// What is left of a JSON list once items are taken away.
fn left(text: &str, removed: &[usize]) -> String {
    let start = text.find('[').unwrap();
    let end = text.rfind(']').unwrap() + 1;
    let list = json::read(text, start..end, Dialect::Plain).unwrap();
    let list = Sequence::of(&list).unwrap();
    apply(text, &remove(text, &list, &removed.iter().copied().collect(), false).unwrap()).unwrap()
}

#[test]
fn items_of_one_line_go_with_a_comma_and_a_space() {
    for (text, removed, expected) in [
        (r#"["a", "b", "c"]"#, &[0][..], r#"["b", "c"]"#),
        (r#"["a", "b", "c"]"#, &[1], r#"["a", "c"]"#),
        (r#"["a", "b", "c"]"#, &[2], r#"["a", "b"]"#),
        (r#"["a", "b", "c"]"#, &[1, 2], r#"["a"]"#),
        (r#"["a", "b", "c"]"#, &[0, 2], r#"["b"]"#),
        (r#"["a","b","c"]"#, &[1], r#"["a","c"]"#),
        (r#"["a","b","c"]"#, &[2], r#"["a","b"]"#),
        (r#"[ "a", "b" ]"#, &[0], r#"[ "b" ]"#),
        (r#"[ "a", "b" ]"#, &[1], r#"[ "a" ]"#),
    ] {
        assert_eq!(left(text, removed), expected, "{text} without {removed:?}");
    }
}

#[test]
fn items_of_several_lines_go_with_their_lines() {
    let text = "[\n  \"a\",\n  \"b\",\n  \"c\"\n]\n";
    assert_eq!(left(text, &[0]), "[\n  \"b\",\n  \"c\"\n]\n");
    assert_eq!(left(text, &[1]), "[\n  \"a\",\n  \"c\"\n]\n");
    assert_eq!(left(text, &[2]), "[\n  \"a\",\n  \"b\"\n]\n");
    assert_eq!(left(text, &[1, 2]), "[\n  \"a\"\n]\n");
    let windows = "[\r\n\t\"a\",\r\n\t\"b\"\r\n]";
    assert_eq!(left(windows, &[1]), "[\r\n\t\"a\"\r\n]");
    let leading = "[ \"a\"\n, \"b\"\n, \"c\"\n]";
    assert_eq!(left(leading, &[1]), "[ \"a\"\n, \"c\"\n]");
    assert_eq!(left(leading, &[2]), "[ \"a\"\n, \"b\"\n]");
    let shared = "[\"a\", \"b\",\n \"c\", \"d\"]";
    assert_eq!(left(shared, &[1]), "[\"a\",\n \"c\", \"d\"]");
    assert_eq!(left(shared, &[2]), "[\"a\", \"b\",\n \"d\"]");
    assert_eq!(left(shared, &[3]), "[\"a\", \"b\",\n \"c\"]");
    assert_eq!(left(shared, &[2, 3]), "[\"a\", \"b\"\n]");
}
