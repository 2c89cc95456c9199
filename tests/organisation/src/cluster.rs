//! A synthetic cluster: its audit log, its roles and bindings, and what its subjects truly need.

mod audit;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::archive::{TRUTH, write_file};
use crate::delivery::LogFile;
use crate::error::Error;
use crate::mint::Mint;
use crate::moment;
use crate::rhythm::Rhythm;

pub(crate) use audit::Request;

/// The demo's cluster, which does not exist.
const SAMPLE: &str = include_str!("../sample/cluster.json");

/// Those of its subjects that call most, and their roles: there is no room for their events in the demo's archive.
const LEFT_OUT: [&str; 4] = ["ingress-controller", "job-runner", "prometheus", "volume-operator"];

/// What a cluster is generated from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterProfile {
    /// Name of the cluster.
    pub name: String,
    /// First day of the log.
    pub start: String,
    /// The day after the log's last day.
    pub end: String,
    /// The API server's audit policy, a manifest of `audit.k8s.io/v1`.
    pub policy: Value,
    /// Manifests: namespaces' ServiceAccounts, roles and bindings.
    pub objects: Vec<Value>,
    /// Who calls.
    pub subjects: Vec<SubjectDescription>,
}

/// A user of the API server and what it does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectDescription {
    /// User name, such as `system:serviceaccount:shop:orders-api`.
    pub user: String,
    /// Groups besides those that authentication adds.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Name of the pod whose token it uses; `{}` is a random suffix of five characters.
    #[serde(default)]
    pub pod: Option<String>,
    /// What it is, in one line.
    pub character: String,
    /// What it does.
    #[serde(default)]
    pub jobs: Vec<ClusterJob>,
}

/// Something that a subject does again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterJob {
    /// When it runs.
    pub rhythm: Rhythm,
    /// What it asks for, in order.
    pub calls: Vec<ClusterCall>,
}

/// One request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterCall {
    /// The verb, as rules name it.
    pub verb: String,
    /// API group; empty for the core.
    #[serde(default)]
    pub group: String,
    /// API version.
    #[serde(default = "first_version")]
    pub version: String,
    /// Resource; empty where a path is asked for.
    #[serde(default)]
    pub resource: String,
    /// Subresource.
    #[serde(default)]
    pub subresource: String,
    /// Namespace.
    #[serde(default)]
    pub namespace: String,
    /// Name; `{}` is a random suffix of five characters, drawn once per run.
    #[serde(default)]
    pub name: String,
    /// A path that is no resource's.
    #[serde(default)]
    pub path: String,
    /// Status of the answer; 403 is a refusal by the authorizer.
    #[serde(default = "ok")]
    pub code: u16,
    /// Who is impersonated.
    #[serde(default)]
    pub as_user: Option<String>,
}

fn first_version() -> String {
    "v1".to_owned()
}

fn ok() -> u16 {
    200
}

/// A generated cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    profile: ClusterProfile,
    /// Events in the order of their times: the moment, in seconds since the Unix epoch, and the line of the log.
    events: Vec<(i64, String)>,
    truth: ClusterTruth,
}

/// What the subjects truly need.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ClusterTruth {
    /// Requests in the log, each once.
    pub requests: u64,
    /// By user name.
    pub subjects: BTreeMap<String, SubjectTruth>,
}

/// What one subject needs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SubjectTruth {
    /// What it is.
    pub character: String,
    /// Requests that the authorizer allowed.
    pub allowed: u64,
    /// Requests that it refused.
    pub refused: u64,
    /// What it needs: verb, group, resource with its subresource, namespace and name, apart by spaces; a path stands for
    /// the last four. Names with a random suffix end in `*`.
    pub needs: BTreeSet<String>,
    /// Of these, what the audit policy hides.
    pub hidden: BTreeSet<String>,
}

impl ClusterProfile {
    /// The profile of the demo's cluster: 90 days up to the end of October 2026.
    ///
    /// # Errors
    /// A description that is not in its format.
    pub fn sample() -> Result<Self, Error> {
        serde_json::from_str(SAMPLE)
            .map_err(|source| Error::Description { file: "sample/cluster.json".to_owned(), source })
    }

    /// The same without what the demo's archive has no room for.
    ///
    /// # Errors
    /// A description that is not in its format.
    pub fn demo() -> Result<Self, Error> {
        let mut profile = Self::sample()?;
        let name_of = |object: &Value| object.pointer("/metadata/name")?.as_str().map(str::to_owned);
        let stays = |name: &str| !LEFT_OUT.contains(&name);
        profile.objects.retain(|object| name_of(object).is_none_or(|name| stays(&name)));
        profile.subjects.retain(|subject| subject.user.rsplit(':').next().is_none_or(stays));
        Ok(profile)
    }
}

impl Cluster {
    /// Makes the log of a cluster. Equal seed and profile make equal bytes.
    ///
    /// # Errors
    /// A time that cannot be read.
    pub fn generate(seed: u64, profile: &ClusterProfile) -> Result<Self, Error> {
        let time = |text: &str| {
            let bad = || Error::Time { owner: profile.name.clone(), text: text.to_owned() };
            moment::parse(text).ok_or_else(bad)
        };
        let (start, end) = (time(&profile.start)?, time(&profile.end)?);
        let (mut events, mut truth) = (Vec::new(), ClusterTruth::default());
        for subject in &profile.subjects {
            let mut mint = Mint::new(seed, &subject.user);
            let known = truth.subjects.entry(subject.user.clone()).or_default();
            known.character.clone_from(&subject.character);
            for job in &subject.jobs {
                let calls = job.calls.iter();
                for at in job.rhythm.runs(start, end, &mut mint)? {
                    let mut suffix = String::new();
                    mint.lower(&mut suffix, 5);
                    for (call, later) in calls.clone().zip(0..) {
                        let request = Request { subject, call, suffix: &suffix, at: at + later };
                        let lines = request.lines(&profile.policy, &mut mint);
                        known.note(call, lines.is_empty());
                        truth.requests += u64::from(!lines.is_empty());
                        events.extend(lines.into_iter().map(|line| (at + later, line)));
                    }
                }
                for call in calls.filter(|_| matches!(job.rhythm, Rhythm::Never(_))) {
                    known.note(call, true);
                }
            }
        }
        events.sort();
        Ok(Self { profile: profile.clone(), events, truth })
    }

    /// The profile.
    #[must_use]
    pub fn profile(&self) -> &ClusterProfile {
        &self.profile
    }

    /// The events in the order of their times: seconds since the Unix epoch, and the event's line.
    #[must_use]
    pub fn events(&self) -> &[(i64, String)] {
        &self.events
    }

    /// What the subjects truly need.
    #[must_use]
    pub fn truth(&self) -> &ClusterTruth {
        &self.truth
    }

    /// The log as the API server writes it, in one file a day: name and contents.
    #[must_use]
    pub fn log(&self) -> BTreeMap<String, String> {
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for (at, event) in &self.events {
            let file = files.entry(format!("audit-{}.log", moment::format(*at, "%Y-%m-%d"))).or_default();
            file.push_str(event);
            file.push('\n');
        }
        files
    }

    /// The manifests as one list, as `kubectl get -o json` prints it.
    #[must_use]
    pub fn manifests(&self) -> String {
        format!(
            "{:#}\n",
            serde_json::json!({"apiVersion": "v1", "kind": "List", "items": self.profile.objects})
        )
    }

    /// Writes the log below `audit/`, `manifests.json`, `audit-policy.json` and `truth.json` into a folder.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let truth = serde_json::to_value(&self.truth).unwrap_or_default();
        let truth = LogFile { path: TRUTH.to_owned(), text: format!("{truth:#}\n") };
        for file in self.all_files().into_iter().chain([truth]) {
            write_file(&folder.join(file.path), file.text.as_bytes())?;
        }
        Ok(())
    }

    /// All files but the truth, sorted by path.
    #[must_use]
    pub fn all_files(&self) -> Vec<LogFile> {
        let log = self.log().into_iter().map(|(name, text)| LogFile { path: format!("audit/{name}"), text });
        let file = |path: &str, text| LogFile { path: path.to_owned(), text };
        let policy = file("audit-policy.json", self.policy());
        std::iter::once(policy).chain(log).chain([file("manifests.json", self.manifests())]).collect()
    }

    /// The audit policy's manifest.
    #[must_use]
    pub fn policy(&self) -> String {
        format!("{:#}\n", self.profile.policy)
    }
}

impl SubjectTruth {
    fn note(&mut self, call: &ClusterCall, is_hidden: bool) {
        if call.code == 403 {
            self.refused += 1;
            return;
        }
        self.allowed += 1;
        let mut need = call.need();
        if is_hidden {
            self.hidden.insert(need.clone());
        }
        self.needs.insert(need.clone());
        // An apply that creates is checked as a creation too.
        if call.code == 201 && matches!(call.verb.as_str(), "patch" | "update") {
            need.replace_range(..call.verb.len(), "create");
            self.needs.insert(need);
        }
    }
}

impl ClusterCall {
    /// What who makes it needs for it, as [`SubjectTruth::needs`] has it. In another's name that is to be allowed to, and
    /// what is asked for is needed by the other.
    #[must_use]
    pub fn need(&self) -> String {
        if let Some(other) = &self.as_user {
            let account =
                other.strip_prefix("system:serviceaccount:").and_then(|parts| parts.split_once(':'));
            return match account {
                Some((namespace, name)) => format!("impersonate - serviceaccounts {namespace} {name}"),
                None => format!("impersonate - users - {other}"),
            };
        }
        if self.resource.is_empty() {
            return format!("{} {}", self.verb, self.path);
        }
        let text = |text: &str| if text.is_empty() { "-".to_owned() } else { text.replace("{}", "*") };
        format!(
            "{} {} {} {} {}",
            self.verb,
            text(&self.group),
            self.checked_resource(),
            text(&self.namespace),
            text(self.checked_name())
        )
    }

    /// The resource as the authorizer names it, with its subresource.
    pub(crate) fn checked_resource(&self) -> String {
        if self.subresource.is_empty() {
            return self.resource.clone();
        }
        format!("{}/{}", self.resource, self.subresource)
    }

    /// The name as the authorizer reads it: that of what is to be created is in the body, which it does not read.
    pub(crate) fn checked_name(&self) -> &str {
        if self.verb == "create" && self.subresource.is_empty() { "" } else { &self.name }
    }
}
