//! Findings as a report lists them.

use std::fmt;

use remit_policy::Origin;
use serde::Serialize;

use super::{Change, Mute};

/// Something worth acting on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingLine {
    /// What it is known by from one report to the next: equal as long as it is about the same.
    pub id: String,
    /// The rule, such as `unused`.
    pub rule: &'static str,
    /// `high`, `medium` or `low`.
    pub severity: &'static str,
    /// Whom it is about, as its section names it.
    pub principal: String,
    /// IAM prefix of the service or API group, where it is about one.
    pub service: Option<String>,
    /// How many permissions it is about.
    pub permissions: usize,
    /// What was found, in words.
    pub detail: String,
    /// The first of the permissions.
    pub names: Vec<String>,
    /// Why it is not to be listed, where somebody said so. It is counted all the same.
    pub muted: Option<Mute>,
    /// Where what grants it was read, where that is known.
    pub place: Option<Place>,
    /// What became of it since the previous report, where there is one.
    pub change: Option<Change>,
}

impl FindingLine {
    /// Whether somebody wants to know that this became of it: it is not muted.
    pub(crate) fn is_news(&self, change: Change) -> bool {
        self.change == Some(change) && self.muted.is_none()
    }
}

/// A line of a file of grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file as the user gave it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Place {
    pub(crate) fn of(origin: &Origin) -> Self {
        Self { file: origin.file.clone(), line: origin.line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
