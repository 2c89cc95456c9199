//! Manifests to audit policies.

use serde_json::Value;

use super::rule::{AuditRule, Resources};
use super::{AuditPolicy, Level, Stage};
use crate::rbac::fields::Fields;

/// The group of audit policies.
const GROUP: &str = "audit.k8s.io";

impl AuditPolicy {
    /// Reads a manifest. Err says what is wrong with it: of a policy that the server would not take as it stands, nothing
    /// is known.
    pub fn read(manifest: &Value) -> Result<Self, String> {
        let fields = Fields::of(manifest, "")?;
        let (version, kind) = (fields.required("apiVersion")?, fields.required("kind")?);
        if kind != "Policy" || version.split('/').next() != Some(GROUP) {
            return Err(format!("this is a `{kind}` of `{version}` where a `Policy` of `{GROUP}` is needed"));
        }
        let omitted = stages(&fields)?;
        let rules = fields.maps("rules")?;
        if rules.is_empty() {
            return Err("`rules` is missing or empty".to_owned());
        }
        let rules: Result<_, _> = rules.iter().enumerate().map(|(at, one)| rule(at, one, &omitted)).collect();
        Ok(Self { layers: vec![rules?], hides_names: false, hides_answers: false })
    }
}

fn rule(at: usize, fields: &Fields<'_>, omitted: &[Stage]) -> Result<AuditRule, String> {
    let mut all_omitted = stages(fields)?;
    all_omitted.extend_from_slice(omitted);
    let rule = AuditRule {
        level: level(&fields.required("level")?)?,
        users: fields.texts("users")?,
        groups: fields.texts("userGroups")?,
        verbs: fields.texts("verbs")?,
        namespaces: fields.texts("namespaces")?,
        resources: fields.maps("resources")?.iter().map(resources).collect::<Result<_, _>>()?,
        urls: fields.texts("nonResourceURLs")?,
        omitted: all_omitted,
        is_delivery: false,
    };
    let is_of_resources = !rule.resources.is_empty() || !rule.namespaces.is_empty();
    if is_of_resources && !rule.urls.is_empty() {
        return Err(format!("`rules[{at}]` has both resources and paths, which the API server refuses"));
    }
    if rule.resources.iter().any(|one| one.resources.is_empty() && !one.names.is_empty()) {
        return Err(format!("`rules[{at}]` has names of no resource, which the API server refuses"));
    }
    Ok(rule)
}

fn resources(fields: &Fields<'_>) -> Result<Resources, String> {
    Ok(Resources {
        group: Some(fields.text("group")?.unwrap_or_default()),
        resources: fields.texts("resources")?,
        names: fields.texts("resourceNames")?,
    })
}

fn level(text: &str) -> Result<Level, String> {
    Ok(match text {
        "None" => Level::None,
        "Metadata" => Level::Metadata,
        "Request" => Level::Request,
        "RequestResponse" => Level::RequestResponse,
        other => return Err(format!("there is no level `{other}`")),
    })
}

fn stages(fields: &Fields<'_>) -> Result<Vec<Stage>, String> {
    let one = |text: String| {
        Ok(match text.as_str() {
            "RequestReceived" => Stage::RequestReceived,
            "ResponseStarted" => Stage::ResponseStarted,
            "ResponseComplete" => Stage::ResponseComplete,
            "Panic" => Stage::Panic,
            other => return Err(format!("there is no stage `{other}`")),
        })
    };
    fields.texts("omitStages")?.into_iter().map(one).collect()
}
