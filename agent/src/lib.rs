//! The node agent: sees every call that a workload makes, on the wire, and writes usage records.

pub mod capture;
pub mod delivery;
pub mod endpoint;
mod files;
pub mod head;
pub mod identity;
pub mod kernel;
pub mod metrics;
pub mod naming;

pub mod probe;
pub mod recording;
pub mod sockets;
pub mod wire;
