//! Doing what was decided.

use std::collections::BTreeSet;

use super::{Candidate, Run};
use crate::body::Subject;
use crate::dashboard::{Dashboard, Entry};
use crate::error::Error;
use crate::forge::{NewPullRequest, PullRequest, State};
use crate::marker::{End, Marker, Packed, bounded};
use crate::plan::Decision;
use crate::repository::{Content, Pushed, reviewers};
use crate::status::Done;
use crate::unit::{Purpose, Unit};

impl Run<'_> {
    /// Does what was decided about a candidate, and puts it onto the dashboard.
    pub(super) async fn act(
        &mut self,
        candidate: &Candidate<'_>,
        decision: &Decision,
        board: &mut Dashboard,
    ) -> Result<(), Error> {
        if candidate.is_by_hand() {
            let places = candidate.change.suggestions.clone();
            board.by_hand.push((candidate.entry(String::new()), places));
        }
        let past = self.pasts.get(&candidate.unit).cloned().unwrap_or_default();
        match (decision, past.latest) {
            (Decision::Open, _) => self.open(candidate, board).await?,
            (Decision::Leave, Some((pull, _))) => self.leave(candidate, &pull, board).await?,
            (Decision::Update, Some((pull, _))) => {
                self.update(candidate, &pull, "the evidence changed", board).await?;
            }
            (Decision::Resolve, Some((pull, marker))) => {
                let why = if candidate.size() == 0 {
                    "everything that it took away is kept, or was used since"
                } else {
                    "the repository holds what it proposed already, or does not hold the policy any more"
                };
                self.close(&pull, marker, End::Resolved, why).await?;
                self.say(candidate, "resolved", &pull.url, why);
            }
            (Decision::PutOff(until), Some((pull, marker))) => {
                let why = format!("somebody put it off until {until}");
                self.close(&pull, marker, End::Snoozed(*until), &why).await?;
                board.snoozed.push(candidate.entry(format!("until {until}")));
                self.say(candidate, "put off", &pull.url, why);
            }
            (Decision::Wait, _) => {
                board.waiting.push(candidate.entry(String::new()));
                self.say(candidate, "waits", "", "until there is a place for it");
            }
            (Decision::Declined, Some((pull, _))) => {
                board.closed.push(candidate.entry(self.reference(&pull)));
                self.say(candidate, "closed", &pull.url, "somebody closed it, and the evidence is the same");
            }
            (Decision::RolledBack, Some((pull, _))) => {
                board.closed.push(candidate.entry(format!("{} was taken back", self.reference(&pull))));
                self.say(candidate, "taken back", &pull.url, "and the evidence is the same");
            }
            (Decision::Snoozed(until), _) => {
                board.snoozed.push(candidate.entry(format!("until {until}")));
                self.say(candidate, "put off", "", format!("until {until}"));
            }
            _ if !candidate.change.suggestions.is_empty() => {
                let count = candidate.change.suggestions.len();
                self.say(
                    candidate,
                    "by hand",
                    "",
                    format!("{count} of its places cannot be edited by a program"),
                );
            }
            _ => {
                let why = candidate.change.absent.clone();
                self.say(
                    candidate,
                    "nothing to edit",
                    "",
                    why.unwrap_or_else(|| "the repository has it already".to_owned()),
                );
            }
        }
        Ok(())
    }

    /// Deals with open pull requests of which nothing is proposed.
    pub(super) async fn act_on_others(
        &mut self,
        candidates: &[Candidate<'_>],
        settled: &BTreeSet<String>,
        board: &mut Dashboard,
    ) -> Result<(), Error> {
        let known: BTreeSet<&Unit> = candidates.iter().map(|one| &one.unit).collect();
        let others = self.pasts.iter().filter(|(unit, _)| !known.contains(unit));
        let others: Vec<(Unit, PullRequest, Marker)> = others
            .filter_map(|(unit, past)| {
                past.open().map(|(pull, marker)| (unit.clone(), pull.clone(), marker.clone()))
            })
            .collect();
        for (unit, pull, marker) in others {
            let (identity, url) = (marker.identity.clone(), pull.url.clone());
            let is_settled = settled.contains(&identity) && Unit::of(&identity) == unit;
            let (state, detail) = if is_settled {
                let why = "nothing is left to take away: it was used since, or is not granted any more";
                self.close(&pull, marker, End::Resolved, why).await?;
                ("resolved", why)
            } else {
                board.open.push(Entry {
                    unit,
                    identity: identity.clone(),
                    removed: 0,
                    detail: self.reference(&pull),
                });
                ("open", "these proposals do not say whether it still holds")
            };
            let removed = 0;
            let detail = detail.to_owned();
            self.report.outcomes.push(super::Outcome { identity, state, removed, url, detail });
        }
        Ok(())
    }

    async fn open(&mut self, candidate: &Candidate<'_>, board: &mut Dashboard) -> Result<(), Error> {
        if self.settings.is_dry {
            self.say(candidate, "would open", "", files(candidate));
            return Ok(());
        }
        let marker = self.marker(candidate);
        let subject = subject(candidate, &marker);
        let branch = candidate.unit.branch();
        if let Pushed::Foreign = self.push(candidate, &subject, &branch)? {
            let problem = format!(
                "branch `{branch}` holds commits of others\nhint: delete it, and the next run goes on"
            );
            self.report.problems.push(problem);
            self.say(candidate, "stuck", "", "its branch holds commits of others");
            return Ok(());
        }
        let (title, body) = (subject.title(), subject.body());
        let base = &self.repository.base;
        let new = NewPullRequest { branch: &branch, base, title: &title, body: &body };
        let pull = self.forge.create(&new).await?;
        self.complete(candidate, &pull).await?;
        board.open.push(candidate.entry(self.reference(&pull)));
        self.say(candidate, "opened", &pull.url, files(candidate));
        self.keep(&candidate.unit, pull, marker, Done::Opened);
        Ok(())
    }

    /// Leaves an open pull request as it is, unless it was never completed or the base went on so that it conflicts.
    async fn leave(
        &mut self,
        candidate: &Candidate<'_>,
        pull: &PullRequest,
        board: &mut Dashboard,
    ) -> Result<(), Error> {
        let head = self.repository.git.fetch_branch(&pull.branch)?;
        if self.repository.git.conflicts(&head, &self.repository.tip)? {
            return self.update(candidate, pull, "the base went on and conflicts", board).await;
        }
        board.open.push(candidate.entry(self.reference(pull)));
        if pull.labels.contains(&self.settings.label) || self.settings.is_dry {
            self.say(candidate, "open", &pull.url, "");
            return Ok(());
        }
        self.complete(candidate, pull).await?;
        self.say(candidate, "completed", &pull.url, "a run had been cut");
        self.done.insert(candidate.unit.clone(), Done::Completed);
        Ok(())
    }

    /// Puts an open pull request onto the base as it is now, with the evidence as it is now.
    async fn update(
        &mut self,
        candidate: &Candidate<'_>,
        pull: &PullRequest,
        why: &str,
        board: &mut Dashboard,
    ) -> Result<(), Error> {
        board.open.push(candidate.entry(self.reference(pull)));
        if self.settings.is_dry {
            self.say(candidate, "would update", &pull.url, why);
            return Ok(());
        }
        let marker = self.marker(candidate);
        let subject = subject(candidate, &marker);
        if let Pushed::Foreign = self.push(candidate, &subject, &pull.branch)? {
            self.say(candidate, "left", &pull.url, format!("{why}, but it holds commits of others"));
            return Ok(());
        }
        let (title, body) = (subject.title(), subject.body());
        if pull.title != title || !crate::body::is_same(&pull.body, &body) {
            self.forge.rewrite(pull.number, &title, &body).await?;
        }
        self.say(candidate, "updated", &pull.url, why);
        self.done.insert(candidate.unit.clone(), Done::Updated);
        Ok(())
    }

    async fn close(&mut self, pull: &PullRequest, marker: Marker, end: End, why: &str) -> Result<(), Error> {
        if self.settings.is_dry {
            return Ok(());
        }
        let marker = Marker { end: Some(end), ..marker };
        let body = marker.put_into(&pull.body);
        self.forge.close(pull.number, &format!("Closed by Remit: {why}.\n\n{body}")).await?;
        if let Some(Purpose::Proposal(unit)) = Purpose::of(&pull.branch) {
            let pull = PullRequest { state: State::Closed, ..pull.clone() };
            self.keep(&unit, pull, marker, Done::Closed);
        }
        Ok(())
    }

    /// Puts the candidate's change onto a branch, where it is nobody else's.
    fn push(
        &mut self,
        candidate: &Candidate<'_>,
        subject: &Subject<'_>,
        branch: &str,
    ) -> Result<Pushed, Error> {
        self.repository.push(&Content {
            branch,
            files: &candidate.change.files,
            message: &subject.message(),
            moment: candidate.facts.moment(),
        })
    }

    /// Asks owners of what the candidate edits for a review, and says by the label that all is done.
    async fn complete(&mut self, candidate: &Candidate<'_>, pull: &PullRequest) -> Result<(), Error> {
        let reviewers = reviewers(self.owners.as_ref(), candidate.change.paths());
        let problems = self.forge.complete(pull.number, &self.settings.label, &reviewers).await?;
        self.report.notes.extend(problems);
        Ok(())
    }

    fn marker(&self, candidate: &Candidate<'_>) -> Marker {
        let going: BTreeSet<&str> = candidate
            .facts
            .going(&candidate.kept, candidate.change.untouched())
            .map(|line| line.permission.as_str())
            // A call that is refused now may have needed one of the resources that went.
            .chain(candidate.change.narrowed.keys().map(String::as_str))
            .collect();
        Marker {
            identity: candidate.facts.identity.clone(),
            evidence: candidate.evidence.clone(),
            keep: bounded(candidate.asked.clone()),
            end: None,
            removed: Packed::of(&going),
        }
    }
}

fn subject<'a>(candidate: &'a Candidate<'_>, marker: &'a Marker) -> Subject<'a> {
    Subject {
        unit: &candidate.unit,
        facts: candidate.facts,
        change: &candidate.change,
        kept: &candidate.kept,
        marker,
        owners: &[],
    }
}

fn files(candidate: &Candidate<'_>) -> String {
    crate::number::counted(candidate.change.files.len() as u64, "file", "files")
}
