//! What is to be done about each unit. Nothing is asked or written here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::forge::{PullRequest, State};
use crate::marker::{End, Marker};
use crate::unit::Unit;

/// What is proposed for a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) unit: Unit,
    /// Digest of the evidence.
    pub(crate) evidence: String,
    /// Whether a file of the repository changes.
    pub(crate) has_edits: bool,
}

/// What is known of a unit's past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// Its pull request that was opened last, with what it remembers.
    pub(crate) latest: Option<(PullRequest, Marker)>,
    /// Whether the forge was asked for all of them.
    pub(crate) is_complete: bool,
    /// The day until which somebody put it off.
    pub(crate) snoozed: Option<Date>,
}

/// How much may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Pull requests that may be open at a time.
    pub(crate) open: usize,
    /// Of those that are new, how many may still be opened today.
    pub(crate) today: usize,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Open a pull request.
    Open,
    /// Ask the forge for the unit's past, and decide again.
    Ask,
    /// Write the open one anew.
    Update,
    /// Leave the open one as it is.
    Leave,
    /// Close the open one: somebody put it off until a day.
    PutOff(Date),
    /// Close the open one: nothing is left to do.
    Resolve,
    /// Wait for a place.
    Wait,
    /// Somebody closed it, and the evidence is the same.
    Declined,
    /// Somebody put it off until a day.
    Snoozed(Date),
    /// It was merged and taken back, and the evidence is the same.
    RolledBack,
    /// No file changes.
    Nothing,
}

impl Past {
    /// The open pull request.
    pub(crate) fn open(&self) -> Option<&(PullRequest, Marker)> {
        self.latest.as_ref().filter(|(pull, _)| pull.state == State::Open)
    }
}

/// What is to be done about each unit, in the order given.
pub(crate) fn decide(
    wanted: &[Wanted],
    pasts: &BTreeMap<Unit, Past>,
    ticked: &BTreeSet<String>,
    limits: Limits,
    today: Date,
) -> Vec<Decision> {
    let mut open = pasts.values().filter(|past| past.open().is_some()).count();
    let mut fresh = 0;
    let unknown = Past::default();
    let mut decisions = Vec::with_capacity(wanted.len());
    for one in wanted {
        let past = pasts.get(&one.unit).unwrap_or(&unknown);
        let is_ticked = ticked.contains(one.unit.as_str());
        let decision = match standing(one, past, is_ticked, today) {
            Decision::Open if is_ticked => Decision::Open,
            Decision::Open if open >= limits.open || fresh >= limits.today => Decision::Wait,
            decision => decision,
        };
        let decision = if decision == Decision::Open && !past.is_complete { Decision::Ask } else { decision };
        if decision == Decision::Open {
            open += 1;
            fresh += 1;
        }
        decisions.push(decision);
    }
    decisions
}

/// What would be done if there were room.
fn standing(wanted: &Wanted, past: &Past, is_ticked: bool, today: Date) -> Decision {
    let snoozed = past.snoozed.filter(|until| *until >= today && !is_ticked);
    if let Some((_, marker)) = past.open() {
        return match snoozed {
            Some(until) => Decision::PutOff(until),
            None if !wanted.has_edits => Decision::Resolve,
            None if marker.evidence == wanted.evidence => Decision::Leave,
            None => Decision::Update,
        };
    }
    if !wanted.has_edits {
        return Decision::Nothing;
    }
    if let Some(until) = snoozed {
        return Decision::Snoozed(until);
    }
    let same = past.latest.as_ref().filter(|(_, marker)| marker.evidence == wanted.evidence && !is_ticked);
    match same {
        Some((pull, marker)) if pull.state == State::Closed => match marker.end {
            // Whoever put it off wants to see it again.
            None if past.snoozed.is_some() => Decision::Open,
            None => Decision::Declined,
            Some(End::Resolved | End::Snoozed(_)) => Decision::Open,
        },
        // It was merged, and the repository has again what it took away.
        Some(_) => Decision::RolledBack,
        None => Decision::Open,
    }
}

#[cfg(test)]
mod tests;
