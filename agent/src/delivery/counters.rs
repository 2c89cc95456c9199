//! What became of requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::journal::Events;
use crate::metrics::Metric;

/// What became of requests, counted.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests that were answered, by status.
    answers: [AtomicU64; STATUSES.len()],
    /// Connections that ended before a request was answered, or whose handshake failed.
    broken: AtomicU64,
    /// Events of requests that were acknowledged: recorded, skipped and lost.
    events: [AtomicU64; 3],
    published: AtomicU64,
    compacted: AtomicU64,
    /// Why the ledger took nothing the last time.
    problem: Mutex<Option<String>>,
}

/// Statuses that requests are answered with.
const STATUSES: [(u16, &str); 7] =
    [(200, "200"), (400, "400"), (405, "405"), (408, "408"), (413, "413"), (415, "415"), (503, "503")];

impl Counters {
    pub(super) fn answered(&self, status: u16) {
        let place = STATUSES.iter().position(|(known, _)| *known == status);
        if let Some(counter) = place.and_then(|place| self.answers.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn broke(&self) {
        self.broken.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn published(&self, events: Events) {
        for (counter, more) in self.events.iter().zip([events.recorded, events.skipped, events.lost]) {
            counter.fetch_add(more, Ordering::Relaxed);
        }
        self.published.fetch_add(1, Ordering::Relaxed);
        self.recovered();
    }

    pub(super) fn compacted(&self) {
        self.compacted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn recovered(&self) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn failed(&self, problem: String) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
    }

    /// Why the ledger took nothing the last time; none where it did.
    pub fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The counts as metrics.
    pub fn metrics(&self) -> Vec<Metric> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let answers = STATUSES.iter().zip(&self.answers).map(|((_, name), count)| (*name, read(count)));
        let events = ["recorded", "skipped", "lost"].into_iter().zip(&self.events);
        vec![
            Metric::counters(
                "remit_webhook_events_total",
                "Events of requests that were acknowledged, by what became of them.",
                "state",
                events.map(|(state, count)| (state, read(count))),
            ),
            Metric::counters(
                "remit_webhook_requests_total",
                "Requests that were answered, by status.",
                "status",
                answers,
            ),
            Metric::counter(
                "remit_webhook_broken_total",
                "Connections that ended without an answer.",
                read(&self.broken),
            ),
            Metric::counter("remit_webhook_published_total", "Writes to the ledger.", read(&self.published)),
            Metric::counter(
                "remit_webhook_compacted_total",
                "Times that few files were made of many.",
                read(&self.compacted),
            ),
        ]
    }
}
