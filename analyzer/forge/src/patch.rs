//! Pull requests without a forge: a patch and a text for each, and a branch where that is wanted.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::body::Subject;
use crate::change::{Editor, NOTHING};
use crate::codeowners::Dialect;
use crate::error::Error;
use crate::facts::Facts;
use crate::git::{Git, OPENED};
use crate::marker::Marker;
use crate::repository::{Content, Pushed, Repository, reviewers};
use crate::run::{Outcome, Report, Settings};
use crate::unit::{PREFIX, Unit};

/// Where patches go.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// The folder that they and the texts are written into.
    pub folder: &'a Path,
    /// Whether branches are put onto the remote, too.
    pub push: bool,
    /// Whose rules the repository's `CODEOWNERS` follows.
    pub dialect: Dialect,
}

/// What new branches there is room for.
struct Room {
    /// Branches of Remit's that may be there.
    all: usize,
    /// Those that may still be new today.
    today: usize,
    /// Which day it is.
    day: Date,
}

/// Writes a patch and a text for each proposal into a folder, those first that remove most, and where that is wanted puts the branches onto the
/// remote: as many as may be open, and as many a day as may be opened. What the remote's branches say is all that is remembered.
///
/// # Errors
///
/// Where the repository or the folder cannot be used.
pub fn patches(
    git: &Git,
    proposals: &[Facts],
    editor: &mut dyn Editor,
    settings: &Settings,
    to: Destination<'_>,
    now: Timestamp,
) -> Result<Report, Error> {
    let base = match &settings.base {
        Some(base) => base.clone(),
        None => git.head()?.ok_or_else(|| {
            Error::Wrong("the repository does not tell its main branch\nhint: name it by `--base`".to_owned())
        })?,
    };
    let mut repository = Repository::open(git, &base, &settings.author)?;
    let keep = repository.keep_file()?;
    let today = now.to_zoned(TimeZone::UTC).date();
    let owners = repository.owners(to.dialect);
    let mut room = Room { all: settings.max_open, today: settings.a_day, day: today };
    if to.push && !settings.is_dry {
        room.today = room.today.saturating_sub(opened_on(&repository, today)?);
    }
    let mut report = Report::default();
    let with_kept = |facts| (facts, Facts::asked_for(facts, &keep.kept(&facts.identity, today)));
    let mut proposals: Vec<(&Facts, BTreeSet<String>)> = proposals.iter().map(with_kept).collect();
    proposals.sort_by_key(|(facts, kept)| std::cmp::Reverse(facts.going(kept, NOTHING).count()));
    for (facts, kept) in proposals {
        let mut outcome = Outcome {
            identity: facts.identity.clone(),
            state: "put off",
            removed: 0,
            url: String::new(),
            detail: String::new(),
        };
        if let Some(until) = keep.snoozed(&facts.identity, today) {
            outcome.detail = format!("until {until}");
            report.outcomes.push(outcome);
            continue;
        }
        let change = match editor.change(git.folder(), facts, &kept) {
            Ok(change) => change,
            Err(problem) => {
                report.problems.push(problem);
                continue;
            }
        };
        outcome.removed = facts.gone(&kept, change.untouched());
        let unit = Unit::of(&facts.identity);
        let evidence = facts.evidence(&kept, &change);
        let marker = Marker { identity: facts.identity.clone(), evidence, ..Marker::default() };
        let owners = reviewers(owners.as_ref(), change.paths());
        let subject =
            Subject { unit: &unit, facts, change: &change, kept: &kept, marker: &marker, owners: &owners };
        if change.files.is_empty() {
            outcome.state = if change.suggestions.is_empty() { "nothing to edit" } else { "by hand" };
            outcome.detail = change.absent.clone().unwrap_or_default();
            if !change.suggestions.is_empty() && !settings.is_dry {
                write(to.folder, &format!("{unit}.md"), subject.body().as_bytes())?;
                outcome.url = format!("{unit}.md");
            }
            report.outcomes.push(outcome);
            continue;
        }
        let (branch, message) = (unit.branch(), subject.message());
        let content =
            Content { branch: &branch, files: &change.files, message: &message, moment: facts.moment() };
        let commit = repository.commit(&content)?;
        if !settings.is_dry {
            write(to.folder, &format!("{unit}.patch"), &git.patch(&commit)?)?;
            write(to.folder, &format!("{unit}.md"), subject.body().as_bytes())?;
        }
        outcome.state = if settings.is_dry { "would write" } else { "written" };
        outcome.url = format!("{unit}.patch");
        if to.push && !settings.is_dry {
            (outcome.state, outcome.detail) = pushed(&mut repository, &content, &marker.evidence, &mut room)?;
        }
        if !owners.is_empty() {
            let ask = format!("review by {}", owners.join(", "));
            let detail = [outcome.detail, ask].into_iter().filter(|one| !one.is_empty());
            outcome.detail = detail.collect::<Vec<_>>().join("; ");
        }
        report.outcomes.push(outcome);
    }
    Ok(report)
}

/// Puts a branch onto the remote, where there is room for it and it does not say the same already.
fn pushed(
    repository: &mut Repository<'_>,
    content: &Content<'_>,
    evidence: &str,
    room: &mut Room,
) -> Result<(&'static str, String), Error> {
    let branch = content.branch.to_owned();
    let is_new = !repository.branches.contains_key(content.branch);
    let mut opened = Some(room.day);
    if is_new {
        if repository.branches.len() >= room.all {
            return Ok(("waits", "as many branches as may be are there".to_owned()));
        }
        if room.today == 0 {
            return Ok(("waits", "as many branches as may be on a day were pushed today".to_owned()));
        }
    } else {
        let head = repository.git.fetch_branch(content.branch)?;
        let seal = repository.git.seal(&head)?;
        if seal.as_ref().is_some_and(|seal| seal.evidence == evidence)
            && !repository.git.conflicts(&head, &repository.tip)?
        {
            return Ok(("open", branch));
        }
        opened = seal.and_then(|seal| seal.opened);
    }
    // Nothing else tells another run on which day it was.
    let day = opened.map(|day| format!("\n{OPENED}{day}")).unwrap_or_default();
    let message = format!("{}{day}", content.message);
    Ok(match repository.push(&Content { message: &message, ..*content })? {
        Pushed::Yes => {
            room.today -= usize::from(is_new);
            ("pushed", branch)
        }
        Pushed::Foreign => ("left", format!("`{branch}` holds commits of others")),
    })
}

/// Branches that were pushed first on a day, by what their commits say. Whoever commits onto one makes no room for another.
fn opened_on(repository: &Repository<'_>, day: Date) -> Result<usize, Error> {
    let mut number = 0;
    for branch in repository.branches.keys() {
        let unit = branch.strip_prefix(PREFIX).unwrap_or(branch);
        number += usize::from(repository.git.is_opened_on(branch, unit, day)?);
    }
    Ok(number)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    let wrong = |error: std::io::Error| Error::File { path: path.clone(), cause: error.to_string() };
    fs::create_dir_all(folder).map_err(wrong)?;
    fs::write(&path, bytes).map_err(wrong)
}
