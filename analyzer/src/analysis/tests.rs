use super::*;
use crate::analysis::sample::{analysis, call, record};
use crate::visible::DAY;

/// A call on that day, of which a log tells nothing.
fn on_the_wire(operation: &str, day: i64) -> Call {
    let mut call = call("sqs", operation);
    call.seen.count = Count { logged: 0, wire: 1 };
    (call.seen.first, call.seen.last) = (day * DAY, day * DAY);
    call
}

fn verdicts(calls: Vec<Call>, records: &[CoverageRecord]) -> Vec<&'static str> {
    let granted = (["sqs:DeleteQueue", "sqs:PurgeQueue"].as_slice(), "*");
    let analysis = analysis(granted, calls, records, &[]);
    analysis.principals[0].judgement.verdicts.values().map(Verdict::as_str).collect()
}

#[test]
fn what_the_wire_saw_since_the_log_ended_is_use() {
    let log = [record("eu-west-1", 100, 200)];
    assert_eq!(verdicts(vec![on_the_wire("PurgeQueue", 205)], &log), ["unused", "used"]);
    // The window is of 90 days, and what was used before it in the log's time counts as well; before the log nothing does.
    assert_eq!(verdicts(vec![on_the_wire("PurgeQueue", 105)], &log), ["unused", "used"]);
    assert_eq!(verdicts(vec![on_the_wire("PurgeQueue", 95)], &log), ["unused", "unused"]);
}

#[test]
fn without_a_log_the_wire_shows_use_and_nothing_is_unused() {
    assert_eq!(verdicts(vec![on_the_wire("PurgeQueue", 205)], &[]), ["unobservable", "used"]);
}
