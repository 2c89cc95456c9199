//! What the audit logs of clusters do not show.

use std::collections::BTreeSet;

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use remit_ledger::{KUBERNETES_AUDIT, Provider};
use remit_policy::rbac::{AuditPolicy, Hidden, Level, User, Visibility};

use super::{Hole, Sight, Stretches, lost};
use crate::cluster::{clusters, delivered, delivery, handed_on, is_log, may_be_of};
use crate::output::grouped;
use crate::visible::runs;

/// What a recorder skips of events that tell no more than that a request came.
const RECEIVED: &str = "request_received";

/// A verb, a group and a resource.
type Probe = (&'static str, &'static str, &'static str);

/// Requests that stand for many, in words.
const PROBES: &[(&str, &[Probe])] = &[
    (
        "events of the core group",
        &[("create", "", "events"), ("patch", "", "events"), ("list", "", "events")],
    ),
    ("get", &[("get", "", "pods"), ("get", "apps", "deployments"), ("get", "example.com", "widgets")]),
    ("list", &[("list", "", "pods"), ("list", "apps", "deployments"), ("list", "example.com", "widgets")]),
    (
        "watch",
        &[("watch", "", "pods"), ("watch", "apps", "deployments"), ("watch", "example.com", "widgets")],
    ),
    ("reads of secrets and config maps", &[("get", "", "secrets"), ("get", "", "configmaps")]),
    (
        "changes",
        &[("create", "", "pods"), ("update", "apps", "deployments"), ("delete", "example.com", "widgets")],
    ),
    ("changes of a status", &[("update", "apps", "deployments/status"), ("patch", "", "pods/status")]),
    ("leases", &[("update", "coordination.k8s.io", "leases")]),
    ("access reviews", &[("create", "authorization.k8s.io", "subjectaccessreviews")]),
    ("token reviews", &[("create", "authentication.k8s.io", "tokenreviews")]),
];

/// Paths that are no resource's.
const PATHS: &[&str] = &["/healthz", "/metrics", "/version"];

pub(super) fn add(sight: &Sight<'_>, holes: &mut Vec<Hole>) {
    let clusters = clusters(sight.records);
    let is_called = sight.called.iter().any(|called| called.provider == Provider::Kubernetes.as_str());
    if clusters.is_empty() && is_called {
        holes.push(Hole {
            of: "kubernetes",
            place: "every cluster".to_owned(),
            code: "no_log",
            detail: "calls were seen on the wire, and no audit log tells whether there were others".to_owned(),
            close: format!(
                "remit ingest kubernetes-audit LOGS --ledger {}, or point the API server's `--audit-webhook-config-file` at \
                 `remit-agent webhook`",
                sight.location
            ),
        });
    }
    for cluster in clusters {
        of_cluster(sight, cluster, holes);
    }
    received(sight, holes);
}

fn of_cluster(sight: &Sight<'_>, cluster: Option<&str>, holes: &mut Vec<Hole>) {
    let place = cluster.unwrap_or("(without a name)").to_owned();
    let hole = |code, detail: String, close: String| Hole {
        of: "kubernetes",
        place: place.clone(),
        code,
        detail,
        close,
    };
    let here: Vec<_> = sight
        .records
        .iter()
        .filter(|record| is_log(record) && record.account.as_deref() == cluster)
        .collect();
    let seen = here.iter().filter(|record| record.events > 0);
    let stretches = seen.clone().map(|record| (record.start, record.end));
    let stretches = Stretches { runs: runs(stretches, sight.settings.longest_gap) };
    holes.extend(stretches.holes(sight, &hole, "kubernetes-audit"));
    let may_be_here = sight.records.iter().filter(|record| may_be_of(record, cluster));
    let count: u64 = may_be_here.map(|record| record.lost).sum();
    if count > 0 {
        // A record does not tell whether a file or a webhook brought the events.
        let close = format!(
            "remit ingest kubernetes-audit {} --ledger {}, once they are whole; what was lost of requests to `remit-agent \
             webhook` is in no file, and a `--window` that begins after it does without",
            sight.damaged_sources(Provider::Kubernetes, cluster),
            sight.location
        );
        holes.push(hole("events_lost", format!("{} when logs were read", lost(count)), close));
    }
    let deliveries: BTreeSet<&str> = seen.flat_map(|record| &record.classes).filter_map(delivery).collect();
    let deliveries = deliveries.iter().copied();
    let told = match sight.policy {
        Some((name, policy)) => Some(handed_on(name, policy.clone(), deliveries)),
        None => delivered(deliveries),
    };
    let Some((name, policy)) = told else {
        let detail =
            "no audit policy is known, so that nothing that was not seen counts as not used".to_owned();
        let close = "give `--audit-policy FILE`: the file that the API server has as `--audit-policy-file`, or the name of a \
                     provider";
        return holes.push(hole("no_audit_policy", detail, close.to_owned()));
    };
    hidden(&name, &policy, &hole, holes);
    reviews(sight, cluster, &policy, &hole, holes);
}

/// Events that came to nothing more than that a request came. Those of requests that were seen to end are skipped as well, so
/// that only more of them than there are others tell of any.
fn received(sight: &Sight<'_>, holes: &mut Vec<Hole>) {
    let skipped = sight.info.counts.skipped.get(RECEIVED).copied().unwrap_or(0);
    let ended: u64 = sight.records.iter().filter(|record| is_log(record)).map(|record| record.events).sum();
    if let Some(more @ 1..) = skipped.checked_sub(ended) {
        holes.push(Hole {
            of: "kubernetes",
            place: "every cluster".to_owned(),
            code: "request_received_only",
            detail: format!(
                "of at least {} requests the log tells no more than that they came",
                grouped(more)
            ),
            close: "take `ResponseComplete` and `ResponseStarted` out of `omitStages` in the audit policy"
                .to_owned(),
        });
    }
}

/// What the policy hides of a service account's requests.
fn hidden(
    name: &str,
    policy: &AuditPolicy,
    hole: &impl Fn(&'static str, String, String) -> Hole,
    holes: &mut Vec<Hole>,
) {
    let user = User::service_account("default", "default");
    let why = |request: &Request| match policy.shows(&user, request) {
        Visibility::Shown => None,
        Visibility::Hidden(hidden) => Some(hidden),
    };
    let resources = PROBES.iter().map(|(what, requests)| {
        let requests = requests.iter().map(|(verb, group, resource)| request(verb, group, resource));
        (*what, requests.collect::<Vec<_>>())
    });
    let paths = PATHS.iter().map(|path| {
        let request = Request { verb: "get".to_owned(), target: Target::Url((*path).to_owned()) };
        (*path, vec![request])
    });
    for (what, requests) in resources.chain(paths) {
        let reasons: Vec<_> = requests.iter().filter_map(why).collect();
        let Some(reason) = reasons.first() else { continue };
        let some = if reasons.len() < requests.len() { "some " } else { "" };
        let detail = format!("the log does not show {some}{what}: {} (`{name}`)", reason.as_str());
        holes.push(hole("hidden_by_policy", detail, close(name, *reason)));
    }
}

fn request(verb: &str, group: &str, resource: &str) -> Request {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    // A name no rule has, and a namespace that no cluster's own components are in.
    let asked = ResourceRequest {
        group: group.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        namespace: "default".to_owned(),
        name: match verb {
            "create" | "list" | "watch" => String::new(),
            _ => "name".to_owned(),
        },
    };
    Request { verb: verb.to_owned(), target: Target::Resource(asked) }
}

/// What would let a log show what it hides.
fn close(name: &str, hidden: Hidden) -> String {
    const AGENT: &str = "no setting of the provider does: `remit-agent run` on the nodes sees such calls, which shows use and never its absence";
    let is_of = |start: &str| name.split(" and ").any(|one| one.starts_with(start));
    match (name, hidden) {
        (_, Hidden::Undelivered) if is_of("aks-admin") => {
            "az monitor diagnostic-settings create --name remit --resource CLUSTER-ID --logs '[{\"category\": \"kube-audit\", \
             \"enabled\": true}]' --workspace WORKSPACE-ID"
                .to_owned()
        }
        (_, Hidden::Undelivered) if name.split(" and ").any(|one| one == "gke") => "switch on Data Access logs of `container.googleapis.com` (`auditConfigs` in what `gcloud projects \
                                         get-iam-policy` prints, then `set-iam-policy`), and give `--audit-policy gke-data-access`"
            .to_owned(),
        (name, _) if name.split(" and ").all(|one| AuditPolicy::profile(one).is_some()) => AGENT.to_owned(),
        (_, Hidden::Unlogged) => format!("give these requests the level `Metadata` in `{name}`, and restart the API server"),
        (_, Hidden::Unfinished) => {
            format!("take `ResponseComplete` out of `omitStages` in `{name}`, and restart the API server")
        }
        (_, Hidden::Undelivered) => AGENT.to_owned(),
    }
}

/// Reviews without bodies: what others asked the API server to decide is not known.
fn reviews(
    sight: &Sight<'_>,
    cluster: Option<&str>,
    policy: &AuditPolicy,
    hole: &impl Fn(&'static str, String, String) -> Hole,
    holes: &mut Vec<Hole>,
) {
    let of_cluster = sight
        .called
        .iter()
        .filter(|called| called.evidence == KUBERNETES_AUDIT && called.account.as_deref() == cluster);
    let is_review = |operation: &str| {
        matches!(operation, "create subjectaccessreviews" | "create localsubjectaccessreviews")
    };
    let made = of_cluster
        .clone()
        .any(|called| called.service == "authorization.k8s.io" && is_review(&called.operation));
    let user = User::service_account("default", "default");
    let level = policy.level(&user, &request("create", "authorization.k8s.io", "subjectaccessreviews"));
    if made && (level < Level::Request || !of_cluster.clone().any(|called| called.is_via)) {
        let detail = "access reviews were made, and the log does not have what they asked: what others let clients do by them is \
                      not known"
            .to_owned();
        let close =
            "give `authorization.k8s.io` the level `Request` in the audit policy, above every other rule"
                .to_owned();
        holes.push(hole("reviews_without_bodies", detail, close));
    }
}
