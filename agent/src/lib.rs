//! The node agent: sees every call that a workload makes, on the wire, and writes usage records.

pub mod endpoint;
pub mod head;
pub mod identity;
pub mod metrics;
pub mod recording;
pub mod naming;
pub mod wire;
pub mod kernel;
pub mod probe;
