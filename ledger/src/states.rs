//! Which states stand for which usage files: a pure function of what was listed and what the footers say.

use std::collections::{BTreeMap, BTreeSet};

use crate::contents::LedgerFile;
use crate::footer::Role;
use crate::layout::place_of;
use crate::month::Month;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::{LedgerError, Provider};

/// The states of a ledger at one moment.
#[derive(Debug, Default)]
pub struct States {
    /// Those that stand for usage files of the ledger as it is, at most one of each provider's month.
    pub applied: Vec<Applied>,
    /// Every state that is there, used or not, damaged or not.
    pub files: Vec<String>,
    /// What cannot be used though it should be.
    pub problems: Vec<LedgerError>,
}

/// A state that stands for usage files.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The state.
    pub state: State,
    /// The usage files that it stands for, all of its month.
    pub files: BTreeSet<String>,
    /// Those of them of which some rows are not in the state.
    pub rest: BTreeSet<String>,
    /// Whether these are the very files that it was made of, and not what a compaction made of them.
    pub is_exact: bool,
}

impl States {
    pub(crate) fn of(snapshot: &Snapshot, listed: Vec<(String, Result<Option<State>, LedgerError>)>) -> Self {
        let mut states = Self::default();
        if listed.is_empty() {
            return states;
        }
        let files = Files::of(snapshot);
        let mut best: BTreeMap<(Provider, Month), Applied> = BTreeMap::new();
        for (path, state) in listed {
            match state {
                Ok(None) => {}
                Err(error) => {
                    if error.is_damage() {
                        states.files.push(path);
                    }
                    states.problems.push(error);
                }
                Ok(Some(state)) => {
                    states.files.push(path);
                    let Some(applied) = files.apply(state) else { continue };
                    let place = (applied.state.provider, applied.state.month);
                    match best.get(&place) {
                        Some(other) if other.files.len() >= applied.files.len() => {}
                        _ => drop(best.insert(place, applied)),
                    }
                }
            }
        }
        states.applied = best.into_values().collect();
        states
    }
}

/// The usage files of a ledger, with what flushes of them took the place of.
struct Files<'a> {
    months: BTreeMap<(Provider, Month), Vec<&'a LedgerFile>>,
    /// By commit file, provider and date: a flush has one file of a day, which holds the rows of all those of that day that it
    /// takes the place of.
    replaced: BTreeMap<(&'a str, Provider, String), BTreeSet<&'a str>>,
}

impl<'a> Files<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut replaced: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for file in snapshot.usage_files() {
            let Role::Commit(commit) = &file.footer.role else { continue };
            let usage = commit.replaces.iter().filter(|path| path.starts_with("usage/"));
            for (path, (provider, date)) in usage.filter_map(|path| Some((path, place_of(path)?))) {
                replaced.entry((file.path.as_str(), provider, date)).or_default().insert(path.as_str());
            }
        }
        Self { months: snapshot.months(), replaced }
    }

    /// The files of a file's day that it was merged of; none where nothing tells.
    fn merged(&self, file: &'a LedgerFile) -> Option<&BTreeSet<&'a str>> {
        let commit = match &file.footer.role {
            Role::Commit(_) => &file.path,
            Role::Part { of } => of,
        };
        self.replaced.get(&(commit.as_str(), file.provider, file.date.clone()))
    }

    /// What a state stands for; none where what became of one of its files is not known, or it has some of the rows of
    /// a file and not all of them.
    fn apply(&self, state: State) -> Option<Applied> {
        let summed = &state.summed.files;
        let mut found: BTreeSet<&str> = BTreeSet::new();
        let (mut files, mut rest) = (BTreeSet::new(), BTreeSet::new());
        let mut is_exact = true;
        for file in self.months.get(&(state.provider, state.month)).into_iter().flatten() {
            let path = file.path.as_str();
            let has_rest = if let Some(own) = summed.get(path) {
                if (own.size, own.rows) != (file.size, file.rows) {
                    return None;
                }
                found.insert(path);
                own.has_rest
            } else {
                let Some(merged) = self.merged(file) else { continue };
                let of_it: Vec<_> = merged.iter().filter_map(|path| summed.get_key_value(*path)).collect();
                if of_it.is_empty() {
                    continue;
                }
                if of_it.len() < merged.len() {
                    return None;
                }
                is_exact = false;
                found.extend(of_it.iter().map(|(path, _)| path.as_str()));
                of_it.iter().any(|(_, file)| file.has_rest)
            };
            files.insert(path.to_owned());
            if has_rest {
                rest.insert(path.to_owned());
            }
        }
        (found.len() == summed.len()).then_some(Applied { state, files, rest, is_exact })
    }
}

#[cfg(test)]
mod tests;
