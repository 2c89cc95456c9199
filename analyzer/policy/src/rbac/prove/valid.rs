//! Obligation 5: what the server takes. Sources: "Object Names and IDs" and "Using RBAC Authorization" in the Kubernetes
//! documentation; `pkg/apis/rbac/validation` in kubernetes/kubernetes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Claim, Violation};
use crate::rbac::granted::is_named;
use crate::rbac::manifest::{self, read_yaml, yaml};
use crate::rbac::object::{Binding, Object, ObjectName, Role, Subject};

/// etcd takes requests of 1.5 MiB at most, so the server can store no larger object.
const LARGEST: usize = 1_500_000;

/// More rules than this nobody reads, and the server walks them for each request.
const RULES: usize = 1_000;

pub(super) fn check(claim: &Claim, violations: &mut Vec<Violation>) -> usize {
    let mut invalid = |name: &ObjectName, what: String| {
        violations.push(Violation::Invalid { object: name.name.clone(), what });
    };
    let mut names = BTreeSet::new();
    for (binding, role) in &claim.new {
        if !names.insert(&binding.name) {
            invalid(&binding.name, "a name that another has".to_owned());
        }
        problems(claim, binding, role).into_iter().for_each(|what| invalid(&binding.name, what));
        read_back(&manifest::role(role), &Object::Role(role.clone()))
            .err()
            .into_iter()
            .for_each(|what| invalid(&role.name, what));
        read_back(&manifest::binding(binding), &Object::Binding(binding.clone()))
            .err()
            .into_iter()
            .for_each(|what| invalid(&binding.name, what));
    }
    for edited in &claim.edited {
        let old = claim.own.iter().map(|(binding, _)| binding).find(|old| old.name == edited.name);
        if old.is_none_or(|old| !is_taken_out(claim, old, edited)) {
            invalid(&edited.name, "a change beyond the subject's own place".to_owned());
        }
        read_back(&manifest::binding(edited), &Object::Binding(edited.clone()))
            .err()
            .into_iter()
            .for_each(|what| invalid(&edited.name, what));
    }
    for gone in &claim.gone {
        let old = claim.own.iter().map(|(binding, _)| binding).find(|old| old.name == gone.name);
        let is_alone = |old: &Binding| old.subjects.iter().all(|subject| is_named(subject, old, &claim.user));
        if !old.is_some_and(is_alone) {
            invalid(&gone.name, "others that it binds, too".to_owned());
        }
    }
    claim.new.len() * 2 + claim.edited.len()
}

/// Whether only the subject is missing in the edited binding.
fn is_taken_out(claim: &Claim, old: &Binding, edited: &Binding) -> bool {
    let others: Vec<&Subject> =
        old.subjects.iter().filter(|subject| !is_named(subject, old, &claim.user)).collect();
    edited.role == old.role
        && edited.subjects.iter().eq(others.iter().copied())
        && others.len() < old.subjects.len()
}

fn problems(claim: &Claim, binding: &Binding, role: &Role) -> Vec<String> {
    let mut problems = Vec::new();
    if !is_label(&role.name.name) || !is_label(&binding.name.name) {
        problems.push("a name that is no DNS label".to_owned());
    }
    if binding.role_name().as_ref() != Some(&role.name) {
        problems.push("a binding to another role".to_owned());
    }
    if !binding.subjects.iter().all(|subject| is_named(subject, binding, &claim.user))
        || binding.subjects.is_empty()
    {
        problems.push("another subject".to_owned());
    }
    if role.rules.is_empty() || role.rules.len() > RULES {
        problems.push(format!("{} rules", role.rules.len()));
    }
    for rule in &role.rules {
        let is_resource = !rule.groups.is_empty() && !rule.resources.is_empty() && rule.urls.is_empty();
        let is_url = !rule.urls.is_empty()
            && rule.groups.is_empty()
            && rule.resources.is_empty()
            && rule.names.is_empty()
            && role.name.namespace.is_none();
        if rule.verbs.is_empty() || !(is_resource || is_url) {
            problems.push("a rule that says nothing".to_owned());
        }
        problems.extend(nameless(claim, rule));
    }
    problems
}

/// Objects are created and collections deleted without a name, but for what a PATCH or PUT creates: there a name counts, and
/// may stay where it stands today.
fn nameless(claim: &Claim, rule: &crate::rbac::Rule) -> Option<String> {
    let is_collection = |resources: &[String]| resources.iter().any(|resource| !resource.contains('/'));
    let stands = |verb: &str| {
        let old = claim.own.iter().flat_map(|(_, role)| &role.rules);
        let old: Vec<_> = old.filter(|old| super::super::rule::has(&old.verbs, verb)).collect();
        // What several rules name today may stand in one.
        rule.names.iter().all(|name| old.iter().any(|old| old.names.contains(name)))
    };
    let has = |verb: &str| rule.verbs.iter().any(|own| own == verb);
    let is_wrong = rule.names.iter().any(|name| !name.is_empty())
        && is_collection(&rule.resources)
        && (has("deletecollection") || (has("create") && !stands("create")));
    is_wrong.then(|| "names with a verb whose requests have none".to_owned())
}

fn is_label(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(is_inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Whether a manifest reads back as the object that it was made of.
fn read_back(manifest: &Value, object: &Object) -> Result<(), String> {
    let text =
        yaml(std::slice::from_ref(manifest)).map_err(|error| format!("what YAML cannot say: {error}"))?;
    if text.len() > LARGEST {
        return Err(format!("{} bytes, more than {LARGEST}", text.len()));
    }
    let read = read_yaml(&text, "").map_err(|why| format!("a manifest that does not read back: {why}"))?;
    let is_same = match (read.as_slice(), object) {
        ([Object::Role(read)], Object::Role(role)) => {
            read.name == role.name && read.rules == role.rules && read.labels == role.labels
        }
        ([Object::Binding(read)], Object::Binding(binding)) => {
            read.name == binding.name
                && read.role == binding.role
                && read.subjects == binding.subjects
                && read.labels == binding.labels
                && read.annotations == binding.annotations
        }
        _ => false,
    };
    if is_same { Ok(()) } else { Err("a manifest that reads back differently".to_owned()) }
}
