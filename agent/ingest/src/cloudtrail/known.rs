//! `userIdentity` objects that were met before.
//!
//! The object is almost half of an event, and every call of a session repeats it byte for byte. So it is told by
//! its first bytes, which hold the session's name, and compared as a whole instead of being parsed again.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use remit_catalog::is_account;

use super::identity::Identity;
use crate::interner::{Interned, Interner, hash_bytes};

/// Long enough to reach into the session's name.
const PREFIX: usize = 128;

/// Objects that begin alike and differ later: a session with and without `invokedBy`, say.
const CANDIDATES: usize = 8;

/// Bytes of memory that a caller takes, texts and all, roughly.
const CALLER: usize = 400;

/// Every distinct `userIdentity` object, numbered.
#[derive(Debug, Default)]
pub(crate) struct KnownIdentities {
    objects: Interner,
    /// Who is behind each object, as far as the object alone tells, once it was asked for.
    callers: Vec<Option<Identity>>,
    by_prefix: HashTable<(u64, u32)>,
}

impl KnownIdentities {
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

    /// The principal of an object, as far as the object alone tells.
    pub(crate) fn principal(&mut self, number: u32) -> &str {
        self.caller(number).map_or("", |caller| &caller.principal)
    }

    /// The account of an object's principal.
    pub(crate) fn account(&mut self, number: u32) -> Option<&str> {
        // Callers of other kinds have words in place of an account.
        self.caller(number)?.account.as_deref().filter(|id| is_account(id))
    }

    /// Who is behind an object in the log of `recipient`.
    pub(crate) fn identity(&self, number: u32, recipient: Option<&str>) -> Cow<'_, Identity> {
        match self.callers.get(number as usize) {
            // The log's account stands in only for one that the object does not tell.
            Some(Some(caller)) if caller.account.is_some() => Cow::Borrowed(caller),
            _ => Cow::Owned(Identity::read(self.object(number), recipient)),
        }
    }

    fn object(&self, number: u32) -> Option<&[u8]> {
        Some(self.objects.get(number)).filter(|object| !object.is_empty())
    }

    fn caller(&mut self, number: u32) -> Option<&Identity> {
        let place = number as usize;
        if self.callers.len() <= place {
            self.callers.resize(place + 1, None);
        }
        let object = Some(self.objects.get(number)).filter(|object| !object.is_empty());
        let caller = self.callers.get_mut(place)?;
        Some(caller.get_or_insert_with(|| Identity::read(object, None)))
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Forgets all, and keeps the room they took.
    pub(crate) fn clear(&mut self) {
        self.objects.clear();
        self.callers.clear();
        self.by_prefix.clear();
    }

    pub(crate) fn footprint(&self) -> usize {
        self.objects.footprint() + self.callers.len() * CALLER + self.by_prefix.len() * 24
    }
}

/// The table takes both ends of a hash; these two must not be the hash that is compared.
fn mix(hash: u64) -> u64 {
    FixedState::with_seed(7).hash_one(hash)
}
