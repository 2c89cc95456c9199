//! How CloudTrail records the calls of operations, and so whether the use of an action can be seen.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{ActionName, Class, Draft, Level, Origin};
use super::overrides::Overrides;

/// First words of operations that read.
const READS: &[&str] = &[
    "describe",
    "get",
    "list",
    "head",
    "search",
    "lookup",
    "query",
    "scan",
    "batchget",
    "batchdescribe",
    "check",
    "validate",
    "estimate",
    "preview",
    "simulate",
    "view",
    "select",
    "discover",
    "download",
    "export",
    "is",
    "count",
    "retrieve",
    "resolve",
    "verify",
    "detect",
    "read",
    "evaluate",
    "compare",
    "calculate",
    "filter",
    "poll",
    "receive",
];

/// The class of an operation, and where it comes from, when a hand-kept row tells.
pub(super) fn kept(
    overrides: &Overrides,
    label: &str,
    operation: &str,
    level: Option<Level>,
) -> Option<(Class, Origin)> {
    let names = |service: &str, operations: &[String]| {
        service == label && operations.iter().any(|name| name.eq_ignore_ascii_case(operation))
    };
    let data: BTreeSet<Class> = overrides
        .data_events
        .iter()
        .filter(|row| names(&row.service, &row.operations))
        .flat_map(|row| {
            directions(overrides, label, operation, level)
                .into_iter()
                .map(|write| Class::Data { resource_type: row.resource_type.clone(), write })
        })
        .collect();
    if !data.is_empty() {
        return Some((one_or_mixed(data), Origin::DataEvents));
    }
    let row = overrides.not_logged.iter().find(|row| names(&row.service, &row.operations)).or_else(|| {
        overrides
            .not_logged
            .iter()
            .find(|row| row.service == label && row.operations.iter().any(|name| name == "*"))
    });
    row.map(|row| (Class::NotLogged(row.reason.clone()), Origin::NotLogged))
}

/// Management events, as is CloudTrail's rule for calls that nothing else is said of.
pub(super) fn management(overrides: &Overrides, label: &str, operation: &str, level: Option<Level>) -> Class {
    let directions = directions(overrides, label, operation, level);
    one_or_mixed(directions.into_iter().map(|write| Class::Management { write }).collect())
}

/// Whether events of an operation count as writes; both where name and access level disagree.
fn directions(overrides: &Overrides, label: &str, operation: &str, level: Option<Level>) -> Vec<bool> {
    let row = overrides.reads.iter().find(|row| {
        row.service == label && row.operations.iter().any(|name| name.eq_ignore_ascii_case(operation))
    });
    if let Some(row) = row {
        return vec![row.write];
    }
    let reads_by_name = is_read(operation);
    let reads_by_level = level.map(|level| matches!(level, Level::List | Level::Read));
    match reads_by_level {
        Some(reads) if reads != reads_by_name => vec![false, true],
        _ => vec![!reads_by_name],
    }
}

fn is_read(operation: &str) -> bool {
    let lower = operation.to_ascii_lowercase();
    READS.iter().any(|verb| {
        lower.strip_prefix(verb).is_some_and(|_| {
            operation
                .get(verb.len()..)
                .and_then(|rest| rest.chars().next())
                .is_none_or(|next| !next.is_ascii_lowercase())
        })
    })
}

fn one_or_mixed(classes: BTreeSet<Class>) -> Class {
    match classes.len() {
        1 => classes.into_iter().next().unwrap_or(Class::NoOperation),
        _ => Class::Mixed(classes),
    }
}

/// Gives every action the class that covers all operations which may need it.
pub(super) fn classify_actions(draft: &mut Draft) {
    let mut seen: BTreeMap<ActionName, (BTreeSet<Class>, Origin)> = BTreeMap::new();
    for operation in draft.labels.values().flat_map(BTreeMap::values) {
        for need in &operation.needs {
            let (classes, origin) =
                seen.entry(need.action.clone()).or_insert_with(|| (BTreeSet::new(), operation.origin));
            match &operation.class {
                Class::Mixed(several) => classes.extend(several.iter().cloned()),
                one => {
                    classes.insert(one.clone());
                }
            }
            if matches!(operation.class, Class::Data { .. } | Class::Mixed(_)) {
                *origin = Origin::DataEvents;
            }
        }
    }
    for (name, (classes, origin)) in seen {
        let Some((service, action)) = name.split_once(':') else { continue };
        let Some(action) =
            draft.services.get_mut(service).and_then(|service| service.actions.get_mut(action))
        else {
            continue;
        };
        let hidden = classes.iter().find(|class| matches!(class, Class::NotLogged(_))).cloned();
        action.class_from = if hidden.is_some() { Origin::NotLogged } else { origin };
        action.class = hidden.unwrap_or_else(|| one_or_mixed(classes));
    }
    if let Some(pass) = draft.services.get_mut("iam").and_then(|iam| iam.actions.get_mut("passrole")) {
        pass.class = Class::NotLogged("passing a role leaves no event of its own".to_owned());
        pass.class_from = Origin::NotLogged;
    }
}
