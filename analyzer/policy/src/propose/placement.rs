//! Decides how each policy is changed, within the provider's size limits.
//! Source: AWS IAM User Guide, "IAM and AWS STS quotas".

mod split;

use std::collections::BTreeSet;

use twox_hash::XxHash3_64;

use crate::Document;
use crate::action_set::Expander;
use crate::grant::{Account, Attachment, Policy, PolicyKind, Principal, PrincipalKind};
use crate::proposal::{Edit, NewPolicy, PolicyChange};
use crate::propose::NoProposal;
use crate::propose::element::Elements;
use crate::propose::rewrite::{Spelling, rewrite};
use crate::verdict::Judgement;

/// Characters of a managed policy, white space not counted.
pub const MANAGED_LIMIT: usize = 6_144;
/// Managed policies attached to one principal.
pub(crate) const ATTACHED_LIMIT: usize = 10;
/// Characters of a policy's name.
const NAME_LIMIT: usize = 128;

/// Characters of all inline policies of a principal together.
pub fn inline_limit(kind: PrincipalKind) -> usize {
    match kind {
        PrincipalKind::Role => 10_240,
        PrincipalKind::User => 2_048,
    }
}

pub(super) fn place(
    expander: &mut Expander<'_>,
    account: &Account,
    principal: &Principal,
    judgement: &Judgement,
    elements: &Elements,
) -> Result<Vec<PolicyChange>, NoProposal> {
    let mut changes = Vec::new();
    let mut done = BTreeSet::new();
    for attachment in &principal.attachments {
        let Some(policy) = account.policies.get(attachment.policy) else { continue };
        // A policy that a user has twice is decided once, where it is attached directly.
        if done.insert(attachment.policy) {
            changes.push(change(expander, principal, policy, attachment, elements)?);
        }
    }
    leave_groups(principal, account, &mut changes);
    move_out_of_line(expander, account, principal, elements, &mut changes)?;
    name_apart(account, principal, &mut changes);
    let attached: usize = changes.iter().map(managed_count).sum();
    let limit = ATTACHED_LIMIT.max(changes.iter().filter(|change| change.is_attached()).count());
    if attached > limit {
        let counts = judgement.counts();
        return Err(NoProposal::TooLarge(format!(
            "{} used and {} unobservable permissions need {attached} managed policies, and {limit} can be \
             attached",
            counts.used, counts.unobservable
        )));
    }
    Ok(changes)
}

fn change(
    expander: &mut Expander<'_>,
    principal: &Principal,
    policy: &Policy,
    attachment: &Attachment,
    elements: &Elements,
) -> Result<PolicyChange, NoProposal> {
    let index = attachment.policy;
    let mut change = PolicyChange {
        policy: index,
        name: policy.name.clone(),
        arn: policy.arn.clone(),
        versions: policy.versions.clone(),
        group: attachment.group.clone(),
        edit: Edit::Keep,
        before: policy.document.clone(),
        after: Vec::new(),
    };
    let Some(document) = rewrite(expander, index, policy, elements, Spelling::Names) else {
        change.edit = Edit::Remove;
        return Ok(change);
    };
    if document == policy.document {
        change.after = vec![NewPolicy {
            name: policy.name.clone(),
            inline: policy.kind == PolicyKind::Inline,
            group: attachment.group.clone(),
            document,
        }];
        return Ok(change);
    }
    let own = attachment.group.is_none() && !policy.is_shared();
    (change.edit, change.after) = match policy.kind {
        PolicyKind::Inline | PolicyKind::Bare if own => (
            Edit::PutInline,
            vec![NewPolicy { name: policy.name.clone(), inline: true, group: None, document }],
        ),
        PolicyKind::CustomerManaged if own => {
            (Edit::NewVersion, managed(expander, &policy.name, index, policy, elements, document)?)
        }
        _ => {
            let name = own_name(principal, policy);
            (Edit::Replace, managed(expander, &name, index, policy, elements, document)?)
        }
    };
    Ok(change)
}

/// One or more managed policies for a document; with prefix wildcards, then split, if it is too large.
fn managed(
    expander: &mut Expander<'_>,
    name: &str,
    index: usize,
    policy: &Policy,
    elements: &Elements,
    document: Document,
) -> Result<Vec<NewPolicy>, NoProposal> {
    let mut document = document;
    if document.size() > MANAGED_LIMIT
        && let Some(compact) = rewrite(expander, index, policy, elements, Spelling::Compact)
    {
        document = compact;
    }
    let documents = split::split(document, MANAGED_LIMIT).ok_or_else(|| {
        NoProposal::TooLarge(format!(
            "one statement of policy `{}` exceeds {MANAGED_LIMIT} characters",
            policy.name
        ))
    })?;
    let named = documents.into_iter().enumerate().map(|(at, document)| {
        let suffix = if at == 0 { String::new() } else { format!("-{}", at + 1) };
        NewPolicy { name: shorten(name, &suffix), inline: false, group: None, document }
    });
    Ok(named.collect())
}

/// The groups that a user leaves: all that have a policy of which something goes, whether or not the user has it
/// otherwise too.
pub(super) fn left_groups(principal: &Principal, changes: &[PolicyChange]) -> BTreeSet<String> {
    let goes = |change: &&PolicyChange| !matches!(change.edit, Edit::Keep | Edit::Attach);
    let going: BTreeSet<_> = changes.iter().filter(goes).map(|change| change.policy).collect();
    let left = principal.attachments.iter().filter(|attachment| going.contains(&attachment.policy));
    left.filter_map(|attachment| attachment.group.clone()).collect()
}

/// A user who gets its own copy of one policy of a group leaves the group, and so needs the others too.
fn leave_groups(principal: &Principal, account: &Account, changes: &mut [PolicyChange]) {
    let left = left_groups(principal, changes);
    for change in changes {
        let leaves = change.group.as_ref().is_some_and(|group| left.contains(group));
        let Some(policy) =
            account.policies.get(change.policy).filter(|_| leaves && change.edit == Edit::Keep)
        else {
            continue;
        };
        change.after.iter_mut().for_each(|new| new.group = None);
        if policy.kind == PolicyKind::Inline {
            change.edit = Edit::Replace;
            for new in &mut change.after {
                new.name = own_name(principal, policy);
                new.inline = false;
            }
        } else {
            change.edit = Edit::Attach;
        }
    }
}

/// Inline policies share one limit: the largest become managed ones until the rest fits.
fn move_out_of_line(
    expander: &mut Expander<'_>,
    account: &Account,
    principal: &Principal,
    elements: &Elements,
    changes: &mut [PolicyChange],
) -> Result<(), NoProposal> {
    loop {
        let total: usize = changes.iter().map(inline_size).sum();
        if total <= inline_limit(principal.kind) {
            return Ok(());
        }
        let largest =
            changes.iter_mut().filter(|change| change.edit == Edit::PutInline).max_by_key(|c| inline_size(c));
        let Some(largest) = largest else { return Ok(()) };
        let Some(policy) = account.policies.get(largest.policy) else { return Ok(()) };
        let Some(document) = largest.after.pop().map(|new| new.document) else { return Ok(()) };
        let name = own_name(principal, policy);
        largest.after = managed(expander, &name, largest.policy, policy, elements, document)?;
        largest.edit = Edit::Replace;
    }
}

/// Characters of a change's inline policies of the principal itself.
fn inline_size(change: &PolicyChange) -> usize {
    own(&change.after).filter(|new| new.inline).map(|new| new.document.size()).sum()
}

/// How many managed policies a change leaves attached to the principal itself.
fn managed_count(change: &PolicyChange) -> usize {
    own(&change.after).filter(|new| !new.inline).count()
}

/// The policies that no group holds.
pub(crate) fn own(after: &[NewPolicy]) -> impl Iterator<Item = &NewPolicy> {
    after.iter().filter(|new| new.group.is_none())
}

/// New managed policies must not take a name that the account or the proposal already uses, nor one that another principal's
/// proposal may come to.
fn name_apart(account: &Account, principal: &Principal, changes: &mut [PolicyChange]) {
    let mut taken: BTreeSet<String> = account
        .policies
        .iter()
        .filter(|policy| policy.kind == PolicyKind::CustomerManaged)
        .map(|policy| policy.name.to_lowercase())
        .collect();
    for change in changes {
        let is_version = change.edit == Edit::NewVersion;
        for (at, new) in change.after.iter_mut().enumerate() {
            let is_new = matches!(change.edit, Edit::Replace) || (is_version && at > 0);
            if new.inline || !is_new {
                continue;
            }
            if may_be_anothers(account, principal, &new.name) {
                new.name = shorten(&new.name, &format!("-{:08x}", digest(&principal.arn)));
            }
            let base = new.name.clone();
            let mut number = 2;
            while !taken.insert(new.name.to_lowercase()) {
                new.name = shorten(&base, &format!("-{number}"));
                number += 1;
            }
        }
    }
}

/// The name of a principal's own policy in place of one that it shares.
fn own_name(principal: &Principal, policy: &Policy) -> String {
    shorten(&format!("{}-{}", principal.name, policy.name), "")
}

/// Whether the name of another role or user, with a policy's behind it, may be the same name: `app` with `db-read` and `app-db` with `read`,
/// or a role and a user of one name. Of what is cut nobody knows.
fn may_be_anothers(account: &Account, principal: &Principal, name: &str) -> bool {
    let name = name.to_lowercase();
    let begins_it = |other: &Principal| {
        let rest = name.strip_prefix(&other.name.to_lowercase());
        other.arn != principal.arn && rest.is_some_and(|rest| rest.starts_with('-'))
    };
    name.chars().count() >= NAME_LIMIT || account.principals.iter().any(begins_it)
}

/// A short number of a text, the same in every run.
fn digest(text: &str) -> u32 {
    let hash = XxHash3_64::oneshot(text.as_bytes());
    u32::try_from(hash >> 32).unwrap_or_default()
}

fn shorten(name: &str, suffix: &str) -> String {
    let kept: String = name.chars().take(NAME_LIMIT.saturating_sub(suffix.len())).collect();
    format!("{kept}{suffix}")
}
