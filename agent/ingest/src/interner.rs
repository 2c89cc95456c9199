//! Byte strings by number, each held once.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Byte strings, numbered in the order they were met. Looking one up that is there allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    table: HashTable<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    start: usize,
    length: u32,
}

/// Whether a byte string was met before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interned {
    Old(u32),
    New(u32),
}

impl Interned {
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Old(number) | Self::New(number) => number,
        }
    }
}

impl Interner {
    /// The number of a byte string.
    #[inline]
    pub(crate) fn intern(&mut self, bytes: &[u8]) -> Interned {
        let hash = hash_bytes(bytes);
        if let Some(&number) = self.table.find(hash, |&number| self.get(number) == bytes) {
            return Interned::Old(number);
        }
        Interned::New(self.insert(hash, bytes))
    }

    /// The number of a byte string that was met before.
    #[inline]
    pub(crate) fn find(&self, bytes: &[u8]) -> Option<u32> {
        self.table.find(hash_bytes(bytes), |&number| self.get(number) == bytes).copied()
    }

    /// The number of a byte string; one that is new is checked first, and refused if it fails.
    #[inline]
    pub(crate) fn intern_if(&mut self, bytes: &[u8], valid: impl FnOnce() -> bool) -> Option<u32> {
        let hash = hash_bytes(bytes);
        if let Some(&number) = self.table.find(hash, |&number| self.get(number) == bytes) {
            return Some(number);
        }
        valid().then(|| self.insert(hash, bytes))
    }

    #[cold]
    fn insert(&mut self, hash: u64, bytes: &[u8]) -> u32 {
        // Tables are emptied long before there are 2^32 entries, since each costs more than a byte.
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { hash, start: self.bytes.len(), length });
        self.bytes.extend_from_slice(bytes);
        let entries = &self.entries;
        self.table.insert_unique(hash, number, |&number| {
            entries.get(number as usize).map_or(0, |entry| entry.hash)
        });
        number
    }

    /// The byte string of a number that was given out; empty for any other.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> &[u8] {
        let Some(entry) = self.entries.get(number as usize) else { return &[] };
        self.bytes.get(entry.start..entry.start + entry.length as usize).unwrap_or_default()
    }

    /// How many byte strings there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets all, and keeps the room they took.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.table.clear();
    }

    /// Bytes of memory that what it holds takes, roughly.
    pub(crate) fn footprint(&self) -> usize {
        self.bytes.len() + self.entries.len() * (size_of::<Entry>() + 8)
    }
}

/// The hash that tables of this crate use; fixed, so that a run can be repeated.
#[inline]
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(0x7265_6d69_7400_0001).build_hasher();
    hasher.write(bytes);
    hasher.finish()
}
