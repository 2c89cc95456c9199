//! Tests of what a report says of an analysis, in both of its layouts.

use super::*;
use crate::analysis::sample::{ACCOUNT, analysis, call, record};
use crate::report::{html, markdown, wording};
use crate::rollup::Caller;
use crate::workloads::WorkloadCalls;

fn report(mut analysis: Analysis) -> (Report, [String; 2]) {
    let report = build(Catalog::embedded().unwrap(), &mut analysis, None, Beside::default());
    let layouts = [html::render(&report).unwrap(), markdown::render(&report)];
    (report, layouts)
}

#[test]
fn regions_are_shown_with_their_gaps_and_those_without_any_record() {
    let records = [record("eu-west-1", 0, 90), record("us-east-1", 0, 10), record("us-east-1", 20, 80)];
    let granted = (["sqs:*"].as_slice(), "arn:aws:sqs:us-west-2:111122223333:jobs");
    let (report, layouts) = report(analysis(granted, Vec::new(), &records, &[]));
    let lines: Vec<_> = report.regions.iter().map(|line| (line.region.as_str(), line.hours)).collect();
    assert_eq!(lines, [("eu-west-1", 90 * 24), ("us-east-1", 70 * 24), ("us-west-2", 0)]);
    let gaps: Vec<_> = report.regions[1].gaps.iter().map(|gap| gap.length.as_str()).collect();
    assert_eq!(gaps, ["10 days", "10 days"]);
    for page in &layouts {
        for said in [
            "1970-01-11 00:00 to 1970-01-21 00:00 UTC",
            "1,680 of 2,160",
            "us-west-2",
            "not known to be covered",
            "for more than 2 days",
            wording::REGIONS,
        ] {
            assert!(page.contains(said), "{said}");
        }
    }
}

#[test]
fn an_account_without_any_record_has_no_region_that_is_known_to_be_covered() {
    let (report, layouts) = report(analysis((&["sqs:*"], "*"), Vec::new(), &[], &[]));
    let [line] = report.regions.as_slice() else { panic!("{:?}", report.regions) };
    assert_eq!((line.account.as_str(), line.region.as_str()), (ACCOUNT, "every region"));
    assert!(line.sources.is_empty());
    assert!(layouts.iter().all(|page| page.contains("not known to be covered")));
}

#[test]
fn what_the_catalog_does_not_list_and_stays_is_shown_with_its_reason() {
    let granted = (["sqs:*", "newservice:Act"].as_slice(), "*");
    let records = [record("eu-west-1", 0, 90)];
    let (report, layouts) = report(analysis(granted, vec![call("sqs", "NewerCall")], &records, &[]));
    let rows: Vec<_> = report.principals[0].unlisted.iter().map(|row| row.names.as_str()).collect();
    assert_eq!(rows, ["newservice:Act", "sqs:*"]);
    for page in &layouts {
        let embedded = page.split_once("id=block-0>").and_then(|(_, rest)| rest.split_once("</script>"));
        let shown = match embedded {
            Some((block, _)) => html::data::opened(block)[0]["unlisted"].to_string(),
            None => page.split_once("Beyond the catalog").unwrap().1.to_owned(),
        };
        for said in
            ["newservice:Act", "is not in the catalog", "sqs:*", "sqs:NewerCall", "needed is not known"]
        {
            assert!(shown.contains(said), "{said}");
        }
    }
    // Nobody can tell how many they are, so they are in no count.
    let (without, _) =
        self::report(analysis((&["sqs:*"], "*"), vec![call("sqs", "NewerCall")], &records, &[]));
    assert_eq!(report.totals.permissions, without.totals.permissions);
}

#[test]
fn lengths_are_exact_to_the_hour() {
    let cases = [
        (0, "no time"),
        (1, "1 hour"),
        (47, "47 hours"),
        (48, "2 days"),
        (71, "2 days and 23 hours"),
        (2_161, "90 days and 1 hour"),
    ];
    for (hours, expected) in cases {
        assert_eq!(length(hours * HOUR), expected);
    }
    let words = |end| report_window(Window { start: 0, end }).words();
    assert_eq!(words(0), "none: the ledger holds no log of it");
    assert_eq!(words(48 * HOUR), "2 days (1970-01-01T00:00:00Z to 1970-01-03T00:00:00Z)");
}

#[test]
fn a_workload_that_calls_many_hosts_is_one_line_that_says_how_many() {
    let mut analysis = analysis((&["sqs:*"], "*"), Vec::new(), &[], &[]);
    let services = (0..500).map(|number| (format!("host-{number:03}.example"), number)).collect();
    let calls = WorkloadCalls { services, ..WorkloadCalls::default() };
    analysis.workloads.insert(Caller::default(), calls);
    let (report, layouts) = report(analysis);
    let [line] = report.workloads.as_slice() else { panic!("{:?}", report.workloads) };
    assert_eq!((line.services.len(), line.service_count), (20, 500));
    assert_eq!(line.services[0], "host-499.example");
    for (page, more) in layouts.iter().zip(["and 494 more", "and 480 more"]) {
        assert!(page.contains(more), "{more}");
    }
}
