//! Equal calls counted together, until they are flushed to the ledger.

use hashbrown::HashTable;

use super::known::KnownIdentities;
use crate::interner::{Interned, Interner, hash_bytes};

/// The counts of one worker since its last flush.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) identities: KnownIdentities,
    /// IP addresses and service names that calls came from.
    pub(crate) origins: Interner,
    /// Accounts, regions and error codes.
    pub(crate) names: Interner,
    /// What was called and on what, as events tell it, and the number in `calls` of each.
    raw_calls: Interner,
    call_of_raw: Vec<u32>,
    /// What was called and on what, worked out: see [`Call`](super::call::Call).
    pub(crate) calls: Interner,
    samples: Vec<u8>,
    rows: Vec<Row>,
    index: HashTable<u32>,
    /// Public identifiers of credentials handed out, by row.
    pub(crate) issued: Vec<(u32, Box<str>)>,
}

/// What makes calls equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowKey {
    /// Hour since the Unix epoch.
    pub(crate) hour: i32,
    pub(crate) identity: u32,
    pub(crate) origin: u32,
    pub(crate) call: u32,
}

/// Equal calls of one hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) key: RowKey,
    pub(crate) count: u64,
    /// Microseconds since the Unix epoch.
    pub(crate) first: i64,
    pub(crate) last: i64,
    sample: u32,
    sample_length: u32,
}

/// Ids of events are 36 bytes; what is much longer is not kept as an example.
const SAMPLE_LIMIT: usize = 128;

impl Table {
    /// Counts one call.
    #[inline]
    pub(crate) fn count(&mut self, key: RowKey, time: i64, id: &[u8]) -> u32 {
        let hash = key.hash();
        let found =
            self.index.find(hash, |&row| self.rows.get(row as usize).is_some_and(|row| row.key == key));
        match found {
            Some(&number) => {
                if let Some(row) = self.rows.get_mut(number as usize) {
                    row.count = row.count.saturating_add(1);
                    row.first = row.first.min(time);
                    row.last = row.last.max(time);
                    let start = row.sample as usize;
                    let end = start + row.sample_length as usize;
                    // The smallest id is the example, so that it does not depend on the order of events.
                    if let Some(sample) = self.samples.get_mut(start..end)
                        && sample.len() == id.len()
                        && id < &*sample
                    {
                        sample.copy_from_slice(id);
                    }
                }
                number
            }
            None => self.insert(hash, key, time, id),
        }
    }

    fn insert(&mut self, hash: u64, key: RowKey, time: i64, id: &[u8]) -> u32 {
        let number = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let id = if id.len() <= SAMPLE_LIMIT { id } else { &[] };
        // Tables are flushed long before they hold 4 GB.
        let sample = u32::try_from(self.samples.len()).unwrap_or(u32::MAX);
        self.samples.extend_from_slice(id);
        let sample_length = u32::try_from(id.len()).unwrap_or(0);
        self.rows.push(Row { key, count: 1, first: time, last: time, sample, sample_length });
        let rows = &self.rows;
        self.index.insert_unique(hash, number, |&row| rows.get(row as usize).map_or(0, |row| row.key.hash()));
        number
    }

    /// The number in `calls` of a call as an event tells it, if it was met before.
    #[inline]
    pub(crate) fn known_call(&self, raw: &[u8]) -> Option<u32> {
        self.call_of_raw.get(self.raw_calls.find(raw)? as usize).copied()
    }

    /// Remembers what a call as an event tells it comes down to.
    pub(crate) fn remember_call(&mut self, raw: &[u8], call: u32) {
        if let Interned::New(_) = self.raw_calls.intern(raw) {
            self.call_of_raw.push(call);
        }
    }

    /// A name by its number; none for the empty one.
    pub(crate) fn name(&self, number: u32) -> Option<&str> {
        std::str::from_utf8(self.names.get(number)).ok().filter(|name| !name.is_empty())
    }

    /// Without its rows, and without what their numbers stand for if that takes more than `keep` bytes.
    pub(crate) fn emptied(mut self, keep: usize) -> Self {
        self.samples.clear();
        self.rows.clear();
        self.index.clear();
        self.issued = Vec::new();
        if self.names_footprint() > keep {
            self.identities.clear();
            self.origins.clear();
            self.names.clear();
            self.raw_calls.clear();
            self.call_of_raw.clear();
            self.calls.clear();
        }
        self
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The event id that stands for a row; empty where there is none.
    pub(crate) fn sample(&self, row: &Row) -> &[u8] {
        let start = row.sample as usize;
        self.samples.get(start..start + row.sample_length as usize).unwrap_or_default()
    }

    /// Public identifiers of the credentials that a row's calls handed out. Call [`Table::sort_issued`] before.
    pub(crate) fn issued_by(&self, row: u32) -> impl Iterator<Item = &str> {
        let start = self.issued.partition_point(|(other, _)| *other < row);
        let issued = self.issued.get(start..).unwrap_or_default();
        issued.iter().take_while(move |(other, _)| *other == row).map(|(_, id)| id.as_ref())
    }

    /// Whether any call handed out credentials.
    pub(crate) fn has_issued(&self) -> bool {
        !self.issued.is_empty()
    }

    /// Brings the identifiers handed out in the order of their rows.
    pub(crate) fn sort_issued(&mut self) {
        self.issued.sort_unstable();
        self.issued.dedup();
    }

    fn names_footprint(&self) -> usize {
        self.identities.footprint()
            + self.origins.footprint()
            + self.names.footprint()
            + self.calls.footprint()
            + self.raw_calls.footprint()
            + self.call_of_raw.len() * 4
    }

    /// Bytes of memory that the counts take, roughly.
    pub(crate) fn footprint(&self) -> usize {
        self.names_footprint()
            + self.samples.len()
            + self.rows.len() * (size_of::<Row>() + 8)
            + self.issued.len() * 48
    }
}

impl RowKey {
    fn hash(self) -> u64 {
        let mut bytes = [0; 16];
        let words = [
            self.hour.to_le_bytes(),
            self.identity.to_le_bytes(),
            self.origin.to_le_bytes(),
            self.call.to_le_bytes(),
        ];
        for (slot, byte) in bytes.iter_mut().zip(words.as_flattened()) {
            *slot = *byte;
        }
        hash_bytes(&bytes)
    }
}
