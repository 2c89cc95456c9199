//! The right to compact a ledger in an object store: two compactions at once would each count the same rows anew.
//!
//! It is an object that only one can make, and that tells by its age that whoever made it has died. A store is asked to write
//! only if the object is not there, or is still the one that was seen (`If-None-Match`, `If-Match`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, UpdateVersion};

use crate::LedgerError;
use crate::publish::random_name;
use crate::store::join;

/// The object.
const NAME: &str = "compaction.lock";

/// How old the object must be before another may take its place.
const ABANDONED: Duration = Duration::from_secs(6 * 60 * 60);

/// How long whoever made it may rely on it. What lies between allows for clocks that differ.
const HELD: Duration = Duration::from_secs(5 * 60 * 60);

/// Held until it is [given back](Lease::give_back), or for some hours.
pub(super) struct Lease {
    store: Arc<dyn ObjectStore>,
    object: StorePath,
    since: Instant,
}

impl Lease {
    /// Takes it; `now` is in microseconds since the Unix epoch.
    pub(super) async fn take(
        store: &Arc<dyn ObjectStore>,
        prefix: &StorePath,
        now: i64,
    ) -> Result<Self, LedgerError> {
        let object = join(prefix, NAME);
        let failed = |source| LedgerError::Store { action: "write", path: object.to_string(), source };
        let since = Instant::now();
        let name = random_name();
        let put = |mode: PutMode| store.put_opts(&object, name.clone().into(), mode.into());
        let held = Self { store: Arc::clone(store), object: object.clone(), since };
        match put(PutMode::Create).await {
            Ok(_) => return Ok(held),
            Err(object_store::Error::AlreadyExists { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        let found = match store.get(&object).await {
            Ok(found) => found,
            // It was given back just now; whoever asks again gets it.
            Err(object_store::Error::NotFound { .. }) => return Err(taken(&object, 0)),
            Err(error) => return Err(failed(error)),
        };
        let (version, written) = (
            UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() },
            found.meta.last_modified.timestamp_micros(),
        );
        // A request that was sent twice finds what it wrote itself.
        if found.bytes().await.map_err(failed)? == name {
            return Ok(held);
        }
        let seconds = u64::try_from(now.saturating_sub(written) / 1_000_000).unwrap_or(0);
        if seconds < ABANDONED.as_secs() {
            return Err(taken(&object, seconds));
        }
        match put(PutMode::Update(version)).await {
            Ok(_) => Ok(held),
            Err(object_store::Error::Precondition { .. }) => Err(taken(&object, 0)),
            Err(error) => Err(failed(error)),
        }
    }

    /// Fails where another may have taken its place.
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        if self.since.elapsed() < HELD { Ok(()) } else { Err(taken(&self.object, 0)) }
    }

    /// Gives it back, unless another may have taken its place.
    pub(super) async fn give_back(self) -> Result<(), LedgerError> {
        if self.check().is_err() {
            return Ok(());
        }
        let object = &self.object;
        let failed = |source| LedgerError::Store { action: "remove", path: object.to_string(), source };
        self.store.delete(object).await.map_err(failed)
    }
}

fn taken(object: &StorePath, seconds: u64) -> LedgerError {
    LedgerError::Compacting {
        path: object.to_string(),
        minutes: seconds / 60,
        hours: ABANDONED.as_secs() / 3600,
    }
}
