//! A second authorizer, written to be read, against which the other is held. It shares only the objects' types.

use remit_catalog::kubernetes::{Request, Target};

use super::{Binding, Object, Role, RoleRef, Rule, Subject, User};

/// Whether the user may.
pub(super) fn allows(objects: &[Object], user: &User, request: &Request) -> bool {
    objects.iter().any(|object| match object {
        Object::Binding(binding) => {
            let namespace = &binding.name.namespace;
            let is_here = match (namespace, &request.target) {
                (None, _) => true,
                (Some(namespace), Target::Resource(asked)) => *namespace == asked.namespace,
                (Some(_), Target::Url(_)) => false,
            };
            is_here
                && binding.subjects.iter().any(|subject| is_subject(subject, binding, user))
                && objects.iter().any(|object| match object {
                    Object::Role(role) => {
                        is_role(role, binding) && role.rules.iter().any(|rule| covers(rule, request))
                    }
                    Object::Binding(_) => false,
                })
        }
        Object::Role(_) => false,
    })
}

fn is_subject(subject: &Subject, binding: &Binding, user: &User) -> bool {
    match subject {
        Subject::User(name) => user.name == *name,
        Subject::Group(name) => user.groups.iter().any(|group| group == name),
        Subject::ServiceAccount { namespace, name } => {
            match namespace.as_deref().or(binding.name.namespace.as_deref()) {
                Some(namespace) => user.name == format!("system:serviceaccount:{namespace}:{name}"),
                None => false,
            }
        }
    }
}

fn is_role(role: &Role, binding: &Binding) -> bool {
    match &binding.role {
        RoleRef::ClusterRole(name) => role.name.name == *name && role.name.namespace.is_none(),
        RoleRef::Role(name) => {
            role.name.name == *name
                && role.name.namespace.is_some()
                && role.name.namespace == binding.name.namespace
        }
    }
}

fn covers(rule: &Rule, request: &Request) -> bool {
    let among = |list: &[String], item: &str| list.iter().any(|entry| entry == "*" || entry == item);
    if !among(&rule.verbs, &request.verb) {
        return false;
    }
    match &request.target {
        Target::Url(url) => rule.urls.iter().any(|rule| {
            let end = rule.trim_end_matches('*');
            url == rule || (end.len() < rule.len() && url.starts_with(end))
        }),
        Target::Resource(asked) => {
            let whole = match asked.subresource.as_str() {
                "" => asked.resource.clone(),
                subresource => format!("{}/{subresource}", asked.resource),
            };
            let anywhere = format!("*/{}", asked.subresource);
            let is_anywhere = |entry: &str| !asked.subresource.is_empty() && entry == anywhere;
            among(&rule.groups, &asked.group)
                && rule.resources.iter().any(|entry| entry == "*" || *entry == whole || is_anywhere(entry))
                && (rule.names.is_empty() || rule.names.contains(&asked.name))
        }
    }
}
