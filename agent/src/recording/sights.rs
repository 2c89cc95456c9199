//! How many connections of TLS each workload made, and of how many the plaintext was not seen.

use std::collections::HashMap;

use remit_ledger::Provider;

use super::table::Who;

/// Callers of whom it is remembered apart until it can be written.
const LIMIT: usize = 4096;

/// Connections of one caller to one provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sight {
    /// All of them that sent data.
    pub(super) connections: u64,
    /// Those of which no plaintext was seen.
    pub(super) unread: u64,
    /// From the first to before there, in microseconds since the Unix epoch.
    pub(super) start: i64,
    pub(super) end: i64,
}

/// Connections of all callers that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Sights {
    by_caller: HashMap<(Provider, Who), Sight>,
    /// Of whom it is not known, or not any more.
    nobody: Who,
}

impl Sights {
    pub(super) fn add(&mut self, provider: Provider, who: Who, sight: Sight) {
        let is_full = self.by_caller.len() >= LIMIT && !self.by_caller.contains_key(&(provider, who.clone()));
        let who = if is_full { self.nobody.clone() } else { who };
        self.by_caller.entry((provider, who)).and_modify(|other| other.join(sight)).or_insert(sight);
    }

    pub(super) fn take(&mut self) -> Vec<(Provider, Who, Sight)> {
        let taken = std::mem::take(&mut self.by_caller).into_iter();
        taken.map(|((provider, who), sight)| (provider, who, sight)).collect()
    }
}

impl Sight {
    /// Adds up what does not lie apart.
    pub(super) fn join(&mut self, other: Self) {
        self.connections = self.connections.saturating_add(other.connections);
        self.unread = self.unread.saturating_add(other.unread);
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::samples::subject;

    #[test]
    fn sights_are_bounded_and_none_is_forgotten() {
        let mut sights = Sights::default();
        let one = Sight { connections: 3, unread: 1, start: 5, end: 6 };
        let web = Who(subject("web"));
        for number in 0..3 * LIMIT {
            sights.add(Provider::Aws, web.clone(), one);
            sights.add(Provider::Http, Who(subject(&number.to_string())), one);
        }
        let taken = sights.take();
        assert!(taken.len() <= LIMIT + 1);
        let sum = |count: fn(&Sight) -> u64| taken.iter().map(|(_, _, sight)| count(sight)).sum::<u64>();
        assert_eq!(sum(|sight| sight.connections), 18 * LIMIT as u64);
        assert_eq!(sum(|sight| sight.unread), 6 * LIMIT as u64);
        let of_web = taken.iter().find(|(_, who, _)| *who == web).unwrap().2;
        assert_eq!(
            of_web,
            Sight { connections: 9 * LIMIT as u64, unread: 3 * LIMIT as u64, start: 5, end: 6 }
        );
        assert_eq!(sights.take(), []);
    }
}
