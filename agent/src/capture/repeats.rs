//! Requests that the kernel's programs added up, since they are the same as one that was told.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;
use remit_abi::{Header, Kind};

use crate::identity::Subject;
use crate::wire::{self, Key};

/// Connections whose last request is remembered. Where there are more, the one is forgotten that is known for longest of those
/// that asked nothing again since there was no room before, and what is added up of it from then on counts as lost.
const REMEMBERED: usize = 4096;

/// Microseconds after it told of a connection in which the kernel adds up without telling.
const SILENCE: i64 = 1_000_000;

/// What the kernel's programs added up on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// How many events there were of what was written.
    pub events: u32,
    /// How many requests were added up.
    pub repeats: u32,
    /// Whether one more waits for its answer that was neither told nor added up.
    pub is_open: bool,
}

/// The last request of each connection, where requests may be added to it.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    last: HashMap<Key, Last, RandomState>,
    /// In the order in which they came to be known; some are gone.
    order: VecDeque<Key>,
    /// How many requests were taken up so far.
    counted: u64,
    /// How many were handed over whose answer was not seen, since they were open when their process ended.
    unanswered: u64,
}

/// The last request of a connection.
#[derive(Debug)]
struct Last {
    /// The call, once it is complete, as it is when it was answered, where answers are followed.
    call: Option<wire::Call>,
    /// When it was made, in microseconds since the Unix epoch.
    time: i64,
    subject: Arc<Subject>,
    /// Which of the connection's events told it.
    sequence: u32,
    /// How many requests of the connection were added up, as far as they were taken up.
    told: u32,
    /// Whether there may be more than were told, up to this time and at it.
    silent: Option<i64>,
    /// Whether its process ended, or became another.
    is_over: bool,
    /// Whether it was asked again, or something else, since it was spared last.
    is_used: bool,
}

/// Requests that were made once more: one of them with the time since when, who made it, and how many there were.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) call: wire::Call,
    pub(super) subject: Arc<Subject>,
    pub(super) count: u64,
}

impl Last {
    /// Takes up what was added up beyond what was told.
    fn take(&mut self, repeats: u32, now: i64) -> Option<Again> {
        let count = u64::from(repeats.checked_sub(self.told).filter(|count| *count > 0)?);
        let call = self.call.as_mut()?;
        self.told = repeats;
        let again = Again { call: call.clone(), subject: Arc::clone(&self.subject), count };
        call.time = now;
        Some(again)
    }

    /// One more, whose answer was not seen.
    fn unanswered(&self, now: i64) -> Option<Again> {
        let call = wire::Call { response: None, time: now, ..self.call.clone()? };
        Some(Again { call, subject: Arc::clone(&self.subject), count: 1 })
    }
}

impl Repeats {
    /// Takes up what an event of a connection says was added up before it.
    pub(super) fn told(&mut self, key: Key, header: &Header, now: i64) -> Option<Again> {
        let last = self.last.get_mut(&key).filter(|last| !last.is_over)?;
        last.is_used = true;
        if header.kind == Kind::Sum as u8 {
            last.silent = Some(now.saturating_add(SILENCE));
        }
        let again = last.take(header.repeats, now)?;
        self.counted += again.count;
        Some(again)
    }

    /// A connection's last request is another from now on: one that may be made again, and who made it; or none. Sums of the
    /// one before may have been told just now.
    pub(super) fn follow(&mut self, key: Key, request: Option<Arc<Subject>>, header: &Header, now: i64) {
        let Some(subject) = request else {
            self.last.remove(&key);
            return;
        };
        let is_used = self.last.contains_key(&key);
        if !is_used {
            self.make_room();
            self.order.push_back(key);
        }
        let (sequence, told) = (header.sequence, header.repeats);
        let silent = Some(now.saturating_add(SILENCE));
        let last = Last { call: None, time: now, subject, sequence, told, silent, is_over: false, is_used };
        self.last.insert(key, last);
    }

    /// A call is complete.
    pub(super) fn complete(&mut self, call: wire::Call) {
        if let Some(last) = self.last.get_mut(&call.key)
            && last.call.is_none()
            && last.time == call.time
        {
            last.call = Some(call);
        }
    }

    /// A connection's last request was made again, by which it waits for another answer: what it was. None where that is not
    /// known.
    pub(super) fn again(&mut self, key: Key, header: &Header, now: i64) -> Option<wire::Call> {
        let last = self.last.get_mut(&key)?;
        (last.sequence, last.time) = (header.sequence, now);
        last.call.take()
    }

    /// Forgets the oldest where there are too many. Those that are gone come again and again on a connection whose requests
    /// differ, so the order is rid of them.
    fn make_room(&mut self) {
        if self.order.len() >= 2 * REMEMBERED {
            let (last, mut kept) = (&self.last, HashSet::new());
            self.order.retain(|key| last.contains_key(key) && kept.insert(*key));
        }
        while self.last.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            match self.last.get_mut(&oldest) {
                Some(last) if last.is_used => {
                    last.is_used = false;
                    self.order.push_back(oldest);
                }
                _ => {
                    self.last.remove(&oldest);
                }
            }
        }
    }

    /// A process ended, or became another; or where none is given, no more is followed of any. What was done last is taken up
    /// when it is next settled.
    pub(super) fn end(&mut self, process: Option<u32>) {
        for (key, last) in &mut self.last {
            last.is_over |= process.is_none_or(|process| key.process == process);
        }
    }

    /// Takes up what was added up and not told. `read` says what was added up on a connection: to the last of its events, if
    /// it is the one that is known here.
    pub(super) fn settle(
        &mut self,
        now: i64,
        mut read: impl FnMut(Key) -> Option<Sums>,
        mut on: impl FnMut(Again),
    ) {
        self.last.retain(|key, last| {
            if last.silent.is_none() && !last.is_over {
                return true;
            }
            let sums = read(*key).filter(|sums| sums.events == last.sequence.wrapping_add(1));
            last.silent = last.silent.filter(|until| now < *until);
            if let Some(again) = sums.and_then(|sums| last.take(sums.repeats, now)) {
                self.counted += again.count;
                on(again);
            }
            if last.is_over
                && sums.is_some_and(|sums| sums.is_open)
                && let Some(again) = last.unanswered(now)
            {
                self.unanswered += 1;
                on(again);
            }
            !last.is_over
        });
    }

    /// How many requests were handed over that were open when their process ended.
    pub(super) fn unanswered(&self) -> u64 {
        self.unanswered
    }

    /// How many requests were taken up so far.
    pub(super) fn counted(&self) -> u64 {
        self.counted
    }
}
