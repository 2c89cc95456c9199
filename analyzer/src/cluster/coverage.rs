//! From the ledger's coverage records to what was visible of a cluster during a window.

use std::collections::BTreeSet;

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use remit_ledger::{CoverageRecord, KUBERNETES_AUDIT, Provider};
use remit_policy::Window;
use remit_policy::rbac::{AuditPolicy, Call, Level, On, Permission, Usage, User, Visibility};

use super::policy::delivery;
use crate::visible::{WindowSettings, last_run};

/// Reviews by which servers ask whether another may do something. Of those about oneself nobody else learns.
/// With a namespace where they are made in one.
const REVIEWS: [(&str, &str); 2] = [("localsubjectaccessreviews", "another"), ("subjectaccessreviews", "")];

/// Their group.
const REVIEWED: &str = "authorization.k8s.io";

/// What the ledger holds of one cluster's audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClusterRecords {
    /// The last stretch that the log covers without too long a gap, up to the longest window that is asked for.
    pub(crate) window: Option<Window>,
    /// When the log begins, in microseconds since the Unix epoch.
    pub(crate) first: Option<i64>,
    /// How the log was delivered: `file`, `eks`, `gke`, `aks`, `aks-admin`, `aks-table` or `aks-admin-table`.
    pub(crate) deliveries: BTreeSet<String>,
    /// Events known to be lost in the window.
    pub(crate) lost: u64,
}

impl ClusterRecords {
    /// From when on calls count as use.
    pub(crate) fn since(&self, settings: WindowSettings) -> Option<i64> {
        Some(settings.since(self.window?, self.first?))
    }
}

/// The clusters of which the ledger has an audit log; none stands for one whose name is not known.
pub(crate) fn clusters(records: &[CoverageRecord]) -> BTreeSet<Option<&str>> {
    records
        .iter()
        .filter(|record| is_log(record) && record.events > 0)
        .map(|record| record.account.as_deref())
        .collect()
}

/// What the ledger holds of one cluster.
pub(crate) fn records_of(
    records: &[CoverageRecord],
    cluster: Option<&str>,
    settings: WindowSettings,
) -> ClusterRecords {
    let here: Vec<_> = records
        .iter()
        .filter(|record| is_log(record) && record.events > 0 && record.account.as_deref() == cluster)
        .collect();
    let stretches = here.iter().map(|record| (record.start, record.end));
    let window = last_run(stretches, settings.longest_gap)
        .map(|(start, end)| Window { start: start.max(end.saturating_sub(settings.longest)), end });
    let is_within =
        |record: &CoverageRecord| window.is_none_or(|all| record.end > all.start && record.start < all.end);
    let deliveries = here.iter().filter(|record| is_within(record)).flat_map(|record| &record.classes);
    let deliveries = deliveries.filter_map(delivery).map(str::to_owned);
    let lost = records.iter().filter(|record| may_be_of(record, cluster) && is_within(record));
    let first = here.iter().map(|record| record.start).min();
    ClusterRecords {
        window,
        first,
        deliveries: deliveries.collect(),
        lost: lost.map(|record| record.lost).sum(),
    }
}

/// Whether what a record says to be lost may be of a cluster: of which it is may not be known.
pub(crate) fn may_be_of(record: &CoverageRecord, cluster: Option<&str>) -> bool {
    is_log(record) && (record.account.is_none() || record.account.as_deref() == cluster)
}

/// Whether a record is of an audit log of a cluster.
pub(crate) fn is_log(record: &CoverageRecord) -> bool {
    record.provider == Provider::Kubernetes
        && record.evidence == KUBERNETES_AUDIT
        && record.workload.is_none()
}

/// Whether it is known what other servers asked the API server to decide: the log would have shown any review, by whoever
/// makes it, and has the bodies of those that were made, of which each is a call of its own by the one it was about.
pub(crate) fn shows_reviews<'a>(
    policy: Option<&AuditPolicy>,
    users: impl Iterator<Item = &'a str>,
    shows_bodies: bool,
) -> bool {
    // Whether the log would have shown any can be told only where it is known what it shows.
    let Some(policy) = policy else { return false };
    let node = User::named("system:node:another", ["system:nodes".to_owned()]);
    let known = users.map(|name| User::named(name, []));
    let mut users = known.chain([User::named("another", []), node]);
    let reviews = REVIEWS.map(|(resource, namespace)| review(resource, namespace));
    let is_shown = |user: User| reviews.iter().all(|review| policy.shows(&user, review) == Visibility::Shown);
    shows_bodies && users.all(is_shown)
}

/// Whether the log shows what each review asked that a user made.
pub(crate) fn shows_bodies<'a>(
    policy: &AuditPolicy,
    user: &str,
    calls: impl Iterator<Item = &'a Call>,
) -> bool {
    let mut reviews = calls.filter(|call| is_review(&call.request));
    reviews.all(|call| {
        policy.level(&User::named(user, call.groups.iter().cloned()), &call.request) >= Level::Request
    })
}

fn review(resource: &str, namespace: &str) -> Request {
    let asked = ResourceRequest {
        group: REVIEWED.to_owned(),
        resource: resource.to_owned(),
        namespace: namespace.to_owned(),
        ..ResourceRequest::default()
    };
    Request { verb: "create".to_owned(), target: Target::Resource(asked) }
}

fn is_review(request: &Request) -> bool {
    request.verb == "create"
        && matches!(&request.target, Target::Resource(asked)
            if asked.group == REVIEWED && REVIEWS.iter().any(|(resource, _)| *resource == asked.resource))
}

/// Groups and resources that somebody used.
pub(crate) fn served<'a>(usage: impl Iterator<Item = &'a Usage>) -> BTreeSet<(String, String)> {
    let requests = usage.flat_map(|usage| usage.uses.keys());
    let asked = requests.filter_map(|request| match Permission::of_request(request).into_detail().on {
        On::Resource { group, resource, .. } => Some((group, resource)),
        On::Url(_) => None,
    });
    asked.collect()
}
