//! What somebody gains by policies that did not change themselves: by a group, or by a boundary that is gone.

use remit_catalog::AccessLevel;
use remit_policy::{
    ActionSet, Counterexample, Document, Effect, Expander, PolicySet, Statement as Given, contain,
};

use super::Input;
use super::policy::{Gained, gained_by, granted_by, level, names, with_denials};

/// What is gained.
pub(super) struct Gain {
    /// One request that is newly allowed.
    example: Counterexample,
    /// Patterns of actions of the statements that grow, as written.
    pub(super) written: Vec<String>,
    gained: Gained,
}

/// What the statements of some documents allow newly: `compared` gives, of a document with one of them, what is held against what.
/// `had` is what says which actions are new and which are allowed on more; `within` is what bounds all of them. None where nothing grows.
pub(super) fn gain(
    expander: &mut Expander<'_>,
    has: &[Document],
    had: &[Document],
    within: Option<&Document>,
    compared: impl Fn(&Document) -> (PolicySet, PolicySet),
) -> Option<Gain> {
    let had = granted_by(expander, &had.iter().collect::<Vec<_>>());
    let within = within.map(|boundary| granted_by(expander, &[boundary]));
    let mut all: Option<Gain> = None;
    let allowing = has.iter().flat_map(|one| &one.statements).filter(|one| one.effect == Effect::Allow);
    for statement in allowing {
        let grows = |statement: &Given| {
            let (part, before) = compared(&with_denials(has, statement));
            contain(&part, &before).err()
        };
        let Some(example) = grows(statement) else { continue };
        let mut whole = granted_by(expander, &[&with_denials(has, statement)]);
        if let Some(within) = &within {
            whole.intersect_with(within);
        }
        let gained = gained_by(expander, statement, &whole, &had, |part| grows(part).is_some());
        let one = all.get_or_insert_with(|| Gain {
            example,
            written: Vec::new(),
            gained: Gained { new: ActionSet::default(), widened: ActionSet::default() },
        });
        one.gained.new.union_with(&gained.new);
        one.gained.widened.union_with(&gained.widened);
        one.written.extend(statement.actions.patterns.iter().cloned());
    }
    all
}

impl Gain {
    /// The most dangerous access level of it.
    pub(super) fn level(&self, input: &Input<'_>) -> AccessLevel {
        let mut all = self.gained.new.clone();
        all.union_with(&self.gained.widened);
        level(input, &all, false)
    }

    /// Actions that nothing allowed.
    pub(super) fn new_names(&self, input: &Input<'_>) -> Vec<String> {
        names(input, &self.gained.new)
    }

    /// Actions that were allowed on less, or under more conditions.
    pub(super) fn widened_names(&self, input: &Input<'_>) -> Vec<String> {
        names(input, &self.gained.widened)
    }

    /// One request that is newly allowed, in words: an action as the catalog writes it, and a resource where not any will do.
    pub(super) fn shown(&self, input: &Input<'_>) -> String {
        let Counterexample { action, resource, .. } = &self.example;
        let known = input.catalog.find(action).and_then(|id| input.catalog.action(id));
        // An action that exists tells more than the shortest that a pattern matches.
        let gained = || self.new_names(input).into_iter().chain(self.widened_names(input)).next();
        let action = known.map(remit_catalog::Action::full_name).or_else(gained);
        let action = action.unwrap_or_else(|| self.example.action.clone());
        let on = if resource.starts_with("arn:") { format!(" on `{resource}`") } else { String::new() };
        format!("`{action}`{on}")
    }
}
