//! Obligation 5: only actions that exist, and the provider's rules and size limits.
//! Source: AWS IAM User Guide, "IAM and AWS STS quotas" and "IAM JSON policy elements: Sid".

use std::collections::BTreeSet;

use super::{Claim, Violation};
use crate::action_set::Expander;
use crate::proposal::NewPolicy;
use crate::propose::{ATTACHED_LIMIT, MANAGED_LIMIT, inline_limit, own};
use crate::unlisted::{includes, is_plain};
use crate::{Effect, parse};

pub(super) fn check(expander: &mut Expander<'_>, claim: &Claim, violations: &mut Vec<Violation>) -> usize {
    let known: BTreeSet<String> = claim
        .before
        .iter()
        .flat_map(|(_, document)| &document.statements)
        .flat_map(|statement| &statement.actions.patterns)
        .map(|pattern| pattern.to_lowercase())
        .collect();
    // A name that the catalog does not list may stay, and none is ever made up.
    let may_stay = |pattern: &str| {
        claim.unlisted.iter().any(|names| includes(names, pattern))
            && (!is_plain(pattern) || known.contains(&pattern.to_lowercase()))
    };
    for new in &claim.after {
        for what in problems(expander, new, is_unchanged(claim, new), &may_stay) {
            violations.push(Violation::Invalid { policy: new.name.clone(), what });
        }
    }
    for what in limits(claim) {
        violations.push(Violation::Invalid { policy: "(all)".to_owned(), what });
    }
    claim.after.len()
}

/// Limits on what the principal has in all. A group's policies stay as they are and have limits of their own.
fn limits(claim: &Claim) -> Vec<String> {
    let mut problems = Vec::new();
    let inline: usize = own(&claim.after).filter(|new| new.inline).map(|new| new.document.size()).sum();
    let limit = inline_limit(claim.kind);
    let is_changed = |new: &NewPolicy| !is_unchanged(claim, new);
    if inline > limit && own(&claim.after).any(|new| new.inline && is_changed(new)) {
        problems.push(format!("{inline} characters of inline policies, more than {limit}"));
    }
    // More than usual can be attached where the provider raised the quota.
    let attached = own(&claim.after).filter(|new| !new.inline).count();
    let limit = ATTACHED_LIMIT.max(claim.attached);
    if attached > limit {
        problems.push(format!("{attached} attached policies, more than {limit}"));
    }
    problems
}

fn is_unchanged(claim: &Claim, new: &NewPolicy) -> bool {
    claim.before.iter().any(|(_, document)| *document == new.document)
}

fn problems(
    expander: &mut Expander<'_>,
    new: &NewPolicy,
    is_unchanged: bool,
    may_stay: &impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut problems = Vec::new();
    let mut sids = BTreeSet::new();
    for statement in &new.document.statements {
        if let Some(sid) = &statement.sid
            && !sids.insert(sid)
        {
            problems.push(format!("sid `{sid}` twice"));
        }
        if statement.effect == Effect::Allow && !statement.actions.negated {
            for pattern in &statement.actions.patterns {
                if expander.pattern(pattern).is_empty() && !may_stay(pattern) {
                    problems.push(format!("action `{pattern}`, which names no action that exists"));
                }
            }
        }
    }
    if new.document.statements.is_empty() {
        problems.push("no statement".to_owned());
    }
    // The provider took the document as it is today, so its own size is not ours to judge.
    if !is_unchanged && !new.inline && new.document.size() > MANAGED_LIMIT {
        problems.push(format!("{} characters, more than {MANAGED_LIMIT}", new.document.size()));
    }
    match parse(&new.document.emit()) {
        Ok(read) if same(&read, &new.document) => {}
        Ok(_) => problems.push("a document that reads back differently".to_owned()),
        Err(error) => problems.push(format!("a document that does not read back: {error}")),
    }
    problems
}

/// Equal but for the lines on which statements stand.
fn same(a: &crate::Document, b: &crate::Document) -> bool {
    let placeless = |document: &crate::Document| {
        let mut document = document.clone();
        for statement in &mut document.statements {
            statement.line = 0;
        }
        document
    };
    placeless(a) == placeless(b)
}
