//! The agent against real clients, with a server's own log as the truth.
//!
//! All of it runs as root on a kernel that permits BPF, and is skipped loudly elsewhere.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics, also in its helpers"
)]

mod aws;
mod calls;
mod chart;
mod cluster;
mod frames;
mod http2;
mod kubelet;
mod lifecycle;
mod load;
mod metrics;
mod pod;
mod pods;
mod rpc;
mod run;
mod runtimes;
mod secrets;
mod server;
mod sockets;
mod sums;
mod trace;
mod webhook;
