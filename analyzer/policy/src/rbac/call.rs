//! What a subject was seen to ask for.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use remit_catalog::kubernetes::{Request, Target};

use super::permission::Permission;
use super::user::User;
use crate::usage::{CallOutcome, Count, Seen, merge};

/// Equal calls of one subject, rolled up over the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What was asked for.
    pub request: Arc<Request>,
    /// The groups of the user, those that a ServiceAccount always has left out or not; `*` where they are more than are known.
    pub groups: Arc<BTreeSet<String>>,
    /// What was seen of the result. What failed after it was authorised is use.
    pub outcome: CallOutcome,
    /// Whether a PATCH or PUT created what it names (201).
    pub created: bool,
    /// Whether the connection was upgraded (101).
    pub upgraded: bool,
    /// Who impersonated the subject.
    pub impersonator: Option<String>,
    /// What allowed it, where the log tells: a binding, or another mode in a word.
    pub authorizer: Option<String>,
    /// How many calls, when, and an example.
    pub seen: Seen,
}

impl Call {
    /// The call as if it had been made on these days alone, from the first to before the second; none where it was not.
    pub fn between(&self, first: i64, end: i64) -> Option<Self> {
        Some(Self { seen: self.seen.between(first, end)?, ..self.clone() })
    }
}

/// Calls that needed one request to be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// How many, when, and an example.
    pub seen: Seen,
    /// The groups of those who made them, in order.
    pub groups: Vec<Arc<BTreeSet<String>>>,
    /// What allowed them, where the log tells.
    pub authorizers: BTreeSet<String>,
    /// Of what was not asked for itself: how it is known to have been checked.
    pub inferred: BTreeSet<&'static str>,
}

/// What a subject was seen to need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests that were allowed, those that left no event of their own included.
    pub uses: BTreeMap<Arc<Request>, Box<Use>>,
    /// Requests of which it is not known whether they were allowed.
    pub undecided: BTreeMap<Arc<Request>, Seen>,
    /// Requests that were refused, which are never use.
    pub denied: BTreeMap<Arc<Request>, Count>,
    /// Who impersonated the subject; of a group also who was seen to be in it.
    pub impersonators: BTreeSet<String>,
    /// Groups that every call had, `*` where there were more than are known; none where there was no call.
    pub groups: Option<BTreeSet<String>>,
    /// Allowed calls in all.
    pub calls: Count,
    /// Last allowed call.
    pub last: Option<i64>,
}

/// Behind a PATCH or PUT that creates, `create` is checked with the name (`rest.Updater` in kubernetes/apiserver).
pub(super) const CREATED: &str = "created by patch or update";

/// Behind a websocket upgrade of these, `create` is checked too, from Kubernetes 1.35
/// (AuthorizePodWebsocketUpgradeCreatePermission).
pub(super) const UPGRADED: &str = "websocket upgrade";

/// Subresources of pods whose connections are upgraded.
pub(super) const STREAMS: [&str; 3] = ["exec", "attach", "portforward"];

impl Use {
    /// Some of the calls were made by who had these groups.
    pub(super) fn made_in(&mut self, groups: &Arc<BTreeSet<String>>) {
        if let Err(at) = self.groups.binary_search(groups) {
            self.groups.insert(at, Arc::clone(groups));
        }
    }
}

impl Usage {
    /// Gathers the calls of one subject. The result does not depend on their order.
    pub fn gather<'a>(calls: impl IntoIterator<Item = &'a Call>) -> Self {
        let mut usage = Self::default();
        for call in calls {
            usage.add(call);
        }
        usage
    }

    fn add(&mut self, call: &Call) {
        self.impersonators.extend(call.impersonator.clone());
        match &mut self.groups {
            Some(groups) => groups.retain(|group| call.groups.contains(group)),
            none => *none = Some(BTreeSet::clone(&call.groups)),
        }
        let request = Arc::clone(&call.request);
        match call.outcome {
            CallOutcome::Denied => {
                *self.denied.entry(request).or_default() += call.seen.count;
                return;
            }
            CallOutcome::Unknown => {
                merge(self.undecided.entry(request), &call.seen);
                return;
            }
            CallOutcome::Use => {}
        }
        self.calls += call.seen.count;
        self.last = self.last.max(Some(call.seen.last));
        self.need(call, request, None);
        let hidden = match &call.request.target {
            Target::Resource(_) if call.created => Some(CREATED),
            Target::Resource(asked)
                if call.upgraded
                    && asked.group.is_empty()
                    && asked.resource == "pods"
                    && STREAMS.contains(&asked.subresource.as_str()) =>
            {
                Some(UPGRADED)
            }
            _ => None,
        };
        if let Some(why) = hidden {
            let created = Request { verb: "create".to_owned(), ..Request::clone(&call.request) };
            self.need(call, Arc::new(created), Some(why));
        }
    }

    fn need(&mut self, call: &Call, request: Arc<Request>, inferred: Option<&'static str>) {
        let use_ = match self.uses.entry(request) {
            Entry::Occupied(entry) => {
                let use_ = entry.into_mut();
                use_.seen.add(&call.seen);
                use_
            }
            Entry::Vacant(entry) => entry.insert(Box::new(Use {
                seen: call.seen.clone(),
                groups: Vec::new(),
                authorizers: BTreeSet::new(),
                inferred: BTreeSet::new(),
            })),
        };
        use_.made_in(&call.groups);
        use_.authorizers.extend(call.authorizer.clone());
        use_.inferred.extend(inferred);
    }

    /// What of it a permission allows.
    pub fn of<'a>(&'a self, permission: &'a Permission) -> impl Iterator<Item = (&'a Request, &'a Use)> {
        let allowed = self.uses.iter().filter(|(request, _)| permission.matches(request));
        allowed.map(|(request, use_)| (request.as_ref(), use_.as_ref()))
    }

    /// The user whom these calls are of, with the groups that it certainly has.
    pub fn user(&self, name: &str) -> User {
        User::named(name, self.groups.iter().flatten().cloned())
    }
}
