//! A pod as the API writes it. Source: Kubernetes API reference, "Pod v1 core".

use std::collections::BTreeMap;

use remit_catalog::is_account;
use serde::Deserialize;

use super::{Container, Pod};
use crate::identity::NAME_LIMIT;

/// Containers of one pod that are kept.
const CONTAINERS_LIMIT: usize = 256;

/// A pod, as far as it says who it is.
#[derive(Deserialize)]
pub(super) struct Item {
    metadata: Metadata,
    spec: Spec,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: String,
    uid: String,
    #[serde(default)]
    creation_timestamp: Option<String>,
    #[serde(default)]
    labels: Option<Labels>,
    #[serde(default)]
    owner_references: Option<Vec<Owner>>,
}

#[derive(Deserialize)]
struct Labels {
    #[serde(default, rename = "pod-template-hash")]
    template_hash: Option<String>,
}

#[derive(Deserialize)]
struct Owner {
    kind: String,
    name: String,
    #[serde(default)]
    controller: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    service_account_name: Option<String>,
    #[serde(default)]
    containers: Option<Vec<ContainerSpec>>,
    #[serde(default)]
    init_containers: Option<Vec<ContainerSpec>>,
    #[serde(default)]
    ephemeral_containers: Option<Vec<ContainerSpec>>,
}

#[derive(Deserialize)]
struct ContainerSpec {
    name: String,
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    env: Option<Vec<Variable>>,
}

#[derive(Deserialize)]
struct Variable {
    name: String,
    #[serde(default)]
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    container_statuses: Option<Vec<ContainerStatus>>,
    #[serde(default)]
    init_container_statuses: Option<Vec<ContainerStatus>>,
    #[serde(default)]
    ephemeral_container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Deserialize)]
struct ContainerStatus {
    name: String,
    #[serde(default, rename = "containerID")]
    id: Option<String>,
    #[serde(default)]
    state: Option<State>,
    #[serde(default, rename = "lastState")]
    last_state: Option<State>,
}

#[derive(Deserialize)]
struct State {
    #[serde(default)]
    terminated: Option<Terminated>,
}

#[derive(Deserialize)]
struct Terminated {
    #[serde(default, rename = "containerID")]
    id: Option<String>,
}

impl Item {
    /// The pod and its unique identifier; none where a name is longer than any that Kubernetes would give.
    pub(super) fn into_pod(self) -> Option<(String, Pod)> {
        let (owner_kind, owner_name) = self.metadata.owner();
        let spec = self.spec;
        let specs = [spec.containers, spec.init_containers, spec.ephemeral_containers];
        let mut pod = Pod {
            namespace: self.metadata.namespace,
            name: self.metadata.name,
            owner_kind,
            owner_name,
            // Kubernetes fills it in when the pod is admitted; a pod of the kubelet's own files has none.
            service_account: spec.service_account_name.unwrap_or_default(),
            containers: BTreeMap::new(),
        };
        for container in specs.into_iter().flatten().flatten().take(CONTAINERS_LIMIT) {
            let variables = container.env.unwrap_or_default();
            let role = variables.into_iter().find(|variable| variable.name == "AWS_ROLE_ARN");
            let role = role.and_then(|variable| variable.value).filter(|value| is_role(value));
            let image = container.image.filter(|image| image.len() <= NAME_LIMIT);
            if container.name.len() <= NAME_LIMIT {
                pod.containers.insert(container.name, Container { image, role, ids: Vec::new() });
            }
        }
        let status = self.status.map(|status| {
            [status.container_statuses, status.init_container_statuses, status.ephemeral_container_statuses]
        });
        for status in status.into_iter().flatten().flatten().flatten().take(CONTAINERS_LIMIT) {
            if let Some(container) = pod.containers.get_mut(&status.name) {
                container.ids = status.ids();
            }
        }
        let names = [&pod.namespace, &pod.name, &pod.owner_kind, &pod.owner_name, &pod.service_account];
        let fits = names.iter().chain(&[&self.metadata.uid]).all(|name| name.len() <= NAME_LIMIT);
        fits.then_some((self.metadata.uid, pod))
    }
}

impl ContainerStatus {
    fn ids(self) -> Vec<String> {
        let ended = [self.state, self.last_state].into_iter().flatten().filter_map(|state| state.terminated);
        let all = [self.id].into_iter().chain(ended.map(|terminated| terminated.id)).flatten();
        // `containerd://<id>`, `cri-o://<id>`, `docker://<id>`.
        let ids = all.filter_map(|id| Some(id.split_once("://")?.1.to_owned()));
        ids.filter(|id| !id.is_empty() && id.len() <= NAME_LIMIT).collect()
    }
}

impl Metadata {
    /// What the pod belongs to, seen through the object in between that has another name for every version or run.
    fn owner(&self) -> (String, String) {
        let owners = self.owner_references.as_deref().unwrap_or_default();
        let Some(owner) = owners.iter().find(|owner| owner.controller == Some(true)) else {
            return ("Pod".to_owned(), self.name.clone());
        };
        let hash = self.labels.as_ref().and_then(|labels| labels.template_hash.as_deref());
        let outer = match owner.kind.as_str() {
            "ReplicaSet" => {
                let stem = hash.and_then(|hash| owner.name.strip_suffix(hash)?.strip_suffix('-'));
                stem.map(|stem| ("Deployment", stem))
            }
            "Job" => self.cron_job(&owner.name).map(|stem| ("CronJob", stem)),
            _ => None,
        };
        let (kind, name) = outer.unwrap_or((&owner.kind, &owner.name));
        (kind.to_owned(), name.to_owned())
    }

    /// A CronJob names its jobs after the minute for which they are scheduled, counted since 1970; no other name ends in
    /// the minutes of the day before its pod was made, but by design.
    fn cron_job<'a>(&self, job: &'a str) -> Option<&'a str> {
        let (stem, minute) = job.rsplit_once('-')?;
        let minute: i64 = minute.parse().ok()?;
        let created: jiff::Timestamp = self.creation_timestamp.as_deref()?.parse().ok()?;
        let late = created.as_second().div_euclid(60).checked_sub(minute)?;
        (0..=24 * 60).contains(&late).then_some(stem)
    }
}

/// Whether a text has the form of a role's ARN: `arn:aws:iam::123456789012:role/name`.
fn is_role(text: &str) -> bool {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let [head, partition, service, region, account, name] = fields.as_slice() else { return false };
    let is_name = name.strip_prefix("role/").is_some_and(|name| !name.is_empty());
    text.len() <= NAME_LIMIT
        && *head == "arn"
        && partition.starts_with("aws")
        && (*service, *region) == ("iam", "")
        && is_account(account)
        && is_name
}
