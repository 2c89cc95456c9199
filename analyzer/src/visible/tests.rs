use remit_ledger::Provider;

use super::*;

const HOUR: i64 = 3_600_000_000;

fn record(start_day: i64, end_day: i64, classes: &[EventClass]) -> CoverageRecord {
    CoverageRecord {
        provider: Provider::Aws,
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        evidence: "cloudtrail".to_owned(),
        start: start_day * DAY,
        end: end_day * DAY,
        classes: classes.to_vec(),
        excluded_services: Vec::new(),
        events: 1,
        lost: 0,
    }
}

fn settings() -> WindowSettings {
    WindowSettings { longest: 90 * DAY, minimum: 30 * DAY, longest_gap: 48 * HOUR }
}

fn management() -> [EventClass; 2] {
    [EventClass::ManagementRead, EventClass::ManagementWrite]
}

#[test]
fn the_window_is_at_most_as_long_as_asked() {
    let coverage =
        coverage_of(&[record(0, 400, &management())], "111122223333", &Said::default(), settings()).unwrap();
    assert_eq!(coverage.window, Window { start: 310 * DAY, end: 400 * DAY });
    assert!(coverage.management_reads && coverage.management_writes);
}

#[test]
fn the_window_starts_after_the_last_gap() {
    let records = [record(0, 50, &management()), record(60, 100, &management())];
    let coverage = coverage_of(&records, "111122223333", &Said::default(), settings()).unwrap();
    assert_eq!(coverage.window, Window { start: 60 * DAY, end: 100 * DAY });
}

#[test]
fn a_class_recorded_for_part_of_the_window_is_not_visible() {
    let object = EventClass::Data {
        resource_type: "AWS::S3::Object".to_owned(),
        resource_prefixes: Vec::new(),
        reads: true,
        writes: true,
    };
    let with_data = [management().as_slice(), std::slice::from_ref(&object)].concat();
    let records = [record(0, 50, &management()), record(50, 90, &with_data)];
    let coverage = coverage_of(&records, "111122223333", &Said::default(), settings()).unwrap();
    assert!(coverage.management_writes);
    assert_eq!(coverage.data, []);
    let said =
        coverage_of(&records, "111122223333", &Said { classes: vec![object], ..Said::default() }, settings())
            .unwrap();
    assert_eq!(said.data.len(), 1);
}

#[test]
fn another_accounts_records_cover_nothing() {
    assert_eq!(
        coverage_of(&[record(0, 90, &management())], "444455556666", &Said::default(), settings()),
        None
    );
}
