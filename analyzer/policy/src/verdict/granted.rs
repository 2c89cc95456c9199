//! What a principal is granted: which actions, by which statements.

use remit_catalog::ActionId;

use crate::action_set::{ActionSet, Expander};
use crate::condition::Test;
use crate::grant::{Account, Principal};
use crate::part::Clause;
use crate::{Condition, Document, Effect, Statement};

/// A statement of an account: indexes of its policy and of itself in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantRef {
    /// Index into [`Account::policies`].
    pub policy: usize,
    /// Index into the document's statements.
    pub statement: usize,
}

/// An allow statement and the actions it names.
#[derive(Clone, Debug)]
pub struct Allowing {
    /// Which statement.
    pub at: GrantRef,
    /// The actions it names.
    pub actions: ActionSet,
}

/// What a principal is granted.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Its allow statements, in the order of its attachments.
    pub allowing: Vec<Allowing>,
    /// Actions that some statement allows and nothing takes away whole.
    pub effective: ActionSet,
    /// Actions that some statement allows but that an unconditional deny or the boundary takes away whole.
    pub ineffective: ActionSet,
    /// Patterns of allow statements that name no action of the catalog.
    pub unknown_patterns: Vec<(GrantRef, String)>,
}

impl Granted {
    pub(super) fn of(expander: &mut Expander<'_>, account: &Account, principal: &Principal) -> Self {
        let mut granted = Self {
            allowing: Vec::new(),
            effective: ActionSet::default(),
            ineffective: ActionSet::default(),
            unknown_patterns: Vec::new(),
        };
        let mut policies: Vec<_> = principal.attachments.iter().map(|attachment| attachment.policy).collect();
        policies.sort_unstable();
        policies.dedup();
        let document_of = |index: usize| account.policies.get(index).map(|policy| &policy.document);
        for &index in &policies {
            let Some(document) = document_of(index) else { continue };
            for (at, statement) in document.statements.iter().enumerate() {
                if statement.effect == Effect::Allow {
                    granted.allow(expander, GrantRef { policy: index, statement: at }, statement);
                }
            }
        }
        let documents: Vec<_> = policies.iter().filter_map(|index| document_of(*index)).collect();
        let taken = taken_away(expander, &documents, principal.boundary.and_then(document_of));
        granted.ineffective = granted.effective.clone();
        granted.ineffective.intersect_with(&taken);
        granted.effective.subtract(&taken);
        granted
    }

    fn allow(&mut self, expander: &mut Expander<'_>, at: GrantRef, statement: &Statement) {
        let actions = expander.element(&statement.actions);
        if !statement.actions.negated {
            for pattern in &statement.actions.patterns {
                if expander.pattern(pattern).is_empty() {
                    self.unknown_patterns.push((at, pattern.clone()));
                }
            }
        }
        self.effective.union_with(&actions);
        self.allowing.push(Allowing { at, actions });
    }

    /// The allow statements that grant an action.
    pub fn statements(&self, action: ActionId) -> impl Iterator<Item = GrantRef> + '_ {
        self.allowing
            .iter()
            .filter(move |allowing| allowing.actions.contains(action))
            .map(|allowing| allowing.at)
    }
}

/// The actions that some statement of these documents allows and that neither they nor the boundary take away whole.
pub fn granted_by(
    expander: &mut Expander<'_>,
    documents: &[&Document],
    boundary: Option<&Document>,
) -> ActionSet {
    let mut granted = ActionSet::default();
    for statement in documents.iter().flat_map(|document| &document.statements) {
        if statement.effect == Effect::Allow {
            granted.union_with(&expander.element(&statement.actions));
        }
    }
    granted.subtract(&taken_away(expander, documents, boundary));
    granted
}

/// What about a statement cannot be judged. Variables in exceptions need no mention: such a statement is never
/// narrowed, and its actions are seen like any others.
pub(super) fn unsupported(clause: Clause<'_>) -> Option<String> {
    let statement = clause.statement;
    if statement.principal.is_some() {
        return Some("`Principal` in an identity policy".to_owned());
    }
    let is_open = |condition: &&Condition| !Test::new(condition, clause.variables).is_judgeable();
    let open = statement.conditions.iter().find(is_open)?;
    Some(format!("the condition `{}` on `{}` cannot be judged", open.operator, open.key))
}

impl Account {
    /// The statement at this place.
    pub fn statement(&self, at: GrantRef) -> Option<&Statement> {
        self.policies.get(at.policy)?.document.statements.get(at.statement)
    }
}

/// The actions that an unconditional deny, or the boundary, takes away on every resource.
pub(crate) fn taken_away(
    expander: &mut Expander<'_>,
    documents: &[&Document],
    boundary: Option<&Document>,
) -> ActionSet {
    let mut taken = ActionSet::default();
    for statement in documents.iter().copied().chain(boundary).flat_map(|document| &document.statements) {
        if statement.effect == Effect::Deny && takes_whole(statement) {
            taken.union_with(&expander.element(&statement.actions));
        }
    }
    if let Some(boundary) = boundary {
        let mut outside = expander.all().clone();
        for statement in boundary.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            outside.subtract(&expander.element(&statement.actions));
        }
        taken.union_with(&outside);
    }
    taken
}

/// Whether a deny statement applies to every request for its actions. A pattern without any character names nothing.
pub(super) fn takes_whole(statement: &Statement) -> bool {
    let is_star = |pattern: &String| !pattern.is_empty() && pattern.chars().all(|c| c == '*');
    let everywhere = statement
        .resources
        .as_ref()
        .is_some_and(|resources| !resources.negated && resources.patterns.iter().any(is_star));
    everywhere && statement.conditions.is_empty() && statement.principal.is_none()
}
