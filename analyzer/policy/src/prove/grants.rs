//! Allow statements of a set of documents, by action, with their resources as automata.

use std::collections::BTreeMap;

use remit_catalog::ActionId;

use crate::action_set::{ActionSet, Expander};
use crate::implication::conditions_imply;
use crate::{Document, Effect, Glob, Statement};

/// An allow statement.
pub(super) struct Allow<'a> {
    /// Index of its document.
    pub(super) document: usize,
    pub(super) statement: &'a Statement,
    pub(super) actions: ActionSet,
    /// Patterns of its `Resource` or `NotResource`.
    pub(super) globs: Vec<Glob>,
    pub(super) negated: bool,
}

impl Allow<'_> {
    /// Whether some resource of the pattern is one that the statement names.
    pub(super) fn meets(&self, resource: &Glob) -> bool {
        if self.negated {
            return !resource.is_included_in(&self.globs.iter().collect::<Vec<_>>());
        }
        self.globs.iter().any(|glob| glob.intersects(resource))
    }
}

/// The allow statements of some documents.
pub(super) struct Grants<'a> {
    pub(super) allows: Vec<Allow<'a>>,
    by_action: BTreeMap<ActionId, Vec<usize>>,
}

/// One pattern of one statement, to be left out of a question.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) allow: usize,
    pub(super) pattern: usize,
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
                let resources = statement.resources.as_ref();
                let patterns = resources.map(|resources| resources.patterns.as_slice()).unwrap_or_default();
                grants.allows.push(Allow {
                    document: at,
                    statement,
                    actions,
                    globs: patterns.iter().map(|pattern| Glob::resource(pattern)).collect(),
                    negated: resources.is_some_and(|resources| resources.negated),
                });
            }
        }
        grants
    }

    /// The allow statements for an action, with their index.
    pub(super) fn allowing(&self, action: ActionId) -> impl Iterator<Item = (usize, &Allow<'a>)> + '_ {
        let indexes = self.by_action.get(&action).map(Vec::as_slice).unwrap_or_default();
        indexes.iter().filter_map(|index| self.allows.get(*index).map(|allow| (*index, allow)))
    }

    /// Whether the statements allow the action on everything that the pattern names, whenever the
    /// conditions of `from` hold; `without` is left out.
    pub(super) fn cover(
        &self,
        action: ActionId,
        pattern: &Glob,
        from: &Statement,
        without: Option<Part>,
    ) -> bool {
        let mut globs = Vec::new();
        for (index, allow) in self.allowing(action) {
            if !conditions_imply(from, allow.statement) {
                continue;
            }
            if allow.negated {
                if !allow.globs.iter().any(|excluded| excluded.intersects(pattern)) {
                    return true;
                }
                continue;
            }
            let parts = allow.globs.iter().enumerate();
            globs.extend(
                parts
                    .filter(|(at, _)| without != Some(Part { allow: index, pattern: *at }))
                    .map(|(_, glob)| glob),
            );
        }
        !globs.is_empty() && pattern.is_included_in(&globs)
    }

    /// Whether some statement has the same `NotResource` element for the action, under conditions that
    /// those of `from` imply, or allows it everywhere.
    pub(super) fn cover_complement(&self, action: ActionId, from: &Statement) -> bool {
        let everything = Glob::resource("*");
        self.cover(action, &everything, from, None)
            || self.allowing(action).any(|(_, allow)| {
                allow.statement.resources == from.resources && conditions_imply(from, allow.statement)
            })
    }
}
