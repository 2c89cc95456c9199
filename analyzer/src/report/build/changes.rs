//! Changes to policies, as rows of a report.

use remit_policy::{Account, Edit, PolicyChange, Proven, diff};

use crate::report::model::ChangeRow;
use crate::report::wording::counted;

/// One row for each policy that is changed.
pub(super) fn rows(account: &Account, proven: &Proven) -> Vec<ChangeRow> {
    let changed = proven.proposal().changes.iter().filter(|change| change.edit != Edit::Keep);
    changed
        .map(|change| ChangeRow {
            policy: change.name.clone(),
            edit: change.edit.as_str().replace('_', " "),
            note: note(account, change),
            characters_before: change.before.size(),
            characters_after: change.after.iter().map(|new| new.document.size()).sum(),
            diff: change_diff(change),
        })
        .collect()
}

fn change_diff(change: &PolicyChange) -> String {
    let before = change.before.emit();
    let old_name = format!("{}.json", change.name);
    if change.after.is_empty() {
        return diff::unified(Some((&old_name, &before)), None);
    }
    let mut text = String::new();
    for (at, new) in change.after.iter().enumerate() {
        let old = (at == 0).then_some((old_name.as_str(), before.as_str()));
        text.push_str(&diff::unified(old, Some((&format!("{}.json", new.name), &new.document.emit()))));
    }
    text
}

/// Why a policy is changed in this way.
fn note(account: &Account, change: &PolicyChange) -> String {
    let policy = account.policies.get(change.policy);
    match (change.edit, &change.group, policy) {
        (Edit::Replace | Edit::Attach | Edit::Remove, Some(group), _) => {
            format!("held through group {group}, which others may share; the user leaves it")
        }
        (Edit::Replace, None, Some(policy)) => match policy.kind {
            remit_policy::PolicyKind::ProviderManaged => "managed by AWS, so replaced, not edited".to_owned(),
            remit_policy::PolicyKind::CustomerManaged => {
                let others = policy.holders.len().max(usize::try_from(policy.attachment_count).unwrap_or(0));
                let others = others.saturating_sub(1);
                format!("shared with {}, so replaced, not edited", counted(others, "other", "others"))
            }
            _ => "too large to stay inline".to_owned(),
        },
        (Edit::Remove, None, _) => "nothing of it is needed".to_owned(),
        _ => String::new(),
    }
}
