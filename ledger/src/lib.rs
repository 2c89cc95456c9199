//! Usage records and coverage, their Arrow schema, and the Parquet writer and reader.
//!
//! This crate is the contract between recording and analysing: recorders (audit-log ingesters, the node
//! agent) write [`UsageRecord`]s and [`CoverageRecord`]s, the analyzer reads them.
//!
//! A ledger is a folder of Parquet files that any program can read. [`LedgerWriter`] publishes rows and the
//! checkpoint of their sources with one rename; [`Snapshot`] tells which files count.

mod address;
mod bucket;
mod collapse;
mod compact;
mod contents;
mod coverage;
mod coverage_table;
mod decode;
mod encode;
mod error;
mod footer;
#[cfg(test)]
mod golden;
mod identifiers;
mod layout;
mod listing;
mod lock;
mod losses;
mod merge;
mod month;
mod packing;
mod publish;
mod record;
#[cfg(test)]
mod samples;
mod schema;
mod snapshot;
mod staged;
mod state;
mod state_writer;
mod states;
mod store;

pub use address::Address;
pub use bucket::Bucket;
pub use collapse::{Addition, Collapse, Kind, Values, bound_names};
pub use compact::{Compacted, compact, compact_stored};
pub use contents::LedgerFile;
pub use coverage::{CoverageRecord, EventClass};
pub use coverage_table::coverage_records;
pub use decode::usage_records;
pub use error::LedgerError;
pub use footer::{Commit, Counts, Extent, Footer, Role, SourcePlace, SourcePosition, key};
pub use identifiers::{Identifiers, REMEMBERED, identify, read_identifiers};
pub use layout::{day_name, day_of};
pub use losses::LossySource;
pub use merge::write_group;
pub use month::Month;
pub use publish::{Flush, LedgerWriter, Observer, Publication, Published, Step, WriterOptions};
pub use record::{
    CLOUDTRAIL, DAY, HOUR, ISSUED_LIMIT, KUBERNETES_AUDIT, LOGS, Outcome, Provider, SNI, UNKNOWN,
    UsageRecord, UsageRow, WIRE, Workload, is_log,
};
pub use schema::{SCHEMA_VERSION, Table, column, coverage_column, coverage_schema, difference, usage_schema};
pub use snapshot::{LedgerInfo, Snapshot};
pub use staged::StagedFile;
pub use state::{State, Summed, SummedFile, state_column, state_schema};
pub use state_writer::{StagedState, StateWriter};
pub use states::{Applied, States};
