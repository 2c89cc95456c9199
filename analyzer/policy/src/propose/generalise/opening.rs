//! Why a position of names is open.

use super::name_start;
use super::segment::SEPARATORS;

/// One position that was opened, and what stood there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Opening {
    /// Whether names of any form were too many, or values of one form vary.
    pub(super) is_crowd: bool,
    /// What was counted, in words.
    pub(super) what: String,
    /// How many of them there were.
    pub(super) count: usize,
    /// On how many days.
    pub(super) days: usize,
    /// The pattern up to the position.
    pub(super) above: String,
}

impl Opening {
    fn explain(&self) -> String {
        let Self { what, count, days, above, .. } = self;
        let name = name_start(above).and_then(|start| above.get(start..)).unwrap_or(above);
        // Only what ends with a separator is a folder of sorts.
        let place = if name.ends_with(SEPARATORS) { "under" } else { "behind" };
        format!("{count} distinct {what} stand {place} `{name}` on {days} days")
    }
}

/// Why a pattern is more than what was seen, and what it admits beside that.
pub(super) fn explain(openings: &[Opening], is_assigned: bool, admitted: usize) -> Option<String> {
    let assigned = "its service assigns another identifier each time".to_owned();
    let assigned = is_assigned.then_some(assigned);
    let why: Vec<String> = assigned.into_iter().chain(openings.iter().map(Opening::explain)).collect();
    (!why.is_empty()).then(|| because(&why.join(", and "), admitted))
}

/// The reason in words, with what is admitted besides.
pub(super) fn because(why: &str, admitted: usize) -> String {
    let resources = if admitted == 1 { "resource" } else { "resources" };
    format!("opened because {why}; also admits {admitted} known {resources}")
}
