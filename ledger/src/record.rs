//! One row of the ledger.

use std::collections::BTreeMap;

/// Whose API was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// Amazon Web Services.
    Aws,
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
    /// Service as the source names it: the event source's first label, such as `s3` or `monitoring`.
    pub service: String,
    /// Operation as the source names it, such as `ListObjects` or `CreateFunction20150331`.
    pub operation: String,
    /// What the call touched, in the provider's notation (ARNs); sorted, without repeats. A trailing
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
    /// Event id of one example.
    pub sample_id: Option<String>,
}
