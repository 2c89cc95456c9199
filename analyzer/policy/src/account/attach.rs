//! Joins what was read: managed policies to their holders, groups to their users.

use crate::account::{Holder, Reading, account_of};
use crate::grant::{Account, Attachment, Policy, Principal, PrincipalKind, Problem};

/// Path under which AWS keeps the roles of its services, which only the service can change.
const SERVICE_LINKED: &str = "/aws-service-role/";
/// Path of the roles that IAM Identity Center makes from permission sets.
const IDENTITY_CENTER: &str = "/aws-reserved/sso.amazonaws.com/";

pub(super) fn attach(reading: Reading) -> Account {
    let Reading { mut policies, managed, roles, users, groups, trusts, problems, .. } = reading;
    let mut principals = Vec::new();

    for holder in roles.values().chain(users.values()).chain(groups.values()) {
        for arn in &holder.managed {
            if let Some(policy) = managed.get(arn).and_then(|index| policies.get_mut(*index)) {
                policy.holders.push(holder.arn.clone());
            }
        }
        if let Some(index) = holder.boundary.as_ref().and_then(|arn| managed.get(arn))
            && let Some(policy) = policies.get_mut(*index)
        {
            policy.is_boundary = true;
        }
    }

    // What could not be read of a group is missing from each of its members.
    let (of_groups, mut problems): (Vec<_>, Vec<_>) = problems.into_iter().partition(|problem: &Problem| {
        groups.values().any(|group| problem.principal.as_ref() == Some(&group.arn))
    });
    let mut told = vec![false; of_groups.len()];
    let sides = [(PrincipalKind::Role, &roles), (PrincipalKind::User, &users)];
    for (kind, holders) in sides {
        for holder in holders.values() {
            let mut attachments = own(holder, None, &managed, &mut problems, &holder.arn);
            for name in &holder.groups {
                match groups.get(&(account_of(&holder.arn).to_owned(), name.clone())) {
                    Some(group) => {
                        attachments.extend(own(group, Some(name), &managed, &mut problems, &holder.arn));
                        for (problem, told) in of_groups.iter().zip(&mut told) {
                            if problem.principal.as_ref() == Some(&group.arn) {
                                *told = true;
                                problems
                                    .push(Problem { principal: Some(holder.arn.clone()), ..problem.clone() });
                            }
                        }
                    }
                    None => problems.push(missing(holder, &format!("group `{name}`"))),
                }
            }
            let boundary = match &holder.boundary {
                None => None,
                Some(arn) => {
                    let index = managed.get(arn).copied();
                    if index.is_none() {
                        problems.push(missing(holder, &format!("permissions boundary `{arn}`")));
                    }
                    index
                }
            };
            principals.push(Principal {
                arn: holder.arn.clone(),
                kind,
                name: holder.name.clone(),
                created: holder.created,
                attachments,
                boundary,
                fixed: fixed(&holder.path),
                tags: holder.tags.clone(),
            });
        }
    }
    problems.extend(of_groups.into_iter().zip(told).filter(|(_, told)| !told).map(|(problem, _)| problem));
    for policy in &mut policies {
        finish(policy);
    }
    principals.sort_by(|a, b| a.arn.cmp(&b.arn));
    problems.sort_by(|a, b| {
        (&a.file, a.line, &a.message, &a.principal).cmp(&(&b.file, b.line, &b.message, &b.principal))
    });
    in_canonical_order(Account { policies, principals, trusts, problems })
}

fn own(
    holder: &Holder,
    group: Option<&String>,
    managed: &std::collections::BTreeMap<String, usize>,
    problems: &mut Vec<Problem>,
    principal: &str,
) -> Vec<Attachment> {
    let since = holder.created.filter(|_| group.is_some());
    let attachment = |policy| Attachment { policy, group: group.cloned(), since };
    let mut attachments: Vec<_> = holder.inline.iter().copied().map(attachment).collect();
    for arn in &holder.managed {
        match managed.get(arn) {
            Some(policy) => attachments.push(attachment(*policy)),
            None => {
                let mut problem = missing(holder, &format!("policy `{arn}`"));
                problem.principal = Some(principal.to_owned());
                problems.push(problem);
            }
        }
    }
    attachments
}

fn missing(holder: &Holder, what: &str) -> Problem {
    Problem {
        file: holder.file.clone(),
        line: 1,
        message: format!(
            "`{}` has {what}, whose document is not in the input, or cannot be read\nhint: give every page of the output",
            holder.arn
        ),
        principal: Some(holder.arn.clone()),
    }
}

fn fixed(path: &str) -> Option<&'static str> {
    if path.starts_with(SERVICE_LINKED) {
        Some("service-linked role: only the service can change it")
    } else if path.starts_with(IDENTITY_CENTER) {
        Some("role of an IAM Identity Center permission set: change the permission set")
    } else {
        None
    }
}

/// Orders policies and attachments by name, so that nothing depends on the order of the input.
fn in_canonical_order(mut account: Account) -> Account {
    let mut order: Vec<usize> = (0..account.policies.len()).collect();
    order.sort_by_key(|index| {
        account
            .policies
            .get(*index)
            .map(|policy| (policy.arn.clone(), policy.holders.clone(), policy.name.clone()))
    });
    let mut place = vec![0; order.len()];
    for (new, old) in order.iter().enumerate() {
        if let Some(place) = place.get_mut(*old) {
            *place = new;
        }
    }
    let moved = |index: usize| place.get(index).copied().unwrap_or(index);
    for principal in &mut account.principals {
        principal.boundary = principal.boundary.map(moved);
        for attachment in &mut principal.attachments {
            attachment.policy = moved(attachment.policy);
        }
        principal.attachments.sort_by_key(|attachment| (attachment.group.clone(), attachment.policy));
    }
    let mut policies: Vec<_> = account.policies.into_iter().enumerate().collect();
    policies.sort_by_key(|(index, _)| moved(*index));
    account.policies = policies.into_iter().map(|(_, policy)| policy).collect();
    account
}

fn finish(policy: &mut Policy) {
    policy.holders.sort();
    policy.holders.dedup();
}
