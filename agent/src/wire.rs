//! From captured plaintext to calls: what the kernel copied of the buffers that a process gave to its TLS library, or got
//! from it, becomes heads of requests with the beginnings of their responses.
//!
//! Everything here was written by someone else and may be hostile: nothing panics, memory is bounded by [`Limits`], and
//! what cannot be decoded is counted, never guessed. Buffers with heads are overwritten once they are parsed, and values
//! that are not on the allow-list of [`crate::head`] are never copied out of them.

mod beginning;
mod counts;
mod draft;
mod field;
mod fragment;
mod hpack;
mod http1;
mod http2;
mod query;
mod responses;
mod rpc;
mod scope;
mod scratch;
mod stream;
mod streams;
mod target;
mod token;

pub use counts::{Counts, Dropped};
pub use fragment::{Call, Direction, Fragment, Key};
pub use responses::Responses;
pub use rpc::rpc_text;
pub use streams::{Limits, Streams};

#[cfg(test)]
mod tests;
