//! Events that somebody hands over and waits for: a webhook's.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use remit_ledger::{
    Counts, Extent, HOUR, LedgerError, LedgerWriter, Provider, Published, SourcePlace, SourcePosition,
    WriterOptions,
};

use serde::Deserialize;

use super::event::Audit;
use super::recorder::Recorder;
use super::{EVIDENCE, Logs};
use crate::Limits;
use crate::accounting::Accounting;
use crate::checkpoint::Checkpoint;
use crate::diagnostic::Diagnostics;
use crate::duplicates::Seen;
use crate::format::{Format, Names, Recorder as _};
use crate::publisher::{publication, sum};
use crate::reader::Reader;

/// Counts audit events as they are handed over, and publishes them. An event that was counted, whether published here or in
/// an earlier life, is not counted again, so that a sender who got no answer may send it once more.
///
/// ```no_run
/// # fn main() -> Result<(), remit_ledger::LedgerError> {
/// use remit_ingest::{Limits, kubernetes::Intake};
/// let mut intake = Intake::open("ledger".as_ref(), Default::default(), Limits::default(), Some("blue"))?;
/// let counted = intake.count(br#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[]}"#);
/// assert!(counted.is_ok_and(|counts| counts.lost_total() == 0));
/// // Only now may the sender be told that its events are taken.
/// intake.publish()?;
/// # Ok(())
/// # }
/// ```
pub struct Intake {
    logs: Logs,
    recorder: Recorder,
    writer: LedgerWriter,
}

/// Why a body was not counted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignList {
    /// It is not whole.
    #[error("not valid JSON: {0}")]
    Damaged(String),
    /// It is something else.
    #[error("not of the kind `EventList`")]
    Other,
}

/// What is looked at before a list is counted; the rest has to be JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct List<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(rename = "items")]
    _items: Vec<Item>,
}

/// An object, whatever it holds. Behind something else the next event would not be found.
#[derive(Deserialize)]
struct Item {}

impl Intake {
    /// Opens a ledger, and remembers which events were counted in it last, `limits.remembered` at most.
    ///
    /// # Errors
    /// When another process writes the ledger, or its folder cannot be read or written.
    pub fn open(
        ledger: &Path,
        writer: WriterOptions,
        limits: Limits,
        cluster: Option<&str>,
    ) -> Result<Self, LedgerError> {
        let (writer, snapshot) = LedgerWriter::open(ledger, writer)?;
        let (seen, diagnostics) = (Arc::new(Seen::new(limits.remembered)), Arc::new(Diagnostics::default()));
        Checkpoint::read(&snapshot, ledger, Logs::PROVIDER, Names::default(), &seen, &diagnostics);
        let logs = Logs::of(cluster);
        let recorder = logs.recorder(Accounting::new(0, seen, diagnostics), limits, 1);
        Ok(Self { logs, recorder, writer })
    }

    /// Counts the events of an `EventList`, and tells what became of them.
    ///
    /// # Errors
    /// When it is none: then nothing of it is counted.
    pub fn count(&mut self, bytes: &[u8]) -> Result<Counts, ForeignList> {
        let list: List<'_> =
            serde_json::from_slice(bytes).map_err(|error| ForeignList::Damaged(error.to_string()))?;
        if list.kind != "EventList" {
            return Err(ForeignList::Other);
        }
        let earlier = std::mem::take(&mut self.recorder.accounting().work);
        Reader::<Audit>::default().feed(bytes, true, &mut self.recorder);
        let work = &mut self.recorder.accounting().work;
        let counts = sum(work);
        work.add(earlier);
        Ok(counts)
    }

    /// Bytes of memory that takes what is not published yet, roughly.
    pub fn footprint(&mut self) -> usize {
        self.recorder.footprint() + self.recorder.accounting().footprint()
    }

    /// Makes durable what was counted.
    ///
    /// # Errors
    /// When the ledger cannot be written: then nothing of what was counted since the last time is in it, though it is taken
    /// for counted here. So the ledger is to be opened anew.
    pub fn publish(&mut self) -> Result<Published, LedgerError> {
        let table = self.logs.take(&mut self.recorder);
        let work = std::mem::take(&mut self.recorder.accounting().work);
        if work.is_empty() {
            return Ok(Published::default());
        }
        let mut publication = publication(vec![work]);
        let flush = self.writer.begin(Provider::Kubernetes);
        let (staged, coverage) = self.logs.stage(flush, vec![table], 0)?;
        publication.coverage = coverage;
        publication.sources.extend(self.logs.lost(publication.counts.lost_total()));
        flush.commit(staged, publication)
    }
}

impl Logs {
    /// What could not be read was sent just now: it cannot be read again, so that nothing makes it good.
    fn lost(&self, lost: u64) -> Option<SourcePosition> {
        let now = jiff::Timestamp::now();
        let start = now.as_microsecond().div_euclid(HOUR).saturating_mul(HOUR);
        (lost > 0).then(|| SourcePosition {
            name: "-".to_owned(),
            extent: Extent::Whole { content: format!("unread of a webhook at {now}") },
            lost,
            place: Some(SourcePlace {
                evidence: EVIDENCE.to_owned(),
                account: self.cluster.as_deref().map(str::to_owned),
                // Events are sent soon after they were made, and again for a while where that failed.
                span: Some((start.saturating_sub(HOUR), start.saturating_add(HOUR))),
                region: None,
            }),
            ..SourcePosition::default()
        })
    }
}
