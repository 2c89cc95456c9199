//! Calls that were lost on the way to the recorder.

use remit_abi::Counter;
use remit_agent::kernel::Counts;
use remit_agent::recording::Recorder;
use remit_agent::wire::{self, Dropped};

use crate::observe::{Observation, ROUND};

/// What of the losses was told to the recorder.
pub(super) struct Losses {
    kernel: u64,
    connections: u64,
    /// How many calls the kernel had added up when that was last asked, and how many of such calls were lost.
    sums: (u64, u64),
    heads: [u64; Dropped::ALL.len()],
    dead: u64,
    written: u64,
    overlooked: u64,
    /// When the counts were last compared, in microseconds since the Unix epoch.
    since: i64,
}

/// Why a head was dropped, as the ledger names it.
const fn reason(dropped: Dropped) -> &'static str {
    match dropped {
        Dropped::Truncated => "head_truncated",
        Dropped::Oversized => "head_oversized",
        Dropped::Malformed => "head_malformed",
        Dropped::Undecoded => "head_undecoded",
        Dropped::Unfinished => "head_unfinished",
        Dropped::Evicted => "head_evicted",
    }
}

impl Losses {
    pub(super) fn new(now: i64) -> Self {
        Self {
            kernel: 0,
            sums: (0, 0),
            connections: 0,
            heads: [0; Dropped::ALL.len()],
            dead: 0,
            written: 0,
            overlooked: 0,
            since: now,
        }
    }

    /// Tells the recorder where probes were dead. How many calls went unseen is not known, so each time counts for one.
    pub(super) fn count_dead(&mut self, observation: &Observation, now: i64, recorder: &mut Recorder) {
        let round = i64::try_from(ROUND.as_micros()).unwrap_or(i64::MAX);
        let since = now.saturating_sub(round.saturating_mul(2));
        recorder.dropped("probe_dead", more(&mut self.dead, observation.watch().dead()), since, now);
        // Of processes that have the file, and of no others.
        recorder.dropped("file_written", more(&mut self.written, observation.watch().written()), since, now);
        if let Some(since) = observation.dead_since() {
            recorder.dropped("probe_dead", 1, since, now);
        }
    }

    /// Tells the recorder of programs that started and were not looked at soon. How many calls of each went unseen is not known,
    /// so each counts for one.
    pub(super) fn count_overlooked(&mut self, overlooked: u64, now: i64, recorder: &mut Recorder) {
        recorder.dropped("program", more(&mut self.overlooked, overlooked), self.since, now);
    }

    /// Tells the recorder which calls were added up in the kernel and did not come: those that had been when this was asked
    /// last. `summed` says how many came.
    pub(super) fn sums(&mut self, kernel: &Counts, summed: u64, now: i64, recorder: &mut Recorder) {
        let (before, told) = self.sums;
        let lost = before.saturating_sub(summed);
        recorder.dropped("sums", lost.saturating_sub(told), self.since, now);
        // What arrives after all was counted as lost; the next that is lost is lost on its own account.
        self.sums = (kernel.of(Counter::Summed), lost);
    }

    /// Tells the recorder, at the end, of calls that were neither added up nor told, since their answers did not come, but for
    /// those that were handed over.
    pub(super) fn open(&self, kernel: &Counts, handed_over: u64, now: i64, recorder: &mut Recorder) {
        recorder.dropped("open", kernel.of(Counter::Open).saturating_sub(handed_over), self.since, now);
    }

    /// Tells the recorder what was lost since the last time.
    pub(super) fn count(&mut self, kernel: &Counts, heads: &wire::Counts, now: i64, recorder: &mut Recorder) {
        let since = std::mem::replace(&mut self.since, now);
        recorder.dropped("kernel", more(&mut self.kernel, kernel.lost()), since, now);
        // Any of these may be one that could not be read.
        let lost = kernel.of(Counter::LostConnections);
        recorder.dropped("connection", more(&mut self.connections, lost), since, now);
        for (told, dropped) in self.heads.iter_mut().zip(Dropped::ALL) {
            recorder.dropped(reason(dropped), more(told, heads.dropped(dropped)), since, now);
        }
    }
}

/// How many more there are than were told.
fn more(told: &mut u64, count: u64) -> u64 {
    count.saturating_sub(std::mem::replace(told, count))
}
