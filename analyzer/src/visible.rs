//! From the ledger's coverage records to what was visible of an account during a window.

use std::collections::{BTreeMap, BTreeSet};

use remit_ledger::{CoverageRecord, EventClass, Provider};
use remit_policy::{Coverage, DataCoverage, Window};

/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400_000_000;

/// Which window verdicts speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowSettings {
    /// Longest window, in microseconds, ending with the last recorded hour.
    pub(crate) longest: i64,
    /// How far back calls count as use, in microseconds before the window's end, where the window is shorter.
    pub(crate) history: i64,
    /// Shortest window in which not seen may count as not used.
    pub(crate) minimum: i64,
    /// Longest time without any event that still counts as covered: an account may be quiet at night.
    pub(crate) longest_gap: i64,
}

impl WindowSettings {
    /// From when on calls count as use, of a log that begins with `first`.
    pub(crate) fn since(self, window: Window, first: i64) -> i64 {
        window.start.min(window.end.saturating_sub(self.history).max(first))
    }
}

/// What the user says that the trail recorded all the time, from its event selectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Classes of events.
    pub(crate) classes: Vec<EventClass>,
    /// Services that are left out, as the ledger names them.
    pub(crate) excluded_services: BTreeSet<String>,
}

/// Whether a record is of a log that shows the calls of an AWS account, wherever they are made. What a node agent lost on the
/// wire hides nothing that a log shows, and what it saw shows no other call: it vouches for nothing, and takes nothing away.
pub(crate) fn is_log(record: &CoverageRecord) -> bool {
    record.provider == Provider::Aws && remit_ledger::is_log(&record.evidence) && record.workload.is_none()
}

/// What was visible of one account. None when no record covers the account.
pub(crate) fn coverage_of(
    records: &[CoverageRecord],
    account: &str,
    said: &Said,
    settings: WindowSettings,
) -> Option<Coverage> {
    // A record without events says what was lost, not what could be seen; one without an account shows nobody's calls.
    let here: Vec<_> = records
        .iter()
        .filter(|record| is_log(record) && record.events > 0 && record.account.as_deref() == Some(account))
        .collect();
    let stretches = here.iter().map(|record| (record.start, record.end));
    let (covered_start, end) = last_run(stretches, settings.longest_gap)?;
    let window = Window { start: covered_start.max(end.saturating_sub(settings.longest)), end };
    let first = here.iter().map(|record| record.start).min().unwrap_or(window.start);
    let logged = regions_of(&here, window);
    let within: Vec<_> =
        here.into_iter().filter(|record| record.end > window.start && record.start < window.end).collect();
    let mut classes: BTreeMap<&EventClass, Vec<(i64, i64)>> = BTreeMap::new();
    let mut regions: BTreeMap<Option<&str>, Vec<&CoverageRecord>> = BTreeMap::new();
    for record in &within {
        regions.entry(record.region.as_deref()).or_default().push(record);
        for class in &record.classes {
            classes.entry(class).or_default().push((record.start, record.end));
        }
    }
    let visible_in_all = |class: &EventClass| {
        let mut regions = regions.values();
        regions.all(|records| may_show(records, class, window, settings))
    };
    let mut visible: BTreeSet<&EventClass> = classes
        .iter()
        .filter(|(_, stretches)| spans(stretches.iter().copied(), window, settings.longest_gap))
        .map(|(class, _)| *class)
        .filter(|class| visible_in_all(class))
        .collect();
    visible.extend(&said.classes);
    let excluded = within.iter().flat_map(|record| &record.excluded_services);
    Some(Coverage {
        window,
        since: settings.since(window, first),
        minimum: settings.minimum,
        management_reads: visible.contains(&EventClass::ManagementRead),
        management_writes: visible.contains(&EventClass::ManagementWrite),
        data: data(&visible),
        regions: logged,
        excluded_services: excluded.chain(&said.excluded_services).cloned().collect(),
        lost: lost(records, account, window),
        unreadable: 0,
    })
}

/// The regions of which there is a record from the first third of the window on, or before: a trail that became one of all regions later says
/// nothing of what was before. Quiet times are no gaps. None where some record does not tell its region, which may be any.
fn regions_of(records: &[&CoverageRecord], window: Window) -> Option<BTreeSet<String>> {
    let early = window.start.saturating_add(window.length() / 3);
    let mut regions = BTreeSet::new();
    for record in records {
        let region = record.region.as_ref()?;
        if record.start <= early {
            regions.insert(region.clone());
        }
    }
    Some(regions)
}

/// With no coverage record of the account nothing is known, and nothing counts as unused.
pub(crate) fn no_coverage(settings: WindowSettings) -> Coverage {
    Coverage {
        window: Window { start: 0, end: 0 },
        since: 0,
        minimum: settings.minimum.max(1),
        management_reads: false,
        management_writes: false,
        data: Vec::new(),
        regions: None,
        excluded_services: BTreeSet::new(),
        lost: 0,
        unreadable: 0,
    }
}

/// Whether nothing in a region's records speaks against a class that others show: a trail of one region says nothing
/// about the trail of another.
///
/// Data events are claimed by event selectors alone, so any event without the claim puts in doubt all the time to the
/// claims around it. What reads and what writes is told by the events themselves, of which a quiet region may have had
/// none of a kind; one that had events for long, with whatever quiet times between them, would have shown it.
fn may_show(
    records: &[&CoverageRecord],
    class: &EventClass,
    window: Window,
    settings: WindowSettings,
) -> bool {
    let (claimed, unclaimed): (Vec<&CoverageRecord>, Vec<_>) =
        records.iter().partition(|record| record.classes.contains(class));
    let mut without = without(claimed.iter().map(|record| (record.start, record.end)), window).into_iter();
    if let EventClass::Data { .. } = class {
        let is_doubtful = |(start, end): (i64, i64)| {
            let is_long = end.saturating_sub(start) > settings.longest_gap;
            is_long && unclaimed.iter().any(|record| record.start < end && record.end > start)
        };
        return !claimed.is_empty() && !without.any(is_doubtful);
    }
    let busy = runs(records.iter().map(|record| (record.start, record.end)), settings.longest_gap);
    // In a window hardly longer than the minimum a region that is silent at weekends is never busy for as long.
    let long = settings.minimum.min(window.length() / 2).max(settings.longest_gap);
    let is_busy = |(start, end): (i64, i64)| {
        let times = busy.iter().map(|(first, last)| last.min(&end).saturating_sub(*first.max(&start)).max(0));
        times.fold(0_i64, i64::saturating_add) > long
    };
    !without.any(is_busy)
}

/// The stretches of the window outside of those given.
fn without(stretches: impl Iterator<Item = (i64, i64)>, window: Window) -> Vec<(i64, i64)> {
    let mut since = window.start;
    let mut others = Vec::new();
    for (start, end) in runs(stretches, 0).into_iter().chain([(window.end, window.end)]) {
        if since < start {
            others.push((since, start));
        }
        since = since.max(end);
    }
    others
}

/// Whether stretches reach over the window without a gap longer than `longest_gap`.
fn spans(stretches: impl Iterator<Item = (i64, i64)>, window: Window, longest_gap: i64) -> bool {
    last_run(stretches, longest_gap).is_some_and(|(start, end)| {
        start <= window.start.saturating_add(longest_gap) && end >= window.end.saturating_sub(longest_gap)
    })
}

/// Events known to be lost in the window: of the account, and of nobody knows which. What of a workload's calls the agent
/// could not read is no loss of the logs by which permissions are judged.
fn lost(records: &[CoverageRecord], account: &str, window: Window) -> u64 {
    let overlaps = |record: &&CoverageRecord| record.end > window.start && record.start < window.end;
    let may_be_here =
        |record: &&CoverageRecord| record.account.as_deref().is_none_or(|other| other == account);
    records
        .iter()
        .filter(|record| is_log(record))
        .filter(may_be_here)
        .filter(overlaps)
        .map(|record| record.lost)
        .sum()
}

fn data(visible: &BTreeSet<&EventClass>) -> Vec<DataCoverage> {
    let data = visible.iter().filter_map(|class| match class {
        EventClass::Data { resource_type, resource_prefixes, reads, writes } => Some(DataCoverage {
            resource_type: resource_type.clone(),
            prefixes: resource_prefixes.clone(),
            reads: *reads,
            writes: *writes,
        }),
        EventClass::ManagementRead | EventClass::ManagementWrite => None,
    });
    data.collect()
}

/// The last run of stretches without a gap longer than `longest_gap`.
pub(crate) fn last_run(stretches: impl Iterator<Item = (i64, i64)>, longest_gap: i64) -> Option<(i64, i64)> {
    runs(stretches, longest_gap).pop()
}

/// The runs of stretches without a gap longer than `longest_gap`, in order.
pub(crate) fn runs(stretches: impl Iterator<Item = (i64, i64)>, longest_gap: i64) -> Vec<(i64, i64)> {
    let mut stretches: Vec<_> = stretches.collect();
    stretches.sort_unstable();
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for (start, end) in stretches {
        match runs.last_mut() {
            Some((_, last)) if start <= last.saturating_add(longest_gap) => *last = end.max(*last),
            _ => runs.push((start, end)),
        }
    }
    runs
}

#[cfg(test)]
mod tests;
