mod attachment;
mod cluster;
mod declared;
mod denial;
mod elsewhere;
mod holders;
mod loops;
mod resource_policy;
mod unknown;

use std::path::Path;

use remit_catalog::Catalog;

use super::*;

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 28);

fn policy(statements: &str) -> String {
    format!("{{\n\"Version\": \"2012-10-17\",\n\"Statement\": [\n{statements}\n]}}\n")
}

fn allow(action: &str, resource: &str) -> String {
    format!("{{\"Effect\": \"Allow\", \"Action\": {action}, \"Resource\": \"{resource}\"}}")
}

/// What is said of a change of files.
fn checked(base: &[(&str, &str)], head: &[(&str, &str)], policy: &Policy) -> Vec<Objection> {
    with_mutes(base, head, policy, &Mutes::default())
}

fn with_mutes(
    base: &[(&str, &str)],
    head: &[(&str, &str)],
    policy: &Policy,
    mutes: &Mutes,
) -> Vec<Objection> {
    let of = |files: &[(&str, &str)]| {
        Repository::of(files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())))
    };
    check(&Input {
        catalog: Catalog::embedded().unwrap(),
        base: &of(base),
        head: &of(head),
        policy,
        usage: None,
        owner: &|whom| whom.file.starts_with("owned/").then(|| "@acme/iam".to_owned()),
        mutes,
        today: TODAY,
    })
}

/// Severity, rule and line of each.
fn told(objections: &[Objection]) -> Vec<(Severity, &'static str, u32)> {
    objections.iter().map(|one| (one.severity, one.rule, one.line)).collect()
}

#[test]
fn what_was_allowed_before_is_nothing_new() {
    let wide = policy(&allow("[\"s3:Get*\", \"s3:ListBucket\"]", "*"));
    let narrow = policy(&allow("\"s3:GetObject\"", "arn:aws:s3:::logs/*"));
    let none = Policy::default();
    assert!(checked(&[("a.json", &wide)], &[("a.json", &narrow)], &none).is_empty());
    assert!(checked(&[("a.json", &wide)], &[("a.json", &wide)], &none).is_empty());
    assert!(checked(&[("a.json", &wide)], &[], &none).is_empty());
    // Moved, it is what it was.
    assert!(checked(&[("a.json", &wide)], &[("b/c.json", &wide)], &none).is_empty());
    // It moves to one place alone, and copied it is one more.
    let twice = [("b.json", wide.as_str()), ("c.json", wide.as_str())];
    assert_eq!(checked(&[("a.json", &wide)], &twice, &none).len(), 1);
    assert_eq!(checked(&[("a.json", &wide)], &[("a.json", &wide), ("b.json", &wide)], &none).len(), 1);
}

#[test]
fn each_way_to_allow_more_is_told_with_a_request() {
    let base = policy(&allow("\"s3:GetObject\"", "arn:aws:s3:::logs/*"));
    let none = Policy::default();
    let grown = |head: &str| {
        let objections = checked(&[("a.json", &base)], &[("a.json", head)], &none);
        let [one] = objections.as_slice() else { panic!("{objections:#?}") };
        assert_eq!(one.rule, "new_privilege");
        (one.severity, one.message.clone(), one.names.clone())
    };
    let (severity, message, names) =
        grown(&policy(&allow("[\"s3:GetObject\", \"s3:PutObject\"]", "arn:aws:s3:::logs/*")));
    assert_eq!((severity, names.as_slice()), (Severity::Note, &["s3:PutObject".to_owned()][..]));
    assert!(message.to_lowercase().contains("allows `s3:putobject` on `arn:aws:s3:::logs/"), "{message}");
    // The same action on more.
    let (_, message, names) = grown(&policy(&allow("\"s3:GetObject\"", "*")));
    assert_eq!(names, ["s3:GetObject"]);
    assert!(message.ends_with("which nothing allowed there before (read)"), "{message}");
    // A whole service.
    assert_eq!(grown(&policy(&allow("\"s3:*\"", "arn:aws:s3:::logs/*"))).0, Severity::Warning);
    assert_eq!(grown(&policy(&allow("\"iam:PutRolePolicy\"", "*"))).0, Severity::Warning);

    // A denial that goes, and a condition that goes.
    let deny =
        "{\"Effect\": \"Deny\", \"Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::logs/secret/*\"}";
    let open = policy(&allow("\"s3:GetObject\"", "*"));
    let denied = policy(&format!("{},\n{deny}", allow("\"s3:GetObject\"", "*")));
    let objections = checked(&[("a.json", &denied)], &[("a.json", &open)], &none);
    assert!(objections[0].message.contains("which was denied before"), "{objections:#?}");
    let bound = open.replace(
        "\"Resource\"",
        "\"Condition\": {\"Bool\": {\"aws:SecureTransport\": \"true\"}}, \"Resource\"",
    );
    let objections = checked(&[("a.json", &bound)], &[("a.json", &open)], &none);
    assert!(objections[0].message.contains("under a condition"), "{objections:#?}");
}

#[test]
fn what_is_widened_counts_beside_what_is_new() {
    let base = policy(&allow("\"iam:PassRole\"", "arn:aws:iam::111122223333:role/x"));
    let head = policy(&allow("[\"iam:PassRole\", \"s3:GetObject\"]", "*"));
    let most = AccessLevel::Read;
    let strict =
        Policy { forbidden: vec![Pattern::new("iam:*").unwrap()], most: Some(most), ..Policy::default() };
    let objections = checked(&[("a.json", &base)], &[("a.json", &head)], &strict);
    let rules: Vec<_> = objections.iter().map(|one| one.rule).collect();
    assert_eq!(rules, ["forbidden_action", "too_much_privilege", "new_privilege"], "{objections:#?}");
    assert_eq!(objections[2].names, ["s3:GetObject", "iam:PassRole"]);
    assert!(objections[2].message.ends_with("; new: `s3:GetObject`"), "{objections:#?}");
    // What grows by one pattern alone says nothing of another.
    let beside = policy(&format!(
        "{},\n{}",
        allow("\"iam:PassRole\"", "arn:aws:iam::111122223333:role/x"),
        allow("\"s3:GetObject\"", "*")
    ));
    let objections = checked(&[("a.json", &base)], &[("a.json", &beside)], &strict);
    assert_eq!(told(&objections), [(Severity::Note, "new_privilege", 5)]);
    // Of a wildcard, what was there on less grows with what is new.
    let base = policy(&allow("\"s3:GetObject\"", "arn:aws:s3:::logs/*"));
    let head = policy(&allow("\"s3:GetObject*\"", "*"));
    let names = &checked(&[("a.json", &base)], &[("a.json", &head)], &Policy::default())[0].names;
    assert!(names.len() > 2 && names.contains(&"s3:GetObject".to_owned()), "{names:?}");
    let head = policy(&allow("\"s3:GetObject*\"", "arn:aws:s3:::logs/*"));
    let names = &checked(&[("a.json", &base)], &[("a.json", &head)], &Policy::default())[0].names;
    assert!(names.len() > 2 && !names.contains(&"s3:GetObject".to_owned()), "{names:?}");
}

#[test]
fn terraform_is_compared_with_its_expressions_as_they_are() {
    let document = |action: &str, resource: &str| {
        format!(
            "data \"aws_iam_policy_document\" \"app\" {{\n  statement {{\n    actions   = [{action}]\n    resources = [{resource}]\n  }}\n}}\n"
        )
    };
    let base = document("\"s3:GetObject\"", "\"${aws_s3_bucket.logs.arn}/*\"");
    let none = Policy::default();
    let check = |head: &str| checked(&[("main.tf", &base)], &[("main.tf", head)], &none);
    assert!(check(&format!("# a comment\n{base}")).is_empty());
    assert!(check(&document("\"s3:GetObject\"", "\"${aws_s3_bucket.logs.arn}/a\"")).is_empty());
    let other = check(&document("\"s3:GetObject\"", "\"${aws_s3_bucket.secrets.arn}/*\""));
    assert_eq!(told(&other), [(Severity::Note, "new_privilege", 2)]);
    assert!(other[0].message.contains("aws_s3_bucket.secrets.arn"), "{other:#?}");
    // What an expression says of actions cannot be told, and is not news where it was so. What is written out beside it can.
    let open = document("\"s3:GetObject\", var.more", "\"*\"");
    let expected = [(Severity::Warning, "unjudged", 2), (Severity::Note, "new_privilege", 2)];
    assert_eq!(told(&check(&open)), expected);
    assert!(
        checked(&[("main.tf", &open)], &[("main.tf", &format!("# moved down\n{open}"))], &none).is_empty()
    );
}

#[test]
fn roles_and_bindings_of_a_cluster_are_compared() {
    let role = |verbs: &str, resources: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: reader\nrules:\n- apiGroups: [\"\"]\n  resources: [{resources}]\n  verbs: [{verbs}]\n"
        )
    };
    let binding = |role: &str, subjects: &[&str]| {
        let subjects: String = subjects
            .iter()
            .map(|name| format!("- kind: ServiceAccount\n  name: {name}\n  namespace: shop\n"))
            .collect();
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: readers\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: {role}\nsubjects:\n{subjects}"
        )
    };
    let none = Policy::default();
    let base = role("get, list", "pods") + &binding("reader", &["web"]);
    let check = |head: &str| checked(&[("rbac.yaml", &base)], &[("rbac.yaml", head)], &none);
    assert!(check(&(role("get", "pods") + &binding("reader", &["web"]))).is_empty());
    let more = check(&(role("get, list, delete", "pods") + &binding("reader", &["web"])));
    assert_eq!(told(&more), [(Severity::Note, "new_privilege", 6)]);
    assert!(more[0].message.contains("delete"), "{more:#?}");
    let all = check(&(role("'*'", "'*'") + &binding("reader", &["web"])));
    assert_eq!(all[0].severity, Severity::Warning);
    let bound = check(&(role("get, list", "pods") + &binding("reader", &["web", "job"])));
    assert_eq!(bound.len(), 1);
    assert!(
        bound[0].message.starts_with("binds `shop/job` (ServiceAccount) to `ClusterRole/reader`"),
        "{bound:#?}"
    );
    let admin = check(&(role("get, list", "pods") + &binding("cluster-admin", &["web"])));
    assert_eq!((admin[0].severity, admin[0].access), (Severity::Warning, AccessLevel::PermissionsManagement));
}

#[test]
fn a_binding_names_the_role_of_its_own_namespace() {
    let group = "rbac.authorization.k8s.io";
    let role = |namespace: &str, verbs: &str| {
        format!(
            "---\napiVersion: {group}/v1\nkind: Role\nmetadata:\n  name: app\n  namespace: {namespace}\nrules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs: [{verbs}]\n"
        )
    };
    let base = role("a", "get") + &role("b", "'*'");
    let binding = |namespace: &str| {
        format!(
            "{base}---\napiVersion: {group}/v1\nkind: RoleBinding\nmetadata:\n  name: app\n{namespace}roleRef:\n  apiGroup: {group}\n  kind: Role\n  name: app\nsubjects:\n- kind: ServiceAccount\n  name: web\n  namespace: b\n"
        )
    };
    let access = |namespace: &str| {
        let namespace =
            if namespace.is_empty() { String::new() } else { format!("  namespace: {namespace}\n") };
        let objections =
            checked(&[("rbac.yaml", &base)], &[("rbac.yaml", &binding(&namespace))], &Policy::default());
        let [one] = objections.as_slice() else { panic!("{objections:#?}") };
        (one.severity, one.access)
    };
    assert_eq!(access("a"), (Severity::Note, AccessLevel::Read));
    assert_eq!(access("b"), (Severity::Warning, AccessLevel::PermissionsManagement));
    assert_eq!(access("c"), (Severity::Note, AccessLevel::Write), "its role is not in the repository");
    assert_eq!(access(""), (Severity::Note, AccessLevel::Read), "nobody says where it is");
}

#[test]
fn rules_forbid_bound_and_ask_for_dates_and_owners() {
    let head = policy(&allow("[\"s3:PutObject\", \"iam:PutRolePolicy\"]", "*"));
    let rules = |policy: Policy, path: &str, head: &str| -> Vec<&'static str> {
        let objections = checked(&[], &[(path, head)], &policy);
        objections.iter().filter(|one| one.severity == Severity::Error).map(|one| one.rule).collect()
    };
    let forbid = |text: &str| Policy { forbidden: vec![Pattern::new(text).unwrap()], ..Policy::default() };
    assert_eq!(rules(forbid("iam:*"), "a.json", &head), ["forbidden_action"]);
    assert_eq!(rules(forbid("iam:putrolepolicy"), "a.json", &head), ["forbidden_action"]);
    assert!(rules(forbid("kms:*"), "a.json", &head).is_empty());
    // A wildcard has in it what is forbidden.
    assert_eq!(rules(forbid("kms:Decrypt"), "a.json", &policy(&allow("\"*\"", "*"))), ["forbidden_action"]);

    let most = |level| Policy { most: Some(level), ..Policy::default() };
    assert_eq!(rules(most(AccessLevel::Write), "a.json", &head), ["too_much_privilege"]);
    assert!(rules(most(AccessLevel::PermissionsManagement), "a.json", &head).is_empty());

    let owner = Policy { needs_owner: true, ..Policy::default() };
    assert_eq!(rules(owner.clone(), "a.json", &head), ["no_owner"]);
    assert!(rules(owner, "owned/a.json", &head).is_empty());

    let review = Policy { needs_review: true, ..Policy::default() };
    assert_eq!(rules(review.clone(), "a.json", &head), ["no_review_date"]);
    assert!(rules(review.clone(), "a.json", &policy(&allow("\"s3:PutObject\"", "*"))).is_empty());
    let until = |date: &str| {
        let condition = format!(
            "\"Condition\": {{\"DateLessThan\": {{\"aws:CurrentTime\": \"{date}T00:00:00Z\"}}}}, \"Resource\""
        );
        head.replace("\"Resource\"", &condition)
    };
    assert!(rules(review.clone(), "a.json", &until("2027-01-31")).is_empty());
    assert_eq!(rules(review.clone(), "a.json", &until("2026-01-31")), ["no_review_date"]);
    let commented = "# remit: review 2027-01-31\ndata \"aws_iam_policy_document\" \"a\" {\n  statement {\n    actions   = [\"iam:*\"]\n    resources = [\"*\"]\n  }\n}\n";
    assert!(rules(review, "main.tf", commented).is_empty());
}

#[test]
fn what_is_muted_is_counted_apart_and_the_comment_is_bounded() {
    let head: Vec<(String, String)> = (0..60)
        .map(|at| {
            (format!("{at}.json"), policy(&allow("\"iam:*\"", &format!("arn:aws:iam::*:role/|<b>{at}"))))
        })
        .collect();
    let head: Vec<(&str, &str)> = head.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let objections = checked(&[], &head, &Policy::default());
    let comment = markdown::render(&objections, Path::new("."));
    assert!(comment.starts_with("<!-- remit check -->\n**Remit: 60 warnings**\n"), "{comment}");
    assert_eq!(comment.lines().filter(|line| line.starts_with("| warning |")).count(), 50);
    assert!(comment.contains("10 more are in the output") && comment.len() < 60_000);
    assert!(!comment.contains("<b>"), "{comment}");
    // One of another folder is found by another line.
    assert!(
        markdown::render(&objections, Path::new("a --> b"))
            .starts_with("<!-- remit check \"a --\\u003e b\" -->\n")
    );
    // Names that take more room than there is take rows from it.
    let long = policy(&allow("\"iam:*\"", &format!("arn:aws:iam::*:role/{}", "<|".repeat(400))));
    let head: Vec<(String, String)> =
        (0..60).map(|at| (format!("{}{at}.json", "|".repeat(300)), long.clone())).collect();
    let head: Vec<(&str, &str)> = head.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let comment = markdown::render(&checked(&[], &head, &Policy::default()), Path::new("."));
    assert!(
        comment.chars().count() < 60_000 && comment.contains("more are in the output"),
        "{}",
        comment.len()
    );

    #[derive(serde::Deserialize)]
    struct Written {
        mute: Vec<crate::mutes::MuteRule>,
    }
    let text = "[[mute]]\nrule = 'new_privilege'\naction = 'iam:*'\nreason = 'SEC-7'\nuntil = 2027-01-01\n";
    let written: Written = toml::from_str(text).unwrap();
    let place = crate::configuration::Place { file: "remit.toml".to_owned(), line: 1 };
    let mutes = Mutes::new(written.mute.into_iter().map(|mute| (place.clone(), mute)).collect(), TODAY);
    let objections = with_mutes(&[], &head, &Policy::default(), &mutes);
    assert_eq!(Counts::of(&objections), Counts { muted: 60, ..Counts::default() });
    assert!(markdown::render(&objections, Path::new(".")).contains("60 muted"));
    let sarif: serde_json::Value = serde_json::from_str(&sarif::render(&objections).unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 60);
    assert_eq!(sarif["runs"][0]["results"][0]["suppressions"][0]["justification"], "SEC-7");
}
