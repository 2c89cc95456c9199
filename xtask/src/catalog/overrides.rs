//! Reading what is kept by hand: the files in `catalog/overrides`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use super::draft::{FillDraft, Transform};

/// Everything kept by hand. Every row carries the source that it was checked with.
#[derive(Debug)]
pub(super) struct Overrides {
    pub(super) services: Vec<ServiceRow>,
    pub(super) operations: Vec<OperationRow>,
    pub(super) rules: Vec<Rule>,
    pub(super) alternatives: Vec<TypeRow>,
    pub(super) shared: Vec<TypeRow>,
    pub(super) patterns: Vec<PatternRow>,
    pub(super) data_events: Vec<DataEvents>,
    pub(super) not_logged: Vec<NotLogged>,
    pub(super) reads: Vec<ReadWrite>,
}

/// How a service of botocore is called elsewhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceRow {
    /// botocore's name.
    pub(super) model: String,
    /// IAM prefix, where it is not one that the model names.
    pub(super) prefix: Option<String>,
    /// First labels of event sources besides those the model names; the last one is today's.
    #[serde(default)]
    pub(super) labels: Vec<String>,
    /// The name in the map of 2022.
    pub(super) map: Option<String>,
    /// Whether the map's rows of this service are not to be used.
    #[serde(default)]
    pub(super) ignore_map: bool,
    #[serde(rename = "source")]
    _source: String,
}

/// What operations need.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationRow {
    /// The ledger's name of the service.
    pub(super) service: String,
    pub(super) names: Vec<String>,
    /// The operation of the service's model whose calls are recorded under these names.
    pub(super) of: Option<String>,
    /// Actions that every call needs.
    pub(super) needs: Option<Vec<String>>,
    /// Actions that a call may need.
    #[serde(default)]
    pub(super) may: Vec<String>,
    /// Actions that a call needs when a parameter is given, and only then.
    #[serde(default)]
    pub(super) with: BTreeMap<String, Vec<String>>,
    /// Actions that a call needs when a parameter is given, and may need otherwise.
    #[serde(default)]
    pub(super) surely_with: BTreeMap<String, Vec<String>>,
    /// Actions that a call needs unless a parameter is given.
    #[serde(default)]
    pub(super) without: BTreeMap<String, Vec<String>>,
    /// Parameters that hold passed roles.
    #[serde(default)]
    pub(super) roles: Vec<String>,
    /// Parameters that name resources, for which no template is.
    #[serde(default)]
    pub(super) names_of_resources: Vec<String>,
    /// ARN patterns and what fills them; they take the place of what the shapes tell.
    #[serde(default)]
    pub(super) templates: Vec<TemplateRow>,
    /// Actions of which the request does not tell on which of its resources they are needed.
    #[serde(default)]
    pub(super) ambiguous: Vec<String>,
    /// Whether the optional resource types exclude each other.
    #[serde(default)]
    pub(super) alternatives: bool,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TemplateRow {
    pub(super) arn: String,
    /// Placeholder to parameter path, or to path and transform.
    #[serde(default)]
    pub(super) from: BTreeMap<String, Filling>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Filling {
    Path(String),
    #[serde(rename_all = "kebab-case")]
    Full {
        path: String,
        #[serde(default = "plain")]
        transform: Transform,
        #[serde(default)]
        prefix: String,
        #[serde(default)]
        otherwise: String,
    },
}

/// How the ARNs of a resource type are made of the members of a service's inputs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// IAM prefix.
    pub(super) service: String,
    #[serde(rename = "type")]
    pub(super) resource_type: String,
    /// Operations that it is for, `*` at the end for any ending; empty for all.
    #[serde(default)]
    pub(super) only: Vec<String>,
    /// Operations that it is not for.
    #[serde(default)]
    pub(super) except: Vec<String>,
    /// Placeholder to member. A placeholder that no pattern has is a guard.
    #[serde(default)]
    pub(super) from: BTreeMap<String, MemberFilling>,
    /// Patterns to fill; the type's own when empty.
    #[serde(default)]
    pub(super) arns: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// What fills a placeholder: the name of a member in the model, or more.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum MemberFilling {
    Member(String),
    #[serde(rename_all = "kebab-case")]
    Full {
        member: String,
        #[serde(default = "plain")]
        transform: Transform,
        #[serde(default)]
        prefix: String,
        #[serde(default)]
        otherwise: String,
    },
}

/// Resource types of which something is told: that they are never involved besides another one, or that
/// accounts share them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypeRow {
    /// IAM prefix.
    pub(super) service: String,
    pub(super) types: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// ARNs that a resource type has besides those in the list of actions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PatternRow {
    /// IAM prefix.
    pub(super) service: String,
    #[serde(rename = "type")]
    pub(super) resource_type: String,
    pub(super) arns: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// Operations whose calls are data events.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataEvents {
    /// CloudTrail's name of the resource type.
    #[serde(rename = "type")]
    pub(super) resource_type: String,
    /// The ledger's name of the service, or nothing where the model is named.
    #[serde(default)]
    pub(super) service: String,
    /// botocore's name of the service, for services that share a name in the ledger.
    #[serde(default)]
    pub(super) model: String,
    /// Names, or `*` for all that no other row tells of.
    pub(super) operations: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// Operations whose calls CloudTrail does not record.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NotLogged {
    #[serde(default)]
    pub(super) service: String,
    #[serde(default)]
    pub(super) model: String,
    /// Names, or `*` for all that no other row tells of.
    pub(super) operations: Vec<String>,
    pub(super) reason: String,
    #[serde(rename = "source")]
    _source: String,
}

/// Operations whose events count as reads or writes against what their names suggest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadWrite {
    pub(super) service: String,
    pub(super) operations: Vec<String>,
    pub(super) write: bool,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServicesFile {
    service: Vec<ServiceRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationsFile {
    operation: Vec<OperationRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParametersFile {
    rule: Vec<Rule>,
    alternatives: Vec<TypeRow>,
    shared: Vec<TypeRow>,
    pattern: Vec<PatternRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventsFile {
    data: Vec<DataEvents>,
    not_logged: Vec<NotLogged>,
    read_write: Vec<ReadWrite>,
}

const fn plain() -> Transform {
    Transform::Plain
}

impl Overrides {
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let services: ServicesFile = read(&folder.join("services.toml"))?;
        let parameters: ParametersFile = read(&folder.join("parameters.toml"))?;
        let events: EventsFile = read(&folder.join("events.toml"))?;
        let mut operations = Vec::new();
        let mut files: Vec<_> = fs::read_dir(folder.join("operations"))
            .with_context(|| format!("cannot read `{}`", folder.display()))?
            .collect::<Result<_, _>>()?;
        files.sort_by_key(fs::DirEntry::file_name);
        for file in files {
            let file: OperationsFile = read(&file.path())?;
            operations.extend(file.operation);
        }
        Ok(Self {
            services: services.service,
            operations,
            rules: parameters.rule,
            alternatives: parameters.alternatives,
            shared: parameters.shared,
            patterns: parameters.pattern,
            data_events: events.data,
            not_logged: events.not_logged,
            reads: events.read_write,
        })
    }
}

impl Rule {
    pub(super) fn is_for(&self, operation: &str) -> bool {
        let names = |patterns: &[String]| {
            patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => operation.starts_with(start),
                None => operation == pattern,
            })
        };
        (self.only.is_empty() || names(&self.only)) && !names(&self.except)
    }
}

impl MemberFilling {
    /// Member, transform, prefix, and what stands for a value that is not given.
    pub(super) fn parts(&self) -> (&str, Transform, &str, &str) {
        match self {
            Self::Member(member) => (member, Transform::Plain, "", ""),
            Self::Full { member, transform, prefix, otherwise } => (member, *transform, prefix, otherwise),
        }
    }
}

impl Filling {
    /// The fill of a placeholder.
    pub(super) fn fill(&self, placeholder: &str) -> FillDraft {
        let (path, transform, prefix, otherwise) = match self {
            Self::Path(path) => (path.clone(), Transform::Plain, String::new(), String::new()),
            Self::Full { path, transform, prefix, otherwise } => {
                (path.clone(), *transform, prefix.clone(), otherwise.clone())
            }
        };
        FillDraft { placeholder: placeholder.to_owned(), parameter: path, transform, prefix, otherwise }
    }
}

pub(super) fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).with_context(|| format!("cannot parse `{}`", path.display()))
}
