use super::*;

/// The rules that say something of a change of files.
fn rules(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<&'static str> {
    checked(base, head, &Policy::default()).into_iter().map(|one| one.rule).collect()
}

#[test]
fn what_cannot_be_read_is_compared_by_its_text() {
    let quoted = |action: &str| {
        format!(
            "resource \"aws_iam_role_policy\" \"app\" {{\n  role   = \"app\"\n  policy = \"{{\\\"Statement\\\":[{{\\\"Effect\\\":\\\"Allow\\\",\\\"Action\\\":\\\"{action}\\\",\\\"Resource\\\":\\\"*\\\"}}]}}\"\n}}\n"
        )
    };
    let base = quoted("s3:GetObject");
    assert_eq!(rules(&[("main.tf", &base)], &[("main.tf", &quoted("*"))]), ["unjudged"]);
    assert!(rules(&[("main.tf", &base)], &[("main.tf", &format!("# down\n{base}"))]).is_empty());

    let sam = |bucket: &str| {
        format!(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  App:\n    Type: AWS::Serverless::Function\n    Properties:\n      Policies:\n      - S3CrudPolicy:\n          BucketName: {bucket}\n"
        )
    };
    assert_eq!(rules(&[("t.yaml", &sam("logs"))], &[("t.yaml", &sam("'*'"))]), ["unjudged"]);

    let call = |arguments: &str| {
        format!(
            "resource \"aws_iam_role_policy\" \"app\" {{\n  role   = \"app\"\n  policy = merge({arguments})\n}}\n"
        )
    };
    assert_eq!(rules(&[("main.tf", &call("local.a"))], &[("main.tf", &call("local.b"))]), ["unjudged"]);
}

#[test]
fn a_file_that_cannot_be_read_is_compared_by_its_text() {
    let reader = "resource \"aws_iam_role_policy\" \"app\" {\n  role   = \"app\"\n  policy = templatefile(\"${path.module}/p.tftpl\", {})\n}\n";
    let template = |action: &str| {
        format!("{{\"Statement\": [%{{ for a in b }}{{\"Action\": \"{action}\"}},%{{ endfor }}]}}")
    };
    let (base, head) = (template("s3:GetObject"), template("*"));
    let changed =
        rules(&[("main.tf", reader), ("p.tftpl", &base)], &[("main.tf", reader), ("p.tftpl", &head)]);
    assert_eq!(changed, ["unjudged"]);
    assert!(
        rules(&[("main.tf", reader), ("p.tftpl", &base)], &[("main.tf", reader), ("p.tftpl", &base)])
            .is_empty()
    );
}
