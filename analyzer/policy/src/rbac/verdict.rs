//! Per subject and granted permission: used, unused, or unobservable with a reason.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use remit_catalog::kubernetes::{Request, Target};

use super::audit_policy::AuditPolicy;
use super::call::{STREAMS, Usage};
use super::closure::Closure;
use super::generalise::{LOOKING, keep_coming};
use super::granted::{Granted, permissions_of};
use super::hidden::{Hiding, SUBRESOURCES};
use super::members::is_by_name;
use super::permission::{On, Permission};
use super::rule::ALL;
use super::sight::Coverage;
use super::unasked::{ALL_UNASKED, After, DELEGATING, KUBELET, RBAC, Unasked, is_asked, is_write, pattern};
use crate::coverage::Reason;
use crate::retained::Retained;
use crate::verdict::{Counts, Verdict};

/// The verdicts of one subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// A verdict for every permission that the subject's own bindings grant.
    pub verdicts: BTreeMap<Permission, Verdict>,
    /// For each permission that has such, the parts of it of which it cannot be told whether they are used, used ones among them.
    pub parts: BTreeMap<Permission, Vec<(Permission, Reason)>>,
    /// Permissions, or parts of them, that stay although nothing was seen to need them, and why.
    pub retained: BTreeMap<Permission, Retained>,
}

impl Judgement {
    /// How many permissions are used, unused and unobservable.
    pub fn counts(&self) -> Counts {
        self.verdicts.values().collect()
    }

    /// Whether it cannot be told of all of this whether it is used, so that it stays anyway.
    pub fn hides(&self, part: &Permission) -> bool {
        self.parts.values().flatten().any(|(hidden, _)| hidden.covers(part))
    }

    /// Keeps permissions, or parts of them, for these reasons; but for what stays anyway.
    pub fn retain(&mut self, why: impl IntoIterator<Item = (Permission, Retained)>) {
        let why = why.into_iter().filter(|(part, _)| !self.hides(part)).collect::<Vec<_>>();
        self.retained.extend(why);
    }
}

/// Judges every permission that a subject's own bindings grant. Without an audit policy, nothing that is not seen counts as
/// not used. Rules that are `off` keep nothing.
pub fn judge(
    granted: &Granted<'_>,
    usage: &Usage,
    coverage: &Coverage,
    audit: Option<&AuditPolicy>,
    off: &BTreeSet<Closure>,
) -> Judgement {
    let hiding = audit.map(|audit| Hiding::new(audit, granted, &usage.impersonators));
    let everything = coverage.hides_all().or_else(|| hiding.is_none().then_some(Reason::AuditPolicyUnknown));
    let judge = Judge { granted, usage, coverage, audit, hiding, off, hides_some: OnceCell::new() };
    let everything = everything.or_else(|| judge.hides_names()).or_else(|| judge.hides_members());
    let mut parts: BTreeMap<Permission, Vec<(Permission, Reason)>> = BTreeMap::new();
    for permission in granted.permissions.keys().filter(|permission| !permission.is_inert()) {
        let whole = everything.clone().or_else(|| judge.hides_grant(permission));
        let hidden = match whole {
            Some(reason) => vec![(permission.clone(), reason)],
            None => judge.parts(permission),
        };
        parts.insert(permission.clone(), hidden);
    }
    // What writes lead to can be told only once it is known whether writes may be hidden.
    let elsewhere = judge.hidden_elsewhere();
    let triggers = judge.triggers(&parts, &elsewhere);
    let creating = judge.creating(&parts, &elsewhere);
    let delegated = judge.delegated(&triggers).into_iter().map(|all| (all, DELEGATED));
    let kept: Vec<_> =
        delegated.chain(judge.added_groups().into_iter().map(|group| (group, ADDED))).collect();
    for (permission, parts) in &mut parts {
        if !is_whole(permission, parts) {
            judge.add_created(permission, &creating, parts);
            judge.add_unasked(permission, &triggers, parts);
            let of_it = kept.iter().filter_map(|(all, why)| Some((all.meet(permission)?, *why)));
            parts.extend(of_it.map(|(part, why)| (part, Reason::NoRequest(why.to_owned()))));
        }
    }
    // Most have none, and there are many.
    parts.retain(|_, parts| !parts.is_empty());
    let verdicts = granted.permissions.keys().map(|permission| {
        let reason = parts.get(permission).and_then(|parts| parts.first()).map(|(_, reason)| reason.clone());
        let is_used = usage.uses.keys().any(|request| permission.matches(request));
        let verdict = match (is_used, reason) {
            (true, _) => Verdict::Used,
            (false, Some(reason)) => Verdict::Unobservable(reason),
            (false, None) => Verdict::Unused,
        };
        (permission.clone(), verdict)
    });
    Judgement { verdicts: verdicts.collect(), parts, retained: BTreeMap::new() }
}

/// Whether a part is all of it.
fn is_whole(permission: &Permission, parts: &[(Permission, Reason)]) -> bool {
    parts.iter().any(|(part, _)| part.covers(permission))
}

struct Judge<'a> {
    granted: &'a Granted<'a>,
    usage: &'a Usage,
    coverage: &'a Coverage,
    audit: Option<&'a AuditPolicy>,
    hiding: Option<Hiding<'a>>,
    off: &'a BTreeSet<Closure>,
    /// Whether any request may be hidden: found out when it is first asked.
    hides_some: OnceCell<bool>,
}

impl Judge<'_> {
    /// Why all of what is asked in the subject's name may be unseen: it is told as of who asked, so that it may be anybody's
    /// for whom somebody may ask.
    fn hides_names(&self) -> Option<Reason> {
        if !self.audit.is_some_and(AuditPolicy::hides_names) || self.off.contains(&Closure::Impersonation) {
            return None;
        }
        let one = self.granted.impersonators.one()?;
        Some(Reason::NotTold(format!("in whose name a request is made, and {one} may ask in this one's")))
    }

    /// Why all that whoever is in a group asks may be unseen: the log does not tell who that is.
    fn hides_members(&self) -> Option<Reason> {
        let group = self.granted.user.as_group()?;
        let is_told = is_by_name(group) || !self.audit.is_some_and(AuditPolicy::hides_names);
        (!is_told).then(|| Reason::NotTold(format!("who is in the group `{group}`")))
    }

    /// Why all of a permission may have been used unseen, by who grants it since when.
    fn hides_grant(&self, permission: &Permission) -> Option<Reason> {
        let by = self.granted.permissions.get(permission)?;
        let since = by.iter().filter_map(|at| self.granted.own.get(*at));
        let is_younger = since
            .map(|(binding, role)| binding.since.max(role.since))
            .all(|since| since.is_some_and(|since| since > self.coverage.window.start));
        is_younger.then_some(Reason::GrantYounger)
    }

    /// The parts whose requests are hidden, or whose result is not known, or which others may have asked about.
    fn parts(&self, permission: &Permission) -> Vec<(Permission, Reason)> {
        let mut parts = self.hidden(permission);
        if !self.coverage.shows_reviews && !self.off.contains(&Closure::Reviews) {
            parts.extend(self.reviewed(permission).into_iter().map(|part| (part, Reason::Reviewed)));
        }
        let undecided = self.usage.undecided.keys().filter(|request| permission.matches(request));
        parts.extend(undecided.filter_map(|request| {
            let part = Permission::of_request(request).meet(permission)?;
            Some((part, Reason::OutcomeUnknown(operation(request))))
        }));
        parts
    }

    /// The parts whose requests are hidden.
    fn hidden(&self, permission: &Permission) -> Vec<(Permission, Reason)> {
        if !is_asked(permission) {
            return Vec::new();
        }
        let hidden = self.hiding.iter().flat_map(|hiding| hiding.parts(permission));
        hidden.map(|(part, why)| (part, Reason::AuditPolicyHides(why.to_owned()))).collect()
    }

    /// What others ask the API server about, so that it has no request of its own: paths, what no server of the API serves,
    /// and what the kubelet does. A server may ask about anything; of what the API serves itself, that is taken for not
    /// done, since the request itself would then be seen, too.
    fn reviewed(&self, permission: &Permission) -> Vec<Permission> {
        let On::Resource { group, resource, .. } = &permission.on else { return vec![permission.clone()] };
        if [group.as_str(), resource.as_str()].contains(&ALL) || resource.starts_with("*/") {
            // Nobody was seen to ask for anything of the group.
            if group != ALL && !is_own(group) && !self.coverage.served.iter().any(|(own, _)| own == group) {
                return vec![permission.clone()];
            }
            // By the methods of HTTP (`pkg/kubelet/server/auth.go`).
            let verbs = ["create", "delete", "get", "patch", "update"];
            let asked = KUBELET.iter().chain([&SERVICES]);
            let all = asked.flat_map(|resource| verbs.map(|verb| pattern(verb, "", resource)));
            return all.filter_map(|part| part.meet(permission)).collect();
        }
        if is_served(self.coverage, group, resource) { Vec::new() } else { vec![permission.clone()] }
    }

    /// Which kinds of requests were made, or may have been: also by what other bindings grant, those of its groups.
    fn triggers(
        &self,
        parts: &BTreeMap<Permission, Vec<(Permission, Reason)>>,
        elsewhere: &[Permission],
    ) -> Vec<Permission> {
        let hidden = parts.values().flatten().map(|(part, _)| part.clone());
        let requests =
            self.usage.uses.keys().chain(self.usage.undecided.keys()).filter(|request| is_write(request));
        let writes = hidden
            .chain(elsewhere.iter().cloned())
            .chain(requests.map(|request| Permission::of_request(request)));
        writes.filter(|part| [ALL, "create", "update", "patch"].contains(&part.verb.as_str())).collect()
    }

    /// Writes that are hidden and that bindings allow which are not the subject's own, or which who is in the group has besides. Who
    /// asks about himself or another writes no object.
    fn hidden_elsewhere(&self) -> Vec<Permission> {
        let others = self.granted.fixed.iter().chain(&self.granted.elsewhere);
        // A group's may be all bindings, which grant many the same.
        let mut met = HashSet::new();
        let others = others.flat_map(|bound| permissions_of(*bound));
        let others = others.filter(|permission| met.insert(permission.clone()));
        let writes = others.filter(|permission| {
            let group = permission.resource().map(|(group, _)| group);
            [ALL, "create", "update", "patch"].contains(&permission.verb.as_str())
                && group
                    .is_some_and(|group| !["authentication.k8s.io", "authorization.k8s.io"].contains(&group))
        });
        let hidden = writes.flat_map(|permission| self.hidden(&permission));
        hidden.map(|(part, _)| part).collect()
    }

    /// Patches and updates of which it is not told whether they created what they name, which needs `create` as well.
    fn creating(
        &self,
        parts: &BTreeMap<Permission, Vec<(Permission, Reason)>>,
        elsewhere: &[Permission],
    ) -> Vec<(Permission, Reason)> {
        let hides_answers = self.audit.is_some_and(AuditPolicy::hides_answers);
        let unknown = || Reason::NotTold("whether a patch or an update creates what it names".to_owned());
        let hides = || Reason::AuditPolicyHides("a patch or an update may have created it".to_owned());
        let hidden = parts.values().flatten();
        let hidden = hidden.filter(|(_, reason)| matches!(reason, Reason::AuditPolicyHides(_)));
        let hidden = hidden.map(|(part, _)| part.clone()).chain(elsewhere.iter().cloned());
        let seen = self.usage.uses.keys().filter(|_| hides_answers);
        let seen = seen.map(|request| (Permission::of_request(request), unknown()));
        let undecided = self.usage.undecided.keys();
        let undecided = undecided
            .map(|request| (Permission::of_request(request), Reason::OutcomeUnknown(operation(request))));
        let all = hidden.map(|part| (part, hides())).chain(seen).chain(undecided);
        all.filter_map(|(part, why)| Some((created(&part)?, why))).collect()
    }

    /// `create` where it cannot be told whether something was created.
    fn add_created(
        &self,
        permission: &Permission,
        creating: &[(Permission, Reason)],
        parts: &mut Vec<(Permission, Reason)>,
    ) {
        if ![ALL, "create"].contains(&permission.verb.as_str()) {
            return;
        }
        for (part, reason) in creating {
            let Some(part) = part.meet(permission) else { continue };
            if !parts.iter().any(|(other, _)| other.covers(&part)) {
                parts.push((part, reason.clone()));
            }
        }
    }

    fn add_unasked(
        &self,
        permission: &Permission,
        triggers: &[Permission],
        parts: &mut Vec<(Permission, Reason)>,
    ) {
        let mut is_known = is_asked(permission);
        for unasked in ALL_UNASKED {
            for part in unasked.of(permission) {
                is_known |= part == *permission;
                let closure = Closure::of_unasked(unasked.after);
                if !self.off.contains(&closure) && self.may_be_checked(unasked, triggers) {
                    parts.push((part, Reason::NoRequest(unasked.when.to_owned())));
                }
            }
        }
        for trigger in triggers.iter().filter(|_| !self.off.contains(&Closure::OwnerReferences)) {
            let is_change = ["update", "patch"].contains(&trigger.verb.as_str());
            let resource = trigger.resource().filter(|(_, resource)| !resource.contains('/'));
            if let (true, Some((group, resource))) = (is_change, resource) {
                let part = pattern("delete", group, resource).within(trigger.namespace.clone());
                let reason = || Reason::NoRequest("owner references of an object are changed".to_owned());
                parts.extend(part.meet(permission).map(|part| (part, reason())));
            }
        }
        if !is_known {
            parts.push((
                permission.clone(),
                Reason::NoRequest("others ask about this verb of their own".to_owned()),
            ));
        }
    }

    /// All that roles may allow, wherever the subject writes or binds some and may not go beyond what it holds itself.
    fn delegated(&self, triggers: &[Permission]) -> Vec<Permission> {
        if self.off.contains(&Closure::Delegation) {
            return Vec::new();
        }
        // Without that rule the verbs that free go themselves.
        let keeps_verbs = !self.off.contains(&Closure::Admission);
        let is_free = |verb: &str, roles: &[&str], namespace: &Option<String>| {
            keeps_verbs
                && roles.iter().all(|role| {
                    let freed = pattern(verb, RBAC, role).within(namespace.clone());
                    self.granted.permissions.keys().any(|own| own.covers(&freed))
                })
        };
        let mut namespaces: BTreeSet<Option<&str>> = BTreeSet::new();
        let is_of_roles =
            |trigger: &&Permission| trigger.resource().is_some_and(|(group, _)| [ALL, RBAC].contains(&group));
        for trigger in triggers.iter().filter(is_of_roles) {
            for (written, verb, roles) in DELEGATING {
                let is_written = pattern(&trigger.verb, RBAC, written).meet(trigger).is_some();
                if is_written && !is_free(verb, roles, &trigger.namespace) {
                    namespaces.insert(trigger.namespace.as_deref());
                }
            }
        }
        if namespaces.contains(&None) || self.writes_roles_anywhere(&namespaces) {
            namespaces = BTreeSet::from([None]);
        }
        let everything = |namespace: Option<&str>| {
            let url = namespace.is_none().then(|| Permission::new(None, On::Url(ALL.to_owned()), ALL));
            let resources = pattern(ALL, ALL, ALL).within(namespace.map(str::to_owned));
            std::iter::once(resources).chain(url)
        };
        namespaces.into_iter().flat_map(everything).collect()
    }

    /// Whether roles are written in namespaces of which there may be others tomorrow, so that writing them stays in all.
    fn writes_roles_anywhere(&self, namespaces: &BTreeSet<Option<&str>>) -> bool {
        if namespaces.is_empty() || self.off.contains(&Closure::AllNamespaces) {
            return false;
        }
        let is_sought = |request: &Request| {
            LOOKING.contains(&request.verb.as_str())
                && matches!(&request.target, Target::Resource(asked) if asked.group == RBAC && asked.namespace.is_empty())
        };
        keep_coming(namespaces.iter().flatten().copied())
            || self.usage.uses.keys().any(|request| is_sought(request))
    }

    /// Acting as the groups that the server gives to those as whom the subject acted: it does so only where they were not asked for,
    /// and the log does not tell which it was (`pkg/endpoints/filters/impersonation` in k8s.io/apiserver).
    fn added_groups(&self) -> BTreeSet<Permission> {
        let mut added = BTreeSet::new();
        if self.off.contains(&Closure::Impersonation) {
            return added;
        }
        for request in self.usage.uses.keys() {
            let Target::Resource(asked) = &request.target else { continue };
            let of_account = || ["".to_owned(), format!(":{}", asked.namespace)];
            let groups = match (request.verb.as_str(), asked.resource.as_str()) {
                ("impersonate", "serviceaccounts") => {
                    of_account().map(|end| format!("system:serviceaccounts{end}")).to_vec()
                }
                ("impersonate" | "impersonate:user-info", "users") if asked.name == "system:anonymous" => {
                    vec!["system:unauthenticated".to_owned()]
                }
                ("impersonate" | "impersonate:user-info", "users") => Vec::new(),
                _ => continue,
            };
            for group in groups.into_iter().chain(["system:authenticated".to_owned()]) {
                let (api, resource) = (asked.group.clone(), "groups".to_owned());
                let on = On::Resource { group: api, resource, name: Some(group) };
                added.insert(Permission::new(None, on, &request.verb));
            }
        }
        added
    }

    fn may_be_checked(&self, unasked: &Unasked, triggers: &[Permission]) -> bool {
        match unasked.after {
            After::Others => true,
            After::Requests => *self.hides_some.get_or_init(|| {
                let on = On::Resource { group: ALL.to_owned(), resource: ALL.to_owned(), name: None };
                let all = [on, On::Url(ALL.to_owned())];
                let all = all.map(|on| Permission::new(None, on, ALL));
                self.hiding.as_ref().is_none_or(|hiding| all.iter().any(|all| !hiding.parts(all).is_empty()))
            }),
            After::Writes => !triggers.is_empty(),
            After::WritesOf(group, resources) => triggers.iter().any(|trigger| {
                resources
                    .iter()
                    .any(|resource| pattern(&trigger.verb, group, resource).meet(trigger).is_some())
            }),
        }
    }
}

/// What is checked besides a patch or an update that creates, or a connection to a pod that is handed over; none of other
/// requests. No name stands with it: what is created may be called otherwise the next time.
fn created(part: &Permission) -> Option<Permission> {
    let (group, resource) = part.resource()?;
    let is_change = [ALL, "update", "patch"].contains(&part.verb.as_str()) && !resource.contains('/');
    let stream = resource.strip_prefix("pods/").filter(|_| group.is_empty() && part.verb == "get");
    let is_stream = stream.is_some_and(|stream| STREAMS.contains(&stream));
    (is_change || is_stream).then(|| pattern("create", group, resource).within(part.namespace.clone()))
}

/// Why who writes roles or bindings may need what it was not seen to use.
const DELEGATED: &str = "a role is written or bound that allows it, which takes holding it";

/// Why a group may have been asked for that the server adds.
const ADDED: &str =
    "the server adds this group where it is not asked for, so that it is not told whether it was";

fn operation(request: &Request) -> String {
    Permission::of_request(request).to_string()
}

/// What proxies before services ask about in their clients' name, who do not ask the API server for it.
const SERVICES: &str = "services/proxy";

/// Whether a group is Kubernetes' own.
fn is_own(group: &str) -> bool {
    ["", "apps", "batch", "autoscaling", "policy", "extensions"].contains(&group)
        || group.ends_with(".k8s.io")
}

/// Whether the API serves a resource: it is of Kubernetes itself, or somebody was seen to use it.
fn is_served(coverage: &Coverage, group: &str, resource: &str) -> bool {
    let of_group = |own: &(String, String)| own.0 == group;
    let child = resource.split_once('/').map(|(_, child)| child);
    let is_usual = child.is_none_or(|child| child == "finalizers" || SUBRESOURCES.contains(&child));
    let is_kubelet = group.is_empty() && KUBELET.contains(&resource);
    if group.is_empty() && resource == SERVICES {
        return coverage.served.contains(&(String::new(), resource.to_owned()));
    }
    (is_own(group) && is_usual && !is_kubelet && !is_metrics(group))
        || coverage.served.contains(&(group.to_owned(), resource.to_owned()))
        || (is_usual
            && coverage
                .served
                .iter()
                .filter(|own| of_group(own))
                .any(|(_, own)| Some(own.as_str()) == resource.split('/').next()))
}

/// Groups of metrics are served by others, where they are served at all.
fn is_metrics(group: &str) -> bool {
    ["metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"].contains(&group)
}
