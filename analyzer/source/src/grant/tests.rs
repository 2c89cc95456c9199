//! Tests of finding documents by what they say.

use std::path::PathBuf;

use super::*;

const READS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
const WRITES: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}"#;

/// The paths at which a policy that reads is found, and whether they say the same.
fn found(files: &[(&str, &str)], name: &str, holder: Option<&str>) -> (Vec<String>, bool) {
    let files = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    let repository = Repository::of(files);
    let document = remit_policy::parse(READS).unwrap();
    let path = |at: &usize| crate::slashed(repository.path(repository.places[*at].file));
    match repository.find(&Grant::Policy { name, holder, document: &document }) {
        Found::One { place, is_equal } => (vec![path(&place)], is_equal),
        Found::Several(places) => (places.iter().map(path).collect(), true),
        Found::None => (Vec::new(), false),
    }
}

fn one(path: &str) -> (Vec<String>, bool) {
    (vec![path.to_owned()], true)
}

#[test]
fn documents_are_found_by_what_they_say() {
    let only = [("policies/a7f.json", READS), ("policies/b.json", WRITES)];
    assert_eq!(found(&only, "app", None), one("policies/a7f.json"));
    assert_eq!(found(&only, "app", Some("role")), one("policies/a7f.json"));
    let wrapped = format!(r#"{{"PolicyName":"app","PolicyDocument":{READS}}}"#);
    assert_eq!(found(&[("x.json", &wrapped)], "app", None), one("x.json"));
    assert_eq!(found(&[("x.json", &wrapped)], "other", None), (Vec::new(), false));
    let version =
        format!(r#"{{"Arn":"arn:aws:iam::1:policy/p/app","PolicyVersion":{{"Document":{READS}}}}}"#);
    assert_eq!(found(&[("x.json", &version), ("y.json", READS)], "app", None), one("x.json"));
}

#[test]
fn names_of_files_and_folders_tell_documents_apart_that_say_the_same() {
    let same = [("a/logs.json", READS), ("b/logs.json", READS), ("c/app.json", READS)];
    assert_eq!(found(&same, "logs", Some("b")), one("b/logs.json"));
    assert_eq!(found(&same, "app", Some("b")), one("c/app.json"));
    let (several, _) = found(&same, "logs", Some("z"));
    assert_eq!(several, ["a/logs.json", "b/logs.json"]);
    let (several, _) = found(&same, "unlike", None);
    assert_eq!(several.len(), 3);
    // `app-logs.json` names more of it than nothing does.
    assert_eq!(
        found(&[("z.json", READS), ("app-logs.json", READS)], "logs", Some("app")),
        one("app-logs.json")
    );
}

#[test]
fn a_document_that_says_something_else_is_only_the_one_of_its_names() {
    let other = [("iam/app.json", WRITES), ("iam/role/app.json", WRITES)];
    assert_eq!(found(&other[..1], "app", None), (vec!["iam/app.json".to_owned()], false));
    assert_eq!(found(&other[..1], "app", Some("role")), (Vec::new(), false));
    assert_eq!(found(&other, "app", Some("role")), (vec!["iam/role/app.json".to_owned()], false));
    assert_eq!(found(&other, "apps", None), (Vec::new(), false));
}
