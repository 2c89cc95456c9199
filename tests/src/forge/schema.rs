//! What a forge documents of a call: its path, its query, and the fields of its body with their types.

use serde_json::Value;

use super::http::Request;

/// A documented call.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    /// Parts in braces stand for anything.
    pub(super) path: &'static str,
    /// What the query may say.
    pub(super) query: &'static [(&'static str, Kind)],
    /// What the body may say; a `!` in front of a name means that it must.
    pub(super) body: &'static [(&'static str, Kind)],
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Flag,
    Number,
    Texts,
    Numbers,
    OneOf(&'static [&'static str]),
}

/// What of a request is not documented.
pub(super) fn problems(operations: &[Operation], request: &Request) -> Vec<String> {
    let parts = request.parts();
    let is_it = |operation: &&Operation| {
        let expected: Vec<&str> = operation.path.split('/').filter(|part| !part.is_empty()).collect();
        operation.method == request.method
            && expected.len() == parts.len()
            && expected.iter().zip(&parts).all(|(one, other)| one.starts_with('{') || one == other)
    };
    let Some(operation) = operations.iter().find(is_it) else {
        return vec!["there is no such call".to_owned()];
    };
    let mut problems = Vec::new();
    for (name, value) in &request.queries {
        let value = Value::String(value.clone());
        match operation.query.iter().find(|(known, _)| known == name) {
            Some((_, Kind::Number)) if value.as_str().is_some_and(|value| value.parse::<u64>().is_ok()) => {}
            Some((_, kind)) if kind.is_of(&value) => {}
            _ => problems.push(format!("query {name}={value}")),
        }
    }
    let nothing = serde_json::Map::new();
    let body = request.body.as_object().unwrap_or(&nothing);
    for (name, value) in body {
        match operation.body.iter().find(|(known, _)| known.trim_start_matches('!') == name) {
            Some((_, kind)) if kind.is_of(value) => {}
            _ => problems.push(format!("field {name}: {value}").chars().take(200).collect()),
        }
    }
    let required = operation.body.iter().filter_map(|(name, _)| name.strip_prefix('!'));
    problems.extend(required.filter(|name| !body.contains_key(*name)).map(|name| format!("no field {name}")));
    problems
}

impl Kind {
    fn is_of(self, value: &Value) -> bool {
        let all = |is_one: fn(&Value) -> bool| value.as_array().is_some_and(|all| all.iter().all(is_one));
        match self {
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Number => value.is_u64(),
            Self::Texts => all(Value::is_string),
            Self::Numbers => all(Value::is_u64),
            Self::OneOf(words) => value.as_str().is_some_and(|value| words.contains(&value)),
        }
    }
}
