//! Tests of what is not edited, since it may be somebody else's.

mod uses;

use std::path::PathBuf;

use remit_policy::{Document, Edit, parse};

use crate::{Changes, Edits, Known, Options, PolicyChange, Proposal, Repository};

/// A document that allows some actions.
fn allowing(actions: &[&str]) -> String {
    let actions: Vec<_> = actions.iter().map(|action| format!("\"{action}\"")).collect();
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{}],"Resource":"*"}}]}}"#,
        actions.join(",")
    )
}

fn both() -> String {
    allowing(&["ec2:DescribeInstances", "ec2:DescribeSubnets"])
}

/// A policy of a role, of which one action stays, or another.
fn proposal(name: &str, role: &str, kept: &str) -> Proposal {
    let read = |text: &str| -> Document { parse(text).unwrap() };
    let change = PolicyChange {
        name: name.to_owned(),
        arn: None,
        holder: Some(role.to_owned()),
        edit: Edit::PutInline,
        before: read(&both()),
        after: vec![(name.to_owned(), read(&allowing(&[kept])))],
    };
    Proposal {
        folder: PathBuf::new(),
        principal: format!("arn:aws:iam::111122223333:role/{role}"),
        changes: Changes::Policies(vec![change]),
        staying: Vec::new(),
    }
}

fn first(name: &str, role: &str) -> Proposal {
    proposal(name, role, "ec2:DescribeInstances")
}

fn repository(files: &[(&str, &str)]) -> Repository {
    Repository::of(files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())))
}

/// The files that change, and why what does not.
fn told(edits: Edits) -> (Vec<String>, Vec<String>) {
    let files = edits.files.iter().map(|file| crate::slashed(&file.path)).collect();
    (files, edits.suggestions.into_iter().map(|one| one.why).collect())
}

/// What becomes of files by the first of some proposals. Of others nothing but their names is known.
fn edited(files: &[(&str, &str)], proposals: &[Proposal], others: &[&str]) -> (Vec<String>, Vec<String>) {
    let known = Known::of(proposals, others.iter().copied());
    told(repository(files).edit_all(&proposals[..1], &known, Options::default()))
}

fn refused(why: &str) -> (Vec<String>, Vec<String>) {
    (Vec::new(), vec![why.to_owned()])
}

fn done(path: &str) -> (Vec<String>, Vec<String>) {
    (vec![path.to_owned()], Vec::new())
}

/// A policy of Terraform that says the same as all of these.
fn terraform(name: &str, role: &str, more: &str) -> String {
    let actions = "[\"ec2:DescribeInstances\", \"ec2:DescribeSubnets\"]";
    format!(
        "resource \"aws_iam_role_policy\" \"p\" {{\n  name = \"{name}\"\n  role = \"{role}\"\n  {more}\n  policy = jsonencode({{\n    \
         Statement = [{{ Effect = \"Allow\", Action = {actions}, Resource = \"*\" }}]\n  }})\n}}\n"
    )
}

/// What says the same under names that are written out, and cannot be edited.
fn unread(name: &str, role: &str) -> String {
    terraform(name, role, "").replace("jsonencode(", "wrapped(")
}

#[test]
fn a_document_is_edited_where_it_is_called_like_the_policy() {
    let own = [first("pol-a", "v-a")];
    let all = both();
    for path in ["roles/v-a/pol-a.json", "pol-a.json", "iam/v-a-pol-a.json", "iam/pol-a_v-a.json"] {
        assert_eq!(edited(&[(path, &all)], &own, &[]), done(path));
    }
    let why = "it says the same, but its file is not called like the policy, which would be `v-a/pol-a`";
    for path in ["roles/v-b/pol-b.json", "roles/v-a/policy.json", "a7f.json", "a.json", "pol-a-2.json"] {
        assert_eq!(edited(&[(path, &all)], &own, &[]), refused(why), "{path}");
    }
}

#[test]
fn a_document_below_the_folder_of_somebody_else_is_theirs() {
    let (own, all) = ([first("main", "v-a")], both());
    let others = ["arn:aws:iam::111122223333:role/team/v-b"];
    let why = "it may be a policy of `v-b`, too";
    assert_eq!(edited(&[("roles/v-b/main.json", &all)], &own, &others), refused(why));
    assert_eq!(edited(&[("roles/v-a/main.json", &all)], &own, &others), done("roles/v-a/main.json"));
}

/// A role and a user may be called the same, and so may their policies.
#[test]
fn a_policy_of_a_user_is_none_of_a_role() {
    let own = [first("p", "deploy")];
    let of_user = terraform("p", "deploy", "").replace("aws_iam_role_policy", "aws_iam_user_policy");
    let of_user = of_user.replace("  role = ", "  user = ");
    let why = "it is a policy of a user, and the one in force is of a role";
    assert_eq!(edited(&[("main.tf", &of_user)], &own, &[]), refused(why));
    assert_eq!(edited(&[("main.tf", &terraform("p", "deploy", ""))], &own, &[]), done("main.tf"));
}

#[test]
fn what_fits_another_policy_as_well_is_edited_for_neither() {
    let all = both();
    let two = [first("same", "v-a"), proposal("same", "v-b", "ec2:DescribeSubnets")];
    let why = "policy `same` of `v-b` says the same as it, and may be made of it, too";
    assert_eq!(edited(&[("same.json", &all)], &two, &[]), refused(why));
    assert_eq!(edited(&[("v-a/same.json", &all)], &two, &[]), done("v-a/same.json"));
    let open = terraform("same", "${module.role.name}", "");
    assert_eq!(edited(&[("main.tf", &open)], &two, &[]), refused(why));
    let own = terraform("same", "v-a", "");
    assert_eq!(edited(&[("main.tf", &own)], &two, &[]), done("main.tf"));
    // Of both the same becomes.
    assert_eq!(
        edited(&[("main.tf", &open)], &[first("same", "v-a"), first("same", "v-b")], &[]),
        done("main.tf")
    );
}

#[test]
fn policies_that_stay_as_they_are_count_as_well() {
    let mut other = first("same", "v-b");
    if let Changes::Policies(changes) = &mut other.changes {
        let change = changes.remove(0);
        other.staying.push(PolicyChange { edit: Edit::Keep, ..change });
    }
    let why = "policy `same` of `v-b` says the same as it, and may be made of it, too";
    assert_eq!(edited(&[("same.json", &both())], &[first("same", "v-a"), other], &[]), refused(why));
}

#[test]
fn whoever_is_called_alike_may_hold_what_is_interpolated() {
    let open = terraform("main", "r-${var.n}", "");
    let own = [first("main", "r-a")];
    let of = |others: &[&str]| edited(&[("main.tf", &open)], &own, others);
    assert_eq!(of(&["arn:aws:iam::111122223333:role/r-b"]), refused("it may be a policy of `r-b`, too"));
    assert_eq!(of(&["arn:aws:iam::111122223333:role/other"]), done("main.tf"));
}

#[test]
fn what_says_no_name_is_nobodys() {
    let document = "data \"aws_iam_policy_document\" \"d\" {\n  statement {\n    \
        actions   = [\"ec2:DescribeInstances\", \"ec2:DescribeSubnets\"]\n    resources = [\"*\"]\n  }\n}\n";
    let why = "it says the same, but nothing of it says whose policy it is";
    let own = [first("main", "v-a")];
    assert_eq!(edited(&[("main.tf", document)], &own, &[]), refused(why));
    let open = terraform("${var.name}", "${var.role}", "");
    assert_eq!(edited(&[("main.tf", &open)], &own, &[]), refused(why));
}

#[test]
fn a_name_that_is_written_out_counts_more_than_one_that_is_interpolated() {
    let own = [first("main-a", "r-a")];
    let exact = unread("main-a", "r-a");
    let (open, json) = (terraform("main-${var.n}", "r-${var.n}", ""), both());
    let (files, whys) = edited(&[("m.tf", &exact), ("other/o.tf", &open), ("z.json", &json)], &own, &[]);
    assert_eq!(files, Vec::<String>::new());
    assert_eq!(whys, ["`wrapped(…)` says what is there"]);
}

#[test]
fn loops_that_are_written_out_make_no_other_names() {
    let looped = terraform("main-${each.key}", "r-${each.key}", "for_each = toset([\"f\", \"g\"])");
    let none = refused("no source of it was found");
    assert_eq!(edited(&[("m.tf", &looped)], &[first("main-a", "r-a")], &[]), none);
    let (_, whys) = edited(&[("m.tf", &looped)], &[first("main-f", "r-f")], &[]);
    assert_eq!(whys, ["several are made of it by `for_each = toset(…)`"]);
}

#[test]
fn calls_of_a_module_say_what_its_inputs_are() {
    let open =
        format!("variable \"n\" {{ default = \"d\" }}\n{}", terraform("main-${var.n}", "r-${var.n}", ""));
    let call = |given: &str| format!("module \"m\" {{\n  source = \"./other\"\n  {given}\n}}\n");
    let of = |given: &str, name: &str| {
        let (policy, role) = (format!("main-{name}"), format!("r-{name}"));
        edited(&[("m.tf", &call(given)), ("other/o.tf", &open)], &[first(&policy, &role)], &[])
    };
    let none = refused("no source of it was found");
    assert_eq!(of("n = \"zz\"", "a"), none);
    assert_eq!(of("n = \"zz\"", "zz"), done("other/o.tf"));
    assert_eq!((of("", "a"), of("", "d")), (none, done("other/o.tf")));
    // What nobody here says may be anything.
    assert_eq!(of("n = var.given", "a"), done("other/o.tf"));
    assert_eq!(of("n = null", "a"), done("other/o.tf"));
    let looped = "for_each = toset([\"x\"])\n  n = each.key";
    assert_eq!(of(looped, "a"), refused("no source of it was found"));
}

/// That less can be told is no reason to say that a source says something else.
#[test]
fn what_cannot_be_told_is_named() {
    let own = [first("main", "r-a")];
    let actions = "[\"ec2:DescribeInstances\", \"ec2:DescribeSubnets\"]";
    let of = |said: &str, more: &str| {
        let text = terraform("main", "r-a", "").replace(actions, said) + more;
        edited(&[("main.tf", &text)], &own, &[])
    };
    let locals = format!("locals {{\n  all = {actions}\n  one = [\"ec2:DescribeInstances\"]\n}}\n");
    assert_eq!(of("local.all", &locals), refused("`local.all` says what is there"));
    let some = "concat(local.one, var.more)";
    assert_eq!(of(some, &locals), refused(&format!("`{some}` says what is there")));
    assert_eq!(of("local.one", &locals), refused("`local.one` says what is there"));
    assert_eq!(of("[\"ec2:RunInstances\"]", ""), refused("it says something else than what is in force"));
    let template = |statement: &str| {
        let text = format!(
            "x-base: &base\n  Effect: Allow\n  Resource: '*'\nResources:\n  A:\n    Type: AWS::IAM::Role\n    Properties:\n      \
             RoleName: r-a\n      Policies:\n      - PolicyName: main\n        PolicyDocument:\n          Statement:\n          - {statement}\n"
        );
        edited(&[("t.yaml", &text)], &own, &[])
    };
    let merged = template("<<: *base\n            Action: ['ec2:DescribeInstances', 'ec2:DescribeSubnets']");
    assert_eq!(merged, refused("`<<: *base` says what is there"));
    let chosen =
        template("Fn::If: [Prod, {Effect: Allow, Action: 'ec2:*', Resource: '*'}, !Ref AWS::NoValue]");
    assert_eq!(chosen, refused("`Fn::If` says what is there"));
}

/// What is written elsewhere may stay as it is beside what is edited.
#[test]
fn actions_of_a_local_name_are_compared_with_what_is_in_force() {
    let statement = |actions: &str| format!("{{ Effect = \"Allow\", Action = {actions}, Resource = \"*\" }}");
    let text = format!(
        "locals {{\n  all = [\"s3:GetObject\", \"s3:PutObject\"]\n}}\n\
         resource \"aws_iam_role_policy\" \"p\" {{\n  name = \"main\"\n  role = \"r-a\"\n  policy = jsonencode({{ Statement = [\n    {},\n    {},\n  ] }})\n}}\n",
        statement("local.all"),
        statement("[\"ec2:DescribeInstances\", \"ec2:DescribeSubnets\"]")
    );
    let given = |kept: &[&str]| {
        let (first, second) = (allowing(&["s3:GetObject", "s3:PutObject"]), allowing(kept));
        let mut document: Document = parse(&first).unwrap();
        document.statements.extend(parse(&second).unwrap().statements);
        document
    };
    let mut own = first("main", "r-a");
    let Changes::Policies(changes) = &mut own.changes else { panic!() };
    changes[0].before = given(&["ec2:DescribeInstances", "ec2:DescribeSubnets"]);
    changes[0].after = vec![("main".to_owned(), given(&["ec2:DescribeInstances"]))];
    assert_eq!(edited(&[("main.tf", &text)], &[own], &[]), done("main.tf"));
}
