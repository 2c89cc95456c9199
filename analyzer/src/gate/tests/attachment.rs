use super::*;

fn attach(role: &str, policy: &str) -> String {
    format!(
        "resource \"aws_iam_role_policy_attachment\" \"{role}\" {{\n  role       = \"{role}\"\n  policy_arn = {policy}\n}}\n"
    )
}

const ADMIN: &str = "\"arn:aws:iam::aws:policy/AdministratorAccess\"";
const READER: &str = "\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"";

#[test]
fn a_policy_of_aws_that_is_attached_is_told_by_its_name() {
    let base = attach("app", READER);
    let check = |head: &str, policy: &Policy| checked(&[("main.tf", &base)], &[("main.tf", head)], policy);
    let none = Policy::default();
    assert!(check(&format!("# down\n{base}"), &none).is_empty());
    let renamed = base
        .replace("\"aws_iam_role_policy_attachment\" \"app\"", "\"aws_iam_role_policy_attachment\" \"s3\"");
    assert!(check(&renamed, &none).is_empty());
    let head = format!("{base}{}{}", attach("ci", ADMIN), attach("web", READER));
    let objections = check(&head, &none);
    let told: Vec<_> =
        objections.iter().map(|one| (one.severity, one.line, one.identity.as_deref())).collect();
    assert_eq!(told, [(Severity::Warning, 7, Some("ci")), (Severity::Note, 11, Some("web"))]);
    let message = "attaches `arn:aws:iam::aws:policy/AdministratorAccess` to `role ci`, whose statements are not in the repository (permissions management)";
    assert_eq!(objections[0].message, message);
    // It has whatever is forbidden.
    let forbid = Policy { forbidden: vec![Pattern::new("kms:Decrypt").unwrap()], ..Policy::default() };
    let rules: Vec<_> = check(&head, &forbid).iter().map(|one| (one.rule, one.identity.clone())).collect();
    assert_eq!(rules[0], ("forbidden_action", Some("ci".to_owned())));
    assert_eq!(rules.iter().filter(|(rule, _)| *rule == "forbidden_action").count(), 1);
    // A date is written at it, or on the lines above.
    let dated = Policy { needs_review: true, ..Policy::default() };
    assert_eq!(check(&head, &dated)[0].rule, "no_review_date");
    let noted = head.replace("AdministratorAccess\"", "AdministratorAccess\" # remit: review 2027-01-31");
    assert!(check(&noted, &dated).iter().all(|one| one.severity != Severity::Error));
    let most = Policy { most: Some(AccessLevel::Write), ..Policy::default() };
    assert_eq!(check(&head, &most)[0].rule, "too_much_privilege");
}

#[test]
fn what_a_policy_from_elsewhere_grants_cannot_be_told() {
    let rules = |arn: &str, forbidden: &[&str]| -> Vec<&str> {
        let forbidden = forbidden.iter().map(|one| Pattern::new(one).unwrap()).collect();
        let policy = Policy { forbidden, ..Policy::default() };
        let head = attach("app", &format!("\"{arn}\""));
        checked(&[], &[("main.tf", &head)], &policy).iter().map(|one| one.rule).collect()
    };
    // Whatever a customer calls a policy, it may say anything.
    let own = "arn:aws:iam::111122223333:policy/EverythingReadOnly";
    assert_eq!(rules(own, &[]), ["unjudged", "new_privilege"]);
    let power = "arn:aws:iam::aws:policy/PowerUserAccess";
    assert_eq!(rules(power, &[]), ["new_privilege"]);
    assert_eq!(rules(power, &["kms:*"]), ["new_privilege", "unjudged"]);
    assert_eq!(rules("arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess", &[]), ["new_privilege"]);
}

#[test]
fn attachments_are_found_in_every_form() {
    let told = |path: &str, text: &str| -> Vec<(Option<String>, String)> {
        let objections = checked(&[], &[(path, text)], &Policy::default());
        let attached = objections.into_iter().filter(|one| one.message.starts_with("attaches"));
        attached.map(|one| (one.identity, one.message.split('`').nth(1).unwrap().to_owned())).collect()
    };
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess".to_owned();
    let app = Some("app".to_owned());
    let looked_up = format!(
        "data \"aws_iam_policy\" \"a\" {{\n  arn = {ADMIN}\n}}\n{}",
        attach("app", "data.aws_iam_policy.a.arn")
    );
    assert_eq!(told("main.tf", &looked_up), [(app.clone(), admin.clone())]);
    let role = format!(
        "resource \"aws_iam_role\" \"app\" {{\n  name = \"app\"\n  managed_policy_arns = [{ADMIN}]\n}}\n"
    );
    assert_eq!(told("main.tf", &role), [(app, admin.clone())]);
    // One that the folder holds is judged by what it says.
    let held = format!(
        "resource \"aws_iam_policy\" \"p\" {{\n  name = \"p\"\n  policy = jsonencode({{ Statement = [] }})\n}}\n{}",
        attach("app", "aws_iam_policy.p.arn")
    );
    assert_eq!(told("main.tf", &held), []);
    let template = "Resources:\n  App:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns:\n      - arn:aws:iam::aws:policy/AdministratorAccess\n      - !Ref Own\n  Own:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]}\n";
    assert_eq!(told("stack.yaml", template), [(None, admin)]);
    let sam = "Transform: AWS::Serverless-2016-10-31\nResources:\n  App:\n    Type: AWS::Serverless::Function\n    Properties:\n      Policies: [AmazonS3FullAccess]\n";
    assert_eq!(told("stack.yaml", sam), [(None, "AmazonS3FullAccess".to_owned())]);
}
