//! Audit policies that providers set themselves, as far as they tell them.
//!
//! The reference policy is what `create-master-audit-policy` of `cluster/gce/gci/configure-helper.sh` in
//! kubernetes/kubernetes writes. EKS ("Auditing and logging" in the EKS Best Practices Guides) and GKE ("Audit policy" in
//! the GKE documentation) name that script as what theirs comes from. AKS publishes no policy, so that what the reference
//! hides is taken to be hidden there as well: where that is wrong, a permission is kept that could go, and not the other
//! way round.

use super::rule::{AuditRule, Resources};
use super::{AuditPolicy, Level, Stage};

/// A rule of a profile. Of each list, none means any.
#[derive(Clone, Copy)]
struct Line {
    users: &'static [&'static str],
    groups: &'static [&'static str],
    verbs: &'static [&'static str],
    namespaces: &'static [&'static str],
    resources: &'static [(&'static str, &'static [&'static str])],
    urls: &'static [&'static str],
}

const ANY: Line = Line { users: &[], groups: &[], verbs: &[], namespaces: &[], resources: &[], urls: &[] };

/// What the reference policy has the level None for.
const UNLOGGED: &[Line] = &[
    Line {
        users: &["system:kube-proxy"],
        verbs: &["watch"],
        resources: &[("", &["endpoints", "services", "services/status"])],
        ..ANY
    },
    Line {
        users: &["system:unsecured"],
        verbs: &["get"],
        namespaces: &["kube-system"],
        resources: &[("", &["configmaps"])],
        ..ANY
    },
    Line { users: &["kubelet"], verbs: &["get"], resources: &[("", &["nodes", "nodes/status"])], ..ANY },
    Line {
        groups: &["system:nodes"],
        verbs: &["get"],
        resources: &[("", &["nodes", "nodes/status"])],
        ..ANY
    },
    Line {
        users: &[
            "system:kube-controller-manager",
            "system:cloud-controller-manager",
            "system:kube-scheduler",
            "system:serviceaccount:kube-system:endpoint-controller",
        ],
        verbs: &["get", "update"],
        namespaces: &["kube-system"],
        resources: &[("", &["endpoints"])],
        ..ANY
    },
    Line {
        users: &["system:apiserver"],
        verbs: &["get"],
        resources: &[("", &["namespaces", "namespaces/status", "namespaces/finalize"])],
        ..ANY
    },
    Line {
        users: &["cluster-autoscaler"],
        verbs: &["get", "update"],
        namespaces: &["kube-system"],
        resources: &[("", &["configmaps", "endpoints"])],
        ..ANY
    },
    Line {
        users: &["system:kube-controller-manager", "system:cloud-controller-manager"],
        verbs: &["get", "list"],
        resources: &[("metrics.k8s.io", &[])],
        ..ANY
    },
    Line { urls: &["/healthz*", "/version", "/swagger*"], ..ANY },
    Line { resources: &[("", &["events"])], ..ANY },
];

/// What it has the level Metadata for, since secrets would be in the bodies.
const SECRET: Line = Line {
    resources: &[
        ("", &["secrets", "configmaps", "serviceaccounts/token"]),
        ("authentication.k8s.io", &["tokenreviews"]),
    ],
    ..ANY
};

/// Groups for which it has bodies, those of requests only where something is read.
const KNOWN: &[(&str, &[&str])] = &[
    ("", &[]),
    ("admissionregistration.k8s.io", &[]),
    ("apiextensions.k8s.io", &[]),
    ("apiregistration.k8s.io", &[]),
    ("apps", &[]),
    ("authentication.k8s.io", &[]),
    ("authorization.k8s.io", &[]),
    ("autoscaling", &[]),
    ("batch", &[]),
    ("certificates.k8s.io", &[]),
    ("extensions", &[]),
    ("metrics.k8s.io", &[]),
    ("networking.k8s.io", &[]),
    ("node.k8s.io", &[]),
    ("policy", &[]),
    ("rbac.authorization.k8s.io", &[]),
    ("scheduling.k8s.io", &[]),
    ("storage.k8s.io", &[]),
];

/// `kube-audit-admin` is `kube-audit` without get and list ("Monitoring AKS data reference"). Nobody says so of watch, but the
/// category is told to show what modifies.
const NOT_ADMINISTRATION: &[Line] = &[Line { verbs: &["get", "list", "watch"], ..ANY }];

/// Whether Cloud Logging has requests for paths that are no resource's is not told.
const PATHS: &[Line] = &[Line { urls: &["*"], ..ANY }];

/// Cloud Logging has reads and updates of a status in the Data Access log ("Audit policy" in the GKE documentation), which
/// is off unless it is switched on. Which log has reviews is not told.
const DATA_ACCESS: &[Line] = &[
    Line { verbs: &["get", "list", "watch"], ..ANY },
    Line { verbs: &["update", "patch"], resources: &[(EVERY_GROUP, &["*/status"])], ..ANY },
    Line { resources: &[("authentication.k8s.io", &[]), ("authorization.k8s.io", &[])], ..ANY },
];

/// Policies cannot say this; what providers leave out behind them can be of any group.
const EVERY_GROUP: &str = "*";

impl AuditPolicy {
    /// The names of the profiles.
    pub const PROFILES: [&str; 5] = ["eks", "gke", "gke-data-access", "aks", "aks-admin"];

    /// The policy of a provider. `gke` is one where Data Access logs are off, as they are unless someone switches them on.
    /// `aks-table` and `aks-admin-table` are what comes as rows of tables.
    pub fn profile(name: &str) -> Option<Self> {
        let undelivered: &[&[Line]] = match name {
            "eks" | "aks" | "aks-table" => &[],
            "gke" => &[PATHS, DATA_ACCESS],
            "gke-data-access" => &[PATHS],
            "aks-admin" | "aks-admin-table" => &[NOT_ADMINISTRATION],
            _ => return None,
        };
        let undelivered = undelivered.iter().copied().flatten();
        let mut rules: Vec<_> =
            undelivered.map(|line| AuditRule { is_delivery: true, ..line.rule(Level::None) }).collect();
        rules.extend(UNLOGGED.iter().map(|line| line.rule(Level::None)));
        rules.push(SECRET.rule(Level::Metadata));
        let reads = Line { verbs: &["get", "list", "watch"], resources: KNOWN, ..ANY };
        rules.push(reads.rule(Level::Request));
        rules.push(Line { resources: KNOWN, ..ANY }.rule(Level::RequestResponse));
        rules.push(ANY.rule(Level::Metadata));
        // An entry of Cloud Logging has one principal and a status of gRPC; the tables `AKSAudit` and `AKSAuditAdmin` have no column
        // for `impersonatedUser` (Azure Monitor's reference of them).
        let is_of_entries = name.starts_with("gke");
        let hides_names = is_of_entries || name.ends_with("-table");
        Some(Self { layers: vec![rules], hides_names, hides_answers: is_of_entries })
    }
}

impl Line {
    fn rule(&self, level: Level) -> AuditRule {
        let own = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        let resources = |&(group, resources): &(&str, &[&str])| Resources {
            group: Some(group.to_owned()).filter(|group| group != EVERY_GROUP),
            resources: own(resources),
            names: Vec::new(),
        };
        AuditRule {
            level,
            users: own(self.users),
            groups: own(self.groups),
            verbs: own(self.verbs),
            namespaces: own(self.namespaces),
            resources: self.resources.iter().map(resources).collect(),
            urls: own(self.urls),
            omitted: vec![Stage::RequestReceived],
            is_delivery: false,
        }
    }
}
