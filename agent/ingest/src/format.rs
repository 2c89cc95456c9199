//! What a kind of log brings to reading it into a ledger.

use std::sync::Arc;

use remit_ledger::{CoverageRecord, Flush, LedgerError, Provider, SourcePlace, StagedFile};

use crate::accounting::Accounting;
use crate::grammar::{Grammar, Sink};
use crate::options::Limits;
use crate::summary::Summary;

/// A kind of log: how its events are counted, and how counts become rows.
pub(crate) trait Format {
    /// How its objects are read.
    type Grammar: Grammar;
    /// One worker's counts.
    type Recorder: Recorder<Self::Grammar>;
    /// What a worker has counted between two flushes.
    type Part;

    /// Whose calls it tells of.
    const PROVIDER: Provider;

    /// What is known of its sources before they are read.
    fn names(&self) -> Names;

    /// The counts of one of so many workers.
    fn recorder(&self, accounting: Accounting, limits: Limits, workers: usize) -> Self::Recorder;

    /// Takes what a worker has counted, so that it counts on meanwhile. It is called for all workers in their order.
    fn take(&mut self, recorder: &mut Self::Recorder) -> Self::Part;

    /// Writes the counts of all workers into files of a flush, and tells what they cover. Of the counts' memory, a worker
    /// may keep so many bytes of what the next events will bring again.
    fn stage(
        &mut self,
        flush: Flush<'_>,
        parts: Vec<Self::Part>,
        keep: usize,
    ) -> Result<(Vec<StagedFile>, Vec<CoverageRecord>), LedgerError>;

    /// Adds what it has to say in the end.
    fn finish(self, summary: &mut Summary);
}

/// One worker's counts.
pub(crate) trait Recorder<G: Grammar>: Sink<G> + Send {
    fn accounting(&mut self) -> &mut Accounting;

    /// Bytes of memory that what a flush would write takes, roughly, but for positions.
    fn footprint(&self) -> usize;
}

/// What is known of the events of a source before it is read: most of it is what its name tells.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The name of a delivered file that its deliverer gives once, wherever it lies.
    pub(crate) delivered: fn(&str) -> Option<&str>,
    /// Where and when its events may have been made; no span where the name does not tell.
    pub(crate) place: fn(&str) -> SourcePlace,
    /// The account that all events are of, as the user said.
    pub(crate) account: Option<Arc<str>>,
    /// Whether events lie in the order of their times, or in its reverse: so that one between others was made between them.
    pub(crate) is_in_order: bool,
}

impl Default for Names {
    fn default() -> Self {
        Self { delivered: |_| None, place: |_| SourcePlace::default(), account: None, is_in_order: false }
    }
}
