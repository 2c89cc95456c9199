use remit_ledger::{EventClass, Provider};
use remit_policy::{AccountFile, BareDocument};

use super::*;
use crate::visible::DAY;

const ACCOUNT: &str = "111122223333";

fn record(region: Option<&str>, start: i64, end: i64) -> CoverageRecord {
    CoverageRecord {
        provider: Provider::Aws,
        account: Some(ACCOUNT.to_owned()),
        region: region.map(str::to_owned),
        evidence: "cloudtrail".to_owned(),
        workload: None,
        start,
        end,
        classes: vec![EventClass::ManagementRead],
        excluded_services: Vec::new(),
        events: 1,
        lost: 0,
    }
}

fn days(start: i64, end: i64) -> Window {
    Window { start: start * DAY, end: end * DAY }
}

fn of(records: &[CoverageRecord], grants: &Account) -> BTreeMap<Option<String>, RegionCoverage> {
    regions(records, grants, ACCOUNT, days(10, 20), 2 * DAY)
}

#[test]
fn a_regions_gaps_are_the_stretches_of_the_window_without_events() {
    let home = Some("eu-west-1");
    let records = [
        record(home, 15 * DAY, 16 * DAY),
        record(home, 9 * DAY, 11 * DAY),
        // Overlapping stretches count once, and an hour of two sources is one.
        record(home, 10 * DAY, 12 * DAY),
        record(home, 18 * DAY, 18 * DAY + HOUR),
    ];
    let regions = of(&records, &Account::default());
    let region = &regions[&home.map(str::to_owned)];
    assert_eq!(region.hours, 24 * 3 + 1);
    assert_eq!(region.seen, Some(Window { start: 10 * DAY, end: 18 * DAY + HOUR }));
    assert_eq!(region.gaps, [days(12, 15)]);
    assert_eq!(region.sources.iter().collect::<Vec<_>>(), ["cloudtrail"]);
}

#[test]
fn a_region_that_fell_silent_has_a_gap_until_the_end() {
    let records = [record(Some("eu-west-1"), 10 * DAY, 20 * DAY), record(None, 10 * DAY, 11 * DAY)];
    let regions = of(&records, &Account::default());
    assert_eq!(regions[&Some("eu-west-1".to_owned())].gaps, []);
    assert_eq!(regions[&None].gaps, [days(11, 20)]);
}

#[test]
fn what_shows_no_event_of_the_account_in_the_window_says_nothing() {
    let elsewhere = CoverageRecord {
        account: Some("444455556666".to_owned()),
        ..record(Some("eu-west-1"), 10 * DAY, 20 * DAY)
    };
    let loss = CoverageRecord { events: 0, lost: 3, ..record(Some("eu-west-2"), 10 * DAY, 20 * DAY) };
    let before = record(Some("eu-west-3"), 0, 10 * DAY);
    assert_eq!(of(&[elsewhere, loss, before], &Account::default()), BTreeMap::new());
}

#[test]
fn regions_that_only_grants_name_have_no_record() {
    let text = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sqs:*", "Resource": [
            "arn:aws:sqs:us-west-2:111122223333:jobs", "arn:aws:sqs:eu-*:111122223333:jobs",
            "arn:aws:sqs:${aws:RequestedRegion}:111122223333:jobs", "arn:aws:s3:::jobs/*", "*"]},
        {"Effect": "Allow", "Action": "sqs:*", "NotResource": "arn:aws:sqs:us-east-2:111122223333:jobs"},
        {"Effect": "Deny", "Action": "sqs:*", "Resource": "arn:aws:sqs:us-west-1:111122223333:jobs"}]}"#;
    let mut grants = Account::default();
    grants.add_bare(&[BareDocument {
        file: AccountFile { name: "app.json", text },
        name: "app".to_owned(),
        principal: Ok(format!("arn:aws:iam::{ACCOUNT}:role/app")),
    }]);
    let regions = of(&[], &grants);
    assert_eq!(regions.keys().flatten().collect::<Vec<_>>(), ["us-west-2"]);
    let region = &regions[&Some("us-west-2".to_owned())];
    assert!(region.sources.is_empty() && region.seen.is_none() && region.hours == 0);
    assert_eq!(region.gaps, [days(10, 20)]);
}
