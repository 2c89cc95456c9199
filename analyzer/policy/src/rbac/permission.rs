//! The smallest parts of rules, of which each is granted, judged and kept by itself.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use remit_catalog::kubernetes::{Request, Target};

use super::rule::{ALL, ANY_PARENT, Rule, is_resource, is_url};

/// The name of what has more names than the ledger keeps apart. No object can be called so.
pub(super) const MANY: &str = "*";

/// One verb on one resource or path, as a rule writes them, where it is bound.
///
/// What is concluded of a subject names each of its permissions many times over, so copies share what they say.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission(Arc<Detail>);

/// What a permission says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Detail {
    /// The namespace of the binding; none of one of the whole cluster.
    pub namespace: Option<String>,
    /// What the verb is for.
    pub on: On,
    /// The verb; `*` is every verb.
    pub verb: String,
}

/// What a verb is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum On {
    /// A resource.
    Resource {
        /// The API group; empty text is the core, `*` every group.
        group: String,
        /// `pods`, `pods/log`, `*/scale` or `*`.
        resource: String,
        /// The only name that counts; none is every name and no name.
        name: Option<String>,
    },
    /// A path that is no resource's; a `*` at the end is whatever follows.
    Url(String),
}

impl Deref for Permission {
    type Target = Detail;

    fn deref(&self) -> &Detail {
        &self.0
    }
}

impl Permission {
    /// A verb on this, in a namespace or, where there is none, in the whole cluster.
    pub fn new(namespace: Option<String>, on: On, verb: impl Into<String>) -> Self {
        Self(Arc::new(Detail { namespace, on, verb: verb.into() }))
    }

    /// What it says, to take apart.
    pub fn into_detail(self) -> Detail {
        Arc::unwrap_or_clone(self.0)
    }

    /// The same in this namespace or, where there is none, in the whole cluster.
    pub fn within(&self, namespace: Option<String>) -> Self {
        Self::new(namespace, self.on.clone(), self.verb.clone())
    }

    /// The permissions of a rule that is bound there. Paths in bindings of a namespace allow nothing.
    pub fn of_rule(namespace: Option<&str>, rule: &Rule) -> Vec<Self> {
        let mut all = Vec::new();
        let names: Vec<Option<&String>> =
            if rule.names.is_empty() { vec![None] } else { rule.names.iter().map(Some).collect() };
        for verb in &rule.verbs {
            let mut add = |on| all.push(Self::new(namespace.map(str::to_owned), on, verb));
            for group in &rule.groups {
                for resource in &rule.resources {
                    for name in &names {
                        let (group, resource) = (group.clone(), resource.clone());
                        add(On::Resource { group, resource, name: name.cloned() });
                    }
                }
            }
            if namespace.is_none() {
                rule.urls.iter().for_each(|url| add(On::Url(url.clone())));
            }
        }
        all
    }

    /// What a request asks for, and no more: of one without a name, though, that is every name, since no rule says less.
    pub fn of_request(request: &Request) -> Self {
        let on = match &request.target {
            Target::Url(url) => On::Url(url.clone()),
            Target::Resource(asked) => On::Resource {
                group: asked.group.clone(),
                resource: match asked.subresource.as_str() {
                    "" => asked.resource.clone(),
                    subresource => format!("{}/{subresource}", asked.resource),
                },
                name: Some(asked.name.clone()).filter(|name| !name.is_empty() && name != MANY),
            },
        };
        let namespace = request.namespace().filter(|namespace| *namespace != MANY);
        Self::new(namespace.map(str::to_owned), on, &request.verb)
    }

    /// The same in all namespaces and for all names: what subjects have in common who do the same.
    pub fn anywhere(&self) -> Self {
        let on = match &self.on {
            On::Url(url) => On::Url(url.clone()),
            On::Resource { group, resource, .. } => {
                On::Resource { group: group.clone(), resource: resource.clone(), name: None }
            }
        };
        Self::new(None, on, &self.verb)
    }

    /// Whether it is for more than one verb, resource or path.
    pub fn is_wild(&self) -> bool {
        self.verb == ALL
            || match &self.on {
                On::Url(url) => url.ends_with(ALL),
                On::Resource { group, resource, .. } => group == ALL || resource.starts_with(ALL),
            }
    }

    /// A rule that says it.
    pub fn rule(&self) -> Rule {
        let verbs = vec![self.verb.clone()];
        match &self.on {
            On::Url(url) => Rule { verbs, urls: vec![url.clone()], ..Rule::default() },
            On::Resource { group, resource, name } => Rule {
                verbs,
                groups: vec![group.clone()],
                resources: vec![resource.clone()],
                names: name.iter().cloned().collect(),
                urls: Vec::new(),
            },
        }
    }

    /// Whether it allows the request.
    pub fn matches(&self, request: &Request) -> bool {
        let is_in = |own: &str| request.namespace().is_some_and(|asked| asked == own || asked == MANY);
        let is_here = self.namespace.as_deref().is_none_or(is_in);
        is_here
            && is_text(&self.verb, &request.verb)
            && match (&self.on, &request.target) {
                (On::Url(rule), Target::Url(url)) => is_url(rule, url),
                (On::Resource { group, resource, name }, Target::Resource(asked)) => {
                    is_text(group, &asked.group)
                        && is_resource(resource, &asked.resource, &asked.subresource)
                        && name.as_ref().is_none_or(|name| *name == asked.name || asked.name == MANY)
                }
                _ => false,
            }
    }

    /// Whether it allows all that the other allows.
    pub fn covers(&self, other: &Self) -> bool {
        let is_on = match (&self.on, &other.on) {
            (On::Url(own), On::Url(other)) => is_url(own, other),
            (
                On::Resource { group, resource, name },
                On::Resource { group: other_group, resource: other_resource, name: other_name },
            ) => {
                is_text(group, other_group)
                    && (is_text(resource, other_resource) || is_child(resource, other_resource))
                    && (name.is_none() || name == other_name)
            }
            _ => false,
        };
        is_on
            && is_text(&self.verb, &other.verb)
            && (self.namespace.is_none() || self.namespace == other.namespace)
    }

    /// What both allow, if anything.
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let on = match (&self.on, &other.on) {
            (On::Url(a), On::Url(b)) if is_url(a, b) => On::Url(b.clone()),
            (On::Url(a), On::Url(b)) if is_url(b, a) => On::Url(a.clone()),
            (
                On::Resource { group, resource, name },
                On::Resource { group: other_group, resource: other_resource, name: other_name },
            ) => On::Resource {
                group: either(group, other_group)?,
                resource: resource_meet(resource, other_resource)?,
                name: optional(name.as_ref(), other_name.as_ref())?,
            },
            _ => return None,
        };
        let namespace = optional(self.namespace.as_ref(), other.namespace.as_ref())?;
        let both = Detail { namespace, on, verb: either(&self.verb, &other.verb)? };
        let known = [self, other].into_iter().find(|one| *one.0 == both);
        Some(known.cloned().unwrap_or_else(|| Self(Arc::new(both))))
    }

    /// Whether no request ever is what it says: deleting a collection carries no name, and there is no pattern for all
    /// subresources of one resource.
    pub fn is_inert(&self) -> bool {
        match &self.on {
            On::Url(_) => false,
            On::Resource { resource, name, .. } => {
                resource.ends_with("/*")
                    || (self.verb == "deletecollection" && name.as_ref().is_some_and(|name| !name.is_empty()))
            }
        }
    }

    /// The group and the resource, if it is for one.
    pub fn resource(&self) -> Option<(&str, &str)> {
        match &self.on {
            On::Resource { group, resource, .. } => Some((group, resource)),
            On::Url(_) => None,
        }
    }

    /// The only name that counts, if there is one.
    pub fn name(&self) -> Option<&str> {
        match &self.on {
            On::Resource { name, .. } => name.as_deref(),
            On::Url(_) => None,
        }
    }
}

/// A resource without its subresource.
pub fn without_subresource(resource: &str) -> &str {
    resource.split_once('/').map_or(resource, |(parent, _)| parent)
}

pub(super) fn is_text(rule: &str, asked: &str) -> bool {
    rule == ALL || rule == asked
}

/// What two texts of rules both name.
fn either(a: &str, b: &str) -> Option<String> {
    match (a, b) {
        (ALL, other) | (other, ALL) => Some(other.to_owned()),
        _ => (a == b).then(|| a.to_owned()),
    }
}

/// The narrower of two, where none is all.
fn optional(a: Option<&String>, b: Option<&String>) -> Option<Option<String>> {
    match (a, b) {
        (None, other) | (other, None) => Some(other.cloned()),
        (Some(a), Some(b)) => (a == b).then(|| Some(a.clone())),
    }
}

fn resource_meet(a: &str, b: &str) -> Option<String> {
    if is_child(a, b) {
        return Some(b.to_owned());
    }
    if is_child(b, a) { Some(a.to_owned()) } else { either(a, b) }
}

/// Whether one is a subresource everywhere, and the other that of one resource.
pub(super) fn is_child(everywhere: &str, one: &str) -> bool {
    everywhere
        .strip_prefix(ANY_PARENT)
        .is_some_and(|child| one.split_once('/').is_some_and(|(_, other)| other == child))
}

/// As `kubectl` names things: `get deployments.apps/scale web in shop`.
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.on {
            On::Url(url) => write!(f, "{} {url}", self.verb)?,
            On::Resource { group, resource, name } => {
                let (kind, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                write!(f, "{} {kind}", self.verb)?;
                if !group.is_empty() {
                    write!(f, ".{group}")?;
                }
                if !subresource.is_empty() {
                    write!(f, "/{subresource}")?;
                }
                if let Some(name) = name {
                    write!(f, " {name}")?;
                }
            }
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in {namespace}"),
            None => Ok(()),
        }
    }
}
