//! Roles and bindings as manifests, and back.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::object::{Binding, Object, ObjectName, Role, RoleRef, Subject};
use super::read::{GROUP, read_objects};
use super::rule::Rule;
use crate::{Origin, Problem};

/// A role as a manifest.
pub(super) fn role(role: &Role) -> Value {
    let kind = if role.name.namespace.is_some() { "Role" } else { "ClusterRole" };
    let rules: Vec<Value> = role.rules.iter().map(rule).collect();
    json!({
        "apiVersion": version(), "kind": kind,
        "metadata": metadata(&role.name, &role.labels, &BTreeMap::new()), "rules": rules,
    })
}

/// A binding as a manifest.
pub(super) fn binding(binding: &Binding) -> Value {
    let kind = if binding.name.namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
    let (role_kind, role) = match &binding.role {
        RoleRef::Role(name) => ("Role", name),
        RoleRef::ClusterRole(name) => ("ClusterRole", name),
    };
    let subjects: Vec<Value> = binding.subjects.iter().map(subject).collect();
    json!({
        "apiVersion": version(), "kind": kind,
        "metadata": metadata(&binding.name, &binding.labels, &binding.annotations),
        "roleRef": {"apiGroup": GROUP, "kind": role_kind, "name": role}, "subjects": subjects,
    })
}

fn version() -> String {
    format!("{GROUP}/v1")
}

fn metadata(
    name: &ObjectName,
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
) -> Value {
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(name.name));
    if let Some(namespace) = &name.namespace {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    for (field, pairs) in [("labels", labels), ("annotations", annotations)] {
        if !pairs.is_empty() {
            metadata.insert(field.to_owned(), json!(pairs));
        }
    }
    Value::Object(metadata)
}

fn rule(rule: &Rule) -> Value {
    let lists = [
        ("apiGroups", &rule.groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.names),
        ("nonResourceURLs", &rule.urls),
        ("verbs", &rule.verbs),
    ];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    Value::Object(lists.map(|(field, list)| (field.to_owned(), json!(list))).collect())
}

/// A subject as it stands in a binding.
pub(super) fn subject(subject: &Subject) -> Value {
    match subject {
        Subject::User(name) => json!({"apiGroup": GROUP, "kind": "User", "name": name}),
        Subject::Group(name) => json!({"apiGroup": GROUP, "kind": "Group", "name": name}),
        Subject::ServiceAccount { namespace: Some(namespace), name } => {
            json!({"kind": "ServiceAccount", "name": name, "namespace": namespace})
        }
        Subject::ServiceAccount { namespace: None, name } => json!({"kind": "ServiceAccount", "name": name}),
    }
}

/// Manifests as the documents of one YAML file.
pub fn yaml(manifests: &[Value]) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string_multiple(manifests)
}

/// The roles and bindings of a YAML file with any number of documents. The error says what of it cannot be used.
///
/// A large cluster's are as many as they are, so that only nesting and what aliases copy are bounded, as where grants are read.
pub fn read_yaml(text: &str, file: &str) -> Result<Vec<Object>, String> {
    let limits = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: usize::MAX,
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
        },
    };
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, limits).map_err(|error| error.to_string())?;
    let origin = Origin { file: file.to_owned(), line: 1 };
    let mut objects = Vec::new();
    for document in &documents {
        let (read, problems) = read_objects(document, &origin);
        if let Some(Problem { message, .. }) = problems.into_iter().next() {
            return Err(message);
        }
        objects.extend(read);
    }
    Ok(objects)
}
