//! What of a cluster's requests the ledger could have shown during the window.

use std::collections::BTreeSet;

use crate::coverage::{Reason, Window};

/// What the ledger could have shown of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The window that verdicts speak of.
    pub window: Window,
    /// From when on calls count as use, in microseconds since the Unix epoch: the window's start, or earlier.
    pub since: i64,
    /// Shortest window, in microseconds, in which not seen may count as not used.
    pub minimum: i64,
    /// Whether there are stretches of the window of which there is no log.
    pub has_gaps: bool,
    /// Events known to be lost in the window.
    pub lost: u64,
    /// Files of the ledger that cannot be read, whatever they hold.
    pub unreadable: u64,
    /// Whether what other servers asked the API server to decide is known: the log has the bodies of all access reviews, or
    /// would have shown any and none was made.
    pub shows_reviews: bool,
    /// Groups and resources that somebody was seen to use, so that the API server serves them, by itself or another.
    pub served: BTreeSet<(String, String)>,
}

impl Coverage {
    /// Why nothing that is not seen can count as not used, whatever it is.
    pub fn hides_all(&self) -> Option<Reason> {
        if self.lost > 0 {
            return Some(Reason::EventsLost(self.lost));
        }
        if self.unreadable > 0 {
            return Some(Reason::LedgerDamaged(self.unreadable));
        }
        if self.has_gaps {
            return Some(Reason::Gaps);
        }
        (self.window.length() < self.minimum).then_some(Reason::WindowTooShort)
    }
}
