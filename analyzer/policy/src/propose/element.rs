//! What stays of each allow statement, per action, before it is written down again.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::ActionId;

use crate::Glob;
use crate::action_set::{ActionSet, Expander};
use crate::grant::Account;
use crate::part::Part;
use crate::propose::generalise::{Reach, Surroundings};
use crate::propose::held::HeldElement;
use crate::propose::narrow::{Narrowed, Narrowing, Opened};
use crate::propose::redundant::without_covered;
use crate::propose::{ProposeOptions, Ruled};
use crate::usage::{ActionUse, Usage};
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Element {
    pub(crate) at: GrantRef,
    pub(crate) extent: Extent,
}

/// All elements of a principal, by action.
#[derive(Clone, Debug, Default)]
pub(crate) struct Elements {
    by_action: BTreeMap<ActionId, Vec<Element>>,
    /// The resources on which an action is needed, where they are known.
    on: BTreeMap<ActionId, Vec<Glob>>,
    /// Why patterns are more than what was seen.
    opened: BTreeMap<ActionId, Opened>,
    /// How many actions each statement grants: of two statements that grant the same, the broader one
    /// gives way.
    breadth: BTreeMap<GrantRef, usize>,
    /// Actions that a deny or the boundary takes away whole: whether a pattern names them or not changes
    /// nothing.
    pub(crate) inert: ActionSet,
    /// What is used and stays on all its resources, since their names change.
    pub(crate) wide: BTreeSet<ActionId>,
    /// What stays for names that the catalog does not list.
    held: Vec<HeldElement>,
}

impl Elements {
    pub(crate) fn of(
        expander: &mut Expander<'_>,
        account: &Account,
        judgement: &Judgement,
        usage: &Usage,
        options: ProposeOptions<'_>,
    ) -> Self {
        let mut elements = Self { inert: judgement.granted.ineffective.clone(), ..Self::default() };
        for allowing in &judgement.granted.allowing {
            elements.breadth.insert(allowing.at, allowing.actions.len());
        }
        for (&id, verdict) in &judgement.verdicts {
            let statements: Vec<_> = judgement.granted.statements(id).collect();
            let use_ = usage.actions.get(&id).filter(|_| *verdict == Verdict::Used);
            let use_ = use_.filter(|_| !judgement.partly_hidden.contains_key(&id));
            let catalog = expander.catalog();
            let surroundings = Surroundings { catalog, inventory: options.inventory, today: options.today };
            let reach = use_.map(|_| options.generalise.reach(surroundings, id, usage));
            let is_named =
                |use_: &ActionUse| !use_.resource_unknown && !use_.any_resource && !use_.resources.is_empty();
            if reach == Some(Reach::Granted) && use_.is_some_and(is_named) {
                elements.wide.insert(id);
            }
            let narrowing =
                use_.zip(reach).and_then(|(use_, reach)| Narrowing::of(use_, reach, surroundings));
            let narrowed = narrowing
                .and_then(|narrowing| Some((narrowing.apply(account, &statements)?, narrowing.resources)));
            let kept = match narrowed {
                _ if judgement.removes(id) => continue,
                Some((Narrowed { elements: kept, opened }, resources)) => {
                    elements.on.insert(id, resources);
                    elements.opened.insert(id, opened);
                    kept
                }
                None => statements.into_iter().map(Element::whole).collect(),
            };
            elements.by_action.insert(id, kept);
        }
        elements.held = HeldElement::all(expander, account, judgement, &elements.breadth);
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

    /// Why some of these patterns are more than what was seen.
    pub(crate) fn opened(&self, action: ActionId) -> Opened {
        let narrowed = self.narrowed(action);
        let opened = self.opened.get(&action).into_iter().flatten();
        let stays = opened.filter(|(pattern, _)| narrowed.contains_key(*pattern));
        stays.map(|(pattern, why)| (pattern.clone(), why.clone())).collect()
    }

    /// What a statement keeps for names that the catalog does not list.
    pub(crate) fn held(&self, at: GrantRef) -> impl Iterator<Item = &HeldElement> {
        self.held.iter().filter(move |held| held.element.at == at)
    }

    /// Drops every part that the parts remaining elsewhere cover, so that each that stays is needed. What is written
    /// for names beyond the catalog grants its actions anyway, and stays.
    pub(crate) fn drop_redundant(&mut self, account: &Account) {
        // Most actions have the same elements as many others.
        let mut known: BTreeMap<Vec<Element>, Vec<Element>> = BTreeMap::new();
        for (action, elements) in &mut self.by_action {
            let held: Vec<_> = self.held.iter().filter(|held| held.actions.contains(*action)).collect();
            let on = self.on.get(action).map(Vec::as_slice);
            let is_common = held.is_empty() && on.is_none();
            if let Some(known) = known.get(elements).filter(|_| is_common) {
                elements.clone_from(known);
                continue;
            }
            let pinned: Vec<BTreeSet<String>> = elements
                .iter()
                .map(|element| {
                    let own = held.iter().filter(|held| held.element.at == element.at);
                    let parts = own.flat_map(|held| held.element.parts(account));
                    parts.map(|(part, _)| part.text().to_owned()).collect()
                })
                .collect();
            let is_pinned =
                |element: usize, part: &str| pinned.get(element).is_some_and(|pinned| pinned.contains(part));
            let kept = without_covered(account, elements, &self.breadth, on, |_, _| true, is_pinned);
            let kept: Vec<_> = kept.into_iter().flatten().collect();
            let all = std::mem::replace(elements, kept.clone());
            if is_common {
                known.insert(all, kept);
            }
        }
    }
}

impl Element {
    pub(crate) fn whole(at: GrantRef) -> Self {
        Self { at, extent: Extent::Whole }
    }

    /// Its parts, with the rule that made each; empty where the statement is not there.
    pub(crate) fn parts<'a>(&self, account: &'a Account) -> Vec<(Part<'a>, &'static str)> {
        let Some(clause) = account.clause(self.at) else { return Vec::new() };
        match &self.extent {
            Extent::Whole => clause.parts().into_iter().map(|part| (part, "as granted")).collect(),
            Extent::Narrowed(patterns) => {
                patterns.iter().map(|(pattern, rule)| (clause.part(clause.glob(pattern)), *rule)).collect()
            }
        }
    }
}
