//! Runs against a real remote repository and a stand-in for the forge's API: what is written, and what is not.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics, also in its helpers")]

mod cuts;
mod daemon;
mod failures;
mod gitlab;
mod lease;
mod limits;
mod people;
mod place;
mod proposals;
mod remotes;
mod rollbacks;
mod statuses;
