//! What allow statements keep for names of actions that the catalog does not list.

use std::collections::{BTreeMap, BTreeSet};

use crate::action_set::{ActionSet, Expander};
use crate::grant::Account;
use crate::propose::element::Element;
use crate::propose::redundant::without_covered;
use crate::unlisted::{includes, names_all};
use crate::verdict::{GrantRef, Held, Judgement};

/// A pattern of names that a statement keeps, and on what.
#[derive(Clone, Debug)]
pub(crate) struct HeldElement {
    /// The pattern.
    pub(crate) names: String,
    /// Whether no pattern says what the statement allows of these names, so that it stays as it is written.
    pub(crate) is_unwritable: bool,
    /// The statement, and on which resources.
    pub(crate) element: Element,
    /// The catalog's actions that are granted with it.
    pub(crate) actions: ActionSet,
}

impl HeldElement {
    /// What all statements keep, but for what others keep as well.
    pub(crate) fn all(
        expander: &mut Expander<'_>,
        account: &Account,
        judgement: &Judgement,
        breadth: &BTreeMap<GrantRef, usize>,
    ) -> Vec<Self> {
        let mut all = Vec::new();
        for (at, held) in &judgement.unlisted.held {
            let mut add = |names: &String, is_unwritable| {
                let own = judgement.granted.allowing.iter().find(|allowing| allowing.at == *at);
                let actions = match own.filter(|_| is_unwritable) {
                    Some(own) => own.actions.clone(),
                    None => expander.pattern(names).clone(),
                };
                all.push(Self { names: names.clone(), is_unwritable, element: Element::whole(*at), actions });
            };
            match held {
                Held::Patterns(patterns) => patterns.iter().for_each(|names| add(names, false)),
                Held::Statement { unwritable, patterns, .. } => {
                    unwritable.iter().for_each(|names| add(names, true));
                    patterns.iter().for_each(|names| add(names, false));
                }
            }
        }
        Self::without_covered(account, &all, breadth)
    }

    fn without_covered(account: &Account, all: &[Self], breadth: &BTreeMap<GrantRef, usize>) -> Vec<Self> {
        let elements: Vec<_> = all.iter().map(|held| held.element.clone()).collect();
        let names_too = |one: usize, other: usize| {
            let (Some(one), Some(other)) = (all.get(one), all.get(other)) else { return false };
            if !other.is_unwritable {
                return includes(&other.names, &one.names);
            }
            // Of what it is held for, such a statement allows a part only.
            let written = account.statement(other.element.at);
            written.is_some_and(|statement| names_all(&statement.actions, &one.names))
        };
        let kept = without_covered(account, &elements, breadth, None, names_too, |_, _| false);
        let stays = |(held, kept): &(&Self, &Option<Element>)| held.is_unwritable && kept.is_some();
        let as_written: BTreeSet<_> =
            all.iter().zip(&kept).filter(stays).map(|(held, _)| held.element.at).collect();
        let remains = all.iter().zip(kept).filter_map(|(held, kept)| {
            let whole = as_written.contains(&held.element.at).then(|| held.element.clone());
            Some(Self { element: whole.or(kept)?, ..held.clone() })
        });
        remains.collect()
    }
}
