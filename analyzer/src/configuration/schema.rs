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
    let mut schema = object("Options of Remit's verbs, and what else is said once for all runs", &properties);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        schema.insert("title".to_owned(), "remit.toml".into());
    }
    schema
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
