//! From bytes to events: every form CloudTrail's events are kept in, and what to do about damage.

use std::sync::LazyLock;

use memchr::memchr;
use memchr::memmem::Finder;

use super::event::{Event, List, Shape, read_message, read_object};
use crate::scan::{Cursor, Fault, Find, Index, Plain, Text};

/// No event is longer: CloudTrail itself stops at 256 KB.
pub(crate) const RECORD_LIMIT: usize = 4 << 20;

/// When this many bytes held no event, the rest is not read either. It bounds what a compressed bomb can cost.
pub(crate) const BARREN_LIMIT: u64 = 256 << 20;

/// A list can hold lists of wrappers; deeper nesting is no form of log.
const NESTING_LIMIT: usize = 4;

/// How CloudTrail's own files begin every event.
const EVENT_START: &[u8] = b"{\"eventVersion\"";

/// Bytes that are indexed at a time, and of which the marks stay in the processor's cache. An event that does not
/// end within them is indexed again with more.
const STRETCH: usize = 128 << 10;

/// While looking for an event after damage, most attempts fail at once.
const SEARCH_STRETCH: usize = 4 << 10;

/// Takes what a reader finds.
pub(crate) trait Sink {
    /// The number and length of a `userIdentity` object, met before, that these bytes begin with.
    fn known_identity(&self, rest: &[u8]) -> Option<(u32, usize)>;
    /// An event.
    fn event<F: Find>(&mut self, event: &Event<'_, F>, place: Place);
    /// Something that is no event, left out on purpose.
    fn skipped(&mut self, reason: &'static str, place: Place);
    /// Something that may have been an event and cannot be read.
    fn lost(&mut self, reason: &'static str, place: Place);
}

/// Where in a source something was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Offset in the decompressed bytes.
    pub(crate) offset: u64,
    /// Number of the record in the source, from 1.
    pub(crate) record: u64,
}

/// Reads a source piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// What encloses the current position, outermost first.
    enclosing: Vec<Enclosing>,
    /// Offset of the next piece in the source.
    offset: u64,
    records: u64,
    /// Where the last record ended, to know a source that holds none.
    fruitful: u64,
    searching: bool,
    /// Whether the beginning of a list may be among what was lost.
    is_damaged: bool,
    index: Index,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Enclosing {
    /// Within a list.
    List(List),
    /// Within a wrapper, after its list.
    Wrapper,
}

/// What to do next.
enum Next {
    /// Go on at this position.
    Continue(usize),
    /// More bytes are needed to read what starts at this position.
    More(usize),
}

impl Reader {
    /// Reads what `bytes` hold and returns how many of them are done with; the caller passes the others again, with
    /// more behind them. `last` says that there are no more.
    pub(crate) fn feed(&mut self, bytes: &[u8], last: bool, sink: &mut impl Sink) -> usize {
        let mut at = 0;
        let mut index = std::mem::take(&mut self.index);
        index.clear();
        loop {
            let next = if self.searching {
                self.search(bytes, at, last, &mut index, sink)
            } else {
                self.step(bytes, at, last, &mut index, sink)
            };
            match next {
                Next::Continue(position) if position < bytes.len() => at = position,
                Next::Continue(position) | Next::More(position) => {
                    let done = position.min(bytes.len());
                    self.offset = self.offset.saturating_add(done as u64);
                    self.index = index;
                    if last {
                        self.finish(sink);
                    }
                    return done;
                }
            }
        }
    }

    /// Whether so much was read without finding a record that reading on is pointless.
    pub(crate) fn is_barren(&self) -> bool {
        self.offset.saturating_sub(self.fruitful) > BARREN_LIMIT
    }

    /// Records met so far.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// A source that ends within a list or wrapper has lost its end, even if between two events.
    fn finish(&mut self, sink: &mut impl Sink) {
        if !self.searching && !self.enclosing.is_empty() {
            self.records = self.records.saturating_add(1);
            sink.lost("truncated", Place { offset: self.offset, record: self.records });
        }
    }

    fn step(&mut self, bytes: &[u8], at: usize, last: bool, index: &mut Index, sink: &mut impl Sink) -> Next {
        let mut ahead = Cursor::at(bytes, at, Plain);
        let Ok(byte) = ahead.look() else { return Next::Continue(bytes.len()) };
        let start = ahead.position();
        let enclosing = self.enclosing.last().copied();
        let end = match (byte, enclosing) {
            (b',', Some(Enclosing::List(_))) => Ok(start + 1),
            (b']', Some(Enclosing::List(list))) => {
                self.enclosing.pop();
                if list != List::Bare {
                    self.enclosing.push(Enclosing::Wrapper);
                }
                Ok(start + 1)
            }
            (_, Some(Enclosing::Wrapper)) => indexed(index, bytes, start, STRETCH, |mut cursor| {
                if cursor.key(&mut false)?.is_some() {
                    cursor.value()?;
                } else {
                    self.enclosing.pop();
                }
                Ok(cursor.position())
            }),
            (b'[', None | Some(Enclosing::List(List::Bare))) if self.enclosing.len() < NESTING_LIMIT => {
                self.enclosing.push(Enclosing::List(List::Bare));
                Ok(start + 1)
            }
            (b'{', Some(Enclosing::List(list @ (List::LogEvents | List::LookupEvents)))) => {
                indexed(index, bytes, start, STRETCH, |mut cursor| {
                    let message = read_message(&mut cursor, list)?;
                    let place = self.found(start, cursor.position());
                    deliver_message(message, place, sink);
                    Ok(cursor.position())
                })
            }
            (b'{', _) => indexed(index, bytes, start, STRETCH, |mut cursor| {
                let shape = read_object(&mut cursor, |rest| sink.known_identity(rest))?;
                if matches!(shape, Shape::Event(_)) && has_swallowed(bytes, start, cursor.position()) {
                    return Err(Fault::Bad(start));
                }
                self.deliver(&shape, start, cursor.position(), sink);
                Ok(cursor.position())
            }),
            // What is left of a list whose beginning was lost.
            (b',' | b']' | b'}', None) if self.is_damaged => Ok(start + 1),
            // A byte order mark says nothing.
            (0xef, None) if bytes.get(start..).is_some_and(|rest| rest.starts_with(b"\xef\xbb\xbf")) => {
                Ok(start + 3)
            }
            _ => Err(Fault::Bad(start)),
        };
        match end {
            Ok(end) => Next::Continue(end),
            Err(fault) => self.damaged(bytes, start, fault, last, sink),
        }
    }

    fn deliver<F: Find>(&mut self, shape: &Shape<'_, F>, start: usize, end: usize, sink: &mut impl Sink) {
        if let Shape::List(list) = shape {
            if self.enclosing.len() < NESTING_LIMIT {
                self.enclosing.push(Enclosing::List(*list));
            }
            return;
        }
        let place = self.found(start, end);
        if end - start > RECORD_LIMIT {
            return sink.lost("too_large", place);
        }
        match shape {
            Shape::Event(event) => sink.event(event, place),
            Shape::Wrapped(inner) => deliver_object(*inner, place, sink),
            Shape::Digest => sink.skipped("digest", place),
            Shape::Control => sink.skipped("control_message", place),
            Shape::Other | Shape::List(_) => sink.skipped("not_an_event", place),
        }
    }

    fn found(&mut self, start: usize, end: usize) -> Place {
        self.records = self.records.saturating_add(1);
        self.fruitful = self.offset.saturating_add(end as u64);
        Place { offset: self.offset.saturating_add(start as u64), record: self.records }
    }

    /// What starts at `start` cannot be read, or not yet.
    fn damaged(
        &mut self,
        bytes: &[u8],
        start: usize,
        fault: Fault,
        last: bool,
        sink: &mut impl Sink,
    ) -> Next {
        let reason = match fault {
            Fault::End if last => "truncated",
            Fault::End if bytes.len() - start < RECORD_LIMIT => return Next::More(start),
            Fault::End => "too_large",
            Fault::Bad(_) => "malformed",
        };
        self.records = self.records.saturating_add(1);
        let place = Place { offset: self.offset.saturating_add(start as u64), record: self.records };
        sink.lost(reason, place);
        self.searching = true;
        self.is_damaged = true;
        Next::Continue(start + 1)
    }

    /// Looks for the next event after damage: an object that begins as CloudTrail's events do, or a line, or
    /// follows another object in a list, and that reads as an event. What does not is part of the damage.
    fn search(
        &mut self,
        bytes: &[u8],
        from: usize,
        last: bool,
        index: &mut Index,
        sink: &mut impl Sink,
    ) -> Next {
        let mut at = from;
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr(b'{', rest)) {
            let start = at + found;
            at = start + 1;
            let rest = bytes.get(start..).unwrap_or_default();
            // The bytes before an object are looked at, so two of them stay.
            let wait = Next::More(start.saturating_sub(2).max(from));
            if rest.len() < EVENT_START.len() && !last {
                return wait;
            }
            let before = bytes.get(..start).unwrap_or_default();
            let begins_line = before.ends_with(b"\n");
            if !(begins_line || rest.starts_with(EVENT_START) || before.ends_with(b"},")) {
                continue;
            }
            // What was marked before belongs to strings that the damage has shifted.
            index.clear();
            let end = indexed(index, bytes, start, SEARCH_STRETCH, |mut cursor| {
                let shape = read_object(&mut cursor, |rest| sink.known_identity(rest))?;
                match shape {
                    Shape::Event(_) if has_swallowed(bytes, start, cursor.position()) => {
                        return Err(Fault::Bad(start));
                    }
                    Shape::Event(_) => {}
                    Shape::List(_) | Shape::Wrapped(_) if begins_line => self.enclosing.clear(),
                    _ => return Err(Fault::Bad(start)),
                }
                self.searching = false;
                self.deliver(&shape, start, cursor.position(), sink);
                Ok(cursor.position())
            });
            match end {
                Ok(end) => return Next::Continue(end),
                Err(Fault::End) if !last && rest.len() < RECORD_LIMIT => return wait,
                Err(_) => {}
            }
        }
        if last {
            return Next::Continue(bytes.len());
        }
        Next::More(bytes.len().saturating_sub(2).max(from))
    }
}

/// Reads what starts at `start` with an index that covers it; with a larger one where it does not end within.
fn indexed(
    index: &mut Index,
    bytes: &[u8],
    start: usize,
    mut stretch: usize,
    mut read: impl FnMut(Cursor<'_, &Index>) -> Result<usize, Fault>,
) -> Result<usize, Fault> {
    if !index.covers(start) {
        index.build(bytes, start, stretch);
    }
    loop {
        match read(Cursor::at(bytes, start, &*index)) {
            Err(Fault::End) if index.end() < bytes.len() => {
                if index.start() == start {
                    stretch = stretch.saturating_mul(4);
                }
                index.build(bytes, start, stretch);
            }
            result => return result,
        }
    }
}

/// Whether an event holds another: then a bracket of it is damaged, and what follows was taken for a part of it. Within
/// a string the quotes of such a beginning would be escaped. Events that begin otherwise than CloudTrail writes them are
/// not told apart so.
fn has_swallowed(bytes: &[u8], start: usize, end: usize) -> bool {
    static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(EVENT_START));
    bytes.get(start + 1..end).is_some_and(|inside| FINDER.find(inside).is_some())
}

fn deliver_message(message: Option<Text<'_>>, place: Place, sink: &mut impl Sink) {
    match message.map(Text::decode) {
        Some(Some(text)) if text.trim_start().starts_with('{') => {
            deliver_object(Cursor::new(text.trim_start().as_bytes()), place, sink);
        }
        Some(None) => sink.lost("malformed", place),
        Some(Some(_)) | None => sink.skipped("not_an_event", place),
    }
}

fn deliver_object<F: Find>(mut object: Cursor<'_, F>, place: Place, sink: &mut impl Sink) {
    let shape = read_object(&mut object, |rest| sink.known_identity(rest));
    match shape {
        Ok(Shape::Event(event)) => sink.event(&event, place),
        Ok(_) => sink.skipped("not_an_event", place),
        Err(Fault::End) => sink.lost("truncated", place),
        Err(Fault::Bad(_)) => sink.lost("malformed", place),
    }
}

#[cfg(test)]
mod tests;
