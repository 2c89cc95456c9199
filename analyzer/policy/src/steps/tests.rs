use std::collections::BTreeSet;

use super::*;
use crate::evidence::{AfterEntry, policy_entry};
use crate::grant::Versions;
use crate::parse;
use crate::proposal::{NewPolicy, PolicyChange};

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

fn steps_of(change: &PolicyChange) -> String {
    let after = AfterEntry { name: "new".to_owned(), inline: false, file: "after/new.json".to_owned() };
    let entries = [policy_entry(change, "before/old.json".to_owned(), vec![after])];
    steps("arn:aws-cn:iam::111122223333:role/path/app", "role", &BTreeSet::new(), &entries)
}

#[test]
fn a_new_policy_is_in_the_partition_of_its_principal() {
    let steps = steps_of(&change(Edit::Replace, None));
    assert!(steps.contains("--policy-arn arn:aws-cn:iam::111122223333:policy/new\n"), "{steps}");
}

#[test]
fn a_policy_with_all_its_versions_loses_the_oldest_first() {
    let versions = |surplus: Option<&str>| {
        Some(Versions { default: "v7".to_owned(), surplus: surplus.map(str::to_owned) })
    };
    let steps = steps_of(&change(Edit::NewVersion, versions(Some("v3"))));
    let delete = steps.find("aws iam delete-policy-version --policy-arn arn:aws-cn:iam::111122223333:policy/old --version-id v3\n");
    assert!(delete.unwrap() < steps.find("aws iam create-policy-version").unwrap(), "{steps}");
    assert!(steps.contains(
        "set-default-policy-version --policy-arn arn:aws-cn:iam::111122223333:policy/old --version-id v7\n"
    ));
    assert!(!steps_of(&change(Edit::NewVersion, versions(None))).contains("delete-policy-version"));
    assert_eq!(steps_of(&change(Edit::NewVersion, None)).matches("create-policy-version").count(), 2);
}

/// A new document is in force as a whole, and so is what it leaves out.
#[test]
fn what_takes_away_at_once_is_not_said_to_add() {
    let mut inline = change(Edit::PutInline, None);
    (inline.arn, inline.after[0].inline) = (None, true);
    inline.after[0].name = inline.name.clone();
    let after = AfterEntry { name: "old".to_owned(), inline: true, file: "after/old.json".to_owned() };
    let entries = [policy_entry(&inline, "before/old.json".to_owned(), vec![after])];
    let steps = steps("arn:aws:iam::111122223333:role/app", "role", &BTreeSet::new(), &entries);
    for steps in [steps, steps_of(&change(Edit::NewVersion, None))] {
        assert!(steps.contains("\n## Replace what is narrowed: what goes is gone with this\n"), "{steps}");
        assert!(!steps.contains("## Add what stays"), "{steps}");
    }
    assert!(steps_of(&change(Edit::Replace, None)).contains("## Add what stays"));
}

#[test]
fn the_way_back_leaves_nothing_behind() {
    let steps = steps_of(&change(Edit::Replace, None));
    let (_, back) = steps.split_once("## The way back").unwrap();
    let expected = "
aws iam attach-role-policy --role-name app --policy-arn arn:aws-cn:iam::111122223333:policy/old
aws iam detach-role-policy --role-name app --policy-arn arn:aws-cn:iam::111122223333:policy/new
aws iam delete-policy --policy-arn arn:aws-cn:iam::111122223333:policy/new
";
    assert!(back.contains(expected), "{steps}");
}

#[test]
fn where_there_is_no_room_one_policy_takes_the_place_of_the_other() {
    let entries: Vec<_> = (0..8)
        .map(|at| {
            let mut change = change(Edit::Replace, None);
            change.arn = Some(format!("arn:aws:iam::aws:policy/old-{at}"));
            let file = format!("after/new-{at}.json");
            let after = AfterEntry { name: format!("new-{at}"), inline: false, file };
            policy_entry(&change, format!("before/old-{at}.json"), vec![after])
        })
        .collect();
    let steps = steps("arn:aws:iam::111122223333:user/ann", "user", &BTreeSet::new(), &entries);
    let mut attached: BTreeSet<String> =
        (0..8).map(|at| format!("arn:aws:iam::aws:policy/old-{at}")).collect();
    let before = attached.clone();
    let mut made = BTreeSet::new();
    let (forth, back) = steps.split_once("## The way back").unwrap();
    for commands in [forth, back] {
        for line in commands.lines() {
            let arn = line.rsplit(' ').next().unwrap().to_owned();
            if line.contains("create-policy ") {
                assert!(made.insert(line.split("--policy-name ").nth(1).unwrap().split(' ').next().unwrap()));
            } else if line.contains("attach-user-policy") {
                assert!(attached.insert(arn), "{line}");
            } else if line.contains("detach-user-policy") {
                assert!(attached.remove(&arn), "{line}");
            } else if line.contains("delete-policy ") {
                assert!(!attached.contains(&arn) && made.remove(arn.rsplit('/').next().unwrap()), "{line}");
            }
            assert!(attached.len() <= 10, "{steps}");
        }
        if commands == forth {
            assert_eq!(attached.len(), 8);
            assert!(attached.iter().all(|arn| arn.contains("111122223333:policy/new-")));
        }
    }
    assert_eq!(attached, before);
    assert!(made.is_empty());
}

#[test]
fn what_of_a_version_is_in_a_second_policy_is_there_before_the_version() {
    let change = change(Edit::NewVersion, None);
    let after =
        |name: &str| AfterEntry { name: name.to_owned(), inline: false, file: format!("after/{name}.json") };
    let entries = [policy_entry(&change, "before/old.json".to_owned(), vec![after("old"), after("old-2")])];
    let steps = steps("arn:aws:iam::111122223333:role/app", "role", &BTreeSet::new(), &entries);
    let place = |words: &str| steps.find(words).unwrap_or_else(|| panic!("{words}: {steps}"));
    assert!(place("attach-role-policy --role-name app") < place("create-policy-version"), "{steps}");
    let back = steps.split_once("## The way back").unwrap().1;
    let place = |words: &str| back.find(words).unwrap_or_else(|| panic!("{words}: {back}"));
    assert!(place("create-policy-version") < place("detach-role-policy"), "{back}");
}
