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
        message.contains("the policies of `group elsewhere`, into which it puts `user bob`"),
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
    assert!(message.contains("to `permission-set aws_ssoadmin_permission_set.dev in `"), "{message}");
    let template = |actions: &str, managed: &str| {
        format!(
            "Resources:\n  Dev:\n    Type: AWS::SSO::PermissionSet\n    Properties:\n      Name: dev\n      ManagedPolicies: \
             [{managed}]\n      InlinePolicy:\n        Statement: [{{Effect: Allow, Action: [{actions}], Resource: '*'}}]\n"
        )
    };
    let base = template("'s3:GetObject'", "");
    let told = messages(&base, &template("'s3:GetObject', 's3:PutObject'", ""), "app.yaml");
    assert_eq!(told.len(), 1, "{told:?}");
    let admin = "'arn:aws:iam::aws:policy/AdministratorAccess'";
    let told = messages(&base, &template("'s3:GetObject'", admin), "app.yaml");
    assert_eq!(told.len(), 1, "{told:?}");
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
