//! What requests bring is published in groups, on a thread that may wait for the disk.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::counters::Counters;
use super::journal::{Events, Journal, Journals, Refusal};

/// How bodies are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterSettings {
    /// How long the first body of a group waits for others.
    pub gather: Duration,
    /// Bytes after which a group waits for no more.
    pub group: usize,
    /// Few files are made of many after so many groups.
    pub compact: u32,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self { gather: Duration::from_millis(500), group: 16 << 20, compact: 256 }
    }
}

/// A body that waits to be published, with who waits for the answer.
pub(super) struct Waiting {
    pub(super) body: Bytes,
    pub(super) asking: Asking,
}

/// Publishes bodies. The thread ends with the last sender, when all is answered.
#[derive(Debug)]
pub struct Writer {
    pub(super) bodies: Sender<Waiting>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn begin(
        journals: impl Journals,
        settings: WriterSettings,
        counters: Arc<Counters>,
    ) -> std::io::Result<Self> {
        let (bodies, received) = channel();
        let thread = std::thread::Builder::new().name("ledger".to_owned());
        let thread = thread.spawn(move || {
            // What earlier runs left many files of, however short they were, is looked after with the first group.
            let since_compaction = settings.compact.saturating_sub(1);
            Groups { journals, journal: None, settings, counters, since_compaction }.publish_all(&received);
        })?;
        Ok(Self { bodies, thread })
    }

    /// Waits until all bodies are answered. Nobody may hold a sender then.
    pub fn end(self) {
        drop(self.bodies);
        let _ = self.thread.join();
    }
}

/// Who waits for an answer, and the room that the body takes until then.
pub(super) struct Asking {
    pub(super) room: OwnedSemaphorePermit,
    pub(super) answer: oneshot::Sender<Result<(), Refusal>>,
}

impl Asking {
    fn answer(self, answer: Result<(), Refusal>) {
        drop(self.room);
        // Whoever went away sends it again.
        let _ = self.answer.send(answer);
    }
}

/// How often a ledger that cannot be written is tried again where nothing is sent.
const RETRY: Duration = Duration::from_secs(5);

struct Groups<J: Journals> {
    journals: J,
    journal: Option<J::Journal>,
    settings: WriterSettings,
    counters: Arc<Counters>,
    since_compaction: u32,
}

impl<J: Journals> Groups<J> {
    fn publish_all(&mut self, bodies: &Receiver<Waiting>) {
        // So that it shows at once where the ledger cannot be written.
        self.open();
        loop {
            match bodies.recv_timeout(RETRY) {
                Ok(first) => {
                    let group = self.gather(first, bodies);
                    self.publish(group);
                    self.compact();
                }
                // Who asks whether this is ready may send nothing until it is.
                Err(RecvTimeoutError::Timeout)
                    if self.journal.is_none() && self.counters.problem().is_some() =>
                {
                    self.open();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn open(&mut self) {
        match self.journals.open() {
            Ok(journal) => {
                self.journal = Some(journal);
                self.counters.recovered();
            }
            Err(refusal) => self.fail(&refusal),
        }
    }

    /// A group that begins with a body, of what comes soon after it.
    fn gather(&self, first: Waiting, bodies: &Receiver<Waiting>) -> Vec<Waiting> {
        let until = Instant::now() + self.settings.gather;
        let mut size = first.body.len();
        let mut group = vec![first];
        while size < self.settings.group {
            match bodies.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(next) => {
                    size = size.saturating_add(next.body.len());
                    group.push(next);
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        group
    }

    /// Counts and publishes a group, and answers it. Its bodies take room until then, since counts take memory, too.
    fn publish(&mut self, group: Vec<Waiting>) {
        let (mut counted, mut all) = (Vec::with_capacity(group.len()), Events::default());
        // Bodies of senders that went away meanwhile count, too: what is sent again is found to be counted.
        for Waiting { body, asking } in group {
            match self.count(&body) {
                Ok(events) => {
                    all.recorded += events.recorded;
                    all.skipped += events.skipped;
                    all.lost += events.lost;
                    counted.push(asking);
                }
                // It is nothing to the sender's neighbours.
                Err(refusal @ Refusal::Foreign(_)) => asking.answer(Err(refusal)),
                Err(refusal) => {
                    self.fail(&refusal);
                    all = Events::default();
                    counted.push(asking);
                    counted.drain(..).for_each(|asking| asking.answer(Err(refusal.clone())));
                }
            }
        }
        let published = match &mut self.journal {
            Some(journal) if !counted.is_empty() => journal.publish(),
            _ => return,
        };
        match &published {
            Ok(()) => {
                self.since_compaction = self.since_compaction.saturating_add(1);
                self.counters.published(all);
            }
            Err(refusal) => self.fail(refusal),
        }
        counted.into_iter().for_each(|asking| asking.answer(published.clone()));
    }

    fn count(&mut self, body: &[u8]) -> Result<Events, Refusal> {
        let journal = match &mut self.journal {
            Some(journal) => journal,
            none => none.insert(self.journals.open()?),
        };
        journal.count(body)
    }

    /// What was counted and not published is forgotten with the journal, so that it counts when it is sent again.
    fn fail(&mut self, problem: &Refusal) {
        tracing::warn!(%problem, "events are not acknowledged");
        self.counters.failed(problem.to_string());
        self.journal = None;
    }

    fn compact(&mut self) {
        if self.since_compaction < self.settings.compact {
            return;
        }
        self.since_compaction = 0;
        self.journal = None;
        match self.journals.compact() {
            Ok(()) => self.counters.compacted(),
            Err(problem) => tracing::warn!(%problem, "the ledger's files stay many"),
        }
    }
}

#[cfg(test)]
mod tests;
