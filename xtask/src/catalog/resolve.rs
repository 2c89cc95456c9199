//! What operations need: overrides, then the map of 2022, then the action of the same name, else unknown.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};

use super::actions::Services;
use super::dependents::{Dependents, exists};
use super::draft::{Draft, Level, NeedDraft, OperationDraft, Origin, Use, WhenDraft};
use super::map::Map;
use super::models::{Model, Operation};
use super::overrides::{OperationRow, Overrides, ServiceRow};
use super::paths::Member;
use super::{arns, classes, kept, merge, paths, roles};

const PASS_ROLE: &str = "iam:passrole";

/// Everything that the sources say.
pub(super) struct Facts {
    pub(super) actions: Services,
    pub(super) models: Vec<Model>,
    pub(super) map: Map,
    pub(super) dependents: Dependents,
    pub(super) overrides: Overrides,
}

/// Makes the catalog of the facts.
pub(super) fn resolve(facts: &Facts) -> anyhow::Result<Draft> {
    let mut labels: BTreeMap<String, BTreeMap<String, OperationDraft>> = BTreeMap::new();
    for model in &facts.models {
        let service = facts.overrides.services.iter().find(|row| row.model == model.name);
        let prefix = prefix(facts, model, service);
        for label in labels_of(model, service, &prefix) {
            let operations = labels.entry(label.clone()).or_default();
            for operation in model.operations.values() {
                let draft = from_sources(facts, model, service, &prefix, &label, operation);
                merge::insert(operations, draft);
            }
        }
    }
    for row in &facts.overrides.operations {
        for name in &row.names {
            apply(facts, &mut labels, row, name)
                .with_context(|| format!("in the override of `{}:{name}`", row.service))?;
        }
    }
    let rows = facts.overrides.alternatives.iter();
    let alternatives =
        rows.flat_map(|row| row.types.iter().map(|name| (row.service.clone(), name.clone()))).collect();
    let mut draft = Draft { services: facts.actions.clone(), labels, alternatives };
    for operation in draft.labels.values_mut().flat_map(BTreeMap::values_mut) {
        kept::tidy(operation);
    }
    classes::classify_actions(&mut draft);
    check(&draft)?;
    Ok(draft)
}

/// The prefix under which most of the model's operations are actions, among those that the model names.
fn prefix(facts: &Facts, model: &Model, service: Option<&ServiceRow>) -> String {
    if let Some(prefix) = service.and_then(|service| service.prefix.clone()) {
        return prefix;
    }
    let endpoint = model.metadata.endpoint_prefix.as_str();
    let named =
        [model.signing_name(), endpoint, endpoint.rsplit('.').next().unwrap_or(endpoint), &model.name];
    let matching = |prefix: &str| {
        let actions = facts.actions.get(prefix);
        let is_action = |operation: &&Operation| {
            actions.is_some_and(|service| {
                service.actions.contains_key(&operation.plain_name().to_ascii_lowercase())
            })
        };
        model.operations.values().filter(is_action).count()
    };
    let mut best = named[0];
    for candidate in named {
        if matching(candidate) > matching(best) {
            best = candidate;
        }
    }
    best.to_owned()
}

/// The names that a ledger may have for the service: first labels of event sources.
fn labels_of(model: &Model, service: Option<&ServiceRow>, prefix: &str) -> BTreeSet<String> {
    let endpoint = model.metadata.endpoint_prefix.as_str();
    let mut labels: BTreeSet<String> = [model.signing_name(), prefix]
        .into_iter()
        .chain((!endpoint.contains('.')).then_some(endpoint))
        .map(str::to_ascii_lowercase)
        .collect();
    labels.extend(service.into_iter().flat_map(|service| service.labels.iter().cloned()));
    labels
}

fn from_sources(
    facts: &Facts,
    model: &Model,
    service: Option<&ServiceRow>,
    prefix: &str,
    label: &str,
    operation: &Operation,
) -> OperationDraft {
    let name = operation.plain_name();
    let mut draft = OperationDraft::unknown(name, classes::management(&facts.overrides, label, name, None));
    let rows = match service {
        Some(service) if service.ignore_map => &[],
        _ => facts.map.rows(&model.name, &model.metadata.service_id, name),
    };
    let is_usable = !rows.is_empty() && rows.iter().all(|row| exists(&facts.actions, &row.action));
    let same =
        Some(format!("{prefix}:{}", name.to_ascii_lowercase())).filter(|same| exists(&facts.actions, same));
    let mut need = |action: &str, when: WhenDraft, origin: Origin| {
        draft.needs.push(NeedDraft { action: action.to_owned(), when, origin, ambiguous: false });
    };
    if prefix == "apigateway" {
        let verb = format!("apigateway:{}", operation.http.method.to_ascii_lowercase());
        if exists(&facts.actions, &verb) {
            need(&verb, WhenDraft::Always, Origin::Verb);
            draft.origin = Origin::Verb;
        }
    } else if is_usable {
        let distinct: BTreeSet<&str> = rows.iter().map(|row| row.action.as_str()).collect();
        for action in &distinct {
            let is_main = same.as_deref() == Some(action) || (distinct.len() == 1 && same.is_none());
            let certain = is_main && rows.iter().any(|row| row.action == *action && !row.is_conditional);
            need(action, if certain { WhenDraft::Always } else { WhenDraft::Perhaps }, Origin::Map2022);
        }
        // Where the list has got an action of the operation's name since, that is what is checked.
        if let Some(same) = same.as_deref().filter(|same| !distinct.contains(same)) {
            need(same, WhenDraft::Always, Origin::SameName);
            draft.origin = Origin::SameName;
        } else {
            draft.origin = Origin::Map2022;
        }
    } else if let Some(same) = &same {
        need(same, WhenDraft::Always, Origin::SameName);
        draft.origin = Origin::SameName;
    }
    finish(facts, model, operation, prefix, label, &mut draft);
    draft
}

/// What follows from the actions: dependents, class, parameters and templates.
fn finish(
    facts: &Facts,
    model: &Model,
    operation: &Operation,
    prefix: &str,
    label: &str,
    draft: &mut OperationDraft,
) {
    add_dependents(facts, draft);
    draft.class = class(facts, label, draft);
    let members = paths::members(model, operation);
    let rows = facts.map.rows(&model.name, &model.metadata.service_id, &draft.name);
    add_resources(facts, draft, prefix, &members, rows);
    if draft.origin == Origin::Verb {
        kept::api_gateway(draft, operation);
    }
    if draft.needs.iter().any(|need| need.action == PASS_ROLE) {
        for path in roles::paths(model, operation) {
            kept::set_role(draft, &path);
        }
    }
}

fn add_dependents(facts: &Facts, draft: &mut OperationDraft) {
    let known: BTreeSet<String> = draft.needs.iter().map(|need| need.action.clone()).collect();
    let dependents: BTreeSet<&String> =
        known.iter().filter_map(|action| facts.dependents.get(action)).flatten().collect();
    for dependent in dependents.into_iter().filter(|dependent| !known.contains(*dependent)) {
        draft.needs.push(NeedDraft {
            action: dependent.clone(),
            when: WhenDraft::Perhaps,
            origin: Origin::Dependents,
            ambiguous: false,
        });
    }
}

fn class(facts: &Facts, label: &str, draft: &mut OperationDraft) -> super::draft::Class {
    let level = draft
        .needs
        .iter()
        .find(|need| need.when != WhenDraft::Perhaps)
        .and_then(|need| level(facts, &need.action));
    classes::kept(&facts.overrides, label, &draft.name, level)
        .map_or_else(|| classes::management(&facts.overrides, label, &draft.name, level), |(class, _)| class)
}

fn level(facts: &Facts, action: &str) -> Option<Level> {
    let (service, name) = action.split_once(':')?;
    Some(facts.actions.get(service)?.actions.get(name)?.level)
}

fn add_resources(
    facts: &Facts,
    draft: &mut OperationDraft,
    prefix: &str,
    members: &[Member],
    rows: &[super::map::Row],
) {
    let inputs = arns::Inputs { prefix, members, hints: &facts.overrides.hints, rows };
    let actions: Vec<String> = draft
        .needs
        .iter()
        .filter(|need| need.when != WhenDraft::Perhaps)
        .map(|need| need.action.clone())
        .collect();
    for action in actions {
        let Some((service, name)) = action.split_once(':') else { continue };
        let Some(service) = facts.actions.get(service) else { continue };
        let Some(action) = service.actions.get(name) else { continue };
        for resource_type in action.resource_types.keys().filter_map(|name| service.types.get(name)) {
            arns::add(draft, resource_type, &inputs);
        }
    }
}

/// Applies a hand-kept row, which wins over what the sources say.
fn apply(
    facts: &Facts,
    labels: &mut BTreeMap<String, BTreeMap<String, OperationDraft>>,
    row: &OperationRow,
    name: &str,
) -> anyhow::Result<()> {
    let operations = labels.entry(row.service.clone()).or_default();
    let base = row.of.as_deref().unwrap_or(name);
    let known = operations.get(&base.to_ascii_lowercase()).cloned();
    ensure!(row.of.is_none() || known.is_some(), "there is no operation `{base}`");
    let mut draft = known.unwrap_or_else(|| OperationDraft::unknown(name, super::draft::Class::NoOperation));
    draft.name = name.to_owned();
    draft.origin = Origin::Override;
    kept::apply(facts, &mut draft, row)?;
    if row.needs.is_some() {
        add_dependents(facts, &mut draft);
    }
    if row.templates.is_empty() {
        let model = facts.models.iter().find_map(|model| {
            let service = facts.overrides.services.iter().find(|service| service.model == model.name);
            let prefix = prefix(facts, model, service);
            let operation = model
                .operations
                .values()
                .find(|operation| operation.plain_name().eq_ignore_ascii_case(base))?;
            labels_of(model, service, &prefix).contains(&row.service).then_some((model, operation, prefix))
        });
        if let Some((model, operation, prefix)) = model {
            let members = paths::members(model, operation);
            let rows = facts.map.rows(&model.name, &model.metadata.service_id, base);
            add_resources(facts, &mut draft, &prefix, &members, rows);
            if row.roles.is_empty() && draft.needs.iter().any(|need| need.action == PASS_ROLE) {
                for path in roles::paths(model, operation) {
                    kept::set_role(&mut draft, &path);
                }
            }
        }
    }
    draft.class = class(facts, &row.service, &mut draft);
    operations.insert(name.to_ascii_lowercase(), draft);
    Ok(())
}

/// What must hold of every catalog, whatever the sources say.
fn check(draft: &Draft) -> anyhow::Result<()> {
    for (label, operations) in &draft.labels {
        for operation in operations.values() {
            for need in &operation.needs {
                ensure!(
                    draft.action(&need.action).is_some(),
                    "`{label}:{}` needs `{}`, which does not exist",
                    operation.name,
                    need.action
                );
            }
            for fill in operation.templates.iter().flat_map(|template| &template.fills) {
                ensure!(
                    operation.parameters.iter().any(|parameter| {
                        parameter.path == fill.parameter && parameter.used_for == Use::Resource
                    }),
                    "`{label}:{}` fills a template from `{}`, which is no parameter of it",
                    operation.name,
                    fill.parameter
                );
            }
        }
    }
    Ok(())
}
