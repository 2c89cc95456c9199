//! What is said of what was recorded, and where.

use super::{more, number, window};
use crate::report::model::{CoverageLine, RegionLine};

/// Said where nothing is known of what was visible.
pub(in crate::report) const NOTHING_VISIBLE: &str = "Nothing is known of what was recorded.";

/// What a region without a record means, and what verdicts take it to mean.
pub(in crate::report) const REGIONS: &str = "A region without any record is not known to be covered: the ledger cannot tell one in which nothing was called from one whose log is missing. Regions that the grants name are listed, too. Verdicts take it that the trails record all regions, and that nothing was called in a region while it shows no event.";

/// Said where no account is known.
pub(in crate::report) const NO_REGIONS: &str = "The grants are of no account whose regions are known.";

/// Whether a class of calls was recorded.
pub(in crate::report) fn recorded(line: &CoverageLine) -> &'static str {
    if line.recorded { "recorded" } else { "not recorded" }
}

/// Whether a region is known to be covered, and by what.
pub(in crate::report) fn region_state(line: &RegionLine) -> String {
    if line.sources.is_empty() { "not known to be covered".to_owned() } else { line.sources.join(", ") }
}

/// In how many hours of the window a region showed events.
pub(in crate::report) fn region_hours(line: &RegionLine) -> String {
    format!("{} of {}", number(line.hours), number(line.hours_in_window))
}

/// The longest gaps of a region, and how many more there are.
pub(in crate::report) fn region_gaps(line: &RegionLine) -> String {
    if line.sources.is_empty() {
        return "no record in the window".to_owned();
    }
    let mut gaps: Vec<_> = line.gaps.iter().take(GAPS_SHOWN).map(window).collect();
    gaps.extend(more(line.gaps.len(), GAPS_SHOWN, &["gap", "gaps"]));
    if gaps.is_empty() { "none".to_owned() } else { gaps.join("; ") }
}

/// Gaps of a region that are named.
const GAPS_SHOWN: usize = 3;
