use super::*;
use crate::grant::PrincipalKind;

const PAGE: &str = r#"{
  "UserDetailList": [
    {"Path": "/", "UserName": "ann", "Arn": "arn:aws:iam::111122223333:user/ann",
     "CreateDate": "2026-01-02T03:04:05+00:00", "GroupList": ["ops"], "AttachedManagedPolicies": []}
  ],
  "GroupDetailList": [
    {"Path": "/", "GroupName": "ops", "Arn": "arn:aws:iam::111122223333:group/ops",
     "GroupPolicyList": [{"PolicyName": "inline", "PolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}}],
     "AttachedManagedPolicies": [{"PolicyName": "shared", "PolicyArn": "arn:aws:iam::111122223333:policy/shared"}]}
  ],
  "RoleDetailList": [
    {"Path": "/", "RoleName": "web", "Arn": "arn:aws:iam::111122223333:role/web",
     "RolePolicyList": [], "CreateDate": "2026-01-02 03:04:05+00:00",
     "AttachedManagedPolicies": [{"PolicyName": "shared", "PolicyArn": "arn:aws:iam::111122223333:policy/shared"},
                                 {"PolicyName": "gone", "PolicyArn": "arn:aws:iam::111122223333:policy/gone"}]}
  ],
  "Policies": [
    {"PolicyName": "shared", "Arn": "arn:aws:iam::111122223333:policy/shared", "AttachmentCount": 2,
     "PolicyVersionList": [
       {"VersionId": "v1", "IsDefaultVersion": false, "Document": {"Statement": []}},
       {"VersionId": "v2", "IsDefaultVersion": true, "CreateDate": "2026-02-02T00:00:00Z", "Document":
         "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22sqs%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"}]}
  ]
}"#;

fn read(text: &str) -> Account {
    read_account(&[AccountFile { name: "account.json", text }])
}

#[test]
fn principals_have_their_own_policies_and_those_of_their_groups() {
    let account = read(PAGE);
    let [role, user] = account.principals.as_slice() else { panic!("{:?}", account.principals) };
    assert_eq!((role.kind, role.name.as_str()), (PrincipalKind::Role, "web"));
    assert_eq!(role.created, user.created);
    assert_eq!(role.attachments.len(), 1);
    let names: Vec<_> = user
        .attachments
        .iter()
        .map(|attachment| (account.policies[attachment.policy].name.as_str(), attachment.group.as_deref()))
        .collect();
    assert_eq!(names, [("inline", Some("ops")), ("shared", Some("ops"))]);
}

#[test]
fn the_default_version_counts_and_may_be_url_encoded() {
    let account = read(PAGE);
    let shared = account.policies.iter().find(|policy| policy.name == "shared").unwrap();
    assert_eq!(shared.document.statements[0].actions.patterns, ["sqs:*"]);
    assert!(shared.is_shared());
    assert_eq!(shared.holders.len(), 2);
}

#[test]
fn a_missing_document_is_a_problem_of_its_principal() {
    let account = read(PAGE);
    let [problem] = account.problems.as_slice() else { panic!("{:?}", account.problems) };
    assert!(problem.message.contains("policy/gone"), "{}", problem.message);
    assert_eq!(problem.principal.as_deref(), Some("arn:aws:iam::111122223333:role/web"));
}

#[test]
fn statements_know_their_line_in_the_file() {
    let account = read(PAGE);
    let inline = account.policies.iter().find(|policy| policy.name == "inline").unwrap();
    assert_eq!(inline.origin.line, 8);
    assert_eq!(inline.document.statements[0].line, 10);
}

#[test]
fn pages_may_follow_one_another_or_stand_in_a_list_in_any_order() {
    let pages = format!("{PAGE}\n{PAGE}");
    let list = format!("[{PAGE},{PAGE}]");
    let once = read(PAGE);
    for text in [pages, list] {
        let mut twice = read(&text);
        for (a, b) in twice.policies.iter_mut().zip(&once.policies) {
            // The list's bracket moves nothing but columns.
            assert_eq!(a.name, b.name);
            a.origin.clone_from(&b.origin);
        }
        assert_eq!(twice.principals, once.principals);
    }
}

#[test]
fn pages_that_are_missing_are_a_problem() {
    let page = |says: &str| PAGE.replacen('{', &format!("{{{says},"), 1);
    let is_told = |text: &str| {
        let problems = read(text).problems;
        problems
            .iter()
            .any(|problem| problem.message.starts_with("pages of account `111122223333` are missing"))
    };
    let (followed, last) = (page(r#""IsTruncated": true, "Marker": "m""#), page(r#""IsTruncated": false"#));
    assert!(is_told(&followed) && is_told(&format!("[{followed},{followed}]")));
    assert!(is_told(&page(r#""NextToken": "m""#)));
    // Another account's last page ends nothing here.
    assert!(is_told(&format!("{followed}{}", last.replace("111122223333", "444455556666"))));
    let of_aws = r#"{"IsTruncated": false, "Policies": []}"#;
    let between = of_aws.replace("false", "true");
    let all = [
        PAGE.to_owned(),
        format!("{last}{followed}"),
        format!("{followed}{of_aws}"),
        format!("{followed}{between}{last}"),
        last,
    ];
    for whole in all {
        assert!(!is_told(&whole), "{whole}");
    }
}

#[test]
fn broken_input_is_a_problem_with_its_line() {
    let account = read("{\n\"RoleDetailList\": [\n{}\n]}");
    let [problem] = account.problems.as_slice() else { panic!("{:?}", account.problems) };
    assert!(problem.message.contains("cannot read account details"), "{}", problem.message);
    assert_eq!(problem.line, 3);
    assert!(read("[]").problems[0].message.contains("no roles"));
}

#[test]
fn what_cannot_be_read_is_a_problem_of_everyone_who_has_it() {
    const USERS: [&str; 2] = ["arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:user/bob"];
    let concerned = |text: &str| -> Vec<String> {
        let problems = read(text).problems;
        problems.into_iter().filter_map(|problem| problem.principal).collect()
    };
    let broken = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}"#;
    let account = |group: &str, user: &str, boundary: &str| {
        let own = |name: &str| {
            format!(
                r#"{{"UserName": "{name}", "Arn": "arn:aws:iam::111122223333:user/{name}", "GroupList": ["ops"],
                     "AttachedManagedPolicies": [{user}], "PermissionsBoundary": {boundary}}}"#
            )
        };
        format!(
            r#"{{"UserDetailList": [{}, {}],
                 "GroupDetailList": [{{"GroupName": "ops", "Arn": "arn:aws:iam::111122223333:group/ops", {group}}}],
                 "Policies": [{{"PolicyName": "odd", "Arn": "arn:aws:iam::111122223333:policy/odd",
                   "PolicyVersionList": [{{"IsDefaultVersion": true, "Document": {broken}}}]}}]}}"#,
            own("ann"),
            own("bob"),
        )
    };
    let odd = r#"{"PolicyName": "odd", "PolicyArn": "arn:aws:iam::111122223333:policy/odd"}"#;
    let bounded = r#"{"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/odd"}"#;
    let inline = format!(r#""GroupPolicyList": [{{"PolicyName": "own", "PolicyDocument": {broken}}}]"#);
    let attached = format!(r#""AttachedManagedPolicies": [{odd}]"#);
    let plain = r#""GroupPolicyList": []"#;
    assert_eq!(concerned(&account(&inline, "", "null")), USERS);
    assert_eq!(concerned(&account(&attached, "", "null")), USERS);
    assert_eq!(concerned(&account(plain, odd, "null")), USERS);
    assert_eq!(concerned(&account(plain, "", bounded)), USERS);
    let alone = account(&inline, "", "null").replace(r#"["ops"]"#, "[]");
    assert_eq!(concerned(&alone), ["arn:aws:iam::111122223333:group/ops"]);
}

#[test]
fn the_oldest_version_is_surplus_where_there_are_five() {
    let versions = |ids: &[&str]| {
        let document = r#"{"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}"#;
        let versions: Vec<_> = ids
            .iter()
            .map(|id| {
                format!(
                    r#"{{"VersionId": "{id}", "IsDefaultVersion": {}, "Document": {document}}}"#,
                    *id == "v2"
                )
            })
            .collect();
        let text = format!(
            r#"{{"Policies": [{{"PolicyName": "p", "Arn": "arn:aws:iam::111122223333:policy/p", "PolicyVersionList": [{}]}}]}}"#,
            versions.join(", ")
        );
        let versions = read(&text).policies[0].versions.clone().unwrap();
        assert_eq!(versions.default, "v2");
        versions.surplus
    };
    assert_eq!(versions(&["v10", "v9", "v3", "v2", "v11"]).as_deref(), Some("v3"));
    assert_eq!(versions(&["v10", "v9", "v3", "v2"]), None);
}

#[test]
fn groups_of_one_name_in_two_accounts_are_two() {
    let other = PAGE.replace("111122223333", "444455556666").replace("s3:GetObject", "ec2:RunInstances");
    let files =
        [AccountFile { name: "one.json", text: PAGE }, AccountFile { name: "two.json", text: &other }];
    for files in [files, [files[1], files[0]]] {
        let account = read_account(&files);
        for (user, action) in [
            ("arn:aws:iam::111122223333:user/ann", "s3:GetObject"),
            ("arn:aws:iam::444455556666:user/ann", "ec2:RunInstances"),
        ] {
            let user = account.principals.iter().find(|principal| principal.arn == user).unwrap();
            let granted: Vec<_> = user
                .attachments
                .iter()
                .flat_map(|attachment| &account.policies[attachment.policy].document.statements)
                .flat_map(|statement| &statement.actions.patterns)
                .collect();
            assert_eq!(granted, [action, "sqs:*"], "{}", user.arn);
        }
    }
}

#[test]
fn a_group_of_another_account_does_not_stand_for_one_that_is_missing() {
    let user = PAGE.split("\"GroupDetailList\"").next().unwrap().trim_end().trim_end_matches(',');
    let user = format!("{user}}}").replace("111122223333", "444455556666");
    let files = [AccountFile { name: "one.json", text: PAGE }, AccountFile { name: "two.json", text: &user }];
    let account = read_account(&files);
    let user = account.principals.iter().find(|principal| principal.arn.contains("444455556666")).unwrap();
    assert!(user.attachments.is_empty());
    assert!(account.problems.iter().any(|problem| problem.principal.as_ref() == Some(&user.arn)));
}
