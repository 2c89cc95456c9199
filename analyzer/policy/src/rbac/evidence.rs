//! The evidence of a proposal as it is written down, and read back to be verified.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use serde::{Deserialize, Serialize};

use super::closure::Closure;
use super::granted::BoundRole;
use super::object::ObjectName;
use super::permission::{On, Permission};
use super::proposal::{Elsewhere, Kept, Removed};
use super::prove::Proven;
use super::user::User;
use crate::coverage::Reason;
use crate::evidence::{ReasonEntry, SeenEntry, interval, reason, seen, used_since};

/// Version of the evidence format.
const SCHEMA: &str = "remit.evidence.kubernetes/v1";

/// `evidence.json` of a subject of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Version of this format.
    pub schema: String,
    /// Name of the subject, as the authorizer sees it.
    pub principal: String,
    /// Whether it is a group, whoever is in it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub is_group: bool,
    /// Groups that it certainly has; of a group its own name.
    pub groups: BTreeSet<String>,
    /// The cluster.
    pub cluster: Option<String>,
    /// The window that everything here speaks of, as an ISO 8601 interval.
    pub window: String,
    /// From when on calls counted as use, where that is before the window's start, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used_since: Option<String>,
    /// What the log shows: the audit policy's file or profile.
    pub audit_policy: Option<String>,
    /// The files of the folder.
    pub files: Files,
    /// What becomes of each binding that names the subject.
    pub bindings: Vec<BindingEntry>,
    /// Bindings of its groups and of the system, which stay as they are.
    pub stays: Vec<StayEntry>,
    /// Roles that nothing binds any more once this is applied.
    pub unbound_roles: BTreeSet<String>,
    /// Permissions that stay.
    pub kept: Vec<KeptEntry>,
    /// Permissions that go.
    pub removed: Vec<RemovedEntry>,
    /// Why the named rules keep what they keep.
    pub closures: BTreeMap<String, String>,
    /// Requests that were seen allowed, each of which was asked again.
    pub replayed: Vec<RequestEntry>,
    /// Requests that something else allows.
    pub allowed_elsewhere: Vec<ElsewhereEntry>,
    /// What was proven.
    pub proof: ProofEntry,
}

/// Files of a proposal; one that would be empty is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Bindings that name the subject, with their roles, as they are today.
    pub before: Option<String>,
    /// Bindings of its groups and of the system, with their roles.
    pub stays: Option<String>,
    /// New roles and bindings.
    pub apply: Option<String>,
    /// Bindings without the subject, which others keep.
    pub edit: Option<String>,
    /// Bindings that go.
    pub remove: Option<String>,
}

impl Files {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        [&self.before, &self.stays, &self.apply, &self.edit, &self.remove]
            .into_iter()
            .filter_map(Option::as_deref)
    }
}

/// What becomes of a binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingEntry {
    /// It, as kind and name.
    pub binding: String,
    /// Its role.
    pub role: String,
    /// `keep`, `take_out` or `remove`.
    pub edit: String,
}

/// A binding that stays because it is not the subject's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StayEntry {
    /// It, as kind and name.
    pub binding: String,
    /// Its role.
    pub role: String,
}

/// A permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionEntry {
    /// The verb.
    pub verb: String,
    /// The API group; empty for the core.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<String>,
    /// The resource, with its subresource.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resource: Option<String>,
    /// The only name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The path, where it is for no resource.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// The only namespace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub namespace: Option<String>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestEntry(PermissionEntry);

/// A permission that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEntry {
    /// It.
    #[serde(flatten)]
    pub permission: PermissionEntry,
    /// `used`, `unobservable`, `closure` where a rule keeps it that closes what was seen, or `unused` where what was learned
    /// keeps it.
    pub verdict: String,
    /// Why it cannot be told whether it is used, or whether further.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<ReasonEntry>,
    /// The rules by which it stays.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub closures: BTreeSet<String>,
    /// How calls are known to have needed it although they did not ask for it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub inferred: BTreeSet<String>,
    /// The calls that needed it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen: Option<SeenEntry>,
}

/// A permission that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedEntry {
    /// It.
    #[serde(flatten)]
    pub permission: PermissionEntry,
    /// Always `unused`: nothing else is removed. Of one that is narrowed it is what of it does not stay.
    pub verdict: String,
    /// Whether parts of it stay.
    pub narrowed: bool,
    /// Bindings that granted it.
    pub bindings: BTreeSet<String>,
    /// Calls that were refused, which are never use.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub denied_calls: u64,
}

/// A request that something else allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElsewhereEntry {
    /// What was asked for.
    #[serde(flatten)]
    pub permission: PermissionEntry,
    /// What allowed it, where the log tells.
    pub authorizers: BTreeSet<String>,
    /// The calls.
    pub seen: SeenEntry,
}

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofEntry {
    /// Obligations met.
    pub obligations: Vec<String>,
    /// Recorded requests that were asked again.
    pub replayed: usize,
    /// How many of them are allowed: all of them.
    pub allowed: usize,
    /// Permissions that are still granted.
    pub protected: usize,
    /// Parts of rules, each of which is needed.
    pub elements: usize,
}

/// Everything that evidence names besides the proposal itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct EvidenceContext<'a> {
    /// The cluster.
    pub cluster: Option<&'a str>,
    /// The audit policy's file or profile.
    pub audit_policy: Option<&'a str>,
}

impl Evidence {
    /// The subject.
    pub fn user(&self) -> User {
        match User::group_of(&self.principal).filter(|_| self.is_group) {
            Some(group) => User::group(group),
            None => User::named(&self.principal, self.groups.iter().cloned()),
        }
    }

    /// Whether a text is the evidence of a subject of a cluster, and not of a principal of AWS.
    pub fn is_of(text: &str) -> bool {
        #[derive(Deserialize)]
        struct Versioned {
            schema: String,
        }
        serde_json::from_str(text).is_ok_and(|Versioned { schema }| schema == SCHEMA)
    }

    /// The evidence of a proven proposal whose objects are in these files.
    pub(super) fn of(proven: &Proven<'_>, files: Files, context: EvidenceContext<'_>) -> Self {
        let (proposal, proof) = (proven.proposal(), proven.proof());
        let bindings = proposal.changes.iter().map(|change| BindingEntry {
            binding: bound_names(change.before).0,
            role: bound_names(change.before).1,
            edit: change.edit.as_str().to_owned(),
        });
        let stays = proposal.fixed.iter().map(|bound| {
            let (binding, role) = bound_names(*bound);
            StayEntry { binding, role }
        });
        let named = proposal.kept.iter().flat_map(|kept| &kept.closures);
        Self {
            schema: SCHEMA.to_owned(),
            principal: proposal.user.name.clone(),
            is_group: proposal.user.is_group,
            groups: proposal.user.groups.iter().cloned().collect(),
            cluster: context.cluster.map(str::to_owned),
            window: interval(proposal.window),
            used_since: used_since(proposal.since, proposal.window),
            audit_policy: context.audit_policy.map(str::to_owned),
            files,
            bindings: bindings.collect(),
            stays: stays.collect(),
            unbound_roles: proposal.unbound.iter().map(ObjectName::of_role).collect(),
            kept: proposal.kept.iter().map(kept).collect(),
            removed: proposal.removed.iter().map(removed).collect(),
            closures: named.map(|one| (one.as_str().to_owned(), one.reason().to_owned())).collect(),
            replayed: proposal.replayed.iter().map(|request| RequestEntry::of(request)).collect(),
            allowed_elsewhere: proposal.elsewhere.iter().map(elsewhere).collect(),
            proof: ProofEntry {
                obligations: ["sufficient", "no_wider", "necessary", "deterministic", "valid"]
                    .map(str::to_owned)
                    .to_vec(),
                replayed: proof.replayed,
                allowed: proof.allowed,
                protected: proof.protected,
                elements: proof.elements,
            },
        }
    }
}

impl PermissionEntry {
    fn of(permission: &Permission) -> Self {
        let mut entry = Self {
            verb: permission.verb.clone(),
            group: None,
            resource: None,
            name: None,
            url: None,
            namespace: permission.namespace.clone(),
        };
        match permission.on.clone() {
            On::Url(url) => entry.url = Some(url),
            On::Resource { group, resource, name } => {
                (entry.group, entry.resource, entry.name) = (Some(group), Some(resource), name);
            }
        }
        entry
    }

    /// The permission.
    pub fn permission(&self) -> Permission {
        let on = match &self.url {
            Some(url) => On::Url(url.clone()),
            None => On::Resource {
                group: self.group.clone().unwrap_or_default(),
                resource: self.resource.clone().unwrap_or_default(),
                name: self.name.clone(),
            },
        };
        Permission::new(self.namespace.clone(), on, &self.verb)
    }
}

impl RequestEntry {
    fn of(request: &Request) -> Self {
        Self(PermissionEntry::of(&Permission::of_request(request)))
    }

    /// The request.
    pub fn request(&self) -> Request {
        let permission = self.0.permission().into_detail();
        let target = match permission.on {
            On::Url(url) => Target::Url(url),
            On::Resource { group, resource, name } => {
                let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
                Target::Resource(ResourceRequest {
                    group,
                    resource: resource.to_owned(),
                    subresource: subresource.to_owned(),
                    namespace: permission.namespace.unwrap_or_default(),
                    name: name.unwrap_or_default(),
                })
            }
        };
        Request { verb: permission.verb, target }
    }
}

fn kept(kept: &Kept) -> KeptEntry {
    let verdict = match (&kept.seen, &kept.reason) {
        (Some(_), _) => "used",
        (None, Some(Reason::Retained(_))) => "unused",
        (None, Some(_)) => "unobservable",
        (None, None) => "closure",
    };
    KeptEntry {
        permission: PermissionEntry::of(&kept.permission),
        verdict: verdict.to_owned(),
        reason: kept.reason.as_ref().map(reason),
        closures: kept.closures.iter().copied().map(Closure::as_str).map(str::to_owned).collect(),
        inferred: kept.inferred.iter().map(|&how| how.to_owned()).collect(),
        seen: kept.seen.as_deref().map(seen),
    }
}

fn removed(removed: &Removed<'_>) -> RemovedEntry {
    RemovedEntry {
        permission: PermissionEntry::of(&removed.permission),
        verdict: "unused".to_owned(),
        narrowed: removed.is_narrowed,
        bindings: removed.bindings.iter().map(|name| name.of_binding()).collect(),
        denied_calls: removed.denied,
    }
}

fn elsewhere(elsewhere: &Elsewhere) -> ElsewhereEntry {
    ElsewhereEntry {
        permission: PermissionEntry::of(&elsewhere.permission),
        authorizers: elsewhere.authorizers.clone(),
        seen: seen(&elsewhere.seen),
    }
}

/// A binding and its role, each as kind and name.
fn bound_names((binding, role): BoundRole<'_>) -> (String, String) {
    (binding.name.of_binding(), role.name.of_role())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
