//! What became of requests.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
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
    /// Connections that were given up, by stage.
    given_up: [AtomicU64; STAGES.len()],
    /// Connections that wait until another ends.
    waiting: AtomicU32,
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

/// What a connection that is given up has not come beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Others came before its handshake was over.
    Handshake,
    /// Too many were served or waited.
    Slot,
}

const STAGES: [(Stage, &str); 2] = [(Stage::Handshake, "handshake"), (Stage::Slot, "slot")];

/// A connection that waits until another ends, for as long as this is held.
pub(super) struct Wait<'a>(&'a Counters);

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

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

    pub(super) fn gave_up(&self, stage: Stage) {
        let place = STAGES.iter().position(|(known, _)| *known == stage);
        if let Some(counter) = place.and_then(|place| self.given_up.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One more waits, unless so many do.
    pub(super) fn wait(&self, limit: u32) -> Option<Wait<'_>> {
        let more = |waiting: u32| waiting.checked_add(1).filter(|waiting| *waiting <= limit);
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Wait(self))
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
        let given_up = STAGES.iter().zip(&self.given_up).map(|((_, name), count)| (*name, read(count)));
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
                "Connections that ended without an answer, but for those that were closed to make room.",
                read(&self.broken),
            ),
            Metric::counters(
                "remit_webhook_given_up_total",
                "Connections that were closed to make room for others, by what they waited for.",
                "stage",
                given_up,
            ),
            Metric::gauge(
                "remit_webhook_waiting",
                "Connections that wait until others end.",
                self.waiting.load(Ordering::Relaxed).into(),
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
