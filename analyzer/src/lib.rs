//! Granted permissions against used ones: findings, proven proposals, reports.
//!
//! This is the outermost crate: only here are ledgers queried, files written and people talked to.

mod ahead;
mod analysis;
mod api_server;
mod backtest;
mod calls;
mod cli;
mod cluster;
mod configuration;
mod deploys;
mod exit;
mod files;
mod finding;
mod gate;
mod grants;
mod holders;
mod holes;
mod intent;
mod judged;
mod learn;
mod ledgers;
mod links;
mod manifests;
mod mutes;
mod names;
mod outcome;
mod output;
mod owners;
mod pattern;
mod pod_calls;
mod proposals;
mod regions;
mod renewal;
pub mod report;
mod review;
mod rollup;
mod sarif;
mod sessions;
mod sightings;
mod sources;
mod span;
mod split;
mod states;
mod suspects;
mod typo;
mod visible;
mod workloads;
mod written;
mod yaml;

pub use cli::run;
