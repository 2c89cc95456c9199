//! One stream: both directions of a TLS object, and what it speaks.

use super::{
    counts::Dropped,
    fragment::{Call, Direction, Fragment, Sink},
    http1::{self, Messages},
    http2,
    responses::{Exchanges, Responses},
    scratch::Scratch,
};

/// What a stream speaks.
#[derive(Debug)]
enum Protocol {
    /// It is not known yet. Bytes from the beginning are kept while they may be HTTP/2's preface.
    Undecided(Scratch),
    Http1(Box<http1::Connection>),
    Http2(Box<http2::Connection>),
    /// The process answers on it.
    Served,
    /// A tunnel, in which anything follows.
    Foreign,
}

/// What a connection turns into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It stays what it is.
    Stay,
    /// The process answers on it.
    Served,
    /// It becomes a tunnel.
    Foreign,
}

/// Bytes of a direction that were not seen before a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Nothing,
    Bytes(u64),
    /// What came does not follow what was there.
    Unknown,
}

impl Missing {
    pub(super) fn known(self) -> Option<u64> {
        if let Missing::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

/// Both directions of a TLS object.
#[derive(Debug)]
pub(super) struct Stream {
    protocol: Protocol,
    exchanges: Exchanges,
    responses: Responses,
    /// Where the next fragments would go on.
    written: u64,
    read: u64,
}

impl Stream {
    /// A stream whose calls wait for their responses, or do not.
    pub(super) fn new(responses: Responses) -> Self {
        Self {
            protocol: Protocol::Undecided(Scratch::default()),
            exchanges: Exchanges::new(responses),
            responses,
            written: 0,
            read: 0,
        }
    }

    /// Takes a fragment.
    pub(super) fn feed(&mut self, fragment: Fragment<'_>, sink: &mut Sink<'_>) {
        let Fragment { direction, sequence, bytes, .. } = fragment;
        if direction == Direction::Written && sequence == 0 && self.written > 0 {
            // Another connection has the address of one that is gone.
            self.close(Dropped::Unfinished, sink);
            *self = Self::new(self.responses);
        }
        let next = if direction == Direction::Written { &mut self.written } else { &mut self.read };
        let missing = match sequence.checked_sub(*next) {
            Some(0) => Missing::Nothing,
            Some(bytes) => Missing::Bytes(bytes),
            None => Missing::Unknown,
        };
        *next = sequence.saturating_add(bytes.len() as u64);
        if bytes.is_empty() || direction == Direction::Read && self.responses == Responses::Off {
            return;
        }
        if let Protocol::Undecided(begin) = &mut self.protocol
            && direction == Direction::Written
            && sequence == begin.len() as u64
        {
            begin.extend(bytes);
            if begin.len() < http2::PREFACE.len() && http2::PREFACE.starts_with(begin) {
                return;
            }
            let begin = std::mem::take(begin);
            self.protocol = begun(&begin);
            return self.parse(direction, Missing::Nothing, &begin, sink);
        }
        if let Some(protocol) = self.turned(direction, bytes) {
            self.give_up(protocol, Dropped::Truncated, sink);
        }
        self.parse(direction, missing, bytes, sink);
    }

    /// What it speaks after all, where that was not known, or where both directions are lost in what was taken for it.
    fn turned(&self, direction: Direction, bytes: &[u8]) -> Option<Protocol> {
        let (ours, theirs) = match direction {
            Direction::Written => (Messages::Requests, Messages::Responses),
            Direction::Read => (Messages::Responses, Messages::Requests),
        };
        match &self.protocol {
            Protocol::Undecided(_) if theirs.begin(bytes) => Some(Protocol::Served),
            Protocol::Undecided(_) if http2::begins(bytes) => {
                Some(Protocol::Http2(Box::new(http2::Connection::late())))
            }
            Protocol::Http1(http) if http.is_lost() && http2::begins(bytes) => {
                Some(Protocol::Http2(Box::new(http2::Connection::late())))
            }
            Protocol::Http2(http) if !http.is_lost() => None,
            Protocol::Served if direction == Direction::Read => None,
            Protocol::Undecided(_) | Protocol::Http2(_) | Protocol::Served if ours.begin(bytes) => {
                Some(Protocol::Http1(Box::new(http1::Connection::new(true))))
            }
            _ => None,
        }
    }

    fn parse(&mut self, direction: Direction, missing: Missing, bytes: &[u8], sink: &mut Sink<'_>) {
        let exchanges = &mut self.exchanges;
        let turn = match (&mut self.protocol, direction) {
            (Protocol::Http1(http), Direction::Written) => http.written(missing, bytes, exchanges, sink),
            (Protocol::Http1(http), Direction::Read) => http.read(missing, bytes, exchanges, sink),
            (Protocol::Http2(http), Direction::Written) => http.written(missing, bytes, exchanges, sink),
            (Protocol::Http2(http), Direction::Read) => http.read(missing, bytes, exchanges, sink),
            (Protocol::Served, _) => {
                sink.counts.served += 1;
                return;
            }
            (Protocol::Undecided(begin), Direction::Written) => {
                begin.clear();
                sink.counts.foreign += 1;
                return;
            }
            (Protocol::Undecided(_) | Protocol::Foreign, _) => {
                sink.counts.foreign += 1;
                return;
            }
        };
        match turn {
            Turn::Stay => {}
            Turn::Served => self.give_up(Protocol::Served, Dropped::Malformed, sink),
            Turn::Foreign => self.give_up(Protocol::Foreign, Dropped::Unfinished, sink),
        }
    }

    /// Takes a call once more. It is made over HTTP/1, of which alone the kernel's programs tell so.
    pub(super) fn again(&mut self, call: Call, sink: &mut Sink<'_>) {
        let number = match &mut self.protocol {
            Protocol::Http1(http) => http.next(),
            _ => 0,
        };
        self.exchanges.ask(number, Some((call.head, call.unknown)), false, sink);
    }

    /// Replaces what it speaks.
    fn give_up(&mut self, protocol: Protocol, reason: Dropped, sink: &mut Sink<'_>) {
        self.close(reason, sink);
        self.protocol = protocol;
        self.exchanges = Exchanges::new(self.responses);
    }

    /// Delivers what waits, and drops what is not complete for the reason.
    pub(super) fn close(&mut self, reason: Dropped, sink: &mut Sink<'_>) {
        match &mut self.protocol {
            Protocol::Http1(http) => http.close(reason, sink),
            Protocol::Http2(http) => http.close(reason, sink),
            _ => {}
        }
        self.exchanges.abandon_all(sink);
    }

    /// Delivers without a response what has waited for it since before a time.
    pub(super) fn sweep(&mut self, before: i64, sink: &mut Sink<'_>) {
        self.exchanges.sweep(before, sink);
    }

    /// How many calls wait.
    pub(super) fn held(&self) -> usize {
        self.exchanges.held()
    }

    /// What it occupies.
    pub(super) fn size(&self) -> usize {
        let protocol = match &self.protocol {
            Protocol::Http1(http) => http.size(),
            Protocol::Http2(http) => http.size(),
            Protocol::Undecided(begin) => begin.capacity(),
            Protocol::Served | Protocol::Foreign => 0,
        };
        size_of::<Self>() + protocol + self.exchanges.size()
    }
}

/// What a connection speaks that begins so.
fn begun(bytes: &[u8]) -> Protocol {
    if bytes.starts_with(http2::PREFACE) {
        Protocol::Http2(Box::new(http2::Connection::new()))
    } else if Messages::Responses.begin(bytes) {
        Protocol::Served
    } else {
        Protocol::Http1(Box::new(http1::Connection::new(false)))
    }
}
