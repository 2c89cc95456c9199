//! Compaction of a ledger in an object store: what is to be merged is copied into a folder, merged there, and sent back as any
//! flush.
//!
//! Others may publish meanwhile. Readers of before go on with the files that they have listed, so these stay for a day.

use std::path::Path;
use std::sync::Arc;

use futures::StreamExt as _;
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tokio::io::AsyncWriteExt as _;

use super::lease::Lease;
use super::{Compacted, Work};
use crate::publish::{LedgerWriter, WriterOptions};
use crate::record::DAY;
use crate::staged::create_folder;
use crate::store::join;
use crate::{Bucket, LedgerError, Provider, Snapshot};

/// Merges the small files of a ledger in an object store, in a new folder below `scratch`, which is removed. Files that earlier
/// compactions replaced more than a day ago are removed. Readers see the files of before or those of after.
///
/// # Errors
/// When another process compacts the ledger, the store cannot be read or written or cannot write on a condition, or the
/// folder has no room; then the ledger says what it said.
pub async fn compact_stored(bucket: &Bucket, scratch: &Path) -> Result<Compacted, LedgerError> {
    let now = jiff::Timestamp::now().as_microsecond();
    let lease = Lease::take(&bucket.store, &bucket.prefix, now).await?;
    let done = compact(bucket, scratch, &lease, now).await;
    let given_back = lease.give_back().await;
    let done = done?;
    given_back.map(|()| done)
}

async fn compact(bucket: &Bucket, scratch: &Path, lease: &Lease, now: i64) -> Result<Compacted, LedgerError> {
    let snapshot = || Snapshot::of_store(Arc::clone(&bucket.store), bucket.prefix.clone());
    let before = snapshot().await?;
    remove_replaced(bucket, &before, now).await?;
    for provider in Provider::ALL {
        let work = Work::of(&before, provider);
        if work.is_some() {
            let folder = tempfile::tempdir_in(scratch).map_err(LedgerError::io("write in", scratch))?;
            let mut writer = LedgerWriter::append(folder.path(), WriterOptions::default())?;
            writer.follow(&before);
            for path in work.reads(&before) {
                fetch(&bucket.store, &bucket.prefix, &path, folder.path()).await?;
            }
            let merged = work.merge(&mut writer, &before)?;
            lease.check()?;
            bucket.send(folder.path(), merged.files.iter().map(String::as_str)).await?;
        }
    }
    let after = snapshot().await?;
    Ok(Compacted::between(&before.info(), &after.info()))
}

/// Copies a file. One of identifiers may be gone: whoever merges them does without.
async fn fetch(
    store: &Arc<dyn ObjectStore>,
    prefix: &StorePath,
    path: &str,
    folder: &Path,
) -> Result<(), LedgerError> {
    let object = join(prefix, path);
    let failed = |source| LedgerError::Store { action: "read", path: object.to_string(), source };
    let mut pieces = match store.get(&object).await {
        Ok(found) => found.into_stream(),
        Err(object_store::Error::NotFound { .. }) if path.ends_with(".ids") => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let target = folder.join(path);
    let io = || LedgerError::io("write", &target);
    create_folder(target.parent().unwrap_or(folder))?;
    let mut file = tokio::fs::File::create(&target).await.map_err(io())?;
    while let Some(piece) = pieces.next().await {
        file.write_all(&piece.map_err(failed)?).await.map_err(io())?;
    }
    file.flush().await.map_err(io())
}

/// Removes what commits replaced more than a day ago, what was replaced first before the rest: where this is cut short, the commits
/// that say of what is left that it is replaced are still there.
async fn remove_replaced(bucket: &Bucket, snapshot: &Snapshot, now: i64) -> Result<(), LedgerError> {
    let contents = snapshot.contents();
    let identifiers = snapshot.listing().identifiers.iter().map(|(path, _)| path);
    let mut old: Vec<(i64, &String)> = contents
        .replaced
        .iter()
        .chain(identifiers)
        .filter_map(|path| Some((*contents.replaced_at.get(path)?, path)))
        .filter(|(at, _)| now.saturating_sub(*at) > DAY)
        .collect();
    old.sort();
    for (_, path) in old {
        let object = join(&bucket.prefix, path);
        match bucket.store.delete(&object).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(source) => {
                return Err(LedgerError::Store { action: "remove", path: object.to_string(), source });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
