//! What a trail logs, from `aws cloudtrail get-event-selectors`.
//!
//! Only what is logged for certain is claimed: a selector that picks events by anything a class does not express
//! (by name, by caller, by a single resource) adds a note and no class.

use std::collections::BTreeSet;

use remit_ledger::EventClass;
use serde::Deserialize;

/// What one or more trails log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selectors {
    /// Classes of calls that are logged, sorted.
    pub classes: Vec<EventClass>,
    /// Services, named as in usage records, whose control-plane calls are left out; sorted.
    pub excluded_services: Vec<String>,
    /// Selectors that let through less than a class, in words.
    pub notes: Vec<String>,
}

/// Why event selectors could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SelectorsError {
    /// Not what the command prints.
    #[error("not the output of `aws cloudtrail get-event-selectors`: {0}")]
    Form(#[from] serde_json::Error),
    /// JSON, but without selectors.
    #[error("it holds neither `EventSelectors` nor `AdvancedEventSelectors`")]
    Empty,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    event_selectors: Option<Vec<Basic>>,
    advanced_event_selectors: Option<Vec<Advanced>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Basic {
    read_write_type: Option<String>,
    include_management_events: Option<bool>,
    #[serde(default)]
    data_resources: Vec<DataResource>,
    #[serde(default)]
    exclude_management_event_sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataResource {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Advanced {
    name: Option<String>,
    #[serde(default)]
    field_selectors: Vec<FieldSelector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FieldSelector {
    field: String,
    #[serde(default)]
    equals: Vec<String>,
    #[serde(default)]
    starts_with: Vec<String>,
    #[serde(default)]
    ends_with: Vec<String>,
    #[serde(default)]
    not_equals: Vec<String>,
    #[serde(default)]
    not_starts_with: Vec<String>,
    #[serde(default)]
    not_ends_with: Vec<String>,
}

/// Which calls a selector lets through, by whether they read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Access {
    reads: bool,
    writes: bool,
}

/// What selectors add up to.
#[derive(Default)]
struct Collected {
    classes: BTreeSet<EventClass>,
    /// The services left out by each selector of reads, and of writes.
    excluded_reads: Vec<BTreeSet<String>>,
    excluded_writes: Vec<BTreeSet<String>>,
    notes: Vec<String>,
}

/// Reads what the command prints.
///
/// # Errors
/// When the text is something else.
pub fn parse(text: &str) -> Result<Selectors, SelectorsError> {
    let output: Output = serde_json::from_str(text)?;
    if output.event_selectors.is_none() && output.advanced_event_selectors.is_none() {
        return Err(SelectorsError::Empty);
    }
    let mut collected = Collected::default();
    for selector in output.event_selectors.iter().flatten() {
        collected.basic(selector);
    }
    for (number, selector) in output.advanced_event_selectors.iter().flatten().enumerate() {
        let name = selector.name.as_deref().filter(|name| !name.is_empty());
        let name =
            name.map_or_else(|| format!("selector {}", number + 1), |name| format!("selector `{name}`"));
        collected.advanced(&name, &selector.field_selectors);
    }
    Ok(collected.finish())
}

impl Collected {
    fn basic(&mut self, selector: &Basic) {
        let access = match selector.read_write_type.as_deref() {
            Some("ReadOnly") => Access { reads: true, writes: false },
            Some("WriteOnly") => Access { reads: false, writes: true },
            _ => Access { reads: true, writes: true },
        };
        if selector.include_management_events.unwrap_or(true) {
            self.management(
                access,
                selector.exclude_management_event_sources.iter().map(|source| label(source)).collect(),
            );
        }
        for resource in &selector.data_resources {
            let mut prefixes = Vec::new();
            let mut all = false;
            for value in &resource.values {
                if is_whole_service(value) {
                    all = true;
                } else if resource.kind == "AWS::S3::Object" {
                    prefixes.push(value.clone());
                } else {
                    self.notes.push(format!("`{}` is logged for `{value}` alone", resource.kind));
                }
            }
            if all || !prefixes.is_empty() {
                self.data(&resource.kind, if all { Vec::new() } else { prefixes }, access);
            }
        }
    }

    fn advanced(&mut self, name: &str, fields: &[FieldSelector]) {
        let equals = |wanted: &str| {
            let field = fields.iter().find(|field| field.field == wanted)?;
            (!field.equals.is_empty() && field.is_plain_equals()).then_some(&field.equals)
        };
        let read_only = fields.iter().find(|field| field.field == "readOnly");
        let access =
            match (read_only, equals("readOnly").and_then(|values| values.first()).map(String::as_str)) {
                (None, _) => Access { reads: true, writes: true },
                (_, Some("true")) => Access { reads: true, writes: false },
                (_, Some("false")) => Access { reads: false, writes: true },
                _ => return self.note(name, "picks events in a way that is not understood"),
            };
        let others = |known: &[&str]| {
            fields
                .iter()
                .find(|field| !known.contains(&field.field.as_str()))
                .map(|field| field.field.clone())
        };
        match equals("eventCategory").and_then(|values| values.first()).map(String::as_str) {
            Some("Management") => {
                if let Some(field) = others(&["eventCategory", "readOnly", "eventSource"]) {
                    return self.note(name, &format!("picks management events by `{field}`"));
                }
                let sources = fields.iter().find(|field| field.field == "eventSource");
                match sources {
                    Some(field) if !field.is_plain_not_equals() => {
                        self.note(name, "logs the management events of some services alone");
                    }
                    _ => {
                        let excluded = sources.iter().flat_map(|field| &field.not_equals);
                        self.management(access, excluded.map(|source| label(source)).collect());
                    }
                }
            }
            Some("Data") => {
                if let Some(field) = others(&["eventCategory", "readOnly", "resources.type", "resources.ARN"])
                {
                    return self.note(name, &format!("picks data events by `{field}`"));
                }
                let arns = fields.iter().find(|field| field.field == "resources.ARN");
                let prefixes = match arns {
                    None => Vec::new(),
                    Some(field) if field.is_plain_starts_with() => field.starts_with.clone(),
                    Some(_) => return self.note(name, "picks data events by single resources"),
                };
                for kind in equals("resources.type").into_iter().flatten() {
                    self.data(kind, prefixes.clone(), access);
                }
            }
            // Network activity shows calls at an endpoint, whether or not IAM allowed them.
            Some("NetworkActivity") => {}
            _ => self.note(name, "names no known category of events"),
        }
    }

    fn management(&mut self, access: Access, excluded: BTreeSet<String>) {
        if access.reads {
            self.classes.insert(EventClass::ManagementRead);
            self.excluded_reads.push(excluded.clone());
        }
        if access.writes {
            self.classes.insert(EventClass::ManagementWrite);
            self.excluded_writes.push(excluded);
        }
    }

    fn data(&mut self, kind: &str, resource_prefixes: Vec<String>, access: Access) {
        self.classes.insert(EventClass::Data {
            resource_type: kind.to_owned(),
            resource_prefixes,
            reads: access.reads,
            writes: access.writes,
        });
    }

    fn note(&mut self, name: &str, what: &str) {
        self.notes.push(format!("{name} {what}; it is not counted as coverage"));
    }

    fn finish(self) -> Selectors {
        // A service is left out only where every selector that logs the class leaves it out.
        let common = |all: Vec<BTreeSet<String>>| {
            all.into_iter().reduce(|left, right| &left & &right).unwrap_or_default()
        };
        let excluded = &common(self.excluded_reads) | &common(self.excluded_writes);
        Selectors {
            classes: self.classes.into_iter().collect(),
            excluded_services: excluded.into_iter().collect(),
            notes: self.notes,
        }
    }
}

impl FieldSelector {
    fn is_plain_equals(&self) -> bool {
        self.operators() == [true, false, false, false, false, false]
    }

    fn is_plain_starts_with(&self) -> bool {
        self.operators() == [false, true, false, false, false, false]
    }

    fn is_plain_not_equals(&self) -> bool {
        self.operators() == [false, false, false, true, false, false]
    }

    fn operators(&self) -> [bool; 6] {
        [
            &self.equals,
            &self.starts_with,
            &self.ends_with,
            &self.not_equals,
            &self.not_starts_with,
            &self.not_ends_with,
        ]
        .map(|values| !values.is_empty())
    }
}

/// The ledger's name of a service: the first label of its event source.
fn label(source: &str) -> String {
    source.split('.').next().unwrap_or_default().to_owned()
}

/// Whether a value such as `arn:aws:s3`, `arn:aws:s3:::` or `arn:aws:lambda` stands for every resource of its
/// service.
fn is_whole_service(value: &str) -> bool {
    value.starts_with("arn:") && value.split(':').skip(3).all(str::is_empty)
}

#[cfg(test)]
mod tests;
