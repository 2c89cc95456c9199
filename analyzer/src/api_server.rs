//! Reads a live cluster: only lists are asked for, and of what comes only the fields that are needed are kept.

use anyhow::Context as _;
use kube::config::{Config, KubeConfigOptions};
use kube::core::Request;
use kube::core::params::ListParams;
use serde_json::{Map, Value};

/// A kind of objects that is fetched.
pub(crate) struct Kind {
    /// Its name in addresses, and the name of the file.
    pub(crate) plural: &'static str,
    /// Its group and version.
    version: &'static str,
    /// Its name in manifests.
    kind: &'static str,
    /// What of it is kept beside its names, by pointer (RFC 6901).
    fields: &'static [&'static str],
    /// Whether it tells which service account is used, rather than what is granted.
    pub(crate) is_workload: bool,
    /// Whether clusters may not know it.
    pub(crate) is_optional: bool,
}

const RBAC: &str = "rbac.authorization.k8s.io/v1";
const OF_ROLES: &[&str] = &["/rules", "/aggregationRule"];
const OF_BINDINGS: &[&str] = &["/roleRef", "/subjects"];
/// Environments and commands of containers, which may hold secrets, are not among them.
const OF_TEMPLATES: &[&str] = &["/spec/template/spec/serviceAccountName", "/spec/template/metadata/labels"];

const fn kind(
    plural: &'static str,
    version: &'static str,
    kind: &'static str,
    fields: &'static [&'static str],
) -> Kind {
    Kind { plural, version, kind, fields, is_workload: false, is_optional: false }
}

const fn workload(plural: &'static str, version: &'static str, name: &'static str) -> Kind {
    Kind { is_workload: true, ..kind(plural, version, name, OF_TEMPLATES) }
}

/// All that is fetched.
pub(crate) const KINDS: &[Kind] = &[
    kind("clusterroles", RBAC, "ClusterRole", OF_ROLES),
    kind("clusterrolebindings", RBAC, "ClusterRoleBinding", OF_BINDINGS),
    kind("roles", RBAC, "Role", OF_ROLES),
    kind("rolebindings", RBAC, "RoleBinding", OF_BINDINGS),
    kind("serviceaccounts", "v1", "ServiceAccount", &[]),
    workload("deployments", "apps/v1", "Deployment"),
    workload("daemonsets", "apps/v1", "DaemonSet"),
    workload("statefulsets", "apps/v1", "StatefulSet"),
    workload("jobs", "batch/v1", "Job"),
    Kind {
        fields: &[
            "/spec/jobTemplate/spec/template/spec/serviceAccountName",
            "/spec/jobTemplate/spec/template/metadata/labels",
        ],
        ..workload("cronjobs", "batch/v1", "CronJob")
    },
    Kind {
        fields: &["/spec"],
        is_optional: true,
        ..workload("podidentityassociations", "eks.services.k8s.aws/v1alpha1", "PodIdentityAssociation")
    },
];

/// Why a list cannot be had.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The cluster does not know the kind.
    Absent,
    /// It does not let this user list it.
    Forbidden(String),
    /// It does not know any more where the list was left off.
    Expired(String),
    /// Something else.
    Other(String),
}

impl Failure {
    /// It in the project's form of an error message.
    pub(crate) fn message(&self, kind: &Kind) -> String {
        let (why, hint) = match self {
            Self::Absent => ("the cluster does not know them", String::new()),
            Self::Forbidden(why) => {
                let group = kind.version.split_once('/').map_or("", |(group, _)| group);
                let hint = format!("\nhint: grant `list` on `{}` of the API group `{group}`", kind.plural);
                (why.as_str(), hint)
            }
            Self::Expired(why) | Self::Other(why) => (why.as_str(), String::new()),
        };
        format!("cannot list {}: {why}{hint}", kind.plural)
    }
}

/// How many objects are asked for at a time, as kubectl does.
const PAGE: u32 = 500;

/// How many pages are read of one kind, so that a server which always names another does not keep us.
const PAGES: usize = 10_000;

/// The API server of a cluster.
pub(crate) struct ApiServer {
    client: kube::Client,
}

impl ApiServer {
    /// The cluster of a context, or of whatever kubectl would talk to.
    pub(crate) async fn open(context: Option<&str>) -> anyhow::Result<Self> {
        const HINT: &str =
            "hint: name a context of your kubeconfig with `--context`, or its file with `KUBECONFIG`";
        let config = match context {
            None => Config::infer()
                .await
                .map_err(|error| anyhow::anyhow!("no cluster to talk to: {error}\n{HINT}"))?,
            Some(context) => {
                let options =
                    KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
                let config = Config::from_kubeconfig(&options).await;
                config.map_err(|error| anyhow::anyhow!("cannot use context `{context}`: {error}\n{HINT}"))?
            }
        };
        let client = kube::Client::try_from(config).context("cannot make a client of the cluster")?;
        Ok(Self { client })
    }

    /// The objects of a kind, in the order of namespaces and names. Where the server forgot where a list was left off, it is asked
    /// for all at once, as clients do (Kubernetes documentation, "API concepts", "Retrieving large results sets in chunks").
    pub(crate) async fn list(&self, kind: &Kind) -> Result<Vec<Value>, Failure> {
        match self.pages(kind, ListParams::default().limit(PAGE)).await {
            Err(Failure::Expired(_)) => self.pages(kind, ListParams::default()).await,
            listed => listed,
        }
    }

    async fn pages(&self, kind: &Kind, mut parameters: ListParams) -> Result<Vec<Value>, Failure> {
        let root = if kind.version == "v1" { "api" } else { "apis" };
        let address = Request::new(format!("/{root}/{}/{}", kind.version, kind.plural));
        let mut objects = Vec::new();
        for _ in 0..PAGES {
            let request = address.list(&parameters).map_err(|error| Failure::Other(error.to_string()))?;
            let mut page: Value = self.client.request(request).await.map_err(failure)?;
            let items = page.get_mut("items").map(Value::take);
            let Some(Value::Array(items)) = items else {
                return Err(Failure::Other("the answer is no list".to_owned()));
            };
            objects.extend(items.iter().map(|item| kind.kept(item)));
            match page.pointer("/metadata/continue").and_then(Value::as_str) {
                Some(next) if parameters.continue_token.as_deref() == Some(next) => {
                    return Err(Failure::Other("the server names the same page again".to_owned()));
                }
                Some(next) if !next.is_empty() => parameters.continue_token = Some(next.to_owned()),
                _ => {
                    let text = |object: &Value, at: &str| {
                        object.pointer(at).and_then(Value::as_str).map(str::to_owned)
                    };
                    objects.sort_by_key(|object| {
                        (text(object, "/metadata/namespace"), text(object, "/metadata/name"))
                    });
                    return Ok(objects);
                }
            }
        }
        Err(Failure::Other(format!("there are more than {PAGES} pages")))
    }
}

fn failure(error: kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) if status.code == 404 => Failure::Absent,
        kube::Error::Api(status) if status.code == 403 => Failure::Forbidden(status.message.clone()),
        kube::Error::Api(status) => {
            let why = format!("{} (status {})", status.message, status.code);
            if status.code == 410 { Failure::Expired(why) } else { Failure::Other(why) }
        }
        error => Failure::Other(format!("{:#}", anyhow::Error::from(error))),
    }
}

impl Kind {
    /// What of an object is kept.
    fn kept(&self, object: &Value) -> Value {
        let mut kept = Map::new();
        // Items of a list have neither of their own.
        kept.insert("apiVersion".to_owned(), Value::from(self.version));
        kept.insert("kind".to_owned(), Value::from(self.kind));
        let mut metadata = Map::new();
        for name in ["name", "namespace", "creationTimestamp", "labels", "ownerReferences"] {
            if let Some(value) = object.pointer(&format!("/metadata/{name}")) {
                metadata.insert(name.to_owned(), value.clone());
            }
        }
        let changes = if self.version == RBAC { changes(object) } else { Vec::new() };
        if !changes.is_empty() {
            metadata.insert("managedFields".to_owned(), Value::Array(changes));
        }
        if let Some(Value::Object(annotations)) = object.pointer("/metadata/annotations") {
            let of_us = annotations.iter().filter(|(name, _)| is_kept(name));
            let annotations: Map<_, _> = of_us.map(|(name, value)| (name.clone(), value.clone())).collect();
            if !annotations.is_empty() {
                metadata.insert("annotations".to_owned(), Value::Object(annotations));
            }
        }
        kept.insert("metadata".to_owned(), Value::Object(metadata));
        for field in self.fields {
            if let Some(value) = object.pointer(field) {
                put(&mut kept, field.trim_start_matches('/'), value.clone());
            }
        }
        Value::Object(kept)
    }
}

/// When an object was changed and by whom, without the lists of what was changed: a grant may be younger than its object.
fn changes(object: &Value) -> Vec<Value> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let kept = entries.into_iter().flatten().filter(|entry| entry.get("time").is_some()).map(|entry| {
        let named = ["manager", "operation", "time"].into_iter();
        let fields = named.filter_map(|name| Some((name.to_owned(), entry.get(name)?.clone())));
        Value::Object(fields.collect())
    });
    kept.collect()
}

/// Annotations that tell of cloud identities or of roles that the server looks after. Others may hold anything.
fn is_kept(annotation: &str) -> bool {
    const PREFIXES: [&str; 4] = [
        "azure.workload.identity/",
        "eks.amazonaws.com/",
        "iam.gke.io/",
        "rbac.authorization.kubernetes.io/",
    ];
    PREFIXES.iter().any(|prefix| annotation.starts_with(prefix))
}

/// Puts a value at a path of names, and makes the maps on the way.
fn put(map: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('/') {
        None => {
            map.insert(path.to_owned(), value);
        }
        Some((name, rest)) => {
            let below = map.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(below) = below {
                put(below, rest, value);
            }
        }
    }
}

/// A list as `kubectl get -o yaml` prints it.
pub(crate) fn list_of(objects: &[Value]) -> anyhow::Result<String> {
    let mut list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects});
    list.sort_all_objects();
    serde_saphyr::to_string(&list).context("cannot write YAML")
}
