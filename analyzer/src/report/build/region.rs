//! What the ledger holds of the regions, as lines of a report.

use remit_ledger::HOUR;
use remit_policy::{Window, moment};

use super::report_window;
use crate::analysis::Analysis;
use crate::regions::RegionCoverage;
use crate::report::model::RegionLine;

/// One line for each region of each account, by account and region.
pub(super) fn lines(analysis: &Analysis) -> Vec<RegionLine> {
    let mut lines = Vec::new();
    for (account, (window, regions)) in &analysis.regions {
        for (name, region) in regions {
            let name = name.clone().unwrap_or_else(|| "not told by the events".to_owned());
            lines.push(line(account, name, region, *window));
        }
        if regions.values().all(|region| region.sources.is_empty()) {
            lines.push(line(account, "every region".to_owned(), &RegionCoverage::default(), *window));
        }
    }
    lines
}

fn line(account: &str, name: String, region: &RegionCoverage, window: Window) -> RegionLine {
    let mut gaps = region.gaps.clone();
    gaps.sort_by_key(|gap| (std::cmp::Reverse(gap.length()), gap.start));
    RegionLine {
        account: account.to_owned(),
        region: name,
        sources: region.sources.iter().cloned().collect(),
        hours: region.hours,
        hours_in_window: u64::try_from(window.length() / HOUR).unwrap_or(0),
        first_seen: region.seen.map(|seen| moment(seen.start)),
        last_seen: region.seen.map(|seen| moment(seen.end)),
        gaps: gaps.into_iter().map(report_window).collect(),
    }
}
