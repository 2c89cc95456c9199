//! Equal calls counted together, in bounded memory.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::RandomState;
use remit_ledger::{HOUR, Outcome, Provider};

use super::call::{Call, Principal};
use crate::identity::Subject;

/// What one row takes beside its texts: key, counts, and its place in the map.
const ROW_BYTES: usize = 512;

/// What makes calls equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Start of the hour, in microseconds since the Unix epoch.
    pub(super) window: i64,
    pub(super) who: Who,
    pub(super) evidence: &'static str,
    pub(super) provider: Provider,
    pub(super) principal: Option<Principal>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) credential: Option<String>,
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) resources: Vec<String>,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) outcome: Outcome,
    pub(super) error_code: Option<String>,
}

/// A subject is equal to itself alone: who it is may not be known yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Who(pub(super) Arc<Subject>);

/// How often, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) count: u64,
    pub(super) first: i64,
    pub(super) last: i64,
    /// The smallest identifier, so that it does not depend on the order of calls.
    pub(super) sample: Option<String>,
}

/// Rows of calls.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Boxed, so that a table that grows moves little.
    rows: HashMap<Box<Key>, Tally, RandomState>,
    /// How many rows each subject has, by its address.
    shares: HashMap<usize, usize, RandomState>,
    largest_share: usize,
    bytes: usize,
}

impl PartialEq for Who {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Who {}

impl Hash for Who {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl Who {
    fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl Key {
    pub(super) fn of(call: Call) -> (Self, Tally) {
        let window = call.last.div_euclid(HOUR).saturating_mul(HOUR);
        let tally = Tally {
            count: call.count,
            // What the kernel counted over the turn of an hour is of the hour of its last call.
            first: call.first.max(window),
            last: call.last,
            sample: call.sample_id,
        };
        let key = Self {
            window,
            who: Who(call.subject),
            evidence: call.evidence,
            provider: call.provider,
            principal: call.principal,
            account: call.account,
            region: call.region,
            credential: call.credential,
            service: call.service,
            operation: call.operation,
            resources: call.resources,
            parameters: call.parameters,
            outcome: call.outcome,
            error_code: call.error_code,
        };
        (key, tally)
    }

    /// Leaves out what the calls touched.
    pub(super) fn without_resources(mut self) -> Self {
        self.resources = Vec::new();
        self.parameters = BTreeMap::new();
        self
    }

    fn footprint(&self) -> usize {
        let lists = self.resources.iter().chain(self.parameters.keys()).chain(self.parameters.values());
        let optional = [&self.account, &self.region, &self.credential, &self.error_code];
        let principal = self.principal.as_ref().map_or(0, |principal| principal.name.len());
        let texts: usize = optional.into_iter().flatten().map(String::len).sum();
        let lists: usize = lists.map(|text| text.len() + size_of::<String>()).sum();
        ROW_BYTES + self.service.len() + self.operation.len() + principal + texts + lists
    }
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.sample = match (self.sample.take(), other.sample) {
            (Some(left), Some(right)) => Some(left.min(right)),
            (left, right) => left.or(right),
        };
    }
}

impl Table {
    /// Adds to a row that is there; hands back what is new.
    pub(super) fn add(&mut self, key: Key, tally: Tally) -> Option<(Key, Tally)> {
        match self.rows.get_mut(&key) {
            Some(row) => {
                row.add(tally);
                None
            }
            None => Some((key, tally)),
        }
    }

    /// Inserts what [`Table::add`] handed back.
    pub(super) fn insert(&mut self, key: Key, tally: Tally) {
        self.bytes = self.bytes.saturating_add(key.footprint());
        let share = self.shares.entry(key.who.address()).or_default();
        *share = share.saturating_add(1);
        self.largest_share = self.largest_share.max(*share);
        self.rows.insert(Box::new(key), tally);
    }

    /// How many rows a subject has.
    pub(super) fn share(&self, who: &Who) -> usize {
        self.shares.get(&who.address()).copied().unwrap_or(0)
    }

    /// How many rows the subject has that has most.
    pub(super) fn largest_share(&self) -> usize {
        self.largest_share
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = (Box<Key>, Tally)> {
        self.rows.into_iter()
    }
}
