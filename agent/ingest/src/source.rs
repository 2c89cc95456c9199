//! Reads one source into a worker's counts.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use remit_ledger::{Address, Extent, HOUR, SourcePlace, SourcePosition};
use twox_hash::XxHash3_128;

use crate::accounting::{Accounting, LostOf, SourceCounts};
use crate::checkpoint::{Claim, name_hash};
use crate::content::{Compression, Hashed, inflate};
use crate::format::{Names, Recorder};
use crate::grammar::Grammar;
use crate::pieces::read_pieces;
use crate::reader::Reader;
use crate::shared::Shared;
use crate::store::{Body, StoredObject};

/// What all sources of a worker use in turn.
pub(crate) struct Workbench {
    inflater: libdeflater::Decompressor,
    stored: Vec<u8>,
    plain: Vec<u8>,
}

/// What is known of a source before it is read.
#[derive(Clone, Debug)]
pub(crate) struct Identification {
    pub(crate) name: Arc<str>,
    pub(crate) size: u64,
    /// Microseconds since the Unix epoch, 0 where unknown.
    pub(crate) modified: i64,
    /// Whether reading it again gives the same bytes, so that it can be resumed.
    pub(crate) replayable: bool,
    /// Whether reading it again costs little, so that it may be read once more to tell whether it is known.
    pub(crate) is_near: bool,
}

impl Identification {
    /// What is known of a folder, or of a file that cannot be opened.
    pub(crate) fn of_path(path: &Path) -> Self {
        let name = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        // A slash at the end makes no other folder of it.
        let name: PathBuf = name.components().collect();
        let name = name.to_string_lossy().into();
        Self { name, size: 0, modified: 0, replayable: true, is_near: true }
    }

    /// What is known of a file.
    pub(crate) fn of_file(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        let modified =
            metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        Ok(Self {
            name: std::path::absolute(path)?.to_string_lossy().into(),
            size: metadata.len(),
            modified: modified.and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or(0),
            replayable: metadata.is_file(),
            is_near: metadata.is_file(),
        })
    }

    /// What is known of a part of a bucket. No object has a name that ends so.
    pub(crate) fn of_prefix(address: &Address) -> Self {
        let path = address.path();
        let end = if path.as_ref().is_empty() { "" } else { "/" };
        let name = format!("{}/{path}{end}", address.bucket()).into();
        Self { name, size: 0, modified: 0, replayable: true, is_near: false }
    }

    /// What cannot be read again: nothing that comes later has its name.
    pub(crate) fn of_passing() -> Self {
        let name = format!("- at {}", jiff::Timestamp::now()).into();
        Self { name, size: 0, modified: 0, replayable: true, is_near: false }
    }
}

impl Workbench {
    pub(crate) fn new() -> Self {
        Self { inflater: libdeflater::Decompressor::new(), stored: Vec::new(), plain: Vec::new() }
    }

    /// Reads a file.
    pub(crate) fn file<G: Grammar, R: Recorder<G>>(
        &mut self,
        path: &Path,
        shared: &Shared<'_>,
        recorder: &Mutex<R>,
    ) {
        let result = File::open(path).and_then(|file| {
            let source = Identification::of_file(path, &file.metadata()?)?;
            Ok((file, source))
        });
        match result {
            Ok((_, source)) if shared.is_known(&source) => {}
            Ok((file, source)) => {
                let unread = source.clone();
                let reopen = || File::open(path).map(|file| Box::new(file) as Box<dyn Read + Send>);
                if let Err(error) = self.read(source, file, &reopen, shared, recorder) {
                    shared.unread(&unread, &error);
                }
            }
            Err(error) => shared.unread(&Identification::of_path(path), &error),
        }
    }

    /// Reads an object of a store.
    pub(crate) fn object<G: Grammar, R: Recorder<G>>(
        &mut self,
        object: StoredObject,
        shared: &Shared<'_>,
        recorder: &Mutex<R>,
    ) {
        let StoredObject { source, body } = object;
        let unread = source.clone();
        let done = match &body {
            Body::Fetched(fetched) => {
                let bytes = &fetched.bytes;
                let reopen = || Ok(Box::new(io::Cursor::new(bytes.clone())) as Box<dyn Read + Send>);
                self.read(source, bytes.as_ref(), &reopen, shared, recorder)
            }
            Body::Remote(remote) => {
                remote.open().and_then(|input| self.read(source, input, &|| remote.open(), shared, recorder))
            }
        };
        if let Err(error) = done {
            shared.unread(&unread, &error);
        }
    }

    /// Reads standard input.
    pub(crate) fn stdin<G: Grammar, R: Recorder<G>>(&mut self, shared: &Shared<'_>, recorder: &Mutex<R>) {
        let source =
            Identification { name: "-".into(), size: 0, modified: 0, replayable: false, is_near: false };
        let unread = source.clone();
        let reopen = || Err(io::Error::other("it can be read only once"));
        if let Err(error) = self.read(source, io::stdin(), &reopen, shared, recorder) {
            shared.unread(&unread, &error);
        }
    }

    /// Reads a source from its beginning; `reopen` gives the beginning again where the source is replayable.
    pub(crate) fn read<G: Grammar, R: Recorder<G>>(
        &mut self,
        source: Identification,
        mut input: impl Read + Send,
        reopen: &dyn Fn() -> io::Result<Box<dyn Read + Send>>,
        shared: &Shared<'_>,
        recorder: &Mutex<R>,
    ) -> io::Result<()> {
        self.stored.clear();
        let whole_stored = shared.limits.whole_stored;
        let limit = whole_stored as u64 + 1;
        (&mut input).take(limit).read_to_end(&mut self.stored)?;
        if self.stored.is_empty() && (shared.checkpoint.names().delivered)(&source.name).is_some() {
            // A delivered file holds a list at least: this is what is left of a transfer that was cut off.
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is empty, as no delivered file is"));
        }
        let compression = Compression::of(&self.stored);
        if self.stored.len() <= whole_stored {
            let content = XxHash3_128::oneshot(&self.stored);
            if !is_new(&source, content, shared, recorder) {
                return Ok(());
            }
            // What was counted of it before must not be counted again, so it is read piece by piece as it was then.
            let is_begun = shared.checkpoint.prefix(&source.name).is_some_and(|prefix| prefix.offset > 0);
            let plain = match compression {
                _ if is_begun => None,
                Compression::None => Some(self.stored.as_slice()),
                Compression::Zstd => None,
                Compression::Gzip => {
                    inflate(&mut self.inflater, &self.stored, &mut self.plain, shared.whole_plain())
                }
            };
            match plain {
                Some(plain) => read_whole(&source, content, plain, shared, recorder),
                None => {
                    let stored = std::mem::take(&mut self.stored);
                    let result = read_pieces(
                        source,
                        Some(content),
                        compression,
                        &|| Ok(Box::new(stored.as_slice())),
                        shared,
                        recorder,
                    );
                    self.stored = stored;
                    return result;
                }
            }
            self.give_back();
            return Ok(());
        }
        if source.is_near {
            // Known content must not be counted again, so the bytes are hashed before they are read as events.
            drop(input);
            self.give_back();
            let (content, _) = Hashed::new(reopen()?).finish()?;
            if !is_new(&source, content, shared, recorder) {
                return Ok(());
            }
            return read_pieces(source, Some(content), compression, reopen, shared, recorder);
        }
        let start = std::mem::take(&mut self.stored);
        let once = Mutex::new(Some(io::Cursor::new(start).chain(input)));
        let open = || {
            let taken = once.lock().unwrap_or_else(PoisonError::into_inner).take();
            match taken {
                Some(input) => Ok(Box::new(input) as Box<dyn Read + Send + '_>),
                None => reopen().map(|input| input as Box<dyn Read + Send + '_>),
            }
        };
        read_pieces(source, None, compression, &open, shared, recorder)
    }

    /// Buffers that one large source needed are not kept for the small ones after it.
    fn give_back(&mut self) {
        if self.stored.capacity() > 4 << 20 {
            self.stored = Vec::new();
        }
        if self.plain.capacity() > 16 << 20 {
            self.plain = Vec::new();
        }
    }
}

/// Whether a content is this source's to read; where it is not, what became of it is noted.
fn is_new<G: Grammar, R: Recorder<G>>(
    source: &Identification,
    content: u128,
    shared: &Shared<'_>,
    recorder: &Mutex<R>,
) -> bool {
    let claim = shared.checkpoint.claim(content);
    match claim {
        Claim::New => {}
        Claim::Ingested => known_content(source, content, shared, recorder),
        // The other source's position tells of it once it is counted; the next run knows this one by its content.
        Claim::Underway => {
            if shared.checkpoint.prefix(&source.name).is_some() {
                let reached = reached_position(source, shared.checkpoint.names());
                shared.listed.lock().unwrap_or_else(PoisonError::into_inner).push(reached);
            }
            shared.known(source.size);
        }
    }
    claim == Claim::New
}

/// The same bytes were ingested before, under this name or another.
fn known_content<G: Grammar, R: Recorder<G>>(
    source: &Identification,
    content: u128,
    shared: &Shared<'_>,
    recorder: &Mutex<R>,
) {
    let damaged = shared.checkpoint.damaged(content);
    if let Some(SourcePosition { lost, .. }) = damaged {
        shared.damaged(&source.name, *lost);
    }
    let _gate = shared.enter();
    let mut recorder = lock(recorder);
    // The next run knows it by name, without reading it.
    let mut known = position(source, whole(content), &SourceCounts::default(), shared.checkpoint.names());
    if let Some(SourcePosition { lost, span, place, .. }) = damaged {
        (known.lost, known.span, known.place) = (*lost, *span, place.clone());
    }
    recorder.accounting().work.sources.push(known);
    shared.weigh(&mut *recorder);
    drop(recorder);
    shared.known(source.size);
}

fn read_whole<G: Grammar, R: Recorder<G>>(
    source: &Identification,
    content: u128,
    plain: &[u8],
    shared: &Shared<'_>,
    recorder: &Mutex<R>,
) {
    let gate = shared.enter();
    let mut recorder = lock(recorder);
    recorder.accounting().source = SourceCounts { name: Arc::clone(&source.name), ..SourceCounts::default() };
    Reader::<G>::default().feed(plain, true, &mut *recorder);
    let events = recorder.accounting().source.read;
    finish(recorder.accounting(), source, Some(content), shared);
    shared.weigh(&mut *recorder);
    drop(recorder);
    drop(gate);
    shared.read(1, source.size, events);
}

/// Takes a source off the workbench: its position, and with it what it lost.
pub(crate) fn finish(
    accounting: &mut Accounting,
    source: &Identification,
    content: Option<u128>,
    shared: &Shared<'_>,
) {
    accounting.progressing = None;
    let Some(content) = content else { return };
    let position = position(source, whole(content), &accounting.source, shared.checkpoint.names());
    if position.lost == 0 && source.replayable {
        // A delivered file takes back what it lost when it lay in another folder.
        for name in shared.checkpoint.lossy_names(&source.name) {
            accounting.work.sources.push(SourcePosition { name: name.clone(), ..position.clone() });
        }
    }
    accounting.work.sources.push(position);
}

pub(crate) fn whole(content: u128) -> Extent {
    Extent::Whole { content: format!("{content:032x}") }
}

/// What the ledger remembers of a source. What cannot be read again has no name that anything later could go by.
pub(crate) fn position(
    source: &Identification,
    extent: Extent,
    counts: &SourceCounts,
    names: &Names,
) -> SourcePosition {
    let is_read = matches!(extent, Extent::Whole { .. });
    SourcePosition {
        name: if source.replayable { source.name.as_ref().to_owned() } else { "-".to_owned() },
        size: source.size,
        modified: source.modified,
        extent,
        read: counts.read,
        lost: counts.lost,
        span: span(counts),
        place: (!is_read || counts.lost > 0).then(|| place_of(source, counts, is_read, names)),
    }
}

/// The hours of a source's events.
fn span(counts: &SourceCounts) -> Option<(i64, i64)> {
    let hour = |hour: i32| i64::from(hour).saturating_mul(HOUR);
    counts.hours.map(|(first, last)| (hour(first), hour(last).saturating_add(HOUR)))
}

/// A request may take so long, from its arrival until it is told, and so may events be out of order.
const DELAY: i64 = 24 * HOUR;

/// Whose and when the lost events of a source may have been, as far as it is known. Of one that was not read to its end, these
/// are those behind as well.
fn place_of(source: &Identification, counts: &SourceCounts, is_read: bool, names: &Names) -> SourcePlace {
    let mut place = (names.place)(&source.name);
    if let Some(account) = &names.account {
        place.account = Some(account.as_ref().to_owned());
    } else if let LostOf::Account(account) = &counts.lost_of
        && is_read
    {
        place.account = Some(account.as_ref().to_owned());
    }
    // An event is read after it was made: all that is known where nothing else tells.
    let now = jiff::Timestamp::now().as_microsecond();
    let is_within = names.is_in_order && is_read && !counts.is_lost_before && !counts.is_lost_after;
    let around = span(counts).filter(|_| is_within);
    let around = around.map(|(start, end)| (start.saturating_sub(DELAY), end.saturating_add(DELAY).min(now)));
    place.span = place.span.or(around).or(Some((0, now)));
    place
}

/// The position of a source of which nothing was read yet. That it lost events is true only while nothing follows.
pub(crate) fn begun_position(source: &Identification, names: &Names) -> SourcePosition {
    position(source, nothing(), &SourceCounts::default(), names)
}

/// The position of what has no bytes of its own to be known by, such as a folder, once all of it was read.
pub(crate) fn reached_position(source: &Identification, names: &Names) -> SourcePosition {
    position(source, whole(name_hash(&source.name, 0, 0)), &SourceCounts::default(), names)
}

/// The position of a source of which nothing could be read: it has lost an event at least.
pub(crate) fn unread_position(source: &Identification, names: &Names) -> SourcePosition {
    let counts = SourceCounts { lost: 1, ..SourceCounts::default() };
    let extent = if source.replayable {
        nothing()
    } else {
        // No bytes have such a hash, and no other loss is the same one.
        Extent::Whole { content: format!("unread {} at {}", source.name, jiff::Timestamp::now()) }
    };
    position(source, extent, &counts, names)
}

fn nothing() -> Extent {
    Extent::Prefix { offset: 0, content: format!("{:032x}", XxHash3_128::new().finish_128()) }
}

/// A worker that panicked is not there to disagree.
pub(crate) fn lock<R>(recorder: &Mutex<R>) -> std::sync::MutexGuard<'_, R> {
    recorder.lock().unwrap_or_else(PoisonError::into_inner)
}
