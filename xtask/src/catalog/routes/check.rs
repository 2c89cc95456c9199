//! Whether the routes lead requests of every operation back to it.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use remit_catalog::{Candidates, Request, Route, Routes};

use super::{Facts, Kept, Members, Placed, event, is_rest, template};
use crate::catalog::models::{Model, Operation};

/// Builds a request of every operation as an SDK does. It has to be known by scope and host, and by the scope alone unless
/// a hand-kept row says that it is not; and every such row has to be needed.
pub(super) fn check(table: &[u8], facts: &Facts, kept: &Kept) -> anyhow::Result<()> {
    let routes = Routes::decode(table)?;
    let mut stale: Vec<(&str, &str)> = kept
        .by_host
        .iter()
        .flat_map(|row| row.operations.iter().map(|name| (row.model.as_str(), name.as_str())))
        .collect();
    for row in kept.event.iter() {
        let model = facts.models.iter().find(|model| model.name == row.model);
        let model = model.with_context(|| format!("there is no model `{}`", row.model))?;
        for name in row.names.keys() {
            ensure!(model.operations.contains_key(name), "`{}` has no operation `{name}`", row.model);
        }
    }
    for model in &facts.models {
        let source = Placed::of(model, &facts.actions, &facts.overrides).source;
        for operation in model.operations.values() {
            for (scope, service) in scopes(model, kept, operation, &source) {
                let expected = (service.as_str(), event(model, kept, &operation.name));
                let signed = routes.signed(&scope);
                let at_host =
                    found(model, operation, &signed.clone().narrowed(&model.metadata.endpoint_prefix));
                let name = &operation.name;
                ensure!(
                    names(at_host.as_ref()) == Some(expected),
                    "a request for `{name}` of `{}` is taken for {at_host:?}",
                    model.name
                );
                let is_listed =
                    |(of, listed): &(&str, &str)| *of == model.name && (*listed == "*" || listed == name);
                let elsewhere = found(model, operation, &signed);
                if names(elsewhere.as_ref()) != Some(expected) {
                    ensure!(elsewhere.is_none(), "without its host `{name}` is taken for {elsewhere:?}");
                    let is_kept = kept.by_host.iter().any(|row| {
                        row.operations.iter().any(|listed| is_listed(&(row.model.as_str(), listed.as_str())))
                    });
                    ensure!(
                        is_kept,
                        "only its host tells what `{name}` of `{}` is\nhint: list it",
                        model.name
                    );
                    stale.retain(|row| !is_listed(row));
                }
            }
        }
    }
    ensure!(stale.is_empty(), "told without their hosts too: {stale:?}");
    Ok(())
}

/// The names that the operation is signed by, each with its service in the audit log.
fn scopes(model: &Model, kept: &Kept, operation: &Operation, source: &str) -> Vec<(String, String)> {
    let own = model.signing_name();
    let rows: Vec<_> = kept.scope.iter().filter(|row| row.model == model.name).collect();
    if rows.is_empty() {
        return vec![(own.to_owned(), source.to_owned())];
    }
    rows.iter()
        .filter(|row| !row.without.contains(&operation.name))
        .map(|row| (row.scope.clone(), if row.scope == own { source.to_owned() } else { row.scope.clone() }))
        .collect()
}

fn names(route: Option<&Route>) -> Option<(&str, &str)> {
    route.map(|route| (route.service, route.operation))
}

fn found(model: &Model, operation: &Operation, candidates: &Candidates<'_>) -> Option<Route> {
    if !is_rest(model) {
        let target = &model.metadata.target_prefix;
        let by_name = candidates.named(&operation.name);
        if !target.is_empty() {
            let by_target = candidates.target(&format!("{target}.{}", operation.name));
            let by_rpc = candidates.rpc(&format!("/service/{target}/operation/{}", operation.name));
            return by_target.filter(|route| by_rpc.as_ref() == Some(route));
        }
        return by_name;
    }
    let (path, constraints) = template(operation);
    let path: Vec<String> = path
        .split('/')
        .map(|segment| match segment.strip_prefix('{') {
            Some(label) if label.ends_with("+}") => "one/two%2fthree".to_owned(),
            Some(label) => format!("a%20{}", label.trim_end_matches('}')),
            None => segment.to_owned(),
        })
        .collect();
    let members = Members::of(model, operation);
    let mut query: BTreeMap<&str, Option<&str>> =
        members.required.iter().map(|name| (name.as_str(), None)).collect();
    query.extend(constraints.iter().map(|(name, value)| (*name, Some(*value))));
    let mut query: Vec<(&str, Option<&str>)> = query.into_iter().collect();
    query.extend([("X-Amz-Signature", None), ("x-id", None)]);
    let request = Request {
        method: &operation.http.method,
        path: &path.join("/"),
        query: &query,
        is_copy: members.is_copy,
    };
    let route = candidates.routed(&request)?;
    let labels = operation.http.request_uri.matches('{').count();
    (route.parameters.len() == labels).then_some(route)
}
