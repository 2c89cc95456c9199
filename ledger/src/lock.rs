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
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LedgerError::Locked { path: root.to_owned() }),
            Err(TryLockError::Error(source)) => Err(LedgerError::Io { action: "lock", path, source }),
        }
    }
}

/// How long whoever would take away unfinished files waits until no other writes.
const PATIENCE: Duration = Duration::from_secs(1);

/// Held by everyone who writes usage. Names of files are each writer's own, so writers need not wait for each other; what a dead
/// one left unfinished can only be told from what a living one writes where there is none.
#[derive(Debug)]
pub(crate) struct Presence {
    file: File,
    is_alone: bool,
}

impl Presence {
    /// Beside others; not where one of them takes away unfinished files.
    pub(crate) fn shared(root: &Path) -> Result<Self, LedgerError> {
        let mut presence = Self { file: create(&root.join(PRESENCE_LOCK))?, is_alone: false };
        presence.share(root)?;
        Ok(presence)
    }

    /// Alone where others soon end to write, and beside them otherwise.
    pub(crate) fn alone(root: &Path) -> Result<Self, LedgerError> {
        let path = root.join(PRESENCE_LOCK);
        let file = create(&path)?;
        let is_alone = lock_within(&file, &path, PATIENCE)?;
        let mut presence = Self { file, is_alone };
        if !is_alone {
            presence.share(root)?;
        }
        Ok(presence)
    }

    /// Whether nobody else writes.
    pub(crate) fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// Lets others write, too.
    pub(crate) fn share(&mut self, root: &Path) -> Result<(), LedgerError> {
        let failed = |source| LedgerError::Io { action: "lock", path: root.join(PRESENCE_LOCK), source };
        if self.is_alone {
            self.file.unlock().map_err(failed)?;
            self.is_alone = false;
        }
        match self.file.try_lock_shared() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(LedgerError::Locked { path: root.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
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
    let is_locked = lock_within(&file, &path, patience)?;
    if is_locked {
        remove()?;
    }
    Ok(is_locked)
}

/// Takes a lock alone, if it is free before patience ends.
fn lock_within(file: &File, path: &Path, patience: Duration) -> Result<bool, LedgerError> {
    let start = Instant::now();
    loop {
        match file.try_lock() {
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
