//! Granted permissions against used ones: findings, proven proposals, reports.
//!
//! This is the outermost crate: only here are ledgers queried, files written and people talked to.

mod analysis;
mod cli;
mod exit;
mod finding;
mod grants;
mod ledgers;
mod names;
mod output;
mod proposals;
mod regions;
pub mod report;
mod rollup;
mod span;
mod visible;

pub use cli::run;
