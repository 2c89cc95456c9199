//! What a kind of log brings to reading it into a ledger.

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
    /// What names of its files tell.
    const NAMES: Names;

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

/// What the name of a file tells of its events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// The name of a delivered file that its deliverer gives once, wherever it lies.
    pub(crate) delivered: fn(&str) -> Option<&str>,
    /// Where and when its events may have been made; no span where the name does not tell.
    pub(crate) place: fn(&str) -> SourcePlace,
}

impl Default for Names {
    fn default() -> Self {
        Self { delivered: |_| None, place: |_| SourcePlace::default() }
    }
}
