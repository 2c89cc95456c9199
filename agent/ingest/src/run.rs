//! An ingest as a whole: sources to workers, and flushes when there is enough to write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use remit_ledger::{Counts, HOUR, LedgerError, LedgerWriter, WriterOptions};

use crate::accounting::{Accounting, NOT_AN_EVENT};
use crate::checkpoint::Checkpoint;
use crate::diagnostic::Diagnostics;
use crate::duplicates::Seen;
use crate::format::{Format, Recorder};
use crate::grammar::Grammar;
use crate::input::{Input, Problem, expand, is_pattern};
use crate::named::Named;
use crate::options::{Limits, Options};
use crate::progress::Progress;
use crate::publisher::{Publisher, sum};
use crate::reader::Reader;
use crate::shared::{Shared, Signal};
use crate::source::{Identification, Workbench, reached_position};
use crate::store::{self, StoredObject};
use crate::summary::Summary;

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

/// What a worker is given to read.
enum Source {
    File(PathBuf),
    Stdin,
    Object(StoredObject),
}

/// What becomes of the events of a log, without a ledger: nothing is kept.
pub(crate) fn read<F: Format>(format: &F, bytes: &[u8]) -> Counts {
    let limits = Limits::default();
    let accounting = Accounting::new(0, Arc::new(Seen::new(limits.remembered)), Arc::default());
    let mut recorder = format.recorder(accounting, limits, 1);
    Reader::<F::Grammar>::default().feed(bytes, true, &mut recorder);
    sum(&recorder.accounting().work)
}

/// Reads events of a format into a ledger.
pub(crate) fn ingest<F: Format>(
    options: Options,
    format: F,
    progress: &dyn Progress,
) -> Result<Summary, IngestError> {
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
    let checkpoint =
        Checkpoint::read(&snapshot, &options.ledger, F::PROVIDER, format.names(), &seen, &diagnostics);
    drop(snapshot);
    let (shared, signals) =
        Shared::new(checkpoint, Arc::clone(&diagnostics), options.limits, progress, threads);
    let now = jiff::Timestamp::now().as_microsecond().div_euclid(HOUR);
    let tomorrow = i32::try_from(now.saturating_add(24)).unwrap_or(i32::MAX);
    let recorders: Vec<Mutex<F::Recorder>> = (0..threads)
        .map(|worker| {
            let accounting = Accounting::new(worker, Arc::clone(&seen), Arc::clone(&diagnostics));
            let accounting = accounting.with_latest(tomorrow);
            Mutex::new(format.recorder(accounting, options.limits, threads))
        })
        .collect();
    let named = Named::new(&options.inputs);
    let mut published = Publisher { format, summary: Summary::default(), finished: 0, named };
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
    published.format.finish(&mut summary);
    summary.files = shared.files();
    summary.unread_sources = shared.unread_sources();
    summary.bytes = shared.bytes.load(Ordering::Relaxed);
    if let Some(message) = no_log(&summary.counts) {
        diagnostics.source(&options.inputs.join(" "), message);
    }
    (summary.diagnostics, summary.diagnostics_omitted) = diagnostics.take();
    summary.ahead = diagnostics.take_ahead();
    summary.duplicates_found_since = seen.horizon().map(|hour| hour.saturating_mul(HOUR));
    Ok(summary)
}

/// Says that nothing is an event of all that was read. Among logs other files may lie.
fn no_log(counts: &Counts) -> Option<String> {
    let foreign = counts.skipped.get(NOT_AN_EVENT).copied().unwrap_or(0);
    (foreign > 0 && foreign == counts.read).then(|| {
        format!(
            "holds no event: of {foreign} records none is one\nhint: is it a log of the other kind (`cloudtrail`, \
             `kubernetes-audit`), or in a form that docs/cloudtrail.md or docs/kubernetes-audit.md does not name?"
        )
    })
}

/// Names every source to the workers.
fn list_sources(names: &[String], shared: &Shared<'_>, sources: &Sender<Source>) {
    let mut listed: BTreeMap<String, Identification> = BTreeMap::new();
    let (mut unlisted, mut passed_over) = (Vec::new(), Vec::new());
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
            let prefix = Identification::of_prefix(&address);
            match store::list(&address, shared, &mut |object| hand_over(Source::Object(object))) {
                Err(error) => shared.unread(&prefix, &error),
                Ok(unnameable) => {
                    passed_over.extend(unnameable.into_iter().map(|source| source.name));
                    let within = shared.checkpoint.prefixes_within(&prefix.name);
                    let prefixes = within.map(|name| Identification { name: name.into(), ..prefix.clone() });
                    listed.extend(prefixes.map(|prefix| (prefix.name.to_string(), prefix)));
                }
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
        shared.no_source();
        shared.diagnostics.source(name, problem.to_string());
        if let Problem::Unread(error) = problem {
            let source = Identification::of_path(Path::new(name));
            shared.count_unread(&error);
            shared.lose(&source, &error);
            unlisted.push(source.name);
        }
    });
    // A pattern that an earlier run did not come to the end of.
    let patterns =
        names.iter().filter(|name| is_pattern(name)).map(|name| Identification::of_path(Path::new(name)));
    let begun = patterns.filter(|pattern| shared.checkpoint.prefix(&pattern.name).is_some());
    listed.extend(begun.map(|pattern| (pattern.name.to_string(), pattern)));
    for name in unlisted.into_iter().chain(passed_over) {
        listed.remove(name.as_ref());
    }
    let positions = listed.values().map(|source| reached_position(source, shared.checkpoint.names()));
    shared.listed.lock().unwrap_or_else(PoisonError::into_inner).extend(positions);
}

/// Reads sources until there are no more.
fn work<G: Grammar, R: Recorder<G>>(sources: &Receiver<Source>, shared: &Shared<'_>, recorder: &Mutex<R>) {
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
