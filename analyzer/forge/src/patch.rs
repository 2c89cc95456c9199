//! Pull requests without a forge: a patch and a text for each, and a branch where that is wanted.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::body::Subject;
use crate::change::Editor;
use crate::error::Error;
use crate::facts::Facts;
use crate::git::Git;
use crate::marker::Marker;
use crate::repository::{Content, Pushed, Repository};
use crate::run::{Outcome, Report, Settings};
use crate::unit::Unit;

/// Writes a patch and a text for each proposal into a folder, and with `push` puts the branches onto the remote: as many as may be open. What
/// the remote's branches say is all that is remembered.
///
/// # Errors
///
/// Where the repository or the folder cannot be used.
pub fn patches(
    git: &Git,
    proposals: &[Facts],
    editor: &mut dyn Editor,
    settings: &Settings,
    folder: &Path,
    push: bool,
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
    let mut report = Report::default();
    for facts in proposals {
        let kept = facts.asked_for(&keep.kept(&facts.identity, today));
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
        outcome.removed = facts.going(&kept, change.untouched()).count() as u64;
        let unit = Unit::of(&facts.identity);
        let evidence = facts.evidence(&kept, &change);
        let marker = Marker { identity: facts.identity.clone(), evidence, ..Marker::default() };
        let subject = Subject { unit: &unit, facts, change: &change, kept: &kept, marker: &marker };
        if change.files.is_empty() {
            outcome.state = if change.suggestions.is_empty() { "nothing to edit" } else { "by hand" };
            outcome.detail = change.absent.clone().unwrap_or_default();
            if !change.suggestions.is_empty() && !settings.is_dry {
                write(folder, &format!("{unit}.md"), subject.body().as_bytes())?;
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
            write(folder, &format!("{unit}.patch"), &git.patch(&commit)?)?;
            write(folder, &format!("{unit}.md"), subject.body().as_bytes())?;
        }
        outcome.state = if settings.is_dry { "would write" } else { "written" };
        outcome.url = format!("{unit}.patch");
        if push && !settings.is_dry {
            (outcome.state, outcome.detail) =
                pushed(&mut repository, &content, &marker.evidence, settings.max_open)?;
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
    max_open: usize,
) -> Result<(&'static str, String), Error> {
    let branch = content.branch.to_owned();
    if !repository.branches.contains_key(content.branch) {
        if repository.branches.len() >= max_open {
            return Ok(("waits", "as many branches as may be are there".to_owned()));
        }
    } else {
        let head = repository.git.fetch_branch(content.branch)?;
        let seal = repository.git.seal(&head)?;
        if seal.is_some_and(|seal| seal.evidence == evidence)
            && !repository.git.conflicts(&head, &repository.tip)?
        {
            return Ok(("open", branch));
        }
    }
    Ok(match repository.push(content)? {
        Pushed::Yes => ("pushed", branch),
        Pushed::Foreign => ("left", format!("`{branch}` holds commits of others")),
    })
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    let wrong = |error: std::io::Error| Error::File { path: path.clone(), cause: error.to_string() };
    fs::create_dir_all(folder).map_err(wrong)?;
    fs::write(&path, bytes).map_err(wrong)
}
