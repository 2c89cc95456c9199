//! Which files of a ledger count: a pure function of what was listed and what the footers say.

use std::collections::{BTreeMap, BTreeSet};

use crate::footer::{Commit, Footer, Role};
use crate::layout::place_of;
use crate::month::Month;
use crate::schema::Table;
use crate::{LedgerError, Provider};

/// A file that was looked at.
#[derive(Debug)]
pub(crate) struct Inspected {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) result: Result<(Footer, u64), LedgerError>,
}

/// A file that counts.
#[derive(Clone, Debug)]
pub struct LedgerFile {
    /// Path relative to the ledger, with `/`.
    pub path: String,
    /// Whose calls.
    pub provider: Provider,
    /// The partition's date, such as `2026-11-23`.
    pub date: String,
    /// Size in bytes.
    pub size: u64,
    /// Number of rows.
    pub rows: u64,
    /// What the footer says.
    pub footer: Footer,
}

impl LedgerFile {
    /// The month of its date; none where its folder names no date.
    pub fn month(&self) -> Option<Month> {
        Month::of_date(&self.date)
    }
}

/// What a listing amounts to.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) usage: Vec<LedgerFile>,
    pub(crate) coverage: Vec<LedgerFile>,
    /// The path and content of every commit that has not been replaced, oldest first.
    pub(crate) commits: Vec<(String, Commit)>,
    /// Files that a commit names and the listing lacks.
    pub(crate) missing: Vec<String>,
    /// Files whose commit file the listing lacks, with the path of that commit file.
    pub(crate) uncommitted: Vec<(String, String)>,
    /// Files that a later commit took the place of and that are still there.
    pub(crate) replaced: Vec<String>,
    /// When the first commit was made that took the place of a file, for every file that one names: in microseconds since the
    /// Unix epoch.
    pub(crate) replaced_at: BTreeMap<String, i64>,
    pub(crate) problems: Vec<LedgerError>,
}

impl Contents {
    pub(crate) fn of(inspected: Vec<Inspected>) -> Self {
        let mut contents = Self::default();
        let mut files = BTreeMap::new();
        for file in inspected {
            let placed = place_of(&file.path);
            match (file.result, placed) {
                (Ok((footer, rows)), Some((provider, date))) => {
                    let in_its_folder = file.path.split('/').next() == Some(footer.table.as_str());
                    if !in_its_folder {
                        contents.problems.push(LedgerError::Foreign {
                            path: file.path,
                            reason: format!("it belongs to the `{}` table", footer.table.as_str()),
                        });
                        continue;
                    }
                    let path = file.path.clone();
                    let entry = LedgerFile { path: file.path, provider, date, size: file.size, rows, footer };
                    files.insert(path, entry);
                }
                (Ok(_), None) => contents.problems.push(LedgerError::Foreign {
                    path: file.path,
                    reason: "its folder names no provider and date".to_owned(),
                }),
                (Err(error), _) => contents.problems.push(error),
            }
        }
        let all: Vec<(&str, &Commit)> =
            files.iter().filter_map(|(path, file)| commit_of(path, file)).collect();
        let mut replaced: BTreeMap<String, i64> = BTreeMap::new();
        for (path, at) in
            all.iter().flat_map(|(_, commit)| commit.replaces.iter().map(|path| (path, commit.committed_at)))
        {
            replaced.entry(path.clone()).and_modify(|first| *first = at.min(*first)).or_insert(at);
        }
        let superseded: BTreeSet<&str> =
            all.iter().flat_map(|(_, commit)| commit.supersedes.iter().map(String::as_str)).collect();
        contents.commits = all
            .iter()
            .filter(|(path, _)| !replaced.contains_key(*path) && !superseded.contains(*path))
            .map(|(path, commit)| ((*path).to_owned(), (*commit).clone()))
            .collect();
        contents.commits.sort_by(|(left_path, left), (right_path, right)| {
            (left.committed_at, left_path).cmp(&(right.committed_at, right_path))
        });
        let listed: BTreeSet<&String> = contents
            .commits
            .iter()
            .flat_map(|(_, commit)| commit.usage.iter().chain(&commit.coverage))
            .collect();
        contents.missing = listed
            .iter()
            .filter(|path| !files.contains_key(**path) && !replaced.contains_key(**path))
            .filter(|path| !contents.problems.iter().any(|problem| names(problem, path)))
            .map(|path| (*path).clone())
            .collect();
        for (path, file) in &files {
            if replaced.contains_key(path) {
                contents.replaced.push(path.clone());
            } else if listed.contains(path) {
                match file.footer.table {
                    Table::Usage => contents.usage.push(file.clone()),
                    Table::Coverage => contents.coverage.push(file.clone()),
                }
            } else {
                let commit = match &file.footer.role {
                    Role::Part { of } => of,
                    Role::Commit(_) => path,
                };
                contents.uncommitted.push((path.clone(), commit.clone()));
            }
        }
        contents.replaced_at = replaced;
        contents
    }
}

fn commit_of<'a>(path: &'a str, file: &'a LedgerFile) -> Option<(&'a str, &'a Commit)> {
    match &file.footer.role {
        Role::Commit(commit) => Some((path, commit)),
        Role::Part { .. } => None,
    }
}

/// An unreadable file is reported once, not as missing as well.
fn names(problem: &LedgerError, path: &str) -> bool {
    match problem {
        LedgerError::Parquet { path: named, .. }
        | LedgerError::Foreign { path: named, .. }
        | LedgerError::Refused { path: named, .. }
        | LedgerError::Store { path: named, .. } => named.ends_with(path),
        LedgerError::Io { path: named, .. } => named.ends_with(path),
        _ => false,
    }
}
