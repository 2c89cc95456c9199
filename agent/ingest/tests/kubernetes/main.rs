//! Whole ingests of Kubernetes' audit logs: every form, every outcome, hostile, killed and run again.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics, also in its helpers"
)]

mod event;
mod events;
mod forms;
mod hostile;
mod intake;
mod place;
mod repeated;
