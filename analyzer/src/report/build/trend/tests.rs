//! Tests of what changes from one report to the next.

use super::*;
use crate::analysis::sample::{analysis, call, record};
use crate::report::build::{Beside, build};
use crate::report::model::Report;

/// The report of what is granted and was called, after the one before, which it knows by its JSON alone.
fn report(granted: &[&str], operations: &[&str], before: Option<&Report>) -> Report {
    let calls = operations.iter().map(|operation| call("sqs", operation)).collect();
    let mut analysis = analysis((granted, "*"), calls, &[record("eu-west-1", 0, 90)], &[]);
    let previous =
        before.map(|report| serde_json::from_str(&serde_json::to_string(report).unwrap()).unwrap());
    build(Catalog::embedded().unwrap(), &mut analysis, None, Beside { previous, ..Beside::default() })
}

const GRANTED: [&str; 3] = ["sqs:ListQueues", "sqs:DeleteQueue", "sqs:CreateQueue"];

fn closed(report: &Report) -> Vec<(&'static str, &str)> {
    let closed = &report.trend.as_ref().unwrap().closed;
    closed.iter().map(|closed| (closed.reason, closed.why.as_str())).collect()
}

fn changes(report: &Report) -> Vec<Change> {
    report.findings.iter().filter_map(|finding| finding.change).collect()
}

#[test]
fn a_first_report_has_no_trend_and_an_equal_one_changes_nothing() {
    let first = report(&GRANTED, &["ListQueues"], None);
    assert!(first.trend.is_none() && changes(&first).is_empty() && first.closed.is_empty());
    let second = report(&GRANTED, &["ListQueues"], Some(&first));
    assert_eq!(changes(&second), [Change::Same]);
    let trend = second.trend.as_ref().unwrap();
    assert_eq!((trend.new, trend.regressed, trend.grown, trend.closed.len()), (0, 0, 0, 0));
    assert_eq!((&trend.since, trend.score, trend.unused), (&first.window.end, first.score, 2));
}

#[test]
fn what_is_used_again_or_was_taken_away_is_closed_with_the_reason() {
    let first = report(&GRANTED, &["ListQueues"], None);
    let used = report(&GRANTED, &["ListQueues", "DeleteQueue", "CreateQueue"], Some(&first));
    assert_eq!(closed(&used), [("used_again", "2 permissions are used")]);
    assert!(used.findings.is_empty());
    let fixed = report(&GRANTED[..1], &["ListQueues"], Some(&first));
    assert_eq!(closed(&fixed), [("fixed", "2 permissions are not granted any more")]);
    let both = report(&GRANTED[..2], &["ListQueues", "DeleteQueue"], Some(&first));
    assert_eq!(closed(&both), [("used_again", "1 permission is used, 1 permission is not granted any more")]);
}

#[test]
fn what_was_closed_and_is_back_has_regressed() {
    let first = report(&GRANTED, &["ListQueues"], None);
    let fixed = report(&GRANTED[..1], &["ListQueues"], Some(&first));
    assert_eq!(fixed.closed.len(), 1);
    // It is remembered however many reports there are between.
    let still = report(&GRANTED[..1], &["ListQueues"], Some(&fixed));
    assert_eq!((closed(&still).len(), still.closed.len()), (0, 1));
    let back = report(&GRANTED, &["ListQueues"], Some(&still));
    assert_eq!((changes(&back), back.closed.len()), (vec![Change::Regressed], 0));
    assert_eq!(back.trend.as_ref().unwrap().regressed, 1);
    let smaller = report(&GRANTED[..2], &["ListQueues"], Some(&back));
    assert_eq!(changes(&smaller), [Change::Shrunk]);
    assert_eq!(changes(&report(&GRANTED, &["ListQueues"], Some(&smaller))), [Change::Grown]);
}

#[test]
fn of_a_principal_that_is_gone_it_is_said_that_it_is() {
    let mut first = report(&GRANTED, &["ListQueues"], None);
    first.findings[0].principal = "arn:aws:iam::111122223333:role/gone".to_owned();
    first.findings[0].id = "00".to_owned();
    let second = report(&GRANTED, &["ListQueues"], Some(&first));
    assert_eq!(closed(&second), [("principal_gone", "the principal is not in the grants any more")]);
    assert_eq!(changes(&second), [Change::New]);
}
