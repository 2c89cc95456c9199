//! What is seen of connections whose plaintext may not be: the name in a ClientHello, answers of DNS, and which of them
//! a probe could read.
//!
//! Everything here was sent by someone else and may be hostile: nothing panics, and memory is bounded.

mod answer;
mod bytes;
mod connections;
mod hello;
mod names;

pub use answer::{Address, answer};
pub use connections::{Connection, Connections, peer_address};
pub use hello::server_name;
