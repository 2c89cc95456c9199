use super::*;

const ALLOW: &str = "{ Effect = \"Allow\", Action = \"s3:PutObject\", Resource = \"*\" }";
const DENY: &str = "{ Effect = \"Deny\", Action = \"s3:PutObject\", Resource = \"arn:aws:s3:::logs/*\" }";
const OTHER: &str = "{ Effect = \"Deny\", Action = \"sqs:*\", Resource = \"*\" }";

fn inline(name: &str, statements: &[&str]) -> String {
    format!(
        "resource \"aws_iam_role_policy\" \"{name}\" {{\n  role = \"app\"\n  policy = jsonencode({{\n    Statement = [{}]\n  }})\n}}\n",
        statements.join(",\n")
    )
}

fn said(base: &str, head: &str) -> Vec<(&'static str, u32, String)> {
    let objections = checked(&[("main.tf", base)], &[("main.tf", head)], &Policy::default());
    objections.into_iter().map(|one| (one.rule, one.line, one.message)).collect()
}

#[track_caller]
fn only<'a>(all: &'a [(&'static str, u32, String)]) -> (&'static str, u32, &'a str) {
    let [(rule, line, message)] = all else { panic!("{all:#?}") };
    (*rule, *line, message.as_str())
}

#[test]
fn a_denial_that_goes_is_told_where_another_policy_allows() {
    let one = inline("one", &[ALLOW]);
    let base = format!("{one}{}", inline("two", &[DENY]));
    let told = said(&base, &one);
    let message = "allows `s3:PutObject` on `arn:aws:s3:::logs/";
    assert_eq!((only(&told).0, only(&told).1), ("new_privilege", 3));
    assert!(
        only(&told).2.starts_with(message) && only(&told).2.contains("since a denial is gone"),
        "{told:#?}"
    );
    // So it is where the policy is left and only its denial goes.
    let told = said(
        &format!("{one}{}", inline("two", &[DENY, OTHER])),
        &format!("{one}{}", inline("two", &[OTHER])),
    );
    assert_eq!((only(&told).0, only(&told).1), ("new_privilege", 9));
    // A role whose policies are elsewhere may have been denied something all the same.
    let told = said(&inline("two", &[DENY, OTHER]), &inline("two", &[OTHER]));
    assert!(
        only(&told).2.starts_with("a denial is gone: of `s3:PutObject` on `arn:aws:s3:::logs/*`"),
        "{told:#?}"
    );
    // Nothing is told of one that is elsewhere, or within a wider one, or of a role that has nothing left.
    assert_eq!(said(&base, &format!("{one}{}", inline("three", &[DENY]))), []);
    let wide = DENY.replace("logs/", "");
    assert_eq!(said(&base, &format!("{one}{}", inline("two", &[&wide]))), []);
    assert_eq!(said(&base, ""), []);
    // What is told where it is allowed is not told twice.
    let told = said(&inline("one", &[ALLOW, DENY]), &one);
    assert!(only(&told).2.contains("which was denied before"), "{told:#?}");
}

#[test]
fn a_denial_of_what_is_not_known_is_told_too() {
    let document = |statements: &str| {
        format!(
            "data \"aws_iam_policy_document\" \"app\" {{\n  statement {{\n    actions   = [\"s3:GetObject\"]\n    resources = [\"arn:aws:s3:::logs/*\"]\n  }}\n{statements}}}\n"
        )
    };
    let deny = |actions: &str, resource: &str| {
        document(&format!(
            "  statement {{\n    effect    = \"Deny\"\n    actions   = {actions}\n    resources = [\"{resource}\"]\n  }}\n"
        ))
    };
    let secrets = deny("[\"s3:*\"]", "${aws_s3_bucket.secrets.arn}/*");
    let told = said(&secrets, &document(""));
    assert_eq!(only(&told).0, "unjudged");
    assert!(only(&told).2.contains("a denial is gone, and `${aws_s3_bucket.secrets.arn}/*`"), "{told:#?}");
    assert_eq!(said(&secrets, &format!("# down\n{secrets}")), []);
    assert_eq!(only(&said(&deny("local.blocked", "*"), &document(""))).0, "unjudged");
}

#[test]
fn a_denial_of_a_resource_that_goes_is_told() {
    let deny = "{ Effect = \"Deny\", Principal = \"*\", Action = \"s3:DeleteObject\", Resource = \"arn:aws:s3:::logs/*\" }";
    let bucket = |statements: &str| {
        format!(
            "resource \"aws_s3_bucket_policy\" \"logs\" {{\n  bucket = \"logs\"\n  policy = jsonencode({{\n    Statement = [{statements}]\n  }})\n}}\n"
        )
    };
    let base = bucket(deny);
    for (head, line) in [(bucket(""), 3), (String::new(), 1)] {
        let told = said(&base, &head);
        assert_eq!((only(&told).0, only(&told).1), ("new_resource_access", line));
        assert!(only(&told).2.starts_with("a denial is gone: of `s3:DeleteObject`"), "{told:#?}");
    }
    assert_eq!(said(&base, &format!("# down\n{base}")), []);
}
