//! What of a permission an audit policy hides.
//!
//! The policy compares texts for equality, or takes all; so requests that differ only in texts which it does not name are
//! all shown or all hidden, and one such text, beside those that it names, stands for all others.

use std::collections::BTreeSet;

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};

use super::audit_policy::{AuditPolicy, Texts, Visibility};
use super::granted::Granted;
use super::impersonators::{ANOTHER, Impersonators, NODE, NODES, with_group, with_groups};
use super::permission::{On, Permission};
use super::rule::{ALL, ANY_PARENT, is_url};
use super::unasked::VERBS;
use super::user::User;

/// Verbs of requests for paths: methods of HTTP.
const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];

/// Subresources that Kubernetes serves, so that a part of all resources can be written where it is one of these.
pub(super) const SUBRESOURCES: [&str; 14] = [
    "approval",
    "attach",
    "binding",
    "ephemeralcontainers",
    "eviction",
    "exec",
    "finalize",
    "log",
    "portforward",
    "proxy",
    "resize",
    "scale",
    "status",
    "token",
];

/// An audit policy, asked about one subject.
pub(super) struct Hiding<'a> {
    audit: &'a AuditPolicy,
    texts: Texts,
    /// Those who may make the subject's requests: the subject, who was seen to impersonate it, and who may, since one whose
    /// requests are hidden is never seen. The policy looks at who was authenticated.
    users: Vec<User>,
}

impl<'a> Hiding<'a> {
    pub(super) fn new(audit: &'a AuditPolicy, granted: &Granted<'_>, seen: &BTreeSet<String>) -> Self {
        let texts = audit.texts();
        let named =
            |names: &BTreeSet<String>| names.iter().map(|name| User::named(name, [])).collect::<Vec<_>>();
        let own = match granted.user.as_group() {
            Some(group) => Impersonators::in_group(group).members(&texts),
            None => vec![granted.user.clone()],
        };
        let own: Vec<User> = own.into_iter().chain(named(seen)).collect();
        let others = named(&granted.impersonators.users);
        // Of whom but a ServiceAccount it is not known what other groups he may have, and the policy may look at them.
        let open = |users: &[User]| {
            users.iter().filter(|user| user.account().is_none()).cloned().collect::<Vec<_>>()
        };
        let (open_own, open_others) = (open(&own), open(&others));
        let own_groups = open_own.iter().flat_map(|user| {
            let may_have = |group: &&String| *group != NODES || user.name.starts_with(NODE);
            let more = texts.groups.iter().filter(may_have).filter(|group| !user.groups.contains(group));
            more.map(|group| with_group(user, group))
        });
        let others_groups = open_others.iter().flat_map(|user| with_groups(user, &texts));
        let mut users: Vec<User> = Vec::new();
        let members = granted.impersonators.members(&texts);
        let all = own.iter().chain(&others).cloned().chain(own_groups).chain(others_groups).chain(members);
        // Whom the policy does not tell apart is asked about once: there may be many who may impersonate.
        for user in all.map(|user| as_told(user, &texts)) {
            if !users.contains(&user) {
                users.push(user);
            }
        }
        Self { audit, texts, users }
    }

    fn hides(&self, request: &Request) -> Option<&'static str> {
        self.users.iter().find_map(|user| match self.audit.shows(user, request) {
            Visibility::Shown => None,
            Visibility::Hidden(why) => Some(why.as_str()),
        })
    }

    /// The parts of a permission of which requests are hidden, as narrow as rules can say it, and why. It is the whole
    /// where all parts are.
    pub(super) fn parts(&self, permission: &Permission) -> Vec<(Permission, &'static str)> {
        let (mut hidden, mut is_shown) = (Vec::new(), false);
        let mut add = |part: Permission, why: Option<&'static str>| match why {
            Some(why) => hidden.push((part, why)),
            None => is_shown = true,
        };
        match &permission.on {
            On::Url(url) => {
                for (part, asked) in self.urls(url) {
                    for verb in verbs(&permission.verb, &METHODS) {
                        let why =
                            self.hides(&Request { verb: verb.clone(), target: Target::Url(asked.clone()) });
                        let on = On::Url(part.clone());
                        add(Permission::new(None, on, verb), why);
                    }
                }
            }
            On::Resource { group, resource, .. } => {
                for choice in self.resources(group, resource) {
                    for verb in verbs(&permission.verb, &VERBS) {
                        let (group, resource) = (choice.group.clone(), choice.written.clone());
                        let on = On::Resource { group, resource, name: None };
                        let part = Permission::new(None, on, verb);
                        // What is chosen lies within, so that they meet.
                        let Some(part) = part.meet(permission).filter(|part| !part.is_inert()) else {
                            continue;
                        };
                        self.places(&part, &choice).into_iter().for_each(|(part, why)| add(part, why));
                    }
                }
            }
        }
        match hidden.first() {
            Some((_, why)) if !is_shown => vec![(permission.clone(), *why)],
            _ => widest(hidden),
        }
    }

    /// One verb on one resource, by namespaces.
    fn places(&self, part: &Permission, choice: &Choice) -> Vec<(Permission, Option<&'static str>)> {
        let On::Resource { name, .. } = &part.on else { return Vec::new() };
        let concrete = |text: &str| if text == ALL { ANOTHER.to_owned() } else { text.to_owned() };
        let names: Vec<String> = match name {
            Some(name) => vec![name.clone()],
            None => self.texts.names.iter().cloned().chain([String::new(), ANOTHER.to_owned()]).collect(),
        };
        let why = |namespace: &str| {
            names.iter().find_map(|name| {
                let asked = ResourceRequest {
                    group: concrete(&choice.group),
                    resource: concrete(&choice.parent),
                    subresource: choice.child.clone(),
                    namespace: namespace.to_owned(),
                    name: name.clone(),
                };
                self.hides(&Request { verb: part.verb.clone(), target: Target::Resource(asked) })
            })
        };
        if let Some(namespace) = &part.namespace {
            return vec![(part.clone(), why(namespace))];
        }
        let everywhere = why("").or_else(|| why(ANOTHER));
        if everywhere.is_some() {
            return vec![(part.clone(), everywhere)];
        }
        let named = self.texts.namespaces.iter().filter(|namespace| !namespace.is_empty());
        let named = named.map(|namespace| (part.within(Some(namespace.clone())), why(namespace)));
        std::iter::once((part.clone(), None)).chain(named).collect()
    }

    /// Groups with resources that stand for all that a rule has.
    fn resources(&self, group: &str, resource: &str) -> BTreeSet<Choice> {
        let mut groups = BTreeSet::from([group]);
        if group == ALL {
            groups.extend(self.texts.resources.iter().map(|(group, _)| group.as_str()));
        }
        let mut all = BTreeSet::new();
        for group in groups {
            let named = self.texts.resources.iter().filter(|(own, _)| own == group || own == ALL);
            let named: Vec<(&str, &str)> =
                named.map(|(_, named)| named.split_once('/').unwrap_or((named, ""))).collect();
            let parents: BTreeSet<&str> = named.iter().map(|(parent, _)| *parent).chain([ALL]).collect();
            if resource == ALL {
                let children = named.iter().map(|(_, child)| *child).filter(|child| *child != ALL);
                let children: BTreeSet<&str> = children.chain(["", ANOTHER]).chain(SUBRESOURCES).collect();
                for parent in parents {
                    all.extend(children.iter().map(|child| Choice::of(group, parent, child)));
                }
            } else if let Some(child) = resource.strip_prefix(ANY_PARENT) {
                all.extend(parents.into_iter().map(|parent| Choice::of(group, parent, child)));
            } else {
                let (parent, child) = resource.split_once('/').unwrap_or((resource, ""));
                all.insert(Choice::of(group, parent, child));
            }
        }
        all
    }

    /// Paths that stand for all that a rule has: what rules write for each, and one that is asked.
    fn urls(&self, url: &str) -> Vec<(String, String)> {
        let Some(start) = url.strip_suffix('*') else { return vec![(url.to_owned(), url.to_owned())] };
        let named = self.texts.urls.iter().filter(|named| is_url(url, named));
        let mut all = vec![(url.to_owned(), format!("{start}{ANOTHER}"))];
        for named in named {
            all.push((named.clone(), named.replace('*', ANOTHER)));
        }
        all
    }
}

/// A resource that is asked about, and what rules write for all that it stands for.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Choice {
    group: String,
    parent: String,
    child: String,
    written: String,
}

impl Choice {
    fn of(group: &str, parent: &str, child: &str) -> Self {
        // Rules have no text for all subresources that are not named, so everything stands for them.
        let written = match child {
            "" => parent.to_owned(),
            ANOTHER => ALL.to_owned(),
            child => format!("{parent}/{child}"),
        };
        Self { group: group.to_owned(), parent: parent.to_owned(), child: child.to_owned(), written }
    }
}

/// A user as far as a policy compares it with anything.
fn as_told(user: User, texts: &Texts) -> User {
    let name = if texts.users.contains(&user.name) { user.name } else { ANOTHER.to_owned() };
    let mut groups: Vec<String> = user.groups;
    groups.retain(|group| texts.groups.contains(group));
    groups.sort_unstable();
    User { name, groups, is_group: false }
}

fn verbs(verb: &str, all: &[&str]) -> Vec<String> {
    if verb == ALL { all.iter().map(|&verb| verb.to_owned()).collect() } else { vec![verb.to_owned()] }
}

/// Those that no other covers.
fn widest(parts: Vec<(Permission, &'static str)>) -> Vec<(Permission, &'static str)> {
    let mut left: Vec<(Permission, &'static str)> = Vec::new();
    for (part, why) in parts {
        if left.iter().any(|(other, _)| other.covers(&part)) {
            continue;
        }
        left.retain(|(other, _)| !part.covers(other));
        left.push((part, why));
    }
    left
}
