use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{ActionId, Catalog};

use super::*;
use crate::analysis::Settings;
use crate::analysis::sample::{analysis, analysis_by, call, on, record, settings};

fn id(name: &str) -> ActionId {
    catalog().find(name).unwrap_or_else(|| panic!("no action `{name}`"))
}

fn catalog() -> &'static Catalog {
    Catalog::embedded().unwrap()
}

fn set(names: &[&str]) -> BTreeSet<ActionId> {
    names.iter().map(|name| id(name)).collect()
}

/// So many identities of one kind.
pub(super) fn of_one_kind(number: usize) -> Kinds {
    Kinds::among((0..number).map(|_| vec![vec!["kind".to_owned()]]))
}

/// Half a year in which this was used.
fn deeds(used: &BTreeSet<ActionId>) -> Deeds<'_> {
    Deeds { used, idle: None, history: 182, settling: None, drop_watched: None }
}

/// Why each of these stays for who uses those.
fn kept(tier: Tier, used: &[&str], unused: &[&str], others: &[&[&str]]) -> BTreeMap<String, &'static str> {
    let kinds = of_one_kind(others.len() + 1);
    let all = [&[] as &[&str]].iter().chain(others).map(|names| set(names));
    let community = Community::of(&kinds, all.collect());
    let peers = community.peers(0);
    let used = set(used);
    let retained = retained(catalog(), deeds(&used), set(unused), Some(&peers), tier);
    let name = |id| catalog().action(id).unwrap().full_name();
    retained.into_iter().map(|(id, why)| (name(id), why.code())).collect()
}

fn code(tier: Tier, used: &[&str], unused: &str, others: &[&[&str]]) -> Option<&'static str> {
    kept(tier, used, &[unused], others).into_values().next()
}

#[test]
fn companions_stay_in_every_tier() {
    let pairs = [
        ("s3:PutObject", "s3:AbortMultipartUpload"),
        ("sqs:ReceiveMessage", "sqs:DeleteMessage"),
        ("sqs:CreateQueue", "sqs:DeleteQueue"),
        ("logs:CreateLogGroup", "logs:DescribeLogGroups"),
        ("ec2:RunInstances", "ec2:TerminateInstances"),
        ("ec2:AttachVolume", "ec2:DetachVolume"),
    ];
    for (used, unused) in pairs {
        assert_eq!(code(Tier::Strict, &[used], unused, &[]), Some("companion"), "{used} {unused}");
    }
}

#[test]
fn rare_ways_are_watched() {
    let one = |used: &str, unused: &str| code(Tier::Strict, &[used], unused, &[]);
    assert_eq!(one("lambda:UpdateFunctionCode", "lambda:DeleteFunction"), Some("destroy_path"));
    assert_eq!(one("rds:CreateDBSnapshot", "rds:RestoreDBInstanceFromDBSnapshot"), Some("recovery_path"));
    assert!(
        Retained::DestroyPath(String::new()).is_watched() && !Retained::Metadata(String::new()).is_watched()
    );
}

#[test]
fn what_others_use_stays_from_standard_on() {
    let others: &[&[&str]] = &[&["sqs:PurgeQueue"], &["s3:GetObject"]];
    let used = ["sqs:SendMessage"];
    assert_eq!(code(Tier::Strict, &used, "sqs:PurgeQueue", others), None);
    assert_eq!(code(Tier::Standard, &used, "sqs:PurgeQueue", others), Some("peers"));
    // One of four is too few of its kind; but it is of the account, and the service is used.
    let others: &[&[&str]] = &[&["sqs:PurgeQueue"], &[], &[], &[]];
    assert_eq!(code(Tier::Standard, &used, "sqs:PurgeQueue", others), Some("others"));
    assert_eq!(code(Tier::Standard, &["sns:Publish"], "sqs:PurgeQueue", others), None);
}

#[test]
fn the_same_kind_stays_from_standard_on_and_metadata_in_balanced() {
    let used = ["ec2:StartInstances"];
    assert_eq!(code(Tier::Strict, &used, "ec2:RebootInstances", &[]), Some("recovery_path"));
    assert_eq!(code(Tier::Standard, &used, "ec2:MonitorInstances", &[]), Some("same_kind"));
    assert_eq!(code(Tier::Strict, &used, "ec2:MonitorInstances", &[]), None);
    assert_eq!(code(Tier::Standard, &used, "ec2:DescribeVpcs", &[]), None);
    assert_eq!(code(Tier::Balanced, &used, "ec2:DescribeVpcs", &[]), Some("metadata"));
    assert_eq!(code(Tier::Balanced, &used, "sqs:ListQueues", &[]), None);
}

/// Whatever others do, what changes permissions or gives away secrets is not kept for it.
#[test]
fn grave_permissions_are_never_learned_of_others() {
    let grave = [
        "iam:PutRolePolicy",
        "iam:PassRole",
        "secretsmanager:GetSecretValue",
        "kms:Decrypt",
        "ssm:GetParameter",
    ];
    let others: &[&[&str]] = &[&grave, &grave, &grave];
    let used = ["iam:GetRole", "secretsmanager:DescribeSecret", "kms:DescribeKey", "ssm:DescribeParameters"];
    assert_eq!(kept(Tier::Balanced, &used, &grave, others), BTreeMap::new());
}

#[test]
fn of_what_does_nothing_nothing_is_learned() {
    assert_eq!(code(Tier::Balanced, &[], "sqs:ListQueues", &[&["sqs:ListQueues"]]), None);
}

/// What no other rule keeps stays while a deploy settles, and is watched.
#[test]
fn while_a_deploy_settles_everything_stays() {
    let (used, unused) = (set(&["sqs:CreateQueue"]), set(&["sqs:DeleteQueue", "iam:PutRolePolicy"]));
    let of = |settling| {
        let deeds = Deeds { settling, ..deeds(&used) };
        retained(catalog(), deeds, unused.clone(), None, Tier::Strict)
    };
    assert_eq!(of(None).len(), 1);
    let settling = of(Some(20_000));
    assert_eq!(settling[&id("sqs:DeleteQueue")].code(), "companion");
    let why = &settling[&id("iam:PutRolePolicy")];
    assert!(why.is_watched() && why.explain().contains("2024-10-04"), "{}", why.explain());
}

/// What was done every day for a while and is over is one cycle; what goes on is no matter of cycles.
#[test]
fn one_stretch_that_is_over_is_watched() {
    let of = |first: i64, end: i64| {
        let call = on(call("sqs", "PurgeQueue"), first..end);
        let granted = (["sqs:PurgeQueue"].as_slice(), "*");
        let analysis = analysis(granted, vec![call], &[record("eu-west-1", 100, 200)], &[]);
        let one = dispositions(catalog(), &analysis.principals[0]).remove(0);
        (one.disposition, one.why.contains("fewer than two cycles"))
    };
    assert_eq!(of(150, 160), (Disposition::Watch, true));
    assert_eq!(of(150, 198), (Disposition::Keep, false));
    assert_eq!(of(150, 151), (Disposition::Watch, true));
}

/// What comes every other day goes on for as long as it does, and is one cycle once it is over.
#[test]
fn what_comes_every_other_day_is_watched_only_once_it_is_over() {
    let of = |end: i64| {
        let call = on(call("sqs", "PurgeQueue"), (110..end).step_by(2));
        let granted = (["sqs:PurgeQueue"].as_slice(), "*");
        let analysis = analysis(granted, vec![call], &[record("eu-west-1", 100, 200)], &[]);
        let one = dispositions(catalog(), &analysis.principals[0]).remove(0);
        (one.disposition, one.why.contains("every 2 days (44 times)"))
    };
    assert_eq!(of(198), (Disposition::Keep, true));
    assert_eq!(of(170), (Disposition::Watch, false));
}

/// A job of every quarter that ran once is no more than watched, whatever the tier; once it ran twice, it is a job.
#[test]
fn a_quarterly_job_that_was_seen_once_is_watched_in_every_tier() {
    for tier in [Tier::Strict, Tier::Standard, Tier::Balanced] {
        let of = |days: &[i64]| {
            let calls = vec![on(call("sqs", "PurgeQueue"), days.iter().copied())];
            let records = [record("eu-west-1", 100, 220)];
            let settings = Settings { tier, ..settings(&[]) };
            let analysis = analysis_by(&settings, (&["sqs:PurgeQueue"], "*"), calls, &records);
            dispositions(catalog(), &analysis.principals[0]).remove(0).disposition
        };
        assert_eq!((of(&[115]), of(&[115, 206])), (Disposition::Watch, Disposition::Keep), "{tier}");
    }
}

/// What becomes of what a role may do that made no call in so many days.
fn of_idle(granted: &[&str], days: i64, drop_watched: Option<i64>) -> BTreeMap<String, Disposition> {
    let settings = Settings { drop_watched, tier: Tier::Strict, ..settings(&[]) };
    let records = [record("eu-west-1", 0, days)];
    let analysis = analysis_by(&settings, (granted, "*"), Vec::new(), &records);
    let all = dispositions(catalog(), &analysis.principals[0]).into_iter();
    all.map(|one| (one.permission, one.disposition)).collect()
}

/// A restore that is rehearsed once a quarter may have no run in less than two quarters.
#[test]
fn a_drill_of_whom_nothing_was_seen_yet_is_watched() {
    let granted = [
        "rds:RestoreDBInstanceFromDBSnapshot",
        "rds:DeleteDBInstance",
        "rds:DeleteDBSnapshot",
        "rds:DescribeDBInstances",
        "sqs:DeleteQueue",
    ];
    let watched = |granted: &[&str], days, dropped| {
        let all = of_idle(granted, days, dropped).into_iter();
        all.filter(|(_, is)| *is == Disposition::Watch).map(|(name, _)| name).collect::<Vec<_>>()
    };
    let drill = ["rds:DeleteDBInstance", "rds:RestoreDBInstanceFromDBSnapshot"];
    assert_eq!(
        watched(&granted, 100, None),
        drill,
        "what it restores it takes away, and not what it restores from"
    );
    assert_eq!(watched(&granted, 250, None), [""; 0], "two quarters had no run");
    assert!(watched(&["rds:Restore*"], 100, None).len() > 3, "a policy names the verb");
    for wide in ["*", "rds:*"] {
        assert_eq!(watched(&[wide], 100, None), [""; 0], "an administrator nobody needs is no drill");
    }
    assert_eq!(watched(&granted, 100, Some(180)), drill, "the history is shorter than that");
    assert_eq!(watched(&granted, 190, Some(180)), [""; 0]);
}

/// What waits for a deploy to settle goes on to wait, and what is kept for good stays.
#[test]
fn what_is_watched_goes_where_a_person_says_after_how_long() {
    let all = || {
        let why = [
            Retained::DestroyPath(String::new()),
            Retained::Drill,
            Retained::Settling(String::new()),
            Retained::Metadata(String::new()),
        ];
        why.map(|why| (why.code(), why)).into_iter().collect::<BTreeMap<_, _>>()
    };
    let left = |after, history| {
        let mut kept = all();
        drop_watched(&mut kept, after, history);
        kept.into_keys().collect::<Vec<_>>()
    };
    assert_eq!((left(None, 400).len(), left(Some(180), 179).len()), (4, 4));
    assert_eq!(left(Some(180), 180), ["metadata", "settling"]);
}

/// Each tier keeps what the one before keeps.
#[test]
fn tiers_are_nested() {
    let used = ["sqs:CreateQueue", "ec2:RunInstances", "s3:PutObject"];
    let all: Vec<String> = ["sqs", "ec2", "s3"]
        .iter()
        .flat_map(|service| catalog().service_actions(service))
        .map(|(_, action)| action.full_name())
        .filter(|name| !used.contains(&name.as_str()))
        .collect();
    let unused: Vec<&str> = all.iter().map(String::as_str).collect();
    let of = |tier| kept(tier, &used, &unused, &[&["sqs:TagQueue"]]).into_keys().collect::<BTreeSet<_>>();
    let [strict, standard, balanced] = [Tier::Strict, Tier::Standard, Tier::Balanced].map(of);
    assert!(strict.is_subset(&standard) && standard.is_subset(&balanced));
    assert!(
        strict.len() < standard.len() && standard.len() < balanced.len() && balanced.len() < unused.len()
    );
}

/// Every action that the tables name exists.
#[test]
fn tables_name_actions_that_exist() {
    for (used, with) in companions::TOGETHER {
        for name in with.iter().chain([&used]) {
            assert!(catalog().find(name).is_some(), "`{name}`");
        }
    }
    for name in level::CONTENTS {
        assert!(catalog().find(name).is_some(), "`{name}`");
    }
}
