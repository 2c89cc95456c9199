//! Whole ingests: killed, badly fed, and in any order.
#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics, also in its helpers"
)]

mod bad_input;
mod contents;
mod copies;
mod events;
mod interrupted;
mod kill;
mod log;
mod losses;
mod order;
mod resume;
mod secrets;
mod stdin;
