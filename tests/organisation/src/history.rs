//! Long histories of organisations, for replaying the past: what was needed on each day is known.
//!
//! A learner that is to be judged by what would have broken needs a past that is longer than its window, in which
//! workloads change, jobs come once a quarter and logs have gaps. A history is such a past. It was written without regard to
//! how the learner decides; where its parameters come from stands in one table, in [`prior`].
//!
//! [`History::write`] writes, into a folder:
//!
//! | file | contents |
//! | --- | --- |
//! | `cloudtrail/AWSLogs/...json.gz` | the trail as delivered: a file a day and region, and one for what comes twice |
//! | `account.json` | what `aws iam get-account-authorization-details` prints, at the end of the history |
//! | `selectors.json` | what `aws cloudtrail get-event-selectors` prints: management, S3 objects, Lambda functions |
//! | `kubernetes/audit-*.log.gz` | the API server's audit log, a file a day |
//! | `manifests/rbac.json` | ServiceAccounts with their roles and bindings, as one list |
//! | `audit-policy.yaml` | the audit policy; JSON, which is YAML too |
//! | `truth.json` | [`HistoryTruth`] |
//!
//! With a drift of 0, identities need nothing new after their first weeks but what rare and periodic causes bring; with
//! more, that many times as many deploys change what is needed.

mod account;
mod archetype;
mod calendar;
mod call;
mod day;
mod drift;
mod manifests;
mod member;
mod noise;
mod output;
mod policy;
mod prior;
mod seat;
#[cfg(test)]
mod tests;
mod truth;
mod workload;
mod world;

use crate::bulk::LogSummary;

pub use truth::{
    DeniedTruth, DeployTruth, GapTruth, HistoryNeed, HistoryTruth, IdentityTruth, IntruderTruth,
};

/// The account, which exists in documentation only.
const ACCOUNT: &str = "111122223333";
/// A partner's account, likewise.
const PARTNER: &str = "444455556666";
/// The region where most calls are made.
const REGION: &str = "eu-west-1";
/// The second after the history's last: 1 November 2026.
const END: i64 = 1_793_491_200;

/// A history to make. Equal values make equal bytes.
#[derive(Clone, Debug)]
pub struct History {
    /// Seed of everything random.
    pub seed: u64,
    /// Days, up to the end of October 2026.
    pub days: u32,
    /// Identities: roles, users and ServiceAccounts.
    pub identities: u32,
    /// How much the needs of workloads change with their deploys: 0 not at all, 1 as is usual, 3 three times as much.
    pub drift: u32,
    /// Whether names and tags of roles are dealt out again among them, so that siblings are none.
    pub shuffle_siblings: bool,
}

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistorySummary {
    /// Both logs.
    pub log: LogSummary,
    /// Needs that the truth lists.
    pub needs: u64,
}
