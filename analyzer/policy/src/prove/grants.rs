//! Allow statements of a set of documents, by action, with their resources as automata.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::ActionId;

use crate::action_set::{ActionSet, Expander};
use crate::part::{Clause, Part};
use crate::unlisted::includes;
use crate::{Document, Effect, Glob};

/// An allow statement.
pub(super) struct Allow<'a> {
    /// Index of its document.
    pub(super) document: usize,
    pub(super) clause: Clause<'a>,
    pub(super) actions: ActionSet,
    pub(super) parts: Vec<Part<'a>>,
}

impl Allow<'_> {
    /// Whether some resource of the pattern is one that the statement names.
    pub(super) fn meets(&self, resource: &Glob) -> bool {
        self.parts.iter().any(|part| part.meets(resource))
    }
}

/// The allow statements of some documents.
pub(super) struct Grants<'a> {
    pub(super) allows: Vec<Allow<'a>>,
    by_action: BTreeMap<ActionId, Vec<usize>>,
}

/// One part of one statement, to be left out of a question.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) allow: usize,
    pub(super) part: usize,
}

impl<'a> Grants<'a> {
    pub(super) fn of(expander: &mut Expander<'_>, documents: &[&'a Document]) -> Self {
        let mut grants = Self { allows: Vec::new(), by_action: BTreeMap::new() };
        for (at, document) in documents.iter().enumerate() {
            for statement in document.statements.iter().filter(|statement| statement.effect == Effect::Allow)
            {
                let actions = expander.element(&statement.actions);
                for action in actions.iter() {
                    grants.by_action.entry(action).or_default().push(grants.allows.len());
                }
                let clause = Clause::of(document, statement);
                grants.allows.push(Allow { document: at, clause, actions, parts: clause.parts() });
            }
        }
        grants
    }

    /// Indexes of the allow statements for an action. What these cover is the same of all actions that have the same.
    pub(super) fn indexes(&self, action: ActionId) -> &[usize] {
        self.by_action.get(&action).map(Vec::as_slice).unwrap_or_default()
    }

    /// The allow statements for an action, with their index.
    pub(super) fn allowing(&self, action: ActionId) -> impl Iterator<Item = (usize, &Allow<'a>)> + '_ {
        self.indexes(action).iter().filter_map(|index| self.allows.get(*index).map(|allow| (*index, allow)))
    }

    /// Whether the statements allow the action wherever the part does, or wherever it does on these resources;
    /// `without` is left out.
    pub(super) fn cover(
        &self,
        action: ActionId,
        part: &Part<'_>,
        without: Option<Place>,
        on: Option<&[Glob]>,
    ) -> bool {
        part.is_covered_by(parts(self.allowing(action), without), on)
    }

    /// Whether some of the statements keep everything that a pattern of names beyond the catalog names, wherever the
    /// part does. Wildcards that reach beyond those names do not count: they stay for the catalog's actions.
    pub(super) fn keep_names(
        &self,
        names: &str,
        part: &Part<'_>,
        without: Place,
        unlisted: &BTreeSet<String>,
    ) -> bool {
        let keeps = |pattern: &String| {
            includes(pattern, names) && unlisted.iter().any(|unlisted| includes(unlisted, pattern))
        };
        let naming = self.allows.iter().enumerate().filter(|(_, allow)| {
            let element = &allow.clause.statement.actions;
            !element.negated && element.patterns.iter().any(keeps)
        });
        part.is_covered_by(parts(naming, Some(without)), None)
    }
}

fn parts<'g, 'a: 'g>(
    allows: impl Iterator<Item = (usize, &'g Allow<'a>)>,
    without: Option<Place>,
) -> impl Iterator<Item = &'g Part<'a>> {
    allows.flat_map(move |(index, allow)| {
        let parts = allow.parts.iter().enumerate();
        let kept = parts.filter(move |(at, _)| without != Some(Place { allow: index, part: *at }));
        kept.map(|(_, part)| part)
    })
}
