//! Seeded synthetic organisations: logs, grants and the truth behind them.
//!
//! A [`Profile`] describes an account: its principals, what they are granted and what they do, and when.
//! [`Organisation::generate`] makes from it, for a seed, the log that CloudTrail would have delivered, what the
//! account's grants look like, and the truth that no log shows: which permissions each principal needs, and
//! which of these needs the log could show at all.
//!
//! Accounts, names and addresses are invented, or reserved for documentation. Equal seed and profile make equal bytes.
//!
//! ```
//! use remit_organisation::{Organisation, Profile, Size};
//!
//! let profile = Profile::random(7, Size { roles: 3, days: 2, operations: 4 })?;
//! let organisation = Organisation::generate(7, &profile)?;
//! assert_eq!(organisation.truth().principals.len(), 3);
//! assert!(organisation.records().iter().all(|record| record.text.starts_with("{\"eventVersion\"")));
//! # Ok::<(), remit_organisation::Error>(())
//! ```
//!
//! A [`ClusterProfile`] describes a cluster in the same way, from which [`Cluster`] makes an audit log of its API server.
//!
//! A [`History`] is a long past of a larger organisation, in which workloads change, with what each day needed.
//!
//! [`Load`] makes logs in bulk for benchmarks, and [`Pair`] policies with requests for evaluators.

mod archive;
mod background;
mod bulk;
mod caller;
mod cluster;
mod delivery;
mod error;
mod event;
mod grants;
mod history;
mod identity;
mod load;
mod mint;
mod moment;
mod organisation;
mod pair;
mod pattern;
mod profile;
mod recorder;
mod rhythm;
mod sample;
mod scope;
mod session;
mod template;
#[cfg(test)]
mod testing;
mod truth;

pub use archive::{GRANTS, SELECTORS, TRUTH, unpack};
pub use bulk::LogSummary;
pub use cluster::{
    Cluster, ClusterCall, ClusterJob, ClusterProfile, ClusterTruth, SubjectDescription, SubjectTruth,
};
pub use delivery::LogFile;
pub use error::Error;
pub use history::{
    DeniedTruth, DeployTruth, GapTruth, History, HistoryNeed, HistorySummary, HistoryTruth, IdentityTruth,
    IntruderTruth,
};
pub use identity::Identity;
pub use load::Load;
pub use mint::Mint;
pub use organisation::Organisation;
pub use pair::{Pair, Request};
pub use profile::{
    Background, DataEvents, GroupDescription, Job, JobCall, Kind, OriginDescription, PolicyDescription,
    PrincipalDescription, Profile, SessionDescription, Size, Stranger, Trail,
};
pub use recorder::Record;
pub use rhythm::Rhythm;
pub use sample::SAMPLE_SEED;
pub use template::{Class, Need, Template, Templates};
pub use truth::{LogTruth, NeedTruth, PrincipalTruth, RefusedTruth, Truth, Visibility};
