//! Writes the statements of one policy again from what stays of each.

use std::collections::{BTreeMap, BTreeSet};

use crate::action_set::{ActionSet, Expander};
use crate::grant::Policy;
use crate::propose::element::{Elements, Extent};
use crate::propose::naming;
use crate::verdict::GrantRef;
use crate::{Document, Effect, Matcher, Statement};

/// How action names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// One by one, but for old patterns and services that stay whole.
    Names,
    /// With prefix wildcards that name the same actions, to save space.
    Compact,
}

/// The policy's document with only what stays; none when no statement stays.
pub(super) fn rewrite(
    expander: &mut Expander<'_>,
    index: usize,
    policy: &Policy,
    elements: &Elements,
    spelling: Spelling,
) -> Option<Document> {
    let mut statements = Vec::new();
    for (at, statement) in policy.document.statements.iter().enumerate() {
        match statement.effect {
            // What is denied stays denied, whether or not anything was seen.
            Effect::Deny => statements.push(statement.clone()),
            Effect::Allow => {
                let at = GrantRef { policy: index, statement: at };
                statements.extend(remainder(expander, statement, at, elements, spelling));
            }
        }
    }
    if statements.is_empty() {
        return None;
    }
    name_apart(&mut statements);
    let single_statement = policy.document.single_statement && statements.len() == 1;
    Some(Document { statements, single_statement, ..policy.document.clone() })
}

/// What stays of one allow statement: one statement per set of resources.
fn remainder(
    expander: &mut Expander<'_>,
    statement: &Statement,
    at: GrantRef,
    elements: &Elements,
    spelling: Spelling,
) -> Vec<Statement> {
    if elements.held(at).any(|held| held.is_unwritable) {
        return vec![statement.clone()];
    }
    let mut extents: BTreeMap<Extent, Named> = BTreeMap::new();
    for (action, extent) in elements.of_statement(at) {
        named(&mut extents, extent).actions.insert(action);
    }
    for held in elements.held(at) {
        named(&mut extents, &held.element.extent).held.insert(held.names.clone());
    }
    // A `NotAction` of which everything stays is the one form that patterns cannot write again.
    if statement.actions.negated
        && let (1, Some(whole)) = (extents.len(), extents.get(&Extent::Whole))
        && stays_whole(expander, statement, &whole.actions, &elements.inert)
    {
        return vec![statement.clone()];
    }
    let mut statements = Vec::new();
    for (extent, Named { actions, held }) in extents {
        let write = match spelling {
            Spelling::Names => naming::patterns,
            Spelling::Compact => naming::compact,
        };
        let patterns = write(expander, &statement.actions, &held, &actions, &elements.inert);
        let bare = statement.actions.bare && patterns.len() == 1;
        let resources = match extent {
            Extent::Whole => statement.resources.clone(),
            Extent::Narrowed(patterns) => {
                let patterns: Vec<_> = patterns.into_keys().collect();
                Some(Matcher { negated: false, bare: patterns.len() == 1, patterns })
            }
        };
        statements.push(Statement {
            actions: Matcher { negated: false, patterns, bare },
            resources,
            ..statement.clone()
        });
    }
    statements
}

fn stays_whole(
    expander: &mut Expander<'_>,
    statement: &Statement,
    whole: &ActionSet,
    inert: &ActionSet,
) -> bool {
    let mut named = expander.element(&statement.actions);
    named.subtract(inert);
    named.is_subset(whole)
}

/// What stays on the same resources.
#[derive(Default)]
struct Named {
    actions: ActionSet,
    /// Patterns that stay for names beyond the catalog.
    held: BTreeSet<String>,
}

fn named<'e>(extents: &'e mut BTreeMap<Extent, Named>, extent: &Extent) -> &'e mut Named {
    extents.entry(extent.clone()).or_default()
}

/// A `Sid` must be unique within its policy: the parts of a split statement are numbered.
fn name_apart(statements: &mut [Statement]) {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut all: BTreeSet<String> = statements.iter().filter_map(|statement| statement.sid.clone()).collect();
    for statement in statements {
        let Some(sid) = &statement.sid else { continue };
        let count = taken.entry(sid.clone()).or_default();
        *count += 1;
        if *count > 1 {
            let mut number = *count;
            let mut name = format!("{sid}{number}");
            while !all.insert(name.clone()) {
                number += 1;
                name = format!("{sid}{number}");
            }
            statement.sid = Some(name);
        }
    }
}
