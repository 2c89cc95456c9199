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
    // The bracket stays beside the last one, where it was.
    assert_eq!(left(shared, &[2, 3]), "[\"a\", \"b\"]");
    assert_eq!(left("[\"a\", \"b\",\n    \"c\"]", &[1, 2]), "[\"a\"]");
    assert_eq!(left("[ \"a\",\n  \"b\",\n  \"c\" ]", &[0, 2]), "[\n  \"b\" ]");
}

/// What a value becomes, of the second list of a JSON or YAML text, with the first one beside it.
fn longer(text: &str, first: &str, second: &str, new: &[&str]) -> Option<String> {
    let tokens = |name: &str| {
        let documents = crate::yaml::read(text).unwrap();
        Tokens::of(documents[0].get(name).unwrap(), |node| node.text().cloned(), text)
    };
    let new: Vec<String> = new.iter().map(|&one| one.to_owned()).collect();
    let cut = unfolded(text, &tokens(second), &new, Some(&tokens(first)))?;
    apply(text, &[cut])
}

#[test]
fn lists_get_as_many_lines_as_those_beside_them() {
    let after = longer("A:\n- a\nB: '*' # all\nC: d\n", "A", "B", &["'b'", "'c'"]);
    assert_eq!(after.as_deref(), Some("A:\n- a\nB:\n- 'b'\n- 'c' # all\nC: d\n"));
    let after = longer("A:\r\n    - a\r\nB: '*'\r\n", "A", "B", &["'b'", "'c'"]);
    assert_eq!(after.as_deref(), Some("A:\r\n    - a\r\nB:\r\n    - 'b'\r\n    - 'c'\r\n"));
    let after = longer("{\n\t\"A\": [\n\t\t\"a\"\n\t],\n\t\"B\": \"*\"\n}\n", "A", "B", &["\"b\"", "\"c\""]);
    assert_eq!(
        after.as_deref(),
        Some("{\n\t\"A\": [\n\t\t\"a\"\n\t],\n\t\"B\": [\n\t\t\"b\",\n\t\t\"c\"\n\t]\n}\n")
    );
    // What somebody put on one line stays there, as far as a line goes.
    assert_eq!(longer("A:\n- a\nB: ['*']\n", "A", "B", &["'b'", "'c'"]), None);
    assert_eq!(longer("{\n  \"A\": [\"a\"],\n  \"B\": \"*\"\n}\n", "A", "B", &["\"b\"", "\"c\""]), None);
    assert_eq!(longer("A:\n- a\nB: '*'\n", "A", "B", &["'b'"]), None);
    let long = ["\"b\"", &format!("\"{}\"", "c".repeat(90))];
    let after = longer("{\n  \"A\": [\"a\"],\n  \"B\": \"*\"\n}\n", "A", "B", &long);
    assert_eq!(
        after,
        Some(format!("{{\n  \"A\": [\"a\"],\n  \"B\": [\n    {},\n    {}\n  ]\n}}\n", long[0], long[1]))
    );
}

/// What a text of Terraform becomes where the actions of its first statement are others.
fn formatted(text: &str, new: &[String]) -> String {
    let blocks = crate::hcl::read(text).unwrap();
    let statement = blocks[0].blocks("statement").next().unwrap();
    let tokens = |name: &str| {
        statement
            .get(name)
            .map(|node| Tokens::of(node, |node| node.text().cloned(), text))
            .unwrap_or_default()
    };
    let own = tokens("actions");
    let spread = || Cut { text: spread(text, &own, 0, new), ..Cut::of(own.items[0].span.clone()) };
    let cut = unfolded(text, &own, new, Some(&tokens("resources"))).unwrap_or_else(spread);
    apply(text, &[cut]).unwrap()
}

/// All of these are as `terraform fmt` leaves them, which is what `terraform fmt -check` asks for: no list takes several lines where
/// others are aligned with it.
#[test]
fn attributes_stay_as_the_formatter_of_terraform_wants_them() {
    let names =
        |count: usize| (0..count).map(|at| format!("\"states:DescribeNumber{at}\"")).collect::<Vec<_>>();
    let data =
        |lines: &str| format!("data \"aws_iam_policy_document\" \"a\" {{\n  statement {{\n{lines}  }}\n}}\n");
    let listed = |names: &[String]| names.iter().map(|one| format!("      {one},\n")).collect::<String>();
    let (few, many) = (names(2), names(4));
    let (short, long) = (few.join(", "), many.join(", "));
    let resources = "    resources = [\n      \"a\",\n    ]\n";
    for (before, new, after) in [
        // What fits on its line stays there, whatever the list beside it does.
        (
            "    actions = [\"states:*\"]\n".to_owned() + resources,
            &few,
            format!("    actions = [{short}]\n{resources}"),
        ),
        (
            "    actions   = [\"states:*\"]\n    resources = [\"*\"]\n".to_owned(),
            &few,
            format!("    actions   = [{short}]\n    resources = [\"*\"]\n"),
        ),
        // What does not fit is aligned with nothing.
        (
            "    actions   = [\"states:*\"]\n    resources = [\"*\"]\n".to_owned(),
            &many,
            format!("    actions = [\n{}    ]\n    resources = [\"*\"]\n", listed(&many)),
        ),
        (
            "    resources = [\"*\"] # all, as = says\n    actions   = [\"states:*\"]\n\n    sid = \"a\"\n"
                .to_owned(),
            &many,
            format!(
                "    resources = [\"*\"] # all, as = says\n    actions = [\n{}    ]\n\n    sid = \"a\"\n",
                listed(&many)
            ),
        ),
        // Others are aligned with it, and would not be any more.
        (
            "    sid       = \"a\"\n    actions   = [\"states:*\"]\n    resources = [\"*\"]\n".to_owned(),
            &many,
            format!("    sid       = \"a\"\n    actions   = [{long}]\n    resources = [\"*\"]\n"),
        ),
        (
            "    sid     = \"[\"\n    actions = [\"states:*\"]\n".to_owned() + resources,
            &many,
            format!("    sid     = \"[\"\n    actions = [{long}]\n{resources}"),
        ),
    ] {
        let (before, after) = (data(&before), data(&after));
        assert_eq!(formatted(&before, new), after);
    }
}
