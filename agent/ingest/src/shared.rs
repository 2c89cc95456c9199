//! What workers share.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crossbeam_channel::{Receiver, Sender, bounded};
use remit_ledger::SourcePosition;

use crate::checkpoint::Checkpoint;
use crate::diagnostic::Diagnostics;
use crate::format::Recorder;
use crate::grammar::Grammar;
use crate::options::Limits;
use crate::progress::Progress;
use crate::source::{Identification, unread_position};
use crate::summary::Files;

/// What workers share.
pub(crate) struct Shared<'a> {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) diagnostics: Arc<Diagnostics>,
    pub(crate) limits: Limits,
    progress: &'a dyn Progress,
    /// Workers hold it for reading while they count; who takes their counts holds it for writing.
    pub(crate) gate: RwLock<()>,
    /// Held while counts are written.
    pub(crate) flushing: Mutex<()>,
    /// The sizes of the workers' tables.
    weights: Vec<AtomicUsize>,
    pub(crate) flush: Sender<Signal>,
    pub(crate) stopped: AtomicBool,
    files: [AtomicU64; 4],
    /// Sources that may hold events and cannot be read.
    unread_sources: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// Positions of sources that could not be read, for the next flush.
    pub(crate) unread: Mutex<Vec<SourcePosition>>,
    /// Positions of what an earlier run did not reach or list and this one did, for the last flush.
    pub(crate) listed: Mutex<Vec<SourcePosition>>,
}

/// What a worker says to who publishes.
pub(crate) enum Signal {
    /// Tables are large enough to be flushed.
    Flush,
    /// A worker has no more to do.
    Finished,
}

/// Bytes of memory that a source's position takes, roughly: most are names.
const POSITION: usize = 400;

const READ: usize = 0;
const KNOWN: usize = 1;
const UNREADABLE: usize = 2;
const OTHER: usize = 3;

impl<'a> Shared<'a> {
    /// What so many workers share, and where their signals arrive.
    pub(crate) fn new(
        checkpoint: Checkpoint,
        diagnostics: Arc<Diagnostics>,
        limits: Limits,
        progress: &'a dyn Progress,
        threads: usize,
    ) -> (Self, Receiver<Signal>) {
        let (flush, signals) = bounded(threads * 2 + 1);
        let shared = Self {
            checkpoint,
            diagnostics,
            limits,
            progress,
            gate: RwLock::new(()),
            flushing: Mutex::new(()),
            weights: (0..threads).map(|_| AtomicUsize::new(0)).collect(),
            flush,
            stopped: AtomicBool::new(false),
            files: Default::default(),
            unread_sources: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            unread: Mutex::default(),
            listed: Mutex::default(),
        };
        (shared, signals)
    }

    /// Waits until counts are not being taken, and until the last ones are written where there is no room for more.
    pub(crate) fn enter(&self) -> RwLockReadGuard<'_, ()> {
        if self.is_due() {
            drop(self.flushing.lock());
        }
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the size of a worker's table, and asks for a flush when all of them are too large.
    pub(crate) fn weigh<G: Grammar>(&self, recorder: &mut impl Recorder<G>) {
        let counts = recorder.footprint();
        let accounting = recorder.accounting();
        if let Some(weight) = self.weights.get(accounting.worker) {
            let positions = accounting.work.sources.len() * POSITION;
            weight.store(counts + accounting.footprint() + positions, Ordering::Relaxed);
        }
        self.flush_if_due();
    }

    fn flush_if_due(&self) {
        if self.is_due() {
            // A flush that was asked for before serves as well.
            let _ = self.flush.try_send(Signal::Flush);
        }
    }

    /// Whether there is so much to write that it is to be flushed.
    pub(crate) fn is_due(&self) -> bool {
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner).len() * POSITION;
        let all: usize = self.weights.iter().map(|weight| weight.load(Ordering::Relaxed)).sum();
        all + unread > self.limits.counts
    }

    /// Decompressed size up to which a worker reads a file whole.
    pub(crate) fn whole_plain(&self) -> usize {
        (self.limits.whole_plain / self.weights.len().max(1)).min(32 << 20)
    }

    pub(crate) fn read(&self, files: u64, bytes: u64, events: u64) {
        self.add_files(READ, files);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.progress.done(files, bytes, events);
    }

    /// Notes one more source.
    pub(crate) fn found(&self, bytes: u64) {
        self.progress.found(1, bytes);
    }

    /// Notes a file whose name says that it is no log.
    pub(crate) fn other(&self) {
        self.add_files(OTHER, 1);
    }

    /// Notes that one that was found holds nothing, as its name says.
    pub(crate) fn no_source_after_all(&self) {
        self.other();
        self.progress.done(1, 0, 0);
    }

    /// Whether a source was ingested before by its name; then it is passed over, and what was lost of it is said again.
    pub(crate) fn is_known(&self, source: &Identification) -> bool {
        let (name, size) = (&source.name, source.size);
        let is_known = self.checkpoint.knows_name(name, size, source.modified);
        if is_known {
            self.known(size);
            if let Some(lost) = self.checkpoint.lost_of(name) {
                self.damaged(name, lost);
            }
        }
        is_known
    }

    /// Says that events of a source were lost when it was ingested, which nothing has made good.
    pub(crate) fn damaged(&self, name: &str, lost: u64) {
        let events = if lost == 1 { "event" } else { "events" };
        let message = format!(
            "was ingested before; {lost} {events} of it could not be read then\nhint: put a sound copy in its place, or an \
             empty file where it never was a log"
        );
        self.diagnostics.source(name, message);
    }

    pub(crate) fn known(&self, bytes: u64) {
        self.add_files(KNOWN, 1);
        self.progress.done(1, bytes, 0);
    }

    pub(crate) fn unreadable(&self, name: &str, error: &io::Error, bytes: u64) {
        self.add_files(UNREADABLE, 1);
        self.count_unread(error);
        self.diagnostics.source(name, format!("cannot be read: {error}"));
        self.progress.done(1, bytes, 0);
    }

    /// Counts a source as lost, unless it is not there.
    pub(crate) fn count_unread(&self, error: &io::Error) {
        let is_there = error.kind() != io::ErrorKind::NotFound;
        self.unread_sources.fetch_add(u64::from(is_there), Ordering::Relaxed);
    }

    /// How many sources may hold events and cannot be read.
    pub(crate) fn unread_sources(&self) -> u64 {
        self.unread_sources.load(Ordering::Relaxed)
    }

    /// Notes a source of which nothing can be read, so that what it may hold is lost until it can be.
    pub(crate) fn unread(&self, source: &Identification, error: &io::Error) {
        self.unreadable(&source.name, error, source.size);
        self.lose(source, error);
    }

    /// What is not there has lost nothing, and what was lost before need not be said again.
    pub(crate) fn lose(&self, source: &Identification, error: &io::Error) {
        if error.kind() != io::ErrorKind::NotFound && self.checkpoint.prefix(&source.name).is_none() {
            let position = unread_position(source, self.checkpoint.names());
            self.unread.lock().unwrap_or_else(PoisonError::into_inner).push(position);
            self.flush_if_due();
        }
    }

    /// Notes a name that gives nothing to read.
    pub(crate) fn no_source(&self) {
        self.add_files(UNREADABLE, 1);
    }

    fn add_files(&self, kind: usize, count: u64) {
        if let Some(files) = self.files.get(kind) {
            files.fetch_add(count, Ordering::Relaxed);
        }
    }

    pub(crate) fn files(&self) -> Files {
        let count = |kind: usize| self.files.get(kind).map_or(0, |files| files.load(Ordering::Relaxed));
        Files { read: count(READ), known: count(KNOWN), unreadable: count(UNREADABLE), other: count(OTHER) }
    }
}
