//! What a proposal's folder says, as far as a pull request repeats it.

mod account;
mod cluster;
mod cycles;
mod review;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use remit_policy::rbac;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

pub(crate) use self::cycles::Cycles;
use self::review::Review;
use crate::change::Change;
use crate::command::covers;
use crate::error::Error;
use crate::number::counted;

/// What a proposal's folder says.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The folder.
    pub folder: PathBuf,
    /// ARN of the principal, or name of a cluster's user.
    pub identity: String,
    /// What it is, in words: `role`, `user` or `service account`.
    pub kind: String,
    /// Its name, without what is around it.
    pub name: String,
    /// First and last moment of the window, as they are written.
    pub window: (String, String),
    /// From when on calls counted as use, where that is earlier.
    pub used_since: Option<String>,
    /// Classes of events that were recorded during the whole window.
    pub coverage: Vec<String>,
    /// Events known to be lost in the window; none where that is not told.
    pub lost: Option<u64>,
    /// Permissions that go, as a whole or in part.
    pub removed: Vec<Line>,
    /// Permissions that stay.
    pub kept: Vec<Line>,
    /// What was asked again of the new policies.
    pub proof: Proof,
    /// What came of such proposals in the past; none where there is not enough of it.
    pub replay: Option<Replay>,
    /// How much stays of what is not used, where that is told.
    pub tier: Option<String>,
    /// Permissions that were used and are watched all the same, where that is told: such use was seen in fewer than two cycles, or may be a
    /// stranger's.
    pub watched: Option<u64>,
}

/// A permission, and why it goes or stays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Its service, or the resource of a cluster's; what lines are grouped by.
    pub group: String,
    /// The permission.
    pub permission: String,
    /// Why, in words, with names between backticks.
    pub why: String,
    /// Whether it was used, stays unjudged, stays unused, or goes, and then whether all of it does.
    pub standing: Standing,
    /// Calls that were denied, which are never use.
    pub denied: u64,
    /// Names of the policies that grant it, where it goes; nothing for a cluster's, whose roles are edited all or not at all.
    pub from: BTreeSet<String>,
}

/// Why a permission goes or stays, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It was used.
    Used,
    /// It was not used, and stays all the same.
    Spared,
    /// It cannot be told whether it is used.
    Unobservable,
    /// It goes.
    Removed,
    /// It goes, but for parts of it that stay.
    Narrowed,
}

/// What was asked again of the new policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What was asked again, in words, such as `recorded requests`.
    pub what: &'static str,
    /// In what form it was asked, in words, where that is another.
    pub form: Option<String>,
    /// How much of it.
    pub replayed: u64,
    /// How much of it is allowed after.
    pub allowed: u64,
    /// Calls that stand behind the used permissions, at least.
    pub calls: u64,
}

/// What would have come of such proposals in the past, from `review.json`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Replay {
    /// Identities at past dates that would have missed a permission.
    pub broken: Share,
    /// Days within which they would have.
    pub horizon: i64,
    /// Past dates.
    pub cut_offs: u64,
}

/// A share with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Share {
    /// How many did.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
    /// The share, from 0 to 1.
    pub share: f64,
    /// Lower end of the interval of 95 %.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Bytes of a file that are read.
const LARGEST: u64 = 256 << 20;

impl Facts {
    /// Reads a proposal's folder, as `remit propose` wrote it.
    ///
    /// # Errors
    ///
    /// Where a file is missing or is not what that writes.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("evidence.json");
        let text = text(&path)?;
        let review = Review::read(folder)?;
        Ok(match rbac::Evidence::is_of(&text) {
            true => cluster::facts(folder, parsed(&path, &text)?, review),
            false => account::facts(folder, parsed(&path, &text)?, review),
        })
    }

    /// Permissions that go, as a whole or in part, but for those that someone keeps, and those that stay in a policy which no program can edit.
    pub fn going<'a>(
        &'a self,
        kept: &'a BTreeSet<String>,
        unedited: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = &'a Line> {
        let is_edited = |line: &&Line| line.from.is_disjoint(unedited);
        self.removed.iter().filter(|line| !kept.contains(&line.permission)).filter(is_edited)
    }

    /// How many permissions go as a whole.
    pub(crate) fn gone(&self, kept: &BTreeSet<String>, unedited: &BTreeSet<String>) -> u64 {
        self.going(kept, unedited).filter(|line| line.standing == Standing::Removed).count() as u64
    }

    /// Permissions of the proposal that a pattern asks for: those that it takes away, and those that it may narrow.
    pub(crate) fn asked_for(&self, patterns: &BTreeSet<String>) -> BTreeSet<String> {
        let names = self.removed.iter().chain(&self.kept).map(|line| &line.permission);
        names.filter(|name| patterns.iter().any(|pattern| covers(pattern, name))).cloned().collect()
    }

    /// Digest of what is proposed: the identity, what goes and what becomes narrower. Neither the window nor a count is in it, so that another
    /// week that shows nothing new is the same evidence.
    pub fn evidence(&self, kept: &BTreeSet<String>, change: &Change) -> String {
        let mut sum = Sha256::new();
        let mut add = |kind: &str, text: &str| {
            sum.update(kind);
            sum.update(text.len().to_le_bytes());
            sum.update(text);
        };
        add("identity", &self.identity);
        let gone: BTreeSet<&str> =
            self.going(kept, &change.unedited).map(|line| line.permission.as_str()).collect();
        gone.into_iter().for_each(|permission| add("removed", permission));
        for (permission, resources) in &change.narrowed {
            add("narrowed", permission);
            resources.iter().for_each(|resource| add("resource", resource));
        }
        sum.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The end of the window, in seconds since 1970.
    pub(crate) fn moment(&self) -> i64 {
        self.window.1.parse::<Timestamp>().map_or(0, Timestamp::as_second)
    }

    /// Whole days of the window.
    pub(crate) fn days(&self) -> u64 {
        let moment = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_second);
        let seconds =
            moment(&self.window.1).zip(moment(&self.window.0)).map_or(0, |(end, start)| end - start);
        u64::try_from(seconds / 86_400).unwrap_or(0)
    }
}

fn text(path: &Path) -> Result<String, Error> {
    let wrong = |cause: String| Error::File { path: path.to_owned(), cause };
    let size = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > LARGEST {
        return Err(wrong(format!("it is larger than {LARGEST} bytes")));
    }
    fs::read_to_string(path).map_err(|error| wrong(error.to_string()))
}

fn parsed<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::File { path: path.to_owned(), cause: error.to_string() })
}

/// Bounds of an ISO 8601 interval.
fn bounds(interval: &str) -> (String, String) {
    let (start, end) = interval.split_once('/').unwrap_or((interval, interval));
    (start.to_owned(), end.to_owned())
}

/// How often a permission was used, in words.
fn used(calls: u64, last: &str) -> String {
    format!("{}, last on {}", counted(calls, "call", "calls"), day(last))
}

/// The day of a moment.
pub(crate) fn day(moment: &str) -> &str {
    moment.split('T').next().unwrap_or(moment)
}

#[cfg(test)]
mod tests;
