use super::*;

/// What is said of a change of one file: to whom, and in which words.
fn said(base: &str, head: &str) -> Vec<(Option<String>, String)> {
    let objections = checked(&[("main.tf", base)], &[("main.tf", head)], &Policy::default());
    objections.into_iter().map(|one| (one.identity, one.message)).collect()
}

fn attach(each: &str, role: &str, policy: &str) -> String {
    format!(
        "resource \"aws_iam_role_policy_attachment\" \"all\" {{\n  for_each   = {each}\n  role       = {role}\n  policy_arn = {policy}\n}}\n"
    )
}

const READER: &str = "\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"";
const ADMIN: &str = "\"arn:aws:iam::aws:policy/AdministratorAccess\"";

#[test]
fn a_policy_that_a_loop_attaches_newly_is_told() {
    let of = |arns: &[&str]| attach(&format!("toset([{}])", arns.join(", ")), "\"app\"", "each.value");
    let told = said(&of(&[READER]), &of(&[READER, ADMIN]));
    let [(Some(app), message)] = told.as_slice() else { panic!("{told:#?}") };
    assert!(
        app == "app" && message.starts_with("attaches `arn:aws:iam::aws:policy/AdministratorAccess`"),
        "{told:#?}"
    );
    assert_eq!(said(&of(&[READER, ADMIN]), &of(&[ADMIN])), []);
    // What an expression goes through is told when that is another.
    let open = |each: &str| attach(each, "\"app\"", "each.value");
    assert_eq!(said(&open("var.a"), &format!("# down\n{}", open("var.a"))), []);
    let told = said(&open("var.a"), &open("setunion(var.a, var.b)"));
    assert!(told.iter().all(|one| one.1.contains("setunion(var.a, var.b)")) && !told.is_empty(), "{told:#?}");
    let local =
        |arns: &str| format!("locals {{\n  arns = concat(var.a, [{arns}])\n}}\n{}", open("local.arns"));
    assert!(!said(&local(READER), &local(ADMIN)).is_empty());
    assert_eq!(said(&local(READER), &local(READER)), []);
}

#[test]
fn whom_a_loop_attaches_a_policy_to_newly_is_told() {
    let of = |roles: &str| attach(&format!("toset([{roles}])"), "each.value", ADMIN);
    let told = said(&of("\"a\""), &of("\"a\", \"b\""));
    assert_eq!(told.iter().map(|one| one.0.as_deref()).collect::<Vec<_>>(), [Some("b")]);
    let own = "resource \"aws_iam_policy\" \"own\" {\n  name = \"own\"\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"s3:GetObject\", Resource = \"*\" }] })\n}\n";
    let of = |each: &str, role: &str| format!("{own}{}", attach(each, role, "aws_iam_policy.own.arn"));
    // A policy of the repository, too: to the known role, and to whom nobody knows.
    let told = said(own, &of("{ a = 1 }", "each.key"));
    assert!(
        told.len() == 1 && told[0].0.as_deref() == Some("a") && told[0].1.contains("`s3:GetObject`"),
        "{told:#?}"
    );
    assert_eq!(said(own, &of("var.roles", "each.key")).len(), 1);
    let more = of("merge(var.roles, var.more)", "each.key");
    assert_eq!(said(&of("var.roles", "each.key"), &more).len(), 1);
    assert_eq!(said(&more, &format!("# down\n{more}")), []);
    // A role of a loop without a name of its own is referred to by its key.
    let role = |keys: &str| {
        format!(
            "resource \"aws_iam_role\" \"app\" {{\n  for_each = toset([{keys}])\n  managed_policy_arns = [{ADMIN}]\n}}\n"
        )
    };
    assert_eq!(said(&role("\"a\""), &role("\"a\", \"b\"")).len(), 1);
}

#[test]
fn a_policy_that_differs_in_each_round_is_told_with_the_loop() {
    let of = |each: &str| {
        format!(
            "resource \"aws_iam_role_policy\" \"app\" {{\n  for_each = {each}\n  role     = \"app\"\n  policy   = jsonencode({{ Statement = [{{ Effect = \"Allow\", Action = each.value, Resource = \"*\" }}] }})\n}}\n"
        )
    };
    let told = said(&of("{ a = \"s3:GetObject\" }"), &of("{ a = \"*\" }"));
    assert!(told.len() == 1 && told[0].1.starts_with("it cannot be told"), "{told:#?}");
}
