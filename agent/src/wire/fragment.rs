//! What goes in, and what comes out.

use super::counts::Counts;
use crate::head::{Head, Response};

/// A stream: a TLS object of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The process, by its thread group.
    pub process: u32,
    /// The address of its TLS object.
    pub object: u64,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the process.
    Written,
    /// To the process.
    Read,
}

/// What was copied of a buffer. A buffer may come as several fragments, in part, or not at all.
#[derive(Clone, Copy)]
pub struct Fragment<'a> {
    /// Which way it goes.
    pub direction: Direction,
    /// How many bytes went this way on this TLS object before the first of [`bytes`](Self::bytes), whether they were
    /// copied or not, as TCP counts them. So what is missing is known exactly, and 0 begins a connection.
    pub sequence: u64,
    /// Bytes of the buffer from the first of [`bytes`](Self::bytes) on, of which the last may not have been copied.
    pub total: u32,
    /// The bytes.
    pub bytes: &'a [u8],
    /// When they were seen, in microseconds since the Unix epoch.
    pub time: i64,
    /// Whether what is read on this TLS object is seen, so that calls may wait for responses.
    pub has_reads: bool,
}

impl std::fmt::Debug for Fragment<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The bytes may hold a token.
        let Self { direction, sequence, total, bytes, .. } = self;
        write!(formatter, "Fragment({direction:?} {sequence}: {} of {total} bytes)", bytes.len())
    }
}

/// A call that a process made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The stream that it was made on.
    pub key: Key,
    /// Its head.
    pub head: Box<Head>,
    /// How many fields of the head could not be decoded, because the stream was joined late or bytes were lost. Where there
    /// are any, whatever the head lacks may have been sent: its method and path where they are empty, and any optional
    /// field. Such a call must not be named by what it lacks.
    pub unknown: u32,
    /// How it was answered, if that was seen.
    pub response: Option<Response>,
    /// When its head was complete, in microseconds since the Unix epoch.
    pub time: i64,
}

/// Where calls of a stream go.
pub(super) struct Sink<'a> {
    pub(super) key: Key,
    pub(super) calls: &'a mut Vec<Call>,
    pub(super) counts: &'a mut Counts,
    /// When it is, in microseconds since the Unix epoch.
    pub(super) now: i64,
}

impl Sink<'_> {
    pub(super) fn deliver(&mut self, head: Box<Head>, unknown: u32, response: Option<Response>, time: i64) {
        self.counts.delivered += 1;
        self.counts.partial += u64::from(unknown > 0);
        self.calls.push(Call { key: self.key, head, unknown, response, time });
    }
}
