//! Calls become usage records: counted in bounded memory, published at least once a minute, and what is lost on the way
//! is counted too.
//!
//! Two halves, so that a slow disk holds up nobody who observes: a [`Recorder`] counts and hands out a [`Batch`] now and
//! then, a [`Store`] publishes batches on a thread of its own, and its answer goes back to the recorder. Attempts are
//! at any time what was recorded, what is pending and what was dropped, by reason.

mod call;
mod conservation;
mod losses;
mod part;
mod publish;
mod recorder;
#[cfg(test)]
mod samples;
mod sights;
mod spool;
mod store;
mod table;

pub use call::{Call, EVIDENCE, Principal, SNI};
pub use conservation::Conservation;
pub use part::Batch;
pub use recorder::{Recorder, RecorderSettings};
pub use store::{Place, Store, StoreSettings, Written};
