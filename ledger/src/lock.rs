//! Locks between processes on one machine: one writer with positions at a time, no unfinished file taken away under a writer, and
//! no file under a reader.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::LedgerError;
use crate::layout::{PRESENCE_LOCK, READERS_LOCK};

/// Held while a ledger, or a part of it that has a lock of its own, is written; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    pub(crate) fn take(root: &Path, name: &str) -> Result<Self, LedgerError> {
        let path = root.join(name);
        let file = create(&path)?;
        let is_locked = within(Duration::ZERO, || file.try_lock(), &path)?;
        if is_locked { Ok(Self { _file: file }) } else { Err(LedgerError::Locked { path: root.to_owned() }) }
    }
}

/// How long a writer waits for another that takes away unfinished files.
const PATIENCE: Duration = Duration::from_secs(1);

/// Held by everyone who writes usage. Names of files are each writer's own, so writers need not wait for each other; what a dead
/// one left unfinished can only be told from what a living one writes where there is none.
#[derive(Debug)]
pub(crate) struct Presence {
    file: File,
}

impl Presence {
    /// Beside others; not where one of them takes away unfinished files for long.
    pub(crate) fn shared(root: &Path) -> Result<Self, LedgerError> {
        let presence = Self { file: create(&root.join(PRESENCE_LOCK))? };
        presence.share(root)?;
        Ok(presence)
    }

    /// Runs `tidy` while nobody else writes; not where somebody does.
    pub(crate) fn alone(
        &self,
        root: &Path,
        tidy: impl FnOnce() -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let path = root.join(PRESENCE_LOCK);
        self.file.unlock().map_err(LedgerError::io("lock", &path))?;
        let is_alone = within(Duration::ZERO, || self.file.try_lock(), &path)?;
        let done = if is_alone { tidy() } else { Ok(()) };
        if is_alone {
            self.file.unlock().map_err(LedgerError::io("lock", &path))?;
        }
        self.share(root)?;
        done
    }

    fn share(&self, root: &Path) -> Result<(), LedgerError> {
        let path = root.join(PRESENCE_LOCK);
        let is_shared = within(PATIENCE, || self.file.try_lock_shared(), &path)?;
        if is_shared { Ok(()) } else { Err(LedgerError::Locked { path: root.to_owned() }) }
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
    let is_locked = within(patience, || file.try_lock(), &path)?;
    if is_locked {
        remove()?;
    }
    Ok(is_locked)
}

/// Takes a lock, if it is free before patience ends.
fn within(
    patience: Duration,
    lock: impl Fn() -> Result<(), TryLockError>,
    path: &Path,
) -> Result<bool, LedgerError> {
    let start = Instant::now();
    loop {
        match lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(source)) => {
                return Err(LedgerError::Io { action: "lock", path: path.to_owned(), source });
            }
        }
    }
}

/// Makes sure the readers' lock exists, so that readers can share it.
pub(crate) fn create_readers_lock(root: &Path) -> Result<(), LedgerError> {
    create(&root.join(READERS_LOCK)).map(drop)
}

fn create(path: &Path) -> Result<File, LedgerError> {
    // On NFS a shared lock needs a file that is open for reading, and one's own a file that is open for writing: flock(2).
    OpenOptions::new()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .open(path)
        .map_err(LedgerError::io("open", path))
}
