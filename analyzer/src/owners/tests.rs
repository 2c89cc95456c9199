use std::fs;

use remit_policy::link::Identities;
use remit_policy::{AccountFile, BareDocument, Origin, read_account};
use serde_json::json;

use super::*;

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 28);
const ACCOUNT: &str = "arn:aws:iam::111122223333";

fn role(path: &str, name: &str, tags: &serde_json::Value) -> serde_json::Value {
    json!({
        "Path": path, "RoleName": name, "Arn": format!("{ACCOUNT}:role{path}{name}"), "Tags": tags,
        "RolePolicyList": [], "AttachedManagedPolicies": [],
    })
}

fn account(roles: &[serde_json::Value]) -> Grants {
    let text = json!({ "RoleDetailList": roles }).to_string();
    let account = read_account(&[AccountFile { name: "account.json", text: &text }]);
    assert!(account.problems.is_empty(), "{:?}", account.problems);
    Grants { account, ..Grants::default() }
}

fn rules(rules: &[(&str, &str)]) -> Vec<(Place, OwnerRule)> {
    let rule = |(at, (identity, owner)): (usize, &(&str, &str))| {
        let place = Place { file: "remit.toml".to_owned(), line: at + 1 };
        (place, OwnerRule { identity: Pattern::new(identity).unwrap(), owner: (*owner).to_owned() })
    };
    rules.iter().enumerate().map(rule).collect()
}

fn arguments(leavers: Option<PathBuf>) -> OwnerArguments {
    OwnerArguments { leavers, ..OwnerArguments::default() }
}

fn details(owners: &Owners) -> Vec<(String, String)> {
    let short = |principal: &str| principal.rsplit(['/', ':']).next().unwrap().to_owned();
    owners.findings().iter().map(|finding| (short(&finding.principal), finding.detail.clone())).collect()
}

#[test]
fn rules_count_before_tags_and_tags_in_the_order_of_their_keys() {
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    let grants = account(&[
        role("/", "ruled", &json!([tag("owner", "ann")])),
        role("/", "tagged", &json!([tag("Team", "shop"), tag("Owner", "ann; bo@example.com")])),
        role("/", "empty", &json!([tag("owner", " "), tag("team", "shop")])),
        role("/", "bare", &json!([])),
        role("/aws-service-role/x.amazonaws.com/", "AWSServiceRoleForX", &json!([])),
    ]);
    let rules = rules(&[("*", "everybody"), ("ruled", "platform"), ("nobody", "x")]);
    let owners = Owners::of(&grants, &rules[1..], &arguments(None), &Written::default(), TODAY).unwrap();
    let owner = |name: &str| {
        owners.get(&format!("{ACCOUNT}:role/{name}")).map(|owner| (owner.shown(), owner.source.clone()))
    };
    assert_eq!(owner("ruled"), Some(("platform".to_owned(), "`remit.toml:2`".to_owned())));
    assert_eq!(owner("tagged"), Some(("ann, bo@example.com".to_owned(), "its tag `Owner`".to_owned())));
    assert_eq!(owner("empty"), Some(("shop".to_owned(), "its tag `team`".to_owned())));
    // A role that the provider keeps needs no owner.
    assert_eq!(
        details(&owners),
        [("bare".to_owned(), "no tag, annotation or rule names an owner".to_owned())]
    );
}

#[test]
fn where_nobody_says_who_owns_anything_nothing_is_found() {
    let grants = account(&[role("/", "a", &json!([])), role("/", "b", &json!([]))]);
    let owners = Owners::of(&grants, &[], &arguments(None), &Written::default(), TODAY).unwrap();
    assert!(owners.findings().is_empty());
    let owners =
        Owners::of(&grants, &rules(&[("a", "ann")]), &arguments(None), &Written::default(), TODAY).unwrap();
    assert_eq!(owners.findings().len(), 1);
}

#[test]
fn an_owner_who_left_is_none() {
    let place = tempfile::tempdir().unwrap();
    let leavers = place.path().join("people.csv");
    fs::write(&leavers, "login,left\nann,2026-10-31\nbo,2027-01-31\n").unwrap();
    let tag = |value: &str| json!([{ "Key": "owner", "Value": value }]);
    let grants = account(&[
        role("/", "gone", &tag("@ann")),
        role("/", "shared", &tag("ann,cy")),
        role("/", "stays", &tag("bo")),
    ]);
    let owners = Owners::of(&grants, &[], &arguments(Some(leavers)), &Written::default(), TODAY).unwrap();
    let expected = "its owner `@ann` left on 2026-10-31, by its tag `owner`".to_owned();
    assert_eq!(details(&owners), [("gone".to_owned(), expected)]);
    assert_eq!(owners.get(&format!("{ACCOUNT}:role/gone")).unwrap().shown(), "@ann (left)");
}

#[test]
fn service_accounts_are_owned_by_annotations_and_what_is_not_read_is_not_known() {
    let mut identities = Identities::default();
    let origin = Origin { file: "sa.yaml".to_owned(), line: 1 };
    for (name, metadata) in [
        (
            "annotated",
            json!({ "annotations": { "example.com/owner": "ann" }, "labels": { "owner": "label" } }),
        ),
        ("labelled", json!({ "labels": { "team": "shop" } })),
        ("plain", json!({})),
    ] {
        let mut manifest = json!({ "kind": "ServiceAccount", "metadata": metadata });
        manifest["metadata"]["name"] = name.into();
        identities.read(&manifest, &origin);
    }
    let grants = Grants { identities, ..Grants::default() };
    let owners = Owners::of(&grants, &[], &arguments(None), &Written::default(), TODAY).unwrap();
    let owner = |name: &str| owners.get(&format!("system:serviceaccount:default:{name}")).map(Owner::shown);
    assert_eq!(owner("annotated").as_deref(), Some("ann"));
    assert_eq!(owner("labelled").as_deref(), Some("shop"));
    assert_eq!(details(&owners).iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["plain"]);
}

#[test]
fn a_file_s_owners_own_what_it_grants() {
    let place = tempfile::tempdir().unwrap();
    for folder in [".git", ".github", "iam/web"] {
        fs::create_dir_all(place.path().join(folder)).unwrap();
    }
    fs::write(place.path().join(".github/CODEOWNERS"), "* @acme/all\n/iam/ @acme/iam\n").unwrap();
    let file = place.path().join("iam/web/policy.json");
    let text =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
    fs::write(&file, text).unwrap();
    let name = file.display().to_string();
    let mut grants = Grants::default();
    grants.account.add_bare(&[BareDocument {
        file: AccountFile { name: &name, text },
        name: "policy".to_owned(),
        principal: Ok(format!("{ACCOUNT}:role/web")),
    }]);
    let owners = Owners::of(&grants, &[], &arguments(None), &Written::default(), TODAY).unwrap();
    let owner = owners.get(&format!("{ACCOUNT}:role/web")).unwrap();
    assert_eq!(owner.shown(), "@acme/iam");
    assert_eq!(owner.source, "`.github/CODEOWNERS` for `iam/web/policy.json`");
}

#[test]
fn who_has_left_is_passed_over_where_somebody_else_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let leavers = folder.path().join("left.csv");
    fs::write(&leavers, "owner\nann\n").unwrap();
    let rules = rules(&[("*", "@ann"), ("app", "@ann")]);
    let arguments = arguments(Some(leavers));
    let mut search = Search::new(&rules, &arguments, TODAY).unwrap();
    let tags = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
        all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let mut found = |identity: Option<&str>, all: &[(&str, &str)]| {
        let owner = search.present(identity, [tags(all)].iter(), "nowhere.tf");
        owner.map(|owner| owner.shown())
    };
    assert_eq!(found(Some("app"), &[("owner", "bob")]), Some("bob".to_owned()));
    assert_eq!(found(Some("app"), &[("owner", "ann"), ("team", "shop")]), Some("shop".to_owned()));
    assert_eq!(found(Some("app"), &[("owner", "ann")]), None);
    assert_eq!(found(None, &[]), None);
}
