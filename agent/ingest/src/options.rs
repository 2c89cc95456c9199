//! What is asked of an ingest.

use std::path::PathBuf;

use remit_ledger::{Observer, REMEMBERED};

/// What to ingest, and where to.
#[derive(Default)]
pub struct Options {
    /// Files, folders, globs, `-` for standard input, or addresses of object stores.
    pub inputs: Vec<String>,
    /// The ledger's folder.
    pub ledger: PathBuf,
    /// Threads that read; as many as there are processors when 0.
    pub threads: usize,
    /// Identifier of the run in file names; random when none.
    pub writer: Option<String>,
    /// Is told of every step of publishing. For tests.
    pub observer: Option<Observer>,
    /// Bounds on memory; for tests.
    pub limits: Limits,
}

/// Bounds on memory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of counts, of all workers together, at which they are flushed. As many again may be in the writing.
    pub counts: usize,
    /// Events that are remembered to find those delivered twice.
    pub remembered: usize,
    /// Nodes of the trees that bound names, of all workers together.
    pub names: usize,
    /// Size as stored up to which a file is read whole.
    pub whole_stored: usize,
    /// Decompressed size up to which a file is read whole, of all workers together.
    pub whole_plain: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            counts: 48 << 20,
            remembered: REMEMBERED,
            names: 200_000,
            whole_stored: 8 << 20,
            whole_plain: 64 << 20,
        }
    }
}
