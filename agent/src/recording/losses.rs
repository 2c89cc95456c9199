//! Calls that were lost: how many, why, and when, so that what they would have shown is not taken for absent.

use std::collections::BTreeMap;

use remit_ledger::{HOUR, Provider};

/// How many different losses are remembered until they can be written; beyond it they are remembered less exactly.
const LIMIT: usize = 256;

/// Calls that were lost for one reason in one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loss {
    /// Whose API may have been called.
    pub(super) provider: Provider,
    pub(super) reason: &'static str,
    pub(super) count: u64,
    /// How many of these are not counted for another provider, too: of whose API is not known, it may have been any's.
    pub(super) own: u64,
    /// From here to before there, in microseconds since the Unix epoch.
    pub(super) start: i64,
    pub(super) end: i64,
}

/// Losses that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Losses {
    by_hour: BTreeMap<(Provider, &'static str, i64), Loss>,
}

impl Losses {
    pub(super) fn add(&mut self, loss: Loss) {
        let key = (loss.provider, loss.reason, loss.start.div_euclid(HOUR));
        self.by_hour.entry(key).and_modify(|other| other.join(loss)).or_insert(loss);
        if self.by_hour.len() > LIMIT {
            // A ledger that is away for days: one stretch over all of it for each reason.
            for (_, loss) in std::mem::take(&mut self.by_hour) {
                let key = (loss.provider, loss.reason, i64::MIN);
                self.by_hour.entry(key).and_modify(|other| other.join(loss)).or_insert(loss);
            }
        }
    }

    pub(super) fn take(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.by_hour).into_values().collect()
    }
}

impl Loss {
    fn join(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.own = self.own.saturating_add(other.own);
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_bounded_and_none_is_forgotten() {
        let mut losses = Losses::default();
        for hour in 0..10_000 {
            let start = hour * HOUR;
            losses.add(Loss {
                provider: Provider::Aws,
                reason: "ring",
                count: 2,
                own: 2,
                start,
                end: start + 1,
            });
            assert!(losses.by_hour.len() <= LIMIT);
        }
        let all = losses.take();
        assert_eq!(all.iter().map(|loss| loss.count).sum::<u64>(), 20_000);
        assert_eq!(all.iter().map(|loss| loss.start).min(), Some(0));
        assert_eq!(all.iter().map(|loss| loss.end).max(), Some(9_999 * HOUR + 1));
        assert_eq!(losses.take(), []);
    }
}
