//! The `remit` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    remit_analyzer::run()
}
