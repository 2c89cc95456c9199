//! What fuzz targets share: streams in which every head must be accounted for, and memory is bounded.

use remit_agent::wire::{Call, Direction, Fragment, Key, Limits, Responses, Streams};

const LIMITS: Limits = Limits { streams: 4, bytes: 1 << 20, responses: Responses::Full, patience: 0 };

/// Streams under test, with the calls that came out.
pub struct Tested {
    streams: Streams,
    calls: Vec<Call>,
    ends: [[u64; 2]; 8],
}

impl Tested {
    /// No streams yet.
    pub fn new() -> Self {
        Self { streams: Streams::new(LIMITS), calls: Vec::new(), ends: [[0; 2]; 8] }
    }

    /// Feeds bytes that follow those before on a stream, after some that are missing.
    pub fn feed(&mut self, object: u8, direction: Direction, missing: u64, bytes: &[u8]) {
        let end = &mut self.ends[usize::from(object % 8)][usize::from(direction == Direction::Read)];
        let sequence = end.saturating_add(missing);
        *end = sequence.saturating_add(bytes.len() as u64);
        let key = Key { process: 1, object: u64::from(object % 8) };
        self.streams.feed(key, Fragment { direction, sequence, total: 0, bytes, time: 0 }, &mut self.calls);
        self.check();
        assert!(self.streams.bytes() <= LIMITS.bytes && self.streams.len() <= LIMITS.streams);
    }

    /// Ends all streams.
    pub fn end(mut self) {
        self.streams.close_all(&mut self.calls);
        assert_eq!(self.streams.held(), 0);
        self.check();
    }

    fn check(&self) {
        let counts = self.streams.counts();
        assert_eq!(counts.delivered, self.calls.len() as u64);
        assert_eq!(counts.seen, counts.delivered + counts.all_dropped() + self.streams.held());
    }
}

impl Default for Tested {
    fn default() -> Self {
        Self::new()
    }
}
