//! Usage records and coverage, their Arrow schema, and the Parquet writer and reader.
//!
//! This crate is the contract between recording and analysing: recorders (audit-log ingesters, the node
//! agent) write [`UsageRecord`]s and [`CoverageRecord`]s, the analyzer reads them.

mod coverage;
mod record;

pub use coverage::{CoverageRecord, EventClass};
pub use record::{Outcome, Provider, UsageRecord, Workload};
