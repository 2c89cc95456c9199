//! What a report says, before it is laid out. The page, its Markdown twin, JSON and SARIF are made from this one
//! value, so that their totals are equal.

mod finding;
mod trend;

use serde::Serialize;

pub use self::finding::{FindingLine, Place};
pub use self::trend::{Change, Closed, Former, Point, Trend};

/// Version of the format as JSON. It grows by fields; what a field means does not change.
pub const SCHEMA: &str = "remit.report/v1";

/// A report on everything that was analysed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Version of this format.
    pub schema: &'static str,
    /// Accounts whose grants were given, as account ids, and the cluster by its name.
    pub accounts: Vec<String>,
    /// The window that every verdict speaks of.
    pub window: ReportWindow,
    /// Version of the catalog that translated operations to permissions.
    pub catalog: String,
    /// How much an unused permission adds to a score, by access level, most dangerous first.
    pub weights: Vec<LevelWeight>,
    /// Sums over all principals.
    pub totals: Totals,
    /// How much of what is granted is without need.
    pub score: Score,
    /// What changed since the previous report, where there is one.
    pub trend: Option<Trend>,
    /// The score of this report and of those before it, oldest first; the newest where there are many.
    pub history: Vec<Point>,
    /// What one hour of work would remove most.
    pub hour: Hour,
    /// What was visible during the window, and what was not.
    pub coverage: Vec<CoverageLine>,
    /// What the ledger holds of each account's regions, by account and region.
    pub regions: Vec<RegionLine>,
    /// Longest time without any event that counts as covered, in words.
    pub longest_gap: String,
    /// Why permissions are unobservable, most permissions first.
    pub gaps: Vec<Gap>,
    /// The principals, worst first.
    pub principals: Vec<PrincipalSection>,
    /// Everything worth acting on, worst first.
    pub findings: Vec<FindingLine>,
    /// What was worth acting on in earlier reports and is not now, by its identifier: if it comes back, that is told.
    pub closed: Vec<Former>,
    /// Operations that were called and that the catalog does not know.
    pub unresolved: Vec<UnresolvedOperation>,
    /// What was seen on the wire, by workload, provider and principal.
    pub workloads: Vec<WorkloadLine>,
    /// What service accounts of a cluster can become elsewhere, in their order.
    pub links: Vec<LinkLine>,
    /// Principals that called and whose grants are not in the input.
    pub without_grants: Vec<WithoutGrants>,
    /// What could not be read or concluded, each in a sentence.
    pub problems: Vec<String>,
}

/// A stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportWindow {
    /// Start, ISO 8601.
    pub start: String,
    /// End, ISO 8601.
    pub end: String,
    /// Length in words, such as `90 days`.
    pub length: String,
}

/// What an unused permission of an access level adds to a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LevelWeight {
    /// The access level, such as `permissions management`.
    pub level: String,
    /// Points.
    pub weight: u64,
}

/// Sums over all principals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Principals with grants.
    pub principals: usize,
    /// Principals with grants and no allowed call in the window.
    pub idle: usize,
    /// Allowed calls.
    pub calls: u64,
    /// Denied calls.
    pub denied: u64,
    /// Permissions by verdict, counted per principal and action.
    pub permissions: PermissionCounts,
    /// Principals with a proven proposal that changes something.
    pub proposals: usize,
    /// Permissions that those proposals remove.
    pub removed: usize,
    /// Findings.
    pub findings: usize,
    /// Principals that are muted. They are in all other numbers.
    pub muted_principals: usize,
    /// Findings that are muted. They are in the number of findings.
    pub muted_findings: usize,
}

/// How much of what is granted is without need, each permission weighted by what it can do.
///
/// What is unobservable is in neither number: nobody can tell whether it is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, serde::Deserialize)]
pub struct Score {
    /// Points of unused permissions.
    pub removable: u64,
    /// Points of used and unused permissions.
    pub granted: u64,
    /// Points of unobservable permissions.
    pub unobservable: u64,
    /// The first of the second, in percent to one decimal; none where the second is nothing.
    pub percent: Option<f64>,
}

/// What can be reviewed in one hour and removes most.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hour {
    /// Minutes that it is taken to cost to review a proposal.
    pub minutes_per_proposal: u64,
    /// Minutes that each changed policy of it adds.
    pub minutes_per_policy: u64,
    /// The proposals to review, most points a minute first.
    pub picks: Vec<Pick>,
    /// Points that they remove together.
    pub points: u64,
    /// Points that all proposals remove.
    pub of_points: u64,
}

/// A proposal that is worth reviewing first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pick {
    /// Whose it is, as its section names it.
    pub principal: String,
    /// What reviewing it is taken to cost.
    pub minutes: u64,
    /// Permissions that it removes.
    pub removed: usize,
    /// Points that it removes.
    pub points: u64,
}

/// Numbers of permissions by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PermissionCounts {
    /// All granted ones.
    pub granted: usize,
    /// Used ones.
    pub used: usize,
    /// Unused ones.
    pub unused: usize,
    /// Unobservable ones.
    pub unobservable: usize,
}

impl PermissionCounts {
    /// Adds others.
    pub(crate) fn add(&mut self, other: Self) {
        self.granted += other.granted;
        self.used += other.used;
        self.unused += other.unused;
        self.unobservable += other.unobservable;
    }
}

/// One class of calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageLine {
    /// The class, such as `management events that write` or `data events of AWS::S3::Object`.
    pub class: String,
    /// Whether it was recorded during the whole window.
    pub recorded: bool,
    /// Where, or why not, in a few words; may be empty.
    pub note: String,
}

/// What the ledger holds of one region of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegionLine {
    /// Account id.
    pub account: String,
    /// The region as the log names it, or which regions these are in words.
    pub region: String,
    /// The sources that showed events of it; empty where there is no record.
    pub sources: Vec<String>,
    /// In how many hours of the window there were events.
    pub hours: u64,
    /// How many hours the window has.
    pub hours_in_window: u64,
    /// Start of the first of these hours, ISO 8601.
    pub first_seen: Option<String>,
    /// End of the last one, ISO 8601.
    pub last_seen: Option<String>,
    /// Stretches of the window without any event that are longer than the longest that counts as covered, longest first.
    pub gaps: Vec<ReportWindow>,
}

/// What a workload was seen to call of one provider as one principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadLine {
    /// The workload; none where the agent did not learn which it is.
    pub workload: Option<String>,
    /// The principal; none where no log tells whose key the calls were signed with.
    pub principal: Option<String>,
    /// Whose API was called, as the ledger names it.
    pub provider: String,
    /// Some of the services, those with most calls first.
    pub services: Vec<String>,
    /// How many services there are.
    pub service_count: usize,
    /// Calls that were allowed, or failed after they may have been.
    pub allowed: u64,
    /// Calls that were denied.
    pub denied: u64,
    /// Calls of which it is not known whether they were allowed.
    pub undecided: u64,
    /// Connections whose calls could not be read.
    pub unread: u64,
    /// Last call or connection, ISO 8601.
    pub last_seen: String,
}

/// One link with everything concluded about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkLine {
    /// What runs as the service account, `Kind/name`; empty where that is not in the input.
    pub workloads: Vec<String>,
    /// The service account, `namespace/name`.
    pub service_account: String,
    /// How it becomes the cloud identity.
    pub mechanism: String,
    /// The cloud identity.
    pub principal: String,
    /// The role of another account that the session goes on to assume.
    pub target: Option<String>,
    /// What the cloud's side says of it.
    pub trust: String,
    /// Whether it was used, `used`, `unused` or `unobservable`.
    pub verdict: String,
    /// Why it is unobservable.
    pub reason: Option<String>,
    /// Calls in its sessions, those that made them included.
    pub calls: u64,
    /// Time of the last, ISO 8601.
    pub last_seen: Option<String>,
    /// Permissions that the cloud identity used, whoever made it do so.
    pub used: Vec<String>,
    /// How many permissions it is granted; none where its grants are not in the input.
    pub granted: Option<usize>,
    /// Where the cluster's side is read.
    pub origin: Option<String>,
}

/// A reason why permissions are unobservable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Stable short name, such as `data_events_off`.
    pub code: String,
    /// In words.
    pub text: String,
    /// What would make them observable, where something would.
    pub remedy: Option<String>,
    /// How many permissions, counted per principal and action.
    pub permissions: usize,
    /// How many principals (1 within a principal's own section).
    pub principals: usize,
    /// A few of the permissions.
    pub examples: Vec<String>,
}

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
    /// Why it is not to be listed, where somebody said so. It is counted all the same.
    pub muted: Option<Mute>,
    /// Allowed calls in the window.
    pub calls: u64,
    /// Denied calls in the window.
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
    /// The pull request that proposes it, where there is one.
    pub pull_request: Option<PullRequest>,
}

impl PrincipalSection {
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

/// A pull request that proposes a principal's new policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct PullRequest {
    /// Where it is, `https://...`.
    pub url: String,
    /// What became of it: `open`, `merged` or `closed`.
    pub state: String,
    /// When it was opened, ISO 8601.
    pub opened: Option<String>,
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
        /// Permissions removed.
        removed: usize,
        /// What they added to the score.
        points: u64,
        /// Pairs of a permission and a resource that were checked to be still allowed.
        protected: usize,
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

/// An operation that the catalog does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnresolvedOperation {
    /// `service:operation` as the log names it.
    pub operation: String,
    /// Allowed calls.
    pub count: u64,
    /// Principals that called it.
    pub principals: usize,
}

/// A principal whose grants are not in the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WithoutGrants {
    /// The principal as the ledger names it.
    pub principal: String,
    /// Its kind.
    pub kind: String,
    /// Allowed calls.
    pub calls: u64,
    /// Last call, ISO 8601.
    pub last_seen: Option<String>,
}
