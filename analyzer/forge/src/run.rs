//! A run: what the forge knows, what is to be done, and doing it. Each step leaves the forge in a state that the next run understands,
//! wherever this one is cut.

mod act;
mod gather;
mod statuses;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use crate::body::is_same;
use crate::change::{Change, Editor};
use crate::codeowners::CodeOwners;
use crate::dashboard::{self, Dashboard, Entry};
use crate::error::Error;
use crate::facts::Facts;
use crate::forge::{Forge, Issue, PullRequest};
use crate::git::{Author, Git};
use crate::plan::{Decision, Limits, Past, Wanted, decide};
use crate::repository::Repository;
use crate::status::{Done, Status};
use crate::unit::Unit;

/// How a run goes about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The branch that pull requests are for; the forge's default where none is given.
    pub base: Option<String>,
    /// The label of pull requests and of the dashboard.
    pub label: String,
    /// Pull requests that may be open at a time.
    pub max_open: usize,
    /// Pull requests that may be opened on one day.
    pub a_day: usize,
    /// Whether there is a dashboard.
    pub has_dashboard: bool,
    /// Who commits.
    pub author: Author,
    /// Whether nothing is written.
    pub is_dry: bool,
}

/// What became of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The identity.
    pub identity: String,
    /// What became of it, in a word or two.
    pub state: &'static str,
    /// Permissions that go.
    pub removed: u64,
    /// The pull request's address; empty where there is none.
    pub url: String,
    /// More about it.
    pub detail: String,
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What became of each unit.
    pub outcomes: Vec<Outcome>,
    /// What is worth saying besides.
    pub notes: Vec<String>,
    /// Why units went no further that should have.
    pub problems: Vec<String>,
    /// How the pull request of each identity stands now.
    pub statuses: Vec<Status>,
}

/// A unit with all that is known of it.
struct Candidate<'a> {
    facts: &'a Facts,
    unit: Unit,
    /// Patterns of what stays because of what was said, or refused, on the forge.
    asked: BTreeSet<String>,
    /// Permissions of the proposal that stay because somebody asked for it.
    kept: BTreeSet<String>,
    change: Change,
    evidence: String,
}

/// What a run works with.
struct Run<'a> {
    forge: &'a Forge,
    settings: &'a Settings,
    repository: Repository<'a>,
    owners: Option<CodeOwners>,
    pasts: BTreeMap<Unit, Past>,
    /// What was refused once it was gone.
    denied: BTreeMap<Unit, BTreeSet<String>>,
    /// Numbers of pull requests that others took back.
    taken_back: BTreeSet<u64>,
    /// What this run did about the pull request of each unit.
    done: BTreeMap<Unit, Done>,
    report: Report,
}

/// Opens, writes anew and closes pull requests as proposals ask for. `settled` are identities of which it is known that nothing is to be
/// proposed.
///
/// # Errors
///
/// Where the forge or the repository cannot be used. What was done until then is known to the forge, and another run goes on from there.
pub async fn run(
    forge: &Forge,
    git: &Git,
    proposals: &[Facts],
    settled: &BTreeSet<String>,
    editor: &mut dyn Editor,
    settings: &Settings,
    now: Timestamp,
) -> Result<Report, Error> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut run = Run::gather(forge, git, settings, now).await?;
    let keep = run.repository.keep_file()?;
    let issue = if settings.has_dashboard { run.dashboard().await? } else { None };
    let ticked = issue.as_ref().map(|issue| dashboard::ticked(&issue.body)).unwrap_or_default();
    let mut candidates = run.candidates(proposals, &keep, editor, today).await?;
    // What removes most comes first.
    candidates.sort_by_key(|one| (std::cmp::Reverse(one.size()), one.facts.identity.clone()));
    let fresh = run.opened_on(today);
    let limits = Limits { open: settings.max_open, today: settings.a_day.saturating_sub(fresh) };
    let decisions = loop {
        let wanted: Vec<Wanted> = candidates.iter().map(Candidate::wanted).collect();
        let decisions = decide(&wanted, &run.pasts, &ticked, limits, today);
        let asked: Vec<usize> =
            (0..).zip(&decisions).filter(|(_, one)| **one == Decision::Ask).map(|(at, _)| at).collect();
        if asked.is_empty() {
            break decisions;
        }
        for at in asked {
            let Some(candidate) = candidates.get_mut(at) else { continue };
            run.ask(&candidate.unit).await?;
            run.reconsider(candidate, &keep, editor, today).await?;
        }
    };
    let mut board = Dashboard::default();
    // What is open comes first: a run that is cut then has opened nothing that it might not have.
    let mut order: Vec<(&Candidate<'_>, &Decision)> = candidates.iter().zip(&decisions).collect();
    order.sort_by_key(|(_, decision)| **decision == Decision::Open);
    for (candidate, decision) in order {
        run.act(candidate, decision, &mut board).await?;
    }
    run.act_on_others(&candidates, settled, &mut board).await?;
    let told = if settings.has_dashboard { run.tell(issue, &board).await? } else { None };
    run.report.statuses = run.statuses(&candidates, &decisions, today, told.as_deref());
    Ok(run.report)
}

impl Settings {
    /// The branch that pull requests are for.
    pub(crate) async fn base(&self, forge: &Forge) -> Result<String, Error> {
        match &self.base {
            Some(base) => Ok(base.clone()),
            None => forge.default_branch().await,
        }
    }
}

impl Candidate<'_> {
    fn size(&self) -> usize {
        self.facts.going(&self.kept, self.change.untouched()).count()
    }

    /// How many permissions go as a whole.
    fn gone(&self) -> u64 {
        self.facts.gone(&self.kept, self.change.untouched())
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            unit: self.unit.clone(),
            evidence: self.evidence.clone(),
            has_edits: !self.change.files.is_empty(),
        }
    }

    fn entry(&self, detail: String) -> Entry {
        Entry { unit: self.unit.clone(), identity: self.facts.identity.clone(), removed: self.gone(), detail }
    }
}

impl Run<'_> {
    /// Units whose pull request was opened on a day.
    fn opened_on(&self, today: Date) -> usize {
        let pulls = self.pasts.values().filter_map(|past| past.latest.as_ref());
        pulls.filter(|(pull, _)| pull.created.to_zoned(TimeZone::UTC).date() == today).count()
    }

    /// The dashboard, where there is one.
    async fn dashboard(&self) -> Result<Option<Issue>, Error> {
        let issues = self.forge.issues(&self.settings.label).await?;
        let mut boards: Vec<Issue> =
            issues.into_iter().filter(|issue| dashboard::is_dashboard(&issue.body)).collect();
        boards.sort_by_key(|issue| (!issue.is_open, issue.number));
        Ok(boards.into_iter().next())
    }

    /// Writes the dashboard, where it says something else than before. Where it is, unless somebody closed it.
    async fn tell(&mut self, issue: Option<Issue>, board: &Dashboard) -> Result<Option<String>, Error> {
        let body = board.body();
        let url = issue.as_ref().filter(|issue| issue.is_open).map(|issue| issue.url.clone());
        match issue {
            Some(issue) if !issue.is_open => {
                self.report
                    .notes
                    .push(format!("the dashboard {} was closed: open it again to have it", issue.url));
            }
            Some(issue) if is_same(&issue.body, &body) => {}
            _ if self.settings.is_dry => {}
            Some(issue) => self.forge.rewrite_issue(issue.number, &body).await?,
            None if *board == Dashboard::default() => {}
            None => {
                let issue = self.forge.create_issue(dashboard::TITLE, &body, &self.settings.label).await?;
                self.report.notes.push(format!("the dashboard is {}", issue.url));
                return Ok(Some(issue.url));
            }
        }
        Ok(url)
    }

    /// How people refer to a pull request.
    fn reference(&self, pull: &PullRequest) -> String {
        self.forge.kind().reference(pull.number)
    }

    fn say(&mut self, candidate: &Candidate<'_>, state: &'static str, url: &str, detail: impl Into<String>) {
        self.report.outcomes.push(Outcome {
            identity: candidate.facts.identity.clone(),
            state,
            removed: candidate.gone(),
            url: url.to_owned(),
            detail: detail.into(),
        });
    }
}
