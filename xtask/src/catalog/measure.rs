//! How much of real CloudTrail events the catalog can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use remit_catalog::{
    Call, Catalog, Certainty, Operation, ParameterUse, Place, Resolution, Scope, partition_of,
};
use serde_json::Value;

/// Counts of events, and the operations behind those that could not be told.
#[derive(Debug, Default)]
struct Tally {
    events: usize,
    known: usize,
    permissionless: usize,
    unknown: BTreeMap<String, usize>,
    /// Events that need an action with resource-level permissions for certain.
    on_resources: usize,
    /// Those of them with an ARN that the action can be granted on.
    with_arn: usize,
    /// Those with a pattern only: a call on all resources of a type, or on one whose ARN is not known yet.
    with_pattern: usize,
    /// Those without any request parameters.
    without_request: usize,
    /// Those of them where every resource is known.
    scoped: usize,
    without_arn: BTreeMap<String, usize>,
    unscoped: BTreeMap<String, usize>,
    /// Events whose read or write mark differs from what the catalog says of their operation.
    misread: BTreeSet<String>,
}

pub(super) fn measure(folder: &Path) -> anyhow::Result<()> {
    let catalog = Catalog::embedded()?;
    let mut tally = Tally::default();
    for path in files(folder)? {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        for event in events(&text) {
            tally.add(catalog, &event);
        }
    }
    tally.print();
    Ok(())
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The events of a file as delivered, or of one event a line.
fn events(text: &str) -> Vec<Value> {
    match serde_json::from_str::<Value>(text) {
        Ok(mut whole) => match whole.get_mut("Records").map(Value::take) {
            Some(Value::Array(records)) => records,
            _ => vec![whole],
        },
        Err(_) => text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
    }
}

impl Tally {
    fn add(&mut self, catalog: &Catalog, event: &Value) {
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
        if matches!(text("eventType"), "AwsServiceEvent" | "AwsConsoleSignIn" | "AwsConsoleAction") {
            return;
        }
        self.events += 1;
        let service = text("eventSource").split('.').next().unwrap_or_default();
        let name = text("eventName");
        let label = format!("{service}:{name}");
        let operation = match catalog.operation(service, name) {
            Resolution::Known(operation) => operation,
            Resolution::Permissionless(_) => {
                self.permissionless += 1;
                return;
            }
            Resolution::Unknown => {
                *self.unknown.entry(label).or_default() += 1;
                return;
            }
        };
        self.known += 1;
        let place = Place {
            partition: partition_of(text("awsRegion")),
            region: text("awsRegion"),
            account: event.get("recipientAccountId").and_then(Value::as_str).unwrap_or_default(),
        };
        let values = parameters(operation, event.get("requestParameters").unwrap_or(&Value::Null));
        let values: Vec<(&str, &str)> = values.iter().map(|(path, value)| (*path, value.as_str())).collect();
        let reading = operation.read(&place, &values);
        let mut resources = listed(event);
        resources.extend(reading.resources);
        let kept =
            reading.kept.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
        let call = Call {
            service,
            operation: name,
            resources: &resources,
            parameters: &kept,
            account: None,
            region: None,
        };
        let writes = event.get("readOnly").and_then(Value::as_bool).map(|read_only| !read_only);
        if writes.is_some_and(|writes| !may_be(&operation.visibility, writes)) {
            self.misread.insert(label.clone());
        }
        let certain = catalog.needs(&call);
        let certain = certain.iter().filter(|need| need.certainty == Certainty::Certain);
        let scopes: Vec<&Scope> = certain
            .filter(|need| {
                catalog
                    .action(need.action)
                    .is_some_and(|action| action.service != "iam" || action.name != "PassRole")
            })
            .map(|need| &need.scope)
            .filter(|scope| **scope != Scope::Any)
            .collect();
        if scopes.is_empty() {
            return;
        }
        self.on_resources += 1;
        // The account of what can be shared between accounts may be open: the id is unique all the same.
        let is_pattern =
            |arn: &&String| arn.splitn(6, ':').last().is_none_or(|name| name.contains(['*', '?']));
        let named: Vec<&String> = resources.iter().filter(|arn| operation.names(arn)).collect();
        if event.get("requestParameters").is_none_or(Value::is_null) {
            self.without_request += 1;
        }
        if named.iter().any(|arn| !is_pattern(arn)) {
            self.with_arn += 1;
        } else if !named.is_empty() {
            self.with_pattern += 1;
        } else {
            *self.without_arn.entry(label.clone()).or_default() += 1;
        }
        if scopes.iter().all(|scope| matches!(scope, Scope::Known(_))) {
            self.scoped += 1;
        } else {
            *self.unscoped.entry(label).or_default() += 1;
        }
    }

    fn print(&self) {
        println!("events that are API calls: {}", self.events);
        println!(
            "  known {}, permissionless {}, unknown {}",
            self.known,
            self.permissionless,
            self.unknown.values().sum::<usize>()
        );
        println!("  needing an action with resource-level permissions: {}", self.on_resources);
        println!("    with a concrete ARN: {}", share(self.with_arn, self.on_resources));
        println!("    with an ARN pattern only: {}", share(self.with_pattern, self.on_resources));
        println!("    without any request parameters: {}", share(self.without_request, self.on_resources));
        println!("    with every resource known: {}", share(self.scoped, self.on_resources));
        println!("unknown: {}", list(&self.unknown));
        println!("without an ARN: {}", list(&self.without_arn));
        println!("without a full scope: {}", list(&self.unscoped));
        println!("read or write told wrongly: {:?}", self.misread);
    }
}

fn share(part: usize, whole: usize) -> String {
    format!("{part} ({:.1}%)", 100.0 * part as f64 / whole.max(1) as f64)
}

fn list(counts: &BTreeMap<String, usize>) -> String {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(name, count)| (usize::MAX - **count, (*name).clone()));
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

fn may_be(visibility: &remit_catalog::Visibility, writes: bool) -> bool {
    use remit_catalog::Visibility;
    match visibility {
        Visibility::Management { write } | Visibility::Data { write, .. } => *write == writes,
        Visibility::Mixed(classes) => classes.iter().any(|class| may_be(class, writes)),
        Visibility::NotLogged(_) | Visibility::NoOperation => true,
    }
}

fn listed(event: &Value) -> Vec<String> {
    let resources = event.get("resources").and_then(Value::as_array).into_iter().flatten();
    resources
        .filter_map(|resource| resource.get("ARN").or_else(|| resource.get("arn")).and_then(Value::as_str))
        .map(str::to_owned)
        .collect()
}

fn parameters<'o>(operation: &'o Operation, request: &Value) -> Vec<(&'o str, String)> {
    let mut values = Vec::new();
    for parameter in operation.parameters() {
        let names: Vec<&str> = parameter.names().map(|(name, _)| name).collect();
        walk(request, &names, &mut |value| {
            let text = match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
                _ if parameter.used_for == ParameterUse::Selector => Some(String::new()),
                _ => None,
            };
            values.extend(text.map(|text| (parameter.path, text)));
        });
    }
    values
}

/// Lists are looked through wherever they are met.
fn walk(value: &Value, names: &[&str], take: &mut impl FnMut(&Value)) {
    match (value, names.split_first()) {
        (Value::Array(elements), _) => elements.iter().for_each(|element| walk(element, names, take)),
        (Value::Object(members), Some((name, rest))) => {
            for (_, member) in members.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)) {
                walk(member, rest, take);
            }
        }
        (Value::Null, _) | (_, Some(_)) => {}
        (value, None) => take(value),
    }
}
