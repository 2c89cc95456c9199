//! The format of `remit.toml` as a JSON schema, by which editors complete and check it.

use clap::{Arg, Command};
use serde_json::{Map, Value, json};

use super::options::{Options, is_flag, is_list};

/// The schema, made of the command line.
pub(crate) fn schema(command: &Command) -> Value {
    let options = Options::of(command);
    let shared = options.shared.iter().map(|(key, option)| (key.clone(), of_option(option)));
    let mut properties: Map<_, _> = shared.collect();
    for (verb, (path, of_verb)) in &options.verbs {
        let keys: Map<_, _> = of_verb.iter().map(|(key, option)| (key.clone(), of_option(option))).collect();
        let about = format!("Options of `remit {}` alone", path.join(" "));
        properties.insert(verb.clone(), object(&about, &keys));
    }
    properties.extend(TABLES.iter().map(|(name, about, keys)| ((*name).to_owned(), list(about, keys))));
    let mut schema = object("Options of Remit's verbs, and what else is said once for all runs", &properties);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        schema.insert("title".to_owned(), "remit.toml".into());
    }
    schema
}

/// A key of a table, what it says, and whether it has to be there.
type Key = (&'static str, &'static str, bool);

/// Lists of tables that are no verbs.
pub(super) const TABLES: [(&str, &str, &[Key]); 2] = [
    (
        "mute",
        "Findings that are known: they are counted and not listed",
        &[
            ("identity", "A pattern of principals", false),
            ("action", "A pattern of permissions", false),
            ("rule", "The rule that found it, such as `unused`", false),
            ("reason", "Why", true),
            ("until", "The last day on which it holds, as `2027-01-31`", false),
        ],
    ),
    (
        "owner",
        "Who looks after identities; the last that matches counts",
        &[("identity", "A pattern of principals", true), ("owner", "Their owner", true)],
    ),
];

fn list(about: &str, keys: &[Key]) -> Value {
    let properties = keys
        .iter()
        .map(|(key, about, _)| ((*key).to_owned(), json!({ "type": "string", "description": about })));
    let mut table = object(about, &properties.collect());
    if let Some(table) = table.as_object_mut() {
        let required: Vec<_> =
            keys.iter().filter(|(.., is_required)| *is_required).map(|(key, ..)| key).collect();
        table.insert("required".to_owned(), json!(required));
    }
    json!({ "type": "array", "items": table })
}

fn object(about: &str, properties: &Map<String, Value>) -> Value {
    json!({ "type": "object", "description": about, "properties": properties, "additionalProperties": false })
}

fn of_option(option: &Arg) -> Value {
    let about = option.get_help().map(ToString::to_string).unwrap_or_default();
    if is_flag(option) {
        return json!({ "type": "boolean", "description": about });
    }
    let known: Vec<_> =
        option.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let one = match known.is_empty() {
        true => json!({ "type": ["string", "integer"] }),
        false => json!({ "enum": known }),
    };
    match is_list(option) {
        true => json!({ "anyOf": [{ "type": "array", "items": one }, one], "description": about }),
        false => match one {
            Value::Object(mut one) => {
                one.insert("description".to_owned(), about.into());
                Value::Object(one)
            }
            other => other,
        },
    }
}
