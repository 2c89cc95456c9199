//! What the log shows of each operation, and which permissions the operation truly needs.
//!
//! One file per service under `templates/`, written by hand from the provider's documentation. The needs are
//! this crate's own knowledge and owe nothing to the catalog, so that either can show the other wrong.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::mint::Mint;
use crate::pattern::{Arguments, Pattern, Scene};
use crate::recorder::draw;

/// How an operation appears in the log.
#[derive(Clone, Debug)]
pub struct Template {
    /// Event source, such as `s3.amazonaws.com`.
    pub source: String,
    /// Event name, such as `CreateFunction20150331`.
    pub name: String,
    /// Record format version.
    pub version: String,
    /// The one region that logs the service, where it is a global one.
    pub region: Option<String>,
    /// Whether the operation only reads.
    pub read_only: bool,
    /// Which switch logs it.
    pub class: Class,
    /// Permissions that the call needs, with the resources as ARN patterns; the operation's own action first.
    pub needs: Vec<Need>,
    /// Endpoint host.
    pub host: Pattern,
    /// Request identifier; S3's differs from the others'.
    pub request_id: Pattern,
    /// `requestParameters`.
    pub request: Pattern,
    /// `responseElements` of a call that succeeds.
    pub response: Pattern,
    /// `additionalEventData`.
    pub additional: Option<Pattern>,
    /// `resources`.
    pub resources: Option<Pattern>,
    /// Error codes that the operation is known for, with their messages.
    pub errors: BTreeMap<String, Pattern>,
    /// Error code of a refused call.
    pub denied: String,
    /// Message of a refused call, where it is not the usual one.
    pub denied_message: Option<Pattern>,
    /// Error code of a throttled call.
    pub throttled: String,
    /// Values of arguments that a call does not give.
    pub defaults: Vec<(String, Pattern)>,
}

/// Which switch of the trail logs an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// Always logged by a trail of management events.
    Management,
    /// Logged where data events of this resource type are on.
    Data(String),
    /// Never logged.
    Never,
}

/// A permission that a call needs.
#[derive(Clone, Debug)]
pub struct Need {
    /// The action, such as `s3:GetObject`.
    pub action: String,
    /// The resource that the action is checked against.
    pub resource: Pattern,
}

/// All templates, by service label and operation.
#[derive(Debug)]
pub struct Templates {
    by_operation: BTreeMap<String, Template>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceFile {
    source: String,
    #[serde(default = "newest")]
    version: String,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    additional: Option<Value>,
    #[serde(default = "access_denied")]
    denied: String,
    #[serde(default)]
    denied_message: Option<String>,
    #[serde(default = "throttling")]
    throttled: String,
    operations: BTreeMap<String, OperationEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationEntry {
    #[serde(default)]
    write: bool,
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    never: bool,
    #[serde(default)]
    needs: Map<String, Value>,
    #[serde(default)]
    request: Value,
    #[serde(default)]
    response: Value,
    #[serde(default)]
    additional: Option<Value>,
    #[serde(default)]
    resources: Option<Value>,
    #[serde(default)]
    errors: BTreeMap<String, String>,
    #[serde(default)]
    defaults: BTreeMap<String, String>,
    #[serde(default)]
    host: Option<String>,
}

fn newest() -> String {
    "1.11".to_owned()
}

fn access_denied() -> String {
    "AccessDenied".to_owned()
}

fn throttling() -> String {
    "ThrottlingException".to_owned()
}

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../templates/", $name, ".json")))),*] };
}

/// The service label is the file's name, without its folder, and the event source's first label.
const FILES: &[(&str, &str)] = files![
    "access-analyzer",
    "athena",
    "autoscaling",
    "bedrock",
    "ce",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "config",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "eks",
    "elasticloadbalancing",
    "events",
    "glue",
    "guardduty",
    "health",
    "iam",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "organizations",
    "rds",
    "route53",
    "s3",
    "secretsmanager",
    "securityhub",
    "ses",
    "sns",
    "sqs",
    "sso",
    "ssm",
    "states",
    "sts",
    "tagging",
    "xray",
];

/// Further operations, which only histories use.
const HISTORY_FILES: &[(&str, &str)] = files![
    "history/acm",
    "history/autoscaling",
    "history/cloudformation",
    "history/dynamodb",
    "history/ec2",
    "history/ecr",
    "history/ecs",
    "history/events",
    "history/iam",
    "history/lambda",
    "history/logs",
    "history/monitoring",
    "history/rds",
    "history/secretsmanager",
    "history/sns",
    "history/sqs",
];

impl Templates {
    /// The templates that the crate carries.
    ///
    /// # Errors
    /// A template file that is not in its format.
    pub fn embedded() -> Result<&'static Self, Error> {
        static TEMPLATES: OnceLock<Templates> = OnceLock::new();
        Self::once(&TEMPLATES, &[FILES])
    }

    /// The templates that the crate carries, and those that only histories use: operations of paths that are rare,
    /// such as deletions. They stand apart so that random organisations stay what they were.
    ///
    /// # Errors
    /// A template file that is not in its format.
    pub(crate) fn of_histories() -> Result<&'static Self, Error> {
        static TEMPLATES: OnceLock<Templates> = OnceLock::new();
        Self::once(&TEMPLATES, &[FILES, HISTORY_FILES])
    }

    /// The template of an operation such as `s3:GetObject`.
    #[must_use]
    pub fn get(&self, operation: &str) -> Option<&Template> {
        self.by_operation.get(operation)
    }

    /// All templates with their operations, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Template)> {
        self.by_operation.iter().map(|(operation, template)| (operation.as_str(), template))
    }

    /// The templates of these lists of files, which are read when they are first asked for.
    fn once(place: &'static OnceLock<Self>, lists: &[&[(&str, &str)]]) -> Result<&'static Self, Error> {
        if let Some(templates) = place.get() {
            return Ok(templates);
        }
        let loaded = Self::load(lists.concat())?;
        Ok(place.get_or_init(|| loaded))
    }

    fn load(files: Vec<(&str, &str)>) -> Result<Self, Error> {
        let mut by_operation = BTreeMap::new();
        for (path, text) in files {
            let file: ServiceFile = serde_json::from_str(text)
                .map_err(|source| Error::Description { file: format!("templates/{path}.json"), source })?;
            let label = path.rsplit('/').next().unwrap_or(path);
            for (name, entry) in &file.operations {
                by_operation.insert(format!("{label}:{name}"), file.template(label, name, entry)?);
            }
        }
        Ok(Self { by_operation })
    }
}

impl Template {
    /// Draws the arguments that the template has values for and the call does not give.
    pub(crate) fn complete(&self, scene: &Scene<'_>, arguments: &mut Arguments, mint: &mut Mint) {
        for default in &self.defaults {
            if arguments.get(&default.0).is_none() {
                draw(std::slice::from_ref(default), scene, arguments, mint);
            }
        }
    }
}

impl ServiceFile {
    fn template(&self, label: &str, name: &str, entry: &OperationEntry) -> Result<Template, Error> {
        let usual_host = format!("{label}.{{region}}.amazonaws.com");
        let host = entry.host.as_ref().or(self.host.as_ref()).unwrap_or(&usual_host);
        let mut needs = Vec::new();
        for (action, resources) in &entry.needs {
            let resources = match resources {
                Value::Array(resources) => resources.as_slice(),
                resource => std::slice::from_ref(resource),
            };
            for resource in resources.iter().filter_map(Value::as_str) {
                needs.push(Need { action: action.clone(), resource: Pattern::text(resource)? });
            }
        }
        let errors = entry.errors.iter().map(|(code, message)| Ok((code.clone(), Pattern::text(message)?)));
        let defaults = entry.defaults.iter().map(|(name, value)| Ok((name.clone(), Pattern::text(value)?)));
        Ok(Template {
            source: self.source.clone(),
            // Variants of one operation differ by a word behind its name.
            name: name.split(' ').next().unwrap_or(name).to_owned(),
            version: self.version.clone(),
            region: self.region.clone(),
            read_only: !entry.write,
            class: match &entry.data {
                _ if entry.never => Class::Never,
                Some(resource_type) => Class::Data(resource_type.clone()),
                None => Class::Management,
            },
            needs,
            host: Pattern::text(host)?,
            request_id: Pattern::text(self.request_id.as_deref().unwrap_or("{uuid}"))?,
            request: Pattern::json(&entry.request)?,
            response: Pattern::json(&entry.response)?,
            additional: match entry.additional.as_ref().or(self.additional.as_ref()) {
                Some(Value::Null) | None => None,
                Some(value) => Some(Pattern::json(value)?),
            },
            resources: entry.resources.as_ref().map(Pattern::json).transpose()?,
            errors: errors.collect::<Result<_, Error>>()?,
            denied: self.denied.clone(),
            denied_message: self.denied_message.as_deref().map(Pattern::text).transpose()?,
            throttled: self.throttled.clone(),
            defaults: defaults.collect::<Result<_, Error>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_can_be_read() {
        let templates = Templates::embedded().unwrap();
        assert!(templates.iter().count() > 100);
        assert_eq!(templates.get("s3:GetObject").unwrap().class, Class::Data("AWS::S3::Object".to_owned()));
    }

    #[test]
    fn reads_answer_nothing_and_every_need_is_an_action() {
        for (operation, template) in Templates::of_histories().unwrap().iter() {
            for need in &template.needs {
                assert!(
                    need.action.split_once(':').is_some_and(|(service, name)| !service.is_empty()
                        && name.starts_with(|letter: char| letter.is_ascii_uppercase())),
                    "{operation}: {}",
                    need.action
                );
            }
        }
    }
}
