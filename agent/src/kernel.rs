//! The kernel's side: loading the programs, attaching them, and reading what they say.
//!
//! The programs are compiled beforehand by `cargo xtask ebpf` and committed, so that building the agent needs neither
//! their compiler nor privileges.

mod breakpoint;
mod counts;
mod descriptors;
mod error;
mod events;
mod object;
mod own;
mod sockets;

pub use breakpoint::has_breakpoint;
pub use counts::Counts;
pub use error::KernelError;
pub use events::Events;
pub use object::{Kernel, Link, Share};
pub use own::Own;
