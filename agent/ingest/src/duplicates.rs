//! Events that were counted before: CloudTrail delivers some in two files.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use remit_ledger::Identifiers;

const SHARDS: usize = 16;

/// The identifiers of counted events by hour, as many of the hours touched last as fit.
#[derive(Debug)]
pub(crate) struct Seen {
    shards: [Mutex<Shard>; SHARDS],
    capacity: usize,
}

#[derive(Debug, Default)]
struct Shard {
    hours: HashMap<i32, Hour, FixedState>,
    events: usize,
    clock: u64,
    /// The newest hour that was forgotten.
    forgotten: Option<i32>,
}

#[derive(Debug, Default)]
struct Hour {
    identifiers: HashTable<u64>,
    touched: u64,
}

impl Seen {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { shards: Default::default(), capacity: capacity / SHARDS }
    }

    /// Remembers an event of an hour since the Unix epoch; false when it was there already.
    #[inline]
    pub(crate) fn insert(&self, hour: i32, identifier: u64) -> bool {
        let Some(shard) = self.shards.get((identifier >> 60) as usize) else { return true };
        lock(shard).insert(hour, identifier, self.capacity)
    }

    /// Remembers the events of a flush; false when there was no room for all of them.
    pub(crate) fn load(&self, identifiers: &Identifiers) -> bool {
        for (hour, identifiers) in identifiers.iter().rev() {
            for identifier in identifiers {
                let Some(shard) = self.shards.get((identifier >> 60) as usize) else { continue };
                let mut shard = lock(shard);
                let hour = i32::try_from(*hour).unwrap_or(i32::MAX);
                if shard.events >= self.capacity {
                    shard.forgotten = shard.forgotten.max(Some(hour));
                    return false;
                }
                shard.insert(hour, *identifier, self.capacity);
            }
        }
        true
    }

    /// Notes that events of this hour, in hours since the Unix epoch, and of those before it may not be remembered.
    pub(crate) fn forget(&self, hour: i64) {
        let hour = i32::try_from(hour).unwrap_or(i32::MAX);
        if let Some(shard) = self.shards.first() {
            let mut shard = lock(shard);
            shard.forgotten = shard.forgotten.max(Some(hour));
        }
    }

    /// The first hour, since the Unix epoch, from which on every event met is remembered; none when nothing was ever
    /// forgotten.
    pub(crate) fn horizon(&self) -> Option<i64> {
        let forgotten = self.shards.iter().filter_map(|shard| lock(shard).forgotten).max();
        forgotten.map(|hour| i64::from(hour) + 1)
    }
}

impl Shard {
    fn insert(&mut self, number: i32, identifier: u64, capacity: usize) -> bool {
        if self.events >= capacity {
            self.forget();
        }
        self.clock += 1;
        let hour = self.hours.entry(number).or_default();
        hour.touched = self.clock;
        let entry = hour.identifiers.entry(identifier, |&other| other == identifier, |&other| other);
        if matches!(entry, hashbrown::hash_table::Entry::Occupied(_)) {
            return false;
        }
        entry.insert(identifier);
        self.events += 1;
        true
    }

    /// Forgets the hour that was touched longest ago.
    fn forget(&mut self) {
        let oldest = self.hours.iter().min_by_key(|(_, hour)| hour.touched).map(|(number, _)| *number);
        if let Some(number) = oldest
            && let Some(hour) = self.hours.remove(&number)
        {
            self.events = self.events.saturating_sub(hour.identifiers.len());
            self.forgotten = self.forgotten.max(Some(number));
        }
    }
}

/// A thread that panicked left at worst one event unremembered.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_new_once() {
        let seen = Seen::new(1 << 12);
        assert!(seen.insert(5, 77));
        assert!(!seen.insert(5, 77));
        assert!(seen.insert(6, 77));
        assert_eq!(seen.horizon(), None);
    }

    #[test]
    fn the_hours_touched_last_are_kept() {
        let seen = Seen::new(64 * SHARDS);
        // 48 events of each hour in the one shard that small numbers fall into.
        for hour in [10, 11, 12] {
            for event in 0..48 {
                assert!(seen.insert(hour, event));
            }
        }
        assert!(!seen.insert(12, 0));
        assert_eq!(seen.horizon(), Some(12));
    }
}
