//! Manifests to roles and bindings.

use serde_json::Value;

use super::fields::Fields;
use super::object::{Binding, Expression, Object, ObjectName, Role, RoleRef, Selector, Subject};
use super::rule::Rule;
use crate::{Origin, Problem};

/// The group of roles and bindings.
pub(super) const GROUP: &str = "rbac.authorization.k8s.io";

/// Where `kubectl apply` keeps what it was last given.
const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Lists may hold lists, but nobody nests them deeper than this.
const DEPTH: usize = 4;

/// Roles and bindings of a manifest, or of a list of manifests as `kubectl get -o json` prints it. Manifests of other
/// kinds are passed over. What cannot be read is a problem, and the rest is read.
pub fn read_objects(manifest: &Value, origin: &Origin) -> (Vec<Object>, Vec<Problem>) {
    let (mut objects, mut problems) = (Vec::new(), Vec::new());
    let mut reader = Reader { origin, objects: &mut objects, problems: &mut problems };
    reader.read(manifest, DEPTH);
    (objects, problems)
}

struct Reader<'a> {
    origin: &'a Origin,
    objects: &'a mut Vec<Object>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn read(&mut self, manifest: &Value, depth: usize) {
        if manifest.is_null() {
            return;
        }
        if let Err(message) = self.read_one(manifest, depth) {
            let name = manifest.pointer("/metadata/name").and_then(Value::as_str);
            let kind = manifest.get("kind").and_then(Value::as_str).unwrap_or("manifest");
            let message = match name {
                Some(name) => format!("{kind} `{name}` cannot be used: {message}"),
                None => format!("{kind} cannot be used: {message}"),
            };
            let Origin { file, line } = self.origin.clone();
            self.problems.push(Problem { file, line, message, principal: None });
        }
    }

    fn read_one(&mut self, manifest: &Value, depth: usize) -> Result<(), String> {
        let fields = Fields::of(manifest, "")?;
        let kind = fields.text("kind")?.unwrap_or_default();
        if let (Some(Value::Array(items)), true) = (manifest.get("items"), kind.ends_with("List")) {
            let Some(depth) = depth.checked_sub(1) else {
                return Err("lists are nested too deep".to_owned());
            };
            for item in items {
                self.read(item, depth);
            }
            return Ok(());
        }
        // Items of a typed list have neither kind nor version of their own.
        let version = fields.text("apiVersion")?;
        let is_rbac = version.is_none_or(|version| version.split('/').next() == Some(GROUP));
        let object = match kind.as_str() {
            "Role" | "ClusterRole" if is_rbac => Object::Role(self.role(&fields, kind == "Role")?),
            "RoleBinding" | "ClusterRoleBinding" if is_rbac => {
                Object::Binding(self.binding(&fields, kind == "RoleBinding")?)
            }
            _ => return Ok(()),
        };
        self.objects.push(object);
        Ok(())
    }

    fn role(&self, fields: &Fields<'_>, is_namespaced: bool) -> Result<Role, String> {
        let metadata = fields.map("metadata")?.ok_or("`metadata` is missing")?;
        let aggregates = match fields.map("aggregationRule")? {
            Some(rule) if !is_namespaced => {
                rule.maps("clusterRoleSelectors")?.iter().map(selector).collect::<Result<_, _>>()?
            }
            _ => Vec::new(),
        };
        Ok(Role {
            name: object_name(&metadata, is_namespaced)?,
            labels: metadata.pairs("labels")?.into_iter().collect(),
            rules: fields.maps("rules")?.iter().map(rule).collect::<Result<_, _>>()?,
            aggregates,
            since: since(&metadata)?,
            origin: self.origin.clone(),
        })
    }

    fn binding(&self, fields: &Fields<'_>, is_namespaced: bool) -> Result<Binding, String> {
        let metadata = fields.map("metadata")?.ok_or("`metadata` is missing")?;
        let role = fields.map("roleRef")?.ok_or("`roleRef` is missing")?;
        let name = role.required("name")?;
        let role = match role.required("kind")?.as_str() {
            "Role" => RoleRef::Role(name),
            "ClusterRole" => RoleRef::ClusterRole(name),
            other => {
                return Err(format!("`roleRef.kind` is `{other}` where a Role or ClusterRole is needed"));
            }
        };
        Ok(Binding {
            name: object_name(&metadata, is_namespaced)?,
            labels: metadata.pairs("labels")?.into_iter().collect(),
            annotations: metadata
                .pairs("annotations")?
                .into_iter()
                .filter(|(name, _)| name != APPLIED)
                .collect(),
            subjects: fields.maps("subjects")?.iter().map(subject).collect::<Result<_, _>>()?,
            role,
            since: since(&metadata)?,
            origin: self.origin.clone(),
        })
    }
}

/// `kubectl apply` puts manifests without a namespace into the one that is set for it, which is `default` unless it is told.
fn object_name(metadata: &Fields<'_>, is_namespaced: bool) -> Result<ObjectName, String> {
    let name = metadata.required("name")?;
    let namespace = if is_namespaced {
        Some(metadata.text("namespace")?.unwrap_or_else(|| "default".to_owned()))
    } else {
        None
    };
    Ok(ObjectName { namespace, name })
}

/// When an object came to be as it is: a live one tells when it was made, and who changed it when.
fn since(metadata: &Fields<'_>) -> Result<Option<i64>, String> {
    let time = |fields: &Fields<'_>, name| {
        let text = fields.text(name)?;
        Ok::<_, String>(
            text.and_then(|text| text.parse::<jiff::Timestamp>().ok()).map(jiff::Timestamp::as_microsecond),
        )
    };
    let mut since = time(metadata, "creationTimestamp")?;
    for change in metadata.maps("managedFields")? {
        since = since.max(time(&change, "time")?);
    }
    Ok(since)
}

fn rule(fields: &Fields<'_>) -> Result<Rule, String> {
    Ok(Rule {
        verbs: fields.texts("verbs")?,
        groups: fields.texts("apiGroups")?,
        resources: fields.texts("resources")?,
        names: fields.texts("resourceNames")?,
        urls: fields.texts("nonResourceURLs")?,
    })
}

fn subject(fields: &Fields<'_>) -> Result<Subject, String> {
    let name = fields.required("name")?;
    Ok(match fields.required("kind")?.as_str() {
        "User" => Subject::User(name),
        "Group" => Subject::Group(name),
        "ServiceAccount" => Subject::ServiceAccount { namespace: fields.text("namespace")?, name },
        other => {
            return Err(format!(
                "a subject's kind is `{other}` where User, Group or ServiceAccount is needed"
            ));
        }
    })
}

fn selector(fields: &Fields<'_>) -> Result<Selector, String> {
    let expression = |fields: &Fields<'_>| {
        let (key, values) = (fields.required("key")?, fields.texts("values")?);
        Ok(match fields.required("operator")?.as_str() {
            "In" => Expression::In(key, values),
            "NotIn" => Expression::NotIn(key, values),
            "Exists" => Expression::Exists(key),
            "DoesNotExist" => Expression::DoesNotExist(key),
            other => return Err(format!("a selector has the operator `{other}`, which there is not")),
        })
    };
    Ok(Selector {
        labels: fields.pairs("matchLabels")?.into_iter().collect(),
        expressions: fields
            .maps("matchExpressions")?
            .iter()
            .map(expression)
            .collect::<Result<_, String>>()?,
    })
}
