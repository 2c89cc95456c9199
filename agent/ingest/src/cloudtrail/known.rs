//! Who is behind `userIdentity` objects that were met before.

use std::borrow::Cow;

use remit_catalog::is_account;

use super::identity::Identity;
use crate::interner::Interned;
use crate::known::KnownObjects;

/// Bytes of memory that a caller takes, texts and all, roughly.
const CALLER: usize = 400;

/// Every distinct `userIdentity` object, numbered.
#[derive(Debug, Default)]
pub(crate) struct KnownIdentities {
    objects: KnownObjects,
    /// Who is behind each object, as far as the object alone tells, once it was asked for.
    callers: Vec<Option<Identity>>,
}

impl KnownIdentities {
    /// The number and length of the known object that `rest` begins with.
    #[inline]
    pub(crate) fn find(&self, rest: &[u8]) -> Option<(u32, usize)> {
        self.objects.find(rest)
    }

    /// The number of an object.
    pub(crate) fn intern(&mut self, object: &[u8]) -> Interned {
        self.objects.intern(object)
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
    }

    pub(crate) fn footprint(&self) -> usize {
        self.objects.footprint() + self.callers.len() * CALLER
    }
}
