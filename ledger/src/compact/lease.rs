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
    /// What the object says while it is this one's.
    name: String,
    /// When it was taken, by a clock that is never set and by one that goes on while the machine sleeps.
    since: (Instant, i64),
}

impl Lease {
    /// Takes it; `now` is in microseconds since the Unix epoch.
    pub(super) async fn take(
        store: &Arc<dyn ObjectStore>,
        prefix: &StorePath,
        now: i64,
    ) -> Result<Self, LedgerError> {
        let object = join(prefix, NAME);
        let since = (Instant::now(), now);
        let lease = Self { store: Arc::clone(store), object, name: random_name(), since };
        let name = lease.name.clone();
        if lease.put(&name, PutMode::Create).await? {
            // A store that knows no conditions would give it to everyone.
            let problem = match lease.put(&random_name(), PutMode::Create).await {
                Ok(false) => return Ok(lease),
                Ok(true) => LedgerError::Unconditional { path: lease.object.to_string() },
                Err(error) => error,
            };
            // The problem is the one to tell; an object that stays is passed over after some hours.
            let _ = store.delete(&lease.object).await;
            return Err(problem);
        }
        let Some((version, written, content)) = lease.found().await? else {
            return Err(lease.taken(now, now));
        };
        // A request that was sent twice finds what it wrote itself.
        if content == name {
            return Ok(lease);
        }
        if now.saturating_sub(written) < microseconds(ABANDONED) {
            return Err(lease.taken(now, written));
        }
        let is_ours = lease.put(&name, PutMode::Update(version)).await?
            || lease.found().await?.is_some_and(|(_, _, content)| content == name);
        if is_ours { Ok(lease) } else { Err(lease.taken(now, now)) }
    }

    /// Fails where another may have taken its place.
    pub(super) fn check(&self, now: i64) -> Result<(), LedgerError> {
        let (instant, moment) = self.since;
        let is_held = instant.elapsed() < HELD && now.saturating_sub(moment) < microseconds(HELD);
        is_held.then_some(()).ok_or(LedgerError::Overdue { hours: HELD.as_secs() / 3600 })
    }

    /// Gives it back, unless another may have taken its place.
    pub(super) async fn give_back(self, now: i64) -> Result<(), LedgerError> {
        let is_own = self.check(now).is_ok()
            && self.found().await?.is_some_and(|(_, _, content)| content == self.name);
        if !is_own {
            return Ok(());
        }
        self.store.delete(&self.object).await.map_err(self.failed("remove"))
    }

    /// Writes the object on a condition; false where that does not hold.
    async fn put(&self, name: &str, mode: PutMode) -> Result<bool, LedgerError> {
        match self.store.put_opts(&self.object, name.to_owned().into(), mode.into()).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(false)
            }
            Err(error) => Err(self.failed("write")(error)),
        }
    }

    /// The object as it is now: its version, when it was written, and what it says.
    async fn found(&self) -> Result<Option<(UpdateVersion, i64, bytes::Bytes)>, LedgerError> {
        let found = match self.store.get(&self.object).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.failed("read")(error)),
        };
        let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        let written = found.meta.last_modified.timestamp_micros();
        Ok(Some((version, written, found.bytes().await.map_err(self.failed("read"))?)))
    }

    fn failed(&self, action: &'static str) -> impl Fn(object_store::Error) -> LedgerError {
        let path = self.object.to_string();
        move |source| LedgerError::Store { action, path: path.clone(), source }
    }

    fn taken(&self, now: i64, written: i64) -> LedgerError {
        let minutes = u64::try_from(now.saturating_sub(written) / 60_000_000).unwrap_or(0);
        let hours = ABANDONED.as_secs() / 3600;
        LedgerError::Compacting { path: self.object.to_string(), minutes, hours }
    }
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
