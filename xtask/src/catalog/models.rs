//! Reading the operations: botocore's service models.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use flate2::read::GzDecoder;
use serde::Deserialize;

/// A service's model.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    /// botocore's name of the service.
    #[serde(skip)]
    pub(super) name: String,
    pub(super) metadata: Metadata,
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) shapes: BTreeMap<String, Shape>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) service_id: String,
    pub(super) endpoint_prefix: String,
    pub(super) signing_name: Option<String>,
    pub(super) protocol: String,
    #[serde(default)]
    pub(super) target_prefix: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Operation {
    pub(super) name: String,
    pub(super) http: Http,
    pub(super) input: Option<Reference>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Http {
    pub(super) method: String,
    pub(super) request_uri: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    pub(super) shape: String,
    /// `uri`, `querystring`, `header`, ...; none for the body.
    pub(super) location: Option<String>,
    pub(super) location_name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) required: BTreeSet<String>,
    #[serde(default)]
    pub(super) members: BTreeMap<String, Reference>,
    pub(super) member: Option<Reference>,
}

/// The newest model of every service.
pub(super) fn read(folder: &Path) -> anyhow::Result<Vec<Model>> {
    let mut models = Vec::new();
    for service in folders(folder)? {
        let versions = folders(&folder.join(&service))?;
        let newest = versions
            .iter()
            .rev()
            .map(|version| folder.join(&service).join(version).join("service-2.json.gz"))
            .find(|path| path.exists());
        if let Some(path) = newest {
            let mut model = read_model(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            model.name = service;
            models.push(model);
        }
    }
    Ok(models)
}

fn read_model(path: &Path) -> anyhow::Result<Model> {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(path)?).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

fn folders(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

impl Model {
    pub(super) fn signing_name(&self) -> &str {
        self.metadata.signing_name.as_deref().unwrap_or(&self.metadata.endpoint_prefix)
    }

    pub(super) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    pub(super) fn input(&self, operation: &Operation) -> Option<&Shape> {
        self.shape(&operation.input.as_ref()?.shape)
    }
}

impl Operation {
    /// The name without the version that CloudFront's model appends.
    pub(super) fn plain_name(&self) -> &str {
        match self.name.get(self.name.len().saturating_sub(10)..) {
            Some(version) if is_version(version) => {
                self.name.get(..self.name.len() - 10).unwrap_or(&self.name)
            }
            _ => &self.name,
        }
    }
}

fn is_version(text: &str) -> bool {
    text.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'_',
        _ => byte.is_ascii_digit(),
    })
}
