//! Makes a proposal from verdicts: every allow statement keeps what is used or unobservable.

mod element;
mod generalise;
mod held;
mod naming;
mod narrow;
mod placement;
mod redundant;
mod rewrite;

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{ActionId, Catalog};

use self::element::{Elements, Extent};
pub use self::generalise::Generalise;
use self::generalise::Surroundings;
use self::narrow::Narrowing;
pub(crate) use self::placement::{ATTACHED_LIMIT, own};
pub use self::placement::{MANAGED_LIMIT, inline_limit};
use crate::action_set::Expander;
use crate::coverage::{Coverage, Reason};
use crate::grant::{Account, Principal};
use crate::inventory::Inventory;
use crate::proposal::{Edit, Kept, PolicyChange, Proposal, Removed};
use crate::retained::Retained;
use crate::usage::Usage;
use crate::verdict::{Granted, Judgement, Verdict};
use crate::{Document, PolicySet, contain};

/// Why there is no proposal for a principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProposal {
    /// Its policies cannot be changed by this account.
    #[error("left alone: {0}")]
    Fixed(&'static str),
    /// Some of its grants could not be read.
    #[error("left alone: {0}")]
    Incomplete(String),
    /// What has to stay does not fit the provider's size limits.
    #[error("does not fit: {0}")]
    TooLarge(String),
}

/// Settings of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposeOptions<'a> {
    /// How observed resources are generalised.
    pub generalise: Generalise,
    /// The day on which is proposed, counted from the Unix epoch.
    pub today: i64,
    /// What is known to exist: what all principals of the account were seen to use, the principal itself among them.
    /// Without it wildcards of actions that change something are not limited by what else they admit.
    pub inventory: &'a Inventory,
}

/// Proposes an edit that leaves the principal exactly what is used or unobservable.
pub fn propose(
    expander: &mut Expander<'_>,
    account: &Account,
    principal: &Principal,
    usage: &Usage,
    coverage: &Coverage,
    judgement: &Judgement,
    options: ProposeOptions<'_>,
) -> Result<Proposal, NoProposal> {
    if let Some(why) = principal.fixed {
        return Err(NoProposal::Fixed(why));
    }
    if let Some(problem) =
        account.problems.iter().find(|problem| problem.principal.as_ref() == Some(&principal.arn))
    {
        return Err(NoProposal::Incomplete(problem.message.clone()));
    }
    let mut elements = Elements::of(expander, account, judgement, usage, options);
    elements.drop_redundant(account);
    let changes = placement::place(expander, account, principal, judgement, &elements)?;
    let (kept, removed) = evidence(expander, account, judgement, usage, &elements);
    let leaves_groups = placement::left_groups(principal, &changes);
    let takes = !removed.is_empty() || !judgement.granted.ineffective.is_empty() || is_narrower(&changes);
    Ok(Proposal {
        principal: principal.arn.clone(),
        kind: principal.kind,
        name: principal.name.clone(),
        coverage: coverage.clone(),
        changes,
        leaves_groups,
        kept,
        removed,
        unlisted: judgement.unlisted.protected.clone(),
        takes,
        unknown_patterns: judgement
            .unlisted
            .given_up
            .iter()
            .filter_map(|(at, pattern)| {
                account.policies.get(at.policy).map(|policy| (policy.name.clone(), pattern.clone()))
            })
            .collect(),
    })
}

/// Whether the old policies allow anything that the new ones do not.
fn is_narrower(changes: &[PolicyChange]) -> bool {
    if changes.iter().all(|change| change.edit == Edit::Keep) {
        return false;
    }
    let before: Vec<&Document> = changes.iter().map(|change| &change.before).collect();
    let after: Vec<&Document> =
        changes.iter().flat_map(|change| &change.after).map(|new| &new.document).collect();
    contain(&PolicySet::new(&before, None), &PolicySet::new(&after, None)).is_err()
}

/// The resource patterns to which an action that was used is narrowed, over all statements that grant it; none where
/// they stay as they are.
pub fn templates(
    catalog: &Catalog,
    account: &Account,
    granted: &Granted,
    action: ActionId,
    usage: &Usage,
    options: ProposeOptions<'_>,
) -> Option<BTreeSet<String>> {
    let statements: Vec<_> = granted.statements(action).collect();
    let use_ = usage.actions.get(&action)?;
    let surroundings = Surroundings { catalog, inventory: options.inventory, today: options.today };
    let reach = options.generalise.reach(surroundings, action, usage);
    let narrowing = Narrowing::of(use_, reach, surroundings)?;
    let mut patterns = BTreeSet::new();
    for element in narrowing.apply(account, &statements)?.elements {
        match element.extent {
            Extent::Whole => return None,
            Extent::Narrowed(ruled) => patterns.extend(ruled.into_keys()),
        }
    }
    Some(patterns)
}

fn evidence(
    expander: &Expander<'_>,
    account: &Account,
    judgement: &Judgement,
    usage: &Usage,
    elements: &Elements,
) -> (Vec<Kept>, Vec<Removed>) {
    let name_of =
        |id| expander.catalog().action(id).map(remit_catalog::Action::full_name).unwrap_or_default();
    let policies_of = |id| {
        let policies = judgement.granted.statements(id).filter_map(|at| account.policies.get(at.policy));
        policies.map(|policy| policy.name.clone()).collect::<BTreeSet<_>>()
    };
    let mut kept = Vec::new();
    let mut removed = Vec::new();
    for (&id, verdict) in &judgement.verdicts {
        let use_ = usage.actions.get(&id);
        if judgement.removes(id) {
            let denied = use_.map_or(0, |use_| use_.denied.distinct());
            let (name, policies) = (name_of(id), policies_of(id));
            removed.push(Removed { action: id, name, policies, denied });
            continue;
        }
        let reason = match verdict {
            Verdict::Unused => judgement.retained.get(&id).cloned().map(Reason::Retained),
            Verdict::Used => {
                let is_wide = elements.wide.contains(&id);
                let hidden = judgement.partly_hidden.get(&id).cloned();
                hidden.or_else(|| is_wide.then_some(Reason::Retained(Retained::ChangingNames)))
            }
            Verdict::Unobservable(reason) => Some(reason.clone()),
        };
        let use_ = use_.filter(|use_| use_.seen.is_some());
        kept.push(Kept {
            action: id,
            name: name_of(id),
            seen: use_.and_then(|use_| use_.seen.clone()),
            operations: use_.map(|use_| use_.operations.clone()).unwrap_or_default(),
            via: use_.map(|use_| use_.via.clone()).unwrap_or_default(),
            reason,
            resources: use_.map(|use_| use_.resources.clone()).unwrap_or_default(),
            resources_known: use_.is_some_and(|use_| !use_.resource_unknown && !use_.any_resource),
            narrowed: elements.narrowed(id),
            opened: elements.opened(id),
        });
    }
    (kept, removed)
}

#[cfg(test)]
mod tests;

/// Resource patterns with the rule that made each.
pub(crate) type Ruled = BTreeMap<String, &'static str>;
