//! What can go wrong with the kernel's side.

use aya::EbpfError;
use aya::maps::MapError;
use aya::programs::ProgramError;

/// What can go wrong with the kernel's side.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// The kernel does not take the programs or their maps.
    #[error("the kernel does not take the programs: {}", chain(.0))]
    Load(#[from] EbpfError),
    /// A program is not taken, or cannot be attached.
    #[error("program `{program}` cannot be {step}: {}", chain(.source))]
    Program {
        /// The program's name.
        program: &'static str,
        /// `loaded` or `attached`.
        step: &'static str,
        /// What the kernel says.
        source: ProgramError,
    },
    /// A map cannot be used.
    #[error("map `{map}` cannot be used: {}", chain(.source))]
    Map {
        /// The map's name.
        map: &'static str,
        /// What the kernel says.
        source: MapError,
    },
    /// The agent does not find its own function.
    #[error("the agent's own function cannot be found: {0}")]
    Own(std::io::Error),
    /// The committed object lacks a part.
    #[error("the compiled programs have no `{0}`\nhint: run `cargo xtask ebpf`, and build again")]
    Missing(&'static str),
    /// The ring buffer cannot be waited for.
    #[error("the ring buffer cannot be waited for: {0}")]
    Wait(#[from] std::io::Error),
}

/// An error with its causes, but for the verifier's log, which is for developers and pages long.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let one = error.to_string();
        let line = one.lines().next().unwrap_or_default();
        // Some errors say their cause themselves.
        if !text.contains(line) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(line);
        }
        next = error.source();
    }
    text
}
