use super::*;

fn patterns(how: Generalise, resources: &[&str]) -> Vec<(String, &'static str)> {
    let resources: Vec<_> = resources.iter().map(ToString::to_string).collect();
    generalise(how, &resources).into_iter().map(|(pattern, rule)| (pattern, rule.name)).collect()
}

#[test]
fn assigned_identifiers_become_wildcards() {
    let cases = [
        (
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
            "arn:aws:ec2:eu-west-1:111122223333:instance/*",
        ),
        ("arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-0123456789abcdef0", ""),
        (
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main-AbC123",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main-??????",
        ),
        (
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/web/0f8fad5b-d9cb-469f-a165-70867728950e",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/web/*",
        ),
        (
            "arn:aws:ecs:eu-west-1:111122223333:task/web/0123456789abcdef0123456789abcdef",
            "arn:aws:ecs:eu-west-1:111122223333:task/web/*",
        ),
        (
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:12",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:*",
        ),
        ("arn:aws:ecs:eu-west-1:111122223333:service/web/api", ""),
        (
            "arn:aws:batch:eu-west-1:111122223333:job-definition/load:3",
            "arn:aws:batch:eu-west-1:111122223333:job-definition/load:*",
        ),
        ("arn:aws:batch:eu-west-1:111122223333:job-queue/load", ""),
        (
            "arn:aws:batch:eu-west-1:111122223333:job/0f8fad5b-d9cb-469f-a165-70867728950e",
            "arn:aws:batch:eu-west-1:111122223333:job/*",
        ),
        (
            "arn:aws:lambda:eu-west-1:111122223333:function:load:7",
            "arn:aws:lambda:eu-west-1:111122223333:function:load:*",
        ),
        (
            "arn:aws:lambda:eu-west-1:111122223333:layer:tools:7",
            "arn:aws:lambda:eu-west-1:111122223333:layer:tools:*",
        ),
        ("arn:aws:lambda:eu-west-1:111122223333:function:load", ""),
        ("arn:aws:lambda:eu-west-1:111122223333:function:7", ""),
        ("arn:aws:lambda:eu-west-1:111122223333:function:load:live", ""),
        (
            "arn:aws:states:eu-west-1:111122223333:execution:order:0f8fad5b",
            "arn:aws:states:eu-west-1:111122223333:execution:order:*",
        ),
        (
            "arn:aws:states:eu-west-1:111122223333:express:order:0f8fad5b:1",
            "arn:aws:states:eu-west-1:111122223333:express:order:*",
        ),
        (
            "arn:aws:states:eu-west-1:111122223333:stateMachine:order:2",
            "arn:aws:states:eu-west-1:111122223333:stateMachine:order:*",
        ),
        ("arn:aws:states:eu-west-1:111122223333:stateMachine:order", ""),
        ("arn:aws:s3:::bucket/i-0123456789abcdef0", ""),
        ("not an arn", ""),
        ("arn:aws:ec2", ""),
    ];
    for (resource, expected) in cases {
        let expected =
            if expected.is_empty() { (resource, "as seen") } else { (expected, "assigned identifier") };
        assert_eq!(patterns(Generalise::Names, &[resource]), [(expected.0.to_owned(), expected.1)]);
        assert_eq!(patterns(Generalise::Exact, &[resource]), [(resource.to_owned(), "as seen")]);
    }
}

#[test]
fn many_siblings_become_one_wildcard_and_few_do_not() {
    let few: Vec<_> = (0..8).map(|at| format!("arn:aws:s3:::bucket/a/{at}")).collect();
    let few: Vec<_> = few.iter().map(String::as_str).collect();
    assert_eq!(patterns(Generalise::Names, &few).len(), 8);
    let many: Vec<_> = (0..9).map(|at| format!("arn:aws:s3:::bucket/a/{at}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(
        patterns(Generalise::Names, &many),
        [("arn:aws:s3:::bucket/a/*".to_owned(), "sibling wildcard")]
    );
}

#[test]
fn siblings_never_reach_above_the_name() {
    let many: Vec<_> = (0..20).map(|at| format!("arn:aws:s3:::bucket-{at}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(patterns(Generalise::Names, &many).len(), 20);
}

#[test]
fn identities_have_no_siblings() {
    for kind in
        ["iam::111122223333:role/team/", "iam::111122223333:policy/", "sts::111122223333:assumed-role/app/"]
    {
        let many: Vec<_> = (0..20).map(|at| format!("arn:aws:{kind}{at}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(patterns(Generalise::Names, &many).len(), 20, "{kind}");
    }
}
