//! What a principal was seen to do, as permissions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::sync::Arc;

use remit_catalog::{ActionId, Catalog, Certainty, Resolution, Scope};

use crate::days::Days;

/// What was seen of a call's result, as far as verdicts need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallOutcome {
    /// It was authorised, or failed after it may have been: use.
    Use,
    /// It was refused: never use.
    Denied,
    /// The source does not tell: may have been use.
    Unknown,
}

/// Equal calls of one principal, rolled up over the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Service as the ledger names it.
    pub service: String,
    /// Operation as the ledger names it.
    pub operation: String,
    /// ARNs touched.
    pub resources: Vec<String>,
    /// Request parameters kept by the ledger, which many calls have in common.
    pub parameters: Arc<BTreeMap<String, String>>,
    /// What was seen of the result.
    pub outcome: CallOutcome,
    /// The service that called on the principal's behalf.
    pub via: Option<String>,
    /// The principal's account.
    pub account: Option<String>,
    /// Region that served the call.
    pub region: Option<String>,
    /// How many calls, when, and an example.
    pub seen: Seen,
}

/// How many calls, by what saw them. A call on the wire may be one that an audit log recorded, and nothing tells of a single
/// one, so the two are kept apart and never added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Calls that audit logs recorded.
    pub logged: u64,
    /// Calls that were seen on the wire.
    pub wire: u64,
}

impl Count {
    /// How many different calls there were at least.
    pub fn distinct(self) -> u64 {
        self.logged.max(self.wire)
    }
}

impl From<u64> for Count {
    fn from(logged: u64) -> Self {
        Self { logged, wire: 0 }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.logged += other.logged;
        self.wire += other.wire;
    }
}

/// How often something was seen, when, and one example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How many calls.
    pub count: Count,
    /// First call, in microseconds since the Unix epoch.
    pub first: i64,
    /// Last call.
    pub last: i64,
    /// Event id of one example; where no log recorded any, the request id of one on the wire.
    pub sample: Option<String>,
    /// The days on which there was one, as far as the history that was asked for goes back.
    pub days: Days,
}

impl Call {
    /// The call as if it had been made on these days alone, from the first to before the second; none where it was not.
    pub fn between(&self, first: i64, end: i64) -> Option<Self> {
        Some(Self { seen: self.seen.between(first, end)?, ..self.clone() })
    }
}

impl Seen {
    /// What was seen on the days from the first to before the second, as far as days were asked for: once on each.
    pub fn between(&self, first: i64, end: i64) -> Option<Self> {
        let days = self.days.between(first, end);
        let (first, last) = (days.first()?, days.last()?);
        let once = u64::from(days.len());
        Some(Self {
            count: Count { logged: self.count.logged.min(once), wire: self.count.wire.min(once) },
            first: Days::moment_of(first).max(self.first),
            last: Days::moment_of(last.saturating_add(1)).saturating_sub(1).min(self.last),
            sample: None,
            days,
        })
    }

    /// What was seen of all of them together; none of none.
    pub fn of_all<'a>(mut all: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let mut seen = all.next()?.clone();
        all.for_each(|one| seen.add(one));
        Some(seen)
    }

    /// Adds another sighting. The result does not depend on the order of additions.
    pub fn add(&mut self, other: &Self) {
        // The smallest, as in the ledger: which calls were counted together there depends on how files were split.
        self.sample = match (self.count.logged > 0, other.count.logged > 0) {
            (true, false) => self.sample.take(),
            (false, true) => other.sample.clone(),
            _ => self.sample.iter().chain(&other.sample).min().cloned(),
        };
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.days.add(&other.days);
    }
}

/// How one action was used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionUse {
    /// Calls that certainly needed the action.
    pub seen: Option<Seen>,
    /// Resources on which it was certainly needed, each with its calls.
    pub resources: BTreeMap<String, Seen>,
    /// Whether some call's resource is not known.
    pub resource_unknown: bool,
    /// Whether some call needed it on no particular resource (`*`).
    pub any_resource: bool,
    /// Operations that needed it.
    pub operations: BTreeSet<String>,
    /// Operations that may have needed it.
    pub possible: BTreeSet<String>,
    /// Operations that needed it, or may have, and of which it is not known whether they were allowed.
    pub undecided: BTreeSet<String>,
    /// Services that made calls on the principal's behalf.
    pub via: BTreeSet<String>,
    /// Denied calls, which are never use.
    pub denied: Count,
}

/// What a principal was seen to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Use per action.
    pub actions: BTreeMap<ActionId, ActionUse>,
    /// Calls that were not denied and whose operation the catalog does not know: (service, operation).
    pub unresolved: BTreeMap<(String, String), Seen>,
    /// Allowed calls in all.
    pub calls: Count,
    /// Denied calls in all.
    pub denied: Count,
    /// Calls in all of which it is not known whether they were allowed.
    pub undecided: Count,
    /// Last allowed call.
    pub last: Option<i64>,
}

impl Usage {
    /// Translates calls to permissions. The result does not depend on the order of the calls.
    pub fn gather<'a>(catalog: &Catalog, calls: impl IntoIterator<Item = &'a Call>) -> Self {
        let mut usage = Self::default();
        for call in calls {
            usage.add(catalog, call);
        }
        usage
    }

    /// Counts calls, and those of which the catalog does not know the operation, without what the others needed.
    pub fn count<'a>(catalog: &Catalog, calls: impl IntoIterator<Item = &'a Call>) -> Self {
        let mut usage = Self::default();
        for call in calls {
            usage.count_one(catalog, call);
        }
        usage
    }

    fn count_one(&mut self, catalog: &Catalog, call: &Call) {
        match call.outcome {
            CallOutcome::Denied => self.denied += call.seen.count,
            CallOutcome::Unknown => self.undecided += call.seen.count,
            CallOutcome::Use => {
                self.calls += call.seen.count;
                self.last = self.last.max(Some(call.seen.last));
            }
        }
        let resolution = catalog.operation(&call.service, &call.operation);
        if matches!(resolution, Resolution::Unknown) && call.outcome != CallOutcome::Denied {
            let key = (call.service.clone(), call.operation.clone());
            merge(self.unresolved.entry(key), &call.seen);
        }
    }

    fn add(&mut self, catalog: &Catalog, call: &Call) {
        self.count_one(catalog, call);
        let needs = catalog.needs(&remit_catalog::Call {
            service: &call.service,
            operation: &call.operation,
            resources: &call.resources,
            parameters: &call.parameters,
            account: call.account.as_deref(),
            region: call.region.as_deref(),
        });
        for need in needs {
            let action = self.actions.entry(need.action).or_default();
            action.add(call, need.certainty, need.scope);
        }
    }

    /// The actions that were certainly needed by allowed calls.
    pub fn used(&self) -> impl Iterator<Item = (ActionId, &ActionUse)> {
        self.actions.iter().filter(|(_, use_)| use_.seen.is_some()).map(|(id, use_)| (*id, use_))
    }

    /// Whether the action was certainly needed by an allowed call.
    pub fn uses(&self, action: ActionId) -> bool {
        self.actions.get(&action).is_some_and(|action| action.seen.is_some())
    }
}

impl ActionUse {
    fn add(&mut self, call: &Call, certainty: Certainty, scope: Scope) {
        let operation = format!("{}:{}", call.service, call.operation);
        match (call.outcome, certainty) {
            (CallOutcome::Denied, Certainty::Certain) => self.denied += call.seen.count,
            // Which of its permissions a call was denied for it does not say, and this one it may not have needed.
            (CallOutcome::Denied, Certainty::Possible) => {}
            (CallOutcome::Use, Certainty::Certain) => {
                match &mut self.seen {
                    Some(seen) => seen.add(&call.seen),
                    none => *none = Some(call.seen.clone()),
                }
                self.operations.insert(operation);
                self.via.extend(call.via.clone());
                match scope {
                    Scope::Any => self.any_resource = true,
                    Scope::Unknown => self.resource_unknown = true,
                    Scope::Known(resources) => {
                        for resource in resources {
                            merge(self.resources.entry(resource), &call.seen);
                        }
                    }
                }
            }
            (CallOutcome::Use, Certainty::Possible) => {
                self.possible.insert(operation);
            }
            (CallOutcome::Unknown, _) => {
                self.undecided.insert(operation);
            }
        }
    }
}

/// Adds what was seen to an entry.
pub(crate) fn merge<K: Ord>(entry: std::collections::btree_map::Entry<'_, K, Seen>, seen: &Seen) {
    entry.and_modify(|all| all.add(seen)).or_insert_with(|| seen.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recorder counts calls together that another, who was given the same files otherwise split, counts apart.
    #[test]
    fn the_example_does_not_depend_on_which_calls_were_counted_together() {
        let seen = |at: i64, id: &str| Seen {
            count: 1.into(),
            first: at,
            last: at,
            sample: Some(id.to_owned()),
            days: Days::default(),
        };
        let together = |calls: &[Seen]| {
            let mut all = calls[0].clone();
            all.sample = calls.iter().filter_map(|call| call.sample.clone()).min();
            all.last = calls.iter().map(|call| call.last).max().unwrap();
            all
        };
        let calls = [seen(1, "a"), seen(2, "c"), seen(3, "b")];
        let sums = [vec![together(&calls)], vec![together(&calls[..2]), calls[2].clone()], calls.to_vec()];
        for parts in sums {
            let mut sum = parts[0].clone();
            parts.iter().skip(1).for_each(|part| sum.add(part));
            assert_eq!(sum.sample.as_deref(), Some("a"));
        }
    }

    #[test]
    fn what_log_and_wire_saw_is_not_added_up() {
        let seen = |logged, wire, id: &str| Seen {
            count: Count { logged, wire },
            first: 1,
            last: 1,
            sample: Some(id.to_owned()),
            days: Days::default(),
        };
        let parts = [seen(0, 5, "a"), seen(2, 0, "c"), seen(0, 1, "0"), seen(1, 0, "b")];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let mut all = parts[order[0]].clone();
            order[1..].iter().for_each(|at| all.add(&parts[*at]));
            assert_eq!((all.count, all.count.distinct()), (Count { logged: 3, wire: 6 }, 6));
            assert_eq!(all.sample.as_deref(), Some("b"), "an event's id before a request's");
        }
    }

    #[test]
    fn a_denied_call_says_nothing_of_what_it_may_have_needed() {
        let catalog = Catalog::embedded().unwrap();
        let call = |service: &str, operation: &str| Call {
            service: service.to_owned(),
            operation: operation.to_owned(),
            outcome: CallOutcome::Denied,
            via: None,
            resources: Vec::new(),
            parameters: Arc::default(),
            account: None,
            region: None,
            seen: Seen { count: 2.into(), first: 1, last: 1, sample: None, days: Days::default() },
        };
        let calls = [call("s3", "GetObject"), call("sqs", "CreateQueue")];
        let usage = Usage::gather(catalog, &calls);
        let denied = |name: &str| {
            let action = catalog.find(name).unwrap();
            usage.actions.get(&action).map_or(0, |action| action.denied.distinct())
        };
        assert_eq!([denied("s3:GetObject"), denied("sqs:CreateQueue")], [2, 2]);
        let possible =
            ["s3:GetObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectTagging", "sqs:TagQueue"];
        assert_eq!(possible.map(denied), [0; 4]);
        assert_eq!(usage.denied.distinct(), 4);
    }
}
