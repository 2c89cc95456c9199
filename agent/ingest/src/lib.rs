//! Audit-log readers that turn events into usage records.
//!
//! [`cloudtrail::ingest`] reads CloudTrail files into a ledger. Every event is accounted for:
//! read = recorded + skipped (by reason) + lost (by reason); what is wrong with the input is a list of
//! [`Diagnostic`]s, and the rest is read all the same.

mod accounting;
mod bounded;
mod checkpoint;
pub mod cloudtrail;
mod content;
mod diagnostic;
mod duplicates;
mod format;
mod grammar;
mod input;
mod interner;
mod known;
pub mod kubernetes;
mod named;
mod options;
mod pages;
mod pieces;
mod progress;
mod publisher;
mod ranks;
mod reader;
mod run;
mod scan;
mod shared;
mod source;
mod store;
mod stretches;
mod summary;
mod time;

pub use diagnostic::{Ahead, Diagnostic};
pub use options::{Limits, Options};
pub use progress::{NoProgress, Progress};
pub use run::IngestError;
pub use summary::{Files, Summary};
