//! What operations need: overrides, then the map of 2022, then the action of the same name, else unknown.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};

use super::actions::Services;
use super::dependents::{Dependents, exists};
use super::draft::{Class, Draft, Level, NeedDraft, OperationDraft, Origin, Use, WhenDraft};
use super::kept::PASS_ROLE;
use super::map::Map;
use super::models::{Model, Operation};
use super::overrides::{OperationRow, Overrides};
use super::paths::Member;
use super::placed::Placed;
use super::{arns, classes, events, kept, merge, paths, roles, tags};

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
    let models: Vec<Placed<'_>> =
        facts.models.iter().map(|model| Placed::of(model, &facts.actions, &facts.overrides)).collect();
    for placed in &models {
        for label in &placed.labels {
            let operations = labels.entry(label.clone()).or_default();
            for operation in placed.model.operations.values() {
                let draft = from_sources(facts, placed, label, operation);
                merge::insert(operations, draft);
            }
        }
    }
    for placed in &models {
        for label in &placed.labels {
            let operations = labels.entry(label.clone()).or_default();
            events::add(&facts.actions, &facts.overrides, label, &placed.prefix, operations);
        }
    }
    let modelled: BTreeSet<&str> = models.iter().map(|placed| placed.prefix.as_str()).collect();
    for prefix in facts.actions.keys().filter(|prefix| !modelled.contains(prefix.as_str())) {
        let operations = labels.entry(prefix.clone()).or_default();
        events::add(&facts.actions, &facts.overrides, prefix, prefix, operations);
    }
    for row in &facts.overrides.operations {
        for name in &row.names {
            apply(facts, &models, &mut labels, row, name)
                .with_context(|| format!("in the override of `{}:{name}`", row.service))?;
        }
    }
    let rows = facts.overrides.alternatives.iter();
    let alternatives =
        rows.flat_map(|row| row.types.iter().map(|name| (row.service.clone(), name.clone()))).collect();
    let modelled = origins(&models, &labels);
    let mut draft = Draft { services: facts.actions.clone(), labels, alternatives, modelled };
    for operation in draft.labels.values_mut().flat_map(BTreeMap::values_mut) {
        kept::tidy(operation);
    }
    classes::classify_actions(&mut draft);
    check(&draft)?;
    Ok(draft)
}

/// Where every modelled operation was resolved from.
fn origins(
    models: &[Placed<'_>],
    labels: &BTreeMap<String, BTreeMap<String, OperationDraft>>,
) -> BTreeMap<(String, String), Origin> {
    let mut origins = BTreeMap::new();
    for placed in models {
        for operation in placed.model.operations.values() {
            let name = operation.plain_name().to_ascii_lowercase();
            let found = placed
                .labels
                .iter()
                .filter_map(|label| labels.get(label)?.get(&name))
                .map(|draft| draft.origin);
            let key = (placed.model.name.clone(), operation.plain_name().to_owned());
            origins.insert(key, found.min().unwrap_or(Origin::Nowhere));
        }
    }
    origins
}

fn from_sources(facts: &Facts, placed: &Placed<'_>, label: &str, operation: &Operation) -> OperationDraft {
    let (model, prefix) = (placed.model, placed.prefix.as_str());
    let name = operation.plain_name();
    let mut draft = OperationDraft::unknown(name, Class::NoOperation);
    let rows =
        if placed.ignores_map { &[] } else { facts.map.rows(&model.name, &model.metadata.service_id, name) };
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
            // The action of the operation's own name is needed, whatever the map ties it to.
            let is_plain = rows.iter().any(|row| row.action == *action && !row.is_conditional);
            let certain = same.as_deref() == Some(action) || (distinct.len() == 1 && is_plain);
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
    finish(facts, placed, operation, label, &mut draft);
    draft
}

/// What follows from the actions: dependents, class, parameters and templates.
fn finish(
    facts: &Facts,
    placed: &Placed<'_>,
    operation: &Operation,
    label: &str,
    draft: &mut OperationDraft,
) {
    let (model, prefix) = (placed.model, placed.prefix.as_str());
    add_dependents(facts, draft);
    draft.class = class(facts, label, &model.name, draft);
    let members = paths::members(model, operation);
    draft.given =
        members.iter().flat_map(|member| &member.paths).map(|path| path.to_ascii_lowercase()).collect();
    let rows = facts.map.rows(&model.name, &model.metadata.service_id, &draft.name);
    add_resources(facts, draft, prefix, &members, rows);
    if draft.origin == Origin::Verb {
        kept::api_gateway(draft, operation);
    }
    let roles = roles::paths(model, operation);
    if draft.needs.iter().any(|need| need.action == PASS_ROLE) {
        for path in roles {
            kept::set_role(draft, &path);
        }
    } else {
        kept::infer_roles(draft, roles);
    }
    tags::add(facts, placed, operation, draft);
    kept::tag_on_create(draft, prefix);
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

fn class(facts: &Facts, label: &str, model: &str, draft: &OperationDraft) -> Class {
    let sure = draft.needs.iter().find(|need| need.when != WhenDraft::Perhaps);
    let level = sure.and_then(|need| level(facts, &need.action));
    classes::class(&facts.overrides, classes::Asked { label, model, operation: &draft.name, level })
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
    let (rules, shared) = (&facts.overrides.rules, &facts.overrides.shared);
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
        let inputs =
            arns::Inputs { prefix, members, rules, rows, shared, types: action.resource_types.len() };
        for resource_type in action.resource_types.keys().filter_map(|name| service.types.get(name)) {
            arns::add(draft, resource_type, &inputs);
        }
        for (name, required) in &action.resource_types {
            if let Some(resource_type) = service.types.get(name).filter(|_| *required) {
                arns::add_created(draft, resource_type, prefix);
            }
        }
    }
}

/// Applies a hand-kept row, which wins over what the sources say.
fn apply(
    facts: &Facts,
    models: &[Placed<'_>],
    labels: &mut BTreeMap<String, BTreeMap<String, OperationDraft>>,
    row: &OperationRow,
    name: &str,
) -> anyhow::Result<()> {
    let operations = labels.entry(row.service.clone()).or_default();
    let base = row.of.as_deref().unwrap_or(name);
    let known = operations.get(&base.to_ascii_lowercase()).cloned();
    ensure!(row.of.is_none() || known.is_some(), "there is no operation `{base}`");
    let mut draft = known.unwrap_or_else(|| OperationDraft::unknown(name, Class::NoOperation));
    draft.name = name.to_owned();
    draft.origin = Origin::Override;
    kept::apply(facts, &mut draft, row)?;
    if row.needs.is_some() {
        add_dependents(facts, &mut draft);
    }
    let found = models
        .iter()
        .filter(|placed| placed.labels.contains(&row.service))
        .find_map(|placed| Some((placed, placed.operation(base)?)));
    if let Some((placed, operation)) = found {
        tags::add(facts, placed, operation, &mut draft);
    }
    if row.templates.is_empty()
        && let Some((placed, operation)) = found
    {
        let model = placed.model;
        let members = paths::members(model, operation);
        let rows = facts.map.rows(&model.name, &model.metadata.service_id, base);
        add_resources(facts, &mut draft, &placed.prefix, &members, rows);
        if row.roles.is_empty() && draft.needs.iter().any(|need| need.action == PASS_ROLE) {
            for path in roles::paths(model, operation) {
                kept::set_role(&mut draft, &path);
            }
        }
    }
    let model = found.map_or("", |(placed, _)| placed.model.name.as_str());
    draft.class = class(facts, &row.service, model, &draft);
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

#[cfg(test)]
mod tests;
