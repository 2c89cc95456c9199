//! Narrows an action of a statement to the resources on which it was seen.

use crate::grant::Account;
use crate::propose::Ruled;
use crate::propose::element::{Element, Extent};
use crate::propose::generalise::{Generalise, generalise};
use crate::usage::ActionUse;
use crate::verdict::GrantRef;
use crate::{Glob, Matcher};

/// The resources to which an action may be narrowed.
pub(crate) struct Narrowing {
    resources: Vec<(String, Glob)>,
    generalise: Generalise,
}

impl Narrowing {
    /// None where some call's resource is not known, so that the old scope has to stay.
    pub(crate) fn of(use_: &ActionUse, generalise: Generalise) -> Option<Self> {
        if use_.resource_unknown || use_.any_resource || use_.resources.is_empty() {
            return None;
        }
        let resources = use_.resources.keys().map(|resource| {
            let pattern = as_pattern(resource);
            let glob = Glob::resource(&pattern);
            (pattern, glob)
        });
        Some(Self { resources: resources.collect(), generalise })
    }

    /// What stays of the action in each statement. When some resource is named by none of them, the grant
    /// and the log do not fit together (a resource policy allowed the call, or the ARN was guessed
    /// wrongly), and nothing is narrowed.
    pub(crate) fn apply(&self, account: &Account, statements: &[GrantRef]) -> Vec<Element> {
        let mut matched = vec![false; self.resources.len()];
        let mut elements = Vec::new();
        for &at in statements {
            let Some(resources) = account.statement(at).and_then(|statement| statement.resources.as_ref())
            else {
                elements.push(Element { at, extent: Extent::Whole });
                continue;
            };
            let extent = self.within(resources, &mut matched);
            match extent {
                Extent::Narrowed(patterns) if patterns.is_empty() => {}
                extent => elements.push(Element { at, extent }),
            }
        }
        if matched.contains(&false) {
            return statements.iter().map(|&at| Element { at, extent: Extent::Whole }).collect();
        }
        elements
    }

    fn within(&self, resources: &Matcher, matched: &mut [bool]) -> Extent {
        let globs: Vec<_> = resources.patterns.iter().map(|pattern| Glob::resource(pattern)).collect();
        let all: Vec<_> = globs.iter().collect();
        // What a variable stands for in an exception is not known, and so neither what lies outside of it.
        if resources.negated && globs.iter().any(Glob::has_variables) {
            matched.fill(true);
            return Extent::Whole;
        }
        let mut exact = Vec::new();
        let mut patterns = Ruled::new();
        for ((resource, glob), matched) in self.resources.iter().zip(matched) {
            if resources.negated {
                if globs.iter().any(|excluded| excluded.intersects(glob)) {
                    if glob.is_included_in(&all) {
                        continue;
                    }
                    *matched = true;
                    return Extent::Whole;
                }
                *matched = true;
                exact.push(resource.clone());
            } else if glob.is_included_in(&all) {
                *matched = true;
                exact.push(resource.clone());
            } else {
                for (pattern, granted) in resources.patterns.iter().zip(&globs) {
                    if granted.intersects(glob) {
                        *matched = true;
                        patterns.insert(pattern.clone(), "as granted");
                    }
                }
            }
        }
        for (pattern, rule) in generalise(self.generalise, &exact) {
            let glob = Glob::resource(&pattern);
            let fits = if resources.negated {
                !globs.iter().any(|excluded| excluded.intersects(&glob))
            } else {
                glob.is_included_in(&all)
            };
            if fits {
                patterns.insert(pattern, rule.name);
            } else {
                patterns.extend(rule.from.into_iter().map(|resource| (resource, "as seen")));
            }
        }
        Extent::Narrowed(patterns)
    }
}

/// A resource as the ledger holds it, written as a policy pattern: `${` would start a policy variable.
/// `*` stays what it is, since the ledger writes it where it collapsed names.
fn as_pattern(resource: &str) -> String {
    resource.replace("${", "${$}{")
}
