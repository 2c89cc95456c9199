//! What roles and bindings of Kubernetes grant that they did not grant before.

use remit_catalog::AccessLevel;
use remit_catalog::kubernetes::Target;
use remit_policy::rbac::{self, Bound, Permission, excess};
use remit_source::{Content, Place, Reason, Rule, Text, Tokens};

use super::elsewhere::{changed, texts};
use super::{Growth, Input, Objection, Severity, others_than, review, shown, unjudged};
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
    let mut grown: Vec<_> = unclear(input, head, base).into_iter().map(Err).collect();
    let is_told = !grown.is_empty();
    for source in rules {
        let new = rule(source);
        // What is not known is in nothing, not even where it happens to allow nothing as it is written.
        if is_open(source) {
            if is_there(base, source) {
                continue;
            }
            let why = "an expression or template says what a rule of it allows".to_owned();
            let why = match base.and_then(|base| stands_for_other(base, source)) {
                // What something else says of the whole place is told once.
                Some(_) if is_told => continue,
                Some(other) => format!("{why}, and {other}"),
                None => why,
            };
            grown.push(Err(unjudged(input, source.file, source.line, &head.address, &why)));
            continue;
        }
        let Some(request) = excess(&[Bound { namespace: None, rule: &new }], &old) else { continue };
        let (level, is_wildcard) = (worst(&new), has_all(&new));
        grown.push(Ok(Growth {
            rule: "new_privilege",
            severity: Severity::of_privilege(is_wildcard, level),
            file: shown(input.head, source.file),
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
    let file = shown(input.head, head.file);
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
    let unclear = unclear(input, head, base).into_iter().map(Err);
    let grown = bound.subjects.iter().filter(|one| !is_old(one)).map(|subject| {
        let namespace =
            subject.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let whom = format!("{namespace}{}", subject.name);
        let (level, is_wildcard, of_role) = match &granted {
            Some(role) => {
                let level = worst_level(role.rules.iter().map(worst));
                let least = if role.is_open { AccessLevel::Write } else { AccessLevel::Read };
                let of_role = if role.is_open { ", of which not all rules are known" } else { "" };
                (level.unwrap_or(least), role.rules.iter().any(has_all), of_role)
            }
            None if role == "ClusterRole/cluster-admin" => (AccessLevel::PermissionsManagement, true, ""),
            None => (AccessLevel::Write, false, ", whose rules are not in the repository"),
        };
        let names = granted.iter().flat_map(|role| &role.rules).flat_map(permissions).collect();
        let is_open = granted.as_ref().is_some_and(|role| role.is_open);
        let severity = Severity::of_privilege(is_wildcard, level);
        Ok(Growth {
            rule: "new_privilege",
            severity: if is_open { Severity::Warning } else { severity },
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
    });
    unclear.chain(grown).collect()
}

/// That it cannot be told what a place grants, where templates or other roles decide it and it was written otherwise before.
fn unclear(input: &Input<'_>, head: &Place, base: Option<&Place>) -> Option<Box<Objection>> {
    let is_new = |why: &&Reason| {
        base.is_some_and(|base| !base.reasons.contains(why))
            && matches!(why, Reason::Patched(_) | Reason::Repeated(_))
    };
    if let Some(why) = base.and_then(|base| others_than(input, head, base)) {
        return Some(why);
    }
    let is_other = !head.context.is_empty() && base.is_none_or(|base| base.context != head.context);
    if !is_other && !head.reasons.iter().any(|why| is_new(&why)) {
        return None;
    }
    let deciding = |why: &&Reason| {
        is_new(why)
            || matches!(why, Reason::Template | Reason::Dynamic | Reason::Repeated(_) | Reason::Aggregated)
    };
    let mut why: Vec<String> = head.reasons.iter().filter(deciding).map(ToString::to_string).collect();
    if head.context.contains("aggregate-to-") {
        why.push("its labels make its rules those of other roles, too".to_owned());
    }
    if head.context.contains("labels = ") {
        why.push("labels that cannot be read may make its rules those of other roles, too".to_owned());
    }
    Some(unjudged(input, head.file, head.line, &head.address, &why.join("; ")))
}

/// Whether it cannot be told what a rule allows.
fn is_open(source: &Rule) -> bool {
    let is_known = |list: &Tokens| list.said().into_iter().all(|text| text.known().is_some());
    // What says a whole list may be followed to that list.
    let is_followed = |why: &Reason| {
        source.lists().into_iter().any(|list| list.reason.as_ref() == Some(why) && is_known(list))
    };
    let is_it =
        |why: &Reason| matches!(why, Reason::Expression(_) | Reason::Unreadable(_)) && !is_followed(why);
    !source.lists().into_iter().all(is_known) || source.reasons.iter().any(is_it)
}

/// Whether a place had a rule of which the same is not known.
fn is_there(base: Option<&Place>, source: &Rule) -> bool {
    match base.map(|base| &base.content) {
        Some(Content::Rules(old)) => {
            let is_same = |old: &Rule| (&old.reasons, &old.inputs) == (&source.reasons, &source.inputs);
            old.iter().any(|old| is_same(old) && rule(old) == rule(source))
        }
        _ => false,
    }
}

/// Of a rule that is written as before, what its expressions stand for otherwise, in words.
fn stands_for_other(base: &Place, source: &Rule) -> Option<String> {
    let Content::Rules(old) = &base.content else { return None };
    let plain = |one: &Rule| {
        let lists =
            one.lists().map(|list| list.items.iter().map(|token| token.text.clone()).collect::<Vec<_>>());
        (lists, one.reasons.clone())
    };
    let before = old.iter().find(|old| plain(old) == plain(source))?;
    changed(&source.inputs, &before.inputs)
}

/// A role that a binding names.
struct Named {
    rules: Vec<rbac::Rule>,
    /// Whether it has more than these: those of other roles, or what a template adds.
    is_open: bool,
}

/// The role that a binding names, where the repository has it.
fn role_of(input: &Input<'_>, binding: &Place, role: &str) -> Option<Named> {
    // A role of another namespace may have the same name. Where either does not say its own, they may be together.
    let own = binding.names.namespace.as_ref().and_then(Text::known);
    let is_elsewhere = |place: &Place| {
        let its = place.names.namespace.as_ref().and_then(Text::known);
        role.starts_with("Role/") && own.zip(its).is_some_and(|(own, its)| own != its)
    };
    let place = input.head.places.iter().filter(|place| !is_elsewhere(place)).find(|place| {
        let name = place.names.name.as_ref().map(ToString::to_string).unwrap_or_default();
        matches!(place.content, Content::Rules(_)) && format!("{}/{name}", place.kind()) == role
    })?;
    match &place.content {
        Content::Rules(rules) => Some(Named {
            rules: rules.iter().map(rule).collect(),
            is_open: place
                .reasons
                .iter()
                .any(|why| matches!(why, Reason::Aggregated | Reason::Template | Reason::Dynamic))
                || rules.iter().any(is_open),
        }),
        _ => None,
    }
}

/// A rule, in which what is not known stands for itself.
pub(super) fn rule(source: &Rule) -> rbac::Rule {
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
