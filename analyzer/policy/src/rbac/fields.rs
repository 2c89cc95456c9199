//! Fields of a manifest. What is absent and what is null are the same to the API server.

use serde_json::{Map, Value};

/// A part of a manifest, with its address for messages.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    path: String,
}

impl<'a> Fields<'a> {
    /// The fields of a value.
    pub(super) fn of(value: &'a Value, path: &str) -> Result<Self, String> {
        match value {
            Value::Object(map) => Ok(Self { map, path: path.to_owned() }),
            _ => Err(format!("`{path}` is {} where a map is needed", kind(value))),
        }
    }

    /// The address of one of them.
    fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// A map within.
    pub(super) fn map(&self, name: &str) -> Result<Option<Fields<'a>>, String> {
        self.get(name).map(|value| Fields::of(value, &self.at(name))).transpose()
    }

    /// The maps of a list.
    pub(super) fn maps(&self, name: &str) -> Result<Vec<Fields<'a>>, String> {
        let at = self.at(name);
        let one = |(index, value)| Fields::of(value, &format!("{at}[{index}]"));
        self.list(name)?.iter().enumerate().map(one).collect()
    }

    fn list(&self, name: &str) -> Result<&'a [Value], String> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(value) => Err(format!("`{}` is {} where a list is needed", self.at(name), kind(value))),
        }
    }

    /// A text; none where it is absent or empty.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(value) => Err(format!("`{}` is {} where a text is needed", self.at(name), kind(value))),
        }
    }

    /// A text that has to be there.
    pub(super) fn required(&self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| format!("`{}` is missing", self.at(name)))
    }

    /// The texts of a list, empty ones included: the core group has no name.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let one = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            _ => Err(format!("`{}` holds {} where texts are needed", self.at(name), kind(value))),
        };
        self.list(name)?.iter().map(one).collect()
    }

    /// Names with texts, such as labels.
    pub(super) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, String> {
        let Some(fields) = self.map(name)? else { return Ok(Vec::new()) };
        let names = fields.map.keys();
        names.map(|name| Ok((name.clone(), fields.text(name)?.unwrap_or_default()))).collect()
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
