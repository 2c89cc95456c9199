//! How CloudTrail records the calls of operations, and so whether the use of an action can be seen.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{ActionName, Class, Draft, Level, NeedDraft, Origin, WhenDraft};
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

/// Which operation is asked about.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The ledger's name of the service.
    pub(super) label: &'a str,
    /// botocore's name of the service; empty for operations that it does not know.
    pub(super) model: &'a str,
    pub(super) operation: &'a str,
    /// Access level of the action that it needs for certain.
    pub(super) level: Option<Level>,
}

impl Asked<'_> {
    fn is_of(&self, service: &str, model: &str) -> bool {
        service == self.label || (!model.is_empty() && model == self.model)
    }

    fn is_named(&self, operations: &[String]) -> bool {
        operations.iter().any(|name| name.eq_ignore_ascii_case(self.operation))
    }
}

/// The class of an operation: as a hand-kept row says, else management events, as is CloudTrail's rule.
pub(super) fn class(overrides: &Overrides, asked: Asked<'_>) -> Class {
    kept(overrides, asked).unwrap_or_else(|| {
        one_or_mixed(
            directions(overrides, asked).into_iter().map(|write| Class::Management { write }).collect(),
        )
    })
}

/// The class that hand-kept rows tell. Those that name the operation go before those for all of a service.
pub(super) fn kept(overrides: &Overrides, asked: Asked<'_>) -> Option<Class> {
    type Pick = fn(&Asked<'_>, &[String]) -> bool;
    let picks: [Pick; 2] =
        [|asked, names| asked.is_named(names), |_, names| names.iter().any(|name| name == "*")];
    for is_meant in picks {
        let hidden = overrides
            .not_logged
            .iter()
            .find(|row| asked.is_of(&row.service, &row.model) && is_meant(&asked, &row.operations));
        if let Some(row) = hidden {
            return Some(Class::NotLogged(row.reason.clone()));
        }
        let data: BTreeSet<Class> = overrides
            .data_events
            .iter()
            .filter(|row| asked.is_of(&row.service, &row.model) && is_meant(&asked, &row.operations))
            .flat_map(|row| {
                directions(overrides, asked)
                    .into_iter()
                    .map(|write| Class::Data { resource_type: row.resource_type.clone(), write })
            })
            .collect();
        if !data.is_empty() {
            return Some(one_or_mixed(data));
        }
    }
    None
}

/// Whether events of an operation count as writes; both where name and access level disagree.
fn directions(overrides: &Overrides, asked: Asked<'_>) -> Vec<bool> {
    let row =
        overrides.reads.iter().find(|row| row.service == asked.label && asked.is_named(&row.operations));
    if let Some(row) = row {
        return vec![row.write];
    }
    let reads_by_name = is_read(asked.operation);
    let reads_by_level = asked.level.map(|level| matches!(level, Level::List | Level::Read));
    match reads_by_level {
        Some(reads) if reads != reads_by_name => vec![false, true],
        _ => vec![!reads_by_name],
    }
}

/// Whether the name of an operation says that it reads.
pub(super) fn is_read(operation: &str) -> bool {
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
    // Events that no model tells of do not make an action observable.
    let operations = || {
        let all = draft.labels.values().flat_map(BTreeMap::values);
        all.filter(|operation| operation.class != Class::NoOperation)
    };
    // Nor does an operation that is only by its input's form thought to need it.
    let named: BTreeSet<&ActionName> = operations()
        .flat_map(|operation| &operation.needs)
        .filter(|need| need.origin != Origin::Shape)
        .map(|need| &need.action)
        .collect();
    for operation in operations() {
        let service = |need: &NeedDraft| need.action.split(':').next().unwrap_or_default().to_owned();
        let own: BTreeSet<String> =
            operation.needs.iter().filter(|need| need.when != WhenDraft::Perhaps).map(service).collect();
        for need in &operation.needs {
            // What a call may need of another service, that one is called for, and it records the call.
            let is_foreign = !own.is_empty() && !own.contains(&service(need));
            if need.when == WhenDraft::Perhaps && (is_foreign || !named.contains(&need.action)) {
                continue;
            }
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
