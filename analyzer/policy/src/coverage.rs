//! What the ledger could have shown of an account during the window.

use std::collections::BTreeSet;

use remit_catalog::{Action, Visibility};

use crate::Glob;
use crate::retained::Retained;

/// A stretch of time, in microseconds since the Unix epoch: `start` inclusive, `end` exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// First moment.
    pub start: i64,
    /// Moment after the last.
    pub end: i64,
}

impl Window {
    /// Length in microseconds.
    pub fn length(self) -> i64 {
        self.end.saturating_sub(self.start)
    }
}

/// What was visible of one account during the whole window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The window that verdicts speak of.
    pub window: Window,
    /// From when on calls count as use, in microseconds since the Unix epoch: the window's start, or earlier.
    pub since: i64,
    /// Shortest window, in microseconds, in which not seen may count as not used.
    pub minimum: i64,
    /// Whether management events that read were recorded.
    pub management_reads: bool,
    /// Whether management events that write were recorded.
    pub management_writes: bool,
    /// Which data events were recorded.
    pub data: Vec<DataCoverage>,
    /// The regions that were logged for long, where all events tell theirs; none where that is not known.
    pub regions: Option<BTreeSet<String>>,
    /// Services, as the ledger names them, whose management events the trail leaves out.
    pub excluded_services: BTreeSet<String>,
    /// Events known to be lost in the window.
    pub lost: u64,
    /// Files of the ledger that cannot be read, whatever they hold.
    pub unreadable: u64,
}

/// Data events of one resource type that were recorded during the whole window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataCoverage {
    /// CloudTrail's name of the type, such as `AWS::S3::Object`.
    pub resource_type: String,
    /// ARN prefixes that are recorded; empty when all are.
    pub prefixes: Vec<String>,
    /// Whether reads are recorded.
    pub reads: bool,
    /// Whether writes are recorded.
    pub writes: bool,
}

/// Why it cannot be told whether a permission is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The ledger holds no log of the account.
    NoLog,
    /// Its calls are data events of this type, which were not recorded.
    DataEventsOff(String),
    /// Its calls are data events of this type, recorded for some of the granted resources only.
    DataEventsPartial(String),
    /// Management events that read were not recorded.
    ReadsOff,
    /// Management events that write were not recorded.
    WritesOff,
    /// The trail's settings leave out this service.
    ServiceExcluded(String),
    /// Its service is logged in this region, of which no event was recorded.
    HomeRegionOff(String),
    /// The source never records its calls; the catalog says why.
    NotLogged(String),
    /// No operation is known to need it.
    NoOperation,
    /// The window is shorter than the set minimum, so that a periodic use may fall outside it.
    WindowTooShort,
    /// This many events were lost in the window.
    EventsLost(u64),
    /// This many files of the ledger cannot be read.
    LedgerDamaged(u64),
    /// The grant came into force within the window.
    GrantYounger,
    /// A recorded call may have needed it: the operation. So it is with what that operation's service may have done on
    /// the principal's behalf; a call that is recorded as made so is use like any other, since the service called is to
    /// check the principal's permissions. Source: AWS IAM User Guide, "Forward access sessions".
    MayBeNeeded(String),
    /// A recorded call needed it, or may have, and it is not known whether it was allowed: the operation.
    OutcomeUnknown(String),
    /// A recorded call's operation is not in the catalog: the operation.
    UnresolvedOperation(String),
    /// There are stretches of the window of which there is no log.
    Gaps,
    /// Which requests the cluster's audit policy logs is not known.
    AuditPolicyUnknown,
    /// The cluster's log does not show requests that need it: why.
    AuditPolicyHides(String),
    /// The form in which the cluster's log comes does not tell it: what.
    NotTold(String),
    /// It is checked without a request for it: when.
    NoRequest(String),
    /// Other servers may have asked about it in access reviews, whose bodies are not in the log.
    Reviewed,
    /// Nothing was seen to need it, and what was learned says that something may.
    Retained(Retained),
    /// The grant uses something that cannot be judged yet.
    Unsupported(String),
}

impl Reason {
    /// A stable short name, for tables, JSON and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoLog => "no_log",
            Self::DataEventsOff(_) => "data_events_off",
            Self::DataEventsPartial(_) => "data_events_partial",
            Self::ReadsOff => "reads_off",
            Self::WritesOff => "writes_off",
            Self::ServiceExcluded(_) => "service_excluded",
            Self::HomeRegionOff(_) => "home_region_off",
            Self::NotLogged(_) => "not_logged",
            Self::NoOperation => "no_operation",
            Self::WindowTooShort => "window_too_short",
            Self::EventsLost(_) => "events_lost",
            Self::LedgerDamaged(_) => "ledger_damaged",
            Self::GrantYounger => "grant_younger",
            Self::MayBeNeeded(_) => "may_be_needed",
            Self::OutcomeUnknown(_) => "outcome_unknown",
            Self::UnresolvedOperation(_) => "unresolved_operation",
            Self::Gaps => "gaps",
            Self::AuditPolicyUnknown => "audit_policy_unknown",
            Self::AuditPolicyHides(_) => "audit_policy_hides",
            Self::NotTold(_) => "not_told",
            Self::NoRequest(_) => "no_request",
            Self::Reviewed => "reviewed",
            Self::Retained(why) => why.code(),
            Self::Unsupported(_) => "unsupported",
        }
    }

    /// The reason in words.
    pub fn explain(&self) -> String {
        match self {
            Self::NoLog => "the ledger holds no log of this account".to_owned(),
            Self::DataEventsOff(kind) => format!("data events of `{kind}` were not recorded"),
            Self::DataEventsPartial(kind) => {
                format!("data events of `{kind}` were recorded for some of the granted resources only")
            }
            Self::ReadsOff => "management events that read were not recorded".to_owned(),
            Self::WritesOff => "management events that write were not recorded".to_owned(),
            Self::ServiceExcluded(service) => format!("the trail's settings leave out `{service}`"),
            Self::HomeRegionOff(region) => {
                format!(
                    "its service is logged in `{region}`, of which no event was recorded, or only late ones"
                )
            }
            Self::NotLogged(why) => format!("its calls are not recorded: {why}"),
            Self::NoOperation => "no API operation is known to need it".to_owned(),
            Self::WindowTooShort => "the window is shorter than the set minimum".to_owned(),
            Self::EventsLost(1) => "1 event was lost in the window".to_owned(),
            Self::EventsLost(count) => format!("{count} events were lost in the window"),
            Self::LedgerDamaged(1) => "1 file of the ledger cannot be read".to_owned(),
            Self::LedgerDamaged(count) => format!("{count} files of the ledger cannot be read"),
            Self::GrantYounger => "the grant is younger than the window".to_owned(),
            Self::MayBeNeeded(operation) => format!("a recorded call of `{operation}` may have needed it"),
            Self::OutcomeUnknown(operation) => {
                format!("it is not known whether a recorded call of `{operation}` was allowed")
            }
            Self::UnresolvedOperation(operation) => {
                format!("what a recorded call of `{operation}` needed is not known")
            }
            Self::Gaps => "there are times in the window of which there is no log".to_owned(),
            Self::AuditPolicyUnknown => {
                "which requests the cluster's audit policy logs is not known".to_owned()
            }
            Self::AuditPolicyHides(why) => format!("requests that need it are not shown: {why}"),
            Self::NotTold(what) => format!("the log, as it is delivered, does not tell {what}"),
            Self::NoRequest(when) => format!("no request tells of it: it is checked when {when}"),
            Self::Reviewed => {
                "other servers may have asked about it, and the log does not tell what they asked".to_owned()
            }
            Self::Retained(why) => why.explain(),
            Self::Unsupported(what) => format!("unsupported: {what}"),
        }
    }

    /// What would make the permission observable, where something would.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::DataEventsOff(kind) | Self::DataEventsPartial(kind) => Some(format!(
                "switch on data events of `{kind}` for every granted resource in the trail's event selectors"
            )),
            Self::NoLog => Some("ingest the account's logs".to_owned()),
            Self::ReadsOff => Some("let the trail record read events (`ReadWriteType: All`)".to_owned()),
            Self::WritesOff => Some("let the trail record write events (`ReadWriteType: All`)".to_owned()),
            Self::ServiceExcluded(service) => Some(format!(
                "let the trail record events of `{service}` too (`ExcludeManagementEventSources`)"
            )),
            Self::HomeRegionOff(region) => Some(format!(
                "let the trail record all regions (`IsMultiRegionTrail`), and ingest the logs of `{region}`"
            )),
            Self::WindowTooShort => Some("ingest older logs, or wait".to_owned()),
            Self::EventsLost(_) => Some("ingest the damaged files again".to_owned()),
            Self::LedgerDamaged(_) => {
                Some("ingest the logs into a new ledger, or give back the damaged files".to_owned())
            }
            Self::GrantYounger => Some("wait until the grant is as old as the window".to_owned()),
            Self::OutcomeUnknown(_) => {
                Some("let the agent see responses, or ingest the audit log of that time".to_owned())
            }
            Self::UnresolvedOperation(_) => {
                Some("report the operation, so that the catalog learns it".to_owned())
            }
            Self::Gaps => Some("ingest the missing logs, or choose a window that they cover".to_owned()),
            Self::AuditPolicyUnknown => Some("name the cluster's audit policy (`--audit-policy`)".to_owned()),
            Self::AuditPolicyHides(_) => {
                Some("let the audit policy log these requests at the level Metadata".to_owned())
            }
            Self::Reviewed => Some(
                "let the audit policy log `create` of `subjectaccessreviews` at the level Request".to_owned(),
            ),
            Self::NotLogged(_)
            | Self::NoOperation
            | Self::MayBeNeeded(_)
            | Self::NotTold(_)
            | Self::NoRequest(_)
            | Self::Retained(_)
            | Self::Unsupported(_) => None,
        }
    }
}

/// Services that are the same in all regions or are in a few only, by the prefixes of their actions, and the regions of the partitions in which
/// what is asked of their endpoints is logged: a trail of another region shows nothing of it. Of `sts` and `chime` that is one endpoint of several.
/// Sources: AWS CloudTrail User Guide, "Global service events"; AWS Fault Isolation Boundaries, "Global services"; each service's page in the
/// endpoint list of the AWS General Reference; and the endpoints and rules of endpoints of botocore 1.43.90.
const WITHOUT_REGION: [(&[&str], &[&str], Asked); 6] = [
    (
        &[
            "account",
            "artifact",
            "billing",
            "budgets",
            "ce",
            "chatbot",
            "cloudfront",
            "cur",
            "health",
            "iam",
            "organizations",
            "route53",
            "route53domains",
            "savingsplans",
            "shield",
            "sts",
            "support",
            "tax",
            "trustedadvisor",
            "waf",
        ],
        &["us-east-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1"],
        Asked::One,
    ),
    (&["globalaccelerator", "networkmanager"], &["us-west-2", "us-gov-west-1"], Asked::One),
    (
        &[
            "bcm-dashboards",
            "bcm-data-exports",
            "bcm-pricing-calculator",
            "bcm-recommended-actions",
            "billingconductor",
            "chime",
            "cost-optimization-hub",
            "freetier",
            "invoicing",
            "notifications-contacts",
            "partnercentral",
        ],
        &["us-east-1", "cn-northwest-1"],
        Asked::One,
    ),
    (
        &["devicefarm", "route53-recovery-control-config", "route53-recovery-readiness"],
        &["us-west-2"],
        Asked::One,
    ),
    (&["ecr-public"], &["us-east-1", "us-west-2"], Asked::Any),
    (&["pricing"], &["us-east-1", "ap-south-1", "eu-central-1", "cn-northwest-1"], Asked::Any),
];

/// Which of a service's regions in a partition are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// One of them, where what was asked of all is logged.
    One,
    /// Any, as whoever calls chooses.
    Any,
}

impl Coverage {
    /// Why the calls that need an action might have happened unseen; none when every one would have been
    /// recorded. `scopes` are the resource patterns on which the action is granted, or none when that
    /// is not known.
    pub fn hides(&self, action: &Action, scopes: Option<&[Glob]>) -> Option<Reason> {
        self.hides_service(action.service)
            .or_else(|| self.hides_class(&action.visibility, scopes))
            .or_else(|| self.hides_home(action.service))
            .or_else(|| self.hides_all())
    }

    /// Why nothing that is not seen can count as not used, whatever it is.
    pub fn hides_all(&self) -> Option<Reason> {
        if self.lost > 0 {
            return Some(Reason::EventsLost(self.lost));
        }
        if self.unreadable > 0 {
            return Some(Reason::LedgerDamaged(self.unreadable));
        }
        (self.window.length() < self.minimum).then_some(Reason::WindowTooShort)
    }

    /// The settings can leave out `kms` and `rds-data`, whose event sources are named like their actions.
    fn hides_service(&self, service: &str) -> Option<Reason> {
        let excluded = self.excluded_services.get(service)?;
        Some(Reason::ServiceExcluded(excluded.clone()))
    }

    fn hides_home(&self, service: &str) -> Option<Reason> {
        let (_, homes, asked) = WITHOUT_REGION.iter().find(|(services, ..)| services.contains(&service))?;
        self.unseen_home(homes, *asked).map(|home| Reason::HomeRegionOff(home.to_owned()))
    }

    /// The region of services without regions that was not logged for long, such as IAM; none where it was.
    pub fn home_off(&self) -> Option<&'static str> {
        WITHOUT_REGION.first().and_then(|(_, homes, asked)| self.unseen_home(homes, *asked))
    }

    /// One of these regions in the account's partition that was not logged, where it may be the one that was asked.
    fn unseen_home(&self, homes: &[&'static str], asked: Asked) -> Option<&'static str> {
        let regions = self.regions.as_ref()?;
        if asked == Asked::One && homes.iter().any(|home| regions.contains(*home)) {
            return None;
        }
        let partition = |region: &str| ["cn-", "us-gov-"].into_iter().find(|start| region.starts_with(start));
        let own = regions.iter().find_map(|region| partition(region));
        homes.iter().copied().find(|home| partition(home) == own && !regions.contains(*home))
    }

    fn hides_class(&self, visibility: &Visibility, scopes: Option<&[Glob]>) -> Option<Reason> {
        let has_no_log = self.window.length() <= 0;
        match visibility {
            Visibility::Management { .. } | Visibility::Data { .. } if has_no_log => Some(Reason::NoLog),
            Visibility::Management { write: true } => (!self.management_writes).then_some(Reason::WritesOff),
            Visibility::Management { write: false } => (!self.management_reads).then_some(Reason::ReadsOff),
            Visibility::Data { resource_type, write } => self.hides_data(resource_type, *write, scopes),
            Visibility::Mixed(classes) => classes.iter().find_map(|class| self.hides_class(class, scopes)),
            Visibility::NotLogged(why) => Some(Reason::NotLogged((*why).to_owned())),
            Visibility::NoOperation => Some(Reason::NoOperation),
        }
    }

    fn hides_data(&self, resource_type: &str, write: bool, scopes: Option<&[Glob]>) -> Option<Reason> {
        let recorded: Vec<_> = self
            .data
            .iter()
            .filter(|data| {
                data.resource_type == resource_type && if write { data.writes } else { data.reads }
            })
            .collect();
        if recorded.is_empty() {
            return Some(Reason::DataEventsOff(resource_type.to_owned()));
        }
        if recorded.iter().any(|data| data.prefixes.is_empty()) {
            return None;
        }
        let prefixes: Vec<_> =
            recorded.iter().flat_map(|data| &data.prefixes).map(|prefix| starting_with(prefix)).collect();
        let prefixes: Vec<_> = prefixes.iter().collect();
        let all_recorded =
            scopes.is_some_and(|scopes| scopes.iter().all(|scope| scope.is_included_in(&prefixes)));
        (!all_recorded).then(|| Reason::DataEventsPartial(resource_type.to_owned()))
    }
}

/// The resources whose names start so. To a trail that is plain text, whatever a policy would make of its characters.
fn starting_with(prefix: &str) -> Glob {
    let plain = prefix.replace('$', "${$}").replace('*', "${*}").replace('?', "${?}");
    Glob::resource(&format!("{plain}*"))
}
