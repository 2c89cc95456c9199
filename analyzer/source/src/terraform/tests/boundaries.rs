//! What bounds roles and users, each of a loop by its own.

use super::of;

/// A holder with its boundary, and the boundary's address.
type Told = (String, Option<(String, Option<String>)>);

/// Each holder of a file.
fn bounded(text: &str) -> Vec<Told> {
    let repository = of(text);
    let holders = repository.declared().iter().flat_map(|one| &one.holders);
    let of = |(name, boundary): &(crate::Text, Option<crate::Boundary>)| {
        let boundary = boundary.as_ref().map(|one| {
            assert_eq!(one.file, None);
            (one.policy.to_string(), one.address.clone())
        });
        (name.to_string(), boundary)
    };
    holders.map(of).collect()
}

fn role(inner: &str) -> String {
    format!("resource \"aws_iam_role\" \"r\" {{\n{inner}\n}}\n")
}

fn told(name: &str, policy: &str, address: Option<&str>) -> Told {
    (name.to_owned(), Some((policy.to_owned(), address.map(str::to_owned))))
}

#[test]
fn each_round_has_its_own_boundary() {
    let each = "for_each = { app = \"arn:strict\", ci = \"arn:lax\", free = null }";
    let all = bounded(&role(&format!("{each}\nname = each.key\npermissions_boundary = each.value")));
    assert_eq!(
        all,
        [
            told("role app", "arn:strict", None),
            told("role ci", "arn:lax", None),
            ("role free".to_owned(), None)
        ]
    );
    let each = "for_each = { app = { by = \"arn:strict\" }, ci = { by = aws_iam_policy.b.arn } }";
    let own = "resource \"aws_iam_policy\" \"b\" { name = \"b\" }\n";
    let looped = role(&format!("{each}\nname = each.key\npermissions_boundary = each.value.by"));
    let expected = [
        told("role app", "arn:strict", None),
        told("role ci", "aws_iam_policy.b.arn", Some("aws_iam_policy.b")),
    ];
    assert_eq!(bounded(&format!("{own}{looped}")), expected);
}

#[test]
fn one_that_is_looked_up_is_told_by_what_it_is_looked_up_by() {
    let role = role("name = \"r\"\npermissions_boundary = data.aws_iam_policy.b.arn");
    for (by, expected) in [("arn = \"arn:strict\"", "arn:strict"), ("name = \"lax\"", "lax")] {
        let all = bounded(&format!("data \"aws_iam_policy\" \"b\" {{ {by} }}\n{role}"));
        assert_eq!(all, [told("role r", expected, None)]);
    }
}

#[test]
fn local_names_are_followed_to_a_policy_of_the_folder() {
    let text = "locals {\n  b = local.c\n  c = aws_iam_policy.b.arn\n  none = null\n}\n\
        resource \"aws_iam_policy\" \"b\" { name = \"b\" }\n";
    let of = |boundary: &str| {
        bounded(&format!("{text}{}", role(&format!("name = \"r\"\npermissions_boundary = {boundary}"))))
    };
    for boundary in ["local.b", "local.c", "aws_iam_policy.b.arn", "\"${local.b}\""] {
        let expected = told("role r", "aws_iam_policy.b.arn", Some("aws_iam_policy.b"));
        assert_eq!(of(boundary), [expected], "{boundary}");
    }
    for none in ["null", "local.none", "\"\""] {
        assert_eq!(of(none), [("role r".to_owned(), None)], "{none}");
    }
}

#[test]
fn a_policy_that_a_local_name_means_is_attached_as_one_of_the_folder() {
    let text = "locals { b = aws_iam_policy.b.arn }\n\
        resource \"aws_iam_policy\" \"b\" {\n  name = \"b\"\n  policy = jsonencode({ Statement = [] })\n}\n\
        resource \"aws_iam_role_policy_attachment\" \"a\" {\n  role = \"app\"\n  policy_arn = local.b\n}\n";
    let repository = of(text);
    assert_eq!(repository.attachments, []);
    let holders: Vec<_> = repository.places.iter().flat_map(|place| &place.names.holders).collect();
    assert_eq!(holders.iter().map(ToString::to_string).collect::<Vec<_>>(), ["role app"]);
}
