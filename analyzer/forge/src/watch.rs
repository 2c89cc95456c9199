//! After the merge: what was refused that a merged pull request took away is taken back by another.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use jiff::{Timestamp, ToSpan as _};

use crate::body::{name, plain};
use crate::error::Error;
use crate::forge::{Forge, NewPullRequest, State};
use crate::git::Git;
use crate::marker::{Marker, bounded};
use crate::number::{counted, grouped};
use crate::repository::{Content, Pushed, Repository, reviewers};
use crate::run::{Outcome, Settings};
use crate::unit::Purpose;

/// Days after a merge in which a refused call counts against it.
pub const DAYS: i64 = 14;

/// Days for which a merged pull request is looked at: a log may come late, and so may a run.
const LOOKED_AT: i64 = 2 * DAYS;

/// Rows of the body's table.
const ROWS: usize = 50;

/// A pull request of Remit's that was merged lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Its number.
    pub number: u64,
    /// Its address.
    pub url: String,
    /// The identity that it was about.
    pub identity: String,
    /// Permissions that it took away; a `*` stands for anything.
    pub removed: BTreeSet<String>,
    /// When it was merged.
    pub at: Timestamp,
    commit: Option<String>,
}

/// Calls that were refused, of one permission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// The permission.
    pub permission: String,
    /// How many calls.
    pub calls: u64,
    /// When the last of them was, in ISO 8601.
    pub last: String,
}

impl Merged {
    /// Until when refused calls count against it.
    pub fn until(&self) -> Timestamp {
        self.at.saturating_add((24 * DAYS).hours()).unwrap_or(self.at)
    }

    /// Whether it took a permission away.
    pub fn took(&self, permission: &str) -> bool {
        self.removed.iter().any(|pattern| crate::command::covers(pattern, permission))
    }
}

/// Pull requests of Remit's that were merged lately.
///
/// # Errors
///
/// Where the forge cannot be asked.
pub async fn merged(forge: &Forge, now: Timestamp) -> Result<Vec<Merged>, Error> {
    let since = now.saturating_sub((24 * LOOKED_AT).hours()).unwrap_or(now);
    let mut merged = Vec::new();
    for pull in forge.ended(since).await? {
        let (Some(Purpose::Proposal(_)), State::Merged { at, commit }) =
            (Purpose::of(&pull.branch), pull.state)
        else {
            continue;
        };
        let Some(marker) = Marker::read(&pull.body).filter(|_| at >= since) else { continue };
        merged.push(Merged {
            number: pull.number,
            url: pull.url,
            identity: marker.identity,
            removed: marker.removed.names(),
            at,
            commit,
        });
    }
    merged.sort_by_key(|one| one.number);
    Ok(merged)
}

/// Opens what takes back a merged pull request, unless that was done before.
///
/// # Errors
///
/// Where the forge or the repository cannot be used; another run goes on from there.
pub async fn roll_back(
    forge: &Forge,
    git: &Git,
    merged: &Merged,
    refused: &[Refused],
    settings: &Settings,
) -> Result<Outcome, Error> {
    let outcome = |state, url: &str, detail: String| Outcome {
        identity: merged.identity.clone(),
        state,
        removed: refused.len() as u64,
        url: url.to_owned(),
        detail,
    };
    let branch = Purpose::Rollback(merged.number).branch();
    let reference = forge.kind().reference(merged.number);
    let known = forge.of_branch(&branch).await?;
    if let Some(known) = known.iter().max_by_key(|pull| pull.number) {
        let state = match known.state {
            State::Open => "open",
            State::Closed => "closed",
            State::Merged { .. } => "taken back",
        };
        let mut problems = Vec::new();
        // A run that was cut has opened it, and asked nobody for a review.
        if state == "open" && !known.labels.contains(&settings.label) && !settings.is_dry {
            let repository = Repository::open(git, &settings.base(forge).await?, &settings.author)?;
            // The commit may be gone from the remote since, which must not keep this one and all others from being completed.
            let paths = merged_paths(git, merged).unwrap_or_else(|error| {
                let error = error.to_string();
                let cause = error.lines().next().unwrap_or_default();
                problems.push(format!(
                    "nobody is asked for a review, since what was merged is not to be had: {cause}"
                ));
                Vec::new()
            });
            let reviewers = reviewers(repository.owners(forge.kind().dialect()).as_ref(), &paths);
            problems.extend(forge.complete(known.number, &settings.label, &reviewers).await?);
        }
        return Ok(outcome(state, &known.url, detail(&reference, &problems)));
    }
    let base = settings.base(forge).await?;
    let mut repository = Repository::open(git, &base, &settings.author)?;
    let by_hand = |why: &str| outcome("by hand", &merged.url, why.to_owned());
    let Some(commit) = &merged.commit else {
        return Ok(by_hand("the forge does not tell by which commit it was merged: revert it"));
    };
    git.fetch_commit(commit)?;
    let files = match git.reversal(commit, &repository.tip)? {
        None => return Ok(by_hand("what it changed was changed again since: revert it by hand")),
        Some(files) if files.is_empty() => {
            return Ok(outcome("taken back", &merged.url, "the base has again what it took away".to_owned()));
        }
        Some(files) => files,
    };
    if settings.is_dry {
        return Ok(outcome("would take back", &merged.url, counted(files.len() as u64, "file", "files")));
    }
    let identity = plain(merged.identity.rsplit(['/', ':']).next().unwrap_or_default());
    let title = format!("Take back {reference}: calls of {identity} were refused");
    let body = body(merged, &reference, refused);
    let message = format!(
        "{title}\n\nCalls were refused that needed what it took away.\n\n{}rollback-{}\n{}rollback",
        crate::git::UNIT,
        merged.number,
        crate::git::EVIDENCE
    );
    let content =
        Content { branch: &branch, files: &files, message: &message, moment: merged.at.as_second() };
    if repository.push(&content)? == Pushed::Foreign {
        return Ok(by_hand("its branch holds commits of others"));
    }
    let owners = repository.owners(forge.kind().dialect());
    let reviewers = reviewers(owners.as_ref(), files.iter().map(|edited| &edited.path));
    let new = NewPullRequest { branch: &branch, base: &base, title: &title, body: &body };
    let pull = forge.create(&new).await?;
    let problems = forge.complete(pull.number, &settings.label, &reviewers).await?;
    Ok(outcome("opened", &pull.url, detail(&reference, &problems)))
}

/// Paths that a merge changed, where the forge tells by which commit it was.
fn merged_paths(git: &Git, merged: &Merged) -> Result<Vec<String>, Error> {
    let Some(commit) = &merged.commit else { return Ok(Vec::new()) };
    git.fetch_commit(commit)?;
    git.paths(commit)
}

/// What a rollback does, and what could not be done about it.
fn detail(reference: &str, problems: &[String]) -> String {
    std::iter::once(format!("takes back {reference}"))
        .chain(problems.iter().cloned())
        .collect::<Vec<_>>()
        .join("; ")
}

fn body(merged: &Merged, reference: &str, refused: &[Refused]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, merged, reference, refused);
    text
}

fn write(text: &mut String, merged: &Merged, reference: &str, refused: &[Refused]) -> fmt::Result {
    let calls = refused.iter().map(|one| one.calls).fold(0, u64::saturating_add);
    writeln!(
        text,
        "**{} of {} refused** within {DAYS} days after {reference} was merged, and needed what that took away.\\",
        counted(calls, "call", "calls"),
        name(&merged.identity)
    )?;
    writeln!(
        text,
        "This takes all of {reference} back. Once it is merged, what was refused is not proposed again."
    )?;
    writeln!(text, "\n| permission | refused calls | last |\n| --- | --- | --- |")?;
    for one in refused.iter().take(ROWS) {
        writeln!(text, "| {} | {} | {} |", name(&one.permission), grouped(one.calls), name(&one.last))?;
    }
    if let Some(more @ 1..) = refused.len().checked_sub(ROWS) {
        writeln!(text, "\n{} more.", grouped(more as u64))?;
    }
    writeln!(
        text,
        "\nA call may be refused for other reasons, too. Whoever closes this says that the pull request was right; then it is not opened again."
    )?;
    let keep = bounded(refused.iter().map(|one| one.permission.clone()).collect());
    let evidence = "rollback".to_owned();
    let marker = Marker { identity: merged.identity.clone(), evidence, keep, ..Marker::default() };
    writeln!(text, "\n{}", marker.line())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::LONGEST;

    #[test]
    fn a_rollback_of_very_much_is_bounded_and_remembers_all_of_it() {
        let merged = Merged {
            number: 1,
            url: String::new(),
            identity: "system:serviceaccount:shop:cart".to_owned(),
            removed: BTreeSet::new(),
            at: Timestamp::UNIX_EPOCH,
            commit: None,
        };
        let one = |number: usize| Refused {
            permission: format!("get secrets {}{number} in shop", "<".repeat(250)),
            calls: 1,
            last: "2026-11-30T01:02:03Z".to_owned(),
        };
        let refused: Vec<Refused> = (0..2_000).map(one).collect();
        let body = body(&merged, "#1", &refused);
        assert!(body.chars().count() <= LONGEST, "{}", body.chars().count());
        assert!(body.contains("\n1,950 more.\n"), "{body}");
        let keep = Marker::read(&body).unwrap().keep;
        assert!(
            refused.iter().all(|one| keep.iter().any(|kept| crate::command::covers(kept, &one.permission)))
        );
    }
}
