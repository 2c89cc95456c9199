//! What cut-offs that have gone by foretell of an identity: its own record, weighed with that of its sort and that of all.

use std::collections::BTreeMap;

use serde::Serialize;

use super::interval::{FEWEST, float};
use crate::learn::Stratum;

/// How often something broke.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Record {
    /// Identities at cut-offs.
    pub(crate) windows: u64,
    /// Of these, those that broke.
    pub(crate) broken: u64,
}

/// Records of cut-offs that have gone by.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Records<'a> {
    own: BTreeMap<&'a str, Record>,
    sorts: BTreeMap<Stratum, Record>,
    all: Record,
}

/// So many windows of a sort weigh as much as all sorts together, and so many of an identity as much as its sort: few windows
/// alone say too much, since an identity that breaks at one cut-off often does so at the next. Chosen on organisations that
/// figures are not reported of.
const OF_SORT: f64 = 200.0;
const OF_IDENTITY: f64 = 30.0;

impl Record {
    pub(super) fn add(&mut self, broke: bool) {
        self.windows += 1;
        self.broken += u64::from(broke);
    }

    /// The share that broke, where one that was expected weighs as so many windows.
    fn weighed(self, expected: f64, weight: f64) -> f64 {
        (float(self.broken) + weight * expected) / (float(self.windows) + weight)
    }
}

impl<'a> Records<'a> {
    pub(super) fn add(&mut self, identity: &'a str, stratum: Stratum, broke: bool) {
        self.own.entry(identity).or_default().add(broke);
        self.sorts.entry(stratum).or_default().add(broke);
        self.all.add(broke);
    }

    /// That of an identity.
    pub(crate) fn own(&self, identity: &str) -> Record {
        self.own.get(identity).copied().unwrap_or_default()
    }

    /// That of a sort.
    pub(super) fn sort(&self, stratum: Stratum) -> Record {
        self.sorts.get(&stratum).copied().unwrap_or_default()
    }

    /// The share of all that broke, from 0 to 1: the base rate as far as it is known.
    pub(super) fn base_rate(&self) -> f64 {
        self.all.weighed(0.0, 0.0)
    }

    /// The chance, from 0 to 1, that an identity of a sort breaks; none where too few of the sort are known.
    pub(crate) fn foretold(&self, identity: &str, stratum: Stratum) -> Option<f64> {
        let sort = self.sort(stratum);
        (sort.windows >= FEWEST)
            .then(|| self.own(identity).weighed(sort.weighed(self.base_rate(), OF_SORT), OF_IDENTITY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_windows_of_its_own_say_little_beside_those_of_its_sort() {
        let names: Vec<String> = (0..30).map(|at| format!("role-{at}")).collect();
        let mut records = Records::default();
        for (at, name) in names.iter().enumerate() {
            records.add(name, Stratum::Workload, at < 3);
        }
        // All are of one sort, so that a tenth of it is a tenth of all.
        let near = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-12);
        assert!(near(records.foretold("unheard of", Stratum::Workload), 0.1));
        assert!(near(records.foretold("role-0", Stratum::Workload), 4.0 / 31.0));
        assert!(near(records.foretold("role-9", Stratum::Workload), 3.0 / 31.0));
        assert_eq!(records.own("role-0"), Record { windows: 1, broken: 1 });
        assert_eq!(records.foretold("role-0", Stratum::Human), None);
        // Thirty of another sort of whom all break: each sort weighs with all, and this one goes up.
        for name in &names {
            records.add(name, Stratum::Agent, true);
        }
        let of_all = 33.0 / 60.0;
        assert!(near(records.foretold("x", Stratum::Workload), (3.0 + 200.0 * of_all) / 230.0));
    }
}
