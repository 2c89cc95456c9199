//! One rule of an audit policy, and which requests it matches.

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};

use super::{Hidden, Level, Stage};
use crate::rbac::User;
use crate::rbac::rule::is_url;

/// A rule. Of each list, none means any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuditRule {
    pub(super) level: Level,
    pub(super) users: Vec<String>,
    pub(super) groups: Vec<String>,
    pub(super) verbs: Vec<String>,
    /// The empty text is what is in no namespace.
    pub(super) namespaces: Vec<String>,
    pub(super) resources: Vec<Resources>,
    pub(super) urls: Vec<String>,
    pub(super) omitted: Vec<Stage>,
    /// Whether it stands for what is left out between the server and who gets its log.
    pub(super) is_delivery: bool,
}

/// Resources of one API group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resources {
    /// The group, of which `*` is none; None is every group, which only profiles can say.
    pub(super) group: Option<String>,
    /// `pods`, `pods/log`, `pods/*`, `*/log` or `*`; none is all of the group.
    pub(super) resources: Vec<String>,
    /// Names; they count with resources only.
    pub(super) names: Vec<String>,
}

impl AuditRule {
    pub(super) fn matches(&self, user: &User, request: &Request) -> bool {
        let is_any = |list: &[String], item: &String| list.is_empty() || list.contains(item);
        if !is_any(&self.users, &user.name)
            || !(self.groups.is_empty() || user.groups.iter().any(|group| self.groups.contains(group)))
            || !is_any(&self.verbs, &request.verb)
        {
            return false;
        }
        let is_of_resources = !self.namespaces.is_empty() || !self.resources.is_empty();
        match &request.target {
            Target::Resource(asked) if is_of_resources => {
                is_any(&self.namespaces, &asked.namespace)
                    && (self.resources.is_empty() || self.resources.iter().any(|one| one.matches(asked)))
            }
            Target::Resource(_) => self.urls.is_empty(),
            Target::Url(_) if is_of_resources => false,
            Target::Url(url) => self.urls.is_empty() || self.urls.iter().any(|rule| is_url(rule, url)),
        }
    }

    /// Why it hides what it matches, if it does.
    pub(super) fn hides(&self, is_long: bool) -> Option<Hidden> {
        let is_omitted = |stage| self.omitted.contains(&stage);
        if self.level == Level::None {
            return Some(if self.is_delivery { Hidden::Undelivered } else { Hidden::Unlogged });
        }
        let is_unfinished =
            is_omitted(Stage::ResponseComplete) && (!is_long || is_omitted(Stage::ResponseStarted));
        is_unfinished.then_some(Hidden::Unfinished)
    }
}

impl Resources {
    fn matches(&self, asked: &ResourceRequest) -> bool {
        self.group.as_ref().is_none_or(|group| *group == asked.group)
            && (self.resources.is_empty()
                || (self.names.is_empty() || self.names.contains(&asked.name))
                    && self.resources.iter().any(|entry| is_resource(entry, asked)))
    }
}

fn is_resource(entry: &str, asked: &ResourceRequest) -> bool {
    if entry == "*" || entry.strip_suffix("/*") == Some(asked.resource.as_str()) {
        return true;
    }
    if asked.subresource.is_empty() {
        return entry == asked.resource;
    }
    entry.strip_prefix("*/") == Some(asked.subresource.as_str())
        || entry.split_once('/') == Some((asked.resource.as_str(), asked.subresource.as_str()))
}
