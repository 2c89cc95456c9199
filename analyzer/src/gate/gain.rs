//! What somebody gains by policies that did not change themselves: by a group, or by a boundary that is gone.

use remit_catalog::AccessLevel;
use remit_policy::{
    ActionSet, Counterexample, Document, Effect, Expander, PolicySet, Statement as Given, contain,
};

use remit_source::Declared;

use super::policy::{Gained, gained_by, granted, granted_by, level, names, telling, with_denials};
use super::{Growth, Input, Severity, elsewhere, review, shown};

/// What is gained.
pub(super) struct Gain {
    /// One request that is newly allowed.
    example: Counterexample,
    /// Patterns of actions of the statements that grow, as written.
    written: Vec<String>,
    gained: Gained,
}

/// What the statements of some documents, which `boundary` bounds, allow beyond what was allowed `before`. `had` is what says which
/// actions are new and which are allowed on more. None where nothing grows.
pub(super) fn gain(
    expander: &mut Expander<'_>,
    has: &[Document],
    boundary: Option<&Document>,
    before: &PolicySet,
    had: &[&Document],
) -> Option<Gain> {
    let had = granted_by(expander, had);
    let within = boundary.map(|boundary| granted(expander, boundary));
    let mut all: Option<Gain> = None;
    let allowing = has.iter().flat_map(|one| &one.statements).filter(|one| one.effect == Effect::Allow);
    for statement in allowing {
        let grows = |statement: &Given| {
            let part = with_denials(has, statement);
            contain(&PolicySet::new(&[&part], boundary), before).err()
        };
        let Some(example) = grows(statement) else { continue };
        let mut whole = granted(expander, &with_denials(has, statement));
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
    fn level(&self, input: &Input<'_>) -> AccessLevel {
        let mut all = self.gained.new.clone();
        all.union_with(&self.gained.widened);
        level(input, &all, false)
    }

    /// One request that is newly allowed, in words: an action as the catalog writes it, and a resource where not any will do.
    pub(super) fn shown(&self, input: &Input<'_>) -> String {
        let Counterexample { action, resource, .. } = &self.example;
        let mut gained = names(input, &self.gained.new);
        gained.extend(names(input, &self.gained.widened));
        let action = telling(input, action, &gained);
        let known = input.catalog.find(action).and_then(|id| input.catalog.action(id));
        let action = known.map_or_else(|| action.to_owned(), remit_catalog::Action::full_name);
        let on = if resource.starts_with("arn:") {
            format!(" on `{}`", elsewhere::shown(resource))
        } else {
            String::new()
        };
        format!("`{action}`{on}")
    }
}

/// What somebody gains by what a resource declares. Where nothing tells how much, it may be everything.
pub(super) fn growth(
    input: &Input<'_>,
    one: &Declared,
    identity: Option<String>,
    how: String,
    gain: Option<&Gain>,
) -> Growth {
    let everything = (AccessLevel::PermissionsManagement, vec!["*".to_owned()]);
    let (level, written) = gain.map_or(everything, |gain| (gain.level(input), gain.written.clone()));
    Growth {
        rule: "new_privilege",
        severity: Severity::of_privilege(false, level),
        file: shown(input.head, one.file),
        line: *one.lines.start(),
        address: one.address.clone(),
        identity,
        how,
        names: gain.map(|gain| names(input, &gain.gained.new)).unwrap_or_default(),
        widened: gain.map(|gain| names(input, &gain.gained.widened)).unwrap_or_default(),
        level,
        is_wildcard: false,
        review: review::date(input.head, one.file, one.span.clone(), None),
        written,
    }
}
