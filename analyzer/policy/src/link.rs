//! Which cloud identities the service accounts of a cluster can become.
//!
//! An annotation or an association says what a service account is meant to become, and the cloud's own policy whether it can.
//! Sources: Amazon EKS User Guide, "IAM roles for service accounts" and "Learn how EKS Pod Identity grants pods access to AWS
//! services"; GKE documentation, "Authenticate to Google Cloud APIs from GKE workloads"; Microsoft Entra documentation,
//! "Workload identity federation".

mod cloud;
mod read;
mod session;
mod trust;

use std::collections::{BTreeMap, BTreeSet};

pub use cloud::Clouds;
pub use read::{Described, Identities, Workload};
pub use session::{LinkSeen, LinkUse, PodCalls, Session, Sessions};
pub use trust::{Trust, TrustPolicy};

use crate::{Account, Origin};

/// A service account, in the order of namespaces and names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// How a service account becomes a cloud identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mechanism {
    /// IAM roles for service accounts: its token is exchanged for a session of a role.
    Irsa,
    /// An EKS Pod Identity association.
    PodIdentity,
    /// Workload Identity Federation for GKE, as a service account of Google Cloud.
    Gke,
    /// Microsoft Entra Workload ID.
    Azure,
}

/// One service account and one cloud identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The service account.
    pub service_account: ServiceAccount,
    /// How it becomes the other.
    pub mechanism: Mechanism,
    /// The cloud identity: a role's ARN, the address of a service account of Google Cloud, the client id of an application.
    pub principal: String,
    /// The role of another account that the session goes on to assume.
    pub target: Option<String>,
    /// The cluster, where the association names it.
    pub cluster: Option<String>,
    /// When the cluster's side came to be, in microseconds since the Unix epoch, where that is told.
    pub since: Option<i64>,
    /// Where the cluster's side is read; none where only the cloud's side is there.
    pub origin: Option<Origin>,
    /// What the cloud's side says.
    pub trust: Trust,
}

/// An identity that any service account of a pattern can become, whatever annotations say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTrust {
    /// A role's ARN, or the address of a service account of Google Cloud.
    pub role: String,
    /// What a subject has to look like: `system:serviceaccount:shop:*`.
    pub subject: String,
    /// Where it is read whom it trusts.
    pub origin: Origin,
}

const USER: &str = "system:serviceaccount:";

impl ServiceAccount {
    /// The service account of a user name, such as `system:serviceaccount:shop:web`.
    pub fn of_user(name: &str) -> Option<Self> {
        let (namespace, name) = name.strip_prefix(USER)?.split_once(':')?;
        let is_name = |text: &str| !text.is_empty() && !text.contains([':', '*', '?', '$']);
        (is_name(namespace) && is_name(name))
            .then(|| Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// Its user name.
    pub fn user(&self) -> String {
        format!("{USER}{}:{}", self.namespace, self.name)
    }
}

impl std::fmt::Display for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Mechanism {
    /// Whether the identity is a role of AWS.
    pub fn is_of_aws(self) -> bool {
        matches!(self, Self::Irsa | Self::PodIdentity)
    }

    /// A stable name, for tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Irsa => "irsa",
            Self::PodIdentity => "eks-pod-identity",
            Self::Gke => "gke-workload-identity",
            Self::Azure => "azure-workload-identity",
        }
    }
}

/// The links of a cluster, in the order of service accounts, with what the roles of an account say of them.
pub fn links(identities: &Identities, account: &Account) -> Vec<Link> {
    let mut links: Vec<Link> = identities.links.clone();
    for link in &mut links {
        link.trust = trust(link, identities, account);
    }
    let known: BTreeSet<_> =
        links.iter().map(|link| (link.service_account.clone(), link.principal.clone())).collect();
    let of_roles = account.trusts.iter().flat_map(|(role, policy)| {
        let subjects = policy.subjects().into_iter();
        subjects.map(move |service_account| (Mechanism::Irsa, service_account, role.clone()))
    });
    for (mechanism, service_account, principal) in of_roles.chain(identities.clouds.links()) {
        if known.contains(&(service_account.clone(), principal.clone())) {
            continue;
        }
        let link = Link {
            service_account,
            mechanism,
            principal,
            target: None,
            cluster: None,
            since: None,
            origin: None,
            trust: Trust::Unknown,
        };
        let trust = trust(&link, identities, account);
        if trust != Trust::Refused {
            links.push(Link { trust, ..link });
        }
    }
    let key = |link: &Link| (link.service_account.clone(), link.mechanism, link.principal.clone());
    links.sort_by_key(|link| (key(link), link.cluster.clone()));
    links.dedup_by(|next, kept| key(next) == key(kept) && next.cluster == kept.cluster);
    links
}

/// What the cloud's side says of a link.
fn trust(link: &Link, identities: &Identities, account: &Account) -> Trust {
    match link.mechanism {
        Mechanism::Irsa | Mechanism::PodIdentity => {
            account.trusts.get(&link.principal).map_or(Trust::Unknown, |policy| policy.trusts(link))
        }
        Mechanism::Gke | Mechanism::Azure => identities.clouds.trusts(link),
    }
}

/// Identities that trust more than single service accounts: roles in the order of their ARNs, and others behind them.
pub fn open_trusts(identities: &Identities, account: &Account) -> Vec<OpenTrust> {
    let one = |(role, policy): (&String, &TrustPolicy)| {
        let open = |subject| OpenTrust { role: role.clone(), subject, origin: policy.origin.clone() };
        policy.open_subjects().into_iter().map(open).collect::<Vec<_>>()
    };
    account.trusts.iter().flat_map(one).chain(identities.clouds.open_trusts()).collect()
}

/// The workloads of each service account, named `Kind/name`.
pub fn workloads(identities: &Identities) -> BTreeMap<ServiceAccount, BTreeSet<String>> {
    let mut workloads: BTreeMap<ServiceAccount, BTreeSet<String>> = BTreeMap::new();
    for workload in &identities.workloads {
        let names = workloads.entry(workload.service_account.clone()).or_default();
        names.insert(format!("{}/{}", workload.kind, workload.name));
    }
    workloads
}

#[cfg(test)]
mod tests;
