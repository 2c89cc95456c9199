//! Rules of roles, and which requests one matches.

use remit_catalog::kubernetes::{Request, Target};

/// What stands for everything in a list of a rule.
pub(super) const ALL: &str = "*";

/// What stands for every resource before a subresource.
pub(super) const ANY_PARENT: &str = "*/";

/// One rule of a role. Either resources or paths are named; a list that is empty names nothing, but for `names`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rule {
    /// Verbs; `*` is every verb.
    pub verbs: Vec<String>,
    /// API groups; empty text is the core, `*` every group.
    pub groups: Vec<String>,
    /// Resources: `pods`, `pods/log`, `*/scale`, or `*`, which is every resource with all its subresources.
    pub resources: Vec<String>,
    /// Names; none is every name and no name.
    pub names: Vec<String>,
    /// Paths that are no resource's; a `*` at the end is whatever follows. They count in bindings of the whole cluster
    /// only.
    pub urls: Vec<String>,
}

impl Rule {
    /// Whether it allows the request, for whoever it is bound to.
    pub fn matches(&self, request: &Request) -> bool {
        has(&self.verbs, &request.verb)
            && match &request.target {
                Target::Resource(asked) => {
                    has(&self.groups, &asked.group)
                        && self.has_resource(&asked.resource, &asked.subresource)
                        && self.has_name(&asked.name)
                }
                Target::Url(url) => self.urls.iter().any(|rule| is_url(rule, url)),
            }
    }

    pub(super) fn has_resource(&self, resource: &str, subresource: &str) -> bool {
        self.resources.iter().any(|rule| is_resource(rule, resource, subresource))
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|rule| rule == name)
    }
}

/// Whether a list of verbs or groups has one.
pub(super) fn has(list: &[String], item: &str) -> bool {
    list.iter().any(|entry| entry == ALL || entry == item)
}

/// Whether a rule's resource is the requested one. `pods/*` is no pattern.
pub(super) fn is_resource(rule: &str, resource: &str, subresource: &str) -> bool {
    if rule == ALL {
        return true;
    }
    if subresource.is_empty() {
        return rule == resource;
    }
    rule.strip_prefix(ANY_PARENT) == Some(subresource)
        || rule.strip_prefix(resource).and_then(|rest| rest.strip_prefix('/')) == Some(subresource)
}

/// Whether a rule's path is the requested one.
pub(super) fn is_url(rule: &str, url: &str) -> bool {
    rule == url || (rule.ends_with('*') && url.starts_with(rule.trim_end_matches('*')))
}
