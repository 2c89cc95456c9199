//! What changed from one report to the next.

use serde::{Deserialize, Serialize};

use super::Score;

/// What changed since the previous report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// The end of the previous report's window, ISO 8601.
    pub since: String,
    /// Its score.
    pub score: Score,
    /// Its unused permissions.
    pub unused: usize,
    /// Findings that were in no report before.
    pub new: usize,
    /// Findings that were closed once and are back.
    pub regressed: usize,
    /// Findings about more permissions than before.
    pub grown: usize,
    /// Findings about fewer permissions than before.
    pub shrunk: usize,
    /// Findings of the previous report that are none any more, worst first.
    pub closed: Vec<Closed>,
}

/// What became of a finding since the previous report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was in no report before.
    New,
    /// It was closed once and is back.
    Regressed,
    /// It is about more permissions.
    Grown,
    /// It is about fewer permissions.
    Shrunk,
    /// It is what it was.
    Same,
}

/// A finding that is none any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// What it was known by.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// How urgent it was.
    pub severity: String,
    /// Whom it was about.
    pub principal: String,
    /// The service that it was about.
    pub service: Option<String>,
    /// How many permissions it was about.
    pub permissions: usize,
    /// Why it is none any more, as one word: `used_again`, `fixed`, `unobservable`, `principal_gone` or `not_found`.
    pub reason: &'static str,
    /// The same in words.
    pub why: String,
}

/// A finding of some earlier report that was none in the one after it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Former {
    /// What it was known by.
    pub id: String,
    /// The end of the window of the report in which it was none, ISO 8601.
    pub closed: String,
}

/// What a report says in a few numbers, for those after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The end of its window, ISO 8601.
    pub end: String,
    /// Its score in percent.
    pub percent: Option<f64>,
    /// Its unused permissions.
    pub unused: usize,
    /// Its findings.
    pub findings: usize,
}
