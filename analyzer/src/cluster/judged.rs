//! Granted permissions of a subject with their verdicts.

use remit_policy::Verdict;
use remit_policy::rbac::{On, Permission};

use super::{AnalysedSubject, level};
use crate::judged::Judged;

/// What API groups are called where services of all providers stand together.
const CORE: &str = "core";
const PATHS: &str = "nonResourceURLs";

/// The verdict of what a proposal takes away of a permission that is used.
const REST: &Verdict = &Verdict::Unused;

/// The permissions of a subject. What goes of a wildcard that is used counts as one more: otherwise whoever may do
/// everything, and does one thing, would have nothing that is unused.
pub(crate) fn judged(subject: &AnalysedSubject) -> impl Iterator<Item = Judged<'_>> {
    let verdicts = subject.judgement.verdicts.iter();
    let rest = going(subject).filter(move |permission| is_used_wildcard(subject, permission));
    verdicts
        .map(|(permission, verdict)| one(permission, permission.to_string(), verdict))
        .chain(rest.map(|permission| one(permission, format!("{permission} beyond what stays"), REST)))
}

/// What a subject's proposal removes of what counts as unused, as a whole or in part. What is used and goes elsewhere does not count.
pub(crate) fn removed(subject: &AnalysedSubject) -> impl Iterator<Item = Judged<'_>> {
    let unused = going(subject).filter(move |permission| {
        subject.judgement.verdicts.get(permission) == Some(&Verdict::Unused)
            || is_used_wildcard(subject, permission)
    });
    unused.map(|permission| one(permission, permission.to_string(), REST))
}

/// The permissions that a subject's proposal removes, as a whole or in part.
fn going(subject: &AnalysedSubject) -> impl Iterator<Item = &Permission> {
    let removed = subject.outcome.changing().into_iter().flat_map(|proven| &proven.proposal().removed);
    removed.map(|removed| &removed.permission)
}

fn is_used_wildcard(subject: &AnalysedSubject, permission: &Permission) -> bool {
    permission.is_wild() && subject.judgement.verdicts.get(permission) == Some(&Verdict::Used)
}

fn one<'a>(permission: &Permission, name: String, verdict: &'a Verdict) -> Judged<'a> {
    let (service, resource) = match &permission.on {
        On::Url(_) => (PATHS, ""),
        On::Resource { group, resource, .. } if group.is_empty() => (CORE, resource.as_str()),
        On::Resource { group, resource, .. } => (group.as_str(), resource.as_str()),
    };
    let group = if service == CORE { "" } else { service };
    Judged { name, service: service.to_owned(), level: level(&permission.verb, group, resource), verdict }
}
