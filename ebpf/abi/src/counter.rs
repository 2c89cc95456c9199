//! What the kernel programs count.

/// What the kernel programs count, each the index of a value for each processor.
///
/// Every call that a probe sees is an attempt, and ends in exactly one way: attempts = emitted + empty + other +
/// throttled + full + unreadable + untracked + repeated + summed + open.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Calls that a probe saw.
    Attempts,
    /// Calls of which all that is wanted was emitted.
    Emitted,
    /// Calls that wrote nothing.
    Empty,
    /// Calls that wrote something other than a head: bodies, and protocols that are not HTTP.
    Other,
    /// Calls whose cgroup had used up its share.
    Throttled,
    /// Calls for which the ring buffer had no room.
    Full,
    /// Calls whose buffer could not be read.
    Unreadable,
    /// Calls of connections that could not be remembered.
    Untracked,
    /// Calls that make the one before once more, since that could not be done yet.
    Repeated,
    /// Pieces of plaintext put into the ring buffer.
    Pieces,
    /// Programs started.
    Starts,
    /// Programs started for whose event the ring buffer had no room.
    LostStarts,
    /// Processes ended.
    Exits,
    /// Processes ended for whose event the ring buffer had no room.
    LostExits,
    /// Events of sockets put into the ring buffer: what they sent first, and answers of DNS they received.
    Sockets,
    /// Events of sockets, and first sights of connections, that did not get there.
    LostSockets,
    /// Of these, connections that sent data, of which nothing else tells.
    LostConnections,
    /// Calls that are the same as the one before, added up in the kernel.
    Summed,
    /// Calls that are the same as the one before and were not answered yet, so that it is not known whether they are told or
    /// added up. This one goes down, too; but for those whose connection or process ended before.
    Open,
}

/// How many counters there are.
pub const COUNTERS: u32 = 19;

const _: () = assert!(Counter::Open as u32 + 1 == COUNTERS);

impl Counter {
    /// The ways in which an attempt ends.
    pub const ENDS: [Counter; 10] = [
        Counter::Emitted,
        Counter::Empty,
        Counter::Other,
        Counter::Throttled,
        Counter::Full,
        Counter::Unreadable,
        Counter::Untracked,
        Counter::Repeated,
        Counter::Summed,
        Counter::Open,
    ];

    /// All of them, in order.
    pub const ALL: [Counter; COUNTERS as usize] = [
        Counter::Attempts,
        Counter::Emitted,
        Counter::Empty,
        Counter::Other,
        Counter::Throttled,
        Counter::Full,
        Counter::Unreadable,
        Counter::Untracked,
        Counter::Repeated,
        Counter::Pieces,
        Counter::Starts,
        Counter::LostStarts,
        Counter::Exits,
        Counter::LostExits,
        Counter::Sockets,
        Counter::LostSockets,
        Counter::LostConnections,
        Counter::Summed,
        Counter::Open,
    ];

    /// Its name in metrics and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Counter::Attempts => "attempts",
            Counter::Emitted => "emitted",
            Counter::Empty => "empty",
            Counter::Other => "other",
            Counter::Throttled => "throttled",
            Counter::Full => "full",
            Counter::Unreadable => "unreadable",
            Counter::Untracked => "untracked",
            Counter::Repeated => "repeated",
            Counter::Pieces => "pieces",
            Counter::Starts => "starts",
            Counter::LostStarts => "lost_starts",
            Counter::Exits => "exits",
            Counter::LostExits => "lost_exits",
            Counter::Sockets => "sockets",
            Counter::LostSockets => "lost_sockets",
            Counter::LostConnections => "lost_connections",
            Counter::Summed => "summed",
            Counter::Open => "open",
        }
    }
}
