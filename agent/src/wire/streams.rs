//! All streams, as many as there is room for.

use std::collections::BTreeMap;

use super::{
    counts::{Counts, Dropped},
    fragment::{Call, Direction, Fragment, Key, Sink},
    responses::Responses,
    stream::Stream,
};

/// What streams may occupy. The one that was quiet for longest makes room.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most streams.
    pub streams: usize,
    /// Most bytes of all streams together, as far as they grow with input.
    pub bytes: usize,
    /// Which responses calls wait for.
    pub responses: Responses,
    /// How many microseconds calls wait for them at most; a quarter of it where more than half of the room is taken.
    pub patience: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { streams: 4096, bytes: 8 << 20, responses: Responses::Full, patience: 120_000_000 }
    }
}

#[derive(Debug)]
struct Place {
    stream: Stream,
    size: usize,
    /// When it was used last.
    used: u64,
    /// Under which time it is found in the order.
    queued: u64,
}

/// The streams of a node.
#[derive(Debug, Default)]
pub struct Streams {
    limits: Limits,
    /// In order of processes, of which many end.
    places: BTreeMap<Key, Place>,
    /// The streams by when they were used, or were when somebody last had to make room.
    order: BTreeMap<u64, Key>,
    clock: u64,
    /// When it is, in microseconds since the Unix epoch.
    now: i64,
    bytes: usize,
    counts: Counts,
}

impl Streams {
    /// No streams yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes a fragment of a stream, and adds the calls that are complete now.
    pub fn feed(&mut self, key: Key, fragment: Fragment<'_>, calls: &mut Vec<Call>) {
        self.counts.fragments += 1;
        let copied = fragment.bytes.len() as u64;
        self.counts.bytes += copied.max(u64::from(fragment.total));
        self.counts.uncopied += u64::from(fragment.total).saturating_sub(copied);
        let is_new = !self.places.contains_key(&key);
        if is_new && fragment.direction == Direction::Read && self.limits.responses == Responses::Off {
            return;
        }
        self.clock += 1;
        let place = self.places.entry(key).or_insert_with(|| Place {
            stream: Stream::new(if fragment.has_reads { self.limits.responses } else { Responses::Off }),
            size: 0,
            used: 0,
            queued: 0,
        });
        self.now = fragment.time;
        place.stream.feed(fragment, &mut Sink { key, calls, counts: &mut self.counts, now: self.now });
        let size = place.stream.size();
        self.bytes = self.bytes.saturating_sub(place.size).saturating_add(size);
        place.size = size;
        place.used = self.clock;
        if is_new {
            place.queued = self.clock;
            self.order.insert(self.clock, key);
        }
        while self.places.len() > self.limits.streams || self.bytes > self.limits.bytes {
            let Some((queued, oldest)) = self.order.pop_first() else { break };
            match self.places.get_mut(&oldest) {
                Some(place) if place.used > queued => {
                    place.queued = place.used;
                    self.order.insert(place.used, oldest);
                }
                _ => {
                    self.counts.evicted += 1;
                    self.remove(oldest, Dropped::Evicted, calls);
                }
            }
        }
    }

    /// Takes a call once more that a stream made last, and that was made again just now. None where it is not known what that
    /// was, by which it is dropped.
    pub fn again(&mut self, key: Key, call: Option<Call>, now: i64, calls: &mut Vec<Call>) {
        self.now = now;
        let mut sink = Sink { key, calls, counts: &mut self.counts, now };
        match (call, self.places.get_mut(&key)) {
            (None, _) => sink.counts.drop_head(Dropped::Evicted),
            (Some(call), Some(place)) => place.stream.again(call, &mut sink),
            (Some(call), None) => {
                sink.counts.seen += 1;
                sink.deliver(call.head, call.unknown, None, now);
            }
        }
    }

    /// Delivers calls whose responses do not come. `now` is in microseconds since the Unix epoch.
    pub fn sweep(&mut self, now: i64, calls: &mut Vec<Call>) {
        let Limits { streams, bytes, patience, .. } = self.limits;
        let is_full = self.places.len() > streams / 2 || self.bytes > bytes / 2;
        let before = now.saturating_sub(if is_full { patience / 4 } else { patience });
        self.now = now;
        for (key, place) in &mut self.places {
            let delivered = calls.len();
            place.stream.sweep(before, &mut Sink { key: *key, calls, counts: &mut self.counts, now });
            if calls.len() > delivered {
                let size = place.stream.size();
                self.bytes = self.bytes.saturating_sub(place.size).saturating_add(size);
                place.size = size;
            }
        }
    }

    /// Ends a stream whose TLS object was freed.
    pub fn close(&mut self, key: Key, calls: &mut Vec<Call>) {
        self.remove(key, Dropped::Unfinished, calls);
    }

    /// Ends the streams of a process that ended.
    pub fn close_process(&mut self, process: u32, calls: &mut Vec<Call>) {
        let all = Key { process, object: 0 }..=Key { process, object: u64::MAX };
        let keys: Vec<Key> = self.places.range(all).map(|(key, _)| *key).collect();
        for key in keys {
            self.close(key, calls);
        }
    }

    /// Ends all streams.
    pub fn close_all(&mut self, calls: &mut Vec<Call>) {
        let keys: Vec<Key> = self.places.keys().copied().collect();
        for key in keys {
            self.close(key, calls);
        }
    }

    /// What became of the fragments so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many calls wait for their body or response.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.places.values().map(|place| place.stream.held() as u64).sum()
    }

    /// How many streams there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What the streams occupy, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn remove(&mut self, key: Key, reason: Dropped, calls: &mut Vec<Call>) {
        if let Some(mut place) = self.places.remove(&key) {
            self.order.remove(&place.queued);
            self.bytes = self.bytes.saturating_sub(place.size);
            place.stream.close(reason, &mut Sink { key, calls, counts: &mut self.counts, now: self.now });
        }
    }
}
