//! How much of what is known to exist an action may be used on.

use std::collections::BTreeMap;

use remit_catalog::{Action, ActionId, Catalog};
use remit_policy::{Account, Glob, Granted, Inventory, Matcher};

/// What is known to exist, by type of resource. A type is named by the first of its ARN patterns, since services share
/// names of types.
pub(super) struct Known<'a> {
    by_type: BTreeMap<&'static str, Vec<&'a str>>,
}

impl<'a> Known<'a> {
    pub(super) fn of(catalog: &Catalog, inventory: &'a Inventory) -> Self {
        let mut by_type: BTreeMap<&'static str, Vec<&'a str>> = BTreeMap::new();
        for arn in inventory.iter() {
            let named = catalog.resource_type(arn).and_then(|of_type| of_type.arns.first());
            if let Some(named) = named {
                by_type.entry(named).or_default().push(arn);
            }
        }
        Self { by_type }
    }

    /// The known resources that an action may be used on by what is granted.
    pub(super) fn granted(
        &self,
        account: &Account,
        granted: &Granted,
        id: ActionId,
        action: &Action,
    ) -> Vec<&'a str> {
        let statements = granted.statements(id).filter_map(|at| account.statement(at)?.resources.as_ref());
        let elements: Vec<(bool, Vec<Glob>)> = statements.map(globs).collect();
        let is_granted = |arn: &&'a str| {
            let names = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(arn));
            elements.iter().any(|(negated, globs)| names(globs) != *negated)
        };
        let types = action.resource_types.iter().filter_map(|of_type| of_type.arns().first());
        let known = types.filter_map(|named| self.by_type.get(named)).flatten().copied();
        known.filter(is_granted).collect()
    }
}

/// The share of known resources that patterns name. Of nothing known, nothing is known to have gone.
pub(super) fn share(known: &[&str], patterns: &[Glob]) -> f64 {
    let named = known.iter().filter(|arn| patterns.iter().any(|pattern| pattern.matches(arn))).count();
    super::result::share(named as u64, known.len() as u64)
}

fn globs(element: &Matcher) -> (bool, Vec<Glob>) {
    (element.negated, element.patterns.iter().map(|pattern| Glob::resource(pattern)).collect())
}
