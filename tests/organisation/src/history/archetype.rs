//! Kinds of cloud work, as `history/*.json` describes them.
//!
//! A call is written as the operation and its arguments, apart by spaces, and then, where it is not made exactly once
//! with success, `*2-5` for how often, `?0.3` for how likely, `!Code:0.1` for an error and how likely. Text between
//! tildes is a name of the workload's own (`~name~`, `~role~`); text in braces is drawn for each call.

use serde::Deserialize;

use crate::error::Error;
use crate::mint::Mint;

/// One kind of work.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Archetype {
    /// Name, unique.
    pub(super) name: String,
    /// `workload`, `ci`, `human` or `agent`.
    pub(super) stratum: String,
    /// How its sessions begin.
    pub(super) session: Session,
    /// Kind of user agent.
    pub(super) agent: String,
    /// How frequent it is beside the others.
    pub(super) weight: u64,
    /// Identities of one module: fewest and most.
    pub(super) siblings: (i64, i64),
    /// What deploys it: `ecs`, `lambda`, `terraform`, `rollout` or `none`.
    pub(super) delivery: String,
    /// What it deploys; nothing for most.
    #[serde(default)]
    pub(super) delivers: String,
    /// Pattern of its names.
    pub(super) names: String,
    /// What it does.
    pub(super) tasks: Vec<TaskEntry>,
    /// What later versions of it may come to do; calls that belong together are apart by `;`.
    pub(super) drift: Vec<String>,
    /// What later versions of anything may come to do.
    #[serde(skip)]
    pub(super) common: Vec<String>,
    /// Whether it works in the cluster and not in the account.
    #[serde(skip)]
    pub(super) in_cluster: bool,
}

/// Something that it does again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskEntry {
    /// When: `steady`, `restart`, `occasional`, `office`, `oncall`, `mix`, `rare`, `destroy`, `deploy`, `deliver` or
    /// `cron:` with a number of days.
    pub(super) rhythm: String,
    /// Probability that a module does it at all.
    #[serde(default = "certain")]
    pub(super) chance: f64,
    /// What is called.
    pub(super) calls: Vec<String>,
}

/// How sessions begin.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Session {
    /// The container service assumes the role.
    Ecs,
    /// The function service assumes the role.
    Lambda,
    /// The job service assumes the role.
    Glue,
    /// An instance profile.
    Instance,
    /// A ServiceAccount's token.
    Pod,
    /// A token of the CI.
    Ci,
    /// A person signs in at the identity provider.
    Saml,
    /// A user signs in at the console.
    Console,
    /// A user's access key.
    Key,
    /// A principal of another account.
    Account,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// What later versions of anything in the file may come to do; that of [`COMMON`] where nothing is said.
    common_drift: Option<Vec<String>>,
    archetypes: Vec<Archetype>,
}

const FILES: &[(&str, &str)] = &[
    ("services", include_str!("../../history/services.json")),
    ("data", include_str!("../../history/data.json")),
    ("platform", include_str!("../../history/platform.json")),
    ("ci", include_str!("../../history/ci.json")),
    ("people", include_str!("../../history/people.json")),
    ("agents", include_str!("../../history/agents.json")),
    (CLUSTER, include_str!("../../history/kubernetes.json")),
];

/// What later versions may come to do of anything that calls as programs do.
const COMMON: &str = include_str!("../../history/common.json");

/// The file whose archetypes work in the cluster.
const CLUSTER: &str = "kubernetes";

fn certain() -> f64 {
    1.0
}

/// All archetypes, in the order of their files.
///
/// # Errors
/// A file that is not in its format.
pub(super) fn all() -> Result<Vec<Archetype>, Error> {
    let mut all = Vec::new();
    let common: Vec<String> = parse("common", COMMON)?;
    for (name, text) in FILES {
        let file: File = parse(name, text)?;
        let common = file.common_drift.as_ref().unwrap_or(&common);
        all.extend(file.archetypes.into_iter().map(|archetype| Archetype {
            common: common.clone(),
            in_cluster: *name == CLUSTER,
            ..archetype
        }));
    }
    Ok(all)
}

fn parse<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|source| Error::Description { file: format!("history/{name}.json"), source })
}

/// One of the archetypes, by their weights.
pub(super) fn pick<'a>(archetypes: &[&'a Archetype], mint: &mut Mint) -> Option<&'a Archetype> {
    let total = archetypes.iter().map(|archetype| archetype.weight).sum();
    let mut ticket = mint.below(total);
    archetypes.iter().copied().find(|archetype| {
        let hit = ticket < archetype.weight;
        ticket = ticket.saturating_sub(archetype.weight);
        hit
    })
}
