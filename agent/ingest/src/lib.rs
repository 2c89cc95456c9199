//! Audit-log readers that turn events into usage records.
//!
//! [`cloudtrail::ingest`] reads CloudTrail files into a ledger. Every event is accounted for:
//! read = recorded + skipped (by reason) + lost (by reason); what is wrong with the input is a list of
//! [`Diagnostic`]s, and the rest is read all the same.

pub mod cloudtrail;
mod content;
mod diagnostic;
mod duplicates;
mod input;
mod interner;
mod progress;
mod scan;

pub use diagnostic::Diagnostic;
pub use progress::{NoProgress, Progress};
