//! HTTP/2: the heads of one direction of a connection, in the order in which they were sent.
//!
//! Where that order was lost, because bytes are missing that may have been a head, the table of HPACK is unknown again.
//! `SETTINGS` are passed over: a sender announces the size of its table in the blocks themselves, and the peer's setting
//! only limits it.
//!
//! Source: RFC 9113.

mod connection;
mod frame;

pub(super) use connection::Connection;

use frame::{END_HEADERS, END_STREAM, Frame, Kind, PADDED, PRIORITY};

use super::{counts::Dropped, draft::Draft, hpack::Decoder, scratch::Scratch};

/// What a client sends first.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Longest block that is decoded; servers take at most 16 to 64 KiB.
const LONGEST_BLOCK: usize = 64 * 1024;

/// Whether bytes from the middle of a connection begin with frames, the first of which is no part of something longer.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let first = Frame::read(bytes).map(|frame| frame.kind);
    Frame::begins(bytes) && !matches!(first, Some(Kind::Data | Kind::Continuation))
}

/// What comes next in a direction.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// A head of a stream, and whether it has no body.
    Head { stream: u32, draft: Box<Draft>, ends: bool },
    /// Bytes of a stream's body.
    Data { stream: u32, bytes: &'a [u8] },
    /// A stream's body ended.
    End { stream: u32 },
    /// A stream was cancelled.
    Reset { stream: u32 },
    /// A head cannot be read, nor can what its table was.
    Dropped(Dropped),
    /// These are no frames.
    Foreign,
}

/// A head whose block is not complete.
#[derive(Debug)]
struct Open {
    stream: u32,
    ends: bool,
    /// Whether the server promises it, so that it is nobody's.
    is_promised: bool,
}

#[derive(Debug)]
enum State {
    /// In the preface, after so many bytes.
    Preface(usize),
    /// In the nine bytes before a payload.
    Header,
    /// In a payload of which it is kept.
    Kept(Frame),
    /// In a payload that is passed over.
    Passed(Frame),
    /// In the bytes of a body, before so many of padding.
    Data { frame: Frame, padding: Option<u32> },
    /// Somewhere, until a fragment begins with a frame.
    Lost,
}

/// The parser of one direction.
#[derive(Debug)]
pub(super) struct Frames {
    state: State,
    /// The header or payload that is being read.
    part: Scratch,
    /// The block of the head that is open.
    block: Scratch,
    open: Option<Open>,
    table: Decoder,
    forgotten: u64,
}

impl Frames {
    /// At the beginning of a connection, with the preface if it is the client's.
    pub(super) fn new(is_client: bool) -> Self {
        let state = if is_client { State::Preface(0) } else { State::Header };
        Self {
            state,
            part: Scratch::default(),
            block: Scratch::default(),
            open: None,
            table: Decoder::new(),
            forgotten: 0,
        }
    }

    /// Somewhere in a connection.
    pub(super) fn late() -> Self {
        let mut frames = Self::new(false);
        frames.state = State::Lost;
        frames.table.forget();
        frames
    }

    pub(super) fn is_lost(&self) -> bool {
        matches!(self.state, State::Lost)
    }

    /// Takes up again where a fragment begins with a frame, and tells whether it does.
    pub(super) fn resume(&mut self, fragment: &[u8]) -> bool {
        let begins = self.is_lost() && Frame::begins(fragment);
        if begins {
            self.state = State::Header;
        }
        begins
    }

    /// Gives up until a fragment begins with a frame. A head that was begun is dropped for the reason.
    pub(super) fn lose(&mut self, reason: Dropped) -> Option<Dropped> {
        let was_head =
            self.open.is_some() || matches!(&self.state, State::Kept(frame) if frame.kind == Kind::Headers);
        self.part.clear();
        self.block.clear();
        self.open = None;
        self.forget();
        self.state = State::Lost;
        was_head.then_some(reason)
    }

    /// The stream whose body is being read.
    pub(super) fn body(&self) -> Option<u32> {
        if let State::Data { frame, .. } = &self.state { Some(frame.stream) } else { None }
    }

    /// Times that the table became unknown since this was last asked.
    pub(super) fn take_forgotten(&mut self) -> u64 {
        std::mem::take(&mut self.forgotten)
    }

    /// Passes over bytes that were not seen, as many as are known.
    pub(super) fn skip(&mut self, missing: Option<u64>) -> Option<Dropped> {
        let frame = match &mut self.state {
            State::Passed(frame) | State::Data { frame, padding: Some(_) } => Some(frame),
            State::Data { frame, .. } if frame.flags & PADDED == 0 => Some(frame),
            _ => None,
        };
        let missing = missing.and_then(|missing| u32::try_from(missing).ok());
        match (frame, missing) {
            (Some(frame), Some(missing)) if missing <= frame.left => {
                frame.left -= missing;
                None
            }
            _ => self.lose(Dropped::Truncated),
        }
    }

    /// What comes next. Nothing, when all of the input was taken.
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Event<'a>> {
        loop {
            match &mut self.state {
                State::Lost => {
                    *input = &[];
                    return None;
                }
                State::Preface(seen) => {
                    let (byte, rest) = input.split_first()?;
                    if PREFACE.get(*seen) != Some(byte) {
                        self.lose(Dropped::Malformed);
                        return Some(Event::Foreign);
                    }
                    *input = rest;
                    *seen += 1;
                    if *seen == PREFACE.len() {
                        self.state = State::Header;
                    }
                }
                State::Header => {
                    move_up_to(Frame::HEADER, input, &mut self.part);
                    let frame = Frame::read(&self.part)?;
                    self.part.clear();
                    if let Some(event) = self.begin(frame) {
                        return Some(event);
                    }
                }
                State::Kept(frame) => {
                    let frame = *frame;
                    let length = usize::try_from(frame.left).unwrap_or(usize::MAX);
                    move_up_to(length, input, &mut self.part);
                    if self.part.len() < length {
                        return None;
                    }
                    self.state = State::Header;
                    let event = self.end_kept(frame);
                    self.part.clear();
                    if event.is_some() {
                        return event;
                    }
                }
                State::Passed(frame) => {
                    if frame.left == 0 {
                        let frame = *frame;
                        self.state = State::Header;
                        if frame.kind == Kind::Reset {
                            return Some(Event::Reset { stream: frame.stream });
                        }
                        continue;
                    }
                    if input.is_empty() {
                        return None;
                    }
                    take(&mut frame.left, u32::MAX, input);
                }
                State::Data { frame, padding } => {
                    if frame.flags & PADDED != 0 && padding.is_none() && frame.left > 0 {
                        let length = take(&mut frame.left, 1, input);
                        *padding = Some(u32::from(*length.first()?));
                        continue;
                    }
                    if frame.left == 0 {
                        let frame = *frame;
                        self.state = State::Header;
                        if frame.flags & END_STREAM != 0 {
                            return Some(Event::End { stream: frame.stream });
                        }
                        continue;
                    }
                    if input.is_empty() {
                        return None;
                    }
                    let stream = frame.stream;
                    let data = frame.left.saturating_sub(padding.unwrap_or(0));
                    if data == 0 {
                        take(&mut frame.left, u32::MAX, input);
                    } else {
                        return Some(Event::Data { stream, bytes: take(&mut frame.left, data, input) });
                    }
                }
            }
        }
    }

    /// Decides what becomes of a frame's payload.
    fn begin(&mut self, frame: Frame) -> Option<Event<'static>> {
        let continues = self.open.as_ref().is_some_and(|open| open.stream == frame.stream);
        match frame.kind {
            Kind::Continuation if continues => self.state = State::Kept(frame),
            // A block that is not continued at once cannot be decoded any more: RFC 9113, section 6.10.
            _ if self.open.is_some() => return self.lose(Dropped::Malformed).map(Event::Dropped),
            Kind::Continuation => {
                // The beginning of its block was not seen, nor what it adds to the table.
                self.forget();
                self.state = State::Passed(frame);
            }
            Kind::Headers | Kind::Promise if frame.stream == 0 => {
                self.lose(Dropped::Malformed);
                return Some(Event::Foreign);
            }
            Kind::Headers | Kind::Promise => self.state = State::Kept(frame),
            Kind::Data => self.state = State::Data { frame, padding: None },
            Kind::Reset | Kind::Other => self.state = State::Passed(frame),
        }
        let kept = usize::try_from(frame.left).unwrap_or(usize::MAX).saturating_add(self.block.len());
        if matches!(self.state, State::Kept(_)) && kept > LONGEST_BLOCK {
            return self.lose(Dropped::Oversized).map(Event::Dropped);
        }
        None
    }

    /// Takes the part of a block that a payload has, and decodes the block where it is complete.
    fn end_kept(&mut self, frame: Frame) -> Option<Event<'static>> {
        let Some(part) = fragment(&frame, &self.part) else {
            self.open = None;
            self.state = State::Kept(frame);
            return self.lose(Dropped::Malformed).map(Event::Dropped);
        };
        self.block.extend(part);
        let open = self.open.take().unwrap_or(Open {
            stream: frame.stream,
            ends: frame.flags & END_STREAM != 0,
            is_promised: frame.kind == Kind::Promise,
        });
        if frame.flags & END_HEADERS == 0 {
            self.open = Some(open);
            return None;
        }
        let mut draft = Box::new(Draft::default());
        let decoded = self.table.decode(&self.block, &mut |field| draft.lend(field));
        self.block.clear();
        if decoded.is_err() {
            self.open = Some(open);
            return self.lose(Dropped::Malformed).map(Event::Dropped);
        }
        (!open.is_promised).then_some(Event::Head { stream: open.stream, draft, ends: open.ends })
    }

    fn forget(&mut self) {
        self.table.forget();
        self.forgotten += 1;
    }

    /// What it occupies.
    pub(super) fn size(&self) -> usize {
        self.part.capacity() + self.block.capacity() + self.table.memory()
    }
}

/// The part of a block that a frame has, between what may be before it and its padding.
fn fragment<'a>(frame: &Frame, payload: &'a [u8]) -> Option<&'a [u8]> {
    if frame.kind == Kind::Continuation {
        return Some(payload);
    }
    let (padding, mut rest) = match payload.split_first() {
        Some((padding, rest)) if frame.flags & PADDED != 0 => (usize::from(*padding), rest),
        None if frame.flags & PADDED != 0 => return None,
        _ => (0, payload),
    };
    if frame.kind == Kind::Headers && frame.flags & PRIORITY != 0 {
        rest = rest.get(5..)?;
    }
    if frame.kind == Kind::Promise {
        rest = rest.get(4..)?;
    }
    rest.get(..rest.len().checked_sub(padding)?)
}

/// Moves input into a buffer until it has a length.
fn move_up_to(length: usize, input: &mut &[u8], part: &mut Scratch) {
    let room = length.saturating_sub(part.len()).min(input.len());
    let (now, rest) = input.split_at_checked(room).unwrap_or((*input, &[]));
    part.extend(now);
    *input = rest;
}

/// Takes what is left of a payload, at most so much, out of the input.
fn take<'a>(left: &mut u32, most: u32, input: &mut &'a [u8]) -> &'a [u8] {
    let length = usize::try_from((*left).min(most)).unwrap_or(usize::MAX).min(input.len());
    let (taken, rest) = input.split_at_checked(length).unwrap_or((*input, &[]));
    *left = left.saturating_sub(u32::try_from(taken.len()).unwrap_or(u32::MAX));
    *input = rest;
    taken
}
