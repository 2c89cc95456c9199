//! What a recorder hands to a store: counted calls and losses of a stretch of time.

use std::collections::BTreeMap;

use remit_ledger::{HOUR, Provider};

use super::losses::Loss;
use super::sights::Sight;
use super::table::{Key, Tally, Who};

/// Everything that was counted since the last batch.
#[derive(Debug)]
pub struct Batch {
    /// The wire was watched until here, in microseconds since the Unix epoch.
    pub(super) until: i64,
    pub(super) parts: Vec<Part>,
}

/// What of a batch is one provider's: it is published whole or not at all.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) provider: Provider,
    /// From here on it is told what was seen of this provider.
    pub(super) since: i64,
    pub(super) rows: Vec<(Box<Key>, Tally)>,
    pub(super) losses: Vec<Loss>,
    pub(super) sights: Vec<(Who, Sight)>,
}

impl Batch {
    /// Sorts rows and losses by provider. `since` says from when on each is told; one of whom nothing was told for an hour
    /// has a part too, which says that nothing happened. Connections that were all read are nothing to tell by themselves:
    /// those of providers without a part come back.
    pub(super) fn new(
        since: &BTreeMap<Provider, i64>,
        until: i64,
        rows: impl Iterator<Item = (Box<Key>, Tally)>,
        losses: Vec<Loss>,
        sights: Vec<(Provider, Who, Sight)>,
    ) -> (Self, Vec<(Provider, Who, Sight)>) {
        let part = |(&provider, &since): (&Provider, &i64)| {
            // The clock may have been set back.
            let (rows, losses, sights) = (Vec::new(), Vec::new(), Vec::new());
            (provider, Part { provider, since: since.min(until), rows, losses, sights })
        };
        let mut parts: BTreeMap<Provider, Part> = since.iter().map(part).collect();
        for row in rows {
            if let Some(part) = parts.get_mut(&row.0.provider) {
                part.rows.push(row);
            }
        }
        for loss in losses {
            if let Some(part) = parts.get_mut(&loss.provider) {
                part.losses.push(loss);
            }
        }
        for (provider, who, sight) in sights {
            if let Some(part) = parts.get_mut(&provider) {
                part.sights.push((who, sight));
            }
        }
        let is_told = |part: &Part| {
            let is_long = until.saturating_sub(part.since) >= HOUR;
            let is_unread = part.sights.iter().any(|(_, sight)| sight.unread > 0);
            is_long || is_unread || !part.rows.is_empty() || !part.losses.is_empty()
        };
        let (parts, others): (Vec<Part>, Vec<Part>) = parts.into_values().partition(is_told);
        let sights =
            |part: Part| part.sights.into_iter().map(move |(who, sight)| (part.provider, who, sight));
        (Self { until, parts }, others.into_iter().flat_map(sights).collect())
    }

    /// Calls that are counted in it.
    pub fn calls(&self) -> u64 {
        self.parts.iter().map(Part::calls).fold(0, u64::saturating_add)
    }
}

impl Part {
    pub(super) fn calls(&self) -> u64 {
        self.rows.iter().map(|(_, tally)| tally.count).fold(0, u64::saturating_add)
    }
}
