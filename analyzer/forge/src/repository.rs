//! A repository as a run finds it: its base, its branches of Remit's, who owns what and what people keep.

use std::collections::BTreeMap;
use std::fs;

use crate::change::Edited;
use crate::codeowners::{CodeOwners, Dialect};
use crate::error::Error;
use crate::git::{Author, Draft, Git};
use crate::keep::{self, KeepFile};
use crate::unit::PREFIX;

/// A repository as a run finds it.
pub(crate) struct Repository<'a> {
    pub(crate) git: &'a Git,
    /// The branch that pull requests are for.
    pub(crate) base: String,
    /// The commit that it is at.
    pub(crate) tip: String,
    /// Branches of Remit's, with their commits.
    pub(crate) branches: BTreeMap<String, String>,
    author: &'a Author,
}

/// What is to be on a branch.
pub(crate) struct Content<'a> {
    pub(crate) branch: &'a str,
    pub(crate) files: &'a [Edited],
    pub(crate) message: &'a str,
    /// Seconds since 1970.
    pub(crate) moment: i64,
}

/// Whether a branch could be put where it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It is there.
    Yes,
    /// Somebody else's commits are on it.
    Foreign,
}

impl<'a> Repository<'a> {
    /// Fetches the base and asks for branches.
    pub(crate) fn open(git: &'a Git, base: &str, author: &'a Author) -> Result<Self, Error> {
        let tip = git.check_out(base)?;
        let branches = git.branches(PREFIX)?;
        Ok(Self { git, base: base.to_owned(), tip, branches, author })
    }

    /// Who owns what, as one of the forges reads it.
    pub(crate) fn owners(&self, dialect: Dialect) -> Option<CodeOwners> {
        let mut places = dialect.places().into_iter();
        let text = places.find_map(|place| fs::read_to_string(self.git.folder().join(place)).ok())?;
        Some(CodeOwners::parse(&text, dialect))
    }

    /// The repository's own file of what is kept.
    pub(crate) fn keep_file(&self) -> Result<KeepFile, Error> {
        match fs::read_to_string(self.git.folder().join(keep::PATH)) {
            Ok(text) => KeepFile::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(KeepFile::default()),
            Err(error) => {
                Err(Error::Wrong(format!("cannot read `{}` of the repository: {error}", keep::PATH)))
            }
        }
    }

    /// The commit of a content on the base.
    pub(crate) fn commit(&self, content: &Content<'_>) -> Result<String, Error> {
        self.git.commit(&Draft {
            parent: &self.tip,
            files: content.files,
            message: content.message,
            moment: content.moment,
            author: self.author,
        })
    }

    /// Puts a content onto its branch, where that is nobody else's.
    pub(crate) fn push(&mut self, content: &Content<'_>) -> Result<Pushed, Error> {
        let commit = self.commit(content)?;
        let seen = self.branches.get(content.branch).cloned();
        if let Some(seen) = &seen {
            if *seen == commit {
                return Ok(Pushed::Yes);
            }
            let head = self.git.fetch_branch(content.branch)?;
            if head != *seen || self.git.seal(&head)?.is_none() {
                return Ok(Pushed::Foreign);
            }
        }
        self.git.push(content.branch, &commit, seen.as_deref())?;
        self.branches.insert(content.branch.to_owned(), commit);
        Ok(Pushed::Yes)
    }
}

/// Owners of paths, each once.
pub(crate) fn reviewers<'a>(
    owners: Option<&CodeOwners>,
    paths: impl IntoIterator<Item = &'a String>,
) -> Vec<String> {
    let of = paths.into_iter().flat_map(|path| owners.into_iter().flat_map(move |owners| owners.of(path)));
    let mut reviewers: Vec<String> = Vec::new();
    for owner in of {
        if !reviewers.iter().any(|known| known == owner) {
            reviewers.push(owner.to_owned());
        }
    }
    reviewers
}
