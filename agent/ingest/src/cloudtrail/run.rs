//! An ingest as a whole: sources to workers, and flushes when there is enough to write.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crossbeam_channel::{Receiver, Sender, bounded};
use remit_ledger::{LedgerError, LedgerWriter, Provider, SourcePosition, WriterOptions};

use super::checkpoint::{Checkpoint, name_hash};
use super::coverage::Evidence;
use super::flush::{publication, stage};
use super::options::{Limits, Options};
use super::recorder::{Recorder, SourceCounts, Work};
use super::selectors::Selectors;
use super::source::{Identification, Workbench, lock, position, unread_position, whole};
use super::store::{self, StoredObject};
use super::summary::{Files, Summary};
use super::table::Table;
use crate::diagnostic::Diagnostics;
use crate::duplicates::Seen;
use crate::input::{Input, Problem, expand};
use crate::progress::Progress;

/// Why an ingest ended early. What was published before stays.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The ledger could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// There was nothing to read.
    #[error("no input: {0}\nhint: name files, folders, globs, `-` for standard input, or an `s3://` prefix")]
    NoInput(String),
}

/// What workers share.
pub(crate) struct Shared<'a> {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) diagnostics: Arc<Diagnostics>,
    pub(crate) limits: Limits,
    progress: &'a dyn Progress,
    /// Workers hold it for reading while they count; who takes their counts holds it for writing.
    gate: RwLock<()>,
    /// Held while counts are written.
    flushing: Mutex<()>,
    /// The sizes of the workers' tables.
    weights: Vec<AtomicUsize>,
    flush: Sender<Signal>,
    stopped: AtomicBool,
    files: [AtomicU64; 4],
    bytes: AtomicU64,
    /// Positions of sources that could not be read, for the next flush.
    unread: Mutex<Vec<SourcePosition>>,
    /// Positions of folders that can be listed again, for the last flush.
    listed: Mutex<Vec<SourcePosition>>,
}

/// What a worker is given to read.
enum Source {
    File(PathBuf),
    Stdin,
    Object(StoredObject),
}

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
    pub(crate) fn weigh(&self, recorder: &Recorder) {
        if let Some(weight) = self.weights.get(recorder.worker) {
            let positions = recorder.work.sources.len() * POSITION;
            weight.store(recorder.footprint() + positions, Ordering::Relaxed);
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
    fn is_due(&self) -> bool {
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

    pub(crate) fn known(&self, bytes: u64) {
        self.add_files(KNOWN, 1);
        self.progress.done(1, bytes, 0);
    }

    pub(crate) fn unreadable(&self, name: &str, error: &io::Error, bytes: u64) {
        self.add_files(UNREADABLE, 1);
        self.diagnostics.source(name, format!("cannot be read: {error}"));
        self.progress.done(1, bytes, 0);
    }

    /// Notes a source of which nothing can be read, so that what it may hold is lost until it can be.
    pub(crate) fn unread(&self, source: &Identification, error: &io::Error) {
        self.unreadable(&source.name, error, source.size);
        self.lose(source, error);
    }

    /// What is not there has lost nothing, and what was lost before need not be said again.
    fn lose(&self, source: &Identification, error: &io::Error) {
        if error.kind() != io::ErrorKind::NotFound && self.checkpoint.prefix(&source.name).is_none() {
            self.unread.lock().unwrap_or_else(PoisonError::into_inner).push(unread_position(source));
            self.flush_if_due();
        }
    }

    fn add_files(&self, kind: usize, count: u64) {
        if let Some(files) = self.files.get(kind) {
            files.fetch_add(count, Ordering::Relaxed);
        }
    }

    fn files(&self) -> Files {
        let count = |kind: usize| self.files.get(kind).map_or(0, |files| files.load(Ordering::Relaxed));
        Files { read: count(READ), known: count(KNOWN), unreadable: count(UNREADABLE), other: count(OTHER) }
    }
}

/// Reads CloudTrail events into a ledger.
///
/// # Errors
/// When the ledger cannot be read or written. What is wrong with the input is part of the summary.
pub fn ingest(options: Options, progress: &dyn Progress) -> Result<Summary, IngestError> {
    if options.inputs.is_empty() {
        return Err(IngestError::NoInput("nothing was named".to_owned()));
    }
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let threads = if options.threads == 0 { processors } else { options.threads };
    let diagnostics = Arc::new(Diagnostics::default());
    let seen = Arc::new(Seen::new(options.limits.remembered));
    let writer_options = WriterOptions { writer: options.writer, observer: options.observer };
    let (mut writer, snapshot) = LedgerWriter::open(&options.ledger, writer_options)?;
    for problem in snapshot.problems() {
        diagnostics.source(&options.ledger.to_string_lossy(), problem.to_string());
    }
    let checkpoint = Checkpoint::read(&snapshot, &options.ledger, &seen, &diagnostics);
    drop(snapshot);
    let (shared, signals) =
        Shared::new(checkpoint, Arc::clone(&diagnostics), options.limits, progress, threads);
    let recorders: Vec<Mutex<Recorder>> = (0..threads)
        .map(|worker| {
            Mutex::new(Recorder::new(
                worker,
                options.limits.names / threads,
                Arc::clone(&seen),
                Arc::clone(&diagnostics),
            ))
        })
        .collect();
    let mut published = Publisher {
        summary: Summary::default(),
        unresolved: HashMap::new(),
        selectors: options.selectors,
        finished: 0,
        spares: Vec::new(),
    };
    let (send, sources) = bounded(1024);
    std::thread::scope(|scope| {
        let (names, sharing) = (&options.inputs, &shared);
        // The list ends when its sender is dropped with this thread.
        scope.spawn(move || list_sources(names, sharing, &send));
        for recorder in &recorders {
            let (sources, signal, shared) = (sources.clone(), shared.flush.clone(), &shared);
            scope.spawn(move || {
                work(&sources, shared, recorder);
                // The receiver outlives the workers.
                let _ = signal.send(Signal::Finished);
            });
        }
        drop(sources);
        let result = published.publish_until_finished(&signals, &mut writer, &shared, &recorders);
        if result.is_err() {
            shared.stopped.store(true, Ordering::Relaxed);
            let running = recorders.len();
            let mut finished = published.finished;
            while finished < running {
                match signals.recv() {
                    Ok(Signal::Finished) => finished += 1,
                    Ok(Signal::Flush) => {}
                    Err(_) => break,
                }
            }
        }
        result
    })?;
    let mut summary = published.summary;
    summary.files = shared.files();
    summary.bytes = shared.bytes.load(Ordering::Relaxed);
    (summary.diagnostics, summary.diagnostics_omitted) = diagnostics.take();
    summary.duplicates_found_since = seen.horizon().map(|hour| hour.saturating_mul(remit_ledger::HOUR));
    summary.unresolved = published.unresolved.into_iter().collect();
    summary
        .unresolved
        .sort_by(|(left_name, left), (right_name, right)| (right, left_name).cmp(&(left, right_name)));
    Ok(summary)
}

/// Publishes what workers have counted, and sums it up.
struct Publisher {
    summary: Summary,
    unresolved: HashMap<String, u64>,
    selectors: Option<Selectors>,
    finished: usize,
    /// The workers' emptied tables in their order, with the names that the next events will bring again.
    spares: Vec<Table>,
}

impl Publisher {
    fn publish_until_finished(
        &mut self,
        signals: &Receiver<Signal>,
        writer: &mut LedgerWriter,
        shared: &Shared<'_>,
        recorders: &[Mutex<Recorder>],
    ) -> Result<(), IngestError> {
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
    fn publish(
        &mut self,
        writer: &mut LedgerWriter,
        shared: &Shared<'_>,
        recorders: &[Mutex<Recorder>],
    ) -> Result<(), IngestError> {
        let _flushing = shared.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = shared.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut parts = Vec::with_capacity(recorders.len());
        let mut works = Vec::with_capacity(recorders.len() + 1);
        let mut evidence = Evidence::new();
        // Each worker gets its own table back: what a table knows goes by the numbers of its worker's plans.
        let mut spares = std::mem::take(&mut self.spares).into_iter();
        for recorder in recorders {
            let recorder = &mut *lock(recorder);
            recorder.tally.add_to(&mut evidence, |number| recorder.table.name(number).map(str::to_owned));
            let progressing = recorder.progressing.as_ref();
            let position = progressing.and_then(|progress| progress.position(&recorder.source));
            let (part, mut work) = recorder.take(spares.next().unwrap_or_default());
            shared.weigh(recorder);
            work.sources.extend(position);
            for (plan, calls) in std::mem::take(&mut work.unresolved) {
                if let Some(plan) = part.plans.get(plan) {
                    *self.unresolved.entry(format!("{}:{}", plan.service, plan.operation)).or_default() +=
                        calls;
                }
            }
            parts.push(part);
            works.push(work);
        }
        drop(gate);
        let mut unread = std::mem::take(&mut *shared.unread.lock().unwrap_or_else(PoisonError::into_inner));
        if self.finished == recorders.len() {
            unread.append(&mut shared.listed.lock().unwrap_or_else(PoisonError::into_inner));
        }
        works.push(Work { sources: unread, ..Work::default() });
        if works.iter().all(Work::is_empty) {
            return Ok(());
        }
        let flush = writer.begin(Provider::Aws);
        let staged = stage(flush, &parts, parts.len())?;
        // A quarter of the room may stay filled with names, so that the next flush is not due at once.
        let keep = shared.limits.counts / parts.len().max(1) / 4;
        self.spares = parts.into_iter().map(|part| part.table.emptied(keep)).collect();
        let publication = publication(&evidence, works, self.selectors.as_ref());
        let counts = publication.counts.clone();
        let published = flush.commit(staged, publication)?;
        self.summary.counts.add(&counts);
        self.summary.commits += 1;
        self.summary.written = self.summary.written.saturating_add(published.bytes);
        Ok(())
    }
}

/// Names every source to the workers.
fn list_sources(names: &[String], shared: &Shared<'_>, sources: &Sender<Source>) {
    let mut listed: BTreeMap<String, Identification> = BTreeMap::new();
    let mut unlisted = Vec::new();
    let hand_over = |source| !shared.stopped.load(Ordering::Relaxed) && sources.send(source).is_ok();
    let mut use_input = |input: Input| match input {
        Input::File(path) => {
            shared.found(path.metadata().map_or(0, |metadata| metadata.len()));
            hand_over(Source::File(path))
        }
        Input::Stdin => {
            shared.found(0);
            hand_over(Source::Stdin)
        }
        Input::Store(address) => {
            let name: Arc<str> = format!("{}/{}", address.bucket(), address.path()).into();
            let prefix = Identification { name, size: 0, modified: 0, replayable: true, is_near: false };
            match store::list(&address, shared, &mut |object| hand_over(Source::Object(object))) {
                Err(error) => shared.unread(&prefix, &error),
                Ok(true) if shared.checkpoint.prefix(&prefix.name).is_some() => {
                    listed.insert(prefix.name.to_string(), prefix);
                }
                Ok(_) => {}
            }
            !shared.stopped.load(Ordering::Relaxed)
        }
        Input::Other => {
            shared.other();
            true
        }
        Input::Folder(path) => {
            let folder = Identification::of_path(&path);
            if shared.checkpoint.prefix(&folder.name).is_some() {
                listed.insert(folder.name.to_string(), folder);
            }
            true
        }
    };
    expand(names, &mut use_input, &mut |name, problem| {
        shared.add_files(UNREADABLE, 1);
        shared.diagnostics.source(name, problem.to_string());
        if let Problem::Unread(error) = problem {
            let source = Identification::of_path(Path::new(name));
            shared.lose(&source, &error);
            unlisted.push(source.name);
        }
    });
    for name in unlisted {
        listed.remove(name.as_ref());
    }
    let positions = listed.values().map(|folder| {
        // A folder has no bytes of its own to be known by.
        let content = whole(name_hash(&folder.name, 0, 0));
        position(folder, content, &SourceCounts::default())
    });
    shared.listed.lock().unwrap_or_else(PoisonError::into_inner).extend(positions);
}

/// Reads sources until there are no more.
fn work(sources: &Receiver<Source>, shared: &Shared<'_>, recorder: &Mutex<Recorder>) {
    let mut workbench = Workbench::new();
    for source in sources {
        if shared.stopped.load(Ordering::Relaxed) {
            // The rest of the list is taken, so that its sender does not wait.
            continue;
        }
        match source {
            Source::File(path) => workbench.file(&path, shared, recorder),
            Source::Stdin => workbench.stdin(shared, recorder),
            Source::Object(object) => workbench.object(object, shared, recorder),
        }
    }
}
