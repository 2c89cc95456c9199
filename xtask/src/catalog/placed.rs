//! Where a model's operations belong: its IAM prefix, and the names that a ledger has for it.

use std::collections::BTreeSet;

use super::actions::Services;
use super::models::{Model, Operation};
use super::overrides::{Overrides, ServiceRow};

/// A model with its place.
pub(super) struct Placed<'f> {
    pub(super) model: &'f Model,
    /// IAM prefix.
    pub(super) prefix: String,
    /// First labels of event sources.
    pub(super) labels: BTreeSet<String>,
    /// The one of them that calls are recorded under today.
    pub(super) source: String,
    /// Whether the map of 2022 is not to be used for it.
    pub(super) ignores_map: bool,
}

impl<'f> Placed<'f> {
    pub(super) fn of(model: &'f Model, services: &Services, overrides: &Overrides) -> Self {
        let row = overrides.services.iter().find(|row| row.model == model.name);
        let prefix = prefix(services, model, row);
        let labels = labels(model, row, &prefix);
        let source =
            row.and_then(|row| row.labels.last()).map_or_else(|| model.signing_name(), String::as_str);
        let source = source.to_ascii_lowercase();
        Self { model, prefix, labels, source, ignores_map: row.is_some_and(|row| row.ignore_map) }
    }

    pub(super) fn operation(&self, name: &str) -> Option<&'f Operation> {
        self.model.operations.values().find(|operation| operation.plain_name().eq_ignore_ascii_case(name))
    }
}

/// The prefix under which most of the model's operations are actions, among those that the model names.
fn prefix(services: &Services, model: &Model, service: Option<&ServiceRow>) -> String {
    if let Some(prefix) = service.and_then(|service| service.prefix.clone()) {
        return prefix;
    }
    let endpoint = model.metadata.endpoint_prefix.as_str();
    let named =
        [model.signing_name(), endpoint, endpoint.rsplit('.').next().unwrap_or(endpoint), &model.name];
    let matching = |prefix: &str| {
        let actions = services.get(prefix);
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
fn labels(model: &Model, service: Option<&ServiceRow>, prefix: &str) -> BTreeSet<String> {
    let endpoint = model.metadata.endpoint_prefix.as_str();
    let mut labels: BTreeSet<String> = [model.signing_name(), prefix]
        .into_iter()
        .chain((!endpoint.contains('.')).then_some(endpoint))
        .map(str::to_ascii_lowercase)
        .collect();
    labels.extend(service.into_iter().flat_map(|service| service.labels.iter().cloned()));
    labels
}
