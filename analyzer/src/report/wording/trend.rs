//! What is said of what changed since the report before.

use super::{Count, number, permissions, time};
use crate::report::model::{Closed, Report, Trend};

/// Said where there is no report to compare with.
pub(in crate::report) const FIRST: &str = "There is no previous report to compare with: the next one tells what is new, what is back and what was closed.";

/// How numbers changed since the previous report.
pub(in crate::report) fn trend(report: &Report, trend: &Trend) -> String {
    let percent =
        |percent: Option<f64>| percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"));
    format!(
        "The previous report ended {} UTC. Without need was {}, and is {}; unused were {}, and are {}.",
        time(&trend.since),
        percent(trend.score.percent),
        percent(report.score.percent),
        permissions(trend.unused),
        number(report.totals.permissions.unused),
    )
}

/// What became of findings: (name, number).
pub(in crate::report) fn news(trend: &Trend) -> [(&'static str, u64); 5] {
    [
        ("New findings", trend.new.count()),
        ("Back again", trend.regressed.count()),
        ("Grown", trend.grown.count()),
        ("Shrunk", trend.shrunk.count()),
        ("Closed", trend.closed.len().count()),
    ]
}

/// Why a finding is none any more, in two words.
pub(in crate::report) fn closing(closed: &Closed) -> String {
    closed.reason.replace('_', " ")
}
