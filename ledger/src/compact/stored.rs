//! Compaction of a ledger in an object store: what is to be merged is copied into a folder, merged there, and sent back as any
//! flush.
//!
//! Others may publish meanwhile. Readers of before go on with the files that they have listed, so these stay for a day.

use std::path::Path;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStoreExt as _;
use tokio::io::AsyncWriteExt as _;

use super::lease::Lease;
use super::{Compacted, Merged, Work};
use crate::publish::{LedgerWriter, WriterOptions};
use crate::record::DAY;
use crate::staged::create_folder;
use crate::store::join;
use crate::{Bucket, LedgerError, Provider, Snapshot};

/// Requests under way at a time: files are small, and the store is far away.
const AT_ONCE: usize = 16;

/// Merges the small files of a ledger in an object store, in a new folder below `scratch`, which is removed. Files that earlier
/// compactions replaced more than a day ago are removed. Readers see the files of before or those of after.
///
/// # Errors
/// When another process compacts the ledger, the store cannot be read or written or cannot write on a condition, or the
/// folder has no room; then the ledger says what it said.
pub async fn compact_stored(bucket: &Bucket, scratch: &Path) -> Result<Compacted, LedgerError> {
    let lease = Lease::take(&bucket.store, &bucket.prefix, now()).await?;
    match compact(bucket, scratch, &lease).await {
        Ok(done) => lease.give_back(now()).await.map(|()| done),
        // Whether the store took the commit file is not known, and whoever looks at once may not see it yet.
        Err(Failed::Committing(error)) => Err(error),
        Err(Failed::Before(error)) => {
            // The error that came first is the one to tell; what is not given back is passed over after some hours.
            let _ = lease.give_back(now()).await;
            Err(error)
        }
    }
}

/// Why a compaction ended, and whether its commit file may be in the store all the same.
enum Failed {
    Before(LedgerError),
    Committing(LedgerError),
}

impl From<LedgerError> for Failed {
    fn from(error: LedgerError) -> Self {
        Self::Before(error)
    }
}

async fn compact(bucket: &Bucket, scratch: &Path, lease: &Lease) -> Result<Compacted, Failed> {
    let snapshot = || Snapshot::of_store(Arc::clone(&bucket.store), bucket.prefix.clone());
    let before = snapshot().await?;
    remove_replaced(bucket, &before, now()).await?;
    let all: Result<Vec<Work<'_>>, _> =
        Provider::ALL.into_iter().map(|provider| Work::of(&before, provider)).collect();
    for work in all? {
        if work.is_some() {
            let folder = tempfile::tempdir_in(scratch).map_err(LedgerError::io("write in", scratch))?;
            let merged = merge(bucket, &before, work, folder.path()).await?;
            let Some((commit, parts)) = merged.files.split_last() else { continue };
            let mut sent = bucket.send(folder.path(), parts.iter().map(String::as_str)).await;
            sent = sent.and_then(|()| lease.check(now()));
            if let Err(error) = sent {
                // They count for nothing. The error that came first is the one to tell.
                let removed = futures::stream::iter(parts).map(|path| remove(bucket, path));
                let _ = removed.buffer_unordered(AT_ONCE).try_collect::<()>().await;
                return Err(error.into());
            }
            let sent = bucket.send(folder.path(), [commit.as_str()].into_iter()).await;
            sent.map_err(Failed::Committing)?;
        }
    }
    Ok(Compacted::between(&before.info(), &snapshot().await?.info()))
}

/// Copies what there is to merge into a folder, and merges it there.
async fn merge(
    bucket: &Bucket,
    before: &Snapshot,
    work: Work<'_>,
    folder: &Path,
) -> Result<Merged, LedgerError> {
    let mut writer = LedgerWriter::append(folder, WriterOptions::default())?;
    writer.follow(before);
    let reads = work.reads(before);
    let fetched = futures::stream::iter(&reads).map(|path| fetch(bucket, path, folder));
    fetched.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    work.merge(&mut writer, before)
}

/// Copies a file.
async fn fetch(bucket: &Bucket, path: &str, folder: &Path) -> Result<(), LedgerError> {
    let object = join(&bucket.prefix, path);
    let failed = |source| LedgerError::Store { action: "read", path: object.to_string(), source };
    let mut pieces = bucket.store.get(&object).await.map_err(failed)?.into_stream();
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
    for alike in old.chunk_by(|(left, _), (right, _)| left == right) {
        let removed = futures::stream::iter(alike).map(|(_, path)| remove(bucket, path));
        removed.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    }
    Ok(())
}

async fn remove(bucket: &Bucket, path: &str) -> Result<(), LedgerError> {
    let object = join(&bucket.prefix, path);
    match bucket.store.delete(&object).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(source) => Err(LedgerError::Store { action: "remove", path: object.to_string(), source }),
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

#[cfg(test)]
mod tests;
