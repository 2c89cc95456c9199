//! Sources in an object store.
//!
//! Objects are many, small and far away: a few are fetched ahead, whole, while others are read. A large one is
//! fetched as it is read.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3;
use object_store::path::Path as StorePath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use remit_ledger::Address;
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::input::may_be_log;
use crate::pages::{Entry, entries};
use crate::shared::Shared;
use crate::source::Identification;

/// Objects that are fetched at the same time.
const CONCURRENT: usize = 16;

/// Objects up to this size are fetched whole.
const WHOLE: u64 = 1 << 20;

/// Bytes of whole objects that wait to be read.
const WAITING: usize = 48 << 20;

/// An object that is to be read.
pub(crate) struct StoredObject {
    pub(crate) source: Identification,
    pub(crate) body: Body,
}

/// Where an object's bytes are.
pub(crate) enum Body {
    /// Here.
    Fetched(Fetched),
    /// To be fetched as they are read.
    Remote(Remote),
}

/// An object's bytes, and the room they take.
pub(crate) struct Fetched {
    pub(crate) bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

/// An object in its store.
#[derive(Clone)]
pub(crate) struct Remote {
    store: Arc<dyn ObjectStore>,
    location: StorePath,
    runtime: Arc<Runtime>,
}

/// A part of a bucket.
struct Prefix {
    store: Arc<AmazonS3>,
    /// What names of its objects begin with.
    bucket: String,
    path: StorePath,
    runtime: Arc<Runtime>,
    room: Arc<Semaphore>,
}

/// Lists the objects under an address, which may be that of one object, and hands them, fetched or to be fetched, to
/// `use_object`, which answers whether to go on. Returns what could not be read for its name.
pub(crate) fn list(
    address: &Address,
    shared: &Shared<'_>,
    use_object: &mut dyn FnMut(StoredObject) -> bool,
) -> io::Result<Vec<Identification>> {
    let prefix = Prefix::open(address)?;
    let runtime = Arc::clone(&prefix.runtime);
    runtime.block_on(prefix.hand_over(shared, use_object))
}

impl Prefix {
    fn open(address: &Address) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self {
            store: address.amazon().map_err(io::Error::other)?,
            bucket: address.bucket(),
            path: address.path().clone(),
            runtime: Arc::new(runtime),
            room: Arc::new(Semaphore::new(WAITING)),
        })
    }

    async fn hand_over(
        &self,
        shared: &Shared<'_>,
        use_object: &mut dyn FnMut(StoredObject) -> bool,
    ) -> io::Result<Vec<Identification>> {
        let (mut found, mut unnameable) = (false, Vec::new());
        let listed = entries(Arc::clone(&self.store) as Arc<_>, &self.path).map_err(said);
        let logs = listed.try_filter_map(|entry| {
            found = true;
            let object = match entry {
                Entry::Object(object) => object,
                Entry::Unnameable(beginning) => {
                    unnameable.push(self.unnameable(&beginning));
                    return std::future::ready(Ok(None));
                }
            };
            let is_log = may_be_log(Path::new(object.location.as_ref()));
            if !is_log {
                shared.other();
            }
            std::future::ready(Ok(is_log.then_some(object)))
        });
        let listed = self.fetch(logs.boxed(), shared, use_object).await;
        for source in &unnameable {
            let message = "objects of such names, with a segment that is empty, of dots, or with control characters, \
                           cannot be fetched\nhint: give them other names, or name longer prefixes that leave them out";
            shared.unread(source, &io::Error::other(message));
        }
        listed?;
        if found {
            return Ok(unnameable);
        }
        let object = match self.store.head(&self.path).await {
            Ok(object) => object,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(io::Error::new(io::ErrorKind::NotFound, "there is no object"));
            }
            Err(error) => return Err(said(error)),
        };
        self.fetch(futures::stream::iter([Ok(object)]).boxed(), shared, use_object).await?;
        Ok(Vec::new())
    }

    fn unnameable(&self, beginning: &str) -> Identification {
        let name = format!("{}/{beginning}", self.bucket).into();
        Identification { name, size: 0, modified: 0, replayable: true, is_near: false }
    }

    /// Hands over objects in their order, and passes over those that were ingested before.
    async fn fetch(
        &self,
        objects: BoxStream<'_, io::Result<ObjectMeta>>,
        shared: &Shared<'_>,
        use_object: &mut dyn FnMut(StoredObject) -> bool,
    ) -> io::Result<()> {
        let fetched = objects
            .try_filter_map(|object| {
                let source = self.identify(&object);
                shared.found(source.size);
                let is_known = shared.is_known(&source);
                std::future::ready(Ok((!is_known).then_some((object.location, source))))
            })
            .map_ok(|(location, source)| async move {
                let body = self.body(location, source.size).await;
                Ok((source, body))
            })
            .try_buffered(CONCURRENT);
        let mut fetched = std::pin::pin!(fetched);
        while let Some((source, body)) = fetched.try_next().await? {
            match body {
                Ok(body) => {
                    if !use_object(StoredObject { source, body }) {
                        return Ok(());
                    }
                }
                // What consoles make of a folder: an empty object whose name ends in a slash, which the name here lacks.
                Err(error) if source.size == 0 && error.kind() == io::ErrorKind::NotFound => {
                    shared.no_source_after_all();
                }
                Err(error) => shared.unread(&source, &error),
            }
        }
        Ok(())
    }

    fn identify(&self, object: &ObjectMeta) -> Identification {
        Identification {
            name: format!("{}/{}", self.bucket, object.location).into(),
            size: object.size,
            modified: object.last_modified.timestamp_micros(),
            replayable: true,
            is_near: false,
        }
    }

    async fn body(&self, location: StorePath, size: u64) -> io::Result<Body> {
        let (store, runtime) = (Arc::clone(&self.store), Arc::clone(&self.runtime));
        let remote = Remote { store: store as Arc<dyn ObjectStore>, location, runtime };
        let Some(size) = u32::try_from(size).ok().filter(|size| u64::from(*size) <= WHOLE) else {
            return Ok(Body::Remote(remote));
        };
        let room = Arc::clone(&self.room).acquire_many_owned(size).await.map_err(io::Error::other)?;
        // Of what is no more there something may be lost, but not of what is empty.
        let failed = |error| if size == 0 { said(error) } else { io::Error::other(error) };
        let answer = remote.store.get(&remote.location).await.map_err(failed)?;
        let bytes = answer.bytes().await.map_err(io::Error::other)?;
        Ok(Body::Fetched(Fetched { bytes, _room: room }))
    }
}

/// What the store says. Where there is nothing, nothing is lost; what cannot be listed may hold anything.
fn said(error: object_store::Error) -> io::Error {
    match error {
        object_store::Error::NotFound { .. } => io::Error::new(io::ErrorKind::NotFound, error),
        error => io::Error::other(error),
    }
}

impl Remote {
    /// The object's bytes from the beginning.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let answer = self.runtime.block_on(self.store.get(&self.location)).map_err(io::Error::other)?;
        let runtime = Arc::clone(&self.runtime);
        Ok(Box::new(Download { stream: answer.into_stream(), runtime, piece: Bytes::new() }))
    }
}

/// An object that is fetched as it is read.
struct Download {
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    runtime: Arc<Runtime>,
    piece: Bytes,
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                Some(piece) => self.piece = piece.map_err(io::Error::other)?,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.piece.len());
        let (room, _) = buffer.split_at_mut(count);
        self.piece.copy_to_slice(room);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
