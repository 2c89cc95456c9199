//! HTTP/1: the heads of one direction of a stream, and where their bodies end.
//!
//! Own code and not `httparse`: that parser wants a head as a whole, in one place, and rejects folded lines in requests.
//! Here a line is read, and overwritten, as soon as it is there.
//!
//! Source: RFC 9112.

mod body;
mod connection;

pub(super) use connection::Connection;

use body::Rest;

use super::{
    counts::Dropped,
    draft::Draft,
    field::{Field, METHODS, Name},
    scratch::Scratch,
};

/// Longest line of a head; servers take at most 8 to 16 KiB.
const LONGEST_LINE: usize = 16 * 1024;

/// Longest head; servers take at most 64 KiB.
const LONGEST_HEAD: usize = 64 * 1024;

/// Which messages a direction carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Messages {
    Requests,
    Responses,
}

impl Messages {
    /// Whether bytes begin such a message: a method with its space, or a version.
    pub(super) fn begin(self, bytes: &[u8]) -> bool {
        match self {
            Messages::Requests => METHODS.iter().any(|method| {
                bytes.strip_prefix(method.as_bytes()).is_some_and(|rest| rest.first() == Some(&b' '))
            }),
            Messages::Responses => bytes.starts_with(b"HTTP/1."),
        }
    }

    /// What the first line of such a message says.
    fn first(self, line: &[u8]) -> Option<Draft> {
        match self {
            Messages::Requests => request_line(line),
            Messages::Responses => status_line(line),
        }
    }

    /// Whether more bytes could make it begin such a message.
    pub(super) fn may_begin(self, bytes: &[u8]) -> bool {
        let begins = match self {
            Messages::Requests => METHODS.iter().any(|method| method.as_bytes().starts_with(bytes)),
            Messages::Responses => b"HTTP/1.".starts_with(bytes),
        };
        begins || self.begin(bytes)
    }
}

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// After as many bytes.
    Length(u64),
    /// By a last chunk.
    Chunked,
    /// With the connection.
    Close,
}

impl Framing {
    pub(super) fn of_request(draft: &Draft) -> Self {
        if draft.is_chunked { Framing::Chunked } else { Framing::Length(draft.length.unwrap_or(0)) }
    }

    /// RFC 9112, section 6.3.
    pub(super) fn of_response(draft: &Draft, status: u16, answers_head: bool) -> Self {
        match draft.length {
            _ if answers_head || status < 200 || status == 204 || status == 304 => Framing::Length(0),
            _ if draft.is_chunked => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => Framing::Close,
        }
    }
}

/// What comes next in a direction.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// A head is complete. [`Parser::frame`] has to be told how its body ends.
    Head(Box<Draft>),
    /// Bytes of a body.
    Body(&'a [u8]),
    /// A body ended.
    End,
    /// A head was begun and cannot be read.
    Dropped(Dropped),
    /// These bytes are no HTTP.
    Foreign,
}

#[derive(Debug)]
enum State {
    /// Between two messages.
    Between,
    /// In the first line.
    First,
    /// In the fields.
    Fields(Box<Draft>),
    /// In a body.
    Body(Rest),
    /// Somewhere, until a fragment begins with a message.
    Lost,
}

/// The parser of one direction.
#[derive(Debug)]
pub(super) struct Parser {
    messages: Messages,
    state: State,
    /// The line that is being read.
    line: Scratch,
    /// Length of the head so far.
    head: usize,
}

impl Parser {
    pub(super) fn new(messages: Messages, is_lost: bool) -> Self {
        let state = if is_lost { State::Lost } else { State::Between };
        Self { messages, state, line: Scratch::default(), head: 0 }
    }

    pub(super) fn is_lost(&self) -> bool {
        matches!(self.state, State::Lost)
    }

    /// Takes up again where a fragment begins with a message, and tells whether it does.
    pub(super) fn resume(&mut self, fragment: &[u8]) -> bool {
        let begins = self.is_lost() && self.messages.begin(fragment);
        if begins {
            self.state = State::Between;
        }
        begins
    }

    /// Gives up until a fragment begins with a message. A head that was begun is dropped for the reason.
    pub(super) fn lose(&mut self, reason: Dropped) -> Option<Dropped> {
        let was_head = match self.state {
            State::First => self.messages.begin(&self.line),
            State::Fields(_) => true,
            _ => false,
        };
        self.line.clear();
        self.state = State::Lost;
        was_head.then_some(reason)
    }

    /// Takes what there is of a head whose fields are being read, and gives up the rest of it.
    pub(super) fn cut(&mut self) -> Option<Draft> {
        if !matches!(self.state, State::Fields(_)) {
            return None;
        }
        self.line.clear();
        match std::mem::replace(&mut self.state, State::Lost) {
            State::Fields(draft) => Some(*draft),
            _ => None,
        }
    }

    /// Passes over bytes that were not seen, as many as are known.
    pub(super) fn skip(&mut self, missing: Option<u64>) -> Option<Dropped> {
        if let (State::Body(rest), Some(missing)) = (&mut self.state, missing)
            && rest.skip(missing)
        {
            return None;
        }
        self.lose(Dropped::Truncated)
    }

    /// Says how the body after the head ends.
    pub(super) fn frame(&mut self, framing: Framing) {
        self.state = State::Body(Rest::new(framing));
    }

    /// What comes next. Nothing, when all of the input was taken.
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Event<'a>> {
        loop {
            match &mut self.state {
                State::Lost => {
                    *input = &[];
                    return None;
                }
                State::Between => {
                    // RFC 9112, section 2.2: empty lines before a request line are ignored.
                    let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                    *input = input.get(blank..).unwrap_or_default();
                    if input.is_empty() {
                        return None;
                    }
                    self.head = 0;
                    self.state = State::First;
                }
                State::First => {
                    if self.line.is_empty()
                        && let Some((line, rest)) = whole(input, self.head)
                        && self.messages.begin(line)
                        && let Some(draft) = self.messages.first(line)
                    {
                        self.head = self.head.saturating_add(line.len());
                        *input = rest;
                        self.state = State::Fields(Box::new(draft));
                        continue;
                    }
                    let line = self.take(input);
                    if !self.messages.may_begin(&self.line) {
                        self.lose(Dropped::Malformed);
                        return Some(Event::Foreign);
                    }
                    match line {
                        Line::Partial => return None,
                        Line::TooLong => return self.lose(Dropped::Oversized).map(Event::Dropped),
                        Line::Whole => {}
                    }
                    let Some(draft) = self.messages.first(&self.line) else {
                        return Some(self.lose(Dropped::Malformed).map_or(Event::Foreign, Event::Dropped));
                    };
                    self.line.clear();
                    self.state = State::Fields(Box::new(draft));
                }
                State::Fields(draft) => {
                    if self.line.is_empty()
                        && let Some((line, rest)) = whole(input, self.head)
                    {
                        self.head = self.head.saturating_add(line.len());
                        *input = rest;
                        field_line(draft, line);
                        continue;
                    }
                    if self.line.ends_with(b"\n") {
                        // A line is complete when the next does not begin with a space.
                        let next = *input.first()?;
                        if next == b' ' || next == b'\t' {
                            let folded = self.line.trim_ascii_end().len();
                            self.line.truncate(folded);
                            self.line.push(b' ');
                        } else {
                            field_line(draft, &self.line);
                            self.line.clear();
                        }
                    }
                    match self.take(input) {
                        Line::Partial => return None,
                        Line::TooLong => return self.lose(Dropped::Oversized).map(Event::Dropped),
                        Line::Whole => {}
                    }
                    if matches!(&*self.line, b"\n" | b"\r\n") {
                        self.line.clear();
                        let State::Fields(draft) = std::mem::replace(&mut self.state, State::Between) else {
                            continue;
                        };
                        return Some(Event::Head(draft));
                    }
                }
                State::Body(rest) => match rest.next(input) {
                    body::Step::Bytes(bytes) => return Some(Event::Body(bytes)),
                    body::Step::Wait => return None,
                    body::Step::End => {
                        self.state = State::Between;
                        return Some(Event::End);
                    }
                    body::Step::Broken => {
                        self.state = State::Lost;
                        return Some(Event::End);
                    }
                },
            }
        }
    }

    /// Moves input up to the end of a line into the line.
    fn take(&mut self, input: &mut &[u8]) -> Line {
        let end = memchr::memchr(b'\n', input).map(|at| at + 1);
        let (line, rest) = input.split_at_checked(end.unwrap_or(input.len())).unwrap_or((*input, &[]));
        *input = rest;
        self.head = self.head.saturating_add(line.len());
        if self.line.len().saturating_add(line.len()) > LONGEST_LINE || self.head > LONGEST_HEAD {
            // Enough to tell that a head began here.
            let start = line.get(..16).filter(|_| self.line.is_empty()).unwrap_or_default();
            self.line.extend(start);
            return Line::TooLong;
        }
        self.line.extend(line);
        if end.is_some() { Line::Whole } else { Line::Partial }
    }

    /// What it occupies.
    pub(super) fn size(&self) -> usize {
        let draft = if let State::Fields(draft) = &self.state { size_of_val(&**draft) } else { 0 };
        self.line.capacity() + draft
    }
}

/// The first line of the input, where it is as a whole within the input, as nearly all are: such a line need not be moved.
/// It is whole where the next line does not begin with a space. The line at a head's end is not told so.
fn whole(input: &[u8], head: usize) -> Option<(&[u8], &[u8])> {
    let (line, rest) = input.split_at_checked(memchr::memchr(b'\n', input)? + 1)?;
    let is_short = line.len() <= LONGEST_LINE && head.saturating_add(line.len()) <= LONGEST_HEAD;
    let is_whole = !matches!(rest.first(), None | Some(b' ' | b'\t')) && !matches!(line, b"\n" | b"\r\n");
    (is_short && is_whole).then_some((line, rest))
}

/// How much of a line there is.
enum Line {
    Partial,
    Whole,
    TooLong,
}

/// `GET /path HTTP/1.1`.
fn request_line(line: &[u8]) -> Option<Draft> {
    let line = line.trim_ascii_end();
    let (method, rest) = line.split_at_checked(line.iter().position(|byte| *byte == b' ')?)?;
    let rest = rest.trim_ascii_start();
    let (target, version) = rest.split_at_checked(rest.iter().rposition(|byte| *byte == b' ')?)?;
    if !matches!(version.trim_ascii(), b"HTTP/1.1" | b"HTTP/1.0") {
        return None;
    }
    let mut draft = Draft::default();
    draft.add(Field::read(Name::Method, method));
    if method == b"CONNECT" {
        draft.add(super::target::Target::tunnel(target).map_or(Field::Invalid, Field::Path));
    } else {
        draft.add(Field::read(Name::Path, target));
    }
    Some(draft)
}

/// `HTTP/1.1 200 OK`.
fn status_line(line: &[u8]) -> Option<Draft> {
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let mut words = rest.trim_ascii().split(|byte| *byte == b' ');
    if !matches!(words.next()?, b"0" | b"1") {
        return None;
    }
    let mut draft = Draft::default();
    draft.add(Field::Status(super::field::status(words.next()?)?));
    Some(draft)
}

/// Whether names of fields may have this byte: RFC 9110, section 5.6.2.
fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// `name: value`.
fn field_line(draft: &mut Draft, line: &[u8]) {
    let Some((name, rest)) = memchr::memchr(b':', line).and_then(|at| line.split_at_checked(at)) else {
        return draft.invalidate();
    };
    if name.is_empty() || !name.iter().all(is_token) {
        return draft.invalidate();
    }
    draft.add(Field::read(Name::of(name), rest.get(1..).unwrap_or_default()));
}
