use remit_ledger::{Provider, WIRE};

use super::*;

const HOUR: i64 = 3_600_000_000;

fn record(start_day: i64, end_day: i64, classes: &[EventClass]) -> CoverageRecord {
    CoverageRecord {
        provider: Provider::Aws,
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        evidence: "cloudtrail".to_owned(),
        workload: None,
        start: start_day * DAY,
        end: end_day * DAY,
        classes: classes.to_vec(),
        excluded_services: Vec::new(),
        events: 1,
        lost: 0,
    }
}

fn settings() -> WindowSettings {
    WindowSettings { longest: 90 * DAY, history: 400 * DAY, minimum: 30 * DAY, longest_gap: 48 * HOUR }
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
    let object = objects();
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

fn in_region(region: &str, record: CoverageRecord) -> CoverageRecord {
    CoverageRecord { region: Some(region.to_owned()), ..record }
}

fn objects() -> EventClass {
    EventClass::Data {
        resource_type: "AWS::S3::Object".to_owned(),
        resource_prefixes: Vec::new(),
        reads: true,
        writes: true,
    }
}

fn seen(records: &[CoverageRecord]) -> Coverage {
    coverage_of(records, "111122223333", &Said::default(), settings()).unwrap()
}

#[test]
fn data_events_are_visible_where_every_region_claims_them() {
    let with_data = [management().as_slice(), &[objects()]].concat();
    let home = record(0, 90, &with_data);
    assert_eq!(seen(std::slice::from_ref(&home)).data.len(), 1);
    // Another region that was quiet most of the time, and claims them whenever it was not.
    let quiet = [record(3, 4, &with_data), record(60, 61, &with_data)];
    let quiet = quiet.map(|record| in_region("us-east-1", record));
    assert_eq!(seen(&[std::slice::from_ref(&home), quiet.as_slice()].concat()).data.len(), 1);
    // One whose events never claim them, and one whose trail was switched over.
    let silent = in_region("us-east-1", record(60, 61, &management()));
    assert_eq!(seen(&[home.clone(), silent]).data, []);
    let switched = [record(0, 50, &management()), record(50, 90, &with_data)];
    let switched = switched.map(|record| in_region("us-east-1", record));
    assert_eq!(seen(&[std::slice::from_ref(&home), switched.as_slice()].concat()).data, []);
    // What the user says holds for all regions.
    let said = Said { classes: vec![objects()], ..Said::default() };
    let records = [&[home], switched.as_slice()].concat();
    assert_eq!(coverage_of(&records, "111122223333", &said, settings()).unwrap().data.len(), 1);
}

#[test]
fn a_busy_region_without_any_read_hides_reads() {
    let home = record(0, 90, &management());
    let writes_only = [EventClass::ManagementWrite];
    let busy = in_region("us-east-1", record(0, 90, &writes_only));
    let coverage = seen(&[home.clone(), busy]);
    assert!(!coverage.management_reads && coverage.management_writes);
    // A region that was quiet had no occasion to read.
    let quiet = in_region("us-east-1", record(40, 60, &writes_only));
    assert!(seen(&[home.clone(), quiet]).management_reads);
    // Now and then a read shows that the region's trail records them, one read late in the window does not.
    let busy_but = |days: &[i64]| {
        let reads = days.iter().map(|day| record(*day, day + 1, &management()));
        let records = reads.chain([record(0, 90, &writes_only)]).map(|record| in_region("us-east-1", record));
        seen(&records.chain([home.clone()]).collect::<Vec<_>>()).management_reads
    };
    assert!(busy_but(&[20, 45, 70]));
    assert!(!busy_but(&[70]));
}

#[test]
fn quiet_times_of_a_busy_region_are_no_evidence_for_reads() {
    let writes_only = [EventClass::ManagementWrite];
    let seen_beside = |days: i64, busy: &[(i64, i64)]| {
        let busy = busy.iter().map(|(start, end)| in_region("us-east-1", record(*start, *end, &writes_only)));
        let records: Vec<_> = busy.chain([record(0, days, &management())]).collect();
        let coverage = seen(&records);
        assert!(coverage.management_writes);
        coverage.management_reads
    };
    assert!(!seen_beside(90, &[(0, 20), (24, 90)]));
    assert!(!seen_beside(90, &[(0, 20), (24, 50)]));
    assert!(seen_beside(90, &[(3, 4), (40, 60), (80, 81)]));
    // Silent for three days of each week, in a long window and in one just long enough.
    let weeks: Vec<_> = (0..13).map(|week| (week * 7, week * 7 + 4)).collect();
    assert!(!seen_beside(90, &weeks));
    assert!(!seen_beside(31, &weeks[..4]));
}

#[test]
fn hours_that_two_sources_tell_of_are_told_by_the_one_that_shows_more() {
    let with_data = [management().as_slice(), &[objects()]].concat();
    let home = record(0, 90, &with_data);
    let twice = [record(10, 80, &with_data), record(10, 80, &management()), record(30, 40, &[])];
    let twice = twice.map(|record| in_region("us-east-1", record));
    let coverage = seen(&[&[home], twice.as_slice()].concat());
    assert!(coverage.management_reads && coverage.data.len() == 1);
}

#[test]
fn an_event_without_the_claim_puts_the_time_around_it_in_doubt() {
    let with_data = [management().as_slice(), &[objects()]].concat();
    let with_events = |claimed: &[i64], unclaimed: i64| {
        let claimed = claimed.iter().map(|day| record(*day, day + 1, &with_data));
        let records = claimed.chain([record(unclaimed, unclaimed + 1, &management())]);
        let records = records.map(|record| in_region("us-east-1", record)).chain([record(0, 90, &with_data)]);
        seen(&records.collect::<Vec<_>>()).data.len()
    };
    // Switched off at some time after the claim, before the next one, or until the first.
    assert_eq!(with_events(&[3], 80), 0);
    assert_eq!(with_events(&[3, 80], 4), 0);
    assert_eq!(with_events(&[80], 79), 0);
    // Between claims that are close there is as much doubt as in any gap.
    assert_eq!(with_events(&[3, 40, 42, 80], 41), 1);
}

#[test]
fn another_accounts_records_cover_nothing() {
    assert_eq!(
        coverage_of(&[record(0, 90, &management())], "444455556666", &Said::default(), settings()),
        None
    );
}

/// What the agent could not read of a workload's calls is in the log all the same.
#[test]
fn what_is_not_read_of_a_workload_takes_nothing_from_what_the_log_shows() {
    let log = record(0, 100, &management());
    let gap = CoverageRecord {
        account: None,
        region: None,
        evidence: "sni".to_owned(),
        workload: Some(remit_ledger::Workload::default()),
        classes: Vec::new(),
        events: 5,
        lost: 5,
        ..record(50, 60, &[])
    };
    let of = |records: &[CoverageRecord]| {
        coverage_of(records, "111122223333", &Said::default(), settings()).unwrap()
    };
    assert_eq!(of(&[log.clone(), gap.clone()]), of(std::slice::from_ref(&log)));
    // Nor does what it lost of all; and a workload's record alone shows nothing.
    let loss = CoverageRecord { workload: None, ..gap.clone() };
    assert_eq!(of(&[log.clone(), loss]), of(&[log]));
    assert_eq!(coverage_of(&[gap], "111122223333", &Said::default(), settings()), None);
}

/// A record of what a node agent saw on the wire, or lost.
fn wire(account: Option<&str>, lost: u64) -> CoverageRecord {
    CoverageRecord {
        account: account.map(str::to_owned),
        region: None,
        evidence: WIRE.to_owned(),
        events: u64::from(lost == 0),
        lost,
        ..record(10, 200, &[])
    }
}

#[test]
fn what_is_lost_on_the_wire_hides_nothing_that_the_log_shows() {
    let log = record(0, 90, &management());
    for account in [None, Some("111122223333")] {
        assert_eq!(seen(&[log.clone(), wire(account, 7)]), seen(std::slice::from_ref(&log)));
    }
    // What a log lost is missed, whatever was seen on the wire, and so is what it did not record.
    let lost = CoverageRecord { account: None, events: 0, lost: 7, classes: Vec::new(), ..log.clone() };
    assert_eq!(seen(&[log, lost, wire(None, 0)]).lost, 7);
    let reads = record(0, 90, &management()[..1]);
    assert!(!seen(&[reads, wire(None, 0)]).management_writes);
}

#[test]
fn the_wire_vouches_for_nothing() {
    let claims = |record: CoverageRecord| CoverageRecord {
        classes: [management().as_slice(), &[objects()]].concat(),
        ..record
    };
    let of_account = claims(wire(Some("111122223333"), 0));
    assert_eq!(
        coverage_of(std::slice::from_ref(&of_account), "111122223333", &Said::default(), settings()),
        None
    );
    let log = record(0, 90, &management());
    assert_eq!(seen(&[log.clone(), of_account]), seen(std::slice::from_ref(&log)));
}

#[test]
fn what_another_provider_shows_or_loses_is_not_this_ones() {
    let log = record(0, 90, &management());
    let other = CoverageRecord { provider: Provider::Kubernetes, lost: 3, ..record(0, 200, &[objects()]) };
    assert_eq!(seen(&[log.clone(), other]), seen(std::slice::from_ref(&log)));
}

#[test]
fn a_region_counts_as_logged_where_its_log_did_not_begin_late() {
    let of = |regions: &[(Option<&str>, i64)]| {
        let record = |(region, start): &(Option<&str>, i64)| CoverageRecord {
            region: region.map(str::to_owned),
            ..record(*start, 90, &management())
        };
        let regions = seen(&regions.iter().map(record).collect::<Vec<_>>()).regions?;
        Some(regions.into_iter().collect::<Vec<_>>().join(" "))
    };
    let all = (Some("eu-west-1"), 0);
    assert_eq!(of(&[all]).as_deref(), Some("eu-west-1"));
    assert_eq!(of(&[all, (Some("us-east-1"), 20)]).as_deref(), Some("eu-west-1 us-east-1"));
    assert_eq!(of(&[all, (Some("us-east-1"), 80)]).as_deref(), Some("eu-west-1"));
    assert_eq!(of(&[all, (None, 0)]), None);
}
