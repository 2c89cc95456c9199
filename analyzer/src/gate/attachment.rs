//! Policies that a change attaches to somebody, and that the repository does not hold: by their names alone.

use std::collections::BTreeSet;

use remit_catalog::AccessLevel;
use remit_source::{Attachment, Repository};

use super::{Growth, Input, Severity, document, review};

/// Each attachment that was not there before.
pub(super) fn growth(input: &Input<'_>) -> Vec<Growth> {
    let before: BTreeSet<_> = input.base.attachments.iter().map(|one| key(input.base, one)).collect();
    let new = input.head.attachments.iter().filter(|one| !before.contains(&key(input.head, one)));
    new.map(|one| told(input, one)).collect()
}

/// Who has what; where nobody is named, what attaches it stands for whom.
fn key(repository: &Repository, one: &Attachment) -> (String, String) {
    let holder = one.holder.as_ref().map(document::text);
    let whom = holder.unwrap_or_else(|| format!("{} {}", repository.path(one.file).display(), one.address));
    (whom, document::text(&one.policy))
}

fn told(input: &Input<'_>, one: &Attachment) -> Growth {
    let known = one.policy.known().map(|arn| arn.rsplit('/').next().unwrap_or(arn));
    let (level, written) = known.map_or((AccessLevel::Write, None), of_name);
    let is_wildcard = written.is_some() || known.is_some_and(|name| name.contains("FullAccess"));
    let to = one.holder.as_ref().map(|holder| format!(" to `{holder}`")).unwrap_or_default();
    Growth {
        rule: "new_privilege",
        severity: Severity::of_privilege(is_wildcard, level),
        file: input.head.path(one.file).to_string_lossy().into_owned(),
        line: one.line,
        address: one.address.clone(),
        identity: one
            .holder
            .as_ref()
            .and_then(|holder| holder.known()?.split_once(' '))
            .map(|(_, name)| name.to_owned()),
        how: format!("attaches `{}`{to}, whose statements are not in the repository", one.policy),
        names: Vec::new(),
        level,
        is_wildcard,
        review: review::date(input.head, one.file, one.span.clone(), None),
        written: written.map(str::to_owned).into_iter().collect(),
    }
}

/// How dangerous a policy of AWS is by its name, and the actions of the two that are known to have all. Nothing is harmless by its name
/// that is not only for reading.
fn of_name(name: &str) -> (AccessLevel, Option<&'static str>) {
    match name {
        "AdministratorAccess" => (AccessLevel::PermissionsManagement, Some("*")),
        "IAMFullAccess" => (AccessLevel::PermissionsManagement, Some("iam:*")),
        "PowerUserAccess" => (AccessLevel::PermissionsManagement, None),
        _ if name.contains("FullAccess") => (AccessLevel::PermissionsManagement, None),
        "SecurityAudit" | "ViewOnlyAccess" => (AccessLevel::Read, None),
        _ if name.ends_with("ReadOnlyAccess") || name.ends_with("ReadOnly") => (AccessLevel::Read, None),
        _ => (AccessLevel::Write, None),
    }
}
