//! What the forge and the repository know before anything is decided.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::{Candidate, Report, Run, Settings};
use crate::change::Editor;
use crate::command::{Command, commands};
use crate::error::Error;
use crate::facts::Facts;
use crate::forge::{Forge, PullRequest, State};
use crate::git::Git;
use crate::keep::KeepFile;
use crate::marker::Marker;
use crate::repository::Repository;
use crate::unit::{Purpose, Unit};

/// Hours for which pull requests that ended are looked at in any case.
const BACK: i64 = 24 * 400;

impl<'a> Run<'a> {
    /// Asks for what is there.
    pub(super) async fn gather(
        forge: &'a Forge,
        git: &'a Git,
        settings: &'a Settings,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let base = settings.base(forge).await?;
        let mut pulls = forge.open().await?;
        pulls.extend(forge.ended(now.saturating_sub(BACK.hours()).unwrap_or(now)).await?);
        let repository = Repository::open(git, &base, &settings.author)?;
        let owners = repository.owners(forge.kind().dialect());
        let mut run = Self {
            forge,
            settings,
            repository,
            owners,
            pasts: BTreeMap::new(),
            denied: BTreeMap::new(),
            taken_back: BTreeSet::new(),
            done: BTreeMap::new(),
            report: Report::default(),
        };
        run.learn(pulls);
        Ok(run)
    }

    /// Takes in pull requests: the latest of each unit counts, and an open one before all.
    fn learn(&mut self, pulls: Vec<PullRequest>) {
        for pull in pulls {
            let Some(purpose) = Purpose::of(&pull.branch) else { continue };
            let marker = Marker::read(&pull.body).unwrap_or_default();
            match purpose {
                // What was refused once it was gone stays from then on.
                Purpose::Rollback(number) if pull.state != State::Closed => {
                    if pull.state != State::Open {
                        self.taken_back.insert(number);
                    }
                    self.denied.entry(Unit::of(&marker.identity)).or_default().extend(marker.keep);
                }
                Purpose::Rollback(_) => {}
                Purpose::Proposal(unit) => {
                    let past = self.pasts.entry(unit).or_default();
                    let rank = |pull: &PullRequest| (pull.state == State::Open, pull.created, pull.number);
                    if past.latest.as_ref().is_none_or(|(known, _)| rank(known) <= rank(&pull)) {
                        past.latest = Some((pull, marker));
                    }
                }
            }
        }
    }

    /// Asks for all of a unit's past.
    pub(super) async fn ask(&mut self, unit: &Unit) -> Result<(), Error> {
        let pulls = self.forge.of_branch(&unit.branch()).await?;
        self.learn(pulls);
        let past = self.pasts.entry(unit.clone()).or_default();
        past.is_complete = true;
        Ok(())
    }

    /// What is proposed, with what people said to it.
    pub(super) async fn candidates<'b>(
        &mut self,
        proposals: &'b [Facts],
        keep: &KeepFile,
        editor: &mut dyn Editor,
        today: Date,
    ) -> Result<Vec<Candidate<'b>>, Error> {
        let mut candidates = Vec::new();
        for facts in proposals {
            let mut candidate = Candidate {
                facts,
                unit: Unit::of(&facts.identity),
                asked: BTreeSet::new(),
                kept: BTreeSet::new(),
                change: Default::default(),
                evidence: String::new(),
            };
            self.reconsider(&mut candidate, keep, editor, today).await?;
            candidates.push(candidate);
        }
        Ok(candidates)
    }

    /// Decides anew what a candidate changes, from what is known of its past.
    pub(super) async fn reconsider(
        &mut self,
        candidate: &mut Candidate<'_>,
        keep: &KeepFile,
        editor: &mut dyn Editor,
        today: Date,
    ) -> Result<(), Error> {
        let identity = &candidate.facts.identity;
        let mut asked = self.denied.get(&candidate.unit).cloned().unwrap_or_default();
        let mut snoozed = keep.snoozed(identity, today);
        let latest = self.pasts.get(&candidate.unit).and_then(|past| past.latest.clone());
        if let Some((pull, marker)) = latest {
            asked.extend(marker.keep);
            for comment in self.forge.comments_of_writers(pull.number).await? {
                for command in commands(&comment.body, comment.written) {
                    match command {
                        Command::Keep { grant } => drop(asked.insert(grant)),
                        Command::Snooze { until } => snoozed = snoozed.max(Some(until)),
                    }
                }
            }
        }
        let past = self.pasts.entry(candidate.unit.clone()).or_default();
        past.snoozed = snoozed;
        let mut patterns = keep.kept(identity, today);
        patterns.extend(asked.iter().cloned());
        candidate.asked = asked;
        candidate.kept = candidate.facts.asked_for(&patterns);
        let change = editor.change(self.repository.git.folder(), candidate.facts, &candidate.kept);
        candidate.change = match change {
            Ok(change) => change,
            Err(problem) => {
                self.report.problems.push(problem);
                Default::default()
            }
        };
        candidate.evidence = candidate.facts.evidence(&candidate.kept, &candidate.change);
        Ok(())
    }
}
