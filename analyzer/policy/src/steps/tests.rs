use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::coverage::{Coverage, Window};
use crate::evidence::{AfterEntry, policy_entry};
use crate::grant::Versions;
use crate::parse;

fn change(edit: Edit, versions: Option<Versions>) -> PolicyChange {
    let text = r#"{"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}"#;
    let document = parse(text).unwrap();
    let after = NewPolicy { name: "new".to_owned(), inline: false, group: None, document: document.clone() };
    PolicyChange {
        policy: 0,
        name: "old".to_owned(),
        arn: Some("arn:aws-cn:iam::111122223333:policy/old".to_owned()),
        versions,
        group: None,
        edit,
        before: document,
        after: vec![after],
    }
}

fn steps_of(change: PolicyChange) -> String {
    let after = AfterEntry { name: "new".to_owned(), inline: false, file: "after/new.json".to_owned() };
    let entries = [policy_entry(&change, "before/old.json".to_owned(), vec![after])];
    let proposal = Proposal {
        principal: "arn:aws-cn:iam::111122223333:role/app".to_owned(),
        kind: PrincipalKind::Role,
        name: "app".to_owned(),
        coverage: Coverage {
            window: Window { start: 0, end: 0 },
            since: 0,
            minimum: 0,
            management_reads: true,
            management_writes: true,
            data: Vec::new(),
            excluded_services: BTreeSet::new(),
            lost: 0,
            unreadable: 0,
        },
        changes: vec![change],
        leaves_groups: BTreeSet::new(),
        kept: Vec::new(),
        removed: Vec::new(),
        unlisted: BTreeMap::new(),
        unknown_patterns: Vec::new(),
    };
    steps(&proposal, &entries)
}

#[test]
fn a_new_policy_is_in_the_partition_of_its_principal() {
    let steps = steps_of(change(Edit::Replace, None));
    assert!(steps.contains("--policy-arn arn:aws-cn:iam::111122223333:policy/new\n"), "{steps}");
}

#[test]
fn a_policy_with_all_its_versions_loses_the_oldest_first() {
    let versions = |surplus: Option<&str>| {
        Some(Versions { default: "v7".to_owned(), surplus: surplus.map(str::to_owned) })
    };
    let steps = steps_of(change(Edit::NewVersion, versions(Some("v3"))));
    let delete = steps.find("aws iam delete-policy-version --policy-arn arn:aws-cn:iam::111122223333:policy/old --version-id v3\n");
    assert!(delete.unwrap() < steps.find("aws iam create-policy-version").unwrap(), "{steps}");
    assert!(steps.contains(
        "set-default-policy-version --policy-arn arn:aws-cn:iam::111122223333:policy/old --version-id v7\n"
    ));
    assert!(!steps_of(change(Edit::NewVersion, versions(None))).contains("delete-policy-version"));
    assert_eq!(steps_of(change(Edit::NewVersion, None)).matches("create-policy-version").count(), 2);
}
