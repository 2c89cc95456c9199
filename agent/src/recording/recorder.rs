//! Counts calls until they are published.

use std::collections::BTreeMap;
use std::sync::Arc;

use remit_ledger::Provider;

use super::call::Call;
use super::conservation::Conservation;
use super::losses::{Loss, Losses};
use super::part::Batch;
use super::sights::{Sight, Sights};
use super::store::Written;
use super::table::{Key, Table, Tally, Who};
use crate::identity::Subject;

/// Dropped since the table was full while the store was away or slow.
const MEMORY: &str = "memory";
/// Dropped since one caller had its share of the table and more.
const SHARE: &str = "share";
/// Dropped since a name was longer than any that there are.
const OVERSIZED: &str = "oversized";

/// A full table is taken this long after the one before at the earliest, in microseconds, so that no caller makes the
/// ledger one of small files.
const HURRY: i64 = 200_000;

/// Bounds and rhythm of a recorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecorderSettings {
    /// Rows of the table.
    pub rows: usize,
    /// Bytes that the rows may take.
    pub bytes: usize,
    /// Rows of one caller, from which on its calls are recorded without what they touched; from twice as many on, new
    /// ones are dropped.
    pub share: usize,
    /// How long calls wait to be published, in microseconds.
    pub interval: i64,
}

impl Default for RecorderSettings {
    fn default() -> Self {
        Self { rows: 16_384, bytes: 8 << 20, share: 4_096, interval: 60_000_000 }
    }
}

/// Counts calls.
#[derive(Debug)]
pub struct Recorder {
    settings: RecorderSettings,
    table: Table,
    losses: Losses,
    sights: Sights,
    conservation: Conservation,
    /// From when on nothing was told of each provider.
    since: BTreeMap<Provider, i64>,
    /// When a batch was asked for last.
    asked: i64,
    /// Whether a batch is on its way.
    is_busy: bool,
    /// Whether the batch before came back: then a full table does not hurry.
    is_refused: bool,
}

impl Recorder {
    /// Begins to record.
    pub fn new(settings: RecorderSettings, now: i64) -> Self {
        Self {
            settings,
            table: Table::default(),
            losses: Losses::default(),
            sights: Sights::default(),
            conservation: Conservation::default(),
            since: Provider::ALL.into_iter().map(|provider| (provider, now)).collect(),
            asked: now,
            is_busy: false,
            is_refused: false,
        }
    }

    /// Counts a call.
    pub fn record(&mut self, mut call: Call) {
        if call.count == 0 {
            return;
        }
        self.conservation.attempts = self.conservation.attempts.saturating_add(call.count);
        if call.is_oversized() {
            self.lose(OVERSIZED, call.count, call.first, call.last, Some(call.provider));
            return;
        }
        call.tidy();
        let (key, tally) = Key::of(call);
        self.conservation.pending = self.conservation.pending.saturating_add(tally.count);
        if let Some((key, tally)) = self.table.add(key, tally) {
            self.enter(key, tally);
        }
    }

    /// Counts calls that were lost before they came here: in the kernel, in a decoder. Of whose API is not known, it may
    /// have been any's.
    pub fn dropped(&mut self, reason: &'static str, count: u64, first: i64, last: i64) {
        if count > 0 {
            self.conservation.attempts = self.conservation.attempts.saturating_add(count);
            self.lose(reason, count, first, last, None);
        }
    }

    /// Counts a connection of TLS and whether its plaintext was seen. One of which it is not known whose API it called may
    /// have called any's.
    pub fn connection(&mut self, subject: &Arc<Subject>, to: Option<Provider>, is_readable: bool, at: i64) {
        let unread = u64::from(!is_readable);
        let sight = Sight { connections: 1, unread, start: at, end: at.saturating_add(1) };
        for provider in Provider::ALL.into_iter().filter(|one| to.is_none_or(|to| to == *one)) {
            self.sights.add(provider, Who(Arc::clone(subject)), sight);
        }
    }

    /// Whether a batch should be taken: the interval has passed, or the table or a caller's share of it is nearly full.
    pub fn is_due(&self, now: i64) -> bool {
        let is_filled = self.table.len() >= self.settings.rows / 4 * 3
            || self.table.bytes() >= self.settings.bytes / 4 * 3
            || self.table.largest_share() >= self.settings.share / 4 * 3;
        let age = now.saturating_sub(self.asked);
        let is_hurried = is_filled && !self.is_refused && age >= HURRY;
        !self.is_busy && (is_hurried || age >= self.settings.interval)
    }

    /// Takes what was counted, to be stored; none while the batch before is on its way, or when there is nothing to say.
    /// That nothing happened is said once an hour.
    pub fn take(&mut self, now: i64) -> Option<Batch> {
        if self.is_busy {
            return None;
        }
        self.asked = now;
        let rows = std::mem::take(&mut self.table).into_rows();
        let (batch, sights) = Batch::new(&self.since, now, rows, self.losses.take(), self.sights.take());
        for (provider, who, sight) in sights {
            self.sights.add(provider, who, sight);
        }
        for part in &batch.parts {
            self.since.insert(part.provider, now);
        }
        self.is_busy = !batch.parts.is_empty();
        self.is_busy.then_some(batch)
    }

    /// Learns what became of the batch that was taken. What could not be stored is counted on.
    pub fn acknowledge(&mut self, written: Written) {
        self.is_busy = false;
        let durable = written.recorded.saturating_add(written.spooled);
        self.conservation.recorded = self.conservation.recorded.saturating_add(durable);
        self.conservation.pending = self.conservation.pending.saturating_sub(durable);
        self.is_refused = written.left.is_some();
        let Some(batch) = written.left else { return };
        for part in batch.parts {
            self.since.insert(part.provider, part.since);
            part.losses.into_iter().for_each(|loss| self.losses.add(loss));
            part.sights.into_iter().for_each(|(who, sight)| self.sights.add(part.provider, who, sight));
            for (key, tally) in part.rows {
                if let Some((key, tally)) = self.table.add(*key, tally) {
                    self.enter(key, tally);
                }
            }
        }
    }

    /// What became of every call so far.
    pub fn conservation(&self) -> &Conservation {
        &self.conservation
    }

    /// Rows and bytes of memory in use.
    pub fn footprint(&self) -> (usize, usize) {
        (self.table.len(), self.table.bytes())
    }

    /// Makes a new row, as far as there is room; the calls are pending.
    fn enter(&mut self, mut key: Key, mut tally: Tally) {
        let share = self.table.share(&key.who);
        let is_full = self.table.len() >= self.settings.rows || self.table.bytes() >= self.settings.bytes;
        if is_full || share >= self.settings.share {
            // Of a call whose resource is not known every grant stays, so this is no loss.
            match self.table.add(key.without_resources(), tally) {
                None => return,
                Some(new) => (key, tally) = new,
            }
        }
        let reason = if is_full {
            MEMORY
        } else if share >= self.settings.share.saturating_mul(2) {
            SHARE
        } else {
            self.table.insert(key, tally);
            return;
        };
        self.conservation.pending = self.conservation.pending.saturating_sub(tally.count);
        self.lose(reason, tally.count, tally.first, tally.last, Some(key.provider));
    }

    fn lose(&mut self, reason: &'static str, count: u64, first: i64, last: i64, provider: Option<Provider>) {
        let dropped = self.conservation.dropped.entry(reason).or_default();
        *dropped = dropped.saturating_add(count);
        let (start, end) = (first.min(last), first.max(last).saturating_add(1));
        let providers = Provider::ALL.into_iter().filter(|other| provider.is_none_or(|one| one == *other));
        for (number, provider) in providers.enumerate() {
            let own = if number == 0 { count } else { 0 };
            self.losses.add(Loss { provider, reason, count, own, start, end });
        }
    }
}

#[cfg(test)]
mod tests;
