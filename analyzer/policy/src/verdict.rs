//! Per principal and granted action: used, unused, or unobservable with a reason.

mod granted;
mod terms;
mod unlisted;

use std::collections::BTreeMap;

use remit_catalog::ActionId;

pub(crate) use self::granted::taken_away;
pub use self::granted::{GrantRef, Granted, granted_by};
use self::terms::Terms;
pub(crate) use self::unlisted::Held;
pub use self::unlisted::Unlisted;
use self::unlisted::Unresolved;
use crate::action_set::Expander;
use crate::coverage::{Coverage, Reason};
use crate::grant::{Account, Principal};
use crate::retained::Retained;
use crate::usage::Usage;

/// What is concluded of one granted action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// At least one allowed call needed it, in the window or as far back as calls count as use.
    Used,
    /// Every call that needs it would have been recorded during the whole window, and none was.
    Unused,
    /// Neither can be told.
    Unobservable(Reason),
}

impl Verdict {
    /// The verdict's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Unused => "unused",
            Self::Unobservable(_) => "unobservable",
        }
    }
}

/// The verdicts of one principal.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What the principal is granted, and by which statements.
    pub granted: Granted,
    /// A verdict for every effectively granted action.
    pub verdicts: BTreeMap<ActionId, Verdict>,
    /// For used actions: why further uses may have happened unseen, so that their resources must not be
    /// narrowed.
    pub partly_hidden: BTreeMap<ActionId, Reason>,
    /// What must stay although the catalog does not list it.
    pub unlisted: Unlisted,
    /// Unused actions that stay all the same, and why.
    pub retained: BTreeMap<ActionId, Retained>,
}

impl Judgement {
    /// How many granted actions are used, unused and unobservable.
    pub fn counts(&self) -> Counts {
        self.verdicts.values().collect()
    }

    /// Whether nothing of the action stays.
    pub fn removes(&self, action: ActionId) -> bool {
        self.verdicts.get(&action) == Some(&Verdict::Unused) && !self.retained.contains_key(&action)
    }

    /// Keeps what is unused, for these reasons.
    pub fn retain(&mut self, why: impl IntoIterator<Item = (ActionId, Retained)>) {
        let verdicts = &self.verdicts;
        self.retained.extend(why.into_iter().filter(|(id, _)| verdicts.get(id) == Some(&Verdict::Unused)));
    }
}

/// Numbers of actions by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Actions used.
    pub used: usize,
    /// Actions not used.
    pub unused: usize,
    /// Actions of which it cannot be told.
    pub unobservable: usize,
}

impl Counts {
    /// Actions granted.
    pub fn granted(self) -> usize {
        self.used + self.unused + self.unobservable
    }
}

impl<'a> FromIterator<&'a Verdict> for Counts {
    fn from_iter<T: IntoIterator<Item = &'a Verdict>>(verdicts: T) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            match verdict {
                Verdict::Used => counts.used += 1,
                Verdict::Unused => counts.unused += 1,
                Verdict::Unobservable(_) => counts.unobservable += 1,
            }
        }
        counts
    }
}

/// Services whose unobservable permissions the user gives up on their own responsibility.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenUp {
    /// IAM prefixes, lower case.
    pub services: std::collections::BTreeSet<String>,
}

/// Judges every action that a principal is granted.
pub fn judge(
    expander: &mut Expander<'_>,
    account: &Account,
    principal: &Principal,
    usage: &Usage,
    coverage: &Coverage,
    given_up: &GivenUp,
) -> Judgement {
    let granted = Granted::of(expander, account, principal);
    let catalog = expander.catalog();
    let unresolved = Unresolved::of(usage, catalog);
    let unlisted = Unlisted::of(catalog, account, principal, &granted, &unresolved, given_up);
    let mut known: BTreeMap<Vec<GrantRef>, Terms> = BTreeMap::new();
    let mut verdicts = BTreeMap::new();
    let mut partly_hidden = BTreeMap::new();
    for id in granted.effective.iter() {
        let Some(action) = catalog.action(id) else { continue };
        let use_ = usage.actions.get(&id);
        let possible = use_.and_then(|use_| use_.possible.first());
        let undecided = use_.and_then(|use_| use_.undecided.first());
        let statements: Vec<_> = granted.statements(id).collect();
        let terms = known
            .entry(statements)
            .or_insert_with_key(|all| Terms::of(account, principal, coverage.window.start, all));
        let hidden = coverage
            .hides(action, terms.scopes.as_deref())
            .or_else(|| possible.map(|operation| Reason::MayBeNeeded(operation.clone())))
            .or_else(|| undecided.map(|operation| Reason::OutcomeUnknown(operation.clone())))
            .or_else(|| unresolved.reason(action.service))
            .or_else(|| terms.reason.clone())
            .filter(|_| !given_up.services.contains(action.service))
            .or_else(|| unlisted.pins(&granted, id));
        let verdict = match (usage.uses(id), hidden) {
            (true, hidden) => {
                if let Some(reason) = hidden {
                    partly_hidden.insert(id, reason);
                }
                Verdict::Used
            }
            (false, Some(reason)) => Verdict::Unobservable(reason),
            (false, None) => Verdict::Unused,
        };
        verdicts.insert(id, verdict);
    }
    Judgement { granted, verdicts, partly_hidden, unlisted, retained: BTreeMap::new() }
}
