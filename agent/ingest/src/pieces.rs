//! Reads a source piece by piece, and resumes it where an earlier run has read a part of it.

use std::io::{self, Read};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use remit_ledger::{Extent, SourcePosition};
use twox_hash::XxHash3_128;

use crate::accounting::SourceCounts;
use crate::checkpoint::Prefix;
use crate::content::{Compression, Hashed, decoder};
use crate::format::{Names, Recorder};
use crate::grammar::{Grammar, Place, Sink};
use crate::reader::{RECORD_LIMIT, Reader};
use crate::scan::Find;
use crate::shared::Shared;
use crate::source::{Identification, finish, lock, position, unread_position};

/// Decompressed bytes that are read at a time of a source that is not read whole.
const PIECE: usize = 1 << 20;

/// A source that is being read piece by piece, up to where it was counted.
pub(crate) struct Progressing {
    source: Identification,
    offset: u64,
    hasher: XxHash3_128,
}

impl Progressing {
    /// The position to publish with the counts so far.
    pub(crate) fn position(&self, counts: &SourceCounts, names: &Names) -> Option<SourcePosition> {
        let content = format!("{:032x}", self.hasher.finish_128());
        let extent = Extent::Prefix { offset: self.offset, content };
        self.source.replayable.then(|| position(&self.source, extent, counts, names))
    }
}

/// Reads a source piece by piece, and resumes it where an earlier run has read a part of it.
pub(crate) fn read_pieces<'a, G: Grammar, R: Recorder<G>>(
    source: Identification,
    content: Option<u128>,
    compression: Compression,
    open: &dyn Fn() -> io::Result<Box<dyn Read + Send + 'a>>,
    shared: &Shared<'_>,
    recorder: &Mutex<R>,
) -> io::Result<()> {
    let resume = if source.replayable { shared.checkpoint.prefix(&source.name) } else { None };
    if let Some(prefix) = resume {
        let mut pieces = Pieces::<G>::start(source.clone(), Some(prefix), shared, recorder);
        if pieces.read(Hashed::new(open()?), compression, shared, recorder)? {
            return pieces.finish(content, shared, recorder);
        }
        // The beginning is not what it was, so it is another source under the same name.
    }
    let mut pieces = Pieces::<G>::start(source, None, shared, recorder);
    pieces.read(Hashed::new(open()?), compression, shared, recorder)?;
    pieces.finish(content, shared, recorder)
}

/// Reading a source piece by piece.
struct Pieces<G: Grammar> {
    source: Identification,
    reader: Reader<G>,
    resume: Option<Prefix>,
    /// Up to where an earlier run has counted the events.
    counted: u64,
    hasher: XxHash3_128,
    offset: u64,
    stored: u64,
    events: u64,
    content: Option<u128>,
    /// Whether the stored bytes could not be read to their end, which another time they may be.
    interrupted: Option<io::Error>,
}

impl<G: Grammar> Pieces<G> {
    fn start<R: Recorder<G>>(
        source: Identification,
        resume: Option<Prefix>,
        shared: &Shared<'_>,
        recorder: &Mutex<R>,
    ) -> Self {
        let _gate = shared.enter();
        let mut recorder = lock(recorder);
        let accounting = recorder.accounting();
        let counts = SourceCounts {
            name: Arc::clone(&source.name),
            read: resume.map_or(0, |prefix| prefix.read),
            hours: resume.and_then(|prefix| prefix.hours),
            ..SourceCounts::default()
        };
        accounting.source = counts.after_losses(resume.map_or(0, |prefix| prefix.lost));
        accounting.progressing = None;
        Self {
            source,
            reader: Reader::default(),
            resume,
            counted: resume.map_or(0, |prefix| prefix.offset),
            hasher: XxHash3_128::new(),
            offset: 0,
            stored: 0,
            events: 0,
            content: None,
            interrupted: None,
        }
    }

    /// Reads to the end; false when the beginning is not what the checkpoint says it is.
    fn read<R: Recorder<G>>(
        &mut self,
        mut input: Hashed<Box<dyn Read + Send + '_>>,
        compression: Compression,
        shared: &Shared<'_>,
        recorder: &Mutex<R>,
    ) -> io::Result<bool> {
        let mut decode_error = None;
        let failed = Arc::clone(&input.failed);
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
                        if failed.load(Ordering::Relaxed) {
                            // What was cut off is not the source's end, and the next run goes on from here.
                            self.interrupted = Some(error);
                            return Ok(true);
                        }
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
                    if self.resume.is_some() {
                        return Ok(false);
                    }
                    self.lose_rest("unreadable", recorder);
                    let message = "holds no event in 256 MB; the rest of it is not read";
                    shared.diagnostics.source(&self.source.name, message);
                    break;
                }
            }
        }
        if let Some(error) = decode_error {
            self.lose_rest("truncated", recorder);
            shared.diagnostics.source(&self.source.name, format!("ends early: {error}"));
        }
        match input.finish() {
            Ok((content, stored)) => (self.content, self.stored) = (Some(content), stored),
            // All that was counted stays counted: the next run goes on from here.
            Err(error) => self.interrupted = Some(error),
        }
        Ok(true)
    }

    /// What follows cannot be read, or is not. One loss is enough to say so.
    fn lose_rest<R: Recorder<G>>(&self, reason: &'static str, recorder: &Mutex<R>) {
        let mut recorder = lock(recorder);
        if recorder.accounting().source.lost == 0 {
            recorder.lost(reason, Place { offset: self.offset, record: self.reader.records() + 1 });
        }
    }

    /// Counts what a piece holds, and returns how much of it is done with; none when it shows that the source is not
    /// the one to be resumed.
    fn feed<R: Recorder<G>>(
        &mut self,
        bytes: &[u8],
        last: bool,
        shared: &Shared<'_>,
        recorder: &Mutex<R>,
    ) -> Option<usize> {
        let mut passed = 0;
        if let Some(prefix) = self.resume {
            let ahead = prefix.offset.saturating_sub(self.offset);
            let before = usize::try_from(ahead).ok().and_then(|ahead| bytes.get(..ahead));
            if let Some(before) = before {
                let mut hasher = self.hasher.clone();
                hasher.write(before);
                if hasher.finish_128() != prefix.content {
                    return None;
                }
                self.resume = None;
            } else if last {
                return None;
            }
            let counted = before.unwrap_or(bytes);
            let mut behind = Behind { recorder: &mut *lock(recorder), counted: self.counted };
            passed = self.reader.feed(counted, false, &mut behind);
            self.advance(counted, passed);
            if self.resume.is_some() {
                return Some(passed);
            }
        }
        // While the reader looked for an event after damage, bytes that were counted may be left over.
        let bytes = bytes.get(passed..).unwrap_or_default();
        let gate = shared.enter();
        let mut recorder = lock(recorder);
        let before = recorder.accounting().source.read;
        let done =
            self.reader.feed(bytes, last, &mut Behind { recorder: &mut *recorder, counted: self.counted });
        self.advance(bytes, done);
        if self.offset >= self.counted {
            recorder.accounting().progressing = Some(Progressing {
                source: self.source.clone(),
                offset: self.offset,
                hasher: self.hasher.clone(),
            });
        }
        let events = recorder.accounting().source.read - before;
        self.events += events;
        shared.weigh(&mut *recorder);
        drop(recorder);
        drop(gate);
        shared.read(0, 0, events);
        Some(passed + done)
    }

    fn advance(&mut self, bytes: &[u8], done: usize) {
        self.hasher.write(bytes.get(..done).unwrap_or_default());
        self.offset += done as u64;
    }

    fn finish<R: Recorder<G>>(
        self,
        content: Option<u128>,
        shared: &Shared<'_>,
        recorder: &Mutex<R>,
    ) -> io::Result<()> {
        let gate = shared.enter();
        let mut recorder = lock(recorder);
        let accounting = recorder.accounting();
        match self.interrupted {
            Some(error) => {
                let names = shared.checkpoint.names();
                let progressing = accounting.progressing.take();
                let progress = progressing.and_then(|progress| progress.position(&accounting.source, names));
                // What an earlier run counted stays counted, and what it said to be lost need not be said again.
                let is_said = self.source.replayable && shared.checkpoint.prefix(&self.source.name).is_some();
                let unread = || (!is_said).then(|| unread_position(&self.source, names));
                accounting.work.sources.extend(progress.or_else(unread));
                shared.unreadable(&self.source.name, &error, self.source.size);
                return Ok(());
            }
            None => finish(accounting, &self.source, content.or(self.content), shared),
        }
        drop(recorder);
        drop(gate);
        shared.read(1, self.source.size.max(self.stored), 0);
        Ok(())
    }
}

/// Passes on what lies behind the events that were counted before.
struct Behind<'a, R> {
    recorder: &'a mut R,
    counted: u64,
}

impl<G: Grammar, R: Sink<G>> Sink<G> for Behind<'_, R> {
    #[inline]
    fn known_identity(&self, rest: &[u8]) -> Option<(u32, usize)> {
        self.recorder.known_identity(rest)
    }
    fn event<F: Find>(&mut self, event: &G::Event<'_, F>, context: &G::Context, place: Place) {
        if place.offset >= self.counted {
            self.recorder.event(event, context, place);
        }
    }
    fn skipped(&mut self, reason: &'static str, place: Place) {
        if place.offset >= self.counted {
            self.recorder.skipped(reason, place);
        }
    }
    fn lost(&mut self, reason: &'static str, place: Place) {
        if place.offset >= self.counted {
            self.recorder.lost(reason, place);
        }
    }
}

#[cfg(test)]
mod tests;
