//! How the pull requests of a repository stand, for whoever shows that beside what they are about.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Version of the format.
pub const SCHEMA: &str = "remit.pull-requests/v1";

/// How the pull requests of a repository stand, as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statuses {
    /// Version of the format.
    pub schema: String,
    /// One for each identity.
    pub pull_requests: Vec<Status>,
}

/// How an identity's pull request stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The identity.
    pub principal: String,
    /// Where the pull request is, or what lists the identity where it has none.
    pub url: Option<String>,
    /// What it is at.
    pub state: Stage,
    /// When it was opened.
    pub opened: Option<Timestamp>,
    /// When it was merged.
    pub merged: Option<Timestamp>,
    /// The last day on which nobody wants to hear of it.
    pub until: Option<Date>,
    /// Permissions that stay because somebody asked for it.
    pub kept: u64,
    /// What this run did about it.
    pub change: Done,
}

/// What a pull request is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is open.
    Open,
    /// There is none yet: it waits for a place.
    Waiting,
    /// There is none, since a person has to edit what it is about.
    ByHand,
    /// There is none, since its branch holds commits of others.
    Stuck,
    /// Somebody put it off.
    Snoozed,
    /// Somebody closed it.
    Closed,
    /// Somebody keeps all that it took away.
    Kept,
    /// It was merged.
    Merged,
    /// It was merged, and taken back since.
    TakenBack,
    /// Remit closed it, since nothing was left to do.
    Resolved,
}

/// What a run did about a pull request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// It opened it.
    Opened,
    /// It wrote branch, title or body anew.
    Updated,
    /// It did what a run that was cut had left to do.
    Completed,
    /// It closed it.
    Closed,
    /// Nothing.
    #[default]
    Unchanged,
}

impl From<Vec<Status>> for Statuses {
    fn from(pull_requests: Vec<Status>) -> Self {
        Self { schema: SCHEMA.to_owned(), pull_requests }
    }
}
