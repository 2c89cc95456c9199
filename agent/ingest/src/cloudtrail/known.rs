//! `userIdentity` objects that were met before.
//!
//! The object is almost half of an event, and every call of a session repeats it byte for byte. So it is told by
//! its first bytes, which hold the session's name, and compared as a whole instead of being parsed again.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::identity::Identity;
use crate::interner::{Interned, Interner, hash_bytes};

/// Long enough to reach into the session's name.
const PREFIX: usize = 128;

/// Objects that begin alike and differ later: a session with and without `invokedBy`, say.
const CANDIDATES: usize = 8;

/// Every distinct `userIdentity` object, numbered.
#[derive(Debug, Default)]
pub(crate) struct KnownIdentities {
    objects: Interner,
    /// Who is behind each object, once it was asked for.
    callers: Vec<Option<Caller>>,
    by_prefix: HashTable<(u64, u32)>,
}

/// Who is behind an object, as far as the object alone tells.
#[derive(Clone, Debug, Default)]
struct Caller {
    principal: Box<str>,
    account: Option<Box<str>>,
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
        self.caller(number)?.account.as_deref()
    }

    fn caller(&mut self, number: u32) -> Option<&Caller> {
        let place = number as usize;
        if self.callers.len() <= place {
            self.callers.resize(place + 1, None);
        }
        let object = Some(self.objects.get(number)).filter(|object| !object.is_empty());
        let caller = self.callers.get_mut(place)?.get_or_insert_with(|| {
            let identity = Identity::read(object, None);
            // Callers of other kinds have words in place of an account.
            let is_account = |id: &String| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
            Caller {
                principal: identity.principal.into(),
                account: identity.account.filter(is_account).map(Into::into),
            }
        });
        Some(caller)
    }

    pub(crate) fn get(&self, number: u32) -> &[u8] {
        self.objects.get(number)
    }

    pub(crate) fn footprint(&self) -> usize {
        self.objects.footprint() + self.callers.capacity() * 120 + self.by_prefix.capacity() * 17
    }
}

/// The table takes both ends of a hash; these two must not be the hash that is compared.
fn mix(hash: u64) -> u64 {
    FixedState::with_seed(7).hash_one(hash)
}
