//! Which workloads were seen to call on the wire, and as whom, and how many connections could not be read.

use std::collections::BTreeMap;

use remit_ledger::{SNI, Workload};
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
    /// Connections whose calls could not be read.
    pub(crate) unread: u64,
    /// Calls and connections by service, whatever came of them.
    pub(crate) services: BTreeMap<String, u64>,
    /// Time of the last call, in microseconds since the Unix epoch.
    pub(crate) last: i64,
}

/// What was seen on the wire, by workload (none where the agent did not learn which), provider and principal, whatever the
/// evidence.
pub(crate) fn workloads<'a>(
    callers: impl Iterator<Item = (&'a Caller, &'a PrincipalCalls)>,
) -> BTreeMap<Caller, WorkloadCalls> {
    let mut workloads: BTreeMap<Caller, WorkloadCalls> = BTreeMap::new();
    for (caller, calls) in callers.filter(|(caller, _)| !caller.is_logged()) {
        let key = Caller { evidence: String::new(), ..caller.clone() };
        workloads.entry(key).or_default().add(calls, caller.evidence == SNI);
    }
    workloads
}

/// A workload as the roll-up names it.
pub(crate) fn name_of(workload: &Workload) -> String {
    let Workload { cluster, namespace, owner_kind, owner_name, container, image } = workload;
    let names: Vec<&str> = [cluster, namespace, owner_kind, owner_name, container]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    match (names.is_empty(), image) {
        (true, Some(image)) => image.clone(),
        _ => names.join("/"),
    }
}

impl WorkloadCalls {
    fn add(&mut self, calls: &PrincipalCalls, is_unread: bool) {
        for call in &calls.calls {
            let count = call.seen.count.wire;
            match call.outcome {
                _ if is_unread => self.unread += count,
                CallOutcome::Use => self.allowed += count,
                CallOutcome::Denied => self.denied += count,
                CallOutcome::Unknown => self.undecided += count,
            }
            *self.services.entry(call.service.clone()).or_default() += count;
            self.last = self.last.max(call.seen.last);
        }
    }
}

#[cfg(test)]
mod tests {
    use remit_ledger::{CLOUDTRAIL, KUBERNETES_AUDIT, WIRE};

    use super::*;

    #[test]
    fn what_an_audit_log_tells_of_workloads_was_not_seen_on_the_wire() {
        let caller = |evidence: &str| Caller {
            workload: Some("shop/Pod/a-*".to_owned()),
            evidence: evidence.to_owned(),
            ..Caller::default()
        };
        let calls = PrincipalCalls::default();
        let of = |evidence: &str| workloads([(&caller(evidence), &calls)].into_iter()).len();
        assert_eq!([CLOUDTRAIL, KUBERNETES_AUDIT, WIRE, SNI].map(of), [0, 0, 1, 1]);
    }
}
