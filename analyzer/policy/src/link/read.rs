//! The cluster's side of links: annotations of service accounts, associations, and which workloads use which account.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Clouds, Link, Mechanism, ServiceAccount, Trust};
use crate::{Origin, Problem};

/// What manifests say of service accounts.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    /// All that are there.
    pub service_accounts: BTreeMap<ServiceAccount, Described>,
    /// What runs as which.
    pub workloads: Vec<Workload>,
    /// What they are meant to become.
    pub links: Vec<Link>,
    /// What clouds other than AWS say of it.
    pub clouds: Clouds,
    /// What cannot be used.
    pub problems: Vec<Problem>,
}

/// What is said of a service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Where its manifest was read.
    pub origin: Origin,
    /// Its annotations, and its labels where no annotation has their key. Long ones, which are of tools, are left out.
    pub tags: BTreeMap<String, String>,
}

/// What runs as a service account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Workload {
    /// The service account.
    pub service_account: ServiceAccount,
    /// Its kind, such as `Deployment`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Where each kind has the specification of its pods.
const TEMPLATES: &[(&str, &str)] = &[
    ("CronJob", "/spec/jobTemplate/spec/template/spec"),
    ("DaemonSet", "/spec/template/spec"),
    ("Deployment", "/spec/template/spec"),
    ("Job", "/spec/template/spec"),
    ("Pod", "/spec"),
    ("ReplicaSet", "/spec/template/spec"),
    ("ReplicationController", "/spec/template/spec"),
    ("StatefulSet", "/spec/template/spec"),
];

const ROLE: &str = "eks.amazonaws.com/role-arn";
const GKE: &str = "iam.gke.io/gcp-service-account";
const AZURE: &str = "azure.workload.identity/client-id";

impl Identities {
    /// Reads an object of Kubernetes; others than those of which links are made are passed over.
    pub fn read(&mut self, manifest: &Value, origin: &Origin) {
        let kind = text(manifest, "/kind").unwrap_or_default();
        match kind {
            "ServiceAccount" => self.service_account(manifest, origin),
            "PodIdentityAssociation" => {
                let spec = manifest.get("spec").unwrap_or(&Value::Null);
                let role = text(spec, "/roleARN").or_else(|| {
                    let named = text(spec, "/roleRef/from/name")?;
                    let message = format!(
                        "PodIdentityAssociation names its role by the object `{named}`, which is not looked up\nhint: give what `aws eks describe-pod-identity-association` prints"
                    );
                    self.problem(origin, message);
                    None
                });
                if let Some(role) = role {
                    let fields = ["/namespace", "/serviceAccount", "/clusterName", "/targetRoleARN"];
                    let since = since(manifest.pointer("/metadata/creationTimestamp"));
                    self.association(fields.map(|field| text(spec, field)), role, since, origin);
                }
            }
            _ => {
                let template = TEMPLATES.iter().find(|(name, _)| *name == kind);
                if let Some(pods) = template.and_then(|(_, at)| manifest.pointer(at)) {
                    self.workload(kind, manifest, pods);
                }
            }
        }
    }

    /// Reads what `aws eks describe-pod-identity-association` prints, one or a list of them. Answers whether it was that.
    pub fn read_associations(&mut self, value: &Value, origin: &Origin) -> bool {
        let (one, several) = (value.get("association"), value.get("associations").and_then(Value::as_array));
        if one.is_none() && several.is_none() {
            return false;
        }
        for association in one.into_iter().chain(several.into_iter().flatten()) {
            let fields = ["/namespace", "/serviceAccount", "/clusterName", "/targetRoleArn"];
            match text(association, "/roleArn") {
                Some(role) => {
                    // It may have had another role before it was changed.
                    let since = since(association.get("modifiedAt").or(association.get("createdAt")));
                    self.association(fields.map(|field| text(association, field)), role, since, origin);
                }
                None => {
                    let id = text(association, "/associationId").unwrap_or("?");
                    let cluster = text(association, "/clusterName").unwrap_or("?");
                    let message = format!(
                        "association `{id}` comes without its role, which lists of associations do not tell\nhint: `aws eks \
                         describe-pod-identity-association --cluster-name {cluster} --association-id {id}` tells it"
                    );
                    self.problem(origin, message);
                }
            }
        }
        true
    }

    /// Reads what commands of Google Cloud and Azure print of their identities, from a file of this name without its ending.
    pub fn read_cloud(&mut self, value: &Value, file: &str, origin: &Origin) {
        if let Some(message) = self.clouds.read(value, file, origin) {
            self.problem(origin, message);
        }
    }

    fn service_account(&mut self, manifest: &Value, origin: &Origin) {
        let Some(name) = text(manifest, "/metadata/name") else { return };
        let service_account = ServiceAccount { namespace: namespace(manifest), name: name.to_owned() };
        let annotations = manifest.pointer("/metadata/annotations");
        for (annotation, mechanism) in
            [(ROLE, Mechanism::Irsa), (GKE, Mechanism::Gke), (AZURE, Mechanism::Azure)]
        {
            let value = annotations.and_then(|all| all.get(annotation)).and_then(Value::as_str);
            if let Some(principal) = value.filter(|value| !value.is_empty()) {
                self.links.push(Link {
                    service_account: service_account.clone(),
                    mechanism,
                    // A UUID is the same in capitals.
                    principal: if mechanism == Mechanism::Azure {
                        principal.to_lowercase()
                    } else {
                        principal.to_owned()
                    },
                    target: None,
                    cluster: None,
                    since: since(manifest.pointer("/metadata/creationTimestamp")),
                    origin: Some(origin.clone()),
                    trust: Trust::Unknown,
                });
            }
        }
        let described = Described { origin: origin.clone(), tags: tags(manifest) };
        self.service_accounts.entry(service_account).or_insert(described);
    }

    fn association(&mut self, fields: [Option<&str>; 4], role: &str, since: Option<i64>, origin: &Origin) {
        let [Some(namespace), Some(name), cluster, target] = fields else {
            return self.problem(origin, "association has no namespace or service account".to_owned());
        };
        self.links.push(Link {
            service_account: ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() },
            mechanism: Mechanism::PodIdentity,
            principal: role.to_owned(),
            target: target.map(str::to_owned),
            cluster: cluster.map(str::to_owned),
            since,
            origin: Some(origin.clone()),
            trust: Trust::Unknown,
        });
    }

    /// What has an owner is the owner's: a Deployment's pods are not named one by one.
    fn workload(&mut self, kind: &str, manifest: &Value, pods: &Value) {
        let is_owned = manifest.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        let Some(name) = text(manifest, "/metadata/name") else { return };
        if is_owned.is_some_and(|owners| !owners.is_empty()) {
            return;
        }
        // The second is the older name of the same, and without either it is the namespace's own.
        let account = text(pods, "/serviceAccountName").or_else(|| text(pods, "/serviceAccount"));
        self.workloads.push(Workload {
            service_account: ServiceAccount {
                namespace: namespace(manifest),
                name: account.unwrap_or("default").to_owned(),
            },
            kind: kind.to_owned(),
            name: name.to_owned(),
        });
    }

    fn problem(&mut self, origin: &Origin, message: String) {
        let Origin { file, line } = origin.clone();
        self.problems.push(Problem { file, line, message, principal: None });
    }
}

/// A text that is not empty.
fn text<'a>(value: &'a Value, at: &str) -> Option<&'a str> {
    value.pointer(at).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Bytes of an annotation that may still name somebody.
const LONGEST_TAG: usize = 256;

fn tags(manifest: &Value) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for at in ["/metadata/annotations", "/metadata/labels"] {
        for (key, value) in manifest.pointer(at).and_then(Value::as_object).into_iter().flatten() {
            if let Some(value) = value.as_str().filter(|value| value.len() <= LONGEST_TAG) {
                tags.entry(key.clone()).or_insert_with(|| value.to_owned());
            }
        }
    }
    tags
}

/// `kubectl apply` puts objects without a namespace into `default` unless it is told another.
fn namespace(manifest: &Value) -> String {
    text(manifest, "/metadata/namespace").unwrap_or("default").to_owned()
}

/// A time as manifests and the newer command line print it, or in seconds as the older one does.
fn since(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::String(text) => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast of a float saturates, and times are small"
        )]
        Value::Number(seconds) => seconds.as_f64().map(|seconds| (seconds * 1e6) as i64),
        _ => None,
    }
}
