//! What stays of each allow statement, per action, before it is written down again.

use std::collections::BTreeMap;

use remit_catalog::ActionId;

use crate::action_set::ActionSet;
use crate::grant::Account;
use crate::part::Part;
use crate::propose::Ruled;
use crate::propose::generalise::Generalise;
use crate::propose::narrow::Narrowing;
use crate::usage::Usage;
use crate::verdict::{GrantRef, Judgement, Verdict};

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
            let single = matches!(elements.as_slice(), [one] if one.parts(account).len() == 1);
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

    /// Its parts, with the rule that made each; empty where the statement is not there.
    fn parts<'a>(&self, account: &'a Account) -> Vec<(Part<'a>, &'static str)> {
        let Some(clause) = account.clause(self.at) else { return Vec::new() };
        match &self.extent {
            Extent::Whole => clause.parts().into_iter().map(|part| (part, "as granted")).collect(),
            Extent::Narrowed(patterns) => {
                patterns.iter().map(|(pattern, rule)| (clause.part(clause.glob(pattern)), *rule)).collect()
            }
        }
    }
}

/// One part of one element.
struct Candidate<'a> {
    element: usize,
    part: Part<'a>,
    rule: &'static str,
    is_dropped: bool,
}

fn drop_covered(account: &Account, elements: &mut Vec<Element>, breadth: &BTreeMap<GrantRef, usize>) {
    let mut candidates: Vec<_> = elements
        .iter()
        .enumerate()
        .flat_map(|(element, one)| {
            let candidate = move |(part, rule)| Candidate { element, part, rule, is_dropped: false };
            one.parts(account).into_iter().map(candidate)
        })
        .collect();
    // The broadest statement gives way first, and among equals the later one.
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|candidate| {
        let element = candidates.get(*candidate).and_then(|candidate| elements.get(candidate.element));
        let at = element.map(|element| element.at);
        let breadth = at.and_then(|at| breadth.get(&at)).copied().unwrap_or(0);
        std::cmp::Reverse((breadth, at, *candidate))
    });
    for at in order {
        let others = candidates.iter().enumerate().filter(|(other, one)| *other != at && !one.is_dropped);
        let others = others.map(|(_, one)| &one.part);
        let is_covered = candidates.get(at).is_some_and(|one| one.part.is_covered_by(others));
        if let Some(candidate) = candidates.get_mut(at) {
            candidate.is_dropped = is_covered;
        }
    }
    let mut kept = Vec::new();
    for (index, mut element) in elements.drain(..).enumerate() {
        let own = || candidates.iter().filter(|candidate| candidate.element == index);
        if own().any(|candidate| candidate.is_dropped) {
            let rest = own().filter(|candidate| !candidate.is_dropped);
            let rest: Ruled = rest.map(|one| (one.part.text().to_owned(), one.rule)).collect();
            if rest.is_empty() {
                continue;
            }
            element.extent = Extent::Narrowed(rest);
        }
        kept.push(element);
    }
    *elements = kept;
}
