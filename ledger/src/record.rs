//! One row of the ledger.

use std::collections::BTreeMap;

/// The evidence of AWS's audit log.
pub const CLOUDTRAIL: &str = "cloudtrail";

/// The evidence of the audit log of a Kubernetes cluster's API server.
pub const KUBERNETES_AUDIT: &str = "kubernetes_audit";

/// The evidence of every audit log. What is not named here, be it of a later version, is none.
pub const LOGS: [&str; 2] = [CLOUDTRAIL, KUBERNETES_AUDIT];

/// Whether an evidence is an audit log: within its coverage, a call that it does not show was not made. Only such a source
/// makes a permission unused.
pub fn is_log(evidence: &str) -> bool {
    LOGS.contains(&evidence)
}

/// The evidence of what a node agent saw on the wire. It is no log: it shows what was called on one machine, and never that
/// nothing else was.
pub const WIRE: &str = "wire";

/// The evidence of connections of which a node agent saw that they were made, and not what they carried: their count is of
/// connections.
pub const SNI: &str = "sni";

/// The principal, and its kind, of a call that its source does not attribute.
pub const UNKNOWN: &str = "unknown";

/// Microseconds in an hour: the length of a usage window.
pub const HOUR: i64 = 3_600_000_000;

/// Microseconds in a day: the length of a date partition.
pub const DAY: i64 = 24 * HOUR;

/// How many identifiers one row keeps in `issued`: more credentials than this handed out to one session in one
/// hour are a count, not a chain worth following.
pub const ISSUED_LIMIT: usize = 16;

/// Whose API was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
    /// GitHub's REST interface.
    Github,
    /// A web service that is none of the others.
    Http,
    /// The API server of a Kubernetes cluster.
    Kubernetes,
    /// A server of tools, by the Model Context Protocol.
    Mcp,
    /// HashiCorp Vault, or OpenBao.
    Vault,
}

impl Provider {
    /// Every provider, in the order of their names.
    pub const ALL: [Self; 8] = [
        Self::Aws,
        Self::Azure,
        Self::Gcp,
        Self::Github,
        Self::Http,
        Self::Kubernetes,
        Self::Mcp,
        Self::Vault,
    ];

    /// The name used in columns and in `provider=` folders.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
            Self::Github => "github",
            Self::Http => "http",
            Self::Kubernetes => "kubernetes",
            Self::Mcp => "mcp",
            Self::Vault => "vault",
        }
    }

    /// The provider of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }
}

/// What was seen of a call's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The call succeeded, so it was authorised.
    Allowed,
    /// The call was refused by authorisation. Never counts as use.
    Denied,
    /// The call failed for another reason. Counts as use, since it may have passed authorisation.
    Failed,
    /// The source does not tell.
    Unknown,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Allowed, Self::Denied, Self::Failed, Self::Unknown];

    /// The name used in the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The outcome of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// What made a call: `cluster / namespace / owner kind / owner name / container / image`, or a host process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Workload {
    /// Cluster name, or none outside a cluster.
    pub cluster: Option<String>,
    /// Kubernetes namespace.
    pub namespace: Option<String>,
    /// Kind of the owning object, such as `Deployment`; `process` on a plain host.
    pub owner_kind: Option<String>,
    /// Name of the owning object, systemd unit or executable.
    pub owner_name: Option<String>,
    /// Container name.
    pub container: Option<String>,
    /// Container image reference.
    pub image: Option<String>,
}

/// Equal calls within one hour window, with a count. It keeps what was observed, not what was concluded:
/// the operation, not the action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRecord {
    /// Start of the hour window, in microseconds since the Unix epoch, UTC.
    pub window_start: i64,
    /// Time of the first call, in microseconds since the Unix epoch, UTC.
    pub first_seen: i64,
    /// Time of the last call, in microseconds since the Unix epoch, UTC.
    pub last_seen: i64,
    /// How many calls.
    pub count: u64,
    /// Whose API was called.
    pub provider: Provider,
    /// Account of the principal (for a cross-account call the account that owns the principal).
    pub account: Option<String>,
    /// Region that served the call.
    pub region: Option<String>,
    /// Who the call is made as; the role, never the session.
    pub principal: String,
    /// `role`, `user`, `root`, `federated_user`, `web_identity_user`, `saml_user`, `service`, `account`,
    /// `anonymous`, `identity_center_user` or `unknown`.
    pub principal_kind: String,
    /// Session name of an assumed role.
    pub session: Option<String>,
    /// Public identifier of what authenticated the call, such as an access key id. Never a secret.
    pub credential: Option<String>,
    /// What made the call, where the source knows.
    pub workload: Option<Workload>,
    /// Service as the source names it: of AWS the event source's first label, such as `s3` or `monitoring`; of
    /// Kubernetes the API group, of a web service its host.
    pub service: String,
    /// Operation as the source names it, such as `ListObjects`, `CreateFunction20150331` or `list deployments`;
    /// `unknown` where a request on the wire cannot be named.
    pub operation: String,
    /// What the call touched, in the provider's notation (of AWS, ARNs); sorted, without repeats. A trailing
    /// `*` marks names collapsed by the ledger's bound on distinct children.
    pub resources: Vec<String>,
    /// Request parameters that name resources or passed roles, by allow-list.
    pub parameters: BTreeMap<String, String>,
    /// Permissions, where the source itself names them; sorted, without repeats.
    pub permissions: Vec<String>,
    /// What was seen of the result.
    pub outcome: Outcome,
    /// The provider's error code of a call that was denied or failed.
    pub error_code: Option<String>,
    /// The service that called on the principal's behalf, such as `cloudformation.amazonaws.com`.
    pub via: Option<String>,
    /// The binding that allowed the call, where the source says.
    pub authorizer: Option<String>,
    /// Public identifiers of credentials that the calls handed out; bounded, not part of the key.
    pub issued: Vec<String>,
    /// Source identity, or the subject of the web identity, behind the session.
    pub source_identity: Option<String>,
    /// Where the call came from: an IP address or an AWS service name.
    pub network_origin: Option<String>,
    /// Which source observed it: `cloudtrail`, `wire`, ...
    pub evidence: String,
    /// Event id of one example. Rows that differ only in when, where from and in which session the call was
    /// made may share the example of one of them: at least one row of such a group holds one.
    pub sample_id: Option<String>,
}

/// A usage record whose texts are borrowed, as recorders hand it to the writer.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is the field of the same name in `UsageRecord`")]
pub struct UsageRow<'a> {
    pub window_start: i64,
    pub first_seen: i64,
    pub last_seen: i64,
    pub count: u64,
    pub provider: Provider,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    pub principal: &'a str,
    pub principal_kind: &'a str,
    pub session: Option<&'a str>,
    pub credential: Option<&'a str>,
    pub workload: Option<&'a Workload>,
    pub service: &'a str,
    pub operation: &'a str,
    pub resources: &'a [&'a str],
    pub parameters: &'a [(&'a str, &'a str)],
    pub permissions: &'a [&'a str],
    pub outcome: Outcome,
    pub error_code: Option<&'a str>,
    pub via: Option<&'a str>,
    pub authorizer: Option<&'a str>,
    pub issued: &'a [&'a str],
    pub source_identity: Option<&'a str>,
    pub network_origin: Option<&'a str>,
    pub evidence: &'a str,
    pub sample_id: Option<&'a str>,
}

impl UsageRecord {
    /// Adds an equal row: counts add up, the smaller id stays as the example, and what was handed out is joined.
    pub fn absorb(&mut self, other: &mut Self) {
        self.count = self.count.saturating_add(other.count);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.sample_id = match (self.sample_id.take(), other.sample_id.take()) {
            (Some(left), Some(right)) => Some(left.min(right)),
            (left, right) => left.or(right),
        };
        self.issued.append(&mut other.issued);
        self.issued.sort_unstable();
        self.issued.dedup();
        self.issued.truncate(ISSUED_LIMIT);
    }

    /// Hands the record, borrowed, to `use_row`.
    pub fn with_row<T>(&self, use_row: impl FnOnce(&UsageRow<'_>) -> T) -> T {
        let resources: Vec<&str> = self.resources.iter().map(String::as_str).collect();
        let parameters: Vec<(&str, &str)> =
            self.parameters.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let permissions: Vec<&str> = self.permissions.iter().map(String::as_str).collect();
        let issued: Vec<&str> = self.issued.iter().map(String::as_str).collect();
        use_row(&UsageRow {
            window_start: self.window_start,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            count: self.count,
            provider: self.provider,
            account: self.account.as_deref(),
            region: self.region.as_deref(),
            principal: &self.principal,
            principal_kind: &self.principal_kind,
            session: self.session.as_deref(),
            credential: self.credential.as_deref(),
            workload: self.workload.as_ref(),
            service: &self.service,
            operation: &self.operation,
            resources: &resources,
            parameters: &parameters,
            permissions: &permissions,
            outcome: self.outcome,
            error_code: self.error_code.as_deref(),
            via: self.via.as_deref(),
            authorizer: self.authorizer.as_deref(),
            issued: &issued,
            source_identity: self.source_identity.as_deref(),
            network_origin: self.network_origin.as_deref(),
            evidence: &self.evidence,
            sample_id: self.sample_id.as_deref(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Provider, SNI, WIRE, is_log};

    #[test]
    fn only_audit_logs_are_logs() {
        assert!(is_log("cloudtrail") && is_log("kubernetes_audit"));
        assert!(!is_log(WIRE) && !is_log(SNI) && !is_log("of a later version"));
    }

    #[test]
    fn providers_are_found_by_their_names() {
        for provider in Provider::ALL {
            assert_eq!(Provider::from_name(provider.as_str()), Some(provider));
        }
        assert!(Provider::ALL.is_sorted_by_key(|provider| provider.as_str()));
        assert!(Provider::ALL.is_sorted());
        assert_eq!(Provider::from_name("AWS"), None);
    }
}
