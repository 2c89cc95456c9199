//! Narrows an action of a statement to the resources on which it was seen.

use remit_catalog::Catalog;

use crate::grant::Account;
use crate::part::Clause;
use crate::propose::Ruled;
use crate::propose::element::{Element, Extent};
use crate::propose::generalise::{Generalise, Rule, generalise};
use crate::usage::ActionUse;
use crate::verdict::GrantRef;
use crate::{Glob, Matcher};

/// The resources to which an action may be narrowed.
pub(crate) struct Narrowing<'c> {
    pub(crate) resources: Vec<Glob>,
    generalise: Generalise,
    catalog: &'c Catalog,
}

impl<'c> Narrowing<'c> {
    /// None where some call's resource is not known, so that the old scope has to stay.
    pub(crate) fn of(use_: &ActionUse, generalise: Generalise, catalog: &'c Catalog) -> Option<Self> {
        if use_.resource_unknown || use_.any_resource || use_.resources.is_empty() {
            return None;
        }
        // `*` stays what it is, since the ledger writes it where it collapsed names.
        let resources = use_.resources.keys().map(|resource| Glob::resource_without_variables(resource));
        Some(Self { resources: resources.collect(), generalise, catalog })
    }

    /// What stays of the action in each statement. None when some resource is named by none of them: then the grant
    /// and the log do not fit together (a resource policy allowed the call, or the ARN was guessed
    /// wrongly), and nothing is narrowed.
    pub(crate) fn apply(&self, account: &Account, statements: &[GrantRef]) -> Option<Vec<Element>> {
        let mut matched = vec![false; self.resources.len()];
        let mut elements = Vec::new();
        for &at in statements {
            let clause = account.clause(at);
            let scope = clause.and_then(|clause| Some((clause, clause.statement.resources.as_ref()?)));
            let Some((clause, resources)) = scope else {
                elements.push(Element { at, extent: Extent::Whole });
                continue;
            };
            let extent = self.within(clause, resources, &mut matched);
            match extent {
                Extent::Narrowed(patterns) if patterns.is_empty() => {}
                extent => elements.push(Element { at, extent }),
            }
        }
        (!matched.contains(&false)).then_some(elements)
    }

    fn within(&self, clause: Clause<'_>, resources: &Matcher, matched: &mut [bool]) -> Extent {
        let globs: Vec<_> = resources.patterns.iter().map(|pattern| clause.glob(pattern)).collect();
        let all: Vec<_> = globs.iter().collect();
        // What a variable stands for in an exception is not known, and so neither what lies outside of it.
        let mut stays_whole = false;
        let mut exact = Vec::new();
        let mut patterns = Ruled::new();
        for (resource, matched) in self.resources.iter().zip(matched) {
            let is_included = resource.is_included_in(&all);
            if resources.negated {
                if !is_included {
                    *matched = true;
                    stays_whole |= globs
                        .iter()
                        .any(|excluded| excluded.has_variables() || excluded.intersects(resource));
                    exact.push(spell(resource, clause));
                }
            } else if is_included {
                *matched = true;
                exact.push(spell(resource, clause));
            } else {
                for (pattern, granted) in resources.patterns.iter().zip(&globs) {
                    if granted.intersects(resource) {
                        *matched = true;
                        patterns.insert(pattern.clone(), "as granted");
                    }
                }
            }
        }
        if stays_whole {
            return Extent::Whole;
        }
        let fits = |pattern: &str| {
            let glob = clause.glob(pattern);
            if resources.negated {
                !globs.iter().any(|excluded| excluded.intersects(&glob))
            } else {
                glob.is_included_in(&all)
            }
        };
        for (pattern, Rule { name, from }) in generalise(self.generalise, self.catalog, &exact) {
            if fits(&pattern) {
                patterns.insert(pattern, name);
                continue;
            }
            let mut rest = from;
            for granted in resources.patterns.iter().filter(|_| !resources.negated) {
                let Some(part) = started(&pattern, granted).filter(|part| fits(part)) else { continue };
                let glob = clause.glob(&part);
                let before = rest.len();
                rest.retain(|resource| !clause.glob(resource).is_included_in(&[&glob]));
                if rest.len() < before {
                    patterns.insert(part, name);
                }
            }
            patterns.extend(rest.into_iter().map(|resource| (resource, "as seen")));
        }
        Extent::Narrowed(patterns)
    }
}

/// What a wildcard may keep of itself where a granted pattern starts more narrowly: of `data/*/x.json` and
/// `data/2026*` that is `data/2026*/x.json`. Whether it does lie within what is granted is for the caller to see.
fn started(wildcard: &str, granted: &str) -> Option<String> {
    let (before, after) = wildcard.split_once('*')?;
    let start = granted.split(['*', '?', '$']).next()?;
    start.starts_with(before).then(|| format!("{start}*{after}"))
}

/// A recorded resource written as a pattern of the statement: where its document has variables, `${` would start one.
fn spell(resource: &Glob, clause: Clause<'_>) -> String {
    let text = resource.text();
    if clause.variables { text.replace("${", "${$}{") } else { text.to_owned() }
}
