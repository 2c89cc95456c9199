//! What must stay although the catalog does not list it: a pattern that names nothing in it, and whatever a recorded
//! call may have needed whose operation it does not know.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{ActionId, Catalog};

use super::GivenUp;
use super::granted::{GrantRef, Granted, takes_whole};
use crate::coverage::Reason;
use crate::grant::{Account, Principal};
use crate::unlisted::{includes, names_all, service, shared};
use crate::usage::Usage;
use crate::{Effect, Statement};

/// Every name of an action.
const ANY: &str = "*";

/// Names of actions beyond the catalog that must stay granted.
#[derive(Clone, Debug, Default)]
pub struct Unlisted {
    /// Patterns of such names, as `svc:*`, and why nothing of them may go.
    pub protected: BTreeMap<String, Reason>,
    /// Patterns that name nothing in the catalog and go, since the user gives up their service.
    pub given_up: Vec<(GrantRef, String)>,
    /// What each allow statement keeps for them.
    pub(crate) held: BTreeMap<GrantRef, Held>,
}

/// What a statement keeps for names beyond the catalog.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// These patterns.
    Patterns(BTreeSet<String>),
    /// Itself, as it is written, because no patterns say what it allows of some names.
    Statement {
        /// Why nothing of them may go.
        reason: Reason,
        /// The names that no patterns say.
        unwritable: BTreeSet<String>,
        /// Patterns that say the rest.
        patterns: BTreeSet<String>,
    },
}

impl Unlisted {
    pub(super) fn of(
        catalog: &Catalog,
        account: &Account,
        principal: &Principal,
        granted: &Granted,
        unresolved: &Unresolved,
        given_up: &GivenUp,
    ) -> Self {
        let allowing: Vec<_> = granted
            .allowing
            .iter()
            .filter_map(|allowing| Some((allowing.at, account.statement(allowing.at)?)))
            .collect();
        let mut unlisted = Self { protected: unresolved.names(&allowing, given_up), ..Self::default() };
        for (at, pattern) in &granted.unknown_patterns {
            let is_given_up =
                service(pattern).is_some_and(|service| given_up.services.contains(&service.to_lowercase()));
            let is_protected = unlisted.protected.keys().any(|names| includes(names, pattern));
            if is_given_up && !is_protected {
                unlisted.given_up.push((*at, pattern.clone()));
            } else if !is_protected {
                let reason = Reason::Unsupported(format!("`{pattern}` is not in the catalog"));
                unlisted.protected.insert(pattern.clone(), reason);
            }
        }
        unlisted.protected.retain(|names, _| !is_taken(account, principal, names));
        for (at, statement) in allowing {
            unlisted.hold(catalog, at, statement);
        }
        let Self { protected, held, .. } = &mut unlisted;
        protected.retain(|names, _| held.values().any(|held| held.serves(names)));
        unlisted
    }

    fn hold(&mut self, catalog: &Catalog, at: GrantRef, statement: &Statement) {
        let mut patterns = BTreeSet::new();
        let mut unwritable = BTreeSet::new();
        let mut why = None;
        for (names, reason) in &self.protected {
            match shared(&statement.actions, names) {
                Some(shared) => patterns.extend(shared),
                None => {
                    unwritable.insert(names.clone());
                    why.get_or_insert(reason);
                }
            }
        }
        patterns.retain(|pattern| catalog.find(pattern).is_none());
        if let Some(reason) = why {
            let reason = reason.clone();
            self.held.insert(at, Held::Statement { reason, unwritable, patterns });
        } else if !patterns.is_empty() {
            self.held.insert(at, Held::Patterns(patterns));
        }
    }

    /// Why an action stays whatever the user gives up: a statement that grants it must stay as it is.
    pub(super) fn pins(&self, granted: &Granted, action: ActionId) -> Option<Reason> {
        self.protected.get(ANY).cloned().or_else(|| {
            granted.statements(action).find_map(|at| match self.held.get(&at) {
                Some(Held::Statement { reason, .. }) => Some(reason.clone()),
                _ => None,
            })
        })
    }
}

impl Held {
    fn serves(&self, names: &str) -> bool {
        let serves = |patterns: &BTreeSet<String>| patterns.iter().any(|pattern| includes(names, pattern));
        match self {
            Self::Patterns(patterns) => serves(patterns),
            Self::Statement { unwritable, patterns, .. } => unwritable.contains(names) || serves(patterns),
        }
    }
}

/// Whether a deny or the boundary takes away everything of these names.
fn is_taken(account: &Account, principal: &Principal, names: &str) -> bool {
    let statements = |policy: usize| account.policies.get(policy).map(|policy| &policy.document.statements);
    let own = principal.attachments.iter().map(|attachment| attachment.policy).chain(principal.boundary);
    let is_denied = own.filter_map(statements).flatten().any(|statement| {
        statement.effect == Effect::Deny && takes_whole(statement) && names_all(&statement.actions, names)
    });
    let may_allow = |statement: &Statement| {
        statement.effect == Effect::Allow
            && shared(&statement.actions, names).is_none_or(|shared| !shared.is_empty())
    };
    is_denied || principal.boundary.and_then(statements).is_some_and(|bound| !bound.iter().any(may_allow))
}

/// Which services had allowed calls that the catalog cannot translate: what they needed is not known, so
/// nothing of those services counts as unused.
pub(super) struct Unresolved {
    services: BTreeMap<String, String>,
    anywhere: Option<String>,
}

impl Unresolved {
    pub(super) fn of(usage: &Usage, catalog: &Catalog) -> Self {
        let mut unresolved = Self { services: BTreeMap::new(), anywhere: None };
        for (service, operation) in usage.unresolved.keys() {
            let name = format!("{service}:{operation}");
            let prefixes = catalog.prefixes(service);
            if prefixes.is_empty() {
                unresolved.anywhere.get_or_insert(name);
                continue;
            }
            for prefix in prefixes {
                unresolved.services.entry(prefix.to_owned()).or_insert_with(|| name.clone());
            }
        }
        unresolved
    }

    pub(super) fn reason(&self, service: &str) -> Option<Reason> {
        self.services.get(service).or(self.anywhere.as_ref()).cloned().map(Reason::UnresolvedOperation)
    }

    /// Patterns of the names that the calls may have needed. Of a service that the catalog does not know it is any
    /// that these statements grant: only where each of them names its services can one of those be given up.
    fn names(&self, allowing: &[(GrantRef, &Statement)], given_up: &GivenUp) -> BTreeMap<String, Reason> {
        let mut services: BTreeSet<String> = self.services.keys().cloned().collect();
        if self.anywhere.is_some() {
            for (_, statement) in allowing {
                let named = statement.actions.patterns.iter().map(|pattern| service(pattern));
                let Some(named) = named.collect::<Option<Vec<_>>>().filter(|_| !statement.actions.negated)
                else {
                    let reason = self.anywhere.clone().map(Reason::UnresolvedOperation);
                    return reason.into_iter().map(|reason| (ANY.to_owned(), reason)).collect();
                };
                services.extend(named.into_iter().map(str::to_lowercase));
            }
        }
        let kept = services.into_iter().filter(|service| !given_up.services.contains(service));
        kept.filter_map(|service| Some((format!("{service}:*"), self.reason(&service)?))).collect()
    }
}
