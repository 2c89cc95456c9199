//! Which workloads were seen to call on the wire, and as whom.

use std::collections::BTreeMap;

use remit_policy::CallOutcome;

use crate::rollup::{Caller, PrincipalCalls};

/// What one workload was seen to call of one provider as one principal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WorkloadCalls {
    /// Calls that were allowed, or failed after they may have been.
    pub(crate) allowed: u64,
    /// Calls that were denied.
    pub(crate) denied: u64,
    /// Calls of which it is not known whether they were allowed.
    pub(crate) undecided: u64,
    /// Calls by service, whatever came of them.
    pub(crate) services: BTreeMap<String, u64>,
    /// Time of the last call, in microseconds since the Unix epoch.
    pub(crate) last: i64,
}

/// What was seen on the wire, by workload (none where the agent did not learn which), provider and principal.
pub(crate) fn workloads<'a>(
    callers: impl Iterator<Item = (&'a Caller, &'a PrincipalCalls)>,
) -> BTreeMap<Caller, WorkloadCalls> {
    callers
        .filter(|(caller, _)| !caller.is_logged())
        .map(|(caller, calls)| (caller.clone(), WorkloadCalls::of(calls)))
        .collect()
}

impl WorkloadCalls {
    fn of(calls: &PrincipalCalls) -> Self {
        let mut all = Self::default();
        for call in &calls.calls {
            let count = call.seen.count.wire;
            match call.outcome {
                CallOutcome::Use => all.allowed += count,
                CallOutcome::Denied => all.denied += count,
                CallOutcome::Unknown => all.undecided += count,
            }
            *all.services.entry(call.service.clone()).or_default() += count;
            all.last = all.last.max(call.seen.last);
        }
        all
    }
}
