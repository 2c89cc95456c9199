//! What stays of each allow statement, per action, before it is written down again.

use std::collections::BTreeMap;

use remit_catalog::ActionId;

use crate::action_set::ActionSet;
use crate::grant::Account;
use crate::implication::conditions_imply;
use crate::propose::Ruled;
use crate::propose::generalise::Generalise;
use crate::propose::narrow::Narrowing;
use crate::usage::Usage;
use crate::verdict::{GrantRef, Judgement, Verdict};
use crate::{Glob, Statement};

/// On which resources an action stays granted by a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    /// On all that the statement names.
    Whole,
    /// On these patterns only, each with the rule that made it.
    Narrowed(Ruled),
}

/// One action of one statement, as far as it stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) at: GrantRef,
    pub(crate) extent: Extent,
}

/// All elements of a principal, by action.
#[derive(Clone, Debug, Default)]
pub(crate) struct Elements {
    by_action: BTreeMap<ActionId, Vec<Element>>,
    /// How many actions each statement grants: of two statements that grant the same, the broader one
    /// gives way.
    breadth: BTreeMap<GrantRef, usize>,
    /// Actions that a deny or the boundary takes away whole: whether a pattern names them or not changes
    /// nothing.
    pub(crate) inert: ActionSet,
}

impl Elements {
    pub(crate) fn of(
        account: &Account,
        judgement: &Judgement,
        usage: &Usage,
        generalise: Generalise,
    ) -> Self {
        let mut elements = Self { inert: judgement.granted.ineffective.clone(), ..Self::default() };
        for allowing in &judgement.granted.allowing {
            elements.breadth.insert(allowing.at, allowing.actions.len());
        }
        for (&id, verdict) in &judgement.verdicts {
            let statements: Vec<_> = judgement.granted.statements(id).collect();
            let kept = match verdict {
                Verdict::Unused => continue,
                Verdict::Unobservable(_) => statements.into_iter().map(Element::whole).collect(),
                Verdict::Used => {
                    let use_ = usage.actions.get(&id);
                    let hidden = judgement.partly_hidden.contains_key(&id);
                    match use_.filter(|_| !hidden).and_then(|use_| Narrowing::of(use_, generalise)) {
                        Some(narrowing) => narrowing.apply(account, &statements),
                        None => statements.into_iter().map(Element::whole).collect(),
                    }
                }
            };
            elements.by_action.insert(id, kept);
        }
        elements
    }

    /// Elements of one statement, by action.
    pub(crate) fn of_statement(&self, at: GrantRef) -> impl Iterator<Item = (ActionId, &Extent)> + '_ {
        self.by_action.iter().flat_map(move |(id, elements)| {
            elements.iter().filter(move |element| element.at == at).map(|element| (*id, &element.extent))
        })
    }

    /// The patterns to which an action was narrowed, over all statements.
    pub(crate) fn narrowed(&self, action: ActionId) -> Ruled {
        let mut all = Ruled::new();
        for element in self.by_action.get(&action).into_iter().flatten() {
            if let Extent::Narrowed(patterns) = &element.extent {
                all.extend(patterns.iter().map(|(pattern, rule)| (pattern.clone(), *rule)));
            }
        }
        all
    }

    /// Drops every pattern that the patterns remaining elsewhere cover, so that each that stays is needed.
    pub(crate) fn drop_redundant(&mut self, account: &Account) {
        for elements in self.by_action.values_mut() {
            let single = matches!(elements.as_slice(), [one] if one.patterns(account).len() == 1);
            if !single {
                drop_covered(account, elements, &self.breadth);
            }
        }
    }
}

impl Element {
    fn whole(at: GrantRef) -> Self {
        Self { at, extent: Extent::Whole }
    }

    /// Its patterns; empty for a `NotResource` that stays whole.
    fn patterns(&self, account: &Account) -> Ruled {
        match (&self.extent, account.statement(self.at).and_then(|statement| statement.resources.as_ref())) {
            (Extent::Narrowed(patterns), _) => patterns.clone(),
            (Extent::Whole, Some(resources)) if !resources.negated => {
                resources.patterns.iter().map(|pattern| (pattern.clone(), "as granted")).collect()
            }
            (Extent::Whole, _) => Ruled::new(),
        }
    }
}

/// One pattern of one element, with its automaton.
struct Part {
    element: usize,
    pattern: String,
    glob: Glob,
}

fn drop_covered(account: &Account, elements: &mut Vec<Element>, breadth: &BTreeMap<GrantRef, usize>) {
    let mut parts = Vec::new();
    for (at, element) in elements.iter().enumerate() {
        for pattern in element.patterns(account).into_keys() {
            let glob = Glob::resource(&pattern);
            parts.push(Part { element: at, pattern, glob });
        }
    }
    let statement_of = |element: usize| elements.get(element).map(|element| element.at);
    // The broadest statement gives way first, and among equals the later one.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|part| {
        let at = parts.get(*part).and_then(|part| statement_of(part.element));
        let breadth = at.and_then(|at| breadth.get(&at)).copied().unwrap_or(0);
        (std::cmp::Reverse(breadth), std::cmp::Reverse(at), std::cmp::Reverse(*part))
    });
    let mut dropped = vec![false; parts.len()];
    for candidate in order {
        let Some(part) = parts.get(candidate) else { continue };
        let Some(from) = statement_of(part.element).and_then(|at| account.statement(at)) else { continue };
        let others: Vec<&Glob> = parts
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != candidate && !dropped.get(*at).copied().unwrap_or(true))
            .filter(|(_, other)| {
                other.element == part.element
                    || statement_of(other.element)
                        .and_then(|at| account.statement(at))
                        .is_some_and(|to| conditions_imply(from, to))
            })
            .map(|(_, other)| &other.glob)
            .collect();
        let is_covered = is_outside_exceptions(account, elements, from, &part.glob)
            || (!others.is_empty() && part.glob.is_included_in(&others));
        if is_covered && let Some(dropped) = dropped.get_mut(candidate) {
            *dropped = true;
        }
    }
    let gone = |element: usize, pattern: &str| {
        parts
            .iter()
            .zip(&dropped)
            .any(|(part, dropped)| *dropped && part.element == element && part.pattern == pattern)
    };
    let mut at = 0;
    elements.retain_mut(|element| {
        let index = at;
        at += 1;
        let before = element.patterns(account);
        if before.is_empty() {
            return true;
        }
        let after: Ruled = before.clone().into_iter().filter(|(pattern, _)| !gone(index, pattern)).collect();
        if after.is_empty() {
            return false;
        }
        if after != before {
            element.extent = Extent::Narrowed(after);
        }
        true
    });
}

/// Whether a `NotResource` statement that stays whole allows everything that the pattern names, whenever the
/// conditions of `from` hold.
fn is_outside_exceptions(account: &Account, elements: &[Element], from: &Statement, pattern: &Glob) -> bool {
    elements.iter().filter(|element| element.extent == Extent::Whole).any(|element| {
        let Some(to) = account.statement(element.at) else { return false };
        let exceptions = to.resources.as_ref().filter(|resources| resources.negated);
        exceptions.is_some_and(|exceptions| {
            let mut globs = exceptions.patterns.iter().map(|pattern| Glob::resource(pattern));
            !globs.any(|excluded| excluded.intersects(pattern)) && conditions_imply(from, to)
        })
    })
}
