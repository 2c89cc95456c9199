//! Locks between processes on one machine: one writer at a time, and no file taken away under a reader.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::LedgerError;
use crate::layout::READERS_LOCK;

/// Held while a ledger, or a part of it that has a lock of its own, is written; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    pub(crate) fn take(root: &Path, name: &str) -> Result<Self, LedgerError> {
        let path = root.join(name);
        let file = create(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LedgerError::Locked { path: root.to_owned() }),
            Err(TryLockError::Error(source)) => Err(LedgerError::Io { action: "lock", path, source }),
        }
    }
}

/// Held by a reader while it relies on a listing. A ledger without the lock file is one that no compaction has
/// touched, or a copy.
#[derive(Debug)]
pub(crate) struct ReaderLock {
    _file: Option<File>,
}

impl ReaderLock {
    pub(crate) fn share(root: &Path) -> Self {
        let file = File::open(root.join(READERS_LOCK)).ok();
        Self { _file: file.filter(|file| file.lock_shared().is_ok()) }
    }
}

/// Runs `remove` when no reader relies on a listing, or gives up after `patience` and returns false.
pub(crate) fn without_readers(
    root: &Path,
    patience: Duration,
    remove: impl FnOnce() -> Result<(), LedgerError>,
) -> Result<bool, LedgerError> {
    let path = root.join(READERS_LOCK);
    let file = create(&path)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => {
                remove()?;
                return Ok(true);
            }
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(source)) => {
                return Err(LedgerError::Io { action: "lock", path, source });
            }
        }
    }
}

/// Makes sure the readers' lock exists, so that readers can share it.
pub(crate) fn create_readers_lock(root: &Path) -> Result<(), LedgerError> {
    create(&root.join(READERS_LOCK)).map(drop)
}

fn create(path: &Path) -> Result<File, LedgerError> {
    OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .open(path)
        .map_err(LedgerError::io("open", path))
}
