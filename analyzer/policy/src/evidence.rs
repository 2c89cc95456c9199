//! The evidence of a proposal as it is written down, and read back to be verified.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::coverage::{Reason, Window};
use crate::grant::Versions;
use crate::proposal::{Edit, Kept, PolicyChange, Proposal};
use crate::prove::Proven;
use crate::usage::Seen;

/// Version of the evidence format.
const SCHEMA: &str = "remit.evidence/v1";

/// `evidence.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Version of this format.
    pub schema: String,
    /// ARN of the principal.
    pub principal: String,
    /// `role` or `user`.
    pub kind: String,
    /// The window that everything here speaks of, as an ISO 8601 interval.
    pub window: String,
    /// From when on calls counted as use, where that is before the window's start, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used_since: Option<String>,
    /// What was visible during the window.
    pub coverage: VisibleClasses,
    /// Version of the catalog that translated operations to actions.
    pub catalog: String,
    /// One entry per policy that the principal has.
    pub policies: Vec<PolicyEntry>,
    /// File of the permissions boundary, which does not change.
    pub boundary: Option<String>,
    /// Groups that the user leaves.
    pub leaves_groups: BTreeSet<String>,
    /// Permissions that stay.
    pub kept: Vec<KeptEntry>,
    /// Permissions that go, together where the same is said of them.
    pub removed: Vec<RemovedEntry>,
    /// Patterns of names of actions beyond the catalog, of which everything stays, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub unlisted: BTreeMap<String, ReasonEntry>,
    /// Patterns that go because they name no action of the catalog and their service is given up.
    pub unknown_patterns: Vec<UnknownPattern>,
    /// What was proven.
    pub proof: ProofEntry,
}

/// What was visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisibleClasses {
    /// Classes of events that were recorded during the whole window.
    pub recorded: Vec<String>,
    /// Events known to be lost in the window.
    pub lost: u64,
}

/// One policy before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyEntry {
    /// Policy name.
    pub name: String,
    /// ARN of a managed policy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub arn: Option<String>,
    /// The group through which the user has it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<String>,
    /// Its versions, where the input names them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub versions: Option<Versions>,
    /// What is to be done with it.
    pub edit: Edit,
    /// File of the document today.
    pub before: String,
    /// The documents in its place.
    pub after: Vec<AfterEntry>,
}

/// One new document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterEntry {
    /// Policy name.
    pub name: String,
    /// Whether it is inline.
    pub inline: bool,
    /// Its file.
    pub file: String,
}

/// A permission that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptEntry {
    /// The action.
    pub permission: String,
    /// `used` or `unobservable`, or `unused` where it stays all the same.
    pub verdict: String,
    /// Why it cannot be told whether it is used, or on which further resources.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<ReasonEntry>,
    /// The calls that needed it.
    #[serde(flatten)]
    pub seen: Option<SeenEntry>,
    /// Operations that needed it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub operations: BTreeSet<String>,
    /// Services that called on the principal's behalf.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub via: BTreeSet<String>,
    /// Whether every call's resource is known.
    pub resources_known: bool,
    /// Resources touched.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub resources: BTreeMap<String, SeenEntry>,
    /// Resource patterns on which it stays, and the rule that made each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub narrowed_to: BTreeMap<String, String>,
    /// Of those that are more than what was seen, why they are, and how many known resources they admit besides.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub opened: BTreeMap<String, String>,
}

/// A reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonEntry {
    /// Stable short name.
    pub code: String,
    /// In words.
    pub text: String,
}

/// Calls: how many, when, and an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenEntry {
    /// How many calls at least: a call that was seen on the wire may be one that the audit log recorded.
    pub count: u64,
    /// How many calls were seen on the wire.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub on_wire: u64,
    /// First call.
    pub first_seen: String,
    /// Last call.
    pub last_seen: String,
    /// Event id of one example; where no log recorded any, the request id of one on the wire.
    pub sample_event_id: Option<String>,
}

/// Permissions that go for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemovedEntry {
    /// Always `unused`: nothing else is removed.
    pub verdict: String,
    /// The window in which every call would have been recorded.
    pub window: String,
    /// The class of events that would have shown it.
    pub coverage: String,
    /// Policies that granted them.
    pub policies: BTreeSet<String>,
    /// The actions.
    pub permissions: BTreeSet<String>,
    /// Of some actions, calls that were denied, which are never use.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub denied_calls: BTreeMap<String, u64>,
}

/// A pattern without meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnknownPattern {
    /// The policy.
    pub policy: String,
    /// The pattern.
    pub pattern: String,
}

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofEntry {
    /// Obligations met.
    pub obligations: Vec<String>,
    /// Pairs of a permission and a resource that are still allowed.
    pub protected: usize,
    /// Actions and resources of statements, each of which is needed.
    pub elements: usize,
}

/// Everything that evidence names besides the proposal itself.
#[derive(Clone, Copy)]
pub struct EvidenceContext<'a> {
    /// Version of the catalog.
    pub catalog_version: &'a str,
    /// For a removed permission, the class of events that would have shown it.
    pub class_of: &'a dyn Fn(remit_catalog::ActionId) -> String,
}

impl Evidence {
    /// The evidence of a proven proposal; `files` are the names under which its documents are written.
    pub fn of(
        proven: &Proven,
        files: Vec<PolicyEntry>,
        boundary: Option<String>,
        context: EvidenceContext<'_>,
    ) -> Self {
        let proposal = proven.proposal();
        let coverage = &proposal.coverage;
        let window = interval(coverage.window);
        let unknown = proposal
            .unknown_patterns
            .iter()
            .map(|(policy, pattern)| UnknownPattern { policy: policy.clone(), pattern: pattern.clone() });
        Self {
            schema: SCHEMA.to_owned(),
            principal: proposal.principal.clone(),
            kind: proposal.kind.as_str().to_owned(),
            used_since: used_since(coverage.since, coverage.window),
            coverage: visible(proposal),
            catalog: context.catalog_version.to_owned(),
            policies: files,
            boundary,
            leaves_groups: proposal.leaves_groups.clone(),
            kept: proposal.kept.iter().map(kept).collect(),
            removed: removed(proposal, &window, context),
            unlisted: proposal.unlisted.iter().map(|(names, why)| (names.clone(), reason(why))).collect(),
            unknown_patterns: unknown.collect(),
            proof: ProofEntry {
                obligations: ["sufficient", "no_wider", "necessary", "deterministic", "valid"]
                    .map(str::to_owned)
                    .to_vec(),
                protected: proven.proof().protected,
                elements: proven.proof().elements,
            },
            window,
        }
    }
}

fn kept(kept: &Kept) -> KeptEntry {
    KeptEntry {
        permission: kept.name.clone(),
        verdict: match (&kept.seen, &kept.reason) {
            (Some(_), _) => "used",
            (None, Some(Reason::Retained(_))) => "unused",
            (None, _) => "unobservable",
        }
        .to_owned(),
        reason: kept.reason.as_ref().map(reason),
        seen: kept.seen.as_ref().map(seen),
        operations: kept.operations.clone(),
        via: kept.via.clone(),
        resources_known: kept.resources_known,
        resources: kept.resources.iter().map(|(resource, calls)| (resource.clone(), seen(calls))).collect(),
        narrowed_to: kept
            .narrowed
            .iter()
            .map(|(pattern, rule)| (pattern.clone(), (*rule).to_owned()))
            .collect(),
        opened: kept.opened.clone(),
    }
}

fn removed(proposal: &Proposal, window: &str, context: EvidenceContext<'_>) -> Vec<RemovedEntry> {
    let mut entries: BTreeMap<(String, &BTreeSet<String>), RemovedEntry> = BTreeMap::new();
    for removed in &proposal.removed {
        let same = ((context.class_of)(removed.action), &removed.policies);
        let entry = entries.entry(same).or_insert_with_key(|(coverage, policies)| RemovedEntry {
            verdict: "unused".to_owned(),
            window: window.to_owned(),
            coverage: coverage.clone(),
            policies: (*policies).clone(),
            permissions: BTreeSet::new(),
            denied_calls: BTreeMap::new(),
        });
        entry.permissions.insert(removed.name.clone());
        if removed.denied > 0 {
            entry.denied_calls.insert(removed.name.clone(), removed.denied);
        }
    }
    entries.into_values().collect()
}

pub(crate) fn reason(reason: &Reason) -> ReasonEntry {
    ReasonEntry { code: reason.code().to_owned(), text: reason.explain() }
}

pub(crate) fn seen(seen: &Seen) -> SeenEntry {
    SeenEntry {
        count: seen.count.distinct(),
        on_wire: seen.count.wire,
        first_seen: moment(seen.first),
        last_seen: moment(seen.last),
        sample_event_id: seen.sample.clone(),
    }
}

fn visible(proposal: &Proposal) -> VisibleClasses {
    let coverage = &proposal.coverage;
    let mut recorded = Vec::new();
    if coverage.management_writes {
        recorded.push("management write events".to_owned());
    }
    if coverage.management_reads {
        recorded.push("management read events".to_owned());
    }
    for data in &coverage.data {
        let kinds = match (data.reads, data.writes) {
            (true, true) => "read and write",
            (true, false) => "read",
            (false, true) => "write",
            (false, false) => continue,
        };
        let place = if data.prefixes.is_empty() {
            String::new()
        } else {
            format!(" under {}", data.prefixes.join(", "))
        };
        recorded.push(format!("data {kinds} events of {}{place}", data.resource_type));
    }
    VisibleClasses { recorded, lost: coverage.lost }
}

/// A window as an ISO 8601 interval.
pub(crate) fn interval(window: Window) -> String {
    format!("{}/{}", moment(window.start), moment(window.end))
}

/// A time in ISO 8601, to the second, UTC.
pub fn moment(microseconds: i64) -> String {
    let seconds = microseconds.div_euclid(1_000_000);
    jiff::Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}

/// The day of a time, by UTC, `YYYY-MM-DD`.
pub fn day(microseconds: i64) -> String {
    moment(microseconds).chars().take(10).collect()
}

/// From when on calls counted as use, where that is before the window's start.
pub(crate) fn used_since(since: i64, window: Window) -> Option<String> {
    (since < window.start).then(|| moment(since))
}

/// The entry of a change, with the names of its files.
pub(crate) fn policy_entry(change: &PolicyChange, before: String, after: Vec<AfterEntry>) -> PolicyEntry {
    PolicyEntry {
        name: change.name.clone(),
        arn: change.arn.clone(),
        group: change.group.clone(),
        versions: change.versions.clone(),
        edit: change.edit,
        before,
        after,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
