//! What roles and bindings of Kubernetes grant that they did not grant before.

use remit_catalog::AccessLevel;
use remit_catalog::kubernetes::Target;
use remit_policy::rbac::{self, Bound, Permission, excess};
use remit_source::{Content, Place, Rule, Text, Tokens};

use super::{Growth, Input, Objection, Severity, document, review};
use crate::cluster::level;
use crate::finding::worst_level;

/// Each rule that allows more.
pub(super) fn growth_of_role(
    input: &Input<'_>,
    head: &Place,
    base: Option<&Place>,
) -> Vec<Result<Growth, Box<Objection>>> {
    let Content::Rules(rules) = &head.content else { return Vec::new() };
    let old: Vec<rbac::Rule> = match base.map(|base| &base.content) {
        Some(Content::Rules(old)) => old.iter().map(rule).collect(),
        _ => Vec::new(),
    };
    let old: Vec<Bound<'_>> = old.iter().map(|rule| Bound { namespace: None, rule }).collect();
    let mut grown = Vec::new();
    for source in rules {
        let file = input.head.path(source.file).to_string_lossy().into_owned();
        let new = rule(source);
        let Some(request) = excess(&[Bound { namespace: None, rule: &new }], &old) else { continue };
        if source.known().is_none() {
            let why = "an expression or template says what a rule of it allows";
            grown.push(Err(Box::new(Objection::unjudged(&file, source.line, &head.address, why))));
            continue;
        }
        let (level, is_wildcard) = (worst(&new), has_all(&new));
        grown.push(Ok(Growth {
            rule: "new_privilege",
            severity: Severity::of_privilege(is_wildcard, level),
            file,
            line: source.line,
            address: head.address.clone(),
            identity: None,
            how: format!("allows `{}`, which it did not before", example(&request)),
            names: vec![Permission::of_request(&request).to_string()],
            widened: Vec::new(),
            level,
            is_wildcard,
            review: review::date(input.head, head.file, head.span.clone(), None),
            written: Vec::new(),
        }));
    }
    grown
}

/// Each subject that is newly bound.
pub(super) fn growth_of_binding(
    input: &Input<'_>,
    head: &Place,
    base: Option<&Place>,
) -> Vec<Result<Growth, Box<Objection>>> {
    let Content::Binding(bound) = &head.content else { return Vec::new() };
    let file = input.head.path(head.file).to_string_lossy().into_owned();
    let old = match base.map(|base| &base.content) {
        Some(Content::Binding(old)) if old.role == bound.role && old.role_kind == bound.role_kind => {
            old.subjects.as_slice()
        }
        _ => &[],
    };
    let is_old = |one: &remit_source::SubjectPlace| {
        old.iter().any(|old| (&old.kind, &old.name, &old.namespace) == (&one.kind, &one.name, &one.namespace))
    };
    let role = format!("{}/{}", bound.role_kind, bound.role);
    let granted = role_of(input, head, &role);
    bound
        .subjects
        .iter()
        .filter(|one| !is_old(one))
        .map(|subject| {
            let namespace =
                subject.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
            let whom = format!("{namespace}{}", subject.name);
            let (level, is_wildcard, of_role) = match &granted {
                Some(rules) => {
                    let level = worst_level(rules.iter().map(worst));
                    (level.unwrap_or(AccessLevel::Read), rules.iter().any(has_all), "")
                }
                None if role == "ClusterRole/cluster-admin" => (AccessLevel::PermissionsManagement, true, ""),
                None => (AccessLevel::Write, false, ", whose rules are not in the repository"),
            };
            let names = granted.iter().flatten().flat_map(permissions).collect();
            Ok(Growth {
                rule: "new_privilege",
                severity: Severity::of_privilege(is_wildcard, level),
                file: file.clone(),
                line: head.line,
                address: head.address.clone(),
                identity: Some(whom.clone()),
                how: format!("binds `{whom}` ({}) to `{role}`{of_role}", subject.kind),
                names,
                widened: Vec::new(),
                level,
                is_wildcard,
                review: review::date(input.head, head.file, head.span.clone(), None),
                written: Vec::new(),
            })
        })
        .collect()
}

/// The rules of the role that a binding names, where the repository has it.
fn role_of(input: &Input<'_>, binding: &Place, role: &str) -> Option<Vec<rbac::Rule>> {
    // A role of another namespace may have the same name. Where either does not say its own, they may be together.
    let own = binding.names.namespace.as_ref().and_then(Text::known);
    let is_elsewhere = |place: &Place| {
        let its = place.names.namespace.as_ref().and_then(Text::known);
        role.starts_with("Role/") && own.zip(its).is_some_and(|(own, its)| own != its)
    };
    let place = input.head.places.iter().filter(|place| !is_elsewhere(place)).find(|place| {
        let name = place.names.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let kind = place.address.split('/').next().unwrap_or_default();
        matches!(place.content, Content::Rules(_)) && format!("{kind}/{name}") == role
    })?;
    match &place.content {
        Content::Rules(rules) => Some(rules.iter().map(rule).collect()),
        _ => None,
    }
}

/// A rule, in which what is not known stands for itself.
pub(super) fn rule(source: &Rule) -> rbac::Rule {
    let texts = |tokens: &Tokens| tokens.items.iter().map(|token| document::text(&token.text)).collect();
    rbac::Rule {
        verbs: texts(&source.verbs),
        groups: texts(&source.groups),
        resources: texts(&source.resources),
        names: texts(&source.names),
        urls: texts(&source.urls),
    }
}

fn has_all(rule: &rbac::Rule) -> bool {
    [&rule.verbs, &rule.groups, &rule.resources].into_iter().any(|list| list.iter().any(|one| one == "*"))
}

/// The most dangerous level of a rule.
fn worst(rule: &rbac::Rule) -> AccessLevel {
    if rule.verbs.iter().chain(&rule.resources).any(|one| one == "*") {
        return AccessLevel::PermissionsManagement;
    }
    let groups = || rule.groups.iter().map(String::as_str);
    let levels =
        rule.verbs.iter().flat_map(|verb| groups().map(move |group| (verb, group))).flat_map(
            |(verb, group)| rule.resources.iter().map(move |resource| level(verb, group, resource)),
        );
    worst_level(levels).unwrap_or(AccessLevel::Read)
}

/// What a rule allows, in words.
fn permissions(rule: &rbac::Rule) -> Vec<String> {
    let resources = || rule.resources.iter().chain(&rule.urls);
    rule.verbs.iter().flat_map(|verb| resources().map(move |resource| format!("{verb} {resource}"))).collect()
}

fn example(request: &remit_catalog::kubernetes::Request) -> String {
    let name = match &request.target {
        Target::Resource(asked) if !asked.name.is_empty() => format!(" {}", asked.name),
        _ => String::new(),
    };
    format!("{}{name}", Permission::of_request(request))
}
