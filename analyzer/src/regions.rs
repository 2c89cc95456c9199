//! In which regions of an account the ledger saw events, and during which hours of the window it saw none.
//!
//! Verdicts speak of an account, and take it that its trail records all regions. This is what a person can hold that
//! against: a ledger cannot tell a region in which nothing was called from one whose log is missing.

use std::collections::{BTreeMap, BTreeSet};

use remit_ledger::{CoverageRecord, HOUR};
use remit_policy::{Account, Effect, Window};

use crate::analysis::account_of;
use crate::visible::is_log;

/// What the ledger holds of one region of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RegionCoverage {
    /// The sources that showed events of it; none where there is no record, and it is known from the grants only.
    pub(crate) sources: BTreeSet<String>,
    /// In how many hours of the window there were events.
    pub(crate) hours: u64,
    /// From the first of them to the last.
    pub(crate) seen: Option<Window>,
    /// Stretches of the window without any event that are longer than events may be apart.
    pub(crate) gaps: Vec<Window>,
}

/// The regions of an account by name, none where events did not tell theirs: those with events in the window, and those
/// that its grants name.
pub(crate) fn regions(
    records: &[CoverageRecord],
    grants: &Account,
    account: &str,
    window: Window,
    longest_gap: i64,
) -> BTreeMap<Option<String>, RegionCoverage> {
    let mut regions: BTreeMap<Option<String>, RegionCoverage> =
        named(grants, account).into_iter().map(|name| (Some(name), RegionCoverage::default())).collect();
    let mut stretches: BTreeMap<Option<String>, Vec<Window>> = BTreeMap::new();
    for record in records {
        let (start, end) = (record.start.max(window.start), record.end.min(window.end));
        if is_log(record) && record.events > 0 && record.account.as_deref() == Some(account) && start < end {
            regions.entry(record.region.clone()).or_default().sources.insert(record.evidence.clone());
            stretches.entry(record.region.clone()).or_default().push(Window { start, end });
        }
    }
    for (name, region) in &mut regions {
        region.see(stretches.remove(name).unwrap_or_default(), window, longest_gap);
    }
    regions
}

impl RegionCoverage {
    fn see(&mut self, mut stretches: Vec<Window>, window: Window, longest_gap: i64) {
        stretches.sort_unstable_by_key(|stretch| (stretch.start, stretch.end));
        let mut reached = window.start;
        let mut covered = 0;
        let end = Window { start: window.end, end: window.end };
        for stretch in stretches.iter().chain([&end]) {
            if stretch.start.saturating_sub(reached) > longest_gap {
                self.gaps.push(Window { start: reached, end: stretch.start });
            }
            covered += stretch.end.saturating_sub(stretch.start.max(reached)).max(0);
            reached = reached.max(stretch.end);
        }
        self.hours = u64::try_from(covered / HOUR).unwrap_or(0);
        let start = stretches.first().map(|stretch| stretch.start);
        let end = stretches.iter().map(|stretch| stretch.end).max();
        self.seen = start.zip(end).map(|(start, end)| Window { start, end });
    }
}

/// Regions that resources in allow statements of an account's principals name in full.
fn named(grants: &Account, account: &str) -> BTreeSet<String> {
    let principals = grants.principals.iter().filter(|principal| account_of(&principal.arn) == account);
    let policies: BTreeSet<usize> =
        principals.flat_map(|principal| &principal.attachments).map(|attached| attached.policy).collect();
    let statements = policies
        .into_iter()
        .filter_map(|at| grants.policies.get(at))
        .flat_map(|policy| &policy.document.statements)
        .filter(|statement| statement.effect == Effect::Allow);
    let resources = statements.filter_map(|statement| statement.resources.as_ref());
    resources
        .filter(|resources| !resources.negated)
        .flat_map(|resources| &resources.patterns)
        .filter_map(|pattern| pattern.split(':').nth(3))
        .filter(|region| !region.is_empty() && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
