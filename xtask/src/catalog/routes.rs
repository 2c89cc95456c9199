//! Writing the table of routes. Its form is told in the catalog's `routes.rs`, which reads it.

mod check;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::encode::{Texts, compress, number};
use super::models::{Model, Operation};
use super::overrides;
use super::paths::lower_first;
use super::placed::Placed;
use super::resolve::Facts;

const MARK: &[u8] = b"remit-routes-1\n";

/// The only required header that tells operations apart.
const COPY_SOURCE: &str = "x-amz-copy-source";

/// What is kept by hand: `catalog/overrides/routes.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    event: Vec<EventRow>,
    scope: Vec<ScopeRow>,
    by_host: Vec<HostRow>,
}

/// What the audit log calls operations of a model.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventRow {
    model: String,
    names: BTreeMap<String, String>,
    #[serde(rename = "source")]
    _source: String,
}

/// A name that a model's requests are signed by, where it is not the model's or not the only one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopeRow {
    model: String,
    scope: String,
    /// Operations that are not signed by it.
    #[serde(default)]
    without: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// Operations that only the host tells from others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostRow {
    model: String,
    /// Names, or `*` for all.
    operations: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// Makes the table, and checks that it leads every request of the models back to its operation.
pub(super) fn encode(facts: &Facts, kept: &Path, fingerprint: &str) -> anyhow::Result<Vec<u8>> {
    let kept: Kept = overrides::read(kept)?;
    let mut texts = Texts::default();
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut services = Vec::new();
    let mut count = 0;
    let fingerprint = texts.place(fingerprint);
    for model in &facts.models {
        let placed = Placed::of(model, &facts.actions, &facts.overrides);
        pieces.push(operations(model, &kept, &mut texts)?);
        let own = ScopeRow {
            model: model.name.clone(),
            scope: model.signing_name().to_owned(),
            without: Vec::new(),
            _source: String::new(),
        };
        let mut rows: Vec<&ScopeRow> = kept.scope.iter().filter(|row| row.model == model.name).collect();
        if rows.is_empty() {
            rows.push(&own);
        }
        for row in rows {
            let source = if row.scope == own.scope { &placed.source } else { &row.scope };
            for text in [&row.scope, &model.metadata.endpoint_prefix, source, &model.metadata.target_prefix] {
                number(&mut services, texts.place(text));
            }
            number(&mut services, usize::from(is_strict(model)));
            number(&mut services, usize::from(is_rest(model)));
            number(&mut services, row.without.len());
            for name in &row.without {
                number(&mut services, texts.place(name));
            }
            number(&mut services, pieces.len() - 1);
            count += 1;
        }
    }
    let mut rows = Vec::new();
    number(&mut rows, fingerprint);
    number(&mut rows, pieces.len());
    for piece in &pieces {
        number(&mut rows, piece.len());
    }
    rows.extend(pieces.into_iter().flatten());
    number(&mut rows, count);
    rows.extend(services);
    let table = compress(MARK, &texts, &rows)?;
    check::check(&table, facts, &kept)?;
    Ok(table)
}

/// The operations of a model, sorted by name.
fn operations(model: &Model, kept: &Kept, texts: &mut Texts) -> anyhow::Result<Vec<u8>> {
    let mut rows = Vec::new();
    let sorted: BTreeMap<&str, &Operation> =
        model.operations.values().map(|operation| (operation.name.as_str(), operation)).collect();
    number(&mut rows, sorted.len());
    for (name, operation) in sorted {
        number(&mut rows, texts.place(name));
        number(&mut rows, texts.place(event(model, kept, name)));
        if is_rest(model) {
            let mut texts = |text: &str| texts.place(text);
            route(model, operation, &mut texts, &mut rows)
                .with_context(|| format!("operation `{name}` of `{}`", model.name))?;
        }
    }
    Ok(rows)
}

fn route(
    model: &Model,
    operation: &Operation,
    place: &mut impl FnMut(&str) -> usize,
    rows: &mut Vec<u8>,
) -> anyhow::Result<()> {
    let (path, constraints) = template(operation);
    number(rows, place(&operation.http.method));
    let segments: Vec<&str> =
        path.trim_matches('/').split('/').filter(|segment| !segment.is_empty()).collect();
    number(rows, segments.len());
    for segment in segments {
        let label = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        ensure!(
            !label.unwrap_or(segment).contains(['{', '}']),
            "`{segment}` is neither a label nor literal\nhint: teach routes about it"
        );
        let (kind, text) = match label {
            None => (0, segment.to_owned()),
            Some(label) => match label.strip_suffix('+') {
                None => (1, parameter(model, operation, label)),
                Some(label) => (2, parameter(model, operation, label)),
            },
        };
        number(rows, kind);
        number(rows, place(&text));
    }
    let mut query: BTreeMap<String, String> =
        constraints.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let members = Members::of(model, operation);
    for name in members.required {
        query.entry(name).or_default();
    }
    number(rows, query.len());
    for (name, value) in &query {
        number(rows, place(name));
        number(rows, place(value));
    }
    number(rows, usize::from(members.is_copy));
    let optional = if is_strict(model) { members.optional } else { BTreeSet::new() };
    number(rows, optional.len());
    for name in optional {
        number(rows, place(&name));
    }
    Ok(())
}

/// Members of an input that are sent outside of path and body.
struct Members {
    /// Query parameters that every request has.
    required: BTreeSet<String>,
    /// Query parameters that a request may have.
    optional: BTreeSet<String>,
    is_copy: bool,
}

impl Members {
    fn of(model: &Model, operation: &Operation) -> Self {
        let mut members = Self { required: BTreeSet::new(), optional: BTreeSet::new(), is_copy: false };
        for (name, reference) in model.input(operation).iter().flat_map(|input| &input.members) {
            let is_required = model.input(operation).is_some_and(|input| input.required.contains(name));
            let wire = reference.location_name.as_deref().unwrap_or(name);
            match reference.location.as_deref() {
                // A map in the query has names of its own.
                Some("querystring")
                    if model.shape(&reference.shape).is_some_and(|shape| shape.kind == "map") => {}
                Some("querystring") if is_required => drop(members.required.insert(wire.to_owned())),
                Some("querystring") => drop(members.optional.insert(wire.to_owned())),
                Some("header") if is_required => members.is_copy |= wire.eq_ignore_ascii_case(COPY_SOURCE),
                _ => {}
            }
        }
        members
    }
}

/// The path of an operation's address, and the query parameters that it has always.
fn template(operation: &Operation) -> (&str, Vec<(&str, &str)>) {
    let address = operation.http.request_uri.as_str();
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    (path, pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect())
}

/// What the catalog calls the parameter that a label stands for.
fn parameter(model: &Model, operation: &Operation, label: &str) -> String {
    let members = model.input(operation).map(|input| &input.members);
    let is_it = |(name, reference): &(&String, &super::models::Reference)| {
        reference.location.as_deref() == Some("uri")
            && reference.location_name.as_ref().unwrap_or(name) == label
    };
    let name = members.and_then(|members| members.iter().find(is_it)).map_or(label, |(name, _)| name);
    if model.name == "s3" && name == "Bucket" { "bucketName".to_owned() } else { lower_first(name) }
}

fn event<'k>(model: &Model, kept: &'k Kept, name: &'k str) -> &'k str {
    let rows = kept.event.iter().filter(|row| row.model == model.name);
    rows.filter_map(|row| row.names.get(name)).next().map_or(name, String::as_str)
}

fn is_rest(model: &Model) -> bool {
    model.metadata.protocol.starts_with("rest-")
}

/// Whether the query tells operations of the model apart.
fn is_strict(model: &Model) -> bool {
    is_rest(model) && model.operations.values().any(|operation| operation.http.request_uri.contains('?'))
}
