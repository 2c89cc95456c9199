//! What an ingest did.

use remit_ledger::Counts;

use crate::{Ahead, Diagnostic};

/// What an ingest did. Every event is accounted for in `counts`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// What became of every event: read = recorded + skipped + lost.
    pub counts: Counts,
    /// What became of every file.
    pub files: Files,
    /// Files, folders and objects that could not be read and may hold events, which nobody counted: they are lost, too.
    pub unread_sources: u64,
    /// Bytes read, as stored.
    pub bytes: u64,
    /// Flushes published.
    pub commits: u64,
    /// Bytes written to the ledger.
    pub written: u64,
    /// What was wrong with the input, by source and position; bounded.
    pub diagnostics: Vec<Diagnostic>,
    /// Diagnostics beyond the bound.
    pub diagnostics_omitted: u64,
    /// Events that are dated more than a day after now. They are counted like others.
    pub ahead: Option<Ahead>,
    /// Operations that the catalog does not know, as `service:operation` with their recorded calls, most first.
    pub unresolved: Vec<(String, u64)>,
    /// Events delivered twice are found back to this time, in microseconds since the Unix epoch: events of every later
    /// hour that was ingested are remembered. None when every event of the ledger is.
    pub duplicates_found_since: Option<i64>,
}

/// What became of every file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Read to the end, though events may have been lost.
    pub read: u64,
    /// Ingested by an earlier run, or by this one under another name; not read again.
    pub known: u64,
    /// Could not be opened or read.
    pub unreadable: u64,
    /// Passed over in folders, because their names say that they are no logs.
    pub other: u64,
}

impl Summary {
    /// Whether something could not be read.
    pub fn is_partial(&self) -> bool {
        self.counts.lost_total() > 0 || self.files.unreadable > 0 || !self.diagnostics.is_empty()
    }
}
