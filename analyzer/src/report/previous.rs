//! The previous report, as far as the next one asks for it.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::model::{Former, Point, SCHEMA, Score};

/// What of a previous report is compared with the next one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Previous {
    /// Version of its format.
    schema: String,
    /// Its window.
    pub(crate) window: FormerWindow,
    /// Its score.
    pub(crate) score: Score,
    /// Its sums.
    pub(crate) totals: FormerTotals,
    /// What it found.
    pub(crate) findings: Vec<FormerFinding>,
    /// What earlier ones had found, and it had not.
    pub(crate) closed: Vec<Former>,
    /// Its score, and that of those before it.
    pub(crate) history: Vec<Point>,
}

/// The window of a previous report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct FormerWindow {
    /// Its end, ISO 8601.
    pub(crate) end: String,
}

/// Sums of a previous report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct FormerTotals {
    /// Its permissions.
    pub(crate) permissions: FormerCounts,
}

/// Numbers of permissions in a previous report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct FormerCounts {
    /// Unused ones.
    pub(crate) unused: usize,
}

/// A finding of a previous report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct FormerFinding {
    /// What it is known by.
    pub(crate) id: String,
    /// Its rule.
    pub(crate) rule: String,
    /// How urgent it was.
    pub(crate) severity: String,
    /// Whom it was about.
    pub(crate) principal: String,
    /// The service that it was about.
    pub(crate) service: Option<String>,
    /// How many permissions it was about.
    pub(crate) permissions: usize,
    /// The first of them.
    pub(crate) names: Vec<String>,
}

/// The largest report that is read: ten times that of ten thousand principals.
const LARGEST: u64 = 4 << 30;

impl Previous {
    /// Reads the JSON of a report.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("cannot read `{shown}`"))?;
        let read: Result<Self, _> = serde_json::from_reader(BufReader::new(file.take(LARGEST)));
        let previous = match read {
            Ok(previous) => previous,
            Err(error) => bail!(
                "`{shown}` is no report of Remit as JSON: {error}\nhint: give a `report.json` that `remit report` \
                 wrote, or write to another folder with `--out DIR`"
            ),
        };
        if previous.schema != SCHEMA {
            bail!(
                "`{shown}` has the format `{}`, and `{SCHEMA}` is known\nhint: write to another folder with `--out DIR`",
                crate::output::plain(&previous.schema)
            );
        }
        Ok(previous)
    }
}
