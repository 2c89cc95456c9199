//! References with indices, which mean one round of another block's loop.

use super::of;
use crate::{Content, Reason, Repository};

/// The role to which the only binding refers.
fn bound(role: &str, reference: &str) -> String {
    let text = format!(
        "{role}\nresource \"kubernetes_cluster_role_binding\" \"b\" {{\n  metadata {{ name = \"b\" }}\n  role_ref {{\n    \
         kind = \"ClusterRole\"\n    name = {reference}\n  }}\n}}\n"
    );
    let repository = of(&text);
    let mut bindings = repository.places.iter().filter_map(|place| match &place.content {
        Content::Binding(bound) => Some(bound.role.to_string()),
        _ => None,
    });
    bindings.next().unwrap()
}

#[test]
fn an_index_tells_the_round_of_another_loop() {
    let role = |each: &str, name: &str| {
        format!(
            "resource \"kubernetes_cluster_role\" \"r\" {{\n  for_each = {each}\n  metadata {{ name = {name} }}\n}}"
        )
    };
    let written = role("toset([\"viewer\", \"admin\"])", "\"the-${each.key}\"");
    let refer = |index: &str| format!("kubernetes_cluster_role.r[{index}].metadata[0].name");
    assert_eq!(bound(&written, &refer("\"viewer\"")), "the-viewer");
    assert_eq!(bound(&written, &refer("\"admin\"")), "the-admin");
    assert_eq!(bound(&written, "kubernetes_cluster_role.r[\"admin\"].metadata.0.name"), "the-admin");
    let of_values = role("{ \"a.b\" = \"one\", c = \"two\" }", "each.value");
    assert_eq!(bound(&of_values, &refer("\"a.b\"")), "one");
    assert_eq!(bound(&of_values, &refer("\"c\"")), "two");
    // Where the rounds are not known each index is another expression.
    let open = role("var.roles", "each.key");
    assert_eq!(bound(&open, &refer("\"viewer\"")), refer("\"viewer\""));
    assert_eq!(bound(&open, &refer("\"admin\"")), refer("\"admin\""));
    // No loop has that round, and no loop that word.
    assert_eq!(bound(&written, &refer("\"gone\"")), refer("\"gone\""));
    let fixed =
        "resource \"kubernetes_cluster_role\" \"r\" {\n  count = 1\n  metadata { name = \"fixed\" }\n}";
    assert_eq!(bound(fixed, &refer("0")), "fixed");
}

#[test]
fn an_index_of_a_local_name_tells_what_is_taken_out() {
    let locals = "locals {\n  roles = { a = \"one\", b = \"two\" }\n  list = [\"three\", \"four\"]\n  open = var.open\n}";
    for (reference, expected) in [
        ("local.roles[\"a\"]", "one"),
        ("local.roles[\"b\"]", "two"),
        ("local.list[1]", "four"),
        ("local.open[\"a\"]", "local.open[\"a\"]"),
    ] {
        assert_eq!(bound(locals, reference), expected, "{reference}");
    }
}

#[test]
fn groups_of_a_loop_are_told_apart() {
    let groups = |each: &str, groups: &str| {
        let text = format!(
            "resource \"aws_iam_group\" \"g\" {{\n  for_each = {each}\n  name = each.key\n}}\n\
             resource \"aws_iam_user_group_membership\" \"m\" {{\n  user = \"ann\"\n  groups = [{groups}]\n}}\n"
        );
        let repository = of(&text);
        let members = repository.declared().iter().flat_map(|one| &one.members);
        members.map(|(_, group)| group.to_string()).collect::<Vec<_>>()
    };
    let written = "toset([\"ops\", \"admins\"])";
    assert_eq!(groups(written, "aws_iam_group.g[\"ops\"].name"), ["group ops"]);
    assert_eq!(groups(written, "aws_iam_group.g[\"admins\"].name"), ["group admins"]);
    assert_eq!(groups("var.all", "aws_iam_group.g[\"ops\"].name"), ["group aws_iam_group.g[\"ops\"]"]);
}

#[test]
fn a_loop_may_take_over_the_key_of_another() {
    let text = "resource \"aws_iam_group\" \"g\" {\n  for_each = toset([\"ops\", \"dev\"])\n  name = \"the-${each.key}\"\n}\n\
        resource \"aws_iam_user_group_membership\" \"m\" {\n  for_each = toset([\"ops\", \"dev\"])\n  user = \"ann\"\n  \
        groups = [aws_iam_group.g[each.key].name]\n}\n";
    let repository = of(text);
    let members: Vec<_> = repository.declared().iter().flat_map(|one| &one.members).collect();
    let groups: Vec<_> = members.iter().map(|(_, group)| group.to_string()).collect();
    assert_eq!(groups, ["group the-ops", "group the-dev"]);
}

#[test]
fn loops_that_refer_to_each_other_end() {
    let one = |name: &str, other: &str| {
        let item = format!("aws_iam_group.{other}[\"x\"].name");
        format!(
            "resource \"aws_iam_group\" \"{name}\" {{\n  for_each = toset([{item}, {item}, {item}])\n  name = each.key\n}}\n"
        )
    };
    let repository = of(&format!("{}{}", one("a", "b"), one("b", "a")));
    assert!(repository.declared().iter().all(|one| !one.address.is_empty()));
}

#[test]
fn another_document_of_a_loop_is_another_context() {
    let context = |index: &str| {
        let text = format!(
            "data \"aws_iam_policy_document\" \"d\" {{\n  for_each = var.all\n  statement {{ actions = [\"s3:Get*\"] }}\n}}\n\
             resource \"aws_iam_policy\" \"p\" {{\n  policy = data.aws_iam_policy_document.d[\"{index}\"].json\n}}\n"
        );
        of(&text).places.into_iter().map(|place| place.context).collect::<String>()
    };
    assert_eq!(context("a"), context("a"));
    assert_ne!(context("a"), context("b"));
}

/// In JSON the quotes of a template are escaped, and those within its texts twice.
#[test]
fn templates_within_json_end_where_they_do() {
    let of = |policy: &str| {
        let text = format!(
            "{{\"resource\": {{\"aws_iam_role_policy\": {{\"p\": {{\"role\": \"app\", \"policy\": {policy}}}}}}}}}"
        );
        let repository = Repository::of([("main.tf.json".into(), text)]);
        assert!(repository.problems.is_empty(), "{policy}: {:?}", repository.problems);
        repository.places.into_iter().map(|place| place.reasons).collect::<Vec<_>>()
    };
    for (policy, reason) in [
        (
            r#""${jsonencode({Effect=\"Allow\", Action=local.a})}""#,
            r#"jsonencode({Effect="Allow", Action=local.a})"#,
        ),
        (r#""${f(\"a}\", \"\\\"}\", \"\\\\\")}""#, r#"f("a}", "\"}", "\\")"#),
        (r#""${local.open}""#, "local.open"),
    ] {
        assert_eq!(of(policy), [[Reason::Expression(reason.to_owned())]], "{policy}");
    }
}
