//! What a report says of one principal.

use serde::Serialize;

use super::{Gap, PermissionCounts, Place};

/// One principal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrincipalSection {
    /// ARN, or the user name of a cluster's subject.
    pub arn: String,
    /// `role`, `user` or `service account`.
    pub kind: String,
    /// Name without path.
    pub name: String,
    /// Account id, or the cluster's name; empty where the cluster has none.
    pub account: String,
    /// Namespace of a cluster's service account.
    pub namespace: Option<String>,
    /// Who looks after it, where that is known.
    pub owner: Option<String>,
    /// Where repositories make it and give it its permissions, as far as they were named.
    pub written: Vec<Place>,
    /// Why it is not to be listed, where somebody said so. It is counted all the same.
    pub muted: Option<Mute>,
    /// Allowed calls, as far back as calls count as use.
    pub calls: u64,
    /// Denied calls, as far back.
    pub denied: u64,
    /// Last allowed call, ISO 8601.
    pub last_used: Option<String>,
    /// How bad the worst of its findings is that are not muted: `high`, `medium`, `low` or `none`.
    pub risk: &'static str,
    /// Permissions by verdict.
    pub permissions: PermissionCounts,
    /// Permissions by access level, most dangerous first; levels of which nothing is granted left out.
    pub levels: Vec<LevelRow>,
    /// What the principal may do without need, weighted by access level; the order of the report.
    pub score: u64,
    /// Permissions by service, most unused first.
    pub services: Vec<ServiceRow>,
    /// Why permissions are unobservable.
    pub gaps: Vec<Gap>,
    /// Permissions that the catalog does not list and that stay: they are in no count, since nobody can tell how many
    /// there are.
    pub unlisted: Vec<UnlistedRow>,
    /// Permissions that were used.
    pub used: Vec<UsedRow>,
    /// Permissions of which calls were denied: (permission, calls).
    pub denied_permissions: Vec<(String, u64)>,
    /// On which days and in which hours it called, where the ledger tells.
    pub rhythm: Option<Rhythm>,
    /// What is proposed.
    pub proposal: ProposalSection,
    /// The pull request that proposes it, where there is one; of those in several repositories the most pressing.
    pub pull_request: Option<PullRequest>,
    /// The others of these.
    pub other_pull_requests: Vec<PullRequest>,
}

/// Places of one principal that are shown; `report.json` has all of them.
pub(crate) const WRITTEN: usize = 5;

impl PrincipalSection {
    /// Its pull requests, the most pressing first.
    pub fn pull_requests(&self) -> impl Iterator<Item = &PullRequest> {
        self.pull_request.iter().chain(&self.other_pull_requests)
    }

    /// The access levels of which something is unused.
    pub(crate) fn unused_levels(&self) -> impl Iterator<Item = &LevelRow> {
        self.levels.iter().filter(|row| row.permissions.unused > 0)
    }
}

/// When a principal called, by UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rhythm {
    /// Days on which it did.
    pub days: u32,
    /// The first of these, `YYYY-MM-DD`.
    pub first: String,
    /// The last.
    pub last: String,
    /// On how many days it did in each hour of each weekday, Monday first.
    pub week: [[u32; 24]; 7],
}

/// A pull request that proposes a principal's new policies, or what became of one.
///
/// It is read from files of others, too, which may leave out whatever is not known. Not its state: without one it would say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct PullRequest {
    /// Where it is, `https://...`; where there is none yet, what lists its principal.
    #[serde(default)]
    pub url: Option<String>,
    /// What became of it: `open`, `waiting`, `by_hand`, `stuck`, `snoozed`, `closed`, `kept`, `merged`, `taken_back` or `resolved`.
    pub state: String,
    /// When it was opened, ISO 8601.
    #[serde(default)]
    pub opened: Option<String>,
    /// When it was merged.
    #[serde(default)]
    pub merged: Option<String>,
    /// The last day on which nobody wants to hear of it, `YYYY-MM-DD`.
    #[serde(default)]
    pub until: Option<String>,
    /// Permissions that stay because somebody asked for it.
    #[serde(default)]
    pub kept: u64,
    /// What the last run did about it: `opened`, `updated`, `completed`, `closed` or `unchanged`.
    #[serde(default)]
    pub change: Option<String>,
}

/// What somebody said not to list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mute {
    /// Why, in their words.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`; none where it holds until it is taken back.
    pub until: Option<String>,
}

/// Permissions beyond the catalog that must stay granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnlistedRow {
    /// A pattern of their names, such as `newservice:*`.
    pub names: String,
    /// Why nothing of them may go, in words.
    pub why: String,
}

/// Permissions of one access level of one principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LevelRow {
    /// The access level, such as `permissions management`.
    pub level: String,
    /// What each unused one adds to the score.
    pub weight: u64,
    /// How many, by verdict.
    pub permissions: PermissionCounts,
    /// Some of the unused ones, those of the services with most of them first.
    pub examples: Vec<String>,
}

impl LevelRow {
    /// What the unused ones add to the score.
    pub(crate) fn points(&self) -> u64 {
        self.weight.saturating_mul(self.permissions.unused as u64)
    }
}

/// A service's permissions of one principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceRow {
    /// IAM prefix, such as `s3`.
    pub service: String,
    /// Permissions by verdict.
    pub permissions: PermissionCounts,
    /// The same by access level, in the order of the weights; levels of which nothing is granted left out.
    pub levels: Vec<ServiceLevel>,
}

/// A service's permissions of one access level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceLevel {
    /// The access level.
    pub level: String,
    /// Permissions by verdict.
    pub permissions: PermissionCounts,
}

/// A used permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UsedRow {
    /// The action.
    pub permission: String,
    /// Calls that needed it, at least: one that was seen on the wire may be one that the audit log recorded.
    pub count: u64,
    /// How many were seen on the wire.
    pub on_wire: u64,
    /// First call, ISO 8601.
    pub first_seen: String,
    /// Last call, ISO 8601.
    pub last_seen: String,
    /// Event id of one example; where no log recorded any, the request id of one on the wire.
    pub sample: Option<String>,
    /// Operations that needed it.
    pub operations: Vec<String>,
    /// How many resources it was seen on; none where a call's resource is not known.
    pub resources: Option<usize>,
    /// Some of them.
    pub seen_on: Vec<String>,
    /// What recorded these calls: `log`, `wire` or both.
    pub sources: Vec<&'static str>,
    /// Which records show it, such as `management write events`.
    pub shown_by: String,
    /// Resource patterns to which the proposal narrows it; empty when its scope stays.
    pub narrowed_to: Vec<String>,
    /// Why further use may have happened unseen, so that its scope stays.
    pub hidden: Option<String>,
}

/// What is proposed for a principal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ProposalSection {
    /// A proposal that was proven.
    Proven {
        /// Changes to policies, those that change nothing left out.
        changes: Vec<ChangeRow>,
        /// Permissions after.
        granted_after: usize,
        /// Permissions removed as a whole.
        removed: usize,
        /// Of a cluster's subject, permissions of which a part is removed, used or not: where nobody used them.
        narrowed: usize,
        /// What they added to the score.
        points: u64,
        /// Pairs of a permission and a resource that were checked to be still allowed; of a cluster's subject, permissions.
        protected: usize,
        /// Of a cluster's subject, recorded requests that were asked again and are allowed.
        #[serde(skip_serializing_if = "Option::is_none")]
        replayed: Option<usize>,
        /// The folder under the proposals folder, such as `111122223333/role/web`.
        folder: String,
    },
    /// Nothing to change.
    Nothing,
    /// No proposal can be made, and why.
    Impossible {
        /// The reason in words.
        why: String,
    },
}

/// A change to one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeRow {
    /// Policy name.
    pub policy: String,
    /// What is done: `new version`, `replace`, ...
    pub edit: String,
    /// Why it is done in this way, in a few words, such as `shared with 3 others, so replaced, not edited`; may be empty.
    pub note: String,
    /// Size before, in characters as the provider counts them.
    pub characters_before: usize,
    /// Size after, all documents together.
    pub characters_after: usize,
    /// Unified diff; may be long, so JSON leaves it to the proposal's folder.
    #[serde(skip)]
    pub diff: String,
}
