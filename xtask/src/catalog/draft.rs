//! The catalog before it is written: rows that name each other by text.

use std::collections::{BTreeMap, BTreeSet};

/// The catalog before it is written.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Services by prefix.
    pub(super) services: BTreeMap<String, ServiceDraft>,
    /// Operations by the name that a ledger has for their service, then by name in lower case.
    pub(super) labels: BTreeMap<String, BTreeMap<String, OperationDraft>>,
    /// Optional resource types, by service and name, that are never involved besides another one.
    pub(super) alternatives: BTreeSet<(String, String)>,
    /// The operations of every model: where what they need comes from.
    pub(super) modelled: BTreeMap<(String, String), Origin>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ServiceDraft {
    /// Resource types by name.
    pub(super) types: BTreeMap<String, TypeDraft>,
    /// Actions by name in lower case.
    pub(super) actions: BTreeMap<String, ActionDraft>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TypeDraft {
    pub(super) name: String,
    pub(super) arns: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct ActionDraft {
    pub(super) name: String,
    /// As `AccessLevel::ALL` numbers it.
    pub(super) level: Level,
    /// Names of resource types, each with whether it is required.
    pub(super) resource_types: BTreeMap<String, bool>,
    pub(super) condition_keys: BTreeSet<String>,
    pub(super) class: Class,
    pub(super) class_from: Origin,
}

/// Numbered as `AccessLevel::ALL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    List,
    Read,
    Write,
    Tagging,
    PermissionsManagement,
}

/// Numbered as `Provenance::ALL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Origin {
    Override,
    Map2022,
    SameName,
    Verb,
    Dependents,
    Shape,
    DataEvents,
    NotLogged,
    Nowhere,
}

/// How CloudTrail records calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Management { write: bool },
    Data { resource_type: String, write: bool },
    Mixed(BTreeSet<Class>),
    NotLogged(String),
    NoOperation,
}

/// `service:name`, in the action list's spelling of the service and in lower case.
pub(super) type ActionName = String;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OperationDraft {
    pub(super) name: String,
    pub(super) class: Class,
    pub(super) origin: Origin,
    pub(super) needs: Vec<NeedDraft>,
    pub(super) parameters: Vec<ParameterDraft>,
    pub(super) templates: Vec<TemplateDraft>,
    /// Paths of all texts that the request can hold, in lower case.
    pub(super) given: BTreeSet<String>,
    /// Whether the optional resource types are alternatives to each other, so that none is involved unseen.
    pub(super) alternatives: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NeedDraft {
    pub(super) action: ActionName,
    pub(super) when: WhenDraft,
    pub(super) origin: Origin,
    pub(super) ambiguous: bool,
}

/// Parameters by their path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WhenDraft {
    Always,
    Perhaps,
    With(String),
    SurelyWith(String),
    Without(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ParameterDraft {
    pub(super) path: String,
    pub(super) used_for: Use,
}

/// Numbered as the table does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    Resource,
    PassedRole,
    Selector,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TemplateDraft {
    /// The name of the resource type it was made for; empty where a hand-kept row does not say.
    pub(super) resource_type: String,
    pub(super) origin: Origin,
    pub(super) pattern: String,
    pub(super) fills: Vec<FillDraft>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FillDraft {
    pub(super) placeholder: String,
    /// A parameter's path.
    pub(super) parameter: String,
    pub(super) transform: Transform,
    pub(super) prefix: String,
    /// What stands for the value where the parameter is not given.
    pub(super) otherwise: String,
}

/// Numbered as the catalog's transforms are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Transform {
    Plain,
    NoLeadingSlash,
    LastSegment,
    BeforeColon,
    AfterColon,
    FunctionName,
    KeyId,
    QueueUrl,
    ParameterName,
    ParameterPath,
    NoColon,
    SecretTail,
    Arn,
    FunctionArn,
}

impl Origin {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Map2022 => "map-2022",
            Self::SameName => "same-name",
            Self::Verb => "verb",
            Self::Dependents => "dependents",
            Self::Shape => "shape",
            Self::DataEvents => "data-events",
            Self::NotLogged => "not-logged",
            Self::Nowhere => "nowhere",
        }
    }
}

impl OperationDraft {
    /// An operation of which nothing is known but its name.
    pub(super) fn unknown(name: &str, class: Class) -> Self {
        Self {
            name: name.to_owned(),
            class,
            origin: Origin::Nowhere,
            needs: Vec::new(),
            parameters: Vec::new(),
            templates: Vec::new(),
            given: BTreeSet::new(),
            alternatives: false,
        }
    }

    pub(super) fn add_parameter(&mut self, path: &str, used_for: Use) {
        if !self.parameters.iter().any(|known| known.path.eq_ignore_ascii_case(path)) {
            self.parameters.push(ParameterDraft { path: path.to_owned(), used_for });
        }
    }

    /// The spelling of a parameter's path that the operation already has.
    pub(super) fn spelling(&self, path: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|known| known.path.eq_ignore_ascii_case(path))
            .map(|known| known.path.as_str())
    }
}

impl Draft {
    pub(super) fn action(&self, name: &str) -> Option<&ActionDraft> {
        let (service, name) = name.split_once(':')?;
        self.services.get(service)?.actions.get(name)
    }

    /// What is in it, by provenance.
    pub(super) fn summary(&self) -> Vec<String> {
        let mut origins: BTreeMap<Origin, usize> = BTreeMap::new();
        let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut classes: BTreeMap<&'static str, usize> = BTreeMap::new();
        for ((model, operation), origin) in &self.modelled {
            *origins.entry(*origin).or_default() += 1;
            if *origin == Origin::Nowhere {
                unknown.entry(model).or_default().push(operation);
            }
        }
        let actions = self.services.values().flat_map(|service| service.actions.values());
        for action in actions.clone() {
            *classes.entry(action.class.word()).or_default() += 1;
        }
        let mut lines = vec![format!(
            "{} services, {} actions, {} resource types",
            self.services.len(),
            actions.count(),
            self.services.values().map(|service| service.types.len()).sum::<usize>(),
        )];
        lines.extend(
            origins
                .iter()
                .map(|(origin, count)| format!("operations of botocore from {}: {count}", origin.as_str())),
        );
        lines.extend(classes.iter().map(|(class, count)| format!("actions shown by {class}: {count}")));
        lines.extend(
            unknown.iter().map(|(model, operations)| format!("unknown of {model}: {}", operations.join(" "))),
        );
        lines
    }
}

impl Class {
    fn word(&self) -> &'static str {
        match self {
            Self::Management { .. } => "management events",
            Self::Data { .. } => "data events",
            Self::Mixed(_) => "several classes",
            Self::NotLogged(_) => "nothing, not logged",
            Self::NoOperation => "nothing, no operation",
        }
    }
}
