//! When events were, by the clock of this machine. The kernel says when they were since it started.

use remit_abi::Header;

/// The clock of this machine beside the kernel's.
#[derive(Debug)]
pub(super) struct Clock {
    /// When the agent called its own function last.
    called: i64,
    /// What is between the two, in microseconds, once a call of that function was seen.
    offset: Option<i64>,
    /// The time up to which all events were taken.
    pub(super) reached: i64,
}

impl Clock {
    /// All times are in microseconds since the Unix epoch.
    pub(super) fn new(now: i64) -> Self {
        Self { called: now, offset: None, reached: now }
    }

    /// The agent calls its own function now.
    pub(super) fn call(&mut self, now: i64) {
        self.called = now;
    }

    /// That call was seen.
    pub(super) fn hear(&mut self, header: &Header) {
        self.offset = Some(self.called.saturating_sub(since_start(header)));
    }

    /// When an event was that is taken now: it may have waited for as long as the agent was kept from taking it.
    pub(super) fn time(&self, header: &Header, now: i64) -> i64 {
        self.offset.map_or(now, |offset| offset.saturating_add(since_start(header)).min(now))
    }

    /// Events were taken: up to now, unless there may be more.
    pub(super) fn take(&mut self, last: Option<i64>, is_all: bool, now: i64) {
        self.reached = if is_all { now } else { last.unwrap_or(self.reached) };
    }
}

fn since_start(header: &Header) -> i64 {
    i64::try_from(header.time / 1000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn event(seconds: u64) -> Header {
        Header { time: seconds * 1_000_000_000, ..Header::default() }
    }

    #[test]
    fn an_event_was_when_it_was_however_late_it_is_taken() {
        let mut clock = Clock::new(100 * SECOND);
        assert_eq!(clock.time(&event(3), 101 * SECOND), 101 * SECOND, "nothing is known yet");
        clock.call(102 * SECOND);
        clock.hear(&event(7));
        assert_eq!(clock.time(&event(8), 110 * SECOND), 103 * SECOND);
        assert_eq!(clock.time(&event(50), 110 * SECOND), 110 * SECOND, "the clock was set back");
    }

    #[test]
    fn what_is_decided_by_events_waits_for_those_that_are_left() {
        let mut clock = Clock::new(0);
        clock.take(Some(2), true, 9);
        assert_eq!(clock.reached, 9);
        clock.take(Some(12), false, 20);
        assert_eq!(clock.reached, 12);
    }
}
