//! Reading a ledger from an object store.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::LedgerError;
use crate::contents::{Contents, Inspected};
use crate::layout::{IDENTIFIERS, ROLLUP};
use crate::listing::Listing;
use crate::schema::Table;
use crate::snapshot::{absent, checked_footer, foreign};
use crate::state::State;

/// Footers are small and far away.
const CONCURRENT_FOOTERS: usize = 32;
const LISTING_ATTEMPTS: usize = 4;

/// Lists a prefix and reads the footers; as [`read_folder`](crate::snapshot), again while the two disagree.
pub(crate) async fn read_store(
    store: &Arc<dyn ObjectStore>,
    prefix: &StorePath,
) -> Result<(Listing, Contents), LedgerError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let listing = list(store, prefix).await?;
        let mut inspected: Vec<Inspected> = futures::stream::iter(listing.tables.clone())
            .map(|(path, size)| inspect(store, prefix, path, size))
            .buffered(CONCURRENT_FOOTERS)
            .collect()
            .await;
        inspected.extend(listing.foreign.iter().map(|path| foreign(path)));
        let mut contents = Contents::of(inspected);
        let gone = contents.problems.iter().any(LedgerError::is_gone);
        let unsettled = gone || !contents.missing.is_empty();
        if !unsettled || attempt == LISTING_ATTEMPTS {
            contents.problems.extend(std::mem::take(&mut contents.missing).into_iter().map(absent));
            return Ok((listing, contents));
        }
    }
}

/// Hands every batch of an object to `use_batch`.
pub(crate) async fn read_batches(
    store: &Arc<dyn ObjectStore>,
    prefix: &StorePath,
    path: &str,
    mut use_batch: impl FnMut(&RecordBatch) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let location = join(prefix, path);
    let failed = |source| LedgerError::Store { action: "read", path: location.to_string(), source };
    let size = store.head(&location).await.map_err(failed)?.size;
    let reader = StoredFile { store: Arc::clone(store), location: location.clone(), size };
    let mut stream = ParquetRecordBatchStreamBuilder::new(reader)
        .await
        .and_then(ParquetRecordBatchStreamBuilder::build)
        .map_err(LedgerError::parquet("read", path))?;
    while let Some(batch) = stream.try_next().await.map_err(LedgerError::parquet("read", path))? {
        use_batch(&batch)?;
    }
    Ok(())
}

/// A ledger's path within a store.
pub(crate) fn join(prefix: &StorePath, path: &str) -> StorePath {
    path.split('/').fold(prefix.clone(), |joined, part| joined.join(part))
}

async fn list(store: &Arc<dyn ObjectStore>, prefix: &StorePath) -> Result<Listing, LedgerError> {
    let mut listing = Listing::default();
    for top in [Table::Usage.as_str(), Table::Coverage.as_str(), IDENTIFIERS] {
        walk(store, prefix, top, |path, size| listing.add(path, size)).await?;
    }
    listing.sort();
    Ok(listing)
}

/// Hands on the path and size of every object in a folder of the ledger.
async fn walk(
    store: &Arc<dyn ObjectStore>,
    prefix: &StorePath,
    top: &str,
    mut found: impl FnMut(String, u64),
) -> Result<(), LedgerError> {
    let folder = prefix.clone().join(top);
    let failed = |source| LedgerError::Store { action: "list", path: folder.to_string(), source };
    let mut objects = store.list(Some(&folder));
    while let Some(object) = objects.try_next().await.map_err(failed)? {
        // What consoles make of a folder: an empty object whose name ends in a slash, which the location lacks.
        let is_folder = object.size == 0 && object.location.filename().is_none_or(|name| !name.contains('.'));
        let Some(parts) = object.location.prefix_match(prefix).filter(|_| !is_folder) else { continue };
        found(parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"), object.size);
    }
    Ok(())
}

/// Reads the footers of all states, in the order of their paths.
pub(crate) async fn read_states(
    store: &Arc<dyn ObjectStore>,
    prefix: &StorePath,
) -> Result<Vec<(String, Result<Option<State>, LedgerError>)>, LedgerError> {
    let mut listed = Vec::new();
    walk(store, prefix, ROLLUP, |path, size| listed.push((path, size))).await?;
    listed.retain(|(path, _)| path.ends_with(".parquet"));
    listed.sort();
    let states = futures::stream::iter(listed).map(|(path, size)| async move {
        let read = metadata(store, prefix, &path, size).await;
        let state = read.and_then(|metadata| State::of_file(&path, &metadata));
        (path, state)
    });
    Ok(states.buffered(CONCURRENT_FOOTERS).collect().await)
}

async fn inspect(store: &Arc<dyn ObjectStore>, prefix: &StorePath, path: String, size: u64) -> Inspected {
    let read = metadata(store, prefix, &path, size).await;
    let result = read.and_then(|metadata| checked_footer(&path, &metadata));
    Inspected { path, size, result }
}

async fn metadata(
    store: &Arc<dyn ObjectStore>,
    prefix: &StorePath,
    path: &str,
    size: u64,
) -> Result<Arc<ParquetMetaData>, LedgerError> {
    let location = join(prefix, path);
    let mut reader = StoredFile { store: Arc::clone(store), location: location.clone(), size };
    match reader.get_metadata(None).await {
        Ok(metadata) => Ok(metadata),
        // The Parquet library does not tell "gone" from "unreadable", the store does.
        Err(error) => Err(match store.head(&location).await {
            Ok(_) => LedgerError::parquet("read the footer of", path)(error),
            Err(source) => LedgerError::Store { action: "read", path: location.to_string(), source },
        }),
    }
}

/// A Parquet file in an object store.
struct StoredFile {
    store: Arc<dyn ObjectStore>,
    location: StorePath,
    size: u64,
}

/// Most footers end within this many bytes of the end of the file.
const FOOTER_GUESS: usize = 64 * 1024;

impl AsyncFileReader for StoredFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let bytes = async move { self.store.get_range(&self.location, range).await };
        bytes.map(|result| result.map_err(|error| ParquetError::External(Box::new(error)))).boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        let bytes = async move { self.store.get_ranges(&self.location, &ranges).await };
        bytes.map(|result| result.map_err(|error| ParquetError::External(Box::new(error)))).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let size = self.size;
            let reader = ParquetMetaDataReader::new().with_prefetch_hint(Some(FOOTER_GUESS));
            reader.load_and_finish(&mut *self, size).await.map(Arc::new)
        }
        .boxed()
    }
}
