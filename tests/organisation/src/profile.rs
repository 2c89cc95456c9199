//! The description that an organisation is generated from.

mod random;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::rhythm::Rhythm;

pub use random::Size;

/// One account with its principals, their grants and what they do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Twelve digits, of an account that exists in documentation only.
    pub account: String,
    /// The region where most calls are made.
    pub region: String,
    /// First day of the log.
    pub start: String,
    /// The day after the log's last day.
    pub end: String,
    /// What records the log.
    pub trail: Trail,
    /// Managed policies, the customer's and the provider's.
    #[serde(default)]
    pub policies: Vec<PolicyDescription>,
    /// Groups of users.
    #[serde(default)]
    pub groups: Vec<GroupDescription>,
    /// Roles and users.
    #[serde(default)]
    pub principals: Vec<PrincipalDescription>,
    /// What the log holds besides the calls of principals.
    #[serde(default)]
    pub background: Vec<Background>,
    /// Share of the events that are delivered a second time in a later file.
    #[serde(default)]
    pub duplicates: f64,
    /// Hours of events that one file holds.
    #[serde(default = "one_day")]
    pub hours_per_file: u32,
}

/// A trail and what it logs besides management events.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// Name of the trail.
    pub name: String,
    /// Bucket that it delivers to.
    pub bucket: String,
    /// Data events that are on.
    #[serde(default)]
    pub data: Vec<DataEvents>,
}

/// Data events of one resource type that are on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataEvents {
    /// Name of the selector.
    pub name: String,
    /// Resource type, such as `AWS::S3::Object`.
    pub resource_type: String,
    /// ARN prefixes that are logged; all when empty.
    #[serde(default)]
    pub prefixes: Vec<String>,
}

/// A managed policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDescription {
    /// Name, unique in the organisation.
    pub name: String,
    /// Path.
    #[serde(default = "root_path")]
    pub path: String,
    /// Whether the provider manages it.
    #[serde(default)]
    pub provider_managed: bool,
    /// Day of creation.
    pub created: String,
    /// Documents, oldest first; the last is the default version.
    pub versions: Vec<Value>,
}

/// A group of users.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupDescription {
    /// Name.
    pub name: String,
    /// Day of creation.
    pub created: String,
    /// Inline policies by name.
    #[serde(default)]
    pub inline: Map<String, Value>,
    /// Names of attached managed policies.
    #[serde(default)]
    pub attached: Vec<String>,
}

/// What kind of principal.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An IAM role.
    Role,
    /// An IAM user.
    User,
}

/// A role or user: its grants and what it does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrincipalDescription {
    /// Role or user.
    pub kind: Kind,
    /// Name, unique among the kind.
    pub name: String,
    /// Path.
    #[serde(default = "root_path")]
    pub path: String,
    /// Day of creation; the principal does nothing before.
    pub created: String,
    /// Day from which the principal does nothing more.
    #[serde(default)]
    pub retired: Option<String>,
    /// What it is, in one line.
    pub character: String,
    /// Trust policy of a role.
    #[serde(default)]
    pub trust: Value,
    /// Name of the managed policy that is its boundary.
    #[serde(default)]
    pub boundary: Option<String>,
    /// Inline policies by name.
    #[serde(default)]
    pub inline: Map<String, Value>,
    /// Names of attached managed policies.
    #[serde(default)]
    pub attached: Vec<String>,
    /// Groups of a user.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Tags.
    #[serde(default)]
    pub tags: Map<String, Value>,
    /// How its sessions begin; a user without works with its access key.
    #[serde(default)]
    pub session: Option<SessionDescription>,
    /// Where its calls come from.
    #[serde(default)]
    pub origin: OriginDescription,
    /// What it does.
    #[serde(default)]
    pub jobs: Vec<Job>,
}

/// How a session begins.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionDescription {
    /// A token of an OpenID Connect provider: a Kubernetes ServiceAccount, a CI job.
    WebIdentity {
        /// The provider's host and path.
        provider: String,
        /// Audience.
        audience: String,
        /// Subject.
        subject: String,
        /// Session name, a pattern.
        name: String,
    },
    /// A service assumes the role: Lambda, ECS, Glue, ...
    Service {
        /// The service's principal.
        service: String,
        /// Session name, a pattern.
        name: String,
        /// The function that the credentials are handed to.
        #[serde(default)]
        in_scope_of: Option<String>,
        /// Whether the service itself makes the calls.
        #[serde(default)]
        calls_itself: bool,
    },
    /// An instance of a role's instance profile.
    Instance {
        /// Instance id.
        instance: String,
    },
    /// Another role of the account.
    Role {
        /// Its name.
        role: String,
        /// Session name, a pattern.
        name: String,
        /// Source identity that the chain carries.
        #[serde(default)]
        source_identity: Option<String>,
    },
    /// A user of the account.
    User {
        /// Its name.
        user: String,
        /// Session name, a pattern.
        name: String,
    },
    /// People who sign in at an identity provider.
    Saml {
        /// ARN of the provider.
        provider: String,
        /// Who, each with sessions of their own.
        users: Vec<String>,
    },
    /// A principal of another account.
    Account {
        /// The other account.
        account: String,
        /// Unique id of the caller there.
        principal_id: String,
        /// Session name, a pattern.
        name: String,
    },
    /// The console, for a user.
    Console,
}

/// Where a principal's calls come from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginDescription {
    /// Source addresses, one of which a session has.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// User agent.
    #[serde(default)]
    pub agent: String,
    /// VPC endpoint.
    #[serde(default)]
    pub endpoint: Option<String>,
}

/// Something that a principal does again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Name of the job.
    pub name: String,
    /// When it runs.
    pub rhythm: Rhythm,
    /// Arguments of all its calls; patterns, drawn once per run.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    /// What it calls, in order.
    pub calls: Vec<JobCall>,
}

/// One call of a job.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobCall {
    /// Service label and operation, such as `s3:GetObject`.
    pub operation: String,
    /// Arguments; patterns, drawn for every call.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    /// How often in one run: fewest and most.
    #[serde(default = "once")]
    pub times: (u32, u32),
    /// Probability that a run makes the call at all.
    #[serde(default = "certain")]
    pub chance: f64,
    /// How the call ends: `allowed`, `denied`, `denied_explicitly`, `throttled`, `dry_run` or an error code.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Probability of that outcome; the call is allowed otherwise.
    #[serde(default = "certain")]
    pub outcome_chance: f64,
    /// The service that calls on the principal's behalf.
    #[serde(default)]
    pub via: Option<String>,
    /// Region, where it is not the usual one.
    #[serde(default)]
    pub region: Option<String>,
}

/// What the log holds besides the calls of principals.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Background {
    /// Calls of somebody who is none of the principals.
    Calls {
        /// Who calls.
        caller: Stranger,
        /// When.
        rhythm: Rhythm,
        /// Source address, a pattern.
        #[serde(default)]
        address: String,
        /// User agent.
        #[serde(default)]
        agent: String,
        /// What is called.
        calls: Vec<JobCall>,
    },
    /// Events that a service reports of itself.
    ServiceEvents {
        /// The service's principal.
        service: String,
        /// Event name.
        name: String,
        /// When.
        rhythm: Rhythm,
        /// `serviceEventDetails`, a JSON pattern.
        details: Value,
    },
    /// Sign-ins of a user at the console, or of the root user.
    SignIns {
        /// Name of the user; the root user when absent.
        #[serde(default)]
        user: Option<String>,
        /// When.
        rhythm: Rhythm,
        /// Source address.
        address: String,
        /// Probability that the sign-in fails.
        #[serde(default)]
        failure: f64,
    },
}

/// Somebody who calls and is none of the principals.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stranger {
    /// An AWS service for its own purposes, by its principal.
    Service(String),
    /// The account's root user.
    Root,
    /// Nobody: requests without signature.
    Anonymous,
    /// A person known to IAM Identity Center, by user id.
    IdentityCenterUser(String),
    /// A federated session that a user of the account hands out, one for each run.
    Federated {
        /// The user, who calls `GetFederationToken`.
        user: String,
        /// Name of the federated user.
        name: String,
    },
}

fn root_path() -> String {
    "/".to_owned()
}

fn one_day() -> u32 {
    24
}

fn once() -> (u32, u32) {
    (1, 1)
}

fn certain() -> f64 {
    1.0
}
