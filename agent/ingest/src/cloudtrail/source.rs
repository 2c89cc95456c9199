//! Reads one source into a worker's counts.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use remit_ledger::{Extent, HOUR, SourcePosition};
use twox_hash::XxHash3_128;

use super::checkpoint::Prefix;
use super::delivery::Delivery;
use super::event::Event;
use super::reader::{Place, RECORD_LIMIT, Reader, Sink};
use super::recorder::{Recorder, SourceCounts};
use super::run::Shared;
use crate::content::{Compression, Hashed, decoder, inflate};
use crate::scan::Find;

/// Decompressed bytes that are read at a time of a source that is not read whole.
const PIECE: usize = 1 << 20;

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
}

/// A source that is being read piece by piece, up to where it was counted.
pub(crate) struct Progressing {
    source: Identification,
    offset: u64,
    hasher: XxHash3_128,
}

impl Progressing {
    /// The position to publish with the counts so far.
    pub(crate) fn position(&self, counts: &SourceCounts) -> Option<SourcePosition> {
        let content = format!("{:032x}", self.hasher.finish_128());
        let extent = Extent::Prefix { offset: self.offset, content };
        self.source.replayable.then(|| position(&self.source, extent, counts))
    }
}

impl Workbench {
    pub(crate) fn new() -> Self {
        Self { inflater: libdeflater::Decompressor::new(), stored: Vec::new(), plain: Vec::new() }
    }

    /// Reads a file.
    pub(crate) fn file(&mut self, path: &Path, shared: &Shared<'_>, recorder: &Mutex<Recorder>) {
        let name: Arc<str> = path.to_string_lossy().into();
        let result = File::open(path).and_then(|file| {
            let metadata = file.metadata()?;
            let modified =
                metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            let source = Identification {
                name: std::path::absolute(path)?.to_string_lossy().into(),
                size: metadata.len(),
                modified: modified.and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or(0),
                replayable: metadata.is_file(),
            };
            Ok((file, source))
        });
        match result {
            Ok((_, source)) if shared.checkpoint.knows_name(&source.name, source.size, source.modified) => {
                shared.known(source.size);
            }
            Ok((file, source)) => {
                let size = source.size;
                let reopen = || File::open(path).map(|file| Box::new(file) as Box<dyn Read + Send>);
                if let Err(error) = self.read(source, file, &reopen, shared, recorder) {
                    shared.unreadable(&name, &error, size);
                }
            }
            Err(error) => shared.unreadable(&name, &error, 0),
        }
    }

    /// Reads a source from its beginning; `reopen` gives the beginning again where the source is replayable.
    pub(crate) fn read(
        &mut self,
        source: Identification,
        mut input: impl Read + Send,
        reopen: &dyn Fn() -> io::Result<Box<dyn Read + Send>>,
        shared: &Shared<'_>,
        recorder: &Mutex<Recorder>,
    ) -> io::Result<()> {
        self.stored.clear();
        let whole_stored = shared.limits.whole_stored;
        let limit = whole_stored as u64 + 1;
        (&mut input).take(limit).read_to_end(&mut self.stored)?;
        let compression = Compression::of(&self.stored);
        if self.stored.len() <= whole_stored {
            let content = XxHash3_128::oneshot(&self.stored);
            if !shared.checkpoint.claim(content) {
                known_content(&source, content, shared, recorder);
                return Ok(());
            }
            let plain = match compression {
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
        if source.replayable {
            // Known content must not be counted again, so the bytes are hashed before they are read as events.
            drop(input);
            self.give_back();
            let (content, _) = Hashed::new(reopen()?).finish()?;
            if !shared.checkpoint.claim(content) {
                known_content(&source, content, shared, recorder);
                return Ok(());
            }
            return read_pieces(source, Some(content), compression, reopen, shared, recorder);
        }
        let start = std::mem::take(&mut self.stored);
        let once = Mutex::new(Some(io::Cursor::new(start).chain(input)));
        let open = || {
            let taken = once.lock().unwrap_or_else(PoisonError::into_inner).take();
            match taken {
                Some(input) => Ok(Box::new(input) as Box<dyn Read + Send>),
                None => Err(io::Error::other("it can be read only once")),
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

/// The same bytes were ingested before, under this name or another.
fn known_content(source: &Identification, content: u128, shared: &Shared<'_>, recorder: &Mutex<Recorder>) {
    let lost = shared.checkpoint.lost_of(content);
    if lost > 0 {
        let message = format!("was ingested before; {lost} events of it could not be read then");
        shared.diagnostics.source(&source.name, message);
    }
    let _gate = shared.enter();
    let mut recorder = lock(recorder);
    // The next run knows it by name, without reading it.
    let counts = SourceCounts { lost, ..SourceCounts::default() };
    recorder.work.sources.push(position(source, whole(content), &counts));
    drop(recorder);
    shared.known(source.size);
}

fn read_whole(
    source: &Identification,
    content: u128,
    plain: &[u8],
    shared: &Shared<'_>,
    recorder: &Mutex<Recorder>,
) {
    let gate = shared.enter();
    let mut recorder = lock(recorder);
    recorder.source = SourceCounts { name: Arc::clone(&source.name), ..SourceCounts::default() };
    Reader::default().feed(plain, true, &mut *recorder);
    let events = recorder.source.read;
    finish(&mut recorder, source, Some(content));
    shared.weigh(&recorder);
    drop(recorder);
    drop(gate);
    shared.read(1, source.size, events);
}

/// Reads a source piece by piece, and resumes it where an earlier run has read a part of it.
fn read_pieces<'a>(
    source: Identification,
    content: Option<u128>,
    compression: Compression,
    open: &dyn Fn() -> io::Result<Box<dyn Read + Send + 'a>>,
    shared: &Shared<'_>,
    recorder: &Mutex<Recorder>,
) -> io::Result<()> {
    let resume = if source.replayable { shared.checkpoint.prefix(&source.name) } else { None };
    if let Some(prefix) = resume {
        let mut pieces = Pieces::start(source.clone(), Some(prefix), shared, recorder);
        if pieces.read(Hashed::new(open()?), compression, shared, recorder)? {
            return pieces.finish(content, shared, recorder);
        }
        // The beginning is not what it was, so it is another source under the same name.
    }
    let mut pieces = Pieces::start(source, None, shared, recorder);
    pieces.read(Hashed::new(open()?), compression, shared, recorder)?;
    pieces.finish(content, shared, recorder)
}

/// Reading a source piece by piece.
struct Pieces {
    source: Identification,
    reader: Reader,
    resume: Option<Prefix>,
    hasher: XxHash3_128,
    offset: u64,
    stored: u64,
    events: u64,
    content: Option<u128>,
    /// Whether the stored bytes could not be read to their end, which another time they may be.
    interrupted: Option<io::Error>,
}

impl Pieces {
    fn start(
        source: Identification,
        resume: Option<Prefix>,
        shared: &Shared<'_>,
        recorder: &Mutex<Recorder>,
    ) -> Self {
        let _gate = shared.enter();
        let mut recorder = lock(recorder);
        recorder.source = SourceCounts { name: Arc::clone(&source.name), ..SourceCounts::default() };
        recorder.progressing = None;
        Self {
            source,
            reader: Reader::default(),
            resume,
            hasher: XxHash3_128::new(),
            offset: 0,
            stored: 0,
            events: 0,
            content: None,
            interrupted: None,
        }
    }

    /// Reads to the end; false when the beginning is not what the checkpoint says it is.
    fn read(
        &mut self,
        mut input: Hashed<Box<dyn Read + Send + '_>>,
        compression: Compression,
        shared: &Shared<'_>,
        recorder: &Mutex<Recorder>,
    ) -> io::Result<bool> {
        let mut decode_error = None;
        {
            let mut decoder = decoder(compression, &mut input)?;
            let mut buffer: Vec<u8> = Vec::new();
            let mut filled = 0;
            loop {
                if buffer.len() < filled + PIECE {
                    buffer.resize(filled + PIECE, 0);
                }
                let room = buffer.get_mut(filled..).unwrap_or_default();
                let last = match decoder.read(room) {
                    Ok(0) => true,
                    Ok(count) => {
                        filled += count;
                        // Decoders give little at a time; a piece is parsed when it is worth it.
                        if filled < PIECE / 2 && count > 0 {
                            continue;
                        }
                        false
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => {
                        decode_error = Some(error);
                        true
                    }
                };
                let bytes = buffer.get(..filled).unwrap_or_default();
                let Some(done) = self.feed(bytes, last, shared, recorder) else { return Ok(false) };
                buffer.copy_within(done..filled, 0);
                filled -= done;
                if filled == 0 && buffer.len() > RECORD_LIMIT {
                    buffer = Vec::new();
                }
                if last {
                    break;
                }
                if self.reader.is_barren() {
                    let message = "holds no event in 256 MB; the rest of it is not read";
                    shared.diagnostics.source(&self.source.name, message);
                    break;
                }
            }
        }
        if let Some(error) = decode_error {
            let mut recorder = lock(recorder);
            if recorder.source.lost == 0 {
                let place = Place { offset: self.offset, record: self.reader.records() + 1 };
                recorder.lost("truncated", place);
            }
            drop(recorder);
            shared.diagnostics.source(&self.source.name, format!("ends early: {error}"));
            if input.failed {
                self.interrupted = Some(error);
                return Ok(true);
            }
        }
        let (content, stored) = input.finish()?;
        self.content = Some(content);
        self.stored = stored;
        Ok(true)
    }

    /// Counts what a piece holds, and returns how much of it is done with; none when it shows that the source is not
    /// the one to be resumed.
    fn feed(
        &mut self,
        bytes: &[u8],
        last: bool,
        shared: &Shared<'_>,
        recorder: &Mutex<Recorder>,
    ) -> Option<usize> {
        if let Some(prefix) = self.resume {
            let ahead = prefix.offset.saturating_sub(self.offset);
            match usize::try_from(ahead).ok().and_then(|ahead| bytes.get(..ahead)) {
                Some(before) => {
                    let mut hasher = self.hasher.clone();
                    hasher.write(before);
                    if hasher.finish_128() != prefix.content {
                        return None;
                    }
                    self.resume = None;
                    let _gate = shared.enter();
                    // While the reader looked for an event after damage, a few bytes may be left over.
                    let done = self.reader.feed(before, false, &mut Deaf { recorder: &lock(recorder) });
                    self.advance(before, done);
                    return Some(done);
                }
                None if last => return None,
                None => {
                    let done = self.reader.feed(bytes, false, &mut Deaf { recorder: &lock(recorder) });
                    self.advance(bytes, done);
                    return Some(done);
                }
            }
        }
        let gate = shared.enter();
        let mut recorder = lock(recorder);
        let before = recorder.source.read;
        let done = self.reader.feed(bytes, last, &mut *recorder);
        self.advance(bytes, done);
        recorder.progressing = Some(Progressing {
            source: self.source.clone(),
            offset: self.offset,
            hasher: self.hasher.clone(),
        });
        let events = recorder.source.read - before;
        self.events += events;
        shared.weigh(&recorder);
        drop(recorder);
        drop(gate);
        shared.read(0, 0, events);
        Some(done)
    }

    fn advance(&mut self, bytes: &[u8], done: usize) {
        self.hasher.write(bytes.get(..done).unwrap_or_default());
        self.offset += done as u64;
    }

    fn finish(
        self,
        content: Option<u128>,
        shared: &Shared<'_>,
        recorder: &Mutex<Recorder>,
    ) -> io::Result<()> {
        let gate = shared.enter();
        let mut recorder = lock(recorder);
        match self.interrupted {
            Some(error) => {
                let progress =
                    recorder.progressing.take().and_then(|progress| progress.position(&recorder.source));
                recorder.work.sources.extend(progress);
                return Err(error);
            }
            None => finish(&mut recorder, &self.source, content.or(self.content)),
        }
        drop(recorder);
        drop(gate);
        shared.read(1, self.source.size.max(self.stored), 0);
        Ok(())
    }
}

/// Passes over events that were counted before.
struct Deaf<'a> {
    recorder: &'a Recorder,
}

impl Sink for Deaf<'_> {
    fn known_identity(&self, rest: &[u8]) -> Option<(u32, usize)> {
        self.recorder.known_identity(rest)
    }
    fn event<F: Find>(&mut self, _: &Event<'_, F>, _: Place) {}
    fn skipped(&mut self, _: &'static str) {}
    fn lost(&mut self, _: &'static str, _: Place) {}
}

/// Takes a source off the workbench: its position, and the place of what it lost.
fn finish(recorder: &mut Recorder, source: &Identification, content: Option<u128>) {
    recorder.progressing = None;
    let counts = recorder.source.clone();
    if let Some(content) = content {
        recorder.work.sources.push(position(source, whole(content), &counts));
    }
    if counts.lost > 0 {
        let delivery = Delivery::of(&source.name);
        let hour = counts.hour.or(delivery.hour).unwrap_or(source.modified.div_euclid(HOUR));
        recorder.work.lost_places.push(((delivery.account, delivery.region), hour, counts.lost));
    }
}

fn whole(content: u128) -> Extent {
    Extent::Whole { content: format!("{content:032x}") }
}

fn position(source: &Identification, extent: Extent, counts: &SourceCounts) -> SourcePosition {
    SourcePosition {
        name: source.name.as_ref().to_owned(),
        size: source.size,
        modified: source.modified,
        extent,
        read: counts.read,
        lost: counts.lost,
    }
}

/// A worker that panicked is not there to disagree.
pub(crate) fn lock(recorder: &Mutex<Recorder>) -> std::sync::MutexGuard<'_, Recorder> {
    recorder.lock().unwrap_or_else(PoisonError::into_inner)
}
