//! What a proposal changes in a repository: the input of a pull request.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::facts::Facts;

/// A file as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Path within the repository, with `/` between its parts.
    pub path: String,
    /// All of its bytes.
    pub bytes: Vec<u8>,
}

/// What a person has to do, since no program can do it safely.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suggestion {
    /// Path within the repository.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Why it is not edited.
    pub why: String,
    /// What is to stand there.
    pub text: String,
}

/// What a proposal changes in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Files that change. None where the repository holds what is proposed already, or does not hold the policy.
    pub files: Vec<Edited>,
    /// What is left to a person.
    pub suggestions: Vec<Suggestion>,
    /// Permissions that stay on fewer resources than today, each with these.
    pub narrowed: BTreeMap<String, BTreeSet<String>>,
    /// Names of policies that the proposal changes and no file of the repository was edited for.
    pub unedited: BTreeSet<String>,
    /// Why nothing of the proposal is in the repository, where that is so.
    pub absent: Option<String>,
}

impl Change {
    /// Paths of the files that change.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &String> {
        self.files.iter().map(|edited| &edited.path)
    }

    /// Policies that stay as they are while others are edited. Where nothing is edited, all that is proposed is left to a person.
    pub(crate) fn untouched(&self) -> &BTreeSet<String> {
        if self.files.is_empty() { NOTHING } else { &self.unedited }
    }
}

/// No policy.
pub(crate) const NOTHING: &BTreeSet<String> = &BTreeSet::new();

/// Whoever finds policies in a repository and edits them.
pub trait Editor {
    /// What becomes of the files below `repository` by a proposal, of which the permissions `kept` stay although it takes them away.
    ///
    /// # Errors
    ///
    /// In words, where the proposal or the repository cannot be read.
    fn change(&mut self, repository: &Path, facts: &Facts, kept: &BTreeSet<String>)
    -> Result<Change, String>;
}
