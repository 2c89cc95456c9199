//! Publishing into an object store: a flush of a ledger on this machine, file by file as it is.
//!
//! A store has no rename, and a single object appears whole or not at all. So the commit file goes last, and what is sent
//! again, because nobody knows whether it arrived, is the same under the same name. Names of writers are their own, so any number
//! of them may send at once, and none has to look at what is there.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};

use crate::{Address, Commit, LedgerError};

/// Bytes of a part of a large file, which is sent in several; it appears whole or not at all, too.
const PART: usize = 16 << 20;

/// Parts under way at a time.
const PARTS: usize = 2;

/// A ledger in an object store, to publish and compact in.
#[derive(Clone, Debug)]
pub struct Bucket {
    name: String,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) prefix: StorePath,
}

impl Bucket {
    /// The ledger at an address. Nothing is asked of the store yet.
    ///
    /// # Errors
    /// When a setting of the environment is wrong.
    pub fn open(address: &Address) -> Result<Self, LedgerError> {
        Ok(Self { name: address.bucket(), store: address.store()?, prefix: address.path().clone() })
    }

    /// A ledger in a store of this process.
    #[cfg(test)]
    pub(crate) fn in_memory(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { name: "memory".to_owned(), store, prefix: StorePath::from(prefix) }
    }

    /// The bucket as `s3://BUCKET`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Copies a flush of the ledger in the folder `root`, whose commit file is at `path` in it.
    ///
    /// # Errors
    /// When a file cannot be read, or the store does not take it; then the flush may be sent again.
    pub async fn publish(&self, root: &Path, path: &str, commit: &Commit) -> Result<(), LedgerError> {
        let parts = commit.usage.iter().chain(&commit.coverage).chain(&commit.identifiers);
        self.send(root, parts.map(String::as_str).filter(|part| *part != path).chain([path])).await
    }

    /// Copies files of the ledger in the folder `root`, one after the other.
    pub(crate) async fn send(
        &self,
        root: &Path,
        paths: impl Iterator<Item = &str>,
    ) -> Result<(), LedgerError> {
        for path in paths {
            let file = root.join(path);
            let object = crate::store::join(&self.prefix, path);
            self.send_file(&file, &object).await?;
        }
        Ok(())
    }

    async fn send_file(&self, path: &Path, object: &StorePath) -> Result<(), LedgerError> {
        let failed = |source| LedgerError::Store { action: "write", path: object.to_string(), source };
        let io = || LedgerError::io("read", path);
        let mut file = File::open(path).map_err(io())?;
        if file.metadata().map_err(io())?.len() <= PART as u64 {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(io())?;
            self.store.put(object, bytes.into()).await.map_err(failed)?;
            return Ok(());
        }
        let upload = self.store.put_multipart(object).await.map_err(failed)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        let mut bytes = vec![0; 1 << 20];
        let written: Result<(), LedgerError> = loop {
            match file.read(&mut bytes) {
                Ok(0) => break Ok(()),
                Ok(read) => match upload.wait_for_capacity(PARTS).await {
                    Ok(()) => upload.write(bytes.get(..read).unwrap_or_default()),
                    Err(error) => break Err(failed(error)),
                },
                Err(error) => break Err(io()(error)),
            }
        };
        match written {
            Ok(()) => upload.finish().await.map(drop).map_err(failed),
            Err(error) => {
                // The error that came first is the one to tell; a store's own rules remove what is left of an upload.
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use object_store::memory::InMemory;

    use super::*;
    use crate::samples::{Temporary, now, record, write};
    use crate::{Role, Snapshot};

    /// What a reader of the store sees: rows, and files that do not count.
    fn seen(bucket: &Bucket) -> (u64, usize) {
        let snapshot = Snapshot::of_store(Arc::clone(&bucket.store), bucket.prefix.clone());
        let snapshot = tokio::runtime::Runtime::new().unwrap().block_on(snapshot).unwrap();
        assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
        (snapshot.info().rows, snapshot.info().uncommitted)
    }

    #[test]
    fn a_flush_counts_with_its_last_file_and_once_however_often_it_is_sent() {
        let ledger = Temporary::new();
        write(ledger.path(), "w", &[record(0, "a", 1), record(1, "b", 2)], "one");
        let snapshot = Snapshot::of_folder(&ledger.path()).unwrap();
        let commits = snapshot.usage_files().iter().filter_map(|file| match &file.footer.role {
            Role::Commit(commit) => Some((file.path.clone(), commit.clone())),
            Role::Part { .. } => None,
        });
        let [(path, commit)] = &commits.collect::<Vec<_>>()[..] else { panic!("one flush") };
        let bucket = Bucket::in_memory(Arc::new(InMemory::new()), "a/ledger");

        // The commit file is missing here, as if sending had stopped before it.
        std::fs::rename(ledger.path().join(path), ledger.path().join("kept")).unwrap();
        assert!(now(bucket.publish(&ledger.path(), path, commit)).unwrap_err().is_gone());
        assert_eq!(seen(&bucket), (0, 2), "one day's rows and the coverage are there, and do not count");

        std::fs::rename(ledger.path().join("kept"), ledger.path().join(path)).unwrap();
        for _ in 0..2 {
            now(bucket.publish(&ledger.path(), path, commit)).unwrap();
            assert_eq!(seen(&bucket), (2, 0));
        }
        let objects = now(bucket.store.list(None).collect::<Vec<_>>());
        assert_eq!(objects.len(), commit.usage.len() + commit.coverage.len() + commit.identifiers.len());
    }
}
