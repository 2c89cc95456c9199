//! Resources that are too many to be named one by one.

use super::*;

/// One object a day.
fn dated() -> Vec<String> {
    let key = |at: usize| format!("arn:aws:s3:::lake/data/2026-{:02}-{:02}/x.json", 9 + at / 30, 1 + at % 30);
    (0..60).map(key).collect()
}

/// On what the action stays where one statement grants it, and these were seen.
fn narrowed(action: &str, element: &str, granted: &[&str], seen: &[String]) -> Vec<String> {
    let mut wide = statement("Allow", &json!([action]), &json!("*"));
    wide.as_object_mut().unwrap().remove("Resource");
    wide[element] = json!(granted);
    let account = role(vec![policy("wide", PolicyKind::CustomerManaged, 1, &document(&[wide]))]);
    let seen: Vec<_> = seen.iter().map(String::as_str).collect();
    let proposal = proven(&account, &usage(&[(action, Some(&seen))]), &everything_visible()).unwrap();
    let [statement] = proposal.changes[0].after[0].document.statements.as_slice() else { panic!() };
    let resources = statement.resources.clone().unwrap();
    assert!(!resources.negated);
    resources.patterns
}

#[test]
fn what_is_new_each_day_is_still_granted_the_next() {
    let cases: [(&str, &[&str], &[&str]); 7] = [
        ("Resource", &["*"], &["arn:aws:s3:::lake/data/*/x.json"]),
        ("Resource", &["arn:aws:s3:::lake/*.json"], &["arn:aws:s3:::lake/data/*/x.json"]),
        // Never wider than the grant, whose pattern may start more narrowly.
        ("Resource", &["arn:aws:s3:::lake/data/2026*"], &["arn:aws:s3:::lake/data/2026*/x.json"]),
        (
            "Resource",
            &["arn:aws:s3:::lake/data/2026-09-*", "arn:aws:s3:::lake/data/2026-10-*"],
            &["arn:aws:s3:::lake/data/2026-09-*/x.json", "arn:aws:s3:::lake/data/2026-10-*/x.json"],
        ),
        (
            "Resource",
            &["arn:aws:s3:::lake/data/2026-09-??/x.json", "arn:aws:s3:::lake/data/2026-1*"],
            &["arn:aws:s3:::lake/data/2026-1*/x.json"],
        ),
        ("NotResource", &["arn:aws:s3:::lake/secret/*"], &["arn:aws:s3:::lake/data/*/x.json"]),
        ("NotResource", &["arn:aws:s3:::lake/data/*/y.json"], &["arn:aws:s3:::lake/data/*/x.json"]),
    ];
    for (element, granted, expected) in cases {
        let patterns = narrowed("s3:GetObject", element, granted, &dated());
        let (wild, exact): (Vec<_>, Vec<_>) = patterns.into_iter().partition(|pattern| pattern.contains('*'));
        assert_eq!(wild, expected, "{granted:?}");
        assert_eq!(exact.len(), if granted[0].contains('?') { 30 } else { 0 }, "{exact:?}");
    }
    // Where the wildcard would take what is left out, the names stay.
    let left_out = ["arn:aws:s3:::lake/data/2027*"];
    assert_eq!(narrowed("s3:GetObject", "NotResource", &left_out, &dated()), dated());
}

#[test]
fn permissions_and_secrets_are_never_many() {
    assert_eq!(narrowed("s3:PutObjectAcl", "Resource", &["*"], &dated()), dated());
    let secret = |at: u8, suffix: &str| {
        format!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/{}{suffix}", char::from(b'a' + at))
    };
    let seen: Vec<_> = (0..20).map(|at| secret(at, "-AbC123")).collect();
    let expected: Vec<_> = (0..20).map(|at| secret(at, "-??????")).collect();
    assert_eq!(narrowed("secretsmanager:GetSecretValue", "Resource", &["*"], &seen), expected);
}

/// What is known of others is told of what is read, and keeps closed what is changed.
#[test]
fn an_inventory_tells_what_a_wildcard_admits() {
    let wide = statement("Allow", &json!(["s3:GetObject", "s3:PutObject"]), &json!("*"));
    let account = role(vec![policy("wide", PolicyKind::CustomerManaged, 1, &document(&[wide]))]);
    let seen = dated();
    let seen: Vec<_> = seen.iter().map(String::as_str).collect();
    let usage = usage(&[("s3:GetObject", Some(&seen)), ("s3:PutObject", Some(&seen))]);
    let mut inventory: Inventory = (0..13).map(|at| format!("arn:aws:s3:::lake/data/{at}/x.json")).collect();
    inventory.add(&usage);
    assert_eq!(inventory.len(), 73);
    let proposal = proven_among(&account, &usage, &everything_visible(), &[], &inventory).unwrap();
    let kept = |name: &str| proposal.kept.iter().find(|kept| kept.name == name).unwrap();
    let pattern = "arn:aws:s3:::lake/data/*/x.json".to_owned();
    let because =
        "opened because 60 distinct dates stand under `lake/data/` on 2 days; also admits 13 known resources";
    let read = kept("s3:GetObject");
    assert_eq!(read.narrowed, BTreeMap::from([(pattern.clone(), "varying value")]));
    assert_eq!(read.opened, BTreeMap::from([(pattern, because.to_owned())]));
    let write = kept("s3:PutObject");
    assert_eq!((write.narrowed.len(), write.opened.len()), (60, 0));
}

#[test]
fn names_that_the_ledger_collapsed_are_told_from_names_that_were_seen() {
    let cases = [
        ("iam:AttachRolePolicy", "arn:aws:iam::111122223333:role/*", "as recorded"),
        ("iam:AttachRolePolicy", "arn:aws:iam::111122223333:role/*/app", "as seen"),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/*", "as recorded"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/*", "as recorded"),
        ("ssm:GetParametersByPath", "arn:aws:ssm:eu-west-1:111122223333:parameter/app/*", "as seen"),
    ];
    for (action, resource, rule) in cases {
        let wide = statement("Allow", &json!([action]), &json!("*"));
        let account = role(vec![policy("wide", PolicyKind::CustomerManaged, 1, &document(&[wide]))]);
        let mut usage = usage(&[(action, Some(&[resource]))]);
        usage.actions.values_mut().for_each(|use_| use_.operations = BTreeSet::from([action.to_owned()]));
        let another: Inventory = [resource.replace('*', "another")].into_iter().collect();
        let proposal = proven_among(&account, &usage, &everything_visible(), &[], &another).unwrap();
        let kept = proposal.kept.iter().find(|kept| kept.name == action).unwrap();
        assert_eq!(kept.narrowed, BTreeMap::from([(resource.to_owned(), rule)]), "{action}");
        let why = kept.opened.get(resource).map(String::as_str);
        let because = "opened because the ledger has one name for all that lies there: they were too many, or requests do \
                       not name them; also admits 1 known resource";
        assert_eq!(why, (rule == "as recorded").then_some(because), "{action}");
    }
}
