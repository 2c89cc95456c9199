//! Connections of TLS: those that were read, and those that were not, by workload.

use std::collections::BTreeMap;

use remit_agent::capture::Capture;
use remit_agent::metrics::Metric;
use remit_agent::recording::Recorder;
use remit_agent::sockets::Connection;

/// Workloads that metrics tell apart; those beyond are one. A node has 200 series at most.
const WORKLOADS: usize = 100;

/// Connections that were seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    read: u64,
    unread: u64,
    by_workload: BTreeMap<String, u64>,
}

impl Seen {
    /// Records connections of which it is told now whether they were read.
    pub(super) fn record(&mut self, connections: &[Connection], capture: &Capture, recorder: &mut Recorder) {
        for connection in connections {
            let (call, provider) = capture.unread(connection);
            recorder.connection(&connection.subject, provider, connection.is_readable, connection.at);
            if connection.is_readable {
                self.read += 1;
                continue;
            }
            recorder.record(call);
            self.count_unread(workload(connection));
        }
    }

    fn count_unread(&mut self, workload: String) {
        self.unread += 1;
        let is_told = self.by_workload.len() < WORKLOADS || self.by_workload.contains_key(&workload);
        let workload = if is_told { workload } else { "others".to_owned() };
        *self.by_workload.entry(workload).or_default() += 1;
    }

    pub(super) fn metrics(&self) -> [Metric; 2] {
        let unread = self.by_workload.iter().map(|(workload, count)| (workload.as_str(), *count));
        [
            Metric::counters(
                "remit_tls_connections_total",
                "Connections of TLS that sent data, by whether their plaintext was seen.",
                "plaintext",
                [("seen", self.read), ("not_seen", self.unread)],
            ),
            Metric::counters(
                "remit_tls_connections_without_plaintext_total",
                "Connections of TLS whose plaintext was not seen, by workload.",
                "workload",
                unread,
            ),
        ]
    }
}

/// A workload in one word: namespace, kind, name and container, as far as they are known.
fn workload(connection: &Connection) -> String {
    let identity = connection.subject.identity();
    let workload = &identity.workload;
    let parts = [&workload.namespace, &workload.owner_kind, &workload.owner_name, &workload.container];
    let parts: Vec<&str> = parts.into_iter().filter_map(Option::as_deref).collect();
    if parts.is_empty() { "unknown".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_workloads_most_are_one() {
        let mut seen = Seen::default();
        (0..10_000).for_each(|number| seen.count_unread(format!("shop/web-{number}")));
        seen.count_unread("shop/web-7".to_owned());
        let [_, by_workload] = seen.metrics();
        assert_eq!(by_workload.samples.len(), WORKLOADS + 1);
        assert_eq!(by_workload.samples.iter().map(|sample| sample.value).sum::<u64>(), 10_001);
    }
}
