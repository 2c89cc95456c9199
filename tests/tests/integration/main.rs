//! End-to-end tests: one binary, since every further one would link everything again. A module per subject.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics, also in its helpers")]

mod audit_logs;
mod chart;
mod check;
mod cluster;
mod completions;
mod configuration;
mod demo;
mod deploys;
mod doctor;
mod documentation;
mod duckdb;
mod groups;
mod intent;
mod judged;
mod kubectl;
mod learning;
mod links;
mod order;
mod page;
mod proposal;
mod pull;
mod pull_requests;
mod rbac;
mod real;
mod real_policies;
mod referee;
mod report;
mod source;
mod states;
mod store;
mod truth;
mod wire;
mod wrong;
