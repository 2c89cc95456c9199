//! How pull requests stand when a run is over.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Candidate, Run};
use crate::forge::{PullRequest, State};
use crate::marker::{End, Marker};
use crate::plan::{Decision, Past};
use crate::status::{Done, Stage, Status};
use crate::unit::Unit;

impl Run<'_> {
    /// How the pull request of each candidate stands, and that of each other identity which the forge still tells of. `board` is where the dashboard
    /// is.
    pub(super) fn statuses(
        &self,
        candidates: &[Candidate<'_>],
        decisions: &[Decision],
        today: Date,
        board: Option<&str>,
    ) -> Vec<Status> {
        let nothing = Past::default();
        let known: BTreeSet<&Unit> = candidates.iter().map(|one| &one.unit).collect();
        let of_candidates = candidates.iter().zip(decisions).filter_map(|(candidate, decision)| {
            let past = self.pasts.get(&candidate.unit).unwrap_or(&nothing);
            let stage = self.stage(past, Some((candidate, decision)), today)?;
            let identity = candidate.facts.identity.clone();
            let status = self.status(&candidate.unit, identity, past, stage, board);
            Some(Status { kept: candidate.kept_of_removed(), ..status })
        });
        let of_others =
            self.pasts.iter().filter(|(unit, _)| !known.contains(unit)).filter_map(|(unit, past)| {
                // A body may say what it likes; whom a pull request is about, its branch says as well.
                let (_, marker) =
                    past.latest.as_ref().filter(|(_, marker)| Unit::of(&marker.identity) == *unit)?;
                let stage = self.stage(past, None, today)?;
                Some(self.status(unit, marker.identity.clone(), past, stage, board))
            });
        let mut all: Vec<Status> = of_candidates.chain(of_others).collect();
        all.sort_by(|a, b| a.principal.cmp(&b.principal));
        all
    }

    fn status(
        &self,
        unit: &Unit,
        principal: String,
        past: &Past,
        (state, until): (Stage, Option<Date>),
        board: Option<&str>,
    ) -> Status {
        let is_of_none = matches!(state, Stage::Waiting | Stage::ByHand | Stage::Stuck);
        let pull = past.latest.as_ref().map(|(pull, _)| pull).filter(|_| !is_of_none);
        let merged = pull.and_then(|pull| match pull.state {
            State::Merged { at, .. } => Some(at),
            State::Open | State::Closed => None,
        });
        Status {
            principal,
            url: pull.map(|pull| pull.url.clone()).or_else(|| board.map(str::to_owned)),
            state,
            opened: pull.map(|pull| pull.created),
            merged,
            until,
            kept: 0,
            change: self.done.get(unit).copied().unwrap_or_default(),
        }
    }

    /// What a pull request is at, and until when where somebody put it off; none where there neither is nor was one to speak of.
    fn stage(
        &self,
        past: &Past,
        of: Option<(&Candidate<'_>, &Decision)>,
        today: Date,
    ) -> Option<(Stage, Option<Date>)> {
        if past.open().is_some() {
            return Some((Stage::Open, None));
        }
        let stage = match of.map(|(_, decision)| decision) {
            Some(Decision::Wait) => Stage::Waiting,
            Some(Decision::Open) if self.settings.is_dry => Stage::Waiting,
            Some(Decision::Open) => Stage::Stuck,
            Some(Decision::Snoozed(until) | Decision::PutOff(until)) => {
                return Some((Stage::Snoozed, Some(*until)));
            }
            Some(Decision::Declined) => Stage::Closed,
            Some(Decision::RolledBack) => Stage::TakenBack,
            _ if of.is_some_and(|(one, _)| one.is_by_hand()) => Stage::ByHand,
            _ if of.is_some_and(|(one, _)| one.size() == 0 && one.kept_of_removed() > 0) => Stage::Kept,
            _ => return self.ended(past.latest.as_ref()?, today),
        };
        Some((stage, None))
    }

    /// What a pull request is at that is not open.
    fn ended(&self, (pull, marker): &(PullRequest, Marker), today: Date) -> Option<(Stage, Option<Date>)> {
        Some(match (&pull.state, marker.end) {
            (State::Open, _) => (Stage::Open, None),
            (State::Merged { .. }, _) if self.taken_back.contains(&pull.number) => (Stage::TakenBack, None),
            (State::Merged { .. }, _) => (Stage::Merged, None),
            (State::Closed, None) => (Stage::Closed, None),
            (State::Closed, Some(End::Snoozed(until))) if until >= today => (Stage::Snoozed, Some(until)),
            (State::Closed, Some(End::Snoozed(_) | End::Resolved)) => (Stage::Resolved, None),
        })
    }

    /// Keeps what was done about the pull request of a unit, and how it is since.
    pub(super) fn keep(&mut self, unit: &Unit, pull: PullRequest, marker: Marker, done: Done) {
        self.pasts.entry(unit.clone()).or_default().latest = Some((pull, marker));
        self.done.insert(unit.clone(), done);
    }
}

impl Candidate<'_> {
    /// Whether nothing but what a person has to do is proposed.
    pub(super) fn is_by_hand(&self) -> bool {
        self.change.files.is_empty() && !self.change.suggestions.is_empty()
    }

    /// Permissions that the proposal takes away and that stay because somebody asked for it.
    fn kept_of_removed(&self) -> u64 {
        let removed = self.facts.removed.iter().filter(|line| self.kept.contains(&line.permission));
        removed.count() as u64
    }
}
