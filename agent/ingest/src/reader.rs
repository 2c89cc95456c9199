//! From bytes to events: the forms that events are kept in, and what to do about damage.

mod delivery;

use memchr::{memchr, memmem};

use self::delivery::{deliver_object, deliver_packed, deliver_rewritten, deliver_text};
use crate::grammar::{Grammar, Place, Shape, Sink};
use crate::scan::{Cursor, Fault, Find, Index, Plain};

/// No event is longer: CloudTrail itself stops at 256 KB, an API server of Kubernetes at 3 MB.
pub(crate) const RECORD_LIMIT: usize = 4 << 20;

/// When this many bytes held no event, the rest is not read either. It bounds what a compressed bomb can cost.
pub(crate) const BARREN_LIMIT: u64 = 256 << 20;

/// A list can hold lists of wrappers; deeper nesting is no form of log.
const NESTING_LIMIT: usize = 4;

/// A time in front of a line takes fewer bytes.
const TIME_LIMIT: usize = 40;

/// Bytes that are indexed at a time, and of which the marks stay in the processor's cache. An event that does not
/// end within them is indexed again with more.
const STRETCH: usize = 128 << 10;

/// While looking for an event after damage, most attempts fail at once.
const SEARCH_STRETCH: usize = 4 << 10;

/// While looking for events after damage, so many bytes may be read in vain for each byte of the source, and so many
/// beside. What is made to nest without end would have each of its brackets read to the end of the data.
const VAIN_PER_BYTE: u64 = 64;
const VAIN_BESIDE: u64 = 4 * RECORD_LIMIT as u64;

/// Reads a source piece by piece.
#[derive(Debug)]
pub(crate) struct Reader<G: Grammar> {
    /// What encloses the current position, outermost first.
    enclosing: Vec<Enclosing<G::List>>,
    /// Of the events in the innermost list.
    context: G::Context,
    /// Offset of the next piece in the source.
    offset: u64,
    records: u64,
    /// Where the last record ended, to know a source that holds none.
    fruitful: u64,
    searching: bool,
    /// Bytes that were read in vain while looking for events after damage.
    in_vain: u64,
    /// Whether the beginning of a list may be among what was lost.
    is_damaged: bool,
    index: Index,
    /// Where the log lies that this one is packed in.
    within: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Enclosing<L> {
    /// Within an array without a name, which holds anything that may stand at the top.
    Bare,
    /// Within the list of a wrapper.
    List(L),
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

impl<G: Grammar> Default for Reader<G> {
    fn default() -> Self {
        Self {
            enclosing: Vec::new(),
            context: G::Context::default(),
            offset: 0,
            records: 0,
            fruitful: 0,
            searching: false,
            in_vain: 0,
            is_damaged: false,
            index: Index::default(),
            within: None,
        }
    }
}

impl<G: Grammar> Reader<G> {
    /// Reads what `bytes` hold and returns how many of them are done with; the caller passes the others again, with
    /// more behind them. `last` says that there are no more.
    pub(crate) fn feed(&mut self, bytes: &[u8], last: bool, sink: &mut impl Sink<G>) -> usize {
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
    fn finish(&mut self, sink: &mut impl Sink<G>) {
        if !self.searching && !self.enclosing.is_empty() {
            let place = self.place(0);
            sink.lost("truncated", place);
        }
    }

    fn step(
        &mut self,
        bytes: &[u8],
        at: usize,
        last: bool,
        index: &mut Index,
        sink: &mut impl Sink<G>,
    ) -> Next {
        let mut ahead = Cursor::at(bytes, at, Plain);
        let Ok(byte) = ahead.look() else { return Next::Continue(bytes.len()) };
        let start = ahead.position();
        let enclosing = self.enclosing.last().copied();
        let end = match (byte, enclosing) {
            (b',', Some(Enclosing::List(_) | Enclosing::Bare)) => Ok(start + 1),
            (b']', Some(inner @ (Enclosing::List(_) | Enclosing::Bare))) => {
                self.enclosing.pop();
                if inner != Enclosing::Bare {
                    self.enclosing.push(Enclosing::Wrapper);
                }
                Ok(start + 1)
            }
            (_, Some(Enclosing::Wrapper)) => indexed(index, bytes, start, STRETCH, |mut cursor| {
                if cursor.key(&mut false)?.is_some() {
                    cursor.value()?;
                } else {
                    self.enclosing.pop();
                    if self.enclosing.is_empty() {
                        // What a wrapper told is of what it held.
                        self.context = G::Context::default();
                    }
                }
                Ok(cursor.position())
            }),
            (b'[', None | Some(Enclosing::Bare)) if self.enclosing.len() < NESTING_LIMIT => {
                self.enclosing.push(Enclosing::Bare);
                Ok(start + 1)
            }
            (b'{', enclosing) => {
                let list = match enclosing {
                    Some(Enclosing::List(list)) => Some(list),
                    _ => None,
                };
                indexed(index, bytes, start, STRETCH, |mut cursor| {
                    let shape = G::read(&mut cursor, list, |rest| sink.known_identity(rest))?;
                    if matches!(shape, Shape::Event(_)) && has_swallowed::<G>(bytes, start, cursor.position())
                    {
                        return Err(Fault::Bad(start));
                    }
                    self.deliver(shape, start, cursor.position(), sink);
                    Ok(cursor.position())
                })
            }
            // What is left of a list whose beginning was lost.
            (b',' | b']' | b'}', None) if self.is_damaged => Ok(start + 1),
            // CloudWatch Logs writes the time before each line that it exports to S3.
            (b'0'..=b'9', None) => {
                let line = bytes.get(start..).unwrap_or_default();
                match memchr(b' ', line.get(..TIME_LIMIT).unwrap_or(line)) {
                    Some(length) if line.get(length + 1) == Some(&b'{') => Ok(start + length + 1),
                    None if line.len() < TIME_LIMIT && !line.contains(&b'\n') => Err(Fault::End),
                    Some(length) if line.len() == length + 1 => Err(Fault::End),
                    _ => Err(Fault::Bad(start)),
                }
            }
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

    fn deliver<F: Find>(
        &mut self,
        shape: Shape<'_, F, G>,
        start: usize,
        end: usize,
        sink: &mut impl Sink<G>,
    ) {
        let shape = match shape {
            Shape::List(list, context) => {
                if self.enclosing.len() < NESTING_LIMIT {
                    self.enclosing.push(Enclosing::List(list));
                    self.context = context;
                }
                return;
            }
            shape => shape,
        };
        let place = self.found(start, end);
        if end - start > RECORD_LIMIT {
            return sink.lost("too_large", place);
        }
        match shape {
            Shape::Event(event) => sink.event(&event, &self.context, place),
            Shape::Wrapped(inner, context) => {
                deliver_object(inner, context.as_ref().unwrap_or(&self.context), place, sink);
            }
            Shape::Rewritten(event) => deliver_rewritten(&event, &self.context, place, sink),
            Shape::Packed(text) if self.within.is_none() => deliver_packed(text, place, sink),
            Shape::Packed(_) => sink.skipped("not_an_event", place),
            Shape::Text(text, context) => {
                deliver_text(text, context.as_ref().unwrap_or(&self.context), place, sink);
            }
            Shape::Skipped(reason) => sink.skipped(reason, place),
            Shape::List(..) => {}
        }
    }

    fn found(&mut self, start: usize, end: usize) -> Place {
        self.fruitful = self.offset.saturating_add(end as u64);
        self.place(start)
    }

    /// Where the next record begins, which is counted.
    fn place(&mut self, start: usize) -> Place {
        self.records = self.records.saturating_add(1);
        let own = Place { offset: self.offset.saturating_add(start as u64), record: self.records };
        self.within.unwrap_or(own)
    }

    /// What starts at `start` cannot be read, or not yet.
    fn damaged(
        &mut self,
        bytes: &[u8],
        start: usize,
        fault: Fault,
        last: bool,
        sink: &mut impl Sink<G>,
    ) -> Next {
        let reason = match fault {
            Fault::End if last => "truncated",
            Fault::End if bytes.len() - start < RECORD_LIMIT => return Next::More(start),
            Fault::End => "too_large",
            Fault::Bad(_) => "malformed",
        };
        let place = self.place(start);
        sink.lost(reason, place);
        self.searching = true;
        self.is_damaged = true;
        Next::Continue(start + 1)
    }

    /// How many bytes behind a position may be read in the search for an event.
    fn reach(&self, at: usize) -> usize {
        let position = self.offset.saturating_add(at as u64);
        let all = position.saturating_mul(VAIN_PER_BYTE).saturating_add(VAIN_BESIDE);
        usize::try_from(all.saturating_sub(self.in_vain)).unwrap_or(usize::MAX)
    }

    /// Looks for the next event after damage: an object that begins a line, or, where no event can hold what looks like
    /// another, as every event or after another object in a list, and that reads as an event. What does not is part of the
    /// damage.
    fn search(
        &mut self,
        bytes: &[u8],
        from: usize,
        last: bool,
        index: &mut Index,
        sink: &mut impl Sink<G>,
    ) -> Next {
        let mut at = from;
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr(b'{', rest)) {
            let start = at + found;
            at = start + 1;
            let rest = bytes.get(start..).unwrap_or_default();
            // The bytes before an object are looked at, so two of them stay.
            let wait = Next::More(start.saturating_sub(2).max(from));
            if rest.len() < G::EVENT_START.map_or(0, <[u8]>::len) && !last {
                return wait;
            }
            let before = bytes.get(..start).unwrap_or_default();
            let begins_line = before.ends_with(b"\n");
            let begins_event = |event: &[u8]| rest.starts_with(event) || before.ends_with(b"},");
            if !(begins_line || G::EVENT_START.is_some_and(begins_event)) {
                continue;
            }
            let reach = self.reach(start).min(rest.len());
            let within = bytes.get(..start + reach).unwrap_or(bytes);
            // What was marked before belongs to strings that the damage has shifted.
            index.clear();
            let end = indexed(index, within, start, SEARCH_STRETCH, |mut cursor| {
                let shape = G::read(&mut cursor, None, |rest| sink.known_identity(rest))?;
                match shape {
                    Shape::Event(_) if has_swallowed::<G>(bytes, start, cursor.position()) => {
                        return Err(Fault::Bad(start));
                    }
                    Shape::Event(_) => {}
                    Shape::List(..)
                    | Shape::Wrapped(..)
                    | Shape::Text(..)
                    | Shape::Rewritten(_)
                    | Shape::Packed(_)
                        if begins_line =>
                    {
                        self.enclosing.clear();
                        self.context = G::Context::default();
                    }
                    _ => return Err(Fault::Bad(start)),
                }
                self.searching = false;
                self.deliver(shape, start, cursor.position(), sink);
                Ok(cursor.position())
            });
            match end {
                Ok(end) => return Next::Continue(end),
                Err(Fault::End) if !last && reach == rest.len() && reach < RECORD_LIMIT => return wait,
                Err(_) => {
                    let read = index.end().saturating_sub(start) as u64;
                    self.in_vain = self.in_vain.saturating_add(read);
                }
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
/// a string the quotes of such a beginning would be escaped. Events that begin otherwise than their maker writes them are
/// not told apart so.
fn has_swallowed<G: Grammar>(bytes: &[u8], start: usize, end: usize) -> bool {
    let Some(event) = G::EVENT_START else { return false };
    bytes.get(start + 1..end).is_some_and(|inside| memmem::find(inside, event).is_some())
}

#[cfg(test)]
mod tests;
