//! Audit events that API servers deliver: a server for the audit webhook backend of Kubernetes.
//!
//! A request is answered with success only after what it brought is durable. Several that came meanwhile are published together.
//! Each takes room from its head to its answer, so memory is bounded: where there is no room, senders wait.

mod audit;
mod counters;
mod journal;
mod lobby;
#[cfg(test)]
mod samples;
mod server;
mod tls;
mod writer;

pub use audit::AuditLog;
pub use counters::Counters;
pub use journal::{Events, Journal, Journals, Refusal};
pub use server::{Server, ServerSettings};
pub use tls::{Tls, TlsError, TlsSettings};
pub use writer::{Writer, WriterSettings};
