//! Tests of places that are there for something else, too.

use super::{allowing, both, done, edited, first, refused, repository, told};
use crate::{Changes, Edits, Known, Limits, Options, Proposal, Repository};

/// A document, and a policy of a role that is made of it.
const DOCUMENT: &str = "data \"aws_iam_policy_document\" \"x\" {\n  statement {\n    actions   = [\"ec2:DescribeInstances\", \"ec2:DescribeSubnets\"]\n    \
    resources = [\"*\"]\n  }\n}\n\
    resource \"aws_iam_role_policy\" \"a\" {\n  name   = \"main\"\n  role   = \"r-a\"\n  policy = data.aws_iam_policy_document.x.json\n}\n";

fn with(more: &str) -> (Vec<String>, Vec<String>) {
    let text = format!("{DOCUMENT}{more}\n");
    edited(&[("main.tf", &text)], &[first("main", "r-a")], &[])
}

fn other(policy: &str) -> String {
    format!(
        "resource \"aws_iam_user_policy\" \"z\" {{\n  name = \"u\"\n  user = \"bob\"\n  policy = {policy}\n}}\n"
    )
}

#[test]
fn a_document_that_something_else_refers_to_is_not_edited() {
    let own = refused("`aws_iam_user_policy.z.policy` refers to it, too");
    let json = "data.aws_iam_policy_document.x.json";
    for policy in [
        format!("jsonencode({{ Statement = concat(jsondecode({json}).Statement, []) }})"),
        "aws_iam_role_policy.a.policy".to_owned(),
        "aws_iam_role_policy.a[0].policy".to_owned(),
        format!("replace({json}, \"a\", \"b\")"),
        "jsonencode({ Statement = [{ Action = data.aws_iam_policy_document.x.statement[0].actions }] })"
            .to_owned(),
        "one([for d in [data.aws_iam_policy_document.x] : d.json])".to_owned(),
        format!("var.on ? {json} : null"),
        format!("<<EOT\n${{{json}}}\nEOT"),
    ] {
        assert_eq!(with(&other(&policy)), own, "{policy}");
    }
    for locals in
        ["docs = { a = data.aws_iam_policy_document.x.json }", "docs = [data.aws_iam_policy_document.x]"]
    {
        let text = format!("locals {{\n  {locals}\n}}\n{}", other("local.docs[\"a\"]"));
        assert_eq!(with(&text), own, "{locals}");
    }
    let output = "output \"policy\" {\n  value = data.aws_iam_policy_document.x.json\n}";
    assert_eq!(with(output), refused("`output.policy.value` refers to it, too"));
    let looped = other("each.value")
        .replace("name =", "for_each = { a = data.aws_iam_policy_document.x.json }\n  name =");
    assert_eq!(with(&looped), refused("`aws_iam_user_policy.z.for_each` refers to it, too"));
}

#[test]
fn a_document_that_nothing_else_takes_over_is_edited() {
    for more in [
        "",
        "locals {\n  unused = data.aws_iam_policy_document.x.json\n}",
        "resource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  depends_on = [data.aws_iam_policy_document.x, aws_iam_role_policy.a]\n}",
        "output \"id\" {\n  value = aws_iam_role_policy.a.id\n}",
        "data \"aws_iam_policy_document\" \"x-more\" {\n  statement {\n    actions = [\"s3:Get*\"]\n    resources = [\"*\"]\n  }\n}",
    ] {
        assert_eq!(with(more), done("main.tf"), "{more}");
    }
    let local = DOCUMENT.replace("policy = data", "policy = local.doc #")
        + "locals {\n  doc = data.aws_iam_policy_document.x.json\n}\n";
    assert_eq!(edited(&[("main.tf", &local)], &[first("main", "r-a")], &[]), done("main.tf"));
    let twice = format!("{local}{}", other("\"${local.doc} \""));
    let why = "`aws_iam_user_policy.z.policy` refers to it, too";
    assert_eq!(edited(&[("main.tf", &twice)], &[first("main", "r-a")], &[]), refused(why));
}

#[test]
fn a_file_that_something_else_may_read_is_not_edited() {
    let policy = "resource \"aws_iam_role_policy\" \"a\" {\n  name = \"main\"\n  role = \"r-a\"\n  policy = file(\"p/a.json\")\n}\n";
    let of = |path: &str, more: &str| {
        let own = if path == "main.tf" { format!("{policy}{more}\n") } else { policy.to_owned() };
        let mut files = vec![("main.tf", own.as_str())];
        let (all, apart) = (both(), allowing(&["s3:*"]));
        files.extend([("p/a.json", all.as_str()), ("q/a.json", apart.as_str())]);
        if path != "main.tf" {
            files.push((path, more));
        }
        edited(&files, &[first("main", "r-a")], &[])
    };
    let why = refused("`aws_iam_user_policy.z.policy` refers to it, too");
    for read in [
        "jsonencode(jsondecode(file(\"p/a.json\")))",
        "file(\"${path.module}/p/${var.who}.json\")",
        "file(\"${path.root}/p/a.json\")",
        "file(format(\"p/%s.json\", var.who))",
    ] {
        assert_eq!(of("main.tf", &other(read)), why, "{read}");
    }
    assert_eq!(of("m/main.tf", &other("file(\"../p/a.json\")")), why);
    let data = "data \"local_file\" \"f\" {\n  filename = \"p/a.json\"\n}";
    assert_eq!(of("main.tf", data), refused("`data.local_file.f.filename` refers to it, too"));
    let looped = other("file(\"p/${each.value}\")")
        .replace("name =", "for_each = fileset(\"p\", \"*.json\")\n  name =");
    let (files, whys) = of("main.tf", &looped);
    assert!(files.is_empty() && whys[0].contains("refers to it, too"), "{whys:?}");
    for apart in [
        other("file(\"q/a.json\")"),
        other("file(\"p/${var.who}.yaml\")"),
        other("templatefile(\"q/a.json\", { a = \"${var.a}\" })"),
    ] {
        assert_eq!(of("main.tf", &apart), done("p/a.json"), "{apart}");
    }
}

/// An anchor without an alias stands for nothing else.
#[test]
fn anchors_count_where_aliases_are() {
    let of = |more: &str| {
        let statement =
            "{Effect: Allow, Action: ['ec2:DescribeInstances', 'ec2:DescribeSubnets'], Resource: '*'}";
        let text = format!(
            "Resources:\n  A:\n    Type: AWS::IAM::RolePolicy\n    Properties:\n      PolicyName: main\n      RoleName: r-a\n      \
             PolicyDocument: &document\n        Statement:\n        - {statement}\n{more}"
        );
        edited(&[("t.yaml", &text)], &[first("main", "r-a")], &[])
    };
    assert_eq!(of(""), done("t.yaml"));
    let other = "  B:\n    Type: AWS::IAM::RolePolicy\n    Properties:\n      PolicyName: b\n      RoleName: b\n      PolicyDocument: *document\n";
    assert_eq!(of(other), refused("an alias elsewhere in the file stands for it, too"));
}

/// A managed policy of a role alone, as an account has it.
fn managed(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let mut own: Proposal = first("solopol", "solo");
    if let Changes::Policies(changes) = &mut own.changes {
        changes[0].holder = None;
        changes[0].arn = Some("arn:aws:iam::111122223333:policy/solopol".to_owned());
        changes[0].edit = remit_policy::Edit::NewVersion;
    }
    told(repository(files).edit(&own, Options::default()))
}

const MANAGED: &str = "resource \"aws_iam_role\" \"solo\" {\n  name = \"solo\"\n}\n\
    resource \"aws_iam_policy\" \"solo\" {\n  name = \"solopol\"\n  policy = jsonencode({\n    \
    Statement = [{ Effect = \"Allow\", Action = [\"ec2:DescribeInstances\", \"ec2:DescribeSubnets\"], Resource = \"*\" }]\n  })\n}\n";

const ATTACHED: &str = "resource \"aws_iam_role_policy_attachment\" \"s\" {\n  role = aws_iam_role.solo.name\n  policy_arn = aws_iam_policy.solo.arn\n}\n";

#[test]
fn a_policy_that_the_repository_gives_to_several_is_not_edited() {
    let of = |more: &str| managed(&[("main.tf", &format!("{MANAGED}{more}"))]);
    let second = ATTACHED.replace("\"s\"", "\"n\"").replace("aws_iam_role.solo.name", "\"new\"");
    assert_eq!(of(&format!("{ATTACHED}{second}")), refused("it is attached to `role new` and `role solo`"));
    let all = "resource \"aws_iam_policy_attachment\" \"s\" {\n  name = \"all\"\n  roles = [aws_iam_role.solo.name]\n  users = [\"bob\"]\n  \
        policy_arn = aws_iam_policy.solo.arn\n}\n";
    assert_eq!(of(all), refused("it is attached to `role solo` and `user bob`"));
    let bounded = "resource \"aws_iam_role\" \"b\" {\n  name = \"b\"\n  permissions_boundary = aws_iam_policy.solo.arn\n}\n";
    let why = "`aws_iam_role.b.permissions_boundary` refers to it, too";
    assert_eq!((of(bounded), of(&format!("{ATTACHED}{bounded}"))), (refused(why), refused(why)));
    let module = "module \"m\" {\n  source = \"far/away\"\n  policy_arns = [aws_iam_policy.solo.arn]\n}\n";
    assert_eq!(of(&format!("{ATTACHED}{module}")), refused("`module.m.policy_arns` refers to it, too"));
}

#[test]
fn a_policy_that_the_repository_gives_to_one_is_edited() {
    let output = "output \"arn\" {\n  value = aws_iam_policy.solo.arn\n}\n";
    let module = "module \"m\" {\n  source = \"far/away\"\n  policy_arns = [aws_iam_policy.solo.arn]\n}\n";
    for more in [String::new(), ATTACHED.to_owned(), format!("{ATTACHED}{output}"), module.to_owned()] {
        assert_eq!(managed(&[("main.tf", &format!("{MANAGED}{more}"))]), done("main.tf"), "{more}");
    }
}

#[test]
fn a_policy_of_a_template_that_several_have_is_not_edited() {
    let template = "Resources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      ManagedPolicyName: solopol\n      PolicyDocument:\n        \
        Statement:\n        - Effect: Allow\n          Action: ['ec2:DescribeInstances', 'ec2:DescribeSubnets']\n          Resource: '*'\n  \
        Solo:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns: [!Ref P]\n";
    let of = |more: &str| managed(&[("t.yaml", &format!("{template}{more}"))]);
    assert_eq!(of(""), done("t.yaml"));
    let other = "  Other:\n    Type: AWS::IAM::Role\n    Properties:\n      ";
    let (files, whys) = of(&format!("{other}ManagedPolicyArns: [!Ref P]\n"));
    assert!(files.is_empty() && whys[0].starts_with("it is attached to `role Other"), "{whys:?}");
    assert_eq!(
        of(&format!("{other}PermissionsBoundary: !Ref P\n")),
        refused("it is the boundary of `Other`")
    );
}

#[cfg(unix)]
#[test]
fn a_file_for_which_a_link_stands_is_not_edited() {
    let place = tempfile::tempdir().unwrap();
    let edits = |own: &Proposal| -> Edits {
        let repository = Repository::read(place.path(), Limits::default()).unwrap();
        repository.edit_all(std::slice::from_ref(own), &Known::default(), Options::default())
    };
    let own = first("main", "r-a");
    std::fs::create_dir(place.path().join("r-a")).unwrap();
    std::fs::write(place.path().join("r-a/main.json"), both()).unwrap();
    assert_eq!(told(edits(&own)), done("r-a/main.json"));
    std::os::unix::fs::symlink("main.json", place.path().join("r-a/other.json")).unwrap();
    let why = "a link elsewhere stands for its file, too";
    assert_eq!(told(edits(&own)), refused(why));
    std::fs::remove_file(place.path().join("r-a/other.json")).unwrap();
    std::os::unix::fs::symlink("r-a", place.path().join("r-b")).unwrap();
    assert_eq!(told(edits(&own)), refused(why));
}

#[test]
fn a_policy_that_stays_whatever_is_written_is_not_edited() {
    let kept = "its `ignore_changes` keeps what is in force, whatever is written";
    for (changes, expected) in [
        ("[policy]", refused(kept)),
        ("all", refused(kept)),
        ("[name, policy]", refused(kept)),
        ("[name]", done("main.tf")),
    ] {
        let text = DOCUMENT
            .replace("name   =", &format!("lifecycle {{\n    ignore_changes = {changes}\n  }}\n  name   ="));
        assert_eq!(edited(&[("main.tf", &text)], &[first("main", "r-a")], &[]), expected, "{changes}");
    }
    for (path, replaced) in [
        ("override.tf", "resource \"aws_iam_role_policy\" \"a\" {\n  policy = \"{}\"\n}\n"),
        ("iam_override.tf", "data \"aws_iam_policy_document\" \"x\" {\n}\n"),
    ] {
        let why = format!("`{path}` replaces parts of it");
        let files = [("main.tf", DOCUMENT), (path, replaced)];
        assert_eq!(edited(&files, &[first("main", "r-a")], &[]), refused(&why));
    }
}
