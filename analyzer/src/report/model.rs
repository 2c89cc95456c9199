//! What a report says, before it is laid out. The page, its Markdown twin, JSON and SARIF are made from this one
//! value, so that their totals are equal.

mod finding;
mod principal;
mod trend;

use serde::Serialize;

pub use self::finding::{FindingLine, Place};
pub(crate) use self::principal::WRITTEN;
pub use self::principal::{
    ChangeRow, LevelRow, Mute, PrincipalSection, ProposalSection, PullRequest, Rhythm, ServiceLevel,
    ServiceRow, UnlistedRow, UsedRow,
};
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
    /// From when on calls counted as use, where that is earlier than the window, ISO 8601: calls are counted from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_since: Option<String>,
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
    /// Principals that called and that no grant in the input names.
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
    /// Principals with grants and no allowed call, as far back as calls count as use.
    pub idle: usize,
    /// Allowed calls.
    pub calls: u64,
    /// Denied calls.
    pub denied: u64,
    /// Permissions by verdict, counted per principal and action.
    pub permissions: PermissionCounts,
    /// Principals with a proven proposal that changes something.
    pub proposals: usize,
    /// Permissions that those proposals remove as a whole.
    pub removed: usize,
    /// Permissions that they take away in part, where they were not used.
    pub narrowed: usize,
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

/// A principal that no grant in the input names.
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
    /// Groups that it has and that bindings in the input name: what it may do, it may by these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}
