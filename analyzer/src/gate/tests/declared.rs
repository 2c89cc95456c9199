//! What is granted by more than policies: boundaries that go, groups, and permission sets; and who is asked for it.

use super::*;

const POLICIES: &str = "\
resource \"aws_iam_policy\" \"bound\" {
  name   = \"bound\"
  policy = jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", Action = [\"s3:GetObject\"], Resource = \"*\" }] })
}
resource \"aws_iam_policy\" \"wider\" {
  name   = \"wider\"
  policy = jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", Action = [\"s3:GetObject\", \"s3:PutObject\"], Resource = \"*\" }] })
}
resource \"aws_iam_role_policy\" \"app\" {
  role   = aws_iam_role.app.id
  policy = jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", Action = [\"s3:*\"], Resource = \"*\" }] })
}
";

fn role(boundary: &str) -> String {
    format!("{POLICIES}resource \"aws_iam_role\" \"app\" {{\n  name = \"app\"\n{boundary}}}\n")
}

fn messages(base: &str, head: &str, file: &str) -> Vec<(Severity, &'static str, String)> {
    let objections = checked(&[(file, base)], &[(file, head)], &Policy::default());
    objections.into_iter().map(|one| (one.severity, one.rule, one.message)).collect()
}

#[test]
fn a_boundary_that_goes_is_told_with_what_it_kept() {
    let bounded = role("  permissions_boundary = aws_iam_policy.bound.arn\n");
    for gone in ["", "  permissions_boundary = null\n"] {
        let told = messages(&bounded, &role(gone), "main.tf");
        let [(severity, rule, message)] = told.as_slice() else { panic!("{told:?}") };
        // All of S3 but one action, and so permissions of buckets.
        assert_eq!((*severity, *rule), (Severity::Warning, "new_privilege"), "{message}");
        assert!(
            message.starts_with("has no boundary any more; ") && message.contains("are new"),
            "{message}"
        );
        // What is told exists.
        let action = message.split('`').nth(3).unwrap();
        assert!(Catalog::embedded().unwrap().find(action).is_some(), "{message}");
    }
    assert_eq!(messages(&bounded, &format!("# later\n{bounded}"), "main.tf"), []);
    // One that is given is no more than none.
    assert_eq!(messages(&role(""), &bounded, "main.tf"), []);
}

#[test]
fn another_boundary_is_told_where_it_allows_more() {
    let of = |name: &str| role(&format!("  permissions_boundary = aws_iam_policy.{name}.arn\n"));
    let told = messages(&of("bound"), &of("wider"), "main.tf");
    let [(severity, _, message)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(*severity, Severity::Note);
    assert!(message.contains("which allows `s3:PutObject`; "), "{message}");
    assert!(message.ends_with("; new: `s3:PutObject`"), "{message}");
    assert_eq!(messages(&of("wider"), &of("bound"), "main.tf"), []);
    // Of one that is elsewhere nobody can tell.
    let elsewhere = role("  permissions_boundary = \"arn:aws:iam::111122223333:policy/other\"\n");
    let told = messages(&of("bound"), &elsewhere, "main.tf");
    assert_eq!(told[0].1, "unjudged", "{told:?}");
    let told = messages(&elsewhere, &role(""), "main.tf");
    let [(Severity::Warning, _, message)] = told.as_slice() else { panic!("{told:?}") };
    let expected = "has no boundary any more, which was `arn:aws:iam::111122223333:policy/other` (permissions management)";
    assert_eq!(message, expected);
}

#[test]
fn a_boundary_of_a_template_is_one_too() {
    let template = |boundary: &str| {
        format!(
            "Resources:\n  Bound:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        \
             Statement: [{{Effect: Allow, Action: 's3:GetObject', Resource: '*'}}]\n  App:\n    Type: AWS::IAM::Role\n    \
             Properties:\n{boundary}      Policies:\n      - PolicyName: p\n        PolicyDocument:\n          Statement: \
             [{{Effect: Allow, Action: ['s3:GetObject', 's3:PutObject'], Resource: '*'}}]\n"
        )
    };
    let bounded = template("      PermissionsBoundary: !Ref Bound\n");
    let told = messages(&bounded, &template(""), "app.yaml");
    let [(_, "new_privilege", message)] = told.as_slice() else { panic!("{told:?}") };
    assert!(message.contains("`Bound` allowed no `s3:PutObject` ("), "{message}");
    assert_eq!(messages(&bounded, &bounded, "app.yaml"), []);
}

const GROUPS: &str = "\
resource \"aws_iam_group\" \"ops\" { name = \"ops\" }
resource \"aws_iam_group_policy\" \"ops\" {
  group  = aws_iam_group.ops.name
  policy = jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", Action = [\"ec2:StopInstances\"], Resource = \"*\" }] })
}
resource \"aws_iam_group_policy_attachment\" \"admins\" {
  group      = \"admins\"
  policy_arn = \"arn:aws:iam::aws:policy/AdministratorAccess\"
}
";

#[test]
fn who_comes_into_a_group_has_what_the_group_has() {
    let users = |users: &str| {
        format!(
            "{GROUPS}resource \"aws_iam_group_membership\" \"ops\" {{\n  name  = \"ops\"\n  group = aws_iam_group.ops.name\n  users = [{users}]\n}}\n"
        )
    };
    let told = messages(&users("\"ann\""), &users("\"ann\", \"bob\""), "main.tf");
    let [(Severity::Note, "new_privilege", message)] = told.as_slice() else { panic!("{told:?}") };
    let expected = "puts `user bob` into `group ops`, which allows `ec2:StopInstances` (";
    assert!(message.starts_with(expected) && message.ends_with("; new: `ec2:StopInstances`"), "{message}");
    assert_eq!(messages(&users("\"ann\", \"bob\""), &users("\"bob\""), "main.tf"), []);

    // Said from the other side it is the same.
    let groups = |groups: &str| {
        format!(
            "{GROUPS}resource \"aws_iam_user_group_membership\" \"bob\" {{\n  user   = \"bob\"\n  groups = [{groups}]\n}}\n"
        )
    };
    assert_eq!(messages(&users("\"bob\""), &groups("aws_iam_group.ops.name"), "main.tf"), []);
    let told = messages(GROUPS, &groups("\"admins\""), "main.tf");
    let [(Severity::Warning, "new_privilege", message)] = told.as_slice() else { panic!("{told:?}") };
    let expected =
        "puts `user bob` into `group admins`, which has `arn:aws:iam::aws:policy/AdministratorAccess`";
    assert!(message.starts_with(expected), "{message}");
    let told = messages(GROUPS, &groups("\"elsewhere\""), "main.tf");
    let [(_, "unjudged", message)] = told.as_slice() else { panic!("{told:?}") };
    assert!(
        message.contains(
            "not all policies of `group elsewhere`, into which it puts `user bob`, can be read here"
        ),
        "{message}"
    );

    let template = |users: &str| {
        format!(
            "Resources:\n  Ops:\n    Type: AWS::IAM::Group\n    Properties:\n      Policies:\n      - PolicyName: p\n        \
             PolicyDocument:\n          Statement: [{{Effect: Allow, Action: 'ec2:StopInstances', Resource: '*'}}]\n  \
             Members:\n    Type: AWS::IAM::UserToGroupAddition\n    Properties: {{GroupName: !Ref Ops, Users: [{users}]}}\n"
        )
    };
    let told = messages(&template("ann"), &template("ann, bob"), "app.yaml");
    let [(_, "new_privilege", message)] = told.as_slice() else { panic!("{told:?}") };
    assert!(message.starts_with("puts `user bob` into `group Ops in app.yaml`"), "{message}");
}

#[test]
fn what_a_permission_set_gains_is_told() {
    let set = |actions: &str, more: &str| {
        format!(
            "resource \"aws_ssoadmin_permission_set\" \"dev\" {{\n  name = \"dev\"\n}}\n\
             resource \"aws_ssoadmin_permission_set_inline_policy\" \"dev\" {{\n  \
             permission_set_arn = aws_ssoadmin_permission_set.dev.arn\n  inline_policy = jsonencode({{ Version = \"2012-10-17\", \
             Statement = [{{ Effect = \"Allow\", Action = [{actions}], Resource = \"*\" }}] }})\n}}\n{more}"
        )
    };
    let base = set("\"s3:GetObject\"", "");
    let told = messages(&base, &set("\"s3:GetObject\", \"s3:PutObject\"", ""), "main.tf");
    let [(Severity::Note, "new_privilege", message)] = told.as_slice() else { panic!("{told:?}") };
    assert!(message.ends_with("; new: `s3:PutObject`"), "{message}");
    let attached = "resource \"aws_ssoadmin_managed_policy_attachment\" \"dev\" {\n  permission_set_arn = aws_ssoadmin_permission_set.dev.arn\n  managed_policy_arn = \"arn:aws:iam::aws:policy/AdministratorAccess\"\n}\n";
    let told = messages(&base, &set("\"s3:GetObject\"", attached), "main.tf");
    let [(Severity::Warning, "new_privilege", message)] = told.as_slice() else { panic!("{told:?}") };
    assert!(message.contains("to `permission-set aws_ssoadmin_permission_set.dev`"), "{message}");
    let template = |actions: &str, managed: &str| {
        format!(
            "Resources:\n  Dev:\n    Type: AWS::SSO::PermissionSet\n    Properties:\n      Name: dev\n      ManagedPolicies: \
             [{managed}]\n      InlinePolicy:\n        Statement: [{{Effect: Allow, Action: [{actions}], Resource: '*'}}]\n"
        )
    };
    let base = template("'s3:GetObject'", "");
    let told = messages(&base, &template("'s3:GetObject', 's3:PutObject'", ""), "app.yaml");
    let [(Severity::Note, "new_privilege", message)] = told.as_slice() else { panic!("{told:?}") };
    assert!(message.ends_with("; new: `s3:PutObject`"), "{message}");
    let admin = "'arn:aws:iam::aws:policy/AdministratorAccess'";
    let told = messages(&base, &template("'s3:GetObject'", admin), "app.yaml");
    let [(Severity::Warning, "new_privilege", message)] = told.as_slice() else { panic!("{told:?}") };
    assert!(message.contains("to `permission-set Dev in app.yaml`"), "{message}");
}

/// A role of one name in each of these folders or templates, with its boundary there.
fn roles(boundaries: &[(&str, &str)]) -> Vec<(String, String)> {
    let one = |(folder, boundary): &(&str, &str)| {
        let line = match *boundary {
            "" => String::new(),
            name => format!("  permissions_boundary = \"arn:aws:iam::111122223333:policy/{name}\"\n"),
        };
        let text = format!("resource \"aws_iam_role\" \"app\" {{\n  name = \"app\"\n{line}}}\n");
        (format!("{folder}/main.tf"), text)
    };
    boundaries.iter().map(one).collect()
}

#[test]
fn roles_of_one_name_in_several_folders_are_several() {
    let of = |base: &[(&str, &str)], head: &[(&str, &str)]| {
        let (base, head) = (roles(base), roles(head));
        fn plain(all: &[(String, String)]) -> Vec<(&str, &str)> {
            all.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
        }
        let objections = checked(&plain(&base), &plain(&head), &Policy::default());
        objections.into_iter().map(|one| (one.rule, one.file)).collect::<Vec<_>>()
    };
    let both = [("dev", "a"), ("prod", "b")];
    assert_eq!(of(&both, &both), []);
    assert_eq!(of(&[("dev", ""), ("prod", "b")], &[("dev", ""), ("prod", "b")]), []);
    let loose = [("dev", "b"), ("prod", "b")];
    assert_eq!(of(&both, &loose), [("unjudged", "dev/main.tf".to_owned())]);
    assert_eq!(of(&loose, &[("dev", ""), ("prod", "b")]), [("new_privilege", "dev/main.tf".to_owned())]);
    // One that moves keeps what it was.
    assert_eq!(of(&[("dev", "a")], &[("stage", "a")]), []);
    assert_eq!(of(&[("dev", "a")], &[("stage", "")]), [("new_privilege", "stage/main.tf".to_owned())]);
}

#[test]
fn a_boundary_kept_what_is_attached_and_what_cannot_be_read() {
    let bounded = |more: &str, boundary: &str| {
        format!(
            "{}{more}resource \"aws_iam_role\" \"app\" {{\n  name = \"app\"\n{boundary}}}\n",
            POLICIES.replace("\"s3:*\"", "\"s3:GetObject\"")
        )
    };
    let line = "  permissions_boundary = aws_iam_policy.bound.arn\n";
    // All that the repository says it has is within the boundary.
    assert_eq!(messages(&bounded("", line), &bounded("", ""), "main.tf"), []);
    let attached = "resource \"aws_iam_role_policy_attachment\" \"app\" {\n  role = \"app\"\n  policy_arn = \"arn:aws:iam::aws:policy/AdministratorAccess\"\n}\n";
    let unread = "resource \"aws_iam_role_policy\" \"more\" {\n  role = aws_iam_role.app.id\n  policy = file(\"there.json\")\n}\n";
    for more in [attached, unread] {
        let told = messages(&bounded(more, line), &bounded(more, ""), "main.tf");
        let [(Severity::Warning, "new_privilege", message)] = told.as_slice() else { panic!("{told:?}") };
        assert!(message.contains("which was `"), "{message}");
        // It may be anything that the rules forbid.
        let forbid = Policy { forbidden: vec![Pattern::new("kms:Decrypt").unwrap()], ..Policy::default() };
        let (base, head) = (bounded(more, line), bounded(more, ""));
        let rules: Vec<_> = checked(&[("main.tf", &base)], &[("main.tf", &head)], &forbid);
        assert_eq!(rules[0].rule, "forbidden_action", "{rules:?}");
    }
}

#[test]
fn what_was_allowed_on_less_counts_as_gained() {
    let role = |boundary: &str| {
        format!(
            "resource \"aws_iam_policy\" \"bound\" {{\n  policy = jsonencode({{ Statement = [{{ Effect = \"Allow\", Action = \
             \"iam:PassRole\", Resource = \"arn:aws:iam::111122223333:role/one\" }}] }})\n}}\nresource \"aws_iam_role_policy\" \"app\" \
             {{\n  role = aws_iam_role.app.id\n  policy = jsonencode({{ Statement = [{{ Effect = \"Allow\", Action = \"iam:Pass*\", Resource = \
             \"*\" }}] }})\n}}\nresource \"aws_iam_role\" \"app\" {{\n  name = \"app\"\n{boundary}}}\n"
        )
    };
    let (base, head) = (role("  permissions_boundary = aws_iam_policy.bound.arn\n"), role(""));
    let forbid = Policy {
        forbidden: vec![Pattern::new("iam:PassRole").unwrap()],
        most: Some(AccessLevel::Read),
        ..Policy::default()
    };
    let told = checked(&[("main.tf", &base)], &[("main.tf", &head)], &forbid);
    let rules: Vec<_> = told.iter().map(|one| one.rule).collect();
    assert_eq!(rules, ["forbidden_action", "too_much_privilege", "new_privilege"], "{told:?}");
    assert!(told.iter().any(|one| one.names == ["iam:PassRole"]), "{told:?}");
}

#[test]
fn a_boundary_of_another_template_is_another() {
    let template = |actions: &str, boundary: &str| {
        format!(
            "Resources:\n  Bound:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        Statement: \
             [{{Effect: Allow, Action: {actions}, Resource: '*'}}]\n  App:\n    Type: AWS::IAM::Role\n    Properties:\n{boundary}      \
             Policies:\n      - PolicyName: p\n        PolicyDocument:\n          Statement: [{{Effect: Allow, Action: 's3:*', Resource: \
             '*'}}]\n"
        )
    };
    let bound = "      PermissionsBoundary: !Ref Bound\n";
    let (wide, strict) = (template("'*'", bound), template("'s3:GetObject'", bound));
    let open = template("'s3:GetObject'", "");
    let told = checked(
        &[("a.yaml", &wide), ("b.yaml", &strict)],
        &[("a.yaml", &wide), ("b.yaml", &open)],
        &Policy::default(),
    );
    let told: Vec<_> = told.iter().map(|one| (one.rule, one.file.as_str())).collect();
    assert_eq!(told, [("new_privilege", "b.yaml")]);
}

#[test]
fn who_leaves_a_group_is_no_longer_denied_what_it_denies() {
    let of = |users: &str| {
        format!(
            "resource \"aws_iam_group\" \"restricted\" {{ name = \"restricted\" }}\nresource \"aws_iam_group_policy\" \"no\" {{\n  group = \
             aws_iam_group.restricted.name\n  policy = jsonencode({{ Statement = [{{ Effect = \"Deny\", Action = \"s3:DeleteObject\", \
             Resource = \"*\" }}] }})\n}}\nresource \"aws_iam_user_policy\" \"bob\" {{\n  user = \"bob\"\n  policy = jsonencode({{ Statement = \
             [{{ Effect = \"Allow\", Action = \"s3:*\", Resource = \"*\" }}] }})\n}}\nresource \"aws_iam_group_membership\" \"restricted\" {{\n  \
             group = aws_iam_group.restricted.name\n  users = [{users}]\n}}\n"
        )
    };
    let told = messages(&of("\"ann\", \"bob\""), &of("\"ann\""), "main.tf");
    let [(_, "new_privilege", message)] = told.as_slice() else { panic!("{told:?}") };
    assert!(message.contains("`s3:DeleteObject`") && message.contains("since a denial is gone"), "{message}");
    // Ann may delete nothing anyway.
    assert_eq!(messages(&of("\"ann\", \"bob\""), &of("\"bob\""), "main.tf"), []);
}

#[test]
fn a_group_of_which_not_all_can_be_read_cannot_be_judged() {
    let of = |users: &str| {
        format!(
            "resource \"aws_iam_group_policy\" \"ops\" {{\n  group = \"ops\"\n  policy = templatefile(\"there.tpl\", {{}})\n}}\n\
             resource \"aws_iam_group_membership\" \"ops\" {{\n  group = \"ops\"\n  users = [{users}]\n}}\n"
        )
    };
    let told = messages(&of("\"ann\""), &of("\"ann\", \"bob\""), "main.tf");
    let [(_, "unjudged", message)] = told.as_slice() else { panic!("{told:?}") };
    assert!(message.contains("not all policies of `group ops`"), "{message}");
}

#[test]
fn what_a_user_has_by_another_group_is_nothing_new() {
    let admin = |group: &str| {
        format!(
            "resource \"aws_iam_group_policy_attachment\" \"{group}\" {{\n  group = \"{group}\"\n  policy_arn = \
             \"arn:aws:iam::aws:policy/AdministratorAccess\"\n}}\n"
        )
    };
    let of = |group: &str| {
        format!(
            "{}{}resource \"aws_iam_user_group_membership\" \"bob\" {{\n  user = \"bob\"\n  groups = [\"{group}\"]\n}}\n",
            admin("a"),
            admin("b")
        )
    };
    assert_eq!(messages(&of("a"), &of("b"), "main.tf"), []);
}

/// Tags that the gate finds for what a change grants.
fn tagged(file: &str, base: &str, head: &str) -> Vec<Option<String>> {
    let of = |text: &str| Repository::of([(PathBuf::from(file), text.to_owned())]);
    let (base, head) = (of(base), of(head));
    let owner = |whom: Whom<'_>| whom.tags(&head).find_map(|tags| tags.get("owner").cloned());
    let objections = check(&Input {
        catalog: Catalog::embedded().unwrap(),
        base: &base,
        head: &head,
        policy: &Policy::default(),
        usage: None,
        owner: &owner,
        mutes: &Mutes::default(),
        today: TODAY,
    });
    objections.into_iter().map(|one| one.owner).collect()
}

#[test]
fn a_tag_of_another_folder_s_role_names_nobody_here() {
    let role = |tags: &str| format!("resource \"aws_iam_role\" \"app\" {{\n  name = \"app\"\n{tags}}}\n");
    let attached = "resource \"aws_iam_role_policy_attachment\" \"app\" {\n  role = \"app\"\n  policy_arn = \"arn:aws:iam::aws:policy/ReadOnlyAccess\"\n}\n";
    let files = |tags: [&str; 2]| {
        [("dev/main.tf", role(tags[0])), ("prod/main.tf", format!("{}{attached}", role(tags[1])))]
            .map(|(path, text)| (PathBuf::from(path), text))
    };
    let owner = |tags: [&str; 2]| {
        let head = Repository::of(files(tags));
        let whom = Whom {
            file: "prod/main.tf",
            line: 5,
            address: "aws_iam_role_policy_attachment.app",
            identity: Some("app"),
        };
        let mut tags = whom.tags(&head).filter_map(|tags| tags.get("owner").cloned());
        tags.next()
    };
    let tag = "  tags = { owner = \"dev\" }\n";
    assert_eq!(owner([tag, ""]), None);
    assert_eq!(owner(["", tag]), Some("dev".to_owned()));
}

#[test]
fn tags_and_annotations_say_who_is_asked() {
    let policy = "jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", Action = \"s3:GetObject\", Resource = \"*\" }] })";
    let on_role = format!(
        "locals {{\n  tags = {{ owner = \"shop\" }}\n}}\nresource \"aws_iam_role\" \"app\" {{\n  tags = merge(local.tags, {{ stage = \"prod\" \
         }})\n}}\nresource \"aws_iam_role_policy\" \"p\" {{\n  role   = aws_iam_role.app.id\n  policy = {policy}\n}}\n"
    );
    assert_eq!(tagged("main.tf", "", &on_role), [Some("shop".to_owned())]);
    let on_policy = format!(
        "provider \"aws\" {{\n  default_tags {{\n    tags = {{ owner = \"platform\" }}\n  }}\n}}\nresource \"aws_iam_policy\" \"p\" {{\n  \
         policy = {policy}\n}}\n"
    );
    assert_eq!(tagged("main.tf", "", &on_policy), [Some("platform".to_owned())]);
    let own = on_policy.replace("  policy =", "  tags   = { owner = \"own\" }\n  policy =");
    assert_eq!(tagged("main.tf", "", &own), [Some("own".to_owned())]);
    assert_eq!(
        tagged("main.tf", "", &format!("resource \"aws_iam_policy\" \"p\" {{\n  policy = {policy}\n}}\n")),
        [None]
    );
    let template = "Resources:\n  App:\n    Type: AWS::IAM::Role\n    Properties:\n      Tags: [{Key: owner, Value: shop}]\n      Policies:\n      - PolicyName: p\n        PolicyDocument:\n          Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]\n";
    assert_eq!(tagged("app.yaml", "", template), [Some("shop".to_owned())]);
    let manifest = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: reader\n  annotations: {owner: shop}\nrules:\n- {apiGroups: [''], resources: [pods], verbs: [get]}\n";
    assert_eq!(tagged("role.yaml", "", manifest), [Some("shop".to_owned())]);
}
