//! Policies that a change attaches to somebody, and that the repository does not hold: by their names alone.

use std::collections::BTreeSet;

use remit_catalog::AccessLevel;
use remit_source::{Attachment, Repository};

use super::elsewhere::{self, changed};
use super::holders::identity;
use super::{Growth, Input, Objection, Severity, review, shown, unjudged};

/// Each attachment that was not there before.
pub(super) fn growth(input: &Input<'_>) -> Vec<Result<Growth, Box<Objection>>> {
    let before: BTreeSet<_> = input.base.attachments.iter().map(|one| key(input.base, one)).collect();
    let new = input.head.attachments.iter().filter(|one| !before.contains(&key(input.head, one)));
    new.flat_map(|one| match written_as(input.base, one) {
        Some(before) if is_less(one, before) => Vec::new(),
        before => {
            let mut told = told(input, one);
            if let Some(other) = before.and_then(|before| stands_for_other(one, before)) {
                let grown = told.iter_mut().filter_map(|one| one.as_mut().ok());
                grown.for_each(|growth| growth.how.push_str(&format!("; {other}")));
            }
            told
        }
    })
    .collect()
}

/// The attachment that is written as another, whatever expressions of it refer to.
fn written_as<'r>(repository: &'r Repository, one: &Attachment) -> Option<&'r Attachment> {
    let plain = |one: &Attachment| {
        (one.address.clone(), one.holder.as_ref().map(ToString::to_string), one.policy.to_string())
    };
    let wanted = plain(one);
    repository.attachments.iter().find(|other| plain(other) == wanted)
}

/// Whether an attachment says what it said, and is there less often.
fn is_less(one: &Attachment, before: &Attachment) -> bool {
    (&one.holder, &one.policy) == (&before.holder, &before.policy)
        && one.switches.is_less_than(&before.switches)
}

/// What expressions of an attachment stand for otherwise, in words.
fn stands_for_other(one: &Attachment, before: &Attachment) -> Option<String> {
    changed(&one.inputs, &before.inputs).or_else(|| changed(&one.switches, &before.switches))
}

/// What whoever has a policy from elsewhere has by it, and that it cannot be told where that is so.
pub(super) fn told(input: &Input<'_>, one: &Attachment) -> Vec<Result<Growth, Box<Objection>>> {
    let name = one.policy.known().and_then(of_provider);
    let growth = of(input, one, name);
    // What a policy grants that is not here is known of none that a customer may have made, and of few of the provider's.
    let is_judged = name.is_some() && (input.policy.forbidden.is_empty() || !growth.written.is_empty());
    let why = format!("the statements of `{}` are not in the repository", one.policy);
    let open = (!is_judged).then(|| Err(unjudged(input, one.file, one.line, &one.address, &why)));
    std::iter::once(Ok(growth)).chain(open).collect()
}

/// Who has what; where nobody is named, what attaches it stands for whom.
fn key(repository: &Repository, one: &Attachment) -> (String, String, String) {
    let holder = one.holder.as_ref().map(elsewhere::text);
    let whom = holder.unwrap_or_else(|| format!("{} {}", repository.path(one.file).display(), one.address));
    (whom, elsewhere::text(&one.policy), one.switches.mark())
}

/// The name of a policy of the provider: no customer can make one whose ARN has `aws` for an account, and a name alone, as templates
/// of SAM have it, means one of the provider.
fn of_provider(policy: &str) -> Option<&str> {
    let Some(arn) = policy.strip_prefix("arn:") else { return Some(policy) };
    let (_, name) = arn.split_once(":iam::aws:policy/")?;
    name.rsplit('/').next()
}

fn of(input: &Input<'_>, one: &Attachment, known: Option<&str>) -> Growth {
    let (level, written) = known.map_or((AccessLevel::Write, None), of_name);
    let is_wildcard = written.is_some() || known.is_some_and(|name| name.contains("FullAccess"));
    let to = one.holder.as_ref().map(|holder| format!(" to `{holder}`")).unwrap_or_default();
    Growth {
        rule: "new_privilege",
        severity: Severity::of_privilege(is_wildcard, level),
        file: shown(input.head, one.file),
        line: one.line,
        address: one.address.clone(),
        identity: one.holder.as_ref().and_then(identity).map(str::to_owned),
        how: format!("attaches `{}`{to}, whose statements are not in the repository", one.policy),
        names: Vec::new(),
        widened: Vec::new(),
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
