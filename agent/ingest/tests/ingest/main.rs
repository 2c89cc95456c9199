//! Whole ingests: killed, badly fed, and in any order.

mod bad_input;
mod contents;
mod kill;
mod log;
mod order;
