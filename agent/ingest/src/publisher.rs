//! Publishes what workers have counted, and sums it up.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crossbeam_channel::Receiver;
use remit_ledger::{Counts, LedgerError, LedgerWriter, Publication};

use crate::accounting::Work;
use crate::format::{Format, Recorder as _};
use crate::named::Named;
use crate::shared::{Shared, Signal};
use crate::source::lock;
use crate::summary::Summary;

/// Publishes what workers have counted, and sums it up.
pub(crate) struct Publisher<F: Format> {
    pub(crate) format: F,
    pub(crate) summary: Summary,
    /// Workers that have no more to do.
    pub(crate) finished: usize,
    pub(crate) named: Named,
}

impl<F: Format> Publisher<F> {
    pub(crate) fn publish_until_finished(
        &mut self,
        signals: &Receiver<Signal>,
        writer: &mut LedgerWriter,
        shared: &Shared<'_>,
        recorders: &[Mutex<F::Recorder>],
    ) -> Result<(), LedgerError> {
        while self.finished < recorders.len() {
            match signals.recv() {
                Ok(Signal::Finished) => self.finished += 1,
                Ok(Signal::Flush) if shared.is_due() => self.publish(writer, shared, recorders)?,
                // Several workers asked for the same flush.
                Ok(Signal::Flush) => {}
                Err(_) => break,
            }
        }
        self.publish(writer, shared, recorders)
    }

    /// Takes all that the workers have counted, between two sources or pieces of them, and writes it in one flush.
    pub(crate) fn publish(
        &mut self,
        writer: &mut LedgerWriter,
        shared: &Shared<'_>,
        recorders: &[Mutex<F::Recorder>],
    ) -> Result<(), LedgerError> {
        let _flushing = shared.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = shared.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut parts = Vec::with_capacity(recorders.len());
        let mut works = Vec::with_capacity(recorders.len() + 1);
        for recorder in recorders {
            let recorder = &mut *lock(recorder);
            parts.push(self.format.take(recorder));
            let accounting = recorder.accounting();
            let mut work = std::mem::take(&mut accounting.work);
            let progressing = accounting.progressing.as_ref();
            let names = shared.checkpoint.names();
            work.sources
                .extend(progressing.and_then(|progress| progress.position(&accounting.source, names)));
            works.push(work);
            shared.weigh(recorder);
        }
        drop(gate);
        let unread = std::mem::take(&mut *shared.unread.lock().unwrap_or_else(PoisonError::into_inner));
        works.push(Work { sources: unread, ..Work::default() });
        let is_last = self.finished == recorders.len();
        let mut named = Vec::new();
        if is_last {
            named = std::mem::take(&mut *shared.listed.lock().unwrap_or_else(PoisonError::into_inner));
            named.append(&mut self.named.reached(&works, &shared.checkpoint));
        } else if !works.iter().all(Work::is_empty) {
            named = self.named.begun(&works, &shared.checkpoint);
        }
        works.push(Work { sources: named, ..Work::default() });
        if works.iter().all(Work::is_empty) {
            return Ok(());
        }
        let flush = writer.begin(F::PROVIDER);
        // A quarter of the room may stay filled with names, so that the next flush is not due at once.
        let keep = shared.limits.counts / parts.len().max(1) / 4;
        let (staged, coverage) = self.format.stage(flush, parts, keep)?;
        let mut publication = publication(works);
        publication.coverage = coverage;
        let counts = publication.counts.clone();
        let published = flush.commit(staged, publication)?;
        self.summary.counts.add(&counts);
        self.summary.commits += 1;
        self.summary.written = self.summary.written.saturating_add(published.bytes);
        Ok(())
    }
}

/// What became of the events and sources of a flush.
pub(crate) fn publication(works: Vec<Work>) -> Publication {
    let mut publication = Publication::default();
    for work in works {
        let counts = sum(&work);
        for (hour, identifier) in work.identifiers {
            publication.identifiers.entry(i64::from(hour)).or_default().push(identifier);
        }
        publication.counts.add(&counts);
        publication.sources.extend(work.sources);
    }
    publication.sources.sort_by(|left, right| left.name.cmp(&right.name));
    publication
}

/// What became of a worker's events.
pub(crate) fn sum(work: &Work) -> Counts {
    let owned = |counts: &BTreeMap<&'static str, u64>| {
        counts.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect()
    };
    Counts {
        read: work.read,
        recorded: work.recorded,
        skipped: owned(&work.skipped),
        lost: owned(&work.lost),
    }
}
