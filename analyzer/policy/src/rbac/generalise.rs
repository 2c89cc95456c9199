//! From single requests to what a subject needs: by named rules, and never beyond what is granted.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::kubernetes::{Request, Target};

use super::call::{STREAMS, Usage};
use super::closure::Closure;
use super::names::{are_stable, is_generated};
use super::permission::{On, Permission, without_subresource};
use crate::usage::{Seen, merge};

/// What is needed, with the rules by which it is more than was seen.
pub type Needed = BTreeMap<Permission, BTreeSet<Closure>>;

/// A resource that was asked for in more namespaces than this is asked for in any.
const NAMESPACES: usize = 16;

/// Verbs of who looks for objects that he need not know: in all namespaces, where he does so in none.
pub(super) const LOOKING: [&str; 3] = ["list", "watch", "deletecollection"];

/// As many paths of one kind are listed; of more, what the rule says stays.
const URLS: usize = 16;

/// This often a ConfigMap is changed that is a lock: it is renewed every few seconds.
const RENEWALS: u64 = 100;

const EVENTS: [&str; 2] = ["", "events.k8s.io"];

/// By namespace and name, when it was asked for.
type Places = BTreeMap<String, BTreeMap<String, Seen>>;

/// What a subject's requests need of what it is granted. Rules that are `off` keep nothing.
pub fn needed<'a>(
    usage: &Usage,
    granted: impl Iterator<Item = &'a Permission> + Clone,
    off: &BTreeSet<Closure>,
) -> Needed {
    let mut all = Generaliser { kinds: BTreeMap::new(), off, needed: Vec::new() };
    let mut urls: BTreeMap<&Permission, Vec<Permission>> = BTreeMap::new();
    let decided = usage.uses.iter().map(|(request, use_)| (request, &use_.seen));
    for (request, seen) in decided.chain(&usage.undecided) {
        if let Target::Url(_) = &request.target {
            for permission in granted.clone().filter(|permission| permission.matches(request)) {
                urls.entry(permission).or_default().push(Permission::of_request(request));
            }
        } else if granted.clone().any(|permission| permission.matches(request)) {
            all.add(request, seen);
        }
    }
    all.generalise();
    let mut needed = Needed::new();
    for (permission, asked) in urls {
        let asked = if asked.len() > URLS { vec![permission.clone()] } else { asked };
        needed.extend(asked.into_iter().map(|asked| (asked, BTreeSet::new())));
    }
    let own: Vec<&Permission> = granted.collect();
    for (wanted, closures, requests) in all.needed {
        for permission in &own {
            let Some(part) = wanted.meet(permission) else { continue };
            if !closures.is_empty() || requests.iter().any(|request| part.matches(request)) {
                needed
                    .entry(part)
                    .and_modify(|others| others.retain(|one| closures.contains(one)))
                    .or_insert_with(|| closures.clone());
            }
        }
    }
    needed
}

/// A group, a resource, and the verbs on it.
type Kinds = BTreeMap<(String, String), BTreeMap<String, Places>>;

struct Generaliser<'a> {
    kinds: Kinds,
    off: &'a BTreeSet<Closure>,
    /// What is wanted, by which rules, and the requests that want it.
    needed: Vec<(Permission, BTreeSet<Closure>, Vec<Request>)>,
}

impl Generaliser<'_> {
    fn is_on(&self, closure: Closure) -> bool {
        !self.off.contains(&closure)
    }

    fn add(&mut self, request: &Request, seen: &Seen) {
        let permission = Permission::of_request(request).into_detail();
        let (namespace, On::Resource { group, resource, .. }, Target::Resource(asked)) =
            (permission.namespace, permission.on, &request.target)
        else {
            return;
        };
        let verbs = self.kinds.entry((group, resource)).or_default();
        let names =
            verbs.entry(request.verb.clone()).or_default().entry(namespace.unwrap_or_default()).or_default();
        // As it was asked for: a name that stands for many is none that a role could have, and none that lacks one.
        merge(names.entry(asked.name.clone()), seen);
    }

    fn generalise(&mut self) {
        let kinds = std::mem::take(&mut self.kinds);
        for ((group, resource), verbs) in &kinds {
            let kind = Kind::of(&kinds, group, resource);
            for (verb, places) in verbs {
                self.verb(&kind, verb, places, &[]);
            }
            self.informer(&kind, verbs);
            self.streams(&kind, verbs);
            self.lock(&kind, verbs);
            self.events(&kind, verbs);
            self.owners(&kind, verbs);
        }
    }

    /// One verb where it was asked for, narrowed to names where these are stable.
    fn verb(&mut self, kind: &Kind<'_>, verb: &str, places: &Places, because: &[Closure]) {
        let is_creator = kind.creates && self.is_on(Closure::CreatedNames) && !kind.is_lock();
        let can_name = can_name(verb, kind.resource) && !is_creator;
        let is_everywhere = (kind.is_listed_everywhere || keep_coming(places.keys().map(String::as_str)))
            && self.is_on(Closure::AllNamespaces);
        // In all namespaces those names are asked for that were in any.
        let everywhere = is_everywhere.then(|| all_names(places));
        for (namespace, names) in places {
            let requests = kind.requests(verb, namespace, names.keys());
            let scope = Some(namespace.clone())
                .filter(|namespace| !namespace.is_empty() && kind.resource != "namespaces");
            let mut because: BTreeSet<Closure> = because.iter().copied().collect();
            if scope.is_some() && is_everywhere {
                because.insert(Closure::AllNamespaces);
            }
            if can_name && are_stable(everywhere.as_ref().unwrap_or(names)) {
                let scope = scope.filter(|_| !is_everywhere);
                for name in names.keys() {
                    let named = kind.permission(verb, scope.clone(), Some(name.clone()));
                    self.want(named, because.clone(), requests.clone());
                }
                continue;
            }
            if is_creator && self::can_name(verb, kind.resource) && are_stable(names) {
                because.insert(Closure::CreatedNames);
            }
            let scope = scope.filter(|_| !is_everywhere);
            self.want(kind.permission(verb, scope, None), because, requests);
        }
    }

    fn want(&mut self, permission: Permission, because: BTreeSet<Closure>, requests: Vec<Request>) {
        self.needed.push((permission, because, requests));
    }

    fn informer(&mut self, kind: &Kind<'_>, verbs: &BTreeMap<String, Places>) {
        for (seen, other) in [("list", "watch"), ("watch", "list")] {
            if let (Some(places), true) = (verbs.get(seen), self.is_on(Closure::Informer)) {
                self.verb(kind, other, places, &[Closure::Informer]);
            }
        }
    }

    fn streams(&mut self, kind: &Kind<'_>, verbs: &BTreeMap<String, Places>) {
        let subresource = kind.resource.strip_prefix("pods/").filter(|_| kind.group.is_empty());
        if !subresource.is_some_and(|name| STREAMS.contains(&name)) || !self.is_on(Closure::WebsocketExec) {
            return;
        }
        for (seen, other) in [("get", "create"), ("create", "get")] {
            if let Some(places) = verbs.get(seen) {
                self.verb(kind, other, places, &[Closure::WebsocketExec]);
            }
        }
    }

    /// Source: `k8s.io/client-go/tools/leaderelection` creates the lock, reads it and updates it, by its name.
    fn lock(&mut self, kind: &Kind<'_>, verbs: &BTreeMap<String, Places>) {
        let is_renewed = |seen: &Seen| kind.is_lock() || seen.count.distinct() >= RENEWALS;
        let may_be_lock =
            kind.is_lock() || (kind.group.is_empty() && ["configmaps", "endpoints"].contains(&kind.resource));
        if !may_be_lock || !self.is_on(Closure::LeaderElection) {
            return;
        }
        let because = [Closure::LeaderElection];
        let changed = ["update", "patch"].into_iter().filter_map(|verb| verbs.get(verb));
        for (namespace, names) in changed.flatten() {
            let locks: BTreeMap<String, Seen> = names
                .iter()
                .filter(|(name, seen)| !name.is_empty() && is_renewed(seen))
                .map(|(name, seen)| (name.clone(), seen.clone()))
                .collect();
            if locks.is_empty() {
                continue;
            }
            let places = Places::from([(namespace.clone(), locks)]);
            for verb in ["get", "update", "patch", "create"] {
                self.verb(kind, verb, &places, &because);
            }
            let nameless = |seen: &BTreeMap<String, Seen>| {
                seen.values().next().map(|seen| (String::new(), seen.clone()))
            };
            let places: Places = places
                .into_iter()
                .map(|(namespace, names)| (namespace, nameless(&names).into_iter().collect()))
                .collect();
            for group in EVENTS {
                let events = Kind { group, resource: "events", creates: true, is_listed_everywhere: false };
                self.verb(&events, "create", &places, &because);
            }
        }
    }

    fn events(&mut self, kind: &Kind<'_>, verbs: &BTreeMap<String, Places>) {
        if kind.resource != "events" || !EVENTS.contains(&kind.group) || !self.is_on(Closure::Events) {
            return;
        }
        for places in ["create", "patch"].into_iter().filter_map(|verb| verbs.get(verb)) {
            for group in EVENTS {
                for verb in ["create", "patch"] {
                    let kind = Kind { group, creates: true, ..*kind };
                    self.verb(&kind, verb, places, &[Closure::Events]);
                }
            }
        }
    }

    /// `delete` is checked where the owner references of an object are changed
    /// (`plugin/pkg/admission/gc` in kubernetes/kubernetes).
    fn owners(&mut self, kind: &Kind<'_>, verbs: &BTreeMap<String, Places>) {
        if kind.resource.contains('/') || !self.is_on(Closure::OwnerReferences) {
            return;
        }
        for places in ["update", "patch"].into_iter().filter_map(|verb| verbs.get(verb)) {
            self.verb(kind, "delete", places, &[Closure::OwnerReferences]);
        }
    }
}

/// A resource, and what of its use bears on all verbs.
#[derive(Clone, Copy)]
struct Kind<'a> {
    group: &'a str,
    resource: &'a str,
    /// Whether the subject makes such objects.
    creates: bool,
    /// Whether it looks for them in all namespaces.
    is_listed_everywhere: bool,
}

impl<'a> Kind<'a> {
    fn of(kinds: &Kinds, group: &'a str, resource: &'a str) -> Self {
        let verbs = kinds.get(&(group.to_owned(), without_subresource(resource).to_owned()));
        let is_everywhere = |verb: &str| {
            let places = verbs.and_then(|verbs| verbs.get(verb));
            places.and_then(|places| places.get("")).is_some_and(|names| names.contains_key(""))
        };
        Self {
            group,
            resource,
            creates: verbs.is_some_and(|verbs| verbs.contains_key("create")),
            is_listed_everywhere: LOOKING.into_iter().any(is_everywhere),
        }
    }

    /// Leases are made for this.
    fn is_lock(&self) -> bool {
        self.group == "coordination.k8s.io" && self.resource == "leases"
    }

    fn permission(&self, verb: &str, namespace: Option<String>, name: Option<String>) -> Permission {
        let (group, resource) = (self.group.to_owned(), self.resource.to_owned());
        Permission::new(namespace, On::Resource { group, resource, name }, verb)
    }

    fn requests<'n>(
        &self,
        verb: &str,
        namespace: &str,
        names: impl Iterator<Item = &'n String>,
    ) -> Vec<Request> {
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((self.resource, ""));
        let asked = |name: &String| remit_catalog::kubernetes::ResourceRequest {
            group: self.group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.clone(),
        };
        names.map(|name| Request { verb: verb.to_owned(), target: Target::Resource(asked(name)) }).collect()
    }
}

/// Whether there may be others tomorrow than these namespaces: they are many, or some have names that were made up.
pub(super) fn keep_coming<'a>(namespaces: impl Iterator<Item = &'a str> + Clone) -> bool {
    namespaces.clone().count() > NAMESPACES || namespaces.into_iter().any(is_generated)
}

/// The names of all namespaces, with all that was seen of each.
fn all_names(places: &Places) -> BTreeMap<String, Seen> {
    let mut all = BTreeMap::new();
    for (name, seen) in places.values().flatten() {
        merge(all.entry(name.clone()), seen);
    }
    all
}

/// Whether requests with that verb carry a name, so that names can be granted. Those that create an object of a collection
/// carry none but behind a PATCH or PUT, and those that delete a collection carry none at all.
fn can_name(verb: &str, resource: &str) -> bool {
    match verb {
        "deletecollection" => false,
        "create" => resource.contains('/'),
        _ => true,
    }
}
