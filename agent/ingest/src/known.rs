//! JSON objects that were met before.
//!
//! The object that tells who calls is a large part of an event, and every call of a session repeats it byte for byte. So it
//! is told by its first bytes, which hold the session's name, and compared as a whole instead of being parsed again.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::interner::{Interned, Interner, hash_bytes};

/// Long enough to reach into the session's name.
const PREFIX: usize = 128;

/// Objects that begin alike and differ later: a session with and without `invokedBy`, say.
const CANDIDATES: usize = 8;

/// Every distinct object, numbered.
#[derive(Debug, Default)]
pub(crate) struct KnownObjects {
    objects: Interner,
    by_prefix: HashTable<(u64, u32)>,
}

impl KnownObjects {
    /// The number and length of the known object that `rest` begins with.
    #[inline]
    pub(crate) fn find(&self, rest: &[u8]) -> Option<(u32, usize)> {
        let prefix = hash_bytes(rest.get(..PREFIX)?);
        // Candidates share a hash, so the table holds them side by side.
        self.by_prefix
            .iter_hash(mix(prefix))
            .filter(|(hash, _)| *hash == prefix)
            .map(|&(_, number)| (number, self.objects.get(number)))
            .find(|(_, object)| rest.starts_with(object))
            .map(|(number, object)| (number, object.len()))
    }

    /// The number of an object.
    pub(crate) fn intern(&mut self, object: &[u8]) -> Interned {
        let interned = self.objects.intern(object);
        if let (Interned::New(number), Some(prefix)) = (interned, object.get(..PREFIX)) {
            let prefix = hash_bytes(prefix);
            let candidates =
                self.by_prefix.iter_hash(mix(prefix)).filter(|(hash, _)| *hash == prefix).count();
            if candidates < CANDIDATES {
                self.by_prefix.insert_unique(mix(prefix), (prefix, number), |(hash, _)| mix(*hash));
            }
        }
        interned
    }

    /// The object of a number; empty for a number that was not given out.
    pub(crate) fn get(&self, number: u32) -> &[u8] {
        self.objects.get(number)
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Forgets all, and keeps the room they took.
    pub(crate) fn clear(&mut self) {
        self.objects.clear();
        self.by_prefix.clear();
    }

    /// Bytes of memory that they take, roughly.
    pub(crate) fn footprint(&self) -> usize {
        self.objects.footprint() + self.by_prefix.len() * 24
    }
}

/// The table takes both ends of a hash; these two must not be the hash that is compared.
fn mix(hash: u64) -> u64 {
    FixedState::with_seed(7).hash_one(hash)
}
