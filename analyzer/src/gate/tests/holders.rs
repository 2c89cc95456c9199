use super::*;

fn inline(name: &str, role: &str, statements: &[&str]) -> String {
    format!(
        "resource \"aws_iam_role_policy\" \"{name}\" {{\n  name = \"{name}\"\n  role = {role}\n  policy = jsonencode({{\n    Version = \"2012-10-17\"\n    Statement = [{}]\n  }})\n}}\n",
        statements.join(",\n")
    )
}

const READ: &str = "{ Effect = \"Allow\", Action = \"s3:GetObject\", Resource = \"arn:aws:s3:::logs/*\" }";
const WRITE: &str = "{ Effect = \"Allow\", Action = \"s3:PutObject\", Resource = \"arn:aws:s3:::logs/*\" }";
const SEND: &str = "{ Effect = \"Allow\", Action = \"sqs:SendMessage\", Resource = \"*\" }";

fn said(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<String> {
    checked(base, head, &Policy::default()).into_iter().map(|one| one.message).collect()
}

#[test]
fn a_statement_that_moves_between_policies_of_a_holder_is_nothing_new() {
    let role = "aws_iam_role.app.id";
    let base = inline("one", role, &[READ, WRITE]) + &inline("two", role, &[SEND]);
    let head = inline("one", role, &[READ]) + &inline("two", "aws_iam_role.app.name", &[SEND, WRITE]);
    assert_eq!(said(&[("main.tf", &base)], &[("main.tf", &head)]), [] as [&str; 0]);
    // Into another file of the folder, or under another name, with another statement beside.
    let split =
        [("main.tf", inline("one", role, &[READ])), ("more.tf", inline("three", role, &[SEND, WRITE]))];
    let split: Vec<(&str, &str)> = split.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(said(&[("main.tf", &base)], &split), [] as [&str; 0]);
    // To another role it is new, and came from somewhere.
    let other = inline("one", role, &[READ])
        + &inline("two", role, &[SEND])
        + &inline("three", "\"admin\"", &[WRITE]);
    let told = said(&[("main.tf", &base)], &[("main.tf", &other)]);
    let [one] = told.as_slice() else { panic!("{told:#?}") };
    assert!(one.contains("by a policy that was not there; moved from `main.tf:7`"), "{one}");
    // The same policy of another role is new to that, although nothing of it changed.
    let moved = inline("one", "\"admin\"", &[READ, WRITE]) + &inline("two", role, &[SEND]);
    assert_eq!(said(&[("main.tf", &base)], &[("main.tf", &moved)]).len(), 2);
    // An expression of another folder, and one of a loop, are somebody else.
    let told = said(
        &[("a/main.tf", &base)],
        &[("a/main.tf", &inline("two", role, &[SEND])), ("b/main.tf", &inline("one", role, &[READ]))],
    );
    assert_eq!(told.len(), 1, "{told:#?}");
    let of_loop = inline("one", "each.value", &[READ, WRITE]) + &inline("two", "each.value", &[SEND]);
    let shifted = inline("one", "each.value", &[READ]) + &inline("two", "each.value", &[SEND, WRITE]);
    let told = said(&[("main.tf", &of_loop)], &[("main.tf", &shifted)]);
    assert!(told.len() == 1 && told[0].contains("; moved from `main.tf:7`"), "{told:#?}");
}

#[test]
fn a_denial_of_the_holder_counts_wherever_it_is() {
    let role = "\"app\"";
    let deny = "{ Effect = \"Deny\", Action = \"s3:PutObject\", Resource = \"*\" }";
    let base = inline("one", role, &[READ, WRITE]) + &inline("two", role, &[deny]);
    let head = inline("one", role, &[READ]) + &inline("two", role, &[deny, WRITE]);
    assert_eq!(said(&[("main.tf", &base)], &[("main.tf", &head)]), [] as [&str; 0]);
    let open = inline("one", role, &[READ, WRITE, SEND]);
    let told = said(&[("main.tf", &base)], &[("main.tf", &open)]);
    assert!(told.iter().any(|one| one.contains("which was denied before")), "{told:#?}");
}

#[test]
fn managed_policies_are_of_those_they_are_attached_to() {
    let managed = |name: &str, statements: &[&str]| {
        inline(name, "x", statements)
            .replace("aws_iam_role_policy", "aws_iam_policy")
            .replace("  role = x\n", "")
    };
    let attach = |policy: &str, role: &str| {
        format!(
            "resource \"aws_iam_role_policy_attachment\" \"{policy}-{role}\" {{\n  role = \"{role}\"\n  policy_arn = aws_iam_policy.{policy}.arn\n}}\n"
        )
    };
    let base = managed("one", &[READ, WRITE]) + &attach("one", "app");
    // Another name, and another statement that the role has besides.
    let renamed = managed("logs", &[WRITE, READ]) + &attach("logs", "app");
    assert_eq!(said(&[("main.tf", &base)], &[("main.tf", &renamed)]), [] as [&str; 0]);
    let inlined = managed("one", &[READ]) + &attach("one", "app") + &inline("two", "\"app\"", &[WRITE]);
    assert_eq!(said(&[("main.tf", &base)], &[("main.tf", &inlined)]), [] as [&str; 0]);
    // Attached to another as well, it is new to that one.
    let both = format!("{base}{}", attach("one", "admin"));
    let objections = checked(&[("main.tf", &base)], &[("main.tf", &both)], &Policy::default());
    let told: Vec<_> = objections.iter().map(|one| (one.identity.as_deref(), one.names.clone())).collect();
    let expected = ["s3:PutObject", "s3:GetObject"].map(|name| (Some("admin"), vec![name.to_owned()]));
    assert_eq!(told, expected);
}

#[test]
fn templates_tell_who_has_a_policy() {
    let statement = |action: &str| format!("{{Effect: Allow, Action: '{action}', Resource: '*'}}");
    let policy = |name: &str, actions: &[&str]| {
        let statements: Vec<_> = actions.iter().map(|action| statement(action)).collect();
        format!(
            "  {name}:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyName: {name}\n      Roles: [!Ref App]\n      PolicyDocument: {{Version: '2012-10-17', Statement: [{}]}}\n",
            statements.join(", ")
        )
    };
    let role = |policies: &str| {
        format!("Resources:\n  App:\n    Type: AWS::IAM::Role\n    Properties:\n      Policies: {policies}\n")
    };
    let own = format!(
        "[{{PolicyName: own, PolicyDocument: {{Version: '2012-10-17', Statement: [{}]}}}}]",
        statement("s3:PutObject")
    );
    let base = role("[]") + &policy("One", &["s3:GetObject", "s3:PutObject"]);
    let head = role(&own) + &policy("Two", &["s3:GetObject"]);
    assert_eq!(said(&[("stack.yaml", &base)], &[("stack.yaml", &head)]), [] as [&str; 0]);
    // A condition says that another role has it, or may attach what is not in the template.
    let of = |roles: &str| role("[]") + &policy("One", &["s3:GetObject"]).replace("Roles: [!Ref App]", roles);
    let of_more = of("Roles: [!Ref App, !If [Prod, !Ref Admin, !Ref 'AWS::NoValue']]");
    let before = of("Roles: [!Ref App]");
    assert_eq!(said(&[("stack.yaml", &before)], &[("stack.yaml", &of_more)]).len(), 1);
    let of_all = |names: &str| of(&format!("Roles: !If [Prod, [{names}], [!Ref App]]"));
    let (few, more) = (of_all("!Ref App"), of_all("!Ref App, !Ref Admin"));
    assert_eq!(said(&[("stack.yaml", &few)], &[("stack.yaml", &more)]).len(), 1);
    assert_eq!(
        said(&[("stack.yaml", &more)], &[("stack.yaml", &format!("# down\n{more}"))]),
        [] as [&str; 0]
    );
    let attached = |arns: &str| {
        role("[]").replace("Policies: []", &format!("ManagedPolicyArns: !If [Prod, [{arns}], []]"))
    };
    let (few, more) = (attached("'a'"), attached("'a', 'arn:aws:iam::aws:policy/AdministratorAccess'"));
    let told = said(&[("stack.yaml", &few)], &[("stack.yaml", &more)]);
    assert!(told.iter().any(|one| one.contains("AdministratorAccess")), "{told:#?}");
    // The same reference in another template is another role.
    assert_eq!(
        said(&[("stack.yaml", &base)], &[("stack.yaml", &role("[]")), ("other.yaml", &head)]).len(),
        2
    );
}
