//! Proposals written into the sources of a repository, as pull requests need them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use remit_forge::{Change, Edited, Editor, Facts, Suggestion};
use remit_policy::rbac::ObjectName;
use remit_policy::{Document, Effect, Glob, Matcher, Statement, rbac};
use remit_source::{
    Changes, ClusterChange, Known, Limits, Options, Outcome, PolicyChange, Proposal, Repository, slashed,
};

use crate::output::counted;

/// Finds policies in a repository, which is read once, and edits them.
pub(crate) struct Sources {
    options: Options,
    /// Whoever holds policies beside those of a proposal.
    known: Arc<Known>,
    read: Option<(PathBuf, Repository)>,
}

impl Sources {
    pub(crate) fn new(options: Options, known: Known) -> Self {
        Self { options, known: Arc::new(known), read: None }
    }

    /// What of the repository could not be read, each with its file and line. Policies may be in it.
    pub(crate) fn problems(&self) -> Vec<String> {
        let problems = self.read.iter().flat_map(|(_, repository)| &repository.problems);
        problems.map(|problem| problem.told(&slashed(&problem.path))).collect()
    }

    fn repository(&mut self, folder: &Path) -> Result<&Repository, String> {
        let is_known = self.read.as_ref().is_some_and(|(known, _)| known == folder);
        if !is_known {
            let read = Repository::read(folder, Limits::default()).map_err(|error| error.to_string())?;
            self.read = Some((folder.to_owned(), read));
        }
        self.read.as_ref().map(|(_, repository)| repository).ok_or_else(|| "nothing was read".to_owned())
    }
}

impl Editor for Sources {
    fn change(
        &mut self,
        repository: &Path,
        facts: &Facts,
        kept: &BTreeSet<String>,
    ) -> Result<Change, String> {
        let mut proposal = Proposal::read(&facts.folder).map_err(|error| error.to_string())?;
        let names: Vec<String> = match &mut proposal.changes {
            Changes::Policies(changes) => {
                changes.iter_mut().for_each(|change| keep_actions(change, kept));
                changes.iter().map(|change| change.name.clone()).collect()
            }
            Changes::Cluster(change) => {
                keep_requests(change, kept);
                Vec::new()
            }
        };
        let options = self.options;
        let known = Arc::clone(&self.known);
        let edits = self.repository(repository)?.edit_all(std::slice::from_ref(&proposal), &known, options);
        // What was found nowhere is in another repository, and nobody has to do anything about it here.
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            edits.suggestions.into_iter().partition(|suggestion| suggestion.path.is_some());
        let files = edits
            .files
            .into_iter()
            .map(|file| Edited { path: slashed(&file.path), bytes: file.after.into_bytes() });
        let suggestions = here.into_iter().map(|suggestion| Suggestion {
            path: suggestion.path.as_deref().map(slashed).unwrap_or_default(),
            line: suggestion.line as usize,
            why: suggestion.why,
            text: suggestion.text,
        });
        let mut narrowed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (action, resources) in edits.outcomes.iter().flat_map(|outcome| &outcome.narrowed) {
            narrowed.entry(action.clone()).or_default().extend(resources.iter().cloned());
        }
        let unedited = names.into_iter().zip(&edits.outcomes).filter(|(_, outcome)| !outcome.is_edited);
        let absent = elsewhere.first().map(|first| {
            let others = elsewhere.len() - 1;
            let more = if others > 0 {
                format!(", and {}", counted(others as u64, "more", "more"))
            } else {
                String::new()
            };
            format!("{}: {}{more}", first.grant, first.why)
        });
        Ok(Change {
            files: files.collect(),
            suggestions: suggestions.collect(),
            narrowed,
            unedited: unedited.map(|(name, _): (String, &Outcome)| name).collect(),
            absent,
        })
    }
}

/// Leaves actions in a policy although the proposal takes them away: where a statement of today allows them, on what it allows them.
fn keep_actions(change: &mut PolicyChange, kept: &BTreeSet<String>) {
    let statements = change.before.statements.iter();
    let allowing = statements.filter(|one| one.effect == Effect::Allow && !one.actions.negated);
    let left: Vec<Statement> = allowing
        .filter_map(|statement| {
            let globs: Vec<Glob> = statement.actions.patterns.iter().map(|one| Glob::action(one)).collect();
            let is_allowed = |action: &&String| {
                let action = Glob::action(action);
                globs.iter().any(|glob| action.is_included_in(&[glob]))
            };
            let patterns: Vec<String> = kept.iter().filter(is_allowed).cloned().collect();
            let actions = Matcher { patterns, ..statement.actions.clone() };
            (!actions.patterns.is_empty()).then(|| Statement { actions, ..statement.clone() })
        })
        .collect();
    if !left.is_empty() {
        change.after.push((change.name.clone(), Document { statements: left, ..change.before.clone() }));
    }
}

/// The same of a subject of a cluster: each permission where a binding of today grants it.
fn keep_requests(change: &mut ClusterChange, kept: &BTreeSet<String>) {
    for (permission, bindings) in &change.removed {
        if !kept.contains(&permission.to_string()) {
            continue;
        }
        for (binding, role) in &change.claim.own {
            if bindings.contains(&ObjectName::of_binding(&binding.name)) {
                let role = rbac::Role { rules: vec![permission.rule()], ..role.clone() };
                change.claim.new.push((binding.clone(), role));
            }
        }
    }
}

#[cfg(test)]
mod tests;
