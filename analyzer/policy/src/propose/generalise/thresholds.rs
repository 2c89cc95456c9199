//! How much has to be seen before a position of names is opened.

use remit_catalog::AccessLevel;

/// From how many on values at one position stand for all that may stand there.
///
/// They are a choice between two harms, a call that breaks and a resource too many. On the histories of two repositories'
/// paths, learned on 180 days and tried on the next 30, a limit of 5 kept 0.62 and 0.68 of the calls and reached 0.09 and
/// 0.22 of all paths; one of 10 kept 0.54 and 0.56 and reached 0.05 and 0.12; one of 50 did no more than names as seen.
/// So reading, which harms less, gets 5, and changing 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thresholds {
    /// Distinct names at one position; values of one form that are opened count as one.
    pub(crate) names: usize,
    /// Distinct values of one form, such as dates, at one position.
    pub(crate) values: usize,
    /// Distinct days, by UTC, on which they were seen: one run of one job may touch many names and never again.
    pub(crate) days: usize,
    /// Whether what an opening admits is limited by what is known to exist.
    pub(crate) is_capped: bool,
}

impl Thresholds {
    /// None where resources stay as they were seen: to change who may do what with some things is no reason to do so
    /// with others like them.
    pub(crate) const fn of(level: AccessLevel) -> Option<Self> {
        let (names, is_capped) = match level {
            AccessLevel::List | AccessLevel::Read => (5, false),
            AccessLevel::Write | AccessLevel::Tagging => (10, true),
            AccessLevel::PermissionsManagement => return None,
        };
        Some(Self { names, values: 3, days: 2, is_capped })
    }

    /// How many known resources that were not touched an opening may admit that stands for so many that were. None where it
    /// may admit any.
    pub(crate) fn collateral(self, touched: usize) -> Option<usize> {
        self.is_capped.then(|| Self::most_collateral(touched))
    }

    /// A fifth of what was touched, and three at least.
    pub(crate) fn most_collateral(touched: usize) -> usize {
        (touched / 5).max(3)
    }
}
