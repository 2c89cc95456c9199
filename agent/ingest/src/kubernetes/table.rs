//! Equal calls counted together, until they are flushed to the ledger.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use indexmap::IndexSet;
use remit_ledger::Outcome;

use super::asked::Asked;
use super::caller::Who;
use crate::interner::{Interned, Interner};
use crate::known::KnownObjects;

/// The counts of one worker since its last flush.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// `user` and `impersonatedUser` as events tell them, and constraints of impersonation.
    pub(crate) users: KnownObjects,
    /// Who is behind them.
    pub(crate) callers: HashMap<CallerKey, Arc<Caller>, FixedState>,
    /// What was asked and answered as events tell it, and the number in `calls` of each.
    raw: Interner,
    call_of_raw: Vec<u32>,
    whos: IndexSet<Who, FixedState>,
    calls: IndexSet<Call, FixedState>,
    /// What is looked at of the calls each time, closer together than they are.
    traits: Vec<Traits>,
    /// Addresses that calls came from.
    origins: Interner,
    clusters: IndexSet<Option<Arc<str>>, FixedState>,
    rows: HashMap<Key, Row, FixedState>,
    /// Bytes that texts take, roughly.
    texts: usize,
}

/// The numbers of a user, of whom it impersonated, and of the constraint to that.
pub(crate) type CallerKey = (u32, Option<u32>, Option<u32>);

/// Who makes a call, and what of it has no event of its own.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) who: u32,
    /// Who was found to be allowed to do what, by their numbers, before the call itself was judged.
    pub(crate) also: Vec<(u32, u32)>,
    /// Who was found to be allowed to call like this in another's name, and how: `user-info`.
    pub(crate) constrained: Option<(u32, String)>,
}

/// What was asked for and what came of it. Those that one example stands for follow each other in this order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Call {
    pub(crate) asked: Asked,
    pub(crate) outcome: Outcome,
    /// The answer's code, where the call was denied or failed.
    pub(crate) error: Option<u16>,
    /// Whether what was to be changed was created.
    pub(crate) is_created: bool,
    /// Whether the connection was handed over.
    pub(crate) is_upgraded: bool,
    /// Whether it changes nothing.
    pub(crate) is_read: bool,
    /// What allowed it: no part of what is called alike.
    pub(crate) authorizer: Option<String>,
}

/// What is looked at of a call each time that it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Whether it changes nothing.
    pub(crate) is_read: bool,
    /// Whether an access review was created, which shows another's permission.
    pub(crate) is_review: bool,
}

/// What makes calls equal, by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Hour since the Unix epoch.
    pub(crate) hour: i32,
    pub(crate) who: u32,
    pub(crate) call: u32,
    pub(crate) origin: u32,
    pub(crate) cluster: u32,
}

/// Equal calls of one hour.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) count: u64,
    /// Microseconds since the Unix epoch.
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// The smallest identifier, so that it does not depend on the order of events.
    pub(crate) sample: Sample,
}

/// An identifier, with its beginning where comparing finds it first; empty for none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    head: u64,
    text: Box<str>,
}

/// Bytes that a row takes while it is counted, and more when it is written.
const ROW: usize = 250;

/// Bytes that a thing takes beside its texts, its place in a hash table included.
const THING: usize = 300;

/// Identifiers are 36 bytes; what is much longer is not kept as an example.
const SAMPLE_LIMIT: usize = 128;

impl Call {
    /// Whether the other differs in nothing but what allowed it.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let told = |call: &Self| (call.outcome, call.error, call.is_created, call.is_upgraded, call.is_read);
        self.asked == other.asked && told(self) == told(other)
    }

    fn traits(&self) -> Traits {
        let is_review = matches!(
            self.asked.operation.as_str(),
            "create subjectaccessreviews" | "create localsubjectaccessreviews"
        ) && self.asked.service == "authorization.k8s.io";
        Traits { is_read: self.is_read, is_review: is_review && self.outcome == Outcome::Allowed }
    }
}

impl Sample {
    fn of(text: &str) -> Self {
        Self { head: head(text), text: text.into() }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        Some(&*self.text).filter(|text| !text.is_empty())
    }

    /// Takes what is smaller, and is not empty.
    #[inline]
    fn lower(&mut self, text: &str) {
        let head = head(text);
        // Hardly any two identifiers begin alike.
        let is_lower = head < self.head || (head == self.head && *text < *self.text) || self.text.is_empty();
        if is_lower && !text.is_empty() {
            *self = Self { head, text: text.into() };
        }
    }
}

/// The first bytes of a text, in the order of texts.
#[inline]
fn head(text: &str) -> u64 {
    let mut head = [0; 8];
    for (slot, byte) in head.iter_mut().zip(text.bytes()) {
        *slot = byte;
    }
    u64::from_be_bytes(head)
}

impl Table {
    pub(crate) fn who(&mut self, who: Who) -> u32 {
        let texts = who.footprint();
        let (number, is_new) = self.whos.insert_full(who);
        self.texts += if is_new { texts + THING } else { 0 };
        small(number)
    }

    pub(crate) fn call(&mut self, call: Call) -> u32 {
        let Asked { service, operation, resource, namespace, version } = &call.asked;
        let texts = service.len() + operation.len() + resource.len() + namespace.len() + version.len();
        let traits = call.traits();
        let (number, is_new) = self.calls.insert_full(call);
        if is_new {
            self.traits.push(traits);
            self.texts += texts + THING;
        }
        small(number)
    }

    pub(crate) fn get_who(&self, number: u32) -> Option<&Who> {
        self.whos.get_index(number as usize)
    }

    pub(crate) fn get_call(&self, number: u32) -> Option<&Call> {
        self.calls.get_index(number as usize)
    }

    /// What is looked at of a call.
    #[inline]
    pub(crate) fn traits(&self, call: u32) -> Traits {
        self.traits.get(call as usize).copied().unwrap_or_default()
    }

    /// By their numbers, as all of these.
    pub(crate) fn whos(&self) -> impl Iterator<Item = &Who> {
        self.whos.iter()
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter()
    }

    pub(crate) fn clusters(&self) -> impl Iterator<Item = Option<&str>> {
        self.clusters.iter().map(Option::as_deref)
    }

    pub(crate) fn origins(&self) -> impl Iterator<Item = &str> {
        let numbers = 0..u32::try_from(self.origins.len()).unwrap_or(u32::MAX);
        numbers.map(|number| std::str::from_utf8(self.origins.get(number)).unwrap_or_default())
    }

    pub(crate) fn get_cluster(&self, number: u32) -> Option<&str> {
        self.clusters.get_index(number as usize)?.as_deref()
    }

    /// The number in `calls` of what an event tells, if it was met before.
    #[inline]
    pub(crate) fn known_call(&self, raw: &[u8]) -> Option<u32> {
        self.call_of_raw.get(self.raw.find(raw)? as usize).copied()
    }

    /// Remembers what it comes down to.
    pub(crate) fn remember_call(&mut self, raw: &[u8], call: u32) {
        if let Interned::New(_) = self.raw.intern(raw) {
            self.call_of_raw.push(call);
        }
    }

    /// The number of an address; that of the empty text for what is none.
    #[inline]
    pub(crate) fn origin(&mut self, address: &[u8]) -> u32 {
        let is_address =
            || std::str::from_utf8(address).is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok());
        let known = self.origins.intern_if(address, is_address);
        known.unwrap_or_else(|| self.origins.intern(b"").number())
    }

    #[inline]
    pub(crate) fn cluster(&mut self, cluster: Option<&Arc<str>>) -> u32 {
        // Hardly any log is of two clusters.
        if self.clusters.last().is_some_and(|last| last.as_ref() == cluster) {
            return small(self.clusters.len() - 1);
        }
        small(self.clusters.insert_full(cluster.cloned()).0)
    }

    /// Counts one call.
    #[inline]
    pub(crate) fn count(&mut self, key: Key, time: i64, id: &str) {
        let id = if id.len() <= SAMPLE_LIMIT { id } else { "" };
        match self.rows.get_mut(&key) {
            Some(row) => {
                row.count = row.count.saturating_add(1);
                row.first = row.first.min(time);
                row.last = row.last.max(time);
                row.sample.lower(id);
            }
            None => {
                self.rows.insert(key, Row { count: 1, first: time, last: time, sample: Sample::of(id) });
            }
        }
    }

    /// Equal calls of one hour.
    pub(crate) fn rows(&self) -> &HashMap<Key, Row, FixedState> {
        &self.rows
    }

    /// Bytes of memory that the counts take, roughly.
    pub(crate) fn footprint(&self) -> usize {
        self.rows.len() * ROW
            + self.callers.len() * THING
            + self.users.footprint()
            + self.raw.footprint()
            + self.origins.footprint()
            + self.texts
    }
}

/// Tables are flushed long before there are so many things in them.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
