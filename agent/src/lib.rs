//! The node agent: sees every call that a workload makes, on the wire, and writes usage records.

pub mod head;
pub mod kernel;
pub mod probe;
