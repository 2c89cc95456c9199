//! The `remit` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Threads that analyse principals and that read and write Parquet ask for memory all the time, and the system's allocator makes them wait
/// for each other.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    remit_analyzer::run()
}
