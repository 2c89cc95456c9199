//! Connections that are not served yet. Whoever reaches the port can open them, so that none may keep another out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::counters::{Counters, Stage};

/// How long a connection waits for a slot: as long as API servers wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where connections wait until they are served.
pub(super) struct Lobby {
    /// Handshakes at a time.
    handshakes: usize,
    guests: Mutex<Guests>,
    /// Connections at a time that are served.
    connections: u32,
    slots: Arc<Semaphore>,
    counters: Arc<Counters>,
}

/// Those whose handshake is not over, in the order of their coming. One whose sender is dropped is given up.
#[derive(Default)]
struct Guests {
    came: u64,
    waiting: BTreeMap<u64, oneshot::Sender<()>>,
}

/// A connection whose handshake is not over.
pub(super) struct Guest {
    lobby: Arc<Lobby>,
    number: u64,
    kept: oneshot::Receiver<()>,
}

impl Lobby {
    pub(super) fn new(handshakes: usize, connections: u32, counters: Arc<Counters>) -> Arc<Self> {
        let (handshakes, connections) = (handshakes.max(1), connections.max(1));
        let slots = Arc::new(Semaphore::new(connections as usize));
        Arc::new(Self { handshakes, guests: Mutex::default(), connections, slots, counters })
    }

    /// Lets one more in. Where there are too many, the oldest is given up: whoever means to finish a handshake has had the most time
    /// for it.
    pub(super) fn enter(self: &Arc<Self>) -> Guest {
        let (keep, kept) = oneshot::channel();
        let mut guests = self.guests();
        while guests.waiting.len() >= self.handshakes {
            guests.waiting.pop_first();
            self.counters.gave_up(Stage::Handshake);
        }
        let number = guests.came;
        guests.came += 1;
        guests.waiting.insert(number, keep);
        Guest { lobby: Arc::clone(self), number, kept }
    }

    /// Waits until no connection is served any more.
    pub(super) async fn emptied(&self) {
        let _ = self.slots.acquire_many(self.connections).await;
    }

    async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
            return Some(slot);
        }
        // As many may wait as are served.
        let _waiting = self.counters.wait(self.connections)?;
        let slot = tokio::time::timeout(PATIENCE, Arc::clone(&self.slots).acquire_owned()).await;
        slot.ok()?.ok()
    }

    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// Waits until it is given up.
    pub(super) async fn given_up(&mut self) {
        // Nothing is ever sent.
        let _ = (&mut self.kept).await;
    }

    /// A slot, once the handshake is over. None where too many wait for one, or for too long.
    pub(super) async fn slot(self) -> Option<OwnedSemaphorePermit> {
        let lobby = Arc::clone(&self.lobby);
        // Newer ones do not drive it out any more.
        drop(self);
        let slot = lobby.slot().await;
        if slot.is_none() {
            lobby.counters.gave_up(Stage::Slot);
        }
        slot
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.lobby.guests().waiting.remove(&self.number);
    }
}
