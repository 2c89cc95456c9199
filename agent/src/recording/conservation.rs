//! What became of every call.

use std::collections::BTreeMap;

use crate::metrics::Metric;

/// What became of every call: attempts = recorded + pending + dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conservation {
    /// Calls that were made, as far as anyone counted them; of connections that could not be read each counts for one.
    pub attempts: u64,
    /// Calls that are durable, in the ledger or the spool.
    pub recorded: u64,
    /// Calls in memory, or on their way.
    pub pending: u64,
    /// Calls that were lost, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
}

impl Conservation {
    /// Whether every call is accounted for.
    pub fn is_balanced(&self) -> bool {
        let dropped = self.dropped.values().copied().fold(0, u64::saturating_add);
        self.attempts == self.recorded.saturating_add(self.pending).saturating_add(dropped)
    }

    /// The same as metrics.
    pub fn metrics(&self) -> Vec<Metric> {
        let dropped = self.dropped.iter().map(|(reason, count)| (*reason, *count));
        vec![
            Metric::counter(
                "remit_calls_attempted_total",
                "Calls that were made, and connections whose calls could not be read.",
                self.attempts,
            ),
            Metric::counter("remit_calls_recorded_total", "Calls that are durable.", self.recorded),
            Metric::gauge("remit_calls_pending", "Calls that are not durable yet.", self.pending),
            Metric::counters("remit_calls_dropped_total", "Calls that were lost.", "reason", dropped),
        ]
    }
}
