//! What was seen on the wire, as lines of a report.

use remit_ledger::UNKNOWN;
use remit_policy::moment;

use crate::analysis::Analysis;
use crate::report::model::WorkloadLine;
use crate::rollup::Caller;
use crate::workloads::WorkloadCalls;

/// Services that a line names: a workload may call as many hosts as it likes, and few are shown.
const SERVICES: usize = 20;

/// One line for each workload, provider and principal: those of a known workload by name, each with its principals, and then
/// the others.
pub(super) fn lines(analysis: &Analysis) -> Vec<WorkloadLine> {
    let line = |(caller, calls): (&Caller, &WorkloadCalls)| {
        let mut services: Vec<_> = calls.services.iter().collect();
        services.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        WorkloadLine {
            workload: caller.workload.clone(),
            principal: Some(caller.principal.clone()).filter(|name| name != UNKNOWN),
            provider: caller.provider.clone(),
            service_count: services.len(),
            services: services.into_iter().take(SERVICES).map(|(name, _)| name.clone()).collect(),
            allowed: calls.allowed,
            denied: calls.denied,
            undecided: calls.undecided,
            unread: calls.unread,
            last_seen: moment(calls.last),
        }
    };
    let mut lines: Vec<_> = analysis.workloads.iter().map(line).collect();
    let key = |line: &WorkloadLine| {
        (line.workload.is_none(), line.workload.clone(), line.provider.clone(), line.principal.clone())
    };
    lines.sort_by_cached_key(key);
    lines
}
