//! What the exit code says.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Findings are present; only with `--check`.
    Findings,
    /// Failed, or some of the input could not be read; what could be was used.
    Failed,
    /// Wrong usage (`EX_USAGE` of `sysexits.h`).
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::Usage => 64,
        })
    }
}
