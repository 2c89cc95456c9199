//! CloudTrail: from log files to a ledger.

mod bounded;
mod call;
mod checkpoint;
mod coverage;
mod delivery;
mod event;
mod flush;
mod identity;
mod known;
mod operation;
mod options;
mod outcome;
mod pieces;
pub(crate) mod reader;
mod recorder;
mod request;
mod run;
pub mod selectors;
mod source;
mod store;
mod summary;
mod table;
mod time;

pub use options::{Limits, Options};
pub use run::{IngestError, ingest};
pub use summary::{Files, Summary};

/// The ledger's name of this source.
pub const EVIDENCE: &str = remit_ledger::CLOUDTRAIL;
