//! Writing states: each is written under a temporary name, synced and renamed, and says itself what it is of. So each counts, or
//! does not, for itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::layout::{ROLLUP, ROLLUP_LOCK, TEMPORARY};
use crate::listing::walk;
use crate::lock::{WriterLock, without_readers};
use crate::month::Month;
use crate::packing::{Packing, usage_properties};
use crate::publish::random_name;
use crate::record::DAY;
use crate::snapshot::Place;
use crate::staged::{StagedTable, sync_folder};
use crate::state::{Summed, state_path, state_schema};
use crate::store::join;
use crate::{LedgerError, Provider, Snapshot};

/// How long readers are waited for before a state that is no longer used is left to the next writer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The one process that writes the states of a ledger on this machine. Usage may be written meanwhile.
pub struct StateWriter {
    place: Place,
    /// Where files are written: the ledger itself, or a folder whose files are copied into a store.
    root: PathBuf,
    writer: String,
    _lock: Option<WriterLock>,
    _folder: Option<tempfile::TempDir>,
}

/// A state that is being written.
pub struct StagedState {
    file: StagedTable,
    rows: u64,
}

impl StateWriter {
    /// Opens the ledger of a snapshot for writing states, and removes what an earlier writer left unfinished.
    ///
    /// # Errors
    /// When another process writes states, or the ledger's folder cannot be written.
    pub fn open(snapshot: &Snapshot) -> Result<Self, LedgerError> {
        let place = snapshot.place().clone();
        let writer = random_name();
        match &place {
            Place::Folder(root) => {
                let lock = WriterLock::take(root, ROLLUP_LOCK)?;
                let mut unfinished = Vec::new();
                walk(root, ROLLUP, &mut |path, _| unfinished.push(path))?;
                for path in unfinished.iter().filter(|path| path.ends_with(TEMPORARY)) {
                    remove(root, path)?;
                }
                Ok(Self { root: root.clone(), place, writer, _lock: Some(lock), _folder: None })
            }
            Place::Store { .. } => {
                let folder = std::env::temp_dir();
                let folder = tempfile::tempdir_in(&folder).map_err(LedgerError::io("write in", &folder))?;
                let root = folder.path().to_owned();
                Ok(Self { root, place, writer, _lock: None, _folder: Some(folder) })
            }
        }
    }

    /// Starts the state of a provider's month. There is one of each in a run.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn begin(&self, provider: Provider, month: Month) -> Result<StagedState, LedgerError> {
        let path = state_path(provider, month, &self.writer);
        let file = StagedTable::create(&self.root, path, state_schema(), usage_properties(Packing::Quick))?;
        Ok(StagedState { file, rows: 0 })
    }

    /// Publishes a state that is of these files.
    ///
    /// # Errors
    /// When the file cannot be written or renamed, or a store does not take it; then there is no such state.
    pub async fn publish(&self, staged: StagedState, summed: &Summed) -> Result<(), LedgerError> {
        let file = staged.file.close(summed.to_pairs())?;
        match &self.place {
            Place::Folder(root) => {
                let target = root.join(&file.path);
                std::fs::rename(&file.temporary, &target).map_err(LedgerError::io("rename", &target))?;
                sync_folder(target.parent().unwrap_or(root))
            }
            Place::Store { store, prefix } => {
                let bytes =
                    std::fs::read(&file.temporary).map_err(LedgerError::io("read", &file.temporary))?;
                let object = join(prefix, &file.path);
                let failed =
                    |source| LedgerError::Store { action: "write", path: object.to_string(), source };
                store.put(&object, bytes.into()).await.map_err(failed)?;
                std::fs::remove_file(&file.temporary).map_err(LedgerError::io("remove", &file.temporary))
            }
        }
    }

    /// Removes states that are no longer used. Those that somebody may still read stay for the next writer.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub async fn remove(&self, paths: &[String]) -> Result<(), LedgerError> {
        if paths.is_empty() {
            return Ok(());
        }
        match &self.place {
            Place::Folder(root) => {
                let all = || paths.iter().try_for_each(|path| remove(root, path));
                without_readers(root, PATIENCE, all).map(drop)
            }
            Place::Store { store, prefix } => {
                for path in paths {
                    remove_old(store, &join(prefix, path)).await?;
                }
                Ok(())
            }
        }
    }
}

impl StagedState {
    /// Adds rows, whose columns are those of [`state_schema`].
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LedgerError> {
        self.rows = self.rows.saturating_add(batch.num_rows() as u64);
        self.file.write(batch)
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

fn remove(root: &Path, path: &str) -> Result<(), LedgerError> {
    let absolute = root.join(path);
    match std::fs::remove_file(&absolute) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LedgerError::io("remove", &absolute)(error))
        }
        _ => Ok(()),
    }
}

/// Nobody knows who reads from a store, and nobody reads for a day.
async fn remove_old(store: &Arc<dyn ObjectStore>, object: &StorePath) -> Result<(), LedgerError> {
    let failed = |action| move |source| LedgerError::Store { action, path: object.to_string(), source };
    let written = match store.head(object).await {
        Ok(head) => head.last_modified.timestamp_micros(),
        Err(object_store::Error::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(failed("read")(error)),
    };
    if jiff::Timestamp::now().as_microsecond() - written > DAY {
        store.delete(object).await.map_err(failed("remove"))?;
    }
    Ok(())
}
