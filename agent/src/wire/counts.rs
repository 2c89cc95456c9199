//! What was seen, delivered and dropped: no head disappears without a reason.

use std::fmt;

/// Why a head that was begun was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dropped {
    /// Bytes of it are missing.
    Truncated,
    /// It is longer than any server takes.
    Oversized,
    /// It breaks the protocol, or contradicts itself.
    Malformed,
    /// Neither its method nor its path could be decoded, because the stream was joined late or bytes were lost.
    Undecoded,
    /// Its stream was closed before it was complete.
    Unfinished,
    /// Its stream had to make room before it was complete.
    Evicted,
}

impl Dropped {
    /// All reasons.
    pub const ALL: [Self; 6] =
        [Self::Truncated, Self::Oversized, Self::Malformed, Self::Undecoded, Self::Unfinished, Self::Evicted];
}

impl fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Truncated => "truncated",
            Self::Oversized => "oversized",
            Self::Malformed => "malformed",
            Self::Undecoded => "undecoded",
            Self::Unfinished => "unfinished",
            Self::Evicted => "evicted",
        })
    }
}

/// What became of the fragments. Always `seen` = `delivered` + all `dropped` + what is [held](super::Streams::held).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Fragments that came in.
    pub fragments: u64,
    /// Bytes of the buffers that they stand for.
    pub bytes: u64,
    /// Bytes of these buffers that were not copied.
    pub uncopied: u64,
    /// Heads of requests that were complete, or dropped.
    pub seen: u64,
    /// Calls that were handed on.
    pub delivered: u64,
    /// Of these, calls some fields of which could not be decoded.
    pub partial: u64,
    dropped: [u64; Dropped::ALL.len()],
    /// Written fragments before which bytes are missing that are no body's: heads may have been there.
    pub gaps: u64,
    /// Times that a table of HPACK became unknown.
    pub forgotten: u64,
    /// Fragments, or the rest of them, that belong to no HTTP that could be followed.
    pub foreign: u64,
    /// Fragments of streams on which the process answers requests and makes none.
    pub served: u64,
    /// Responses whose request was not seen, or could not be told.
    pub unmatched: u64,
    /// Heads of responses that could not be read.
    pub unread: u64,
    /// Streams that had to make room.
    pub evicted: u64,
}

impl Counts {
    /// Heads that were dropped for a reason.
    #[must_use]
    pub fn dropped(&self, reason: Dropped) -> u64 {
        let at = Dropped::ALL.iter().position(|known| *known == reason);
        at.and_then(|at| self.dropped.get(at)).copied().unwrap_or(0)
    }

    /// Heads that were dropped for any reason.
    #[must_use]
    pub fn all_dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }

    pub(super) fn drop_head(&mut self, reason: Dropped) {
        self.seen += 1;
        let at = Dropped::ALL.iter().position(|known| *known == reason);
        if let Some(count) = at.and_then(|at| self.dropped.get_mut(at)) {
            *count += 1;
        }
    }
}
