//! What the kernel programs and the agent say to each other. Layouts are asserted where they are declared, since the
//! two sides are compiled by different compilers for different machines.

#![no_std]

mod counter;
mod header;
mod peer;
pub mod rpc;
mod word;

pub use counter::{COUNTERS, Counter};
pub use header::{HEADER, Header};
pub use peer::{PEER, Peer};
pub use word::{Direction, Kind, Library, flag};

/// The most bytes of plaintext that one event carries.
pub const PIECE: usize = 1024;

/// The most bytes of a ClientHello that are taken. One with a key share of post-quantum cryptography has about 1,700.
pub const HELLO: usize = 2048;

/// The most bytes of one HTTP/1 head that are taken; what is longer is cut.
pub const LONGEST_HEAD: u32 = 16 * 1024;

/// Bytes of what names a connection in the kernel's memory: object, process and direction.
pub const STREAM_KEY: usize = 16;

/// Bytes of what the kernel remembers of a connection's direction.
pub const STREAM: usize = 120;

/// Where in that is how many events there were, followed by how many requests were added up, each of four bytes.
pub const STREAM_SEQUENCE: usize = 8;

/// Where in that is, in four bytes, what waits for an answer.
pub const STREAM_ASKS: usize = 44;

/// The bit of it that says that a request waits which is the same as the last that was told, and neither told nor added up.
pub const STREAM_OPEN: u32 = 2;

/// Requests are added up by the fields that the agent has a use for, as soon as they are written.
pub const SUMS_BY_FIELDS: u64 = 1;

/// Requests are added up by all their bytes, once they are answered.
pub const SUMS_BY_BYTES: u64 = 2;

/// Bytes of a program's name, as the kernel keeps it: cut to one less.
pub const NAME: usize = 16;

/// Bytes of the ring buffer that the agent's own call overwrites.
pub const OVERWRITTEN: u32 = 64 * 1024;

/// Bytes of the ring buffer between kernel and agent.
pub const RING: u32 = 4 * 1024 * 1024;
