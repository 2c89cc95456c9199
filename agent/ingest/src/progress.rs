//! How far an ingest has come.

/// Is told how far an ingest has come; called from several threads, after every file or a few megabytes.
pub trait Progress: Sync {
    /// More input was found: files, and their bytes as stored (0 where unknown).
    fn found(&self, files: u64, bytes: u64) {
        let _ = (files, bytes);
    }

    /// Input is done with: files, their bytes as stored, events met in them.
    fn done(&self, files: u64, bytes: u64, events: u64) {
        let _ = (files, bytes, events);
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {}
