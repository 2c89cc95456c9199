use super::*;

const ROOT: &str = "arn:aws:iam::111122223333:root";
const CI: &str = "arn:aws:iam::111122223333:role/ci";
const GITHUB: &str = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";

/// A role of Terraform that trusts somebody.
fn role(statements: &[String]) -> String {
    format!(
        "resource \"aws_iam_role\" \"app\" {{\n  name = \"app\"\n  assume_role_policy = jsonencode({{\n    Version = \"2012-10-17\"\n    Statement = [\n{}\n    ]\n  }})\n}}\n",
        statements.join(",\n")
    )
}

fn trusting(principal: &str, condition: &str) -> String {
    let action =
        if principal.contains("Federated") { "sts:AssumeRoleWithWebIdentity" } else { "sts:AssumeRole" };
    format!(
        "{{ Effect = \"Allow\", Action = \"{action}\", Principal = {principal}{} }}",
        if condition.is_empty() { String::new() } else { format!(", Condition = {condition}") }
    )
}

fn aws(id: &str) -> String {
    format!("{{ AWS = \"{id}\" }}")
}

/// Severity, rule and message of each thing that is said of a change of one file.
fn said(path: &str, base: &str, head: &str) -> Vec<(Severity, &'static str, String)> {
    let objections = checked(&[(path, base)], &[(path, head)], &Policy::default());
    objections.into_iter().map(|one| (one.severity, one.rule, one.message)).collect()
}

#[track_caller]
fn only<'a>(all: &'a [(Severity, &'static str, String)]) -> (Severity, &'static str, &'a str) {
    let [(severity, rule, message)] = all else { panic!("{all:#?}") };
    (*severity, *rule, message.as_str())
}

#[test]
fn whoever_may_become_a_role_newly_is_told() {
    let lambda = trusting("{ Service = \"lambda.amazonaws.com\" }", "");
    let base = role(std::slice::from_ref(&lambda));
    let check = |head: &[String]| said("main.tf", &base, &role(head));
    assert_eq!(check(std::slice::from_ref(&lambda)), []);
    assert_eq!(check(&[]), [], "who is let in no more is nothing new");
    let other = check(&[lambda.clone(), trusting(&aws("444455556666"), "")]);
    let (severity, rule, message) = only(&other);
    assert_eq!((severity, rule), (Severity::Warning, "new_trust"));
    let expected =
        "lets `444455556666` become it, which nothing allowed there before (write); new: `sts:AssumeRole`";
    assert_eq!(message, expected);
    // Everybody without a condition breaks a rule, whichever way it is written.
    for everybody in ["\"*\"", "{ AWS = \"*\" }", "{ AWS = [\"444455556666\", \"*\"] }"] {
        let all = check(&[lambda.clone(), trusting(everybody, "")]);
        let (severity, rule, message) = only(&all);
        assert_eq!((severity, rule), (Severity::Error, "new_trust"), "{everybody}");
        assert!(message.starts_with("lets everybody become it"), "{message}");
    }
    let bound = "{ StringEquals = { \"aws:PrincipalOrgID\" = \"o-1\" } }";
    let all = check(&[lambda.clone(), trusting("\"*\"", bound)]);
    assert_eq!(only(&all).0, Severity::Warning);
    assert!(only(&all).2.starts_with("lets everybody who meets its conditions become it"), "{all:#?}");
    let but = lambda
        .replace("Principal = { Service = \"lambda.amazonaws.com\" }", "NotPrincipal = { AWS = \"1\" }");
    let all = check(&[but]);
    assert_eq!(only(&all).0, Severity::Error);
    assert!(only(&all).2.starts_with("lets everybody but `1` become it"), "{all:#?}");
    // Those of one statement are told together.
    let several = "{ AWS = [\"444455556666\", \"777788889999\"], Service = [\"ec2.amazonaws.com\", \"ecs.amazonaws.com\"] }";
    let all = check(&[lambda, trusting(several, "")]);
    assert!(
        only(&all).2.starts_with("lets `444455556666`, `777788889999`, `ec2.amazonaws.com` and 1 more"),
        "{all:#?}"
    );
    // Of a role that was not there, too.
    let all = said("main.tf", "", &base);
    assert!(only(&all).2.contains("by a policy that was not there"), "{all:#?}");
}

#[test]
fn a_role_of_an_account_that_was_let_in_is_narrower() {
    let root = role(&[trusting(&aws(ROOT), "")]);
    let ci = role(&[trusting(&aws(CI), "")]);
    let all = said("main.tf", &root, &ci);
    let (severity, rule, message) = only(&all);
    assert_eq!((severity, rule), (Severity::Note, "new_trust"));
    assert!(message.contains("whose account was let in as a whole"), "{message}");
    // The number of an account is its root.
    assert_eq!(said("main.tf", &root, &role(&[trusting(&aws("111122223333"), "")])), []);
    assert_eq!(only(&said("main.tf", &ci, &root)).0, Severity::Warning);
    // An expression for an account is as good as its number.
    let own = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root";
    let own = role(&[trusting(&aws(own), "")]);
    assert_eq!(said("main.tf", &own, &own.replace("name =", "name  =")), []);
    let bare = role(&[trusting("{ AWS = data.aws_caller_identity.current.account_id }", "")]);
    assert_eq!(only(&said("main.tf", "", &bare)).0, Severity::Warning);
}

#[test]
fn conditions_of_tokens_are_kept_or_it_is_told() {
    let github = |conditions: &str| role(&[trusting(&format!("{{ Federated = \"{GITHUB}\" }}"), conditions)]);
    let of = |audience: &str, subject: &str| {
        format!(
            "{{ StringEquals = {{ \"token.actions.githubusercontent.com:aud\" = \"{audience}\" }}, StringLike = {{ \"token.actions.githubusercontent.com:sub\" = \"{subject}\" }} }}"
        )
    };
    let base = github(&of("sts.amazonaws.com", "repo:acme/infra:*"));
    let check = |conditions: &str| said("main.tf", &base, &github(conditions));
    assert_eq!(check(&of("sts.amazonaws.com", "repo:acme/infra:ref:refs/heads/main")), []);
    for weaker in [of("sts.amazonaws.com", "repo:acme/*"), of("other", "repo:acme/infra:*")] {
        let all = check(&weaker);
        let (severity, rule, message) = only(&all);
        assert_eq!((severity, rule), (Severity::Warning, "new_trust"));
        assert!(
            message.contains("under a condition that is gone or weaker") && !message.contains("whose token"),
            "{message}"
        );
    }
    let all =
        check("{ StringEquals = { \"token.actions.githubusercontent.com:aud\" = \"sts.amazonaws.com\" } }");
    assert!(only(&all).2.contains("; no condition on `sub` says whose token it is"), "{all:#?}");
}

#[test]
fn whoever_may_use_a_resource_newly_is_told() {
    let bucket = |blocks: &str| {
        format!(
            "data \"aws_iam_policy_document\" \"logs\" {{\n{blocks}}}\nresource \"aws_s3_bucket_policy\" \"logs\" {{\n  bucket = \"logs\"\n  policy = data.aws_iam_policy_document.logs.json\n}}\n"
        )
    };
    let statement = |effect: &str, action: &str, kind: &str, id: &str, condition: &str| {
        format!(
            "  statement {{\n    effect    = \"{effect}\"\n    actions   = [\"{action}\"]\n    resources = [\"arn:aws:s3:::logs/*\"]\n    principals {{\n      type        = \"{kind}\"\n      identifiers = [{id}]\n    }}\n{condition}  }}\n"
        )
    };
    let read = statement("Allow", "s3:GetObject", "AWS", &format!("\"{CI}\""), "");
    let plain = statement(
        "Deny",
        "s3:*",
        "*",
        "\"*\"",
        "    condition {\n      test     = \"Bool\"\n      variable = \"aws:SecureTransport\"\n      values   = [\"false\"]\n    }\n",
    );
    let base = bucket(&format!("{read}{plain}"));
    let check = |head: &str| said("main.tf", &base, head);
    assert_eq!(check(&base.replace("data \"aws", "# a comment\ndata \"aws")), []);
    let write = check(&bucket(&format!("{}{plain}", read.replace("s3:GetObject", "s3:*"))));
    let (severity, rule, message) = only(&write);
    assert_eq!((severity, rule), (Severity::Warning, "new_resource_access"));
    assert!(
        message.starts_with(&format!("lets `{CI}` call `s3:")) && message.contains("on `arn:aws:s3:::logs/"),
        "{message}"
    );
    let denied = check(&bucket(&read));
    assert!(only(&denied).2.contains("which was denied before"), "{denied:#?}");
    let public =
        check(&bucket(&format!("{read}{plain}{}", statement("Allow", "s3:GetObject", "*", "\"*\"", ""))));
    assert_eq!((only(&public).0, only(&public).1), (Severity::Error, "new_resource_access"));
    // Whom an input names cannot be told, and is told once.
    let open = bucket(&format!(
        "{plain}{}",
        statement("Allow", "s3:GetObject", "AWS", "var.readers", "").replace("[var.readers]", "var.readers")
    ));
    let all = check(&open);
    assert_eq!((only(&all).0, only(&all).1), (Severity::Warning, "unjudged"));
    assert!(only(&all).2.contains("`var.readers` says whom it lets in"), "{all:#?}");
    assert_eq!(said("main.tf", &open, &format!("# moved down\n{open}")), []);
    let known = check(&bucket(&format!(
        "{read}{plain}{}",
        statement("Allow", "s3:GetObject", "AWS", "aws_iam_role.reader.arn", "")
    )));
    assert!(only(&known).2.starts_with("lets `aws_iam_role.reader.arn` call `s3:GetObject`"), "{known:#?}");
    // What is made for a resource of another module is judged where it is made.
    let (document, _) = base.split_once("resource \"").unwrap();
    let wider = document.replace(CI, ROOT);
    assert_eq!(only(&said("main.tf", document, &wider)).1, "new_resource_access");
    // Nothing of it is a privilege of an identity, and rules hold all the same.
    let forbid = Policy { forbidden: vec![Pattern::new("s3:Put*").unwrap()], ..Policy::default() };
    let head = bucket(&format!("{}{plain}", read.replace("s3:GetObject", "s3:PutObject")));
    let told = told(&checked(&[("main.tf", &base)], &[("main.tf", &head)], &forbid));
    assert_eq!(told.iter().map(|one| one.1).collect::<Vec<_>>(), ["forbidden_action", "new_resource_access"]);
}

#[test]
fn templates_and_permissions_of_functions_are_judged() {
    let key = |principal: &str| {
        format!(
            "Resources:\n  Key:\n    Type: AWS::KMS::Key\n    Properties:\n      KeyPolicy:\n        Version: '2012-10-17'\n        Statement:\n        - Effect: Allow\n          Principal: {principal}\n          Action: kms:*\n          Resource: '*'\n"
        )
    };
    let own = key("{ AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root' }");
    assert_eq!(said("stack.yaml", &own, &own.replace("- Effect", "-  Effect")), []);
    let all = said("stack.yaml", &own, &key("'*'"));
    assert_eq!((only(&all).0, only(&all).1), (Severity::Error, "new_resource_access"));
    assert!(only(&all).2.contains("` on `*`, which nothing allowed there before"), "{all:#?}");
    let all = said("stack.yaml", &own, &key("{ AWS: !Ref Partner }"));
    assert_eq!(only(&all).1, "unjudged", "{all:#?}");

    let terraform = |more: &str| {
        format!(
            "resource \"aws_lambda_permission\" \"events\" {{\n  function_name = \"app\"\n  action = \"lambda:InvokeFunction\"\n  principal = \"events.amazonaws.com\"\n{more}}}\n"
        )
    };
    let bound = terraform("  source_arn = aws_cloudwatch_event_rule.nightly.arn\n");
    assert_eq!(said("main.tf", &bound, &bound.replace("principal =", "principal  =")), []);
    let all = said("main.tf", &bound, &terraform(""));
    let (severity, rule, message) = only(&all);
    assert_eq!((severity, rule), (Severity::Warning, "new_resource_access"));
    assert!(
        message.contains("lets `events.amazonaws.com` call `lambda:InvokeFunction` on `app`"),
        "{message}"
    );
    assert!(message.contains("under a condition that is gone or weaker"), "{message}");
    let template = |principal: &str| {
        format!(
            "Resources:\n  Events:\n    Type: AWS::Lambda::Permission\n    Properties:\n      FunctionName: !Ref App\n      Action: lambda:InvokeFunction\n      Principal: '{principal}'\n"
        )
    };
    let all = said("stack.yaml", &template("events.amazonaws.com"), &template("*"));
    assert_eq!(only(&all).0, Severity::Error);
}

#[test]
fn documents_and_files_with_principals_are_judged() {
    let trust = |id: &str| {
        policy(&format!(
            "{{\"Effect\": \"Allow\", \"Action\": \"sts:AssumeRole\", \"Principal\": {{\"AWS\": \"{id}\"}}}}"
        ))
    };
    let all = said("trust.json", &trust(CI), &trust("444455556666"));
    assert_eq!(only(&all).1, "new_trust");
    // One that Terraform reads is the role's own.
    let role = "resource \"aws_iam_role\" \"app\" {\n  name = \"app\"\n  assume_role_policy = file(\"${path.module}/trust.json\")\n}\n";
    let base = [("main.tf", role), ("trust.json", &trust(CI))];
    let head = [("main.tf", role), ("trust.json", &trust("444455556666"))];
    let objections = checked(&base, &head, &Policy::default());
    let [one] = objections.as_slice() else { panic!("{objections:#?}") };
    assert_eq!((one.file.as_str(), one.identity.as_deref()), ("trust.json", Some("app")));
    // Moved to another role, it lets somebody into that.
    let other = role.replace("\"app\"", "\"admin\"");
    let objections = checked(&base, &[("main.tf", &other), ("trust.json", &trust(CI))], &Policy::default());
    assert_eq!(objections.len(), 1, "{objections:#?}");
    let unknown = role.replace("file(\"${path.module}/trust.json\")", "module.trust.json");
    let all = said("main.tf", "", &unknown);
    assert_eq!(only(&all).1, "unjudged");
}

#[test]
fn statements_that_a_loop_makes_cannot_be_told() {
    let document = |each: &str| {
        format!(
            "data \"aws_iam_policy_document\" \"app\" {{\n  dynamic \"statement\" {{\n    for_each = {each}\n    content {{\n      actions   = statement.value\n      resources = [\"*\"]\n    }}\n  }}\n}}\n"
        )
    };
    let all = said("main.tf", "", &document("var.grants"));
    assert_eq!((only(&all).0, only(&all).1), (Severity::Warning, "unjudged"));
    assert_eq!(said("main.tf", &document("var.grants"), &format!("# down\n{}", document("var.grants"))), []);
    assert_eq!(only(&said("main.tf", &document("var.grants"), &document("var.more"))).1, "unjudged");
}

#[test]
fn a_policy_that_is_set_on_another_resource_lets_in_there() {
    let set = |secret: &str| {
        format!(
            "resource \"aws_secretsmanager_secret_policy\" \"shared\" {{\n  secret_arn = aws_secretsmanager_secret.{secret}.arn\n  policy = jsonencode({{\n    Version = \"2012-10-17\"\n    Statement = [\n      {{ Effect = \"Allow\", Action = \"secretsmanager:GetSecretValue\", Principal = {}, Resource = \"*\" }}\n    ]\n  }})\n}}\n",
            aws("444455556666")
        )
    };
    assert_eq!(said("main.tf", &set("demo"), &format!("# the same\n{}", set("demo"))), []);
    let moved = said("main.tf", &set("demo"), &set("prod"));
    let (severity, rule, message) = only(&moved);
    assert_eq!((severity, rule), (Severity::Warning, "new_resource_access"));
    assert!(message.contains("`444455556666`"), "{message}");
}
