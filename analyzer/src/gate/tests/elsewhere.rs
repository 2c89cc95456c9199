//! What decides a grant may be written elsewhere, and change there alone.

mod modules;
mod templates;

use super::*;

/// What is said of a change of one file beside others that stay: its rules and messages.
fn told(stays: &[(&str, &str)], path: &str, base: &str, head: &str) -> Vec<(&'static str, String)> {
    let with = |text| stays.iter().copied().chain([(path, text)]).collect::<Vec<_>>();
    let all = checked(&with(base), &with(head), &Policy::default());
    all.into_iter().map(|one| (one.rule, one.message)).collect()
}

fn policy(statements: &str) -> String {
    format!(
        "resource \"aws_iam_role_policy\" \"app\" {{\n  role = \"app\"\n  policy = jsonencode({{ Statement = {statements} }})\n}}\n"
    )
}

fn allowing(actions: &str, resources: &str) -> String {
    policy(&format!("[{{ Effect = \"Allow\", Action = {actions}, Resource = {resources} }}]"))
}

#[test]
fn lists_of_local_names_are_followed() {
    for actions in [
        "local.read",
        "concat(local.read, [\"s3:ListBucket\"])",
        "distinct(flatten([local.read, local.more.write]))",
        "[\"${local.service}:GetObject\", \"s3:ListBucket\"]",
        "local.all[\"read\"]",
    ] {
        let main = allowing(actions, "\"*\"");
        let locals = |action: &str| {
            format!(
                "locals {{\n  read = [\"{action}\"]\n  more = {{ write = [\"s3:PutObject\"] }}\n  service = \"{}\"\n  all = {{ read = local.read }}\n}}\n",
                action.split(':').next().unwrap()
            )
        };
        let stays = [("main.tf", main.as_str())];
        let all = told(&stays, "locals.tf", &locals("s3:GetObject"), &locals("iam:GetObject"));
        assert_eq!(all.len(), 1, "{actions}: {all:?}");
        assert_eq!(all[0].0, "new_privilege", "{actions}: {all:?}");
        assert!(all[0].1.contains("`iam:"), "{actions}: {all:?}");
        let fewer = |list: &str| {
            format!(
                "locals {{\n  read = [{list}]\n  more = {{ write = [] }}\n  service = \"s3\"\n  all = {{ read = local.read }}\n}}\n"
            )
        };
        let none = told(
            &stays,
            "locals.tf",
            &fewer("\"s3:GetObject\", \"s3:PutObject\""),
            &fewer("\"s3:GetObject\""),
        );
        assert!(none.is_empty(), "{actions}: {none:?}");
    }
}

#[test]
fn what_is_forbidden_is_found_behind_a_local_name() {
    let forbidding = Policy { forbidden: vec![Pattern::new("iam:PassRole").unwrap()], ..Policy::default() };
    let files = |list: &str| {
        format!("locals {{ more = [{list}] }}\n{}", allowing("concat(var.own, local.more)", "\"*\""))
    };
    let (base, head) = (files("\"s3:GetObject\""), files("\"s3:GetObject\", \"iam:PassRole\""));
    let all = checked(&[("main.tf", &base)], &[("main.tf", &head)], &forbidding);
    let rules: Vec<_> = all.iter().map(|one| one.rule).collect();
    assert_eq!(rules, ["forbidden_action", "unjudged", "new_privilege"], "{all:?}");
}

#[test]
fn a_resource_behind_an_input_is_another_where_that_is() {
    let main = format!(
        "variable \"bucket\" {{}}\n{}",
        allowing("\"s3:GetObject\"", "\"arn:aws:s3:::${var.bucket}/*\"")
    );
    let all = told(&[("main.tf", &main)], "a.tfvars", "bucket = \"logs\"\n", "bucket = \"*\"\n");
    assert_eq!(all.len(), 1, "{all:?}");
    let expected = "since `var.bucket` says something else than before";
    assert!(all[0].1.contains(expected) && all[0].1.contains("`arn:aws:s3:::${var.bucket}/"), "{all:?}");
    // A reference to a resource is no input, and what others refer to says nothing of this one.
    let own = allowing("\"s3:GetObject\"", "aws_s3_bucket.logs.arn");
    let bucket = |name: &str| {
        format!(
            "resource \"aws_s3_bucket\" \"logs\" {{ bucket = \"{name}\" }}\nlocals {{ other = \"{name}\" }}\n"
        )
    };
    assert!(told(&[("main.tf", &own)], "b.tf", &bucket("a"), &bucket("b")).is_empty());
}

#[test]
fn a_denial_that_denies_less_by_what_it_refers_to_is_told() {
    let main = policy(
        "[{ Effect = \"Allow\", Action = \"s3:*\", Resource = \"*\" }, { Effect = \"Deny\", Action = \"s3:*\", Resource = local.kept }]",
    );
    let list = |one: &str| format!("locals {{ kept = [\"arn:aws:s3:::vault/*\", \"{one}\"] }}\n");
    let all =
        told(&[("main.tf", &main)], "locals.tf", &list("arn:aws:s3:::keys/*"), &list("arn:aws:s3:::none/*"));
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].1.contains("arn:aws:s3:::keys/"), "{all:?}");
    let all = told(
        &[("main.tf", &main.replace("local.kept", "var.kept"))],
        "a.tfvars",
        "kept = [\"*\"]\n",
        "kept = []\n",
    );
    assert_eq!(all.len(), 1, "{all:?}");
}

#[test]
fn whom_a_local_name_lets_in_is_followed() {
    let role = "resource \"aws_iam_role\" \"app\" {\n  name = \"app\"\n  assume_role_policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"sts:AssumeRole\", Principal = { AWS = local.who } }] })\n}\n";
    let who = |account: &str| format!("locals {{ who = [\"arn:aws:iam::{account}:root\"] }}\n");
    let all = told(&[("main.tf", role)], "l.tf", &who("111122223333"), &who("444455556666"));
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].0, "new_trust");
    assert!(all[0].1.contains("444455556666"), "{all:?}");
}

#[test]
fn policies_made_of_what_cannot_be_read_are_compared_with_what_they_refer_to() {
    let locals = |action: &str| format!("locals {{ own = [\"{action}\"] }}\n");
    for main in [
        policy("[for one in local.own : { Effect = \"Allow\", Action = one, Resource = \"*\" }]"),
        policy("concat(local.own, [])"),
        "resource \"aws_iam_role_policy\" \"app\" {\n  role = \"app\"\n  policy = templatestring(local.own, {})\n}\n".to_owned(),
        "data \"aws_iam_policy_document\" \"d\" {\n  dynamic \"statement\" {\n    for_each = local.own\n    content { actions = [statement.value] }\n  }\n}\n".to_owned(),
    ] {
        let all = told(&[("main.tf", &main)], "l.tf", &locals("s3:GetObject"), &locals("*"));
        assert_eq!(all.iter().map(|one| one.0).collect::<Vec<_>>(), ["unjudged"], "{main} {all:?}");
        assert!(all[0].1.contains("`local.own` says something else than before"), "{all:?}");
        assert!(told(&[("main.tf", &main)], "l.tf", &locals("*"), &format!("# c\n{}", locals("*"))).is_empty());
    }
}

#[test]
fn boundaries_attachments_and_members_behind_inputs_are_followed() {
    let attachment =
        "resource \"aws_iam_role_policy_attachment\" \"a\" {\n  role = \"app\"\n  policy_arn = var.own\n}\n";
    let bounded =
        "resource \"aws_iam_role\" \"app\" {\n  name = \"app\"\n  permissions_boundary = var.own\n}\n";
    let group = "resource \"aws_iam_group_policy\" \"g\" {\n  group = \"ops\"\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"s3:*\", Resource = \"*\" }] })\n}\n";
    let members = format!(
        "{group}resource \"aws_iam_group_membership\" \"m\" {{\n  name = \"m\"\n  group = \"ops\"\n  users = var.own\n}}\n"
    );
    for (main, rules) in [
        (attachment, ["unjudged", "new_privilege"].as_slice()),
        (bounded, &["unjudged"]),
        (&members, &["new_privilege"]),
    ] {
        let all = told(&[("main.tf", main)], "a.tfvars", "own = \"a\"\n", "own = \"b\"\n");
        assert_eq!(all.iter().map(|one| one.0).collect::<Vec<_>>(), rules, "{main} {all:?}");
        assert!(told(&[("main.tf", main)], "a.tfvars", "own = \"a\"\n", "# x\nown = \"a\"\n").is_empty());
    }
    // Local names are followed to each user.
    let local = members.replace("var.own", "local.own");
    let users = |list: &str| format!("locals {{ own = [{list}] }}\n");
    let all = told(&[("main.tf", &local)], "l.tf", &users("\"ann\""), &users("\"ann\", \"bob\""));
    assert!(all.len() == 1 && all[0].1.contains("bob") && !all[0].1.contains("ann"), "{all:?}");
}

#[test]
fn what_a_template_is_given_is_followed() {
    let main = |given: &str| {
        format!(
            "resource \"aws_iam_role_policy\" \"app\" {{\n  role = \"app\"\n  policy = templatefile(\"p.json\", {{ bucket = {given} }})\n}}\n"
        )
    };
    let document = super::policy(&allow("\"s3:GetObject\"", "arn:aws:s3:::${bucket}/*"));
    let stays = [("p.json", document.as_str())];
    assert!(told(&stays, "main.tf", &main("\"a\""), &format!("# c\n{}", main("\"a\""))).is_empty());
    let all = told(&stays, "main.tf", &main("\"a\""), &main("\"*\""));
    assert!(all.len() == 1 && all[0].1.contains("`templatefile` says something else"), "{all:?}");
    let own = main("local.bucket");
    let locals = |name: &str| format!("locals {{ bucket = \"{name}\" }}\n");
    let all = told(&[stays[0], ("main.tf", &own)], "l.tf", &locals("a"), &locals("*"));
    assert!(all.len() == 1 && all[0].1.contains("`local.bucket` says something else"), "{all:?}");
}

/// Rules that speak of a change of one file of Terraform beside `main.tf`.
fn rules(main: &str, path: &str, base: &str, head: &str) -> Vec<&'static str> {
    told(&[("main.tf", main)], path, base, head).into_iter().map(|one| one.0).collect()
}

#[test]
fn an_effect_behind_a_name_is_followed() {
    let main = policy("[{ Effect = local.e, Action = \"*\", Resource = \"*\" }]");
    let effect = |word: &str| format!("locals {{ e = \"{word}\" }}\n");
    // What is allowed, and that it is not denied any more.
    assert_eq!(rules(&main, "l.tf", &effect("Deny"), &effect("Allow")), ["new_privilege", "new_privilege"]);
    let open = main.replace("local.e", "var.e");
    assert_eq!(rules(&open, "a.tfvars", "e = \"Deny\"\n", "e = \"Allow\"\n"), ["unjudged"]);
    // One that is an expression is no other with another effect, and its actions count.
    let more = open.replace("\"*\", R", "\"s3:*\", R");
    assert_eq!(told(&[], "main.tf", &more, &open).len(), 1);
    assert!(told(&[], "main.tf", &open, &format!("# c\n{open}")).is_empty());
    let trust = "resource \"aws_iam_role\" \"app\" {\n  name = \"app\"\n  assume_role_policy = jsonencode({ Statement = [{ Effect = var.e, Action = \"sts:AssumeRole\", Principal = { AWS = \"*\" } }] })\n}\n";
    assert_eq!(rules(trust, "a.tfvars", "e = \"Deny\"\n", "e = \"Allow\"\n"), ["unjudged"]);
}

#[test]
fn who_has_a_policy_by_an_input_is_followed() {
    let admin = "\"arn:aws:iam::aws:policy/AdministratorAccess\"";
    for main in [
        format!(
            "resource \"aws_iam_role_policy_attachment\" \"a\" {{\n  role = var.own\n  policy_arn = {admin}\n}}\n"
        ),
        format!(
            "resource \"aws_iam_policy_attachment\" \"a\" {{\n  name = \"a\"\n  roles = var.own\n  policy_arn = {admin}\n}}\n"
        ),
        format!(
            "resource \"aws_iam_role_policy_attachment\" \"a\" {{\n  for_each = toset(var.own)\n  role = each.key\n  policy_arn = {admin}\n}}\n"
        ),
        allowing("\"s3:*\"", "\"*\"").replace("role = \"app\"", "role = var.own"),
    ] {
        let (base, head) = ("own = [\"a\"]\n", "own = [\"a\", \"b\"]\n");
        assert_eq!(rules(&main, "a.tfvars", base, head), ["new_privilege"], "{main}");
        assert!(rules(&main, "a.tfvars", base, "# who\nown = [\n  \"a\", # one\n]\n").is_empty(), "{main}");
    }
    let local = format!(
        "resource \"aws_iam_policy_attachment\" \"a\" {{\n  name = \"a\"\n  roles = local.own\n  policy_arn = {admin}\n}}\n"
    );
    let all = told(
        &[("main.tf", &local)],
        "l.tf",
        "locals { own = [\"a\"] }\n",
        "locals { own = [\"a\", \"b\"] }\n",
    );
    assert!(all.len() == 1 && all[0].1.contains("to `role b`"), "{all:?}");
    let managed =
        "resource \"aws_iam_role\" \"app\" {\n  name = \"app\"\n  managed_policy_arns = local.own\n}\n";
    let arns =
        |more: &str| format!("locals {{ own = [\"arn:aws:iam::aws:policy/ReadOnlyAccess\"{more}] }}\n");
    let all = told(&[("main.tf", managed)], "l.tf", &arns(""), &arns(&format!(", {admin}")));
    assert!(
        all.len() == 1 && all[0].1.starts_with("attaches `arn:aws:iam::aws:policy/AdministratorAccess`"),
        "{all:?}"
    );
}

#[test]
fn what_switches_a_grant_on_is_followed() {
    let counted = |text: String| text.replacen("{\n", "{\n  count = var.on ? 1 : 0\n", 1);
    let attachment = "resource \"aws_iam_role_policy_attachment\" \"a\" {\n  role = \"app\"\n  policy_arn = \"arn:aws:iam::aws:policy/AdministratorAccess\"\n}\n";
    let binding = "resource \"kubernetes_cluster_role_binding\" \"b\" {\n  metadata { name = \"b\" }\n  role_ref {\n    kind = \"ClusterRole\"\n    name = \"cluster-admin\"\n  }\n  subject {\n    kind = \"User\"\n    name = \"ann\"\n  }\n}\n";
    for main in [allowing("\"s3:*\"", "\"*\""), attachment.to_owned(), binding.to_owned()] {
        let main = counted(main);
        let all = told(&[("main.tf", &main)], "a.tfvars", "on = false\n", "on = true\n");
        assert!(all.len() == 1 && all[0].1.contains("`var.on` says something else"), "{main} {all:?}");
        let fixed = |count: &str| main.replace("var.on ? 1 : 0", count);
        assert_eq!(told(&[], "main.tf", &fixed("0"), &fixed("1")).len(), 1, "{main}");
    }
    // A module that is called once more, or for more, makes what it makes again.
    let module = allowing("\"s3:*\"", "\"*\"").replace("role = \"app\"", "role = var.role");
    let call = |name: &str, more: &str| {
        format!("module \"{name}\" {{\n  source = \"./app\"\n  role = \"web\"\n  {more}\n}}\n")
    };
    let stays = [("app/main.tf", module.as_str())];
    for (base, head) in [
        (call("a", "count = 0"), call("a", "count = 1")),
        (call("a", "for_each = toset([\"x\"])"), call("a", "for_each = toset([\"x\", \"y\"])")),
        (call("a", ""), format!("{}{}", call("a", ""), call("b", ""))),
    ] {
        assert!(!told(&stays, "main.tf", &base, &head).is_empty(), "{head}");
    }
    assert!(told(&stays, "main.tf", &call("a", ""), &call("b", "")).is_empty());
}

#[test]
fn attachments_and_memberships_that_are_switched_on_are_told() {
    let own = "resource \"aws_iam_policy\" \"p\" {\n  name = \"p\"\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"*\", Resource = \"*\" }] })\n}\nresource \"aws_iam_role_policy_attachment\" \"p\" {\n  SWITCH\n  role = \"app\"\n  policy_arn = aws_iam_policy.p.arn\n}\n";
    let foreign = "resource \"aws_iam_role_policy_attachment\" \"p\" {\n  SWITCH\n  role = \"app\"\n  policy_arn = \"arn:aws:iam::aws:policy/AdministratorAccess\"\n}\n";
    let group = "resource \"aws_iam_group_policy\" \"g\" {\n  group = \"ops\"\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"s3:*\", Resource = \"*\" }] })\n}\nresource \"aws_iam_user_group_membership\" \"m\" {\n  SWITCH\n  user = \"ann\"\n  groups = [\"ops\"]\n}\n";
    for text in [own, foreign, group] {
        let of = |switch: &str| text.replace("SWITCH", switch);
        for (base, head) in
            [("count = 0", "count = 1"), ("for_each = toset([])", "for_each = toset([\"x\"])")]
        {
            assert_eq!(told(&[], "main.tf", &of(base), &of(head)).len(), 1, "{head} {text}");
        }
        let open = of("count = var.on ? 1 : 0");
        assert_eq!(told(&[("main.tf", &open)], "a.tfvars", "on = false\n", "on = true\n").len(), 1, "{text}");
    }
    assert!(
        told(
            &[],
            "main.tf",
            &foreign.replace("SWITCH", "count = 1"),
            &foreign.replace("SWITCH", "count = 0")
        )
        .is_empty()
    );
    let template = |live: &str| {
        format!(
            "Conditions:\n  Live: !Equals [a, {live}]\nResources:\n  G:\n    Type: AWS::IAM::Group\n    Properties:\n      Policies:\n      - PolicyName: p\n        PolicyDocument: {{Statement: [{{Effect: Allow, Action: 's3:*', Resource: '*'}}]}}\n  M:\n    Type: AWS::IAM::UserToGroupAddition\n    Condition: Live\n    Properties: {{GroupName: !Ref G, Users: [ann]}}\n"
        )
    };
    assert_eq!(told(&[], "t.yaml", &template("b"), &template("a")).len(), 1);
    let sub = |value: &str| {
        format!(
            "Resources:\n  P:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyName: p\n      Roles: [app]\n      PolicyDocument: {{Statement: [{{Effect: Allow, Action: 's3:GetObject', Resource: !Sub ['arn:aws:s3:::${{b}}/*', {{b: {value}}}]}}]}}\n"
        )
    };
    assert_eq!(told(&[], "t.yaml", &sub("logs"), &sub("'*'")).len(), 1);
}

#[test]
fn nothing_hides_in_the_text_of_an_expression() {
    let locals = |value: &str| format!("locals {{\n  own = {value}\n}}\n");
    let main = allowing("local.own", "\"*\"");
    let stays = [("main.tf", main.as_str())];
    for (base, head) in [
        ("var.x ? [\"s3:GetObject\" # , \"*\"\n] : []", "var.x ? [\"s3:GetObject\" #\n, \"*\"] : []"),
        ("var.x == \"\u{1f}\" ? [\"s3:GetObject\"] : []", "var.x == \"\u{1f}\" ? [\"*\"] : []"),
    ] {
        assert_eq!(told(&stays, "l.tf", &locals(base), &locals(head)).len(), 1, "{head}");
    }
    for (own, name) in [
        ("[\"${\tlocal.y}\"][0]", "local.y"),
        ("slice(var.a, 1-var.off, 2)", "var.off"),
        ("-var.x > 0 ? [\"a\"] : []", "var.x"),
    ] {
        let more = |value: &str| {
            format!(
                "{}{}",
                locals(own),
                if name == "local.y" {
                    format!("locals {{ y = \"{value}\" }}\n")
                } else {
                    format!("variable \"{}\" {{ default = \"{value}\" }}\n", name.trim_start_matches("var."))
                }
            )
        };
        assert_eq!(told(&stays, "l.tf", &more("s3:a"), &more("*")).len(), 1, "{own}");
    }
    let deep =
        |action: &str| format!("locals {{\n  own = {}\"{action}\"{}\n}}\n", "[".repeat(60), "]".repeat(60));
    let chain = (0..20_000).map(|at| format!("  a{at} = [local.a{}]\n", at + 1)).collect::<String>();
    let long = |action: &str| format!("locals {{\n  own = local.a0\n{chain}  a20000 = [\"{action}\"]\n}}\n");
    for (what, of) in [("deep", &deep as &dyn Fn(&str) -> String), ("long", &long)] {
        let repository = Repository::of([(PathBuf::from("l.tf"), of("*"))]);
        assert!(repository.problems.is_empty(), "{what} {:?}", repository.problems);
        assert_eq!(told(&stays, "l.tf", &of("s3:GetObject"), &of("*")).len(), 1, "{what}");
    }
}

#[test]
fn what_takes_a_switch_away_is_told_and_what_adds_one_is_not() {
    let attached = |name: &str, switch: &str| {
        format!(
            "resource \"aws_iam_role_policy_attachment\" \"{name}\" {{\n  {switch}\n  role = \"app\"\n  policy_arn = \"arn:aws:iam::aws:policy/AdministratorAccess\"\n}}\n"
        )
    };
    for switch in ["count = 0", "count = var.on ? 1 : 0"] {
        assert_eq!(told(&[], "main.tf", &attached("a", switch), &attached("a", "")).len(), 1, "{switch}");
        assert!(told(&[], "main.tf", &attached("a", ""), &attached("a", switch)).is_empty(), "{switch}");
        assert!(told(&[], "main.tf", &attached("a", switch), &attached("b", switch)).is_empty(), "{switch}");
    }
    let main = format!("variable \"on\" {{ default = true }}\n{}", attached("a", "count = var.on ? 1 : 0"));
    assert_eq!(told(&[("main.tf", &main)], "prod.tfvars", "on = false\n", "# none\n").len(), 1);
}
